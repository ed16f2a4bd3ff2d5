//! `narthex check web-config`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::report::{FileReport, Format, finish};
use crate::config::load_web_config;

/// What `narthex check web-config` takes.
#[derive(Debug, Args)]
pub(super) struct WebConfigArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// How to show what is found.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(args: &WebConfigArgs) -> ExitCode {
    let check = |file: &String| {
        let mut report = FileReport::new(file);
        match load_web_config(Path::new(file)) {
            Ok(_) => report.success.push(file.clone()),
            Err(errors) => report.diagnostics = errors.0,
        }
        report
    };
    let reports: Vec<FileReport> = args.files.iter().map(check).collect();
    finish(&reports, args.output, false)
}
