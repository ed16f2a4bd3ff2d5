//! The server.

use std::process::ExitCode;

use crate::cli::flags::Flags;

/// Serves until it is told to stop.
pub(crate) fn run(flags: Flags) -> ExitCode {
    drop(flags);
    ExitCode::SUCCESS
}
