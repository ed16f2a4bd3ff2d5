//! From a query to the counters that it adds up.
//!
//! An indicator's query asks for a number of events: `sum(rate(x[5m])) - sum(rate(y[5m]))`. Where it is nothing but a sum of
//! counters, events are counted from the counters themselves, exactly, and the query is never evaluated. What is not such a
//! sum is sampled.

use model::labels::{BUCKET_LABEL, QUANTILE_LABEL};
use model::{MatchOp, Matcher, float};
use query::syntax::{
    Aggregate, AggregateOp, Binary, BinaryOp, Border, Cardinality, Expr, NodeId, NodeKind, Options, ValueType,
    VectorSelector, parse,
};

use super::{Counted, Counter, CounterTerm, Reading};

/// Why a text is no query for events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileFault {
    /// What is wrong.
    pub message: String,
    /// The bytes of the text that are wrong: from, and up to but without.
    pub span: (usize, usize),
    /// Words that could stand there.
    pub expected: Vec<&'static str>,
}

/// What a query counts.
///
/// Exact are selectors, `rate(selector[…])` and `increase(selector[…])` whatever the range, their sums and differences,
/// `sum` with any grouping, `histogram_count`, `histogram_fraction(0, x, …) * histogram_count(…)`, and around any of these
/// `or vector(0)` and `> 0`. `{{.window}}` and `$window` may stand for a range.
///
/// # Errors
/// When the text is not PromQL, or no instant vector.
pub fn compile(query: &str) -> Result<Counted, CompileFault> {
    let expr = checked(query)?;
    let terms = terms_of(&expr, expr.root(), Reading::Value, false);
    Ok(match terms {
        Some(terms) => Counted::Exactly(Counter { text: query.to_owned(), terms }),
        None => Counted::Sampled { query: query.to_owned() },
    })
}

/// A query whose samples are held against something: any instant vector.
///
/// # Errors
/// When the text is not PromQL, or no instant vector.
pub(crate) fn checked(query: &str) -> Result<Expr, CompileFault> {
    let expr = parse(&without_windows(query), Options::default()).map_err(|errors| {
        let error = errors.first();
        let span = (error.span.start as usize, error.span.end as usize);
        CompileFault { message: errors.to_string(), span, expected: error.expected.to_vec() }
    })?;
    match expr.value_type() {
        ValueType::Vector => Ok(expr),
        other => {
            let message = format!("an instant vector is needed, and this is of type {}", other.as_str());
            Err(CompileFault { message, span: (0, query.len()), expected: Vec::new() })
        }
    }
}

/// The text with a range of five minutes wherever a window is to be put in; each byte stays where it is.
fn without_windows(query: &str) -> String {
    let mut text = String::with_capacity(query.len());
    let mut rest = query;
    while let Some((start, n_bytes)) = next_window(rest) {
        text.push_str(&rest[..start]);
        text.extend(std::iter::repeat_n('0', n_bytes - 2));
        text.push_str("5m");
        rest = &rest[start + n_bytes..];
    }
    text + rest
}

/// Where a window is to be put in, and how many bytes stand for it.
pub(crate) fn next_window(text: &str) -> Option<(usize, usize)> {
    text.match_indices(['{', '$']).find_map(|(start, _)| {
        let rest = &text[start..];
        if let Some(inside) = rest.strip_prefix("{{") {
            let (inside, _) = inside.split_once("}}")?;
            return (inside.trim() == ".window").then_some((start, inside.len() + 4));
        }
        let behind = rest.strip_prefix("$window")?;
        let ends = !behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        ends.then_some((start, "$window".len()))
    })
}

/// A node that is still to be taken apart.
struct Pending {
    node: NodeId,
    is_subtracted: bool,
}

