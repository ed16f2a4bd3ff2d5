//! `narthex slo …`: objectives, from files and from a server.

mod export;
mod files;
mod import;
mod list;
mod new;
mod trial;
mod whatif;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::list::SloListArgs;
use crate::check::slo::{SloCheckArgs, run as check};
use crate::cli::{EXIT_BAD_INPUT, complain, print};

/// What `narthex slo` takes.
#[derive(Debug, Args)]
pub(crate) struct SloArgs {
    #[command(subcommand)]
    command: SloCommand,
}

#[derive(Debug, Subcommand)]
enum SloCommand {
    /// Show the objectives of a server, and what is left of their budgets.
    List(SloListArgs),
    /// Make an objective of a metric: see what the past says, and get the documents.
    New(new::NewArgs),
    /// Say what an objective would have done over the past with another target or window.
    Whatif(whatif::WhatIfArgs),
    /// Say what is wrong in files of objectives, and what looks wrong.
    Check(SloCheckArgs),
    /// Make documents of narthex's of the files of Sloth, Pyrra and OpenSLO.
    Import(import::ImportArgs),
    /// Make rule files for Prometheus, or files for others, of files of objectives.
    Export(export::ExportArgs),
}

/// Carries out a command.
pub(crate) fn run(args: &SloArgs) -> ExitCode {
    match &args.command {
        SloCommand::List(args) => list(args),
        SloCommand::New(args) => new::run(args),
        SloCommand::Whatif(args) => whatif::run(args),
        SloCommand::Check(args) => check(args),
        SloCommand::Import(args) => import::run(args),
        SloCommand::Export(args) => export::run(args),
    }
}

fn list(args: &SloListArgs) -> ExitCode {
    match list::list(args) {
        Ok((text, faults)) => {
            faults.iter().for_each(|fault| complain(fault));
            print(&text)
        }
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}
