//! Trees as text, in one line, as Prometheus prints them.
//!
//! A stack of pieces instead of recursion: long chains of operators are as deep as they are long.

use std::fmt::{self, Write as _};

use model::duration::PromDuration;
use model::labels::METRIC_NAME;
use model::{MatchOp, Matcher, float, name};

use super::ast::{Aggregate, Matching, VectorSelector};
use super::ast::{At, Binary, Border, Cardinality, DurationExpr, DurationOp, Expr, Length, NodeId, NodeKind, Subquery};
use super::number::percent_g;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The lexer refuses U+FFFD, which stands for damage; only its escape can be read back.
        f.write_str(&text(self, self.root).replace(char::REPLACEMENT_CHARACTER, "\\ufffd"))
    }
}

impl fmt::Display for VectorSelector {
    /// The selector alone; a computed offset, which belongs to an expression, is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = bare_selector(self);
        push_at(&mut out, self.at);
        push_border(&mut out, self.border);
        if self.offset.millis != 0 {
            let _ = write!(out, " offset {}", PromDuration::from_millis(self.offset.millis));
        }
        f.write_str(&out)
    }
}

/// What is still to be printed.
enum Piece {
    Node(NodeId),
    Text(String),
    Static(&'static str),
}

/// The text of a node.
pub(super) fn text(expr: &Expr, id: NodeId) -> String {
    let mut out = String::new();
    let mut pieces = vec![Piece::Node(id)];
    while let Some(piece) = pieces.pop() {
        match piece {
            Piece::Static(text) => out.push_str(text),
            Piece::Text(text) => out.push_str(&text),
            Piece::Node(id) => {
                let first = pieces.len();
                push_pieces(expr, id, &mut pieces);
                pieces[first..].reverse();
            }
        }
    }
    out
}

fn push_pieces(expr: &Expr, id: NodeId, pieces: &mut Vec<Piece>) {
    match &expr.node(id).kind {
        NodeKind::Number { value, is_duration } => pieces.push(Piece::Text(number(*value, *is_duration))),
        NodeKind::String(value) => pieces.push(Piece::Text(name::quoted(value).to_string())),
        NodeKind::VectorSelector(selector) => pieces.push(Piece::Text(vector_selector(expr, selector))),
        NodeKind::MatrixSelector { selector, range } => {
            pieces.push(Piece::Text(matrix_selector(expr, *selector, *range)));
        }
        NodeKind::Subquery(subquery) => {
            pieces.extend([Piece::Node(subquery.expr), Piece::Text(subquery_suffix(expr, subquery))]);
        }
        NodeKind::Aggregate(aggregate) => {
            pieces.extend([Piece::Text(aggregate_head(aggregate)), Piece::Static("(")]);
            if let Some(param) = aggregate.param {
                pieces.extend([Piece::Node(param), Piece::Static(", ")]);
            }
            pieces.extend([Piece::Node(aggregate.expr), Piece::Static(")")]);
        }
        NodeKind::Binary(binary) => pieces.extend([
            Piece::Node(binary.left),
            Piece::Static(" "),
            Piece::Text(binary_head(binary)),
            Piece::Static(" "),
            Piece::Node(binary.right),
        ]),
        NodeKind::Call { function, args } => {
            pieces.extend([Piece::Static(function.name), Piece::Static("(")]);
            for (at, &arg) in args.iter().enumerate() {
                pieces.extend([Piece::Static(if at == 0 { "" } else { ", " }), Piece::Node(arg)]);
            }
            pieces.push(Piece::Static(")"));
        }
        NodeKind::Paren(inner) => pieces.extend([Piece::Static("("), Piece::Node(*inner), Piece::Static(")")]),
        NodeKind::Unary { is_minus, expr } => {
            pieces.extend([Piece::Static(sign(*is_minus)), Piece::Node(*expr)]);
        }
        NodeKind::Duration(duration) => push_duration(duration, pieces),
    }
}

fn push_duration(duration: &DurationExpr, pieces: &mut Vec<Piece>) {
    if duration.is_wrapped {
        pieces.push(Piece::Static("("));
    }
    match (duration.op, duration.left, duration.right) {
        (DurationOp::Step, ..) => pieces.push(Piece::Static("step()")),
        (DurationOp::Range, ..) => pieces.push(Piece::Static("range()")),
        (op @ (DurationOp::MinOf | DurationOp::MaxOf), Some(left), Some(right)) => pieces.extend([
            Piece::Static(op.as_str()),
            Piece::Static("("),
            Piece::Node(left),
            Piece::Static(", "),
            Piece::Node(right),
            Piece::Static(")"),
        ]),
        (op, None, Some(right)) => {
            pieces.extend([Piece::Static(if op == DurationOp::Sub { "-" } else { "" }), Piece::Node(right)]);
        }
        (op, Some(left), Some(right)) => pieces.extend([
            Piece::Node(left),
            Piece::Static(" "),
            Piece::Static(op.as_str()),
            Piece::Static(" "),
            Piece::Node(right),
        ]),
        _ => {}
    }
    if duration.is_wrapped {
        pieces.push(Piece::Static(")"));
    }
}

pub(super) fn sign(is_minus: bool) -> &'static str {
    if is_minus { "-" } else { "+" }
}

