//! `narthex check slo`, `narthex slo check`: whether spec files can be evaluated, what in them looks wrong, and whether a server
//! has the series that they count.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use http::Method;
use model::duration::PromDuration;
use net::form;
use serde_json::Value;
use slo::lint::question::{self, Answer};
use slo::lint::timing;
use slo::spec::{DEFAULT_RETENTION_MS, SpecFault};

use super::report::{FileReport, Format, finish};
use crate::cli::complain;
use crate::cli::server::{AskError, ServerArgs};
use crate::config::{Diagnostic, Severity, SloFiles, files_of_pattern};

/// How deep a directory of spec files may be.
const MAX_DEPTH: usize = 16;

/// What `narthex slo check` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex slo check slo/*.yml
  narthex slo check slo/
  narthex slo check --server http://localhost:9090 checkout.yml   see whether the series are there
  narthex slo check --strict -o github slo/

Files are read together: their objects may name one another. OpenSLO, Sloth's and Pyrra's files are understood.

Exit: 0 fine, 1 something cannot be evaluated, or with --strict looks wrong, or the server does not answer")]
pub(crate) struct SloCheckArgs {
    /// Files, and directories with files that end in .yml, .yaml or .json.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Say also what other tools may read otherwise, and fail where anything looks wrong.
    #[arg(long)]
    strict: bool,
    /// How often targets are scraped.
    #[arg(long, default_value = "15s", value_name = "DURATION")]
    scrape_interval: PromDuration,
    /// How long the server keeps counts; a longer window is an error.
    #[arg(long = "slo.retention.time", value_name = "DURATION")]
    retention: Option<PromDuration>,
    /// Ask this server whether the series that are counted are there.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A token for the server, where one is asked.
    #[arg(long, env = "NARTHEX_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// How to show what is found.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// Carries out a check.
pub(crate) fn run(args: &SloCheckArgs) -> ExitCode {
    let mut paths = Vec::new();
    for path in &args.paths {
        collect(path, 0, &mut paths);
    }
    let retention_ms = args.retention.map_or(DEFAULT_RETENTION_MS, PromDuration::as_millis);
    let files = SloFiles::of_paths(&paths, retention_ms);
    let mut diagnostics = files.diagnostics();
    let warning = |fault: &SpecFault| files.diagnostic(fault, Severity::Warning);
    diagnostics.extend(timing(&files.catalog, args.scrape_interval.as_millis()).iter().map(warning));
    if args.strict {
        diagnostics.extend(files.catalog.notes.iter().map(warning));
    }
    let mut is_whole = true;
    if let Some(server) = &args.server {
        let server = ServerArgs { server: server.clone(), token: args.token.clone() };
        match stored(&files, &server) {
            Ok((found, n_unanswered)) => {
                diagnostics.extend(found.iter().map(warning));
                is_whole = n_unanswered == 0;
            }
            Err(error) => {
                complain(&error);
                return ExitCode::FAILURE;
            }
        }
    }
    let code = finish_with(args, &files, diagnostics, &paths);
    if is_whole { code } else { ExitCode::FAILURE }
}

/// The files that a path means.
fn collect(path: &Path, depth: usize, paths: &mut Vec<PathBuf>) {
    if !path.is_dir() || depth > MAX_DEPTH {
        paths.push(path.to_owned());
        return;
    }
    let entries = files_of_pattern(&path.join("*").display().to_string());
    let is_spec = |path: &Path| path.extension().is_some_and(|end| end == "yml" || end == "yaml" || end == "json");
    for entry in entries.into_iter().filter(|entry| entry.is_dir() || is_spec(entry)) {
        collect(&entry, depth + 1, paths);
    }
}

/// What a server's series say of the objectives, and how many questions it did not answer.
fn stored(files: &SloFiles, server: &ServerArgs) -> Result<(Vec<SpecFault>, usize), AskError> {
    let (mut found, mut n_unanswered) = (Vec::new(), 0);
    for (objective, question) in question::all(&files.catalog) {
        let form = form::encode([("query", question.query.as_str())]);
        let answered = server.ask(Method::POST, "/api/v1/query", form::MEDIA_TYPE, form)?;
        let document: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
        if document["status"] == "success" {
            let samples = document["data"]["result"].as_array().into_iter().flatten();
            found.extend(question.judge(objective, &samples.filter_map(answer).collect::<Vec<_>>()));
        } else {
            let error = document["error"].as_str().map_or_else(|| answered.beginning(), str::to_owned);
            complain(&format_args!("{} is not answered: {error}", question.query));
            n_unanswered += 1;
        }
    }
    Ok((found, n_unanswered))
}

fn answer(sample: &Value) -> Option<Answer> {
    let value = sample["value"][1].as_str()?.parse().ok()?;
    let label = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    Some(Answer { labels: sample["metric"].as_object()?.iter().filter_map(label).collect(), value })
}

fn finish_with(args: &SloCheckArgs, files: &SloFiles, mut diagnostics: Vec<Diagnostic>, paths: &[PathBuf]) -> ExitCode {
    let is_strict = args.strict;
    for diagnostic in diagnostics.iter_mut().filter(|_| is_strict) {
        diagnostic.severity = Severity::Error;
    }
    let mut reports: Vec<FileReport> = Vec::new();
    for path in paths {
        let mut report = FileReport::new(&path.display().to_string());
        let is_here = |diagnostic: &Diagnostic| diagnostic.source.as_ref().is_some_and(|source| source.path == *path);
        let (here, elsewhere) = diagnostics.into_iter().partition(is_here);
        (report.diagnostics, diagnostics) = (here, elsewhere);
        let n_objectives =
            files.catalog.objectives.values().filter(|objective| Path::new(&*objective.source.file) == path);
        report.success.push(format!("{} objectives found", n_objectives.count()));
        reports.push(report);
    }
    if !diagnostics.is_empty() {
        reports.push(FileReport { diagnostics, ..FileReport::new("files") });
    }
    finish(&reports, args.output, false)
}
