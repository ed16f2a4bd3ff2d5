//! `narthex check config`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use alerting::rules::ReadOptions;
use clap::Args;
use model::duration::PromDuration;
use model::yaml::{Document, Problem};
use slo::spec::DEFAULT_RETENTION_MS;

use super::report::{FileReport, Format, exit_code, finish};
use super::{files, lint, rules, targets};
use crate::cli::{complain, print};
use crate::config::{self, Agent, ConfigErrors, Diagnostic, Loaded, Routing, RuleSource, SloFiles, Source};

/// What `narthex check config` takes. Names and meanings are promtool's, as far as it has them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex check config prometheus.yml
  narthex check config -o github *.yml
  narthex check config --prometheus prometheus.yml > for-prometheus.yml
  narthex check config --alertmanager alertmanager.yml > for-alertmanager.yml")]
pub(super) struct ConfigArgs {
    /// The files: prometheus.yml where none is named. An alertmanager.yml is known by its `route` and `receivers`.
    #[arg(default_value = "prometheus.yml", value_name = "FILE")]
    files: Vec<String>,
    /// Look at the files themselves only, not at those that they name.
    #[arg(long)]
    syntax_only: bool,
    /// Print the file as Prometheus takes it: without what is narthex's own.
    #[arg(long, conflicts_with_all = ["output", "lint"])]
    prometheus: bool,
    /// The files are Alertmanager's: print them as Alertmanager takes them, without what is narthex's own.
    #[arg(long, conflicts_with_all = ["output", "lint", "prometheus"])]
    alertmanager: bool,
    /// The alertmanager.yml to check beside; the one that the configuration names where this is left out.
    #[arg(long = "alertmanager.config.file", value_name = "FILE")]
    alertmanager_config_file: Option<PathBuf>,
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
    let check = |file: &String| {
        if args.alertmanager || is_alertmanagers(file) { check_alertmanager(file) } else { check(file, args) }
    };
    let reports: Vec<FileReport> = args.files.iter().map(check).collect();
    let is_fine = exit_code(&reports, false) == ExitCode::SUCCESS;
    if is_fine && args.prometheus {
        return print_stripped(&args.files, config::for_prometheus);
    }
    if is_fine && args.alertmanager {
        return print_stripped(&args.files, config::for_alertmanager);
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
            check_rule_files(&loaded, args, &mut report);
        }
        let alertmanager = args.alertmanager_config_file.clone().or_else(|| loaded.alertmanager_file());
        let mut routing = Ok(Routing::builtin());
        if let Some(path) = alertmanager {
            routing = Routing::load(&path);
            note_routing(routing.clone(), &path.display().to_string(), &mut report);
        }
        let mut slo_files = SloFiles::load(&loaded.config.narthex.slo_files, DEFAULT_RETENTION_MS);
        // Who cannot be reached is an error of the files that name them.
        let _ = routing.and_then(|routing| routing.with_objectives(&mut slo_files));
        if !loaded.config.narthex.slo_files.is_empty() {
            report.success.push(format!("{} objectives found", slo_files.catalog.objectives.len()));
            report.diagnostics.extend(slo_files.diagnostics());
        }
        report.lints.extend(lint::check(&loaded, &args.lint, args.lookback_delta));
    }
    report.success.push(format!("{file} is valid prometheus config file syntax"));
    report.not_built = loaded.not_built;
    report
}

/// The rule files that the configuration names.
fn check_rule_files(loaded: &Loaded, args: &ConfigArgs, report: &mut FileReport) {
    let options = ReadOptions {
        scheme: loaded.config.global.validation_scheme(),
        ignore_unknown_fields: args.ignore_unknown_fields,
        ..ReadOptions::default()
    };
    for read in RuleSource::all(&loaded.config.rule_files, options) {
        match read {
            Ok(source) => {
                report.success.push(format!("{}: {} rules found", source.source.path.display(), source.n_rules()));
                report.diagnostics.extend(source.warnings());
                report.lints.extend(rules::lints(&source.file, &args.lint));
            }
            Err(errors) => report.diagnostics.extend(errors),
        }
    }
}

/// Whether a file is Alertmanager's.
fn is_alertmanagers(file: &str) -> bool {
    let document = Source::read(Path::new(file)).ok().and_then(|source| Document::parse(&source.text).ok());
    let keys = document.as_ref().map(|document| document.keys(&[])).unwrap_or_default();
    keys.iter().any(|(key, _)| matches!(*key, "route" | "receivers"))
}

fn check_alertmanager(file: &str) -> FileReport {
    let mut report = FileReport::new(file);
    note_routing(Routing::load(Path::new(file)), file, &mut report);
    report
}

/// Says what was found in an `alertmanager.yml`.
fn note_routing(routing: Result<Routing, ConfigErrors>, file: &str, report: &mut FileReport) {
    let routing = match routing {
        Ok(routing) => routing,
        Err(errors) => return report.diagnostics.extend(errors.0),
    };
    report.diagnostics.extend(routing.warnings);
    let config = &routing.loaded.config;
    let counts = [
        (routing.loaded.tree.routes().len(), "routes"),
        (config.inhibit_rules.len(), "inhibit rules"),
        (config.receivers.len(), "receivers"),
        (routing.loaded.templates.len(), "template files"),
    ];
    let found: Vec<String> = counts.iter().map(|(n, what)| format!("{n} {what}")).collect();
    report.success.push(format!("{file} is valid alertmanager config file syntax: {}", found.join(", ")));
}

fn print_stripped(paths: &[String], strip: fn(&str) -> Result<String, Problem>) -> ExitCode {
    for path in paths {
        let source = match Source::read(Path::new(path)) {
            Ok(source) => source,
            Err(error) => {
                complain(&error);
                return ExitCode::FAILURE;
            }
        };
        match strip(&source.text) {
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
