//! narthex: flags, configuration, wiring. Glue, no algorithms.

mod cli;
mod serve;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
