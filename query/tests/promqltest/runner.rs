//! The runner's own tests: scripts that must pass, and scripts that must not.

use serde_json::Value;

use super::load::start_offsets;
use super::script::{Command, parse};
use super::store::TestStore;
use super::{run, suites};

fn cases() -> Option<Value> {
    suites::json("promqltest/runner-cases.json")
}

/// Runs a script up to its first failure.
fn run_script(script: &str) -> Result<(), String> {
    let commands = parse(script)?;
    let engine = run::engine();
    let mut store = TestStore::open();
    for command in commands {
        match command {
            Command::Clear => store = TestStore::open(),
            Command::Load(load) => store.load(&load)?,
            Command::Eval(eval) => run::run(&engine, &store, &eval)?,
        }
    }
    Ok(())
}

#[test]
fn scripts_that_must_pass_pass_and_others_do_not() {
    let Some(cases) = cases() else { return };
    let (mut n_passed, mut n_refused, mut wrong) = (0, 0, Vec::new());
    for case in cases["scripts"].as_array().unwrap() {
        let outcome = run_script(case["script"].as_str().unwrap());
        match (&outcome, case["ok"].as_bool().unwrap()) {
            (Ok(()), true) => n_passed += 1,
            // What is not built yet would refuse anything.
            (Err(why), false) if !why.contains("not supported yet") => n_refused += 1,
            _ => wrong.push(format!("{}: {outcome:?}", case["name"])),
        }
    }
    println!("runner: {n_passed} scripts pass, {n_refused} are refused");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!((n_passed, n_refused), (37, 61));
}

#[test]
fn start_times_are_read() {
    let Some(cases) = cases() else { return };
    let sequences = cases["st_sequences"].as_array().unwrap();
    for case in sequences {
        let wanted = case["offsets_ms"].as_array().map(|offsets| {
            let offset_ms = |offset: &Value| offset.as_f64().map(|offset_ms| offset_ms as i64);
            offsets.iter().map(offset_ms).collect::<Vec<_>>()
        });
        assert_eq!(start_offsets(case["input"].as_str().unwrap()).ok(), wanted, "{case}");
    }
    assert_eq!(sequences.len(), 13);
}

#[test]
fn loads_that_contradict_themselves_are_refused() {
    let Some(cases) = cases() else { return };
    let loads = cases["st_mismatch"].as_array().unwrap();
    for case in loads {
        let refusal = parse(case["script"].as_str().unwrap()).map(|_| ());
        assert!(refusal.is_err_and(|why| why.contains("@st")), "{case}");
    }
    assert_eq!(loads.len(), 4);
}
