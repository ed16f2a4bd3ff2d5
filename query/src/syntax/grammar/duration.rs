//! Durations: of ranges, steps and offsets, written or computed.

use super::call::no_arguments;
use super::literal;
use crate::syntax::ast::{DurationExpr, DurationOp, Length, NodeId, NodeKind};
use crate::syntax::span::Span;
use crate::syntax::state::{Level, State};
use crate::syntax::token::{Kind, Token};
use crate::syntax::tokens::{Parsed, Tokens, token, unexpected};

/// Seconds beyond which a duration has no nanoseconds in 63 bits.
const MAX_SECONDS: f64 = (1u64 << 63) as f64 / 1e9;

/// The length of a range or a step: a literal must be greater than zero.
pub(super) fn positive_length(input: Tokens<'_>) -> Parsed<'_, Length> {
    let state = input.state;
    let (input, duration) = duration(input)?;
    let too_small = state.with(duration, |node| match node.kind {
        NodeKind::Number { value, .. } if value <= 0.0 => Some(node.span),
        _ => None,
    });
    if let Some(span) = too_small {
        state.error(span, "duration must be greater than 0");
        return Ok((input, Length::default()));
    }
    Ok((input, length_of(state, duration)))
}

fn length_of(state: &State<'_>, duration: NodeId) -> Length {
    state.with(duration, |node| match node.kind {
        NodeKind::Number { value, .. } => Length::from_secs(value),
        _ => Length { millis: 0, expr: Some(duration) },
    })
}

/// The length behind `offset`. Without parentheses it ends behind its first literal or call: `foo offset -2^2` is
/// `(foo offset -2)^2`.
pub(super) fn offset_length(input: Tokens<'_>) -> Parsed<'_, Length> {
    let state = input.state;
    let first = input.peek();
    let (input, duration) = match first.kind {
        Kind::Number | Kind::Duration => literal_in_range(input, None)?,
        Kind::Step | Kind::Range | Kind::MaxOf | Kind::MinOf => duration_call(input, true)?,
        Kind::Add | Kind::Sub => signed_offset(input, first)?,
        _ => duration(input)?,
    };
    Ok((input, length_of(state, duration)))
}

fn signed_offset<'a>(input: Tokens<'a>, sign: Token) -> Parsed<'a, NodeId> {
    let state = input.state;
    let behind = input.shift();
    match behind.peek_kind() {
        Kind::Number | Kind::Duration => literal_in_range(behind, Some(sign)),
        Kind::Step | Kind::Range | Kind::MaxOf | Kind::MinOf => {
            let (input, call) = duration_call(behind, false)?;
            let op = if sign.kind == Kind::Sub { DurationOp::Sub } else { DurationOp::Add };
            let node = DurationExpr { op, left: None, right: Some(call), is_wrapped: false };
            let id = state.add(sign.span.to(state.span_of(call)), NodeKind::Duration(node));
            check_enabled(state, id);
            Ok((input, id))
        }
        Kind::LeftParen => {
            let _level = state.enter(behind)?;
            let (input, _) = token(Kind::LeftParen)(behind)?;
            let (input, inner) = duration(input)?;
            let (input, _) = token(Kind::RightParen)(input)?;
            let wrapped = wrap(state, inner, state.span_of(inner));
            Ok((input, signed(state, sign, wrapped)))
        }
        _ => operations(behind, sign),
    }
}

/// A sign that waits for its operand, or an operator for its right side.
struct Pending<'a> {
    token: Token,
    left: Option<NodeId>,
    _level: Option<Level<'a>>,
}

type Stack<'a> = Vec<Pending<'a>>;

/// Any duration: with operators, signs, parentheses and calls.
fn duration(input: Tokens<'_>) -> Parsed<'_, NodeId> {
    operations_from(input, Stack::new())
}

/// What follows a sign that has been taken.
fn operations<'a>(input: Tokens<'a>, sign: Token) -> Parsed<'a, NodeId> {
    let pending = Pending { token: sign, left: None, _level: Some(input.state.enter(input)?) };
    operations_from(input, vec![pending])
}

