//! The engine beyond the suites: over the real store, at random, and with queries made to hurt.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they count")]

mod bombs;
mod downsampled;
mod limits;
mod loaded;
mod random;
mod steps;
mod threads;
