//! `narthex check config`.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use model::duration::PromDuration;

use super::report::{FileReport, Format, exit_code, finish};
use super::{files, lint, targets};
use crate::cli::{complain, print};
use crate::config::{self, Agent, Diagnostic, Source};

/// What `narthex check config` takes. Names and meanings are promtool's, as far as it has them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex check config prometheus.yml
  narthex check config -o github *.yml
  narthex check config --prometheus prometheus.yml > for-prometheus.yml")]
pub(super) struct ConfigArgs {
    /// The files; prometheus.yml where none is named.
    #[arg(default_value = "prometheus.yml", value_name = "FILE")]
    files: Vec<String>,
    /// Look at the files themselves only, not at those that they name.
    #[arg(long)]
    syntax_only: bool,
    /// Print the file as Prometheus takes it: without what is narthex's own.
    #[arg(long, conflicts_with_all = ["output", "lint"])]
    prometheus: bool,
    /// Checks of style: all, duplicate-rules, too-long-scrape-interval, none; separated by commas.
    #[arg(long, default_value = "duplicate-rules", value_name = "NAMES")]
    lint: String,
    /// Exit with 3 where a check of style finds something.
    #[arg(long)]
    lint_fatal: bool,
    /// The server's lookback, which scrape intervals should stay below.
    #[arg(long = "query.lookback-delta", default_value = "5m", value_name = "DURATION")]
    lookback_delta: PromDuration,
    /// Take unknown fields of rule files as they are.
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// The configuration is for an agent.
    #[arg(long)]
    agent: bool,
    /// How to show what is found.
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(args: &ConfigArgs) -> ExitCode {
    let reports: Vec<FileReport> = args.files.iter().map(|file| check(file, args)).collect();
    if args.prometheus && exit_code(&reports, false) == ExitCode::SUCCESS {
        return print_for_prometheus(&args.files);
    }
    finish(&reports, args.output, args.lint_fatal)
}

fn check(file: &str, args: &ConfigArgs) -> FileReport {
    let mut report = FileReport::new(file);
    let agent = if args.agent { Agent::Yes } else { Agent::No };
    let loaded = match config::load(Path::new(file), agent, |name| std::env::var(name).ok()) {
        Ok(loaded) => loaded,
        Err(errors) => {
            report.diagnostics = errors.0;
            return report;
        }
    };
    report.diagnostics.clone_from(&loaded.warnings);
    targets::check(&loaded, &mut report.diagnostics);
    if !args.syntax_only {
        let n_rule_files = files::check(&loaded, &mut report.diagnostics);
        if n_rule_files > 0 {
            report.success.push(format!("{n_rule_files} rule files found"));
        }
        report.lints = lint::check(&loaded, &args.lint, args.lookback_delta);
    }
    report.success.push(format!("{file} is valid prometheus config file syntax"));
    report.not_built = loaded.not_built;
    report
}

fn print_for_prometheus(paths: &[String]) -> ExitCode {
    for path in paths {
        let source = match Source::read(Path::new(path)) {
            Ok(source) => source,
            Err(error) => {
                complain(&error);
                return ExitCode::FAILURE;
            }
        };
        match config::for_prometheus(&source.text) {
            Ok(text) => {
                print(&text);
            }
            Err(problem) => {
                complain(&Diagnostic::of_file(problem.message));
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
