//! `narthex test …`: what promtool calls `test rules`, and rules over stored history.
//!
//! Exit: 0 where all is as expected, 1 where something is not, or cannot be read, as promtool.

mod history;
mod junit;
mod store;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use alerting::rules::{ReadOptions, RuleFile};
use alerting::unit_test::{Setting, TestFile, run as run_group};
use clap::Args;
use model::duration::PromDuration;
use model::regex::GoRegex;
use model::yaml::Problem;
use model::{Clock, SystemClock};
use query::syntax::Options as ParseOptions;

use self::junit::{Case, Suite};
use self::store::open_store;
use crate::cli::server::ServerArgs;
use crate::cli::{complain_raw, print};
use crate::config::{Diagnostic, Source, files_of_pattern};

/// What `narthex test rules` takes.
#[derive(Debug, Args)]
pub(crate) struct TestRulesArgs {
    /// Files of unit tests, as promtool takes them; with --history files of rules.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Only test groups whose names match; may be repeated.
    #[arg(long, value_name = "REGEX")]
    run: Vec<String>,
    /// Say what is done, and what is in the store at the end of each group.
    #[arg(long)]
    debug: bool,
    /// Show what is not as expected line by line.
    #[arg(long)]
    diff: bool,
    /// Let fields pass that rule files do not have.
    #[arg(long)]
    ignore_unknown_fields: bool,
    /// Write the results as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// What PromQL has beyond its stable core, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    enable_feature: Vec<String>,
    /// Say instead when the alerting rules of rule files would have fired over what a server has stored: 30d.
    #[arg(long, value_name = "DURATION")]
    history: Option<PromDuration>,
    /// How far the evaluations over history are apart; without it the interval of a group, or 15s.
    #[arg(long, value_name = "DURATION", requires = "history")]
    step: Option<PromDuration>,
    #[command(flatten)]
    server: ServerArgs,
}

impl TestRulesArgs {
    /// What PromQL has beyond its stable core.
    fn parse_options(&self) -> ParseOptions {
        ParseOptions {
            experimental_functions: self.has("promql-experimental-functions"),
            extended_range_selectors: self.has("promql-extended-range-selectors"),
            fill_modifiers: self.has("promql-binop-fill-modifiers"),
            ..ParseOptions::default()
        }
    }

    fn has(&self, feature: &str) -> bool {
        self.enable_feature.iter().any(|one| one == feature)
    }
}

/// Tests rules.
pub(crate) fn run(args: &TestRulesArgs) -> ExitCode {
    if let Some(history) = args.history {
        return history::run(args, history);
    }
    let only = match GoRegex::anchored(&format!("(?s:.*)(?:{})(?s:.*)", args.run.join("|"))) {
        Ok(regex) => (!args.run.is_empty()).then_some(regex),
        Err(error) => {
            complain_raw(&format!("narthex: --run: {error}"));
            return ExitCode::from(2);
        }
    };
    let suites: Vec<Suite> = args.files.iter().map(|file| tested(file, only.as_ref(), args)).collect();
    let mut is_fine = suites.iter().all(Suite::is_fine);
    if let Some(path) = &args.junit
        && let Err(error) = write(path, &junit::document(&suites))
    {
        complain_raw(&format!("failed to write JUnit XML: {}: {error}", path.display()));
        is_fine = false;
    }
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "a file that the user asked for")]
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// Tests a file, and says how that went.
fn tested(path: &Path, only: Option<&GoRegex>, args: &TestRulesArgs) -> Suite {
    let mut suite = Suite::new(&path.display().to_string());
    if let Err(error) = test(path, only, args, &mut suite) {
        suite.abort(error);
    }
    let failures: Vec<&String> = suite.failures().collect();
    if failures.is_empty() {
        print("  SUCCESS\n");
    } else {
        complain_raw("  FAILED:");
        for failure in failures {
            complain_raw(failure);
            print("\n");
        }
    }
    print("\n");
    suite
}

fn test(path: &Path, only: Option<&GoRegex>, args: &TestRulesArgs, suite: &mut Suite) -> Result<(), String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let source = Source::read(path).map_err(|error| error.to_string())?;
    let file = TestFile::read(&source.text).map_err(|problems| drawn(source, problems))?;
    if let Some(name) = file.repeated_group() {
        return Err(format!("group name repeated in evaluation order: {name}"));
    }
    suite.begin(clock.now_ms());
    let parse = args.parse_options();
    let ignore_unknown_fields = args.ignore_unknown_fields;
    let rules = read_rules(path, &file, ReadOptions { parse, ignore_unknown_fields, ..ReadOptions::default() })?;
    let setting = Setting {
        file: &file,
        rules: &rules,
        parse,
        delayed_name_removal: args.has("promql-delayed-name-removal"),
        shows_difference: args.diff,
        dumps: args.debug,
        clock: Arc::clone(&clock),
    };
    for (number, group) in file.tests.iter().enumerate() {
        if only.is_some_and(|only| !only.is_match(&group.name)) {
            continue;
        }
        let name = group.shown_name(number);
        let began = clock.elapsed();
        if args.debug {
            complain_raw(&format!("DEBUG: Starting test {name}"));
        }
        let outcome = run_group(group, &setting, &*open_store(&clock)?);
        if let Some(dump) = &outcome.dump {
            complain_raw(&format!("DEBUG: Dump of all data (input_series and rules):\n{dump}"));
        }
        if args.debug {
            let took = clock.elapsed().saturating_sub(began);
            complain_raw(&format!("DEBUG: Test {name} finished, took {took:?}"));
        }
        suite.cases.push(Case { name, failures: outcome.failures });
    }
    Ok(())
}

/// The rule files that a file of tests names.
fn read_rules(path: &Path, file: &TestFile, options: ReadOptions) -> Result<Vec<(String, RuleFile)>, String> {
    let mut rules = Vec::new();
    for pattern in &file.rule_files {
        let pattern = beside(path, pattern);
        let files = files_of_pattern(&pattern);
        if files.is_empty() {
            complain_raw(&format!("  WARNING: no file match pattern {pattern}"));
        }
        for path in files {
            let source = Source::read(&path).map_err(|error| error.to_string())?;
            let read = RuleFile::read(&source.text, options).map_err(|problems| drawn(source, problems))?;
            rules.push((path.display().to_string(), read));
        }
    }
    Ok(rules)
}

/// A path that is relative to a file.
fn beside(file: &Path, path: &str) -> String {
    let directory = file.parent().unwrap_or(Path::new(""));
    directory.join(path).display().to_string()
}

/// What is wrong with a file, with its lines and carets.
fn drawn(source: Source, problems: Vec<Problem>) -> String {
    let (source, in_color) = (Arc::new(source), std::io::stderr().is_terminal());
    let draw = |problem| Diagnostic::of_problem(&source, problem).draw(in_color);
    problems.into_iter().map(draw).collect::<Vec<_>>().join("\n")
}
