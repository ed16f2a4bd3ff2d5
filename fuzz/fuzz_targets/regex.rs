//! Regular expressions in Go's syntax: the first line is the pattern, the second a replacement, the others are texts.
//!
//! What is decided without the engine must be decided as the engine would, and nothing that is read may be too much for
//! what it is translated into.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::regex::{GoRegex, Template};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let (pattern, replacement) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let Ok(anchored) = GoRegex::anchored(pattern) else { return };
    // The limits may say no to the longer expression.
    let Ok(engine) = GoRegex::searching(&format!("^(?s:{pattern})$")) else { return };
    let template = Template::new(replacement, &anchored);
    let prefix = anchored.prefix();
    let literals = anchored.literals().unwrap_or_default().iter().map(String::as_str);
    for text in lines.chain([prefix, "", "a\nb"]).chain(literals) {
        let is_match = engine.is_match(text);
        assert_eq!(anchored.is_match(text), is_match, "{pattern:?} on {text:?}");
        assert!(!is_match || text.starts_with(prefix), "{pattern:?} on {text:?}");
        let (ours, theirs) = (anchored.captures(text), engine.captures(text));
        let spans = |captures: &model::regex::Captures<'_>| {
            (0..captures.n_groups()).map(|group| captures.span(group)).collect::<Vec<_>>()
        };
        assert_eq!(ours.as_ref().map(spans), theirs.as_ref().map(spans), "{pattern:?} on {text:?}");
        if let Some(captures) = ours {
            template.expand(&captures, &mut String::new());
        }
    }
    for literal in anchored.literals().unwrap_or_default() {
        assert!(engine.is_match(literal), "{pattern:?} on {literal:?}");
    }
});