fn operations_from<'a>(input: Tokens<'a>, mut stack: Stack<'a>) -> Parsed<'a, NodeId> {
    let state = input.state;
    let (mut input, mut current) = operand(input, &mut stack)?;
    loop {
        let operator = input.peek();
        let Some(binding) = binding_of(operator.kind) else {
            return Ok((input, reduce(state, &mut stack, current, 0)));
        };
        let is_power = operator.kind == Kind::Pow;
        current = reduce(state, &mut stack, current, if is_power { binding + 1 } else { binding });
        let _level = if is_power { Some(state.enter(input)?) } else { None };
        stack.push(Pending { token: operator, left: Some(current), _level });
        (input, current) = operand(input.shift(), &mut stack)?;
    }
}

fn binding_of(kind: Kind) -> Option<u8> {
    match kind {
        Kind::Add | Kind::Sub => Some(1),
        Kind::Mul | Kind::Div | Kind::Mod => Some(2),
        Kind::Pow => Some(3),
        _ => None,
    }
}

/// Signs bind as products do.
fn binding_of_pending(pending: &Pending<'_>) -> u8 {
    if pending.left.is_none() { 2 } else { binding_of(pending.token.kind).unwrap_or(0) }
}

fn reduce(state: &State<'_>, stack: &mut Stack<'_>, right: NodeId, at_least: u8) -> NodeId {
    let mut right = right;
    while let Some(pending) = stack.pop_if(|pending| binding_of_pending(pending) >= at_least) {
        right = match pending.left {
            None => signed(state, pending.token, right),
            Some(left) => binary(state, pending.token, left, right),
        };
    }
    right
}

fn operand<'a>(input: Tokens<'a>, stack: &mut Stack<'a>) -> Parsed<'a, NodeId> {
    let mut input = input;
    while let Kind::Add | Kind::Sub = input.peek_kind() {
        stack.push(Pending { token: input.peek(), left: None, _level: Some(input.state.enter(input)?) });
        input = input.shift();
    }
    match input.peek_kind() {
        Kind::Number | Kind::Duration => literal_in_range(input, None),
        Kind::Step | Kind::Range | Kind::MaxOf | Kind::MinOf => duration_call(input, true),
        Kind::LeftParen => parenthesised(input),
        _ => unexpected(input, &["number", "duration", "step()", "range()"]),
    }
}

fn parenthesised(input: Tokens<'_>) -> Parsed<'_, NodeId> {
    let state = input.state;
    let _level = state.enter(input)?;
    let (input, open) = token(Kind::LeftParen)(input)?;
    let (input, inner) = duration(input)?;
    let (input, _) = token(Kind::RightParen)(input)?;
    check_enabled(state, inner);
    Ok((input, wrap(state, inner, open.span)))
}

/// Notes parentheses. A literal in them counts as computed, so that it is printed with them.
fn wrap(state: &State<'_>, inner: NodeId, start: Span) -> NodeId {
    let is_computed = state.with_mut(inner, |node| {
        let NodeKind::Duration(expr) = &mut node.kind else { return false };
        expr.is_wrapped = true;
        true
    });
    if is_computed {
        return inner;
    }
    let node = DurationExpr { op: DurationOp::Add, left: None, right: Some(inner), is_wrapped: true };
    state.add(start.to(state.span_of(inner)), NodeKind::Duration(node))
}

/// `step()`, `range()`, `max_of(a, b)`, `min_of(a, b)`
fn duration_call(input: Tokens<'_>, checks_enabled: bool) -> Parsed<'_, NodeId> {
    let state = input.state;
    let name = input.peek();
    let (input, id) = match name.kind {
        Kind::Step | Kind::Range => {
            let op = if name.kind == Kind::Step { DurationOp::Step } else { DurationOp::Range };
            let (input, close) = no_arguments(input.shift())?;
            let node = DurationExpr { op, left: None, right: None, is_wrapped: false };
            (input, state.add(name.span.to(close.span), NodeKind::Duration(node)))
        }
        _ => {
            let _level = state.enter(input)?;
            let op = if name.kind == Kind::MaxOf { DurationOp::MaxOf } else { DurationOp::MinOf };
            let (input, _) = token(Kind::LeftParen)(input.shift())?;
            let (input, left) = duration(input)?;
            let (input, _) = token(Kind::Comma)(input)?;
            let (input, right) = duration(input)?;
            let (input, _) = token(Kind::RightParen)(input)?;
            let node = DurationExpr { op, left: Some(left), right: Some(right), is_wrapped: false };
            (input, state.add(state.span_of(left).to(state.span_of(right)), NodeKind::Duration(node)))
        }
    };
    if checks_enabled {
        check_enabled(state, id);
    }
    Ok((input, id))
}

fn literal_in_range<'a>(input: Tokens<'a>, sign: Option<Token>) -> Parsed<'a, NodeId> {
    let state = input.state;
    let (input, literal) = literal::number(input)?;
    let id = match sign {
        Some(sign) => signed(state, sign, literal),
        None => check_range(state, literal, state.span_of(literal)),
    };
    Ok((input, id))
}

