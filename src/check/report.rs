//! What a check found, in the form that was asked for.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::{complain_raw, print};
use crate::config::{Diagnostic, NotBuilt, Severity};

/// How findings are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Pictures with carets.
    #[default]
    Human,
    /// One JSON document.
    Json,
    /// Annotations of a GitHub workflow.
    Github,
}

/// What was found in one file and in those that it names.
#[derive(Debug, Default)]
pub(super) struct FileReport {
    pub(super) file: String,
    /// What to say when nothing is wrong.
    pub(super) success: Vec<String>,
    /// Errors and warnings.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What is legal and unwise.
    pub(super) lints: Vec<String>,
    pub(super) not_built: Vec<NotBuilt>,
}

/// How a check ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Fine,
    Lint,
    Errors,
}

impl FileReport {
    pub(super) fn new(file: &str) -> FileReport {
        FileReport { file: file.to_owned(), ..FileReport::default() }
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error)
    }

    fn outcome(&self) -> Outcome {
        match (self.errors().next(), self.lints.is_empty()) {
            (Some(_), _) => Outcome::Errors,
            (None, false) => Outcome::Lint,
            (None, true) => Outcome::Fine,
        }
    }

    fn show(&self) {
        print(&format!("Checking {}\n", self.file));
        let in_color = std::io::stderr().is_terminal();
        for diagnostic in &self.diagnostics {
            complain_raw(&format!("{}\n", diagnostic.draw(in_color)));
        }
        for lint in &self.lints {
            complain_raw(&format!("  FAILED: {lint}"));
        }
        if !self.not_built.is_empty() {
            complain_raw("warning: not built yet, and without effect:");
            for field in &self.not_built {
                complain_raw(&format!("  {}:{}: {}", field.file, field.line, field.path));
            }
        }
        match self.errors().count() {
            0 => self.success.iter().for_each(|line| {
                print(&format!(" SUCCESS: {line}\n"));
            }),
            1 => complain_raw(&format!("  FAILED: {}: 1 error", self.file)),
            n_errors => complain_raw(&format!("  FAILED: {}: {n_errors} errors", self.file)),
        }
        print("\n");
    }

    fn to_json(&self) -> Value {
        let of_severity = |severity| -> Vec<Value> {
            let diagnostics = self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
            diagnostics.map(diagnostic_json).collect()
        };
        let not_built =
            self.not_built.iter().map(|field| json!({"file": field.file, "line": field.line, "path": field.path}));
        json!({
            "file": self.file,
            "valid": self.errors().next().is_none(),
            "errors": of_severity(Severity::Error),
            "warnings": of_severity(Severity::Warning),
            "lints": self.lints,
            "not_built": not_built.collect::<Vec<_>>(),
        })
    }

    fn to_github(&self) -> String {
        let mut lines = String::new();
        for diagnostic in &self.diagnostics {
            let level = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
            let mut place = format!("file={}", self.file);
            if let (Some(source), Some((line, column))) = (&diagnostic.source, diagnostic.line_and_column()) {
                place = format!("file={},line={line},col={column}", source.path.display());
            }
            let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            let message = format!("{}{help}", diagnostic.message).replace('%', "%25").replace('\n', "%0A");
            lines.push_str(&format!("::{level} {place}::{message}\n"));
        }
        for field in &self.not_built {
            let NotBuilt { file, line, path } = field;
            lines.push_str(&format!("::warning file={file},line={line}::{path} is not built yet, and has no effect\n"));
        }
        for lint in &self.lints {
            lines.push_str(&format!("::warning file={}::{lint}\n", self.file));
        }
        lines
    }
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    let (line, column) = diagnostic.line_and_column().unzip();
    json!({
        "file": diagnostic.source.as_ref().map(|source| source.path.display().to_string()),
        "line": line,
        "column": column,
        "path": diagnostic.path,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "prometheus_text": diagnostic.prometheus_text(),
    })
}

/// Shows reports and tells how the check ends.
pub(super) fn finish(reports: &[FileReport], format: Format, lint_is_fatal: bool) -> ExitCode {
    match format {
        Format::Human => reports.iter().for_each(FileReport::show),
        Format::Github => {
            let lines: String = reports.iter().map(FileReport::to_github).collect();
            print(&lines);
        }
        Format::Json => {
            let files: Vec<Value> = reports.iter().map(FileReport::to_json).collect();
            print(&format!("{:#}\n", json!({ "files": files })));
        }
    }
    exit_code(reports, lint_is_fatal)
}

pub(super) fn exit_code(reports: &[FileReport], lint_is_fatal: bool) -> ExitCode {
    let outcomes: Vec<Outcome> = reports.iter().map(FileReport::outcome).collect();
    if outcomes.contains(&Outcome::Errors) {
        ExitCode::from(1)
    } else if lint_is_fatal && outcomes.contains(&Outcome::Lint) {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    }
}
