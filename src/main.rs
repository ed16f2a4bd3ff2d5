//! narthex: flags, configuration, wiring. Glue, no algorithms.

mod check;
mod cli;
mod config;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
