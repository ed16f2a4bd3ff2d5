//! Expressions: operands, the operators that bind them, and the brackets they stand in.
//!
//! Nothing here recurses. Open brackets wait in frames, operators wait in the frame of their bracket, and a token that
//! does not fit closes frames until one has a message for it.

use super::aggregate;
use super::binary::{Modifiers, modifiers};
use super::bracket::{Bracket, Closed};
use super::{call, literal, postfix, selector};
use crate::syntax::ast::{Binary, BinaryOp, NodeId, NodeKind};
use crate::syntax::span::Span;
use crate::syntax::state::{Level, State};
use crate::syntax::token::Kind;
use crate::syntax::tokens::{Parsed, Tokens, or_report, settle, unexpected};

/// A bracket that is open, with the operators that wait in it.
struct Frame<'a> {
    bracket: Bracket,
    pending: Vec<Pending<'a>>,
    _level: Option<Level<'a>>,
}

/// An operator that waits for its right side.
struct Pending<'a> {
    binding: Binding,
    span: Span,
    operator: Operator,
    /// Operators that nest to the right count as levels.
    _level: Option<Level<'a>>,
}

enum Operator {
    Unary { is_minus: bool },
    Binary { op: BinaryOp, left: NodeId, modifiers: Box<Modifiers> },
}

/// How tightly an operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Comparison,
    Sum,
    /// Signs bind as products do: `-1^2` is `-(1^2)`, `-1*2` is `(-1)*2`.
    Product,
    Power,
}

/// What a step has come to.
enum Step {
    /// An operand is due.
    Open,
    /// An operand is complete.
    Operand(NodeId),
    /// The expression is complete.
    Whole(NodeId),
}

/// A whole expression: everything up to a token that cannot continue it.
pub(super) fn expression(input: Tokens<'_>) -> Parsed<'_, NodeId> {
    let mut frames = vec![Frame { bracket: Bracket::Whole, pending: Vec::new(), _level: None }];
    let (mut input, mut step) = (input, Step::Open);
    loop {
        let next = match step {
            Step::Open => operand(input, &mut frames),
            Step::Operand(current) => continuation(input, current, &mut frames),
            Step::Whole(expr) => return Ok((input, expr)),
        };
        (input, step) = match next {
            Err(nom::Err::Error(found)) => close_with_error(input, nom::Err::Error(found), &mut frames)?,
            other => other?,
        };
    }
}

/// Signs, and what they stand before.
fn operand<'a>(input: Tokens<'a>, frames: &mut Vec<Frame<'a>>) -> Parsed<'a, Step> {
    let (mut input, mut kind) = settle(input, starts)?;
    while let Kind::Add | Kind::Sub = kind {
        let sign = Pending {
            binding: Binding::Product,
            span: input.peek().span,
            operator: Operator::Unary { is_minus: kind == Kind::Sub },
            _level: Some(input.state.enter(input)?),
        };
        if let Some(frame) = frames.last_mut() {
            frame.pending.push(sign);
        }
        input = input.shift();
        kind = input.peek_kind();
    }
    primary(input, kind, frames)
}

fn primary<'a>(input: Tokens<'a>, kind: Kind, frames: &mut Vec<Frame<'a>>) -> Parsed<'a, Step> {
    let bracket = match kind {
        Kind::Number | Kind::Duration => return whole_operand(literal::number(input)),
        Kind::String => return whole_operand(literal::string(input)),
        Kind::LeftBrace => return whole_operand(selector::vector_selector(input)),
        Kind::LeftParen => Bracket::Paren { open: input.peek().span },
        kind if call::may_begin(kind) && input.skip().peek_kind() == Kind::LeftParen => Bracket::call(input.peek()),
        kind if kind.is_aggregator() && aggregate::follows(input.skip().peek_kind()) => {
            Bracket::aggregate(input.peek())
        }
        kind if selector::may_be_metric(kind) => return whole_operand(selector::vector_selector(input)),
        _ => return unexpected(input, &["expression"]),
    };
    let level = input.state.enter(input)?;
    frames.push(Frame { bracket, pending: Vec::new(), _level: Some(level) });
    open(input.shift(), frames)
}

/// What stands between the name of a call and its first argument.
fn open<'a>(input: Tokens<'a>, frames: &mut Vec<Frame<'a>>) -> Parsed<'a, Step> {
    let Some(frame) = frames.last_mut() else { return unexpected(input, &[]) };
    let (input, closed) = frame.bracket.open(input)?;
    Ok((input, after(closed, frames)))
}

fn whole_operand(parsed: Parsed<'_, NodeId>) -> Parsed<'_, Step> {
    parsed.map(|(input, operand)| (input, Step::Operand(operand)))
}

/// What follows an operand: modifiers, operators, the end of its bracket.
fn continuation<'a>(input: Tokens<'a>, current: NodeId, frames: &mut Vec<Frame<'a>>) -> Parsed<'a, Step> {
    let state = input.state;
    let Some(frame) = frames.last_mut() else { return Ok((input, Step::Whole(current))) };
    if let Some(modifier) = postfix::of(input.peek_kind()) {
        return whole_operand(modifier(input, current));
    }
    let operator = input.peek();
    if let Some((op, binding)) = binary_operator(operator.kind) {
        let left = reduce(state, &mut frame.pending, current, |waiting| {
            // Operators of equal binding group to the left, but powers.
            waiting > binding || waiting == binding && binding != Binding::Power
        });
        let _level = if binding == Binding::Power { Some(state.enter(input)?) } else { None };
        let (input, modifiers) = modifiers(input.shift())?;
        let operator_node = Operator::Binary { op, left, modifiers: Box::new(modifiers) };
        frame.pending.push(Pending { binding, span: operator.span, operator: operator_node, _level });
        return Ok((input, Step::Open));
    }
    let inner = reduce(state, &mut frame.pending, current, |_| true);
    if matches!(frame.bracket, Bracket::Whole) {
        return Ok((input, Step::Whole(inner)));
    }
    let (input, closed) = frame.bracket.close(input, inner)?;
    Ok((input, after(closed, frames)))
}

/// Leaves a frame whose bracket is closed.
fn after(closed: Closed, frames: &mut Vec<Frame<'_>>) -> Step {
    match closed {
        Closed::No => Step::Open,
        Closed::NotYet(inner) => Step::Operand(inner),
        Closed::Yes(node) => {
            frames.pop();
            Step::Operand(node)
        }
    }
}

/// Closes brackets up to an aggregation, which reports the token that does not fit and stands for itself.
fn close_with_error<'a>(
    input: Tokens<'a>,
    error: nom::Err<crate::syntax::tokens::Expected>,
    frames: &mut Vec<Frame<'a>>,
) -> Parsed<'a, Step> {
    while let Some(frame) = frames.pop() {
        if let Bracket::Aggregate(aggregate) = frame.bracket {
            let (input, ()) = or_report(input, Err(error), "aggregation", "", || ())?;
            let node = aggregate.broken(input.state);
            return Ok((input, Step::Operand(node)));
        }
    }
    Err(error)
}