/// What a node adds up; `None` where it is no sum of counters. Within a function of histograms only sums are known.
fn terms_of(expr: &Expr, node: NodeId, reading: Reading, in_histogram: bool) -> Option<Vec<CounterTerm>> {
    let mut terms = Vec::new();
    let mut pending = vec![Pending { node, is_subtracted: false }];
    while let Some(Pending { node, is_subtracted }) = pending.pop() {
        let mut push = |node, negate: bool| pending.push(Pending { node, is_subtracted: is_subtracted != negate });
        match &expr.node(node).kind {
            NodeKind::Paren(inner) => push(*inner, false),
            NodeKind::Unary { is_minus, expr } if !in_histogram => push(*expr, *is_minus),
            NodeKind::Aggregate(aggregate) if is_sum(aggregate) => push(aggregate.expr, false),
            NodeKind::VectorSelector(selector) => terms.push(term(selector, is_subtracted, reading)?),
            NodeKind::Call { function, args } => match (function.name, &args[..]) {
                ("rate" | "increase", [range]) => {
                    terms.push(term(ranged(expr, *range)?, is_subtracted, reading)?);
                }
                ("histogram_count", [inner]) if !in_histogram => {
                    let inner = terms_of(expr, *inner, Reading::Value, true)?;
                    terms.extend(inner.into_iter().map(|term| CounterTerm { is_subtracted, ..term }));
                }
                _ => return None,
            },
            NodeKind::Binary(binary) if !in_histogram => match parts(expr, binary)? {
                Parts::Left => push(binary.left, false),
                Parts::Both { is_difference } => {
                    // The last pushed is the first taken: terms stand in the order of the text.
                    push(binary.right, is_difference);
                    push(binary.left, false);
                }
                Parts::Fraction(inner) => {
                    terms.extend(inner.into_iter().map(|term| CounterTerm { is_subtracted, ..term }));
                }
            },
            _ => return None,
        }
    }
    Some(terms)
}

fn is_sum(aggregate: &Aggregate) -> bool {
    aggregate.op == AggregateOp::Sum
}

fn ranged(expr: &Expr, node: NodeId) -> Option<&VectorSelector> {
    let NodeKind::MatrixSelector { selector, .. } = &expr.node(node).kind else { return None };
    match &expr.node(*selector).kind {
        NodeKind::VectorSelector(selector) => Some(selector),
        _ => None,
    }
}

fn term(selector: &VectorSelector, is_subtracted: bool, reading: Reading) -> Option<CounterTerm> {
    let is_now = selector.offset.is_absent() && selector.at.is_none() && selector.border == Border::Plain;
    let matchers = selector.matchers.iter().map(canonical).collect();
    is_now.then_some(CounterTerm { matchers, is_subtracted, reading })
}

/// Bounds are stored as floats: `le="1"` means `1.0`.
fn canonical(matcher: &Matcher) -> Matcher {
    let is_bound = matches!(matcher.name(), BUCKET_LABEL | QUANTILE_LABEL);
    let value = matcher.value();
    match (matcher.op(), value.parse::<f64>()) {
        (op @ (MatchOp::Equal | MatchOp::NotEqual), Ok(bound)) if is_bound => {
            Matcher::new(matcher.name(), op, bound_text(bound)).unwrap_or_else(|_| matcher.clone())
        }
        _ => matcher.clone(),
    }
}

/// A bound as it is stored.
pub(crate) fn bound_text(bound: f64) -> String {
    let mut text = float::general(if bound == 0.0 { 0.0 } else { bound });
    if !text.contains(['.', 'e', 'I', 'N']) {
        text.push_str(".0");
    }
    text
}

/// What of an operation is counted.
enum Parts {
    /// The left side; the right one is a guard.
    Left,
    /// Both sides.
    Both {
        /// The right side is taken off.
        is_difference: bool,
    },
    /// Observations at or below a value.
    Fraction(Vec<CounterTerm>),
}