/// Replaces a literal that is beyond all durations by zero.
fn check_range(state: &State<'_>, literal: NodeId, blamed: Span) -> NodeId {
    let is_in_range = state.with(literal, |node| match node.kind {
        NodeKind::Number { value, .. } => value.is_nan() || (-MAX_SECONDS..=MAX_SECONDS).contains(&value),
        _ => true,
    });
    if is_in_range { literal } else { zero(state, blamed, "duration out of range") }
}

/// What stands for a duration that cannot be.
fn zero(state: &State<'_>, blamed: Span, message: &str) -> NodeId {
    state.error(blamed, message);
    state.add(Span::default(), NodeKind::Number { value: 0.0, is_duration: false })
}

/// A sign becomes part of a literal; a plus vanishes.
fn signed(state: &State<'_>, sign: Token, operand: NodeId) -> NodeId {
    let is_minus = sign.kind == Kind::Sub;
    let is_literal = state.with_mut(operand, |node| {
        let NodeKind::Number { value, .. } = &mut node.kind else { return false };
        *value = if is_minus { -*value } else { *value };
        true
    });
    if is_literal {
        let checked = check_range(state, operand, sign.span);
        if checked == operand {
            state.with_mut(operand, |node| node.span.start = sign.span.start);
        }
        return checked;
    }
    if !is_minus {
        return operand;
    }
    let node = DurationExpr { op: DurationOp::Sub, left: None, right: Some(operand), is_wrapped: false };
    state.add(sign.span.to(state.span_of(operand)), NodeKind::Duration(node))
}

fn binary(state: &State<'_>, operator: Token, left: NodeId, right: NodeId) -> NodeId {
    check_enabled(state, left);
    let is_zero = state.with(right, |node| matches!(node.kind, NodeKind::Number { value, .. } if value == 0.0));
    let op = match operator.kind {
        Kind::Add => DurationOp::Add,
        Kind::Sub => DurationOp::Sub,
        Kind::Mul => DurationOp::Mul,
        Kind::Div if is_zero => return zero(state, operator.span, "division by zero"),
        Kind::Div => DurationOp::Div,
        Kind::Mod if is_zero => return zero(state, operator.span, "modulo by zero"),
        Kind::Mod => DurationOp::Mod,
        _ => DurationOp::Pow,
    };
    let node = DurationExpr { op, left: Some(left), right: Some(right), is_wrapped: false };
    state.add(state.span_of(left).to(state.span_of(right)), NodeKind::Duration(node))
}

fn check_enabled(state: &State<'_>, expr: NodeId) {
    if !state.options.duration_expressions {
        state.error(state.span_of(expr), "experimental duration expression is not enabled");
    }
}
