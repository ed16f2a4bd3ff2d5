//! YAML and a scrape configuration in it, on anything: every problem has a place in the text, and what is good is still
//! good when it is written. What was written twice stays as it is; the first time may lose secrets and explicit nulls.

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
    let twice = written_again(&written(&config));
    assert_eq!(written_again(&twice), twice);
});

fn written(config: &ScrapeConfig) -> String {
    to_yaml(config).unwrap_or_else(|error| panic!("{config:?}: {error}"))
}

fn written_again(text: &str) -> String {
    let document = Document::parse(text).unwrap_or_else(|problem| panic!("{text}\n{problem:?}"));
    let (config, problems) = document.read::<ScrapeConfig>();
    assert!(problems.is_empty(), "{text}\n{problems:?}");
    written(&config.unwrap_or_default())
}
