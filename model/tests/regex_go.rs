//! [`model::regex`] against Go's own package `regexp`.
//!
//! `regex_go.jsonl` was written by a Go 1.26 program from a list of patterns and texts made up for it, one line for
//! each pattern: `error` is what `syntax.Parse` said with the flags `Perl` and `DotNL`; otherwise there is for each
//! text `expanded`, the result of expanding `template` for a match of the whole text (`^(?s:…)$` around what was
//! parsed), and `found`, the spans of `FindStringSubmatchIndex` for the pattern alone; both are missing where nothing
//! matches.

#![expect(clippy::unwrap_used, reason = "a test may")]

use model::regex::{GoRegex, RegexError, Template};
use serde_json::Value;

const TABLE: &str = include_str!("regex_go.jsonl");

#[test]
fn agrees_with_go() {
    let mut n_texts = 0;
    let mut wrong = Vec::new();
    for line in TABLE.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        if let Err(difference) = check(&case, &mut n_texts) {
            wrong.push(format!("{}: {difference}", case["pattern"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} patterns:\n{}", wrong.len(), TABLE.lines().count(), wrong.join("\n"));
    assert!(n_texts > 600, "the table is there: {n_texts} texts");
}

fn check(case: &Value, n_texts: &mut usize) -> Result<(), String> {
    let pattern = case["pattern"].as_str().unwrap();
    let anchored = GoRegex::anchored(pattern);
    if let Some(want) = case["error"].as_str() {
        return match anchored {
            Ok(_) => Err(format!("accepted, should be {want}")),
            Err(error) if without_limit(&error) == want => Ok(()),
            Err(error) => Err(format!("{error}, should be {want}")),
        };
    }
    let anchored = anchored.map_err(|error| error.to_string())?;
    let searching = GoRegex::searching(pattern).map_err(|error| error.to_string())?;
    let template = Template::new(case["template"].as_str().unwrap(), &anchored);
    for row in case["texts"].as_array().unwrap() {
        *n_texts += 1;
        check_text(&anchored, &searching, &template, row)?;
    }
    Ok(())
}

/// Our message says which limit was reached, Go's does not.
fn without_limit(error: &RegexError) -> String {
    let text = error.to_string();
    match (text.find(": its automaton"), text.find(": `")) {
        (Some(from), Some(to)) => [&text[..from], &text[to..]].concat(),
        _ => text,
    }
}

fn check_text(anchored: &GoRegex, searching: &GoRegex, template: &Template, row: &Value) -> Result<(), String> {
    let text = row["text"].as_str().unwrap();
    let expanded = anchored.captures(text).map(|captures| {
        let mut out = String::new();
        template.expand(&captures, &mut out);
        out
    });
    same("expanded", text, expanded.as_deref(), row["expanded"].as_str())?;
    same("matches", text, anchored.is_match(text), row["expanded"].is_string())?;
    if let Some(literals) = anchored.literals() {
        same("literals", text, literals.iter().any(|literal| literal == text), row["expanded"].is_string())?;
    }
    if row["expanded"].is_string() {
        same("prefix", text, text.starts_with(anchored.prefix()), true)?;
    }
    let spans = |spans: &Value| spans.as_array().map(|spans| spans.iter().map(|at| at.as_i64().unwrap()).collect());
    let want: Option<Vec<i64>> = spans(&row["found"]);
    let found: Option<Vec<i64>> = searching.captures(text).map(|captures| {
        let span = |group| captures.span(group).map_or([-1, -1], |(start, end)| [start as i64, end as i64]);
        (0..captures.n_groups()).flat_map(span).collect()
    });
    same("found", text, found.as_deref(), want.as_deref())?;
    same("is found", text, searching.is_match(text), row["found"].is_array())
}

fn same<T: PartialEq + std::fmt::Debug + Copy>(what: &str, text: &str, got: T, want: T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{text:?} {what}: {got:?}, should be {want:?}")) }
}
