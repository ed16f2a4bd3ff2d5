//! What the picture beside an alert shows: the side of its expression that is compared, and with what.
//!
//! `rate(errors[5m]) / rate(requests[5m]) > 0.05` is drawn as the ratio on its left with a line at 5 %. The unit follows
//! from names and functions, as people read them: `_seconds`, `_bytes`, `rate`, a division.

use chart::Unit;
use query::syntax::{BinaryOp, Expr, NodeId, NodeKind, Options, parse};

/// An expression as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subject {
    /// What is asked for.
    pub(super) expr: String,
    /// What it is compared with, and how.
    pub(super) threshold: Option<(&'static str, f64)>,
    pub(super) unit: Unit,
    /// Whether it counts something.
    pub(super) is_count: bool,
}

impl Subject {
    /// What an alert's expression is about; `None` where it is no PromQL.
    pub(super) fn of(text: &str) -> Option<Subject> {
        let expr = parse(text, Options::default()).ok()?;
        let (drawn, threshold) = compared(&expr, inner(&expr, expr.root()));
        let span = expr.node(drawn).span;
        let drawn_text = text.get(span.start as usize..span.end as usize)?.to_owned();
        let drawn_expr = parse(&drawn_text, Options::default()).ok()?;
        let is_count = calls(&drawn_expr, &["rate", "irate", "increase", "delta"]) || counts(&drawn_expr);
        let unit = unit(&drawn_expr, threshold.map(|(_, value)| value));
        Some(Subject { expr: drawn_text, threshold, unit, is_count })
    }
}

/// Without parentheres around it.
fn inner(expr: &Expr, mut id: NodeId) -> NodeId {
    while let NodeKind::Paren(inner) = expr.node(id).kind {
        id = inner;
    }
    id
}

/// The side of a comparison that is no number, and the number. Of several that are joined by `and` or `or`, the first.
fn compared(expr: &Expr, mut id: NodeId) -> (NodeId, Option<(&'static str, f64)>) {
    loop {
        let NodeKind::Binary(binary) = &expr.node(id).kind else { return (id, None) };
        let (left, right) = (inner(expr, binary.left), inner(expr, binary.right));
        let (sign, mirrored) = match binary.op {
            BinaryOp::Greater => (">", "<"),
            BinaryOp::GreaterEqual => ("≥", "≤"),
            BinaryOp::Less => ("<", ">"),
            BinaryOp::LessEqual => ("≤", "≥"),
            BinaryOp::Equal => ("=", "="),
            BinaryOp::NotEqual => ("≠", "≠"),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Unless => {
                id = left;
                continue;
            }
            _ => return (id, None),
        };
        return match (number(expr, left), number(expr, right)) {
            (None, Some(value)) => (left, Some((sign, value))),
            (Some(value), None) => (right, Some((mirrored, value))),
            _ => (left, None),
        };
    }
}

fn number(expr: &Expr, id: NodeId) -> Option<f64> {
    match &expr.node(id).kind {
        NodeKind::Number { value, .. } => Some(*value),
        NodeKind::Unary { is_minus, expr: inner_id } => {
            number(expr, inner(expr, *inner_id)).map(|value| if *is_minus { -value } else { value })
        }
        // 5 * 60, 0.05 / 4
        NodeKind::Binary(binary) => {
            let [left, right] = [binary.left, binary.right].map(|side| number(expr, inner(expr, side)));
            match (left?, binary.op, right?) {
                (left, BinaryOp::Mul, right) => Some(left * right),
                (left, BinaryOp::Div, right) => Some(left / right),
                (left, BinaryOp::Add, right) => Some(left + right),
                (left, BinaryOp::Sub, right) => Some(left - right),
                _ => None,
            }
        }
        _ => None,
    }
}

fn unit(expr: &Expr, threshold: Option<f64>) -> Unit {
    let is_quotient = match &expr.node(inner(expr, expr.root())).kind {
        NodeKind::Binary(binary) => {
            binary.op == BinaryOp::Div
                && [binary.left, binary.right].iter().all(|&side| number(expr, inner(expr, side)).is_none())
        }
        _ => false,
    };
    let names: Vec<&str> = expr
        .walk()
        .filter_map(|id| match &expr.node(id).kind {
            NodeKind::VectorSelector(selector) => Some(selector.name.as_str()),
            _ => None,
        })
        .collect();
    let is_named = |suffix: &str| {
        !names.is_empty()
            && names.iter().all(|name| name.trim_end_matches("_total").trim_end_matches("_bucket").ends_with(suffix))
    };
    let is_rate = calls(expr, &["rate", "irate"]);
    let is_scaled =
        expr.walk().any(|id| matches!(expr.node(id).kind, NodeKind::Number { value, .. } if value == 100.0));
    let is_small = threshold.is_none_or(|threshold| (0.0..=1.0).contains(&threshold));
    if is_scaled {
        Unit::Plain
    } else if (is_quotient || is_named("_ratio")) && is_small {
        Unit::Ratio
    } else if is_quotient || counts(expr) {
        Unit::Plain
    } else if is_named("_bytes") {
        if is_rate { Unit::BytesPerSecond } else { Unit::Bytes }
    } else if is_named("_seconds") && (!is_rate || calls(expr, &["histogram_quantile"])) {
        Unit::Seconds
    } else if is_rate && !is_named("_seconds") && !calls(expr, &["histogram_quantile"]) {
        Unit::PerSecond
    } else {
        Unit::Plain
    }
}

/// Whether a function of these is called.
fn calls(expr: &Expr, names: &[&str]) -> bool {
    expr.walk()
        .any(|id| matches!(&expr.node(id).kind, NodeKind::Call { function, .. } if names.contains(&function.name)))
}

/// Whether the outermost is a count.
fn counts(expr: &Expr) -> bool {
    let text = expr.to_string();
    text.starts_with("count") || text.starts_with("changes") || text.starts_with("resets")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_of_an_expression() {
        let check = |text: &str, expr: &str, threshold: Option<(&'static str, f64)>, unit: Unit, is_count: bool| {
            let want = Some(Subject { expr: expr.to_owned(), threshold, unit, is_count });
            assert_eq!(Subject::of(text), want, "{text}");
        };
        check("up == 0", "up", Some(("=", 0.0)), Unit::Plain, false);
        check(
            "rate(errors_total[5m]) / rate(requests_total[5m]) > 0.05",
            "rate(errors_total[5m]) / rate(requests_total[5m])",
            Some((">", 0.05)),
            Unit::Ratio,
            true,
        );
        check("(0.1 < (node_bytes_ratio))", "node_bytes_ratio", Some((">", 0.1)), Unit::Ratio, false);
        check("free_bytes < 5 * 1024 and on() up", "free_bytes", Some(("<", 5120.0)), Unit::Bytes, false);
        check(
            "rate(sent_bytes_total[1m]) > 1e6",
            "rate(sent_bytes_total[1m])",
            Some((">", 1e6)),
            Unit::BytesPerSecond,
            true,
        );
        check(
            "histogram_quantile(0.9, rate(latency_seconds_bucket[5m])) >= 1",
            "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))",
            Some(("≥", 1.0)),
            Unit::Seconds,
            true,
        );
        check("a / b * 100 > 90", "a / b * 100", Some((">", 90.0)), Unit::Plain, false);
        check("count(up) > count(down)", "count(up)", None, Unit::Plain, true);
        check("absent(up)", "absent(up)", None, Unit::Plain, false);
        check("x > -1", "x", Some((">", -1.0)), Unit::Plain, false);
        assert_eq!(Subject::of("sum(("), None);
    }
}
