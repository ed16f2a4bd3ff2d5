//! Prometheus's and Alertmanager's own cases.

use std::path::PathBuf;

use model::name::ValidationScheme;
use serde_json::Value as Json;

use super::*;

/// A file of the suites. `None` where the suites are not on this machine; CI insists on them.
fn read(file: &str) -> Option<String> {
    let suites = std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites")), PathBuf::from);
    let path = suites.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(std::env::var_os("NARTHEX_CI").is_none_or(|ci| ci != "1"), "{}: {error}", path.display());
            println!("left out: {} is not there", path.display());
            None
        }
    }
}

fn json(file: &str) -> Option<Json> {
    read(file).map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn rule_files_of_prometheus() {
    let Some(expectations) = json("promtool/expectations.json") else { return };
    let cases = expectations["rulefmt"].as_array().unwrap();
    for case in cases {
        let file = case["file"].as_str().unwrap();
        let text = read(&format!("promtool/{file}")).unwrap();
        let is_legacy = case["name_validation_scheme"] == "legacy";
        let scheme = if is_legacy { ValidationScheme::Legacy } else { ValidationScheme::Utf8 };
        let read = RuleFile::read(&text, ReadOptions { scheme, ..ReadOptions::default() });
        match case["error_contains"].as_str() {
            None => assert!(read.is_ok(), "{file}: {read:?}"),
            Some(want) => {
                let problems = read.expect_err(file);
                assert!(problems.iter().any(|problem| problem.message.contains(want)), "{file}: {problems:?}");
            }
        }
    }
    assert_eq!(cases.len(), 16);
    for case in expectations["rulefmt_templates"].as_array().unwrap() {
        let text = case["rule_yaml"].as_str().unwrap();
        let read = RuleFile::read(text, ReadOptions::default());
        assert_eq!(read.is_ok(), case["ok"].as_bool().unwrap(), "{text}: {read:?}");
    }
}
