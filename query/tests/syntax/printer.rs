//! `promql-parse/printer.json`: trees as text, in one line and in many.

use model::Matcher;
use query::syntax::{self, Options, VectorSelector};
use serde_json::Value;

use crate::suites;

#[test]
fn in_one_line() {
    let Some(suite) = suites::json("promql-parse/printer.json") else { return };
    let cases = suite["string_round_trips"].as_array().unwrap();
    assert_eq!(cases.len(), 92);
    check(cases, |input, _| syntax::parse(input, Options::all()).unwrap().to_string());
}

#[test]
fn in_many_lines() {
    let Some(suite) = suites::json("promql-parse/printer.json") else { return };
    let cases = suite["prettify"].as_array().unwrap();
    assert_eq!(cases.len(), 62);
    check(cases, |input, case| {
        let width = case["width"].as_u64().unwrap() as usize;
        syntax::parse(input, Options::all()).unwrap().pretty(width).unwrap()
    });
}

#[test]
fn selectors_alone() {
    let Some(suite) = suites::json("promql-parse/printer.json") else { return };
    let cases = suite["vector_selectors"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let selector = &case["selector"];
        let matchers = selector["LabelMatchers"].as_array().into_iter().flatten().map(|matcher| {
            assert_eq!(matcher[0], "=");
            Matcher::equal(matcher[1].as_str().unwrap(), matcher[2].as_str().unwrap())
        });
        let selector = VectorSelector {
            name: selector["Name"].as_str().unwrap_or_default().to_owned(),
            matchers: matchers.collect(),
            ..VectorSelector::default()
        };
        assert_eq!(selector.to_string(), case["output"].as_str().unwrap(), "{}", case["name"]);
    }
}

fn check(cases: &[Value], print: impl Fn(&str, &Value) -> String) {
    let mut failures = Vec::new();
    for case in cases {
        let input = case["input"].as_str().unwrap();
        let got = print(input, case);
        // What stands alone is printed as it is.
        let want = case["output"].as_str().unwrap_or(input);
        if got != want {
            failures.push(format!("{input}\n  got  {got}\n  want {want}"));
        }
    }
    println!("{} of {}", cases.len() - failures.len(), cases.len());
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn what_is_no_utf8_is_an_escape_in_one_line_and_in_many() {
    let expr = syntax::parse(r#"label_replace(x, "d", "\xec", "s", "(.*)")"#, Options::all()).unwrap();
    for text in [expr.to_string(), expr.pretty(10).unwrap()] {
        assert!(text.contains(r#""\ufffd""#), "{text}");
        assert_eq!(syntax::parse(&text, Options::all()).unwrap().to_string(), expr.to_string());
    }
}