fn number(value: f64, is_duration: bool) -> String {
    if is_duration { PromDuration::from_millis((value * 1000.0) as i64).to_string() } else { float::plain(value) }
}

/// The operator with its grouping, up to the parenthesis.
pub(super) fn aggregate_head(aggregate: &Aggregate) -> String {
    let mut out = aggregate.op.as_str().to_owned();
    if aggregate.without || !aggregate.grouping.is_empty() {
        out.push_str(if aggregate.without { " without " } else { " by " });
        push_labels(&mut out, &aggregate.grouping);
        out.push(' ');
    }
    out
}

/// The operator with its modifiers.
pub(super) fn binary_head(binary: &Binary) -> String {
    let mut out = binary.op.as_str().to_owned();
    if binary.is_bool {
        out.push_str(" bool");
    }
    if let Some(matching) = &binary.matching {
        push_matching(&mut out, matching);
    }
    out
}

fn push_matching(out: &mut String, matching: &Matching) {
    let group = match matching.card {
        Cardinality::ManyToOne => " group_left ",
        Cardinality::OneToMany => " group_right ",
        Cardinality::OneToOne | Cardinality::ManyToMany => "",
    };
    if !matching.labels.is_empty() || matching.on || !group.is_empty() {
        out.push_str(if matching.on { " on " } else { " ignoring " });
        push_labels(out, &matching.labels);
    }
    if !group.is_empty() {
        out.push_str(group);
        push_labels(out, &matching.include);
    }
    let mut push_fill = |word: &str, value: Option<f64>| {
        if let Some(value) = value {
            let _ = write!(out, " {word} ({})", percent_g(value));
        }
    };
    match (matching.fill_left, matching.fill_right) {
        (Some(left), Some(right)) if left == right => push_fill("fill", Some(left)),
        (left, right) => {
            push_fill("fill_left", left);
            push_fill("fill_right", right);
        }
    }
}

fn push_labels(out: &mut String, labels: &[String]) {
    out.push('(');
    for (at, label) in labels.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { ", " });
        if name::is_legacy_label_name(label) {
            out.push_str(label);
        } else {
            let _ = write!(out, "{}", name::quoted(label));
        }
    }
    out.push(')');
}

fn vector_selector(expr: &Expr, selector: &VectorSelector) -> String {
    let mut out = bare_selector(selector);
    push_at(&mut out, selector.at);
    push_border(&mut out, selector.border);
    push_offset(&mut out, expr, selector.offset);
    out
}

fn matrix_selector(expr: &Expr, selector: NodeId, range: Length) -> String {
    let NodeKind::VectorSelector(selector) = &expr.node(selector).kind else { return String::new() };
    let mut out = bare_selector(selector);
    out.push('[');
    push_length(&mut out, expr, range);
    out.push(']');
    push_border(&mut out, selector.border);
    push_at(&mut out, selector.at);
    push_offset(&mut out, expr, selector.offset);
    out
}

/// Everything behind the expression of a subquery.
pub(super) fn subquery_suffix(expr: &Expr, subquery: &Subquery) -> String {
    let mut out = "[".to_owned();
    push_length(&mut out, expr, subquery.range);
    out.push(':');
    if !subquery.step.is_absent() {
        push_length(&mut out, expr, subquery.step);
    }
    out.push(']');
    push_at(&mut out, subquery.at);
    push_offset(&mut out, expr, subquery.offset);
    out
}

/// The name and the conditions that are not the name, sorted.
fn bare_selector(selector: &VectorSelector) -> String {
    let mut out = selector.name.clone();
    let is_name = |matcher: &Matcher| {
        matcher.name() == METRIC_NAME
            && matcher.op() == MatchOp::Equal
            && matcher.value() == selector.name
            && !matcher.value().is_empty()
    };
    let mut conditions: Vec<String> =
        selector.matchers.iter().filter(|matcher| !is_name(matcher)).map(Matcher::to_string).collect();
    if !conditions.is_empty() {
        conditions.sort();
        let _ = write!(out, "{{{}}}", conditions.join(","));
    }
    out
}

fn push_at(out: &mut String, at: Option<At>) {
    match at {
        Some(At::Time(millis)) => {
            let _ = write!(out, " @ {:.3}", millis as f64 / 1000.0);
        }
        Some(At::Start) => out.push_str(" @ start()"),
        Some(At::End) => out.push_str(" @ end()"),
        None => {}
    }
}

fn push_border(out: &mut String, border: Border) {
    out.push_str(match border {
        Border::Plain => "",
        Border::Anchored => " anchored",
        Border::Smoothed => " smoothed",
    });
}

fn push_offset(out: &mut String, expr: &Expr, offset: Length) {
    if !offset.is_absent() {
        out.push_str(" offset ");
        push_length(out, expr, offset);
    }
}

fn push_length(out: &mut String, expr: &Expr, length: Length) {
    match length.expr {
        Some(computed) => out.push_str(&text(expr, computed)),
        None => {
            let _ = write!(out, "{}", PromDuration::from_millis(length.millis));
        }
    }
}
