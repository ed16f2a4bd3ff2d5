//! Conditions of policies and gates on anything: what is no condition is said with a place in the text, and what is one is read
//! the same again and gives an answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slo::condition::{Condition, Facts, Quantity, Truth, Word};

struct Nothing;

impl Facts for Nothing {
    fn quantity(&self, _: Quantity) -> Option<f64> {
        None
    }

    fn word(&self, _: Word) -> Option<&str> {
        None
    }

    fn is_firing(&self, _: &[(String, String)]) -> Option<bool> {
        None
    }
}

fuzz_target!(|text: &str| match Condition::parse(text) {
    Ok(condition) => {
        assert_eq!(Condition::parse(condition.text()).as_ref(), Ok(&condition));
        assert!(matches!(condition.truth(&Nothing), Truth::Unknown | Truth::True | Truth::False));
        assert!(condition.for_ms() >= 0);
        let _ = condition.readings(&Nothing);
    }
    Err(error) => {
        assert!(text.is_char_boundary(error.at), "{error}");
        assert!(error.column >= 1 && error.column <= 1 + text.chars().count(), "{error}");
    }
});
