//! Prometheus's own configurations, good and bad, and promtool's checks of them, against `narthex check`.
//!
//! The cases are those of `promtool/expectations.json` of the suites. Those that later parts of narthex decide are
//! listed in `config-suite-unsupported.tsv`, each with its reason; a case that is listed and passes fails the test, so
//! that the list can only shrink.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it cannot go on, and says what it saw"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Cases that cannot pass yet: the name, a tab, the reason.
const UNSUPPORTED: &str = include_str!("config-suite-unsupported.tsv");

/// The directory of promtool's suite, if it is there.
fn suite() -> Option<PathBuf> {
    let suites = std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/suites")), PathBuf::from);
    let suite = suites.join("promtool");
    if suite.is_dir() {
        return Some(suite);
    }
    assert!(std::env::var("NARTHEX_CI").is_err(), "{} is not there", suite.display());
    println!("left out: {} is not there", suite.display());
    None
}

fn expectations(suite: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(suite.join("expectations.json")).unwrap()).unwrap()
}

/// A directory in which `testdata` is another, because the expected texts name files so.
fn beside(testdata: &Path) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(testdata, directory.path().join("testdata")).unwrap();
    directory
}

/// What `narthex check` said of one file.
struct Said {
    exit: i32,
    /// Errors in Prometheus's words, with the file before them as Prometheus has it.
    errors: Vec<String>,
    /// Errors without a line.
    n_without_place: usize,
}

fn check(directory: &Path, arguments: &[&str], file: &str) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_narthex"))
        .current_dir(directory)
        .env("TEST", "")
        .args(["check"])
        .args(arguments)
        .args(["--output", "json", file])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{file}: {error}: {}", String::from_utf8_lossy(&output.stderr)));
    let errors = report["files"][0]["errors"].as_array().unwrap();
    let text = |error: &Value| error["prometheus_text"].as_str().unwrap().to_owned();
    let with_file = |error: &Value| format!("parsing YAML file {file}: {}", text(error));
    Said {
        exit: output.status.code().unwrap(),
        errors: errors.iter().map(with_file).collect(),
        n_without_place: errors.iter().filter(|error| error["line"].is_null()).count(),
    }
}

impl Said {
    /// Whether the file is wrong, and one of the errors holds a text.
    fn fails_with(&self, want: &str) -> Result<(), String> {
        if self.exit != 1 {
            return Err(format!("exit {}, should be 1 with {want}", self.exit));
        }
        if !self.errors.iter().any(|error| error.contains(want)) {
            return Err(format!("{:?}, should hold {want}", self.errors));
        }
        Ok(())
    }

    fn exits_with(&self, want: i64) -> Result<(), String> {
        if i64::from(self.exit) == want {
            return Ok(());
        }
        Err(format!("exit {}, should be {want}: {:?}", self.exit, self.errors))
    }
}

/// The cases of the suite and how they went.
#[derive(Default)]
struct Results {
    n_cases: usize,
    failed: BTreeMap<String, String>,
}

impl Results {
    fn add(&mut self, name: String, result: Result<(), String>) {
        self.n_cases += 1;
        if let Err(why) = result {
            self.failed.insert(name, why);
        }
    }

    /// Fails unless exactly the listed cases failed.
    fn compare(&self, prefix: &str) {
        let listed: BTreeMap<&str, &str> = UNSUPPORTED.lines().filter_map(|line| line.split_once('\t')).collect();
        let listed: Vec<&str> = listed.into_keys().filter(|name| name.starts_with(prefix)).collect();
        let passed = self.n_cases - self.failed.len();
        println!("{prefix}: {passed} of {} pass, {} are listed", self.n_cases, listed.len());
        let unlisted: Vec<String> = self
            .failed
            .iter()
            .filter(|(name, _)| !listed.contains(&name.as_str()))
            .map(|(name, why)| format!("{name}: {why}"))
            .collect();
        assert!(unlisted.is_empty(), "{} fail and are not listed:\n{}", unlisted.len(), unlisted.join("\n"));
        let passing: Vec<&&str> = listed.iter().filter(|name| !self.failed.contains_key(**name)).collect();
        assert!(passing.is_empty(), "listed, and passing or gone: {passing:?}");
    }
}

fn text<'v>(case: &'v Value, field: &str) -> &'v str {
    case[field].as_str().unwrap_or_else(|| panic!("{field} in {case}"))
}

