//! Numbers, durations and strings.

use model::duration::PromDuration;

use crate::syntax::ast::{NodeId, NodeKind};
use crate::syntax::number::number as value_of_number;
use crate::syntax::quote::{Quoted, unquoted};
use crate::syntax::state::State;
use crate::syntax::token::{Kind, Token};
use crate::syntax::tokens::{Parsed, Tokens, one_of, token};

/// A number or a duration as an expression.
pub(super) fn number(input: Tokens<'_>) -> Parsed<'_, NodeId> {
    let state = input.state;
    let (input, number) = one_of(&[Kind::Number, Kind::Duration])(input)?;
    let value = value(state, number);
    Ok((input, state.add(number.span, NodeKind::Number { value, is_duration: number.kind == Kind::Duration })))
}

/// The value of a number or of a duration in seconds; a broken one is noted.
fn value(state: &State<'_>, number: Token) -> f64 {
    let text = number.string(state.source);
    if number.kind == Kind::Duration {
        return match text.parse::<PromDuration>() {
            Ok(duration) => duration.as_secs_f64(),
            Err(error) => {
                state.error(number.span, error.to_string());
                0.0
            }
        };
    }
    value_of_number(&text).unwrap_or_else(|error| {
        state.error(number.span, format!("error parsing number: {error}"));
        error.value()
    })
}

/// The value of a number or a duration.
pub(super) fn unsigned_value(input: Tokens<'_>) -> Parsed<'_, f64> {
    let state = input.state;
    let (input, number) = one_of(&[Kind::Number, Kind::Duration])(input)?;
    Ok((input, value(state, number)))
}

/// The value of a number or a duration with or without a sign.
pub(super) fn signed_value(input: Tokens<'_>) -> Parsed<'_, f64> {
    match input.peek_kind() {
        Kind::Add => unsigned_value(input.shift()),
        Kind::Sub => {
            let (input, value) = unsigned_value(input.shift())?;
            Ok((input, -value))
        }
        _ => unsigned_value(input),
    }
}

/// A string as an expression.
pub(super) fn string(input: Tokens<'_>) -> Parsed<'_, NodeId> {
    let state = input.state;
    let (input, literal) = token(Kind::String)(input)?;
    Ok((input, state.add(literal.span, NodeKind::String(string_of(state, literal)))))
}

/// The string that a literal stands for.
pub(super) fn string_of(state: &State<'_>, literal: Token) -> String {
    let text = literal.text(state.source);
    unquoted(text).unwrap_or_else(|| {
        state.error(literal.span, format!("error unquoting string {}: invalid syntax", Quoted(text)));
        String::new()
    })
}
