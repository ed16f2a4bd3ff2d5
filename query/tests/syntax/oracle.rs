//! The grammar that another implementation shares (promql-parser): what it takes we take, and what we print it reads as
//! the same tree.

use promql_parser::parser as theirs;
use proptest::prelude::*;
use proptest::sample::select;
use query::syntax::{self, Options};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_the_same_tree_to_another_parser(text in vector(3)) {
        let (Ok(expr), original) = (syntax::parse(&text, Options::all()), theirs::parse(&text)) else {
            // Scalars met where they may not; the other property sees to it that both say so.
            return Ok(());
        };
        let original = original.map_err(TestCaseError::fail)?;
        let printed = theirs::parse(&expr.to_string()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(original.to_string(), printed.to_string(), "{}", text);
        let pretty = theirs::parse(&expr.pretty(20).unwrap()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(original.to_string(), pretty.to_string(), "{}", text);
    }

    #[test]
    fn what_one_refuses_the_other_refuses(text in vector(2), at in any::<prop::sample::Index>(), damage in damage()) {
        let mut words: Vec<&str> = text.split_inclusive([' ', '(', ')', ',', '{', '}']).collect();
        let at = at.index(words.len());
        match damage {
            "" => drop(words.remove(at)),
            word => words.insert(at, word),
        }
        let text = words.concat();
        let ours = syntax::parse(&text, Options::all());
        prop_assert_eq!(ours.is_ok(), theirs::parse(&text).is_ok(), "{}: {:?}", text, ours.err().map(|error| error.to_string()));
    }
}

/// Nothing (a word is removed), or a word that seldom fits. Words on which the two differ by design are left out.
fn damage() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "",
        ") ",
        "( ",
        ", ",
        "* ",
        "== ",
        "1 ",
        "\"s\" ",
        "and ",
        "} ",
        "foo ",
        "offset 5m ",
        "[5m] ",
        "@ 5 ",
    ])
}

fn vector(depth: u32) -> impl Strategy<Value = String> {
    selector().prop_recursive(depth, 24, 4, |inner| {
        let scalar = || prop_oneof![number(), Just("time()".to_owned()), Just("pi()".to_owned())];
        let op = || {
            select(vec!["+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "<=", ">", ">=", "and", "or", "unless"])
        };
        let arithmetic = || select(vec!["+", "-", "*", "/", "%", "^", "== bool", "> bool", "<"]);
        prop_oneof![
            (inner.clone(), op(), inner.clone()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
            (inner.clone(), arithmetic(), matching(), inner.clone())
                .prop_map(|(left, op, matching, right)| format!("({left}) {op} {matching} ({right})")),
            (inner.clone(), arithmetic(), scalar()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
            (scalar(), arithmetic(), inner.clone()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
            inner.clone().prop_map(|expr| format!("({expr})")),
            inner.clone().prop_map(|expr| format!("-{expr}")),
            (aggregation(), grouping(), inner.clone()).prop_map(|(op, by, expr)| format!("{op} {by} ({expr})")),
            (aggregation(), inner.clone(), grouping()).prop_map(|(op, expr, by)| format!("{op}({expr}) {by}")),
            (inner.clone(), grouping()).prop_map(|(expr, by)| format!("topk(3, {expr}) {by}")),
            (inner.clone(), grouping()).prop_map(|(expr, by)| format!("count_values(\"v\", {expr}) {by}")),
            (select(vec!["abs", "ceil", "sgn", "sort", "absent", "timestamp", "hour"]), inner.clone())
                .prop_map(|(function, expr)| format!("{function}({expr})")),
            (range_function(), selector(), duration(), modifiers()).prop_map(
                |(function, selector, range, modifiers)| format!("{function}({selector}[{range}]{modifiers})")
            ),
            (range_function(), inner.clone(), duration(), duration(), modifiers()).prop_map(
                |(function, expr, range, step, modifiers)| format!("{function}(({expr})[{range}:{step}]{modifiers})")
            ),
            inner.prop_map(|expr| format!("label_replace({expr}, \"a\", \"$1\", \"b\", \"(.*)\")")),
        ]
    })
}

fn selector() -> impl Strategy<Value = String> {
    let name = select(vec!["foo", "bar:baz", "up", "sum_total", "nan_metric", "ünïcode"]);
    let matcher = (
        select(vec!["a", "le", "__name__x", "on", "by"]),
        select(vec!["=", "!=", "=~", "!~"]),
        select(vec!["\"x\"", "'y|z'", "`w`", "\"a\\nb\""]),
    )
        .prop_map(|(name, op, value)| format!("{name}{op}{value}"));
    (name, prop::collection::vec(matcher, 0..3)).prop_map(|(name, matchers)| match name.is_ascii() {
        true if matchers.is_empty() => name.to_owned(),
        true => format!("{name}{{{}}}", matchers.join(",")),
        false => format!("{{\"{name}\"{}}}", matchers.iter().map(|matcher| format!(", {matcher}")).collect::<String>()),
    })
}

fn number() -> impl Strategy<Value = String> {
    select(vec!["1", "2.5", "1e3", "0x1f", ".5", "+Inf", "NaN", "-3"]).prop_map(str::to_owned)
}

fn duration() -> impl Strategy<Value = &'static str> {
    select(vec!["5m", "1h30m", "10s", "1d", "2w", "500ms"])
}

fn modifiers() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", " offset 5m", " offset -1h", " @ 1234.5", " @ start()", " @ end() offset 1m"])
}

fn aggregation() -> impl Strategy<Value = &'static str> {
    select(vec!["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"])
}

fn range_function() -> impl Strategy<Value = &'static str> {
    select(vec!["rate", "increase", "delta", "sum_over_time", "last_over_time", "changes"])
}

fn grouping() -> impl Strategy<Value = &'static str> {
    select(vec!["", "by (a)", "by (a, b)", "without (a)", "by ()", "without ()", "by (offset, on)"])
}

fn matching() -> impl Strategy<Value = &'static str> {
    select(vec!["on (a)", "ignoring (a, b)", "on (a) group_left (b)", "ignoring (a) group_right ()", "on ()"])
}
