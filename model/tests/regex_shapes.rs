//! What is decided without the engine is decided as the engine would.

use model::regex::GoRegex;
use proptest::prelude::*;

/// A part of an expression. Few letters, so that texts match often.
fn part() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "é",
        ".*",
        ".+",
        "(.*)",
        "(.+)",
        ".{2,}",
        ".?",
        "[ab]",
        "(a|ab)",
        "(?i:k)",
        "(?i:ab|b)",
        "a?",
        "(ab){0,2}",
        "\n",
        "^",
        "$",
        "[^a]",
        "(?-s:.*)",
        "(|a)",
    ])
    .prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    let concat = prop::collection::vec(part(), 0..6).prop_map(|parts| parts.concat());
    prop::collection::vec(concat, 1..4).prop_map(|branches| branches.join("|"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_engine_agrees(pattern in pattern(), texts in prop::collection::vec("[abAkK\u{212a}é\n]{0,6}", 8)) {
        let shaped = GoRegex::anchored(&pattern).unwrap();
        let engine = GoRegex::searching(&format!("^(?s:{pattern})$")).unwrap();
        for text in &texts {
            prop_assert_eq!(shaped.is_match(text), engine.is_match(text), "{:?} on {:?}", pattern, text);
            prop_assert_eq!(shaped.captures(text).is_some(), engine.is_match(text), "{:?} on {:?}", pattern, text);
            prop_assert!(!engine.is_match(text) || text.starts_with(shaped.prefix()));
        }
        for literal in shaped.literals().unwrap_or_default() {
            prop_assert!(engine.is_match(literal), "{:?} on {:?}", pattern, literal);
        }
    }
}

#[test]
fn height_does_not_exhaust_a_small_stack() {
    let check = |open: &str, close: &str, n_levels: usize| {
        let pattern = format!("{}x{}", open.repeat(n_levels), close.repeat(n_levels));
        let compile = || GoRegex::anchored(&pattern).map(|regex| regex.is_match("x"));
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        let compiled = std::thread::scope(|scope| thread.spawn_scoped(scope, compile).unwrap().join().unwrap());
        assert!(compiled.is_ok(), "{open}{close}");
    };
    check("(", ")*", 499);
    check("(?:a|", "b)*?", 330);
    check("(", ")", 999);
    check("(?:", "a.)", 10_000);
    check("(?:a|", ")", 10_000);
}