/// Whether a token can follow a complete operand.
pub(super) fn continues(kind: Kind) -> bool {
    postfix::of(kind).is_some() || binary_operator(kind).is_some()
}

/// Whether an expression can begin with a token.
pub(super) fn starts(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Number | Kind::Duration | Kind::String | Kind::LeftParen | Kind::LeftBrace | Kind::Add | Kind::Sub
    ) || selector::may_be_metric(kind)
}

fn binary_operator(kind: Kind) -> Option<(BinaryOp, Binding)> {
    Some(match kind {
        Kind::Or => (BinaryOp::Or, Binding::Or),
        Kind::And => (BinaryOp::And, Binding::And),
        Kind::Unless => (BinaryOp::Unless, Binding::And),
        Kind::EqualEqual => (BinaryOp::Equal, Binding::Comparison),
        Kind::NotEqual => (BinaryOp::NotEqual, Binding::Comparison),
        Kind::Less => (BinaryOp::Less, Binding::Comparison),
        Kind::LessEqual => (BinaryOp::LessEqual, Binding::Comparison),
        Kind::Greater => (BinaryOp::Greater, Binding::Comparison),
        Kind::GreaterEqual => (BinaryOp::GreaterEqual, Binding::Comparison),
        Kind::TrimUpper => (BinaryOp::TrimUpper, Binding::Comparison),
        Kind::TrimLower => (BinaryOp::TrimLower, Binding::Comparison),
        Kind::Add => (BinaryOp::Add, Binding::Sum),
        Kind::Sub => (BinaryOp::Sub, Binding::Sum),
        Kind::Mul => (BinaryOp::Mul, Binding::Product),
        Kind::Div => (BinaryOp::Div, Binding::Product),
        Kind::Mod => (BinaryOp::Mod, Binding::Product),
        Kind::Atan2 => (BinaryOp::Atan2, Binding::Product),
        Kind::Pow => (BinaryOp::Pow, Binding::Power),
        _ => return None,
    })
}

/// Gives waiting operators their right side, from the last one on, while `is_due`.
fn reduce(
    state: &State<'_>,
    pending: &mut Vec<Pending<'_>>,
    right: NodeId,
    is_due: impl Fn(Binding) -> bool,
) -> NodeId {
    let mut right = right;
    while let Some(operator) = pending.pop_if(|pending| is_due(pending.binding)) {
        right = match operator.operator {
            Operator::Unary { is_minus } => signed(state, operator.span, is_minus, right),
            Operator::Binary { op, left, modifiers } => binary(state, op, left, *modifiers, right),
        };
    }
    right
}

/// A sign becomes part of a number, so that `-1` is one node.
fn signed(state: &State<'_>, sign: Span, is_minus: bool, expr: NodeId) -> NodeId {
    let is_number = state.with_mut(expr, |node| {
        let NodeKind::Number { value, .. } = &mut node.kind else { return false };
        *value = if is_minus { -*value } else { *value };
        node.span.start = sign.start;
        true
    });
    if is_number {
        return expr;
    }
    let span = sign.to(state.span_of(expr));
    state.add(span, NodeKind::Unary { is_minus, expr })
}

fn binary(state: &State<'_>, op: BinaryOp, left: NodeId, modifiers: Modifiers, right: NodeId) -> NodeId {
    let span = state.span_of(left).to(state.span_of(right));
    let Modifiers { is_bool, matching } = modifiers;
    if !state.options.fill_modifiers && (matching.fill_left.is_some() || matching.fill_right.is_some()) {
        state.error(span, "binop fill modifiers are experimental and not enabled");
    }
    state.add(span, NodeKind::Binary(Box::new(Binary { op, left, right, is_bool, matching: Some(matching) })))
}
