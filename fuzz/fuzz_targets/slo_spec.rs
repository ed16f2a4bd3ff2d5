//! Spec files on anything: every fault has a place in the text, what is good is written back, and what was written is read
//! without faults.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slo::openslo::export::to_text;
use slo::openslo::references::{apart, inline, objects};
use slo::spec::{SpecFile, load};

fuzz_target!(|text: &str| {
    let read = |text: &str| load(&[SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }]);
    let catalog = read(text);
    let n_lines = text.split('\n').count();
    for fault in catalog.errors.iter().chain(&catalog.warnings).chain(&catalog.notes) {
        assert!((1..=n_lines).contains(&fault.place.line) && fault.place.column >= 1, "{fault:?}");
    }
    // A part of an SLO may become one of its own, whose longer name is too long.
    if catalog.objectives.keys().any(|id| id.len() > 200) {
        return;
    }
    let written = to_text(&catalog);
    let again = read(&written);
    assert_eq!(again.objectives.keys().collect::<Vec<_>>(), catalog.objectives.keys().collect::<Vec<_>>(), "{written}");
    let documents = objects(text);
    let _ = inline(apart(documents.clone()), true);
    let _ = inline(documents, false);
});