fn parts(expr: &Expr, binary: &Binary) -> Option<Parts> {
    let is_zero = |node| number(expr, node) == Some(0.0);
    let is_one_to_one = binary.matching.as_ref().is_some_and(|matching| {
        matching.card == Cardinality::OneToOne && matching.fill_left.is_none() && matching.fill_right.is_none()
    });
    match binary.op {
        BinaryOp::Add | BinaryOp::Sub if is_one_to_one => {
            Some(Parts::Both { is_difference: binary.op == BinaryOp::Sub })
        }
        BinaryOp::Or if is_vector_of_zero(expr, binary.right) => Some(Parts::Left),
        BinaryOp::Greater | BinaryOp::GreaterEqual | BinaryOp::NotEqual if !binary.is_bool && is_zero(binary.right) => {
            Some(Parts::Left)
        }
        BinaryOp::Mul => fraction(expr, binary.left, binary.right)
            .or_else(|| fraction(expr, binary.right, binary.left))
            .map(Parts::Fraction),
        _ => None,
    }
}

/// `histogram_fraction(0, x, a) * histogram_count(a)`
fn fraction(expr: &Expr, share: NodeId, count: NodeId) -> Option<Vec<CounterTerm>> {
    let ("histogram_fraction", &[lower, upper, of]) = call(expr, share)? else { return None };
    let ("histogram_count", &[all]) = call(expr, count)? else { return None };
    let is_all_below = number(expr, lower).is_some_and(|lower| lower == 0.0 || lower == f64::NEG_INFINITY);
    let counted = terms_of(expr, of, Reading::AtOrBelow(number(expr, upper)?), true)?;
    let all = terms_of(expr, all, Reading::Value, true)?;
    let shown = |terms: &[CounterTerm]| terms.iter().map(|term| shown(&term.matchers)).collect::<Vec<_>>();
    (is_all_below && shown(&counted) == shown(&all)).then_some(counted)
}

fn shown(matchers: &[Matcher]) -> Vec<String> {
    let mut texts: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    texts.sort();
    texts
}

fn call(expr: &Expr, node: NodeId) -> Option<(&'static str, &[NodeId])> {
    match &expr.node(bare(expr, node)).kind {
        NodeKind::Call { function, args } => Some((function.name, args)),
        _ => None,
    }
}

fn is_vector_of_zero(expr: &Expr, node: NodeId) -> bool {
    matches!(call(expr, node), Some(("vector", &[value])) if number(expr, value) == Some(0.0))
}

/// The value of a literal, which may have a sign.
fn number(expr: &Expr, node: NodeId) -> Option<f64> {
    let mut node = bare(expr, node);
    let mut sign = 1.0;
    while let NodeKind::Unary { is_minus, expr: inner } = &expr.node(node).kind {
        sign = if *is_minus { -sign } else { sign };
        node = bare(expr, *inner);
    }
    match &expr.node(node).kind {
        NodeKind::Number { value, .. } => Some(sign * value),
        _ => None,
    }
}

