//! promtool's runs of `test rules`, against `narthex test rules`: exit and output, and beside a real promtool where it is there.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
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

/// Series of native histograms: all that can come between two of them.
const HISTOGRAMS: &str = r#"
      - series: h
        values: "{{sum:1 count:2 buckets:[1 1]}}+{{sum:1 count:2 buckets:[1 1]}}x9"
      - series: far
        values: "{{count:5 sum:1 buckets:[5]}} _x9 {{count:6 sum:1 buckets:[6]}} _x9 {{count:5 sum:1 buckets:[5]}}"
      - series: reset
        values: "{{count:5 sum:1 buckets:[5]}} {{count:3 sum:1 buckets:[3]}} {{count:4 sum:1 buckets:[3 1]}} {{count:9 sum:1 buckets:[9]}}"
      - series: between
        values: "{{count:5 sum:1 buckets:[5]}} _ {{count:5 sum:1 buckets:[5]}} 7 {{count:9 sum:1 buckets:[9]}} stale {{count:9 sum:1 buckets:[9]}}"
      - series: said
        values: "{{count:9 buckets:[9] counter_reset_hint:gauge}} {{count:9 buckets:[9]}} {{count:9 buckets:[9] counter_reset_hint:reset}} {{count:9 buckets:[9] counter_reset_hint:not_reset}} {{count:8 buckets:[8] counter_reset_hint:not_reset}}"
      - series: layout
        values: "{{count:10 buckets:[10]}} {{schema:1 count:10 buckets:[10]}} {{schema:1 count:11 buckets:[10 1]}} {{schema:1 count:12 buckets:[10 0 2]}} {{schema:1 count:20 z_bucket:1 buckets:[19 0 2]}} {{schema:1 count:22 z_bucket:3 z_bucket_w:0.1 buckets:[19 0 2]}}"
      - series: custom
        values: "{{schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]}}x2 {{schema:-53 count:9 custom_values:[1 3] buckets:[3 3 3]}}x2"
"#;

/// What is asked for at one time only; plain names are asked for at all times.
const DERIVED: [&str; 14] = [
    "last_over_time(h[5m])",
    "last_over_time(h[5m:1m])",
    "first_over_time(h[5m:1m])",
    "first_over_time(h[3m])",
    "last_over_time((h or far)[5m:30s])",
    "h or reset",
    "h unless reset",
    "h and reset",
    "h offset 3m",
    "h @ 60",
    "label_replace(h, 'a', 'b', '', '')",
    "sort(h)",
    "limitk(1, h)",
    "sum(h)",
];

/// Tests that all fail, and say what they got.
fn asking() -> String {
    let names = ["h", "far", "reset", "between", "said", "layout", "custom"];
    let at_all_times = names.iter().flat_map(|name| (0..23).map(move |minute| (*name, minute)));
    let all = at_all_times.chain(DERIVED.iter().map(|derived| (*derived, 7)));
    let tests = all.map(|(expr, minute)| {
        format!("      - {{expr: \"{expr}\", eval_time: {minute}m, exp_samples: [{{labels: other, value: 1}}]}}\n")
    });
    let tests: String = tests.collect();
    format!("tests:\n  - interval: 1m\n    input_series:{HISTOGRAMS}    promql_expr_test:\n{tests}")
}

#[test]
fn what_is_said_of_counter_resets_is_what_promtool_says() {
    let Some(promtool) = promtool() else { return };
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("asking.yml"), asking()).unwrap();
    let said_by = |program: &Path| said(&run(program, dir.path(), &["asking.yml".to_owned()]));
    let (got, want) = (said_by(Path::new(env!("CARGO_BIN_EXE_narthex"))), said_by(&promtool));
    let count = |text: &str| want.matches(text).count();
    assert!(count("got: ") > 150 && count("not_reset") > 30 && count("gauge") > 0, "{want}");
    for (got, want) in got.lines().zip(want.lines()) {
        assert_eq!(got, want);
    }
    assert_eq!(got.len(), want.len());
}
