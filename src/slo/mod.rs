//! `narthex slo …`: objectives, from files and from a server.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::check::slo::{SloCheckArgs, run as check};

/// What `narthex slo` takes.
#[derive(Debug, Args)]
pub(crate) struct SloArgs {
    #[command(subcommand)]
    command: SloCommand,
}

#[derive(Debug, Subcommand)]
enum SloCommand {
    /// Say what is wrong in files of objectives, and what looks wrong.
    Check(SloCheckArgs),
}

/// Carries out a command.
pub(crate) fn run(args: &SloArgs) -> ExitCode {
    match &args.command {
        SloCommand::Check(args) => check(args),
    }
}
