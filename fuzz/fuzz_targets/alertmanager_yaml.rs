//! `alertmanager.yml` on anything: every problem has a place in the text, what is good can be put into force and written,
//! and what is written is YAML again.

#![no_main]

use alerting::config::{AlertmanagerConfig, Loaded};
use libfuzzer_sys::fuzz_target;
use model::yaml::Document;

fuzz_target!(|text: &str| {
    let config = match AlertmanagerConfig::read(text) {
        Ok(config) => config,
        Err(problems) => {
            assert!(!problems.is_empty());
            let in_text = |start: usize, end: usize| start <= end && end <= text.len();
            assert!(problems.iter().all(|problem| in_text(problem.span.start, problem.span.end)), "{problems:?}");
            return;
        }
    };
    for receiver in &config.receivers {
        let _ = receiver.integrations().count();
    }
    for written in [config.to_yaml(), config.for_alertmanager().to_yaml()] {
        assert!(Document::parse(&written).is_ok(), "{written}");
    }
    assert!(Loaded::new(config, Vec::new()).is_ok());
});
