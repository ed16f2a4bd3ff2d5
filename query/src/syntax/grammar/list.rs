//! Lists in brackets that survive their own errors, and the label lists of `by`, `on` and their kin.

use super::literal::string_of;
use crate::syntax::quote::Quoted;
use crate::syntax::token::Kind;
use crate::syntax::tokens::{Parsed, Tokens, awaited, or_report, settle, unexpected};

/// What a list looks like, and how its errors read.
pub(super) struct List {
    /// The bracket behind it.
    pub(super) close: Kind,
    /// What it is.
    pub(super) context: &'static str,
    /// What may stand where an item is due.
    pub(super) expected_item: &'static str,
    /// What may stand behind an item.
    pub(super) expected_separator: &'static str,
}

/// The items of a list, which may end with a comma, and its closing bracket. An item that is no item is `None`.
pub(super) fn items<'a, T>(
    list: &List,
    input: Tokens<'a>,
    item: impl Fn(Tokens<'a>) -> Parsed<'a, T>,
) -> Parsed<'a, Vec<Option<T>>> {
    let mut items = Vec::new();
    let mut input = input;
    loop {
        if input.peek_kind() == list.close {
            return Ok((input.shift(), items));
        }
        let parsed = item(input).map(|(rest, item)| (rest, Some(item)));
        let (rest, item) = or_report(input, parsed, list.context, list.expected_item, || None)?;
        items.push(item);
        input = separator(list, rest)?.0;
        if input.peek_kind() == list.close {
            return Ok((input.shift(), items));
        }
        input = input.shift();
    }
}

/// Goes to the comma or the bracket behind an item.
fn separator<'a>(list: &List, input: Tokens<'a>) -> Parsed<'a, ()> {
    let fits = |kind| kind == Kind::Comma || kind == list.close;
    let mut input = input;
    loop {
        let (settled, kind) = settle(input, fits)?;
        if fits(kind) {
            return Ok((settled, ()));
        }
        let parsed = unexpected(settled, &[",", list.close.word()]);
        (input, ()) = or_report(settled, parsed, list.context, list.expected_separator, || ())?;
    }
}

const LABELS: List = List {
    close: Kind::RightParen,
    context: "grouping opts",
    expected_item: "label",
    expected_separator: "\",\" or \")\"",
};

/// `(label, …)`
pub(super) fn labels(input: Tokens<'_>) -> Parsed<'_, Vec<String>> {
    let opened = awaited(&[Kind::LeftParen])(input).map(|(rest, _)| (rest, true));
    let (input, is_open) = or_report(input, opened, LABELS.context, "\"(\"", || false)?;
    if !is_open {
        return Ok((input, Vec::new()));
    }
    let _level = input.state.enter(input)?;
    let (input, labels) = items(&LABELS, input, label)?;
    Ok((input, labels.into_iter().map(Option::unwrap_or_default).collect()))
}

fn label(input: Tokens<'_>) -> Parsed<'_, String> {
    let state = input.state;
    let label = input.peek();
    let name = match label.kind {
        Kind::String => string_of(state, label),
        kind if may_be_label(kind) => label.string(state.source),
        _ => return unexpected(input, &["label"]),
    };
    if name.is_empty() {
        state.error(label.span, format!("invalid label name for grouping: {}", Quoted(name.as_bytes())));
    }
    Ok((input.shift(), name))
}

/// Most keywords may name labels.
fn may_be_label(kind: Kind) -> bool {
    kind.is_aggregator()
        || (Kind::Bool..=Kind::MinOf).contains(&kind) && !matches!(kind, Kind::Without)
        || matches!(kind, Kind::Identifier | Kind::MetricIdentifier | Kind::And | Kind::Or | Kind::Unless | Kind::Atan2)
}