fn file_of(case: &Value) -> &str {
    let file = case.as_str().unwrap_or_else(|| text(case, "file"));
    file.strip_prefix("config/").unwrap_or(file)
}

#[test]
fn good_configurations_load() {
    let Some(suite) = suite() else { return };
    let directory = beside(&suite.join("config"));
    let mut results = Results::default();
    for case in expectations(&suite)["config_load_good_files"].as_array().unwrap() {
        let file = file_of(case);
        let agent: &[&str] = if file.starts_with("agent_mode") { &["--agent"] } else { &[] };
        let arguments = [&["config", "--syntax-only"], agent].concat();
        let said = check(directory.path(), &arguments, &format!("testdata/{file}"));
        results.add(format!("load_good {file}"), said.exits_with(0));
    }
    assert_eq!(results.n_cases, 54);
    results.compare("load_good");
}

#[test]
fn bad_configurations_are_refused_in_prometheus_words() {
    let Some(suite) = suite() else { return };
    let directory = beside(&suite.join("config"));
    let mut results = Results::default();
    let mut n_without_place = 0;
    let expectations = expectations(&suite);
    for (section, arguments) in [
        ("config_load_bad", ["config", "--syntax-only"].as_slice()),
        ("config_load_bad_agent_mode", &["config", "--syntax-only", "--agent"]),
    ] {
        for case in expectations[section].as_array().unwrap() {
            let file = file_of(case);
            let said = check(directory.path(), arguments, &format!("testdata/{file}"));
            n_without_place += said.n_without_place;
            results.add(format!("load_bad {file}"), said.fails_with(text(case, "error_contains")));
        }
    }
    assert_eq!(results.n_cases, 150);
    assert_eq!(n_without_place, 0, "every error has a line");
    results.compare("load_bad");
}

#[test]
fn checks_are_promtools() {
    let Some(suite) = suite() else { return };
    let directory = beside(&suite);
    let mut results = Results::default();
    let expectations = expectations(&suite);
    let cases = |section: &str| expectations[section].as_array().unwrap().clone();
    for case in cases("check_config") {
        let fatal = case["lint_fatal"] == true;
        let arguments: &[&str] = if fatal { &["config", "--lint-fatal"] } else { &["config"] };
        let said = check(directory.path(), arguments, &format!("testdata/{}", file_of(&case)));
        let name = format!("check_config {}{}", file_of(&case), if fatal { " lint-fatal" } else { "" });
        results.add(name, said.exits_with(case["exit"].as_i64().unwrap()));
    }
    for case in cases("check_config_syntax") {
        let arguments: &[&str] = if case["syntax_only"] == true { &["config", "--syntax-only"] } else { &["config"] };
        let said = check(directory.path(), arguments, &format!("testdata/{}", file_of(&case)));
        results.add(format!("check_config_syntax {}", text(&case, "name")), expect(&said, &case["error"]));
    }
    for (section, field) in [("check_config_targets", "error"), ("check_config_authorization", "error_contains")] {
        for case in cases(section) {
            let said = check(directory.path(), &["config"], &format!("testdata/{}", file_of(&case)));
            results.add(format!("{section} {}", file_of(&case)), expect(&said, &case[field]));
        }
    }
    for case in cases("check_sd_file") {
        let said = check(directory.path(), &["sd-file"], &format!("testdata/{}", file_of(&case)));
        results.add(format!("check_sd_file {}", text(&case, "name")), expect(&said, &case["error"]));
    }
    for case in cases("check_config_lint_scrape_interval") {
        let lookback = text(&case, "lookback_delta");
        let arguments =
            ["config", "--lint-fatal", "--lint", "too-long-scrape-interval", "--query.lookback-delta", lookback];
        let said = check(directory.path(), &arguments, &format!("testdata/{}", file_of(&case)));
        let name = format!("check_config_lint_scrape_interval {lookback}");
        results.add(name, said.exits_with(case["lint_fatal_exit"].as_i64().unwrap()));
    }
    assert_eq!(results.n_cases, 32);
    results.compare("check");
}

fn expect(said: &Said, error: &Value) -> Result<(), String> {
    match error.as_str() {
        Some(want) => said.fails_with(want),
        None => said.exits_with(0),
    }
}
