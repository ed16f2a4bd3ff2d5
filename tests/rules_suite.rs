//! promtool's runs of `test rules`, against `narthex test rules`: exit and output, and beside a real promtool where it is there.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it cannot go on, and says what it saw; it is outside, and reads files as users do"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Runs that cannot be repeated from outside, and why: promtool's binary cannot switch these off either.
const LEFT_OUT: [(&str, &str); 2] = [
    ("Disabled feature (@ modifier)", "the modifier cannot be switched off"),
    ("Disabled feature (negative offset)", "negative offsets cannot be switched off"),
];

/// Files whose failures we tell in words of our own, with the line and a caret.
const OWN_WORDS: [&str; 2] = ["bad-input-series.yml", "bad-rules-syntax-test.yml"];

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

/// The peer, if it is there.
fn promtool() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let program = target.join("peers/promtool");
    if program.exists() {
        return Some(program);
    }
    assert!(std::env::var("NARTHEX_CI").is_err(), "{} is not there: tests/peers/build prometheus", program.display());
    println!("left out: {} is not there", program.display());
    None
}

fn run(program: &Path, suite: &Path, arguments: &[String]) -> Output {
    Command::new(program).current_dir(suite).args(["test", "rules"]).args(arguments).output().unwrap()
}

fn texts<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    value[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap())
}

/// What a run printed. Which of two series is named first is chance, with promtool too.
fn said(output: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let in_order =
        |line: &str| match line.split_once(": [").and_then(|(head, rest)| Some((head, rest.split_once("];")?))) {
            Some((head, (series, tail))) if head.contains("found duplicate series") => {
                let mut series: Vec<&str> = series.split("}, ").map(|one| one.trim_end_matches('}')).collect();
                series.sort_unstable();
                format!("{head}: {series:?};{tail}")
            }
            _ => line.to_owned(),
        };
    text.lines().map(in_order).collect::<Vec<_>>().join("\n")
}

#[test]
fn promtools_runs() {
    let Some(suite) = suite() else { return };
    let expectations = std::fs::read(suite.join("expectations.json")).unwrap();
    let expectations: Value = serde_json::from_slice(&expectations).unwrap();
    let (narthex, promtool) = (Path::new(env!("CARGO_BIN_EXE_narthex")), promtool());
    let runs = expectations["test_rules"].as_array().unwrap();
    let (mut wrong, mut n_compared) = (Vec::new(), 0);
    for case in runs {
        let name = case["name"].as_str().unwrap();
        if LEFT_OUT.iter().any(|(left_out, _)| *left_out == name) {
            continue;
        }
        let mut arguments: Vec<String> = texts(case, "run").map(|regex| format!("--run={regex}")).collect();
        if case["ignore_unknown_fields"] == true {
            arguments.push("--ignore-unknown-fields".to_owned());
        }
        arguments.extend(texts(case, "files").map(str::to_owned));
        let got = run(narthex, &suite, &arguments);
        if got.status.code() != case["exit"].as_i64().map(|exit| exit as i32) {
            wrong.push(format!("{name}: exit {:?}\n{}", got.status.code(), String::from_utf8_lossy(&got.stderr)));
        }
        let has_own_words = texts(case, "files").any(|file| OWN_WORDS.contains(&file));
        let Some(promtool) = promtool.as_ref().filter(|_| !has_own_words) else { continue };
        let want = run(promtool, &suite, &arguments);
        n_compared += 1;
        let (got, want) = (said(&got), said(&want));
        if got != want {
            wrong.push(format!("{name}:\n{got}\npromtool:\n{want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(runs.len(), 21);
    println!("{n_compared} of {} runs have the same output as promtool", runs.len());
}

#[test]
fn results_are_written_as_junit_xml() {
    let Some(suite) = suite() else { return };
    let dir = tempfile::tempdir().unwrap();
    let written = dir.path().join("junit.xml");
    let arguments = [format!("--junit={}", written.display()), "rules_run.yml".to_owned()];
    run(Path::new(env!("CARGO_BIN_EXE_narthex")), &suite, &arguments);
    let text = std::fs::read_to_string(&written).unwrap();
    assert!(
        text.starts_with("<testsuites><testsuite name=\"rules_run.yml\" tests=\"2\" failures=\"1\" errors=\"0\""),
        "{text}"
    );
}
