//! What follows an operand and binds tightest: `offset`, `@`, `[ ]`, `anchored`, `smoothed`.

use super::call::no_arguments;
use super::duration::{offset_length, positive_length};
use super::literal::signed_value;
use crate::syntax::ast::{At, Border, Length, Node, NodeId, NodeKind, Subquery};
use crate::syntax::span::Span;
use crate::syntax::state::State;
use crate::syntax::token::Kind;
use crate::syntax::tokens::{Parsed, Tokens, or_report, token, unexpected};

/// A rule that applies a modifier to an operand.
type Modifier = for<'a> fn(Tokens<'a>, NodeId) -> Parsed<'a, NodeId>;

/// The rule that begins with a token.
pub(super) fn of(kind: Kind) -> Option<Modifier> {
    Some(match kind {
        Kind::Offset => offset,
        Kind::At => at,
        Kind::LeftBracket => bracket,
        Kind::Anchored => anchored,
        Kind::Smoothed => smoothed,
        _ => return None,
    })
}

/// The part of a node that modifiers set.
struct Modified<'n> {
    offset: &'n mut Length,
    at: &'n mut Option<At>,
}

/// Why a node takes no `offset` or `@`.
#[derive(Clone, Copy)]
enum Unmodifiable {
    /// It is neither a selector nor a subquery.
    OtherNode,
    /// It is a range of something that is no selector.
    BrokenRange,
}

