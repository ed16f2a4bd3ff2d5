//! `narthex slo import`: files of others become documents of narthex's.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use slo::export::{import, openslo_documents};
use slo::spec::{Objective, SourceFormat};

use super::files::{Output, PeriodArgs, file_name_of, read, tell};
use crate::cli::complain;

/// What `narthex slo import` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex slo import sloth/*.yml -o slo/
  narthex slo import --from pyrra pyrra.yml
  narthex slo import --default-slo-period 7d --slo-period-windows-path windows/ sloth.yml

narthex reads the files of Sloth and Pyrra as they are, too: import them to go on with them as your own. Alerts keep their
names, labels, windows and thresholds. What cannot be imported is told, and the rest is written.

Exit: 0 all of it is imported, 1 some is not")]
pub(super) struct ImportArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take nothing but files of this tool.
    #[arg(long, value_enum, value_name = "TOOL")]
    from: Option<Tool>,
    /// Where to write a file for each; standard output where no directory is named.
    #[arg(short, long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    period: PeriodArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tool {
    Sloth,
    Pyrra,
    #[value(name = "openslo")]
    OpenSlo,
}

impl Tool {
    fn of(objective: &Objective) -> Tool {
        match objective.source.format {
            SourceFormat::Sloth => Tool::Sloth,
            SourceFormat::Pyrra => Tool::Pyrra,
            _ => Tool::OpenSlo,
        }
    }
}

pub(super) fn run(args: &ImportArgs) -> ExitCode {
    match import_all(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether all of it is imported.
fn import_all(args: &ImportArgs) -> anyhow::Result<bool> {
    let windows = args.period.windows()?;
    let output = Output::new(args.out.as_deref(), &args.files);
    let mut is_whole = true;
    for path in &args.files {
        let file = read(path)?;
        let catalog = import(std::slice::from_ref(&file), &windows);
        tell("warning", &catalog.warnings);
        tell("error", &catalog.errors);
        is_whole &= catalog.errors.is_empty();
        let mut objectives = Vec::new();
        for objective in catalog.objectives.values() {
            if args.from.is_some_and(|tool| tool != Tool::of(objective)) {
                complain(&format_args!("{}: SLO {} is not of the tool that is asked for", file.path, objective.id));
                is_whole = false;
            } else {
                objectives.push(objective);
            }
        }
        output.write(&file_name_of(path), &file.path, &openslo_documents(objectives)?)?;
    }
    Ok(is_whole)
}
