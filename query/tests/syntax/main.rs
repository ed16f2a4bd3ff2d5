//! The language against the tables of Prometheus's own parser tests, and against another implementation.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they count")]

mod ast;
mod bombs;
mod cases;
mod oracle;
mod printer;
#[path = "../suites/mod.rs"]
mod suites;