/// Changes what `offset` and `@` set on a selector, a range or a subquery, and stretches the node to the last token.
fn modify(
    state: &State<'_>,
    expr: NodeId,
    change: impl FnOnce(Modified<'_>, Span) -> bool,
) -> Result<(), Unmodifiable> {
    let selected = state.with(expr, |node| match node.kind {
        NodeKind::MatrixSelector { selector, .. } => selector,
        _ => expr,
    });
    let span = state.span_of(expr);
    let stretches = state.with_mut(selected, |node| match &mut node.kind {
        NodeKind::VectorSelector(selector) => {
            Ok(change(Modified { offset: &mut selector.offset, at: &mut selector.at }, span))
        }
        NodeKind::Subquery(subquery) if selected == expr => {
            Ok(change(Modified { offset: &mut subquery.offset, at: &mut subquery.at }, span))
        }
        _ if selected != expr => Err(Unmodifiable::BrokenRange),
        _ => Err(Unmodifiable::OtherNode),
    })?;
    if stretches {
        let end = state.last_closing() as u32;
        state.with_mut(expr, |node| node.span.end = end);
    }
    Ok(())
}

fn report_unmodifiable(state: &State<'_>, expr: NodeId, why: Unmodifiable, modifier: &str) {
    let message = match why {
        Unmodifiable::BrokenRange => "ranges only allowed for vector selectors".to_owned(),
        Unmodifiable::OtherNode => format!(
            "{modifier} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
        ),
    };
    state.error(state.span_of(expr), message);
}

fn offset(input: Tokens<'_>, expr: NodeId) -> Parsed<'_, NodeId> {
    let state = input.state;
    let input = input.shift();
    let parsed = offset_length(input).map(|(rest, length)| (rest, Some(length)));
    let (input, length) = or_report(input, parsed, "offset", "number, duration, step(), or range()", || None)?;
    let Some(length) = length else { return Ok((input, expr)) };
    let changed = modify(state, expr, |modified, span| {
        if modified.offset.is_absent() {
            *modified.offset = length;
        } else {
            state.error(span, "offset may not be set multiple times");
        }
        true
    });
    if let Err(why) = changed {
        report_unmodifiable(state, expr, why, "offset");
    }
    Ok((input, expr))
}

fn at(input: Tokens<'_>, expr: NodeId) -> Parsed<'_, NodeId> {
    let state = input.state;
    let input = input.shift();
    let (input, time) = or_report(input, at_time(input), "@", "timestamp", || None)?;
    let Some(time) = time else { return Ok((input, expr)) };
    let time = match time {
        AtTime::Fixed(at) => at,
        AtTime::Seconds(seconds) => {
            if !is_representable(seconds) {
                let shown = if seconds.is_finite() { format!("{seconds:.6}") } else { model::float::plain(seconds) };
                state.error(state.span_of(expr), format!("timestamp out of bounds for @ modifier: {shown}"));
            }
            At::Time((seconds * 1000.0).round() as i64)
        }
    };
    let changed = modify(state, expr, |modified, span| {
        let is_first = modified.at.is_none();
        if is_first {
            *modified.at = Some(time);
        } else {
            state.error(span, "@ <timestamp> may not be set multiple times");
        }
        is_first
    });
    if let Err(why) = changed {
        report_unmodifiable(state, expr, why, "@");
    }
    Ok((input, expr))
}

enum AtTime {
    Fixed(At),
    Seconds(f64),
}

fn at_time(input: Tokens<'_>) -> Parsed<'_, Option<AtTime>> {
    let fixed = match input.peek_kind() {
        Kind::Start => At::Start,
        Kind::EndWord => At::End,
        _ => {
            let (input, seconds) = signed_value(input)?;
            return Ok((input, Some(AtTime::Seconds(seconds))));
        }
    };
    let (input, _) = no_arguments(input.shift())?;
    Ok((input, Some(AtTime::Fixed(fixed))))
}

/// Prometheus compares seconds with the limits of milliseconds.
fn is_representable(seconds: f64) -> bool {
    seconds < i64::MAX as f64 && seconds > i64::MIN as f64
}

fn bracket(input: Tokens<'_>, expr: NodeId) -> Parsed<'_, NodeId> {
    let state = input.state;
    let _level = state.enter(input)?;
    let (input, open) = token(Kind::LeftBracket)(input)?;
    let parsed = positive_length(input).map(|(rest, length)| (rest, Some(length)));
    let expected = "number, duration, step(), or range()";
    let (input, range) = or_report(input, parsed, "subquery or range selector", expected, || None)?;
    let Some(range) = range else { return Ok((input, expr)) };
    match input.peek_kind() {
        Kind::RightBracket => {
            let (input, close) = token(Kind::RightBracket)(input)?;
            Ok((input, matrix_selector(state, expr, range, open.span.to(close.span))))
        }
        Kind::Colon => subquery(input.shift(), expr, range),
        _ => {
            let parsed = unexpected(input, &[":", "]"]);
            or_report(input, parsed, "subquery or range", "\":\" or \"]\"", || expr)
        }
    }
}

fn matrix_selector(state: &State<'_>, expr: NodeId, range: Length, brackets: Span) -> NodeId {
    let wrong = state.with(expr, |node| match &node.kind {
        NodeKind::VectorSelector(selector) if !selector.offset.is_absent() => {
            Some("no offset modifiers allowed before range")
        }
        NodeKind::VectorSelector(selector) if selector.at.is_some() => Some("no @ modifiers allowed before range"),
        NodeKind::VectorSelector(_) => None,
        _ => Some("ranges only allowed for vector selectors"),
    });
    if let Some(message) = wrong {
        state.error(brackets, message);
    }
    let span = Span { start: state.span_of(expr).start, end: state.last_closing() as u32 };
    state.add(span, NodeKind::MatrixSelector { selector: expr, range })
}

/// Behind the colon.
fn subquery(input: Tokens<'_>, expr: NodeId, range: Length) -> Parsed<'_, NodeId> {
    let state = input.state;
    let (input, step) = if input.peek_kind() == Kind::RightBracket {
        (input, Some(Length::default()))
    } else {
        let parsed = positive_length(input).map(|(rest, step)| (rest, Some(step)));
        let expected = "number, duration, step(), range(), or \"]\"";
        or_report(input, parsed, "subquery selector", expected, || None)?
    };
    let Some(step) = step else { return Ok((input, expr)) };
    let closed = token(Kind::RightBracket)(input).map(|(rest, close)| (rest, Some(close)));
    let (input, close) = or_report(input, closed, "subquery selector", "\"]\"", || None)?;
    let Some(close) = close else { return Ok((input, expr)) };
    let span = state.span_of(expr).to(close.span);
    let subquery = Subquery { expr, range, step, offset: Length::default(), at: None };
    Ok((input, state.add(span, NodeKind::Subquery(Box::new(subquery)))))
}

fn anchored(input: Tokens<'_>, expr: NodeId) -> Parsed<'_, NodeId> {
    let state = input.state;
    set_border(state, expr, Border::Anchored, "anchored");
    Ok((input.shift(), expr))
}

fn smoothed(input: Tokens<'_>, expr: NodeId) -> Parsed<'_, NodeId> {
    let state = input.state;
    set_border(state, expr, Border::Smoothed, "smoothed");
    Ok((input.shift(), expr))
}

fn set_border(state: &State<'_>, expr: NodeId, border: Border, name: &str) {
    let span = state.span_of(expr);
    if !state.options.extended_range_selectors {
        state.error(span, format!("{name} modifier is experimental and not enabled"));
        return;
    }
    let selected = state.with(expr, |node| match &node.kind {
        NodeKind::VectorSelector(_) => Ok(expr),
        NodeKind::MatrixSelector { selector, .. } => Ok(*selector),
        NodeKind::Subquery(_) => Err(format!("{name} modifier is not supported for subqueries")),
        _ => Err(format!("{name} modifier not implemented")),
    });
    let selected = match selected {
        Ok(selected) => selected,
        Err(message) => return state.error(span, message),
    };
    let set = |node: &mut Node| {
        let NodeKind::VectorSelector(selector) = &mut node.kind else { return true };
        let fits = selector.border == Border::Plain || selector.border == border;
        selector.border = border;
        fits
    };
    if !state.with_mut(selected, set) {
        state.error(span, "anchored and smoothed modifiers cannot be used together");
    }
}
