//! Computed durations: `[5m + step()]`.
//!
//! Nodes stand behind their operands, so one pass over them computes them all. What is wrong with a duration is an error
//! only where it is used.

use super::{QueryTimes, seconds};
use crate::syntax::{DurationExpr, DurationOp, Expr, Length, NodeId, NodeKind, Span};

/// The lengths of an expression.
pub(super) struct Lengths<'a> {
    expr: &'a Expr,
    /// Seconds, by node; only durations have them.
    seconds: Vec<Result<f64, String>>,
}

/// Seconds beyond which a duration has no nanoseconds in 63 bits.
const MAX_SECONDS: f64 = (1u64 << 63) as f64 / 1e9;

impl<'a> Lengths<'a> {
    pub(super) fn new(expr: &'a Expr, times: QueryTimes) -> Lengths<'a> {
        let mut lengths = Lengths { expr, seconds: Vec::with_capacity(expr.nodes.len()) };
        for node in &expr.nodes {
            let value = match &node.kind {
                NodeKind::Number { value, .. } => Ok(*value),
                NodeKind::Duration(duration) => lengths.compute(duration, node.span, times),
                _ => Ok(0.0),
            };
            lengths.seconds.push(value);
        }
        lengths
    }

    fn compute(&self, duration: &DurationExpr, span: Span, times: QueryTimes) -> Result<f64, String> {
        let side = |id: Option<NodeId>| id.map_or(Ok(0.0), |id| self.seconds[id.index()].clone());
        let (left, right) = (side(duration.left)?, side(duration.right)?);
        let is_unary = duration.left.is_none();
        Ok(match duration.op {
            DurationOp::Step => seconds(times.step_ms),
            DurationOp::Range => seconds(times.range_ms()),
            DurationOp::MinOf => left.min(right),
            DurationOp::MaxOf => left.max(right),
            DurationOp::Add if is_unary => right,
            DurationOp::Sub if is_unary => -right,
            DurationOp::Add => left + right,
            DurationOp::Sub => left - right,
            DurationOp::Mul => left * right,
            DurationOp::Div if right == 0.0 => return Err(blame(span, "division by zero")),
            DurationOp::Div => left / right,
            DurationOp::Mod if right == 0.0 => return Err(blame(span, "modulo by zero")),
            DurationOp::Mod => left % right,
            DurationOp::Pow => left.powf(right),
        })
    }

    /// A range or a step, which must be greater than zero, in milliseconds.
    pub(super) fn positive(&self, length: Length) -> Result<i64, String> {
        self.resolve(length, |seconds| seconds > 0.0)
    }

    /// An offset, in milliseconds.
    pub(super) fn signed(&self, length: Length) -> Result<i64, String> {
        self.resolve(length, |_| true)
    }

    fn resolve(&self, length: Length, is_allowed: impl Fn(f64) -> bool) -> Result<i64, String> {
        let Some(id) = length.expr else { return Ok(length.millis) };
        let span = self.expr.node(id).span;
        let seconds = self.seconds[id.index()].clone()?;
        if !seconds.is_finite() {
            return Err(blame(span, "duration is NaN or infinite"));
        }
        if !is_allowed(seconds) {
            return Err(blame(span, "duration must be greater than 0"));
        }
        if !(-MAX_SECONDS..=MAX_SECONDS).contains(&seconds) {
            return Err(blame(span, "duration is out of range"));
        }
        Ok((seconds * 1000.0) as i64)
    }
}

/// Prometheus shows the place of a computed duration as bytes.
fn blame(span: Span, message: &str) -> String {
    format!("{}:{}: {message}", span.start, span.end)
}
