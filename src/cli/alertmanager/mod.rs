//! `narthex alert …` and `narthex silence …`: amtool's verbs and output, against narthex or an Alertmanager.

mod alert;
mod api;
mod matchers;
mod object;
mod show;
mod silence;

use std::process::ExitCode;

use clap::ValueEnum;

pub(crate) use alert::AlertArgs;
pub(crate) use silence::SilenceArgs;

use super::{EXIT_BAD_INPUT, complain, print};

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// The columns that one wants mostly.
    Simple,
    /// All columns.
    Extended,
    /// One JSON document.
    Json,
}

/// Carries out `narthex alert …`.
pub(crate) fn run_alert(args: &AlertArgs) -> ExitCode {
    exit(alert::run(args))
}

/// Carries out `narthex silence …`.
pub(crate) fn run_silence(args: &SilenceArgs) -> ExitCode {
    exit(silence::run(args))
}

/// Prints what there is to print, or says what is wrong.
fn exit(result: Result<String, String>) -> ExitCode {
    match result {
        Ok(text) => print(&text),
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}
