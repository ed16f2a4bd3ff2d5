//! The suite: 21 files of scripts. What fails must be listed in `tests/promqltest-unsupported.tsv`, and nothing else may
//! be: a case that is listed and passes fails the test, so that the list can only become shorter.
//!
//! With `NARTHEX_LIST=1` the list is written anew.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::script::{Command, parse};
use super::store::TestStore;
use super::{run, suites};

/// The evals of each file, and how many of them need no native histogram and nothing experimental.
const N_EVALS: usize = 2214;
const N_CORE: usize = 942;

/// Files and lines of evals, and why they fail.
type Failures = BTreeMap<(String, usize), String>;

/// What came of a file.
#[derive(Debug, Default)]
struct Report {
    n_passed: usize,
    failures: Vec<(usize, String)>,
}

fn run_file(script: &str) -> Report {
    let engine = run::engine();
    let mut report = Report::default();
    let mut store = TestStore::open();
    let mut refused_load: Option<String> = None;
    for command in parse(script).unwrap() {
        match command {
            Command::Clear => (store, refused_load) = (TestStore::open(), None),
            Command::Load(load) => {
                if let Err(why) = store.load(&load) {
                    refused_load = Some(format!("load: {why}"));
                }
            }
            Command::Eval(eval) => {
                let outcome = match &refused_load {
                    Some(why) => Err(why.clone()),
                    None => run::run(&engine, &store, &eval),
                };
                match outcome {
                    Ok(()) => report.n_passed += 1,
                    Err(why) => report.failures.push((eval.line, why)),
                }
            }
        }
    }
    report
}

fn list_path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/promqltest-unsupported.tsv")
}

fn listed() -> Failures {
    let text = std::fs::read_to_string(list_path()).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.splitn(3, '\t');
            let (file, number) = (fields.next().unwrap().to_owned(), fields.next().unwrap().parse().unwrap());
            ((file, number), fields.next().filter(|why| !why.is_empty()).expect("a reason").to_owned())
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "a list that is written only when it is asked for")]
fn write_list(failures: &Failures) {
    let mut text = "# file\tline\twhy this eval of the promqltest suite does not pass yet\n".to_owned();
    for ((file, line), why) in failures {
        text.push_str(&format!("{file}\t{line}\t{}\n", why.replace(['\n', '\t'], " ")));
    }
    std::fs::write(list_path(), text).unwrap();
}

#[test]
fn the_suite_passes_but_for_what_is_listed() {
    let Some(dir) = suites::path("promqltest") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "test"));
    files.sort();
    let (mut n_passed, mut failures) = (0, Failures::new());
    for path in &files {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let report = run_file(&std::fs::read_to_string(path).unwrap());
        println!("{file}: {} of {} evals pass", report.n_passed, report.n_passed + report.failures.len());
        n_passed += report.n_passed;
        failures.extend(report.failures.into_iter().map(|(line, why)| ((file.clone(), line), why)));
    }
    println!("promqltest: {n_passed} of {} evals pass, {} are listed", n_passed + failures.len(), listed().len());
    assert_eq!((files.len(), n_passed + failures.len()), (21, N_EVALS));
    if std::env::var_os("NARTHEX_LIST").is_some_and(|list| list == "1") {
        return write_list(&failures);
    }
    let listed = listed();
    let unlisted: Vec<_> = failures.iter().filter(|(case, _)| !listed.contains_key(*case)).collect();
    let passing: Vec<_> = listed.keys().filter(|case| !failures.contains_key(*case)).collect();
    assert!(unlisted.is_empty(), "fails and is not listed: {unlisted:#?}");
    assert!(passing.is_empty(), "passes and is listed: {passing:#?}");
    assert!(n_passed >= N_CORE, "{n_passed} pass");
}
