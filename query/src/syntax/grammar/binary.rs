//! What stands between a binary operator and its right side.

use super::expression::starts;
use super::list::labels;
use super::literal::signed_value;
use crate::syntax::ast::{Cardinality, Matching};
use crate::syntax::token::Kind;
use crate::syntax::tokens::{Parsed, Tokens, token};

/// The modifiers of a binary operator.
pub(super) struct Modifiers {
    pub(super) is_bool: bool,
    pub(super) matching: Matching,
}

pub(super) fn modifiers(input: Tokens<'_>) -> Parsed<'_, Modifiers> {
    let mut matching = Matching::default();
    let is_bool = input.peek_kind() == Kind::Bool;
    let input = if is_bool { input.shift() } else { input };
    let input = match input.peek_kind() {
        Kind::On | Kind::Ignoring => matching_labels(input, &mut matching)?.0,
        _ => input,
    };
    let (input, ()) = fills(input, &mut matching)?;
    Ok((input, Modifiers { is_bool, matching }))
}

fn matching_labels<'a>(input: Tokens<'a>, matching: &mut Matching) -> Parsed<'a, ()> {
    matching.on = input.peek_kind() == Kind::On;
    let (input, names) = labels(input.shift())?;
    matching.labels = names;
    matching.card = match input.peek_kind() {
        Kind::GroupLeft => Cardinality::ManyToOne,
        Kind::GroupRight => Cardinality::OneToMany,
        _ => return Ok((input, ())),
    };
    let input = input.shift();
    let next = input.peek_kind();
    // A parenthesis is always that of the labels.
    if next != Kind::LeftParen && starts(next) {
        return Ok((input, ()));
    }
    let (input, names) = labels(input)?;
    matching.include = names;
    Ok((input, ()))
}

fn fills<'a>(input: Tokens<'a>, matching: &mut Matching) -> Parsed<'a, ()> {
    let first = input.peek_kind();
    if !matches!(first, Kind::Fill | Kind::FillLeft | Kind::FillRight) {
        return Ok((input, ()));
    }
    let (input, value) = fill_value(input.shift())?;
    if first != Kind::FillRight {
        matching.fill_left = Some(value);
    }
    if first != Kind::FillLeft {
        matching.fill_right = Some(value);
    }
    match (first, input.peek_kind()) {
        (Kind::FillLeft, Kind::FillRight) => {
            let (input, value) = fill_value(input.shift())?;
            matching.fill_right = Some(value);
            Ok((input, ()))
        }
        (Kind::FillRight, Kind::FillLeft) => {
            let (input, value) = fill_value(input.shift())?;
            matching.fill_left = Some(value);
            Ok((input, ()))
        }
        _ => Ok((input, ())),
    }
}

fn fill_value(input: Tokens<'_>) -> Parsed<'_, f64> {
    let (input, _) = token(Kind::LeftParen)(input)?;
    let (input, value) = signed_value(input)?;
    let (input, _) = token(Kind::RightParen)(input)?;
    Ok((input, value))
}
