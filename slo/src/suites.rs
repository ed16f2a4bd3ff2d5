//! The files of `suites/slo`, for tests.

use std::path::PathBuf;

use model::yaml::Document;
use serde_json::Value;

/// A file or a directory of the suites, if it is there.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let suites = std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites")), PathBuf::from);
    let path = suites.join("slo").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(!std::env::var("NARTHEX_CI").is_ok_and(|ci| ci == "1"), "{} is not there", path.display());
    println!("left out: {} is not there", path.display());
    None
}

/// The text of a file of the suites, if it is there.
pub(crate) fn text(name: &str) -> Option<String> {
    path(name).map(|path| std::fs::read_to_string(path).unwrap())
}

/// What a text in YAML says.
pub(crate) fn yaml(text: &str) -> Value {
    Document::parse(text).unwrap().read().0.unwrap()
}

/// The lines of `tests/slo-suite-exceptions.tsv` of a suite: which case, and what of it.
pub(crate) fn exceptions(suite: &str) -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/slo-suite-exceptions.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [of_suite, case, what, reason] = fields[..] else { panic!("four fields are needed: {line}") };
        assert!(!reason.is_empty(), "{line}");
        if of_suite == suite {
            found.push((case.to_owned(), what.to_owned()));
        }
    }
    found.sort();
    found
}