/// A node without the brackets around it.
fn bare(expr: &Expr, mut node: NodeId) -> NodeId {
    while let NodeKind::Paren(inner) = &expr.node(node).kind {
        node = *inner;
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` or `-`, the matchers, and what is read of a histogram; `~` for what is sampled.
    fn compiled(query: &str) -> String {
        match compile(query) {
            Ok(Counted::Exactly(counter)) => {
                let sign = |term: &CounterTerm| if term.is_subtracted { "-" } else { "+" };
                let reading = |term: &CounterTerm| match term.reading {
                    Reading::Value => String::new(),
                    Reading::AtOrBelow(value) => format!("<={value}"),
                };
                let shown =
                    |term: &CounterTerm| format!("{}{}{}", sign(term), shown(&term.matchers).join(","), reading(term));
                counter.terms.iter().map(shown).collect::<Vec<_>>().join(" ")
            }
            Ok(Counted::Sampled { query }) => format!("~{query}"),
            Err(fault) => format!("{} at {:?}", fault.message, fault.span),
        }
    }

    #[test]
    fn sums_of_counters_are_exact() {
        let check = |query: &str, want: &str| assert_eq!(compiled(query), want, "{query}");
        check("a", "+__name__=\"a\"");
        check(r#"a{b="c",d=~"5.."}"#, r#"+__name__="a",b="c",d=~"5..""#);
        check("sum(rate(a[{{.window}}]))", "+__name__=\"a\"");
        check("sum(rate(a[{{ .window }}]))", "+__name__=\"a\"");
        check("sum(rate(a[$window]))", "+__name__=\"a\"");
        check("sum by (code) (increase(a[5m]))", "+__name__=\"a\"");
        check("a + b", "+__name__=\"a\" +__name__=\"b\"");
        check("a - (b - c)", "+__name__=\"a\" -__name__=\"b\" +__name__=\"c\"");
        check("-(a - b)", "-__name__=\"a\" +__name__=\"b\"");
        check("sum(rate(a[5m])) - sum(rate(b[5m]))", "+__name__=\"a\" -__name__=\"b\"");
        check("sum(rate(a[5m]) or vector(0))", "+__name__=\"a\"");
        check("(sum(rate(a[5m])) OR on() vector(0)) + b", "+__name__=\"a\" +__name__=\"b\"");
        check("sum(rate(a[5m])) > 0", "+__name__=\"a\"");
        check("histogram_count(sum(rate(a[5m])))", "+__name__=\"a\"");
        check(
            "histogram_fraction(0, 0.3, sum(rate(a[5m]))) * histogram_count(sum(rate(a[5m])))",
            "+__name__=\"a\"<=0.3",
        );
        check(
            "b - histogram_count(rate(a[5m])) * histogram_fraction(-Inf, 1, rate(a[5m]))",
            "+__name__=\"b\" -__name__=\"a\"<=1",
        );
    }

    #[test]
    fn bounds_are_floats() {
        let check = |query: &str, want: &str| assert_eq!(compiled(query), want, "{query}");
        check(r#"a{le="1"}"#, r#"+__name__="a",le="1.0""#);
        check(r#"a{le="0.30"}"#, r#"+__name__="a",le="0.3""#);
        check(r#"a{le!="+Inf"}"#, r#"+__name__="a",le!="+Inf""#);
        check(r#"a{quantile="1"}"#, r#"+__name__="a",quantile="1.0""#);
        check(r#"a{le=~"1(\\.0)?"}"#, r#"+__name__="a",le=~"1(\\.0)?""#);
        check(r#"a{size="1"}"#, r#"+__name__="a",size="1""#);
    }

    #[test]
    fn what_is_no_sum_is_sampled() {
        for query in [
            "sum_over_time(a[$window])",
            "sum(a) * 2",
            "a / b",
            "a or b",
            "a > 1",
            "a > bool 0",
            "a offset 5m",
            "rate(a[5m] offset 1h)",
            "rate(a[5m:1m])",
            "max(a)",
            "a + on (x) group_left b",
            "a + 1",
            "histogram_fraction(0, 1, a) * histogram_count(b)",
            "histogram_fraction(1, 2, a) * histogram_count(a)",
            "histogram_fraction(0, 1, a)",
            "histogram_count(a - b)",
            "irate(a[5m])",
        ] {
            assert_eq!(compiled(query), format!("~{query}"));
        }
    }

    #[test]
    fn places_are_those_of_the_text() {
        let check = |query: &str, want: &str| assert_eq!(compiled(query), want, "{query}");
        check("sum(rate(a[{{.window}}])", "1:25: parse error: unclosed left parenthesis at (24, 24)");
        check("a[5m]", "an instant vector is needed, and this is of type matrix at (0, 5)");
        check("1", "an instant vector is needed, and this is of type scalar at (0, 1)");
        check("", "unknown position: parse error: no expression found in input at (0, 0)");
        check("a[$windows]", "1:3: parse error: unexpected character in duration expression: '$' at (2, 11)");
    }

    #[test]
    fn long_sums_are_walked_without_recursion() {
        let query = vec!["a"; 16_000].join(" + ");
        let Ok(Counted::Exactly(counter)) = compile(&query) else { panic!("not exact") };
        assert_eq!(counter.terms.len(), 16_000);
    }
}
