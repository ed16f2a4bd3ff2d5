//! `narthex check sd-file`, and the reading of discovery files for other checks.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use model::yaml::Document;
use scrape::config::StaticConfig;

use super::report::{FileReport, Format, finish};
use crate::config::{Diagnostic, Source};

/// What `narthex check sd-file` takes.
#[derive(Debug, Args)]
pub(super) struct SdFileArgs {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// How to show what is found.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(args: &SdFileArgs) -> ExitCode {
    let check = |file: &String| {
        let mut report = FileReport::new(file);
        match read(Path::new(file)) {
            Ok(groups) => {
                let n_targets: usize = groups.iter().map(|group| group.targets.len()).sum();
                report.success.push(format!("{n_targets} targets in {} groups", groups.len()));
            }
            Err(errors) => report.diagnostics = errors,
        }
        report
    };
    let reports: Vec<FileReport> = args.files.iter().map(check).collect();
    finish(&reports, args.output, false)
}

/// The target groups of a file. JSON is read as the YAML that it also is.
///
/// # Errors
/// When the file cannot be read, or is no list of target groups; everything that is wrong.
pub(super) fn read(path: &Path) -> Result<Vec<StaticConfig>, Vec<Diagnostic>> {
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    if !matches!(extension.to_ascii_lowercase().as_str(), ".json" | ".yml" | ".yaml") {
        return Err(vec![Diagnostic::of_file(format_args!("invalid file extension: {extension:?}"))]);
    }
    let source = Source::read(path).map_err(|error| vec![Diagnostic::of_file(error)])?;
    let source = Arc::new(source);
    let document = match Document::parse(&source.text) {
        Ok(document) => document,
        Err(problem) => return Err(vec![Diagnostic::of_problem(&source, problem)]),
    };
    match document.read::<Vec<StaticConfig>>() {
        (Some(groups), problems) if problems.is_empty() => Ok(groups),
        (_, problems) => Err(problems.into_iter().map(|problem| Diagnostic::of_problem(&source, problem)).collect()),
    }
}
