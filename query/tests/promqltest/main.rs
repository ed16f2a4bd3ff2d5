//! Prometheus's own test scripts, run over the real store.
//!
//! [`script`] reads the language of the scripts, [`store`] loads what they load, [`run`] asks what they ask and
//! [`compare`] judges the answers. The runner is tested by scripts that must fail ([`runner`]); then come the 21 files of
//! the suite ([`suite`]), whose failures must be exactly those that are listed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they count")]

mod compare;
mod eval;
mod load;
mod nhcb;
mod run;
mod runner;
mod script;
mod store;
mod suite;
#[path = "../suites/mod.rs"]
mod suites;
