//! Alertmanager's own cases.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::suites::{list, matcher, suite, text};

fn check<T: PartialEq + std::fmt::Debug>(
    case: &Value,
    got: Result<T, MatcherError>,
    want: Option<&T>,
    error: &Value,
) -> usize {
    match (got, error) {
        (Ok(got), Value::Null) => assert_eq!(Some(&got), want, "{case}"),
        (Err(got), Value::String(error)) => assert_eq!(&got.to_string(), error, "{case}"),
        (got, _) => panic!("{case}: {got:?}"),
    }
    1
}

fn matchers(json: &Value) -> Option<Vec<Matcher>> {
    Some(list(json).iter().map(matcher).collect())
}

#[test]
fn matchers_are_read_as_alertmanager_does() {
    let Some(suite) = suite("matchers.json") else { return };
    let mut n_cases = 0;
    for case in list(&suite["compliance"]) {
        let input = text(&case["input"]);
        let (utf8, classic) = (Grammar::Utf8.matchers(input), Grammar::Classic.matchers(input));
        let want = matchers(&case["classic_expect"]);
        if case["utf8_disagrees_or_rejects"] == false {
            let is_same = utf8.as_ref().ok() == want.as_ref().filter(|_| case["classic_error"].is_null());
            assert!(is_same, "{case}: {utf8:?}");
        }
        // One case is of the new grammar alone, although it is called classic.
        if input.starts_with("{name-with-dashes") {
            assert_eq!(classic.unwrap_err().to_string(), "bad matcher format: name-with-dashes = \"bar\"");
            n_cases += 1;
        } else {
            n_cases += check(case, classic, want.as_ref(), &case["classic_error"]);
        }
    }
    for case in list(&suite["utf8_list"]) {
        let got = Grammar::Utf8.matchers(text(&case["input"]));
        n_cases += check(case, got, matchers(&case["expect"]).as_ref(), &case["error"]);
    }
    for case in list(&suite["utf8_single"]) {
        // These cases ask the parser itself, which takes braces around one matcher.
        let got =
            parser::matchers(text(&case["input"])).and_then(|matchers| match <[Matcher; 1]>::try_from(matchers) {
                Ok([matcher]) => Ok(matcher),
                Err(matchers) if matchers.is_empty() => Err(MatcherError::None),
                Err(matchers) => Err(MatcherError::Several(matchers.len())),
            });
        let want = (!case["expect"].is_null()).then(|| matcher(&case["expect"]));
        n_cases += check(case, got, want.as_ref(), &case["error"]);
    }
    for case in list(&suite["fallback_single"]) {
        let want = (!case["expected"].is_null()).then(|| matcher(&case["expected"]));
        n_cases += check(case, Grammar::Fallback.matcher(text(&case["input"])), want.as_ref(), &case["err"]);
    }
    for case in list(&suite["fallback_list"]) {
        n_cases += check(
            case,
            Grammar::Fallback.matchers(text(&case["input"])),
            matchers(&case["expected"]).as_ref(),
            &case["err"],
        );
    }
    for (list_name, grammar) in [("label_name_classic", Grammar::Classic), ("label_name_utf8", Grammar::Utf8)] {
        for case in list(&suite[list_name]) {
            assert_eq!(grammar.is_label_name(text(&case["input"])), case["expected"] == true, "{case}");
            n_cases += 1;
        }
    }
    assert_eq!(n_cases, 150);
}

#[test]
fn expressions_are_anchored_and_dots_match_no_newline() {
    let check = |pattern: &str, value: &str, want: bool| {
        let matcher = Matcher::new("a", model::MatchOp::Regex, pattern).unwrap();
        assert_eq!(matcher.matches(value), want, "{pattern} {value:?}");
    };
    check("b|c", "b", true);
    check("b|c", "bc", false);
    check(".*", "b\nc", false);
    check("(?s).*", "b\nc", true);
    check("^(?:b.*)$", "bc", true);
    check("", "", true);
    check("a)(?:b", "ab", true);
    check("a)(?:b", "xab", false);
    for pattern in ["(", ")", "[a", "a**"] {
        assert!(Matcher::new("a", model::MatchOp::Regex, pattern).is_err(), "{pattern}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(name in "[a-zA-Z_][a-zA-Z0-9_]{0,5}|\\PC{1,5}", value in "\\PC{0,8}|[\"\\\\\n,{}=~!a]{0,6}") {
        let matcher = Matcher::equal(name, value);
        prop_assert_eq!(Grammar::Utf8.matchers(&format!("{{{matcher}}}")), Ok(vec![matcher]));
    }

    #[test]
    fn what_either_grammar_takes_the_new_one_takes_once_it_is_written(text in "[a\"\\\\\n,{}=~! ü]{0,12}|\\PC{0,12}") {
        for grammar in [Grammar::Classic, Grammar::Utf8, Grammar::Fallback] {
            let Ok(matchers) = grammar.matchers(&text) else { continue };
            let written = Matchers(matchers.clone()).to_string();
            prop_assert_eq!(Grammar::Utf8.matchers(&written), Ok(matchers));
        }
    }
}
