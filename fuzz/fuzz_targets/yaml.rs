//! YAML and a scrape configuration in it, on anything: every problem has a place in the text, and what is good is still
//! good when it is written, and the same when that is read and written again (secrets do not survive the first time).

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::yaml::{Document, Problem, to_yaml};
use scrape::config::{Inherited, ScrapeConfig};

fuzz_target!(|text: &str| {
    let in_text = |problem: &Problem| problem.span.start <= problem.span.end && problem.span.end <= text.len();
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(problem) => return assert!(in_text(&problem), "{problem:?}"),
    };
    let (config, problems) = document.read::<ScrapeConfig>();
    assert!(problems.iter().all(in_text), "{problems:?}");
    let (Some(mut config), []) = (config, problems.as_slice()) else { return };
    config.fill(&Inherited::default());
    let written = to_yaml(&config).unwrap_or_else(|error| panic!("{config:?}: {error}"));
    let again = Document::parse(&written).unwrap_or_else(|problem| panic!("{written}\n{problem:?}"));
    let (again, problems) = again.read::<ScrapeConfig>();
    assert!(problems.is_empty(), "{written}\n{problems:?}");
    assert_eq!(again.map(|config| to_yaml(&config)), Some(Ok(written)));
});
