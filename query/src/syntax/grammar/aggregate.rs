//! Aggregations: `sum by (…) (…)` and `sum(…) by (…)`.

use super::list::labels;
use crate::syntax::ast::{Aggregate, AggregateOp, NodeId, NodeKind};
use crate::syntax::span::Span;
use crate::syntax::state::State;
use crate::syntax::token::{Kind, Token};
use crate::syntax::tokens::{Parsed, Tokens};

/// Whether a token behind an aggregation's name makes it one; otherwise the name is a metric's.
pub(super) fn follows(kind: Kind) -> bool {
    matches!(kind, Kind::LeftParen | Kind::By | Kind::Without)
}

/// An aggregation whose arguments are still being read.
pub(super) struct PartialAggregate {
    op: Token,
    grouping: Option<Grouping>,
    pub(super) args: Vec<NodeId>,
}

#[derive(Default)]
struct Grouping {
    labels: Vec<String>,
    without: bool,
}

impl PartialAggregate {
    pub(super) fn new(op: Token) -> PartialAggregate {
        PartialAggregate { op, grouping: None, args: Vec::new() }
    }

    /// `by (…)` before the arguments.
    pub(super) fn grouping_before<'a>(&mut self, input: Tokens<'a>) -> Parsed<'a, ()> {
        if !matches!(input.peek_kind(), Kind::By | Kind::Without) {
            return Ok((input, ()));
        }
        let (input, grouping) = grouping(input)?;
        self.grouping = Some(grouping);
        Ok((input, ()))
    }

    /// `by (…)` behind the arguments, and the node.
    pub(super) fn finish<'a>(&mut self, input: Tokens<'a>) -> Parsed<'a, NodeId> {
        let state = input.state;
        if self.grouping.is_some() {
            return Ok((input, self.node(state, state.last_closing())));
        }
        if matches!(input.peek_kind(), Kind::By | Kind::Without) {
            let (input, grouping) = grouping(input)?;
            self.grouping = Some(grouping);
            return Ok((input, self.node(state, state.last_closing())));
        }
        Ok((input, self.node(state, end_before_lookahead(state))))
    }

    /// The node where an argument was no expression.
    pub(super) fn broken(mut self, state: &State<'_>) -> NodeId {
        self.args.clear();
        self.node(state, state.last_closing())
    }

    fn node(&mut self, state: &State<'_>, end: usize) -> NodeId {
        let span = Span { start: self.op.span.start, end: end as u32 };
        let op = op_of(self.op.kind);
        check(state, span, op, self.args.len());
        let (param, expr) = match self.args[..] {
            [] => (None, state.add(span, NodeKind::String(String::new()))),
            [param, expr, ..] if op.has_param() => (Some(param), expr),
            [expr, ..] => (None, expr),
        };
        let Grouping { labels: grouping, without } = self.grouping.take().unwrap_or_default();
        state.add(span, NodeKind::Aggregate(Box::new(Aggregate { op, expr, param, grouping, without })))
    }
}

fn check(state: &State<'_>, span: Span, op: AggregateOp, n_args: usize) {
    let n_wanted = if op.has_param() { 2 } else { 1 };
    if n_args == 0 {
        state.error(span, "no arguments for aggregate expression provided");
    } else if op.is_experimental() && !state.options.experimental_functions {
        let name = op.as_str();
        let flag = "--enable-feature=promql-experimental-functions";
        state.error(span, format!("{name}() is experimental and must be enabled with {flag}"));
    } else if n_args != n_wanted {
        let message = "wrong number of arguments for aggregate expression provided";
        state.error(span, format!("{message}, expected {n_wanted}, got {n_args}"));
    }
}

fn grouping(input: Tokens<'_>) -> Parsed<'_, Grouping> {
    let without = input.peek_kind() == Kind::Without;
    let (input, labels) = labels(input.shift())?;
    Ok((input, Grouping { labels, without }))
}

/// The end of the arguments where the token looked at behind them is another closing parenthesis.
///
/// Prometheus searches the text for it, and is misled by a comment between the two.
fn end_before_lookahead(state: &State<'_>) -> usize {
    let lookahead = state.last_token();
    let before = &state.source[..lookahead.span.start as usize];
    let last = before.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    match last {
        Some(at) if lookahead.kind == Kind::RightParen && before[at] == b')' => at + 1,
        _ => state.last_closing(),
    }
}

fn op_of(kind: Kind) -> AggregateOp {
    match kind {
        Kind::Avg => AggregateOp::Avg,
        Kind::Bottomk => AggregateOp::Bottomk,
        Kind::Count => AggregateOp::Count,
        Kind::CountValues => AggregateOp::CountValues,
        Kind::Group => AggregateOp::Group,
        Kind::Max => AggregateOp::Max,
        Kind::Min => AggregateOp::Min,
        Kind::Quantile => AggregateOp::Quantile,
        Kind::Stddev => AggregateOp::Stddev,
        Kind::Stdvar => AggregateOp::Stdvar,
        Kind::Topk => AggregateOp::Topk,
        Kind::Limitk => AggregateOp::Limitk,
        Kind::LimitRatio => AggregateOp::LimitRatio,
        _ => AggregateOp::Sum,
    }
}
