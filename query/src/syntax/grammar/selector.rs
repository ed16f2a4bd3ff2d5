//! Selectors: `name{label="value", …}`, `{"name", …}`.

use model::labels::METRIC_NAME;
use model::{MatchOp, Matcher};

use super::list::{List, items};
use super::literal::string_of;
use crate::syntax::ast::{NodeId, NodeKind, VectorSelector};
use crate::syntax::span::Span;
use crate::syntax::state::State;
use crate::syntax::token::{Kind, Token};
use crate::syntax::tokens::{Parsed, Tokens, one_of, or_report, unexpected};

/// Whether a token can be a metric's name.
pub(super) fn may_be_metric(kind: Kind) -> bool {
    kind.is_aggregator()
        || (Kind::Start..=Kind::MinOf).contains(&kind)
        || matches!(
            kind,
            Kind::Identifier
                | Kind::MetricIdentifier
                | Kind::And
                | Kind::Or
                | Kind::Unless
                | Kind::By
                | Kind::Without
                | Kind::Fill
                | Kind::FillLeft
                | Kind::FillRight
                | Kind::Offset
                | Kind::Anchored
                | Kind::Smoothed
        )
}

pub(super) fn vector_selector(input: Tokens<'_>) -> Parsed<'_, NodeId> {
    let state = input.state;
    let first = input.peek();
    let (input, name) = match first.kind {
        kind if may_be_metric(kind) => (input.shift(), first.string(state.source)),
        Kind::LeftBrace => (input, String::new()),
        _ => return unexpected(input, &["metric name", "{"]),
    };
    let mut span = first.span;
    let (mut input, mut matchers) = (input, Vec::new());
    if input.peek_kind() == Kind::LeftBrace {
        (input, matchers) = label_matchers(input)?;
        span.end = state.last_closing() as u32;
    }
    if !name.is_empty() {
        matchers.push(Matcher::equal(METRIC_NAME, &*name));
    }
    let selector = VectorSelector { name, matchers, ..VectorSelector::default() };
    Ok((input, state.add(span, NodeKind::VectorSelector(Box::new(selector)))))
}

const MATCHERS: List = List {
    close: Kind::RightBrace,
    context: "label matching",
    expected_item: "identifier or \"}\"",
    expected_separator: "\",\" or \"}\"",
};

fn label_matchers(input: Tokens<'_>) -> Parsed<'_, Vec<Matcher>> {
    let (input, _) = one_of(&[Kind::LeftBrace])(input)?;
    let (input, matchers) = items(&MATCHERS, input, label_matcher)?;
    Ok((input, matchers.into_iter().flatten().flatten().collect()))
}

/// One condition; `None` where it is broken and noted.
fn label_matcher(input: Tokens<'_>) -> Parsed<'_, Option<Matcher>> {
    let state = input.state;
    let (input, label) = one_of(&[Kind::Identifier, Kind::String])(input)?;
    let is_quoted = label.kind == Kind::String;
    let name = if is_quoted { string_of(state, label) } else { label.string(state.source) };
    let Some(op) = match_op(input.peek_kind()) else {
        if is_quoted {
            return Ok((input, Some(Matcher::equal(METRIC_NAME, name))));
        }
        let parsed = unexpected(input, &["=", "!=", "=~", "!~"]);
        return or_report(input, parsed, MATCHERS.context, "label matching operator", || None);
    };
    let input = input.shift();
    let value = one_of(&[Kind::String])(input).map(|(rest, value)| (rest, Some(value)));
    let (input, value) = or_report(input, value, MATCHERS.context, "string", || None)?;
    Ok((input, value.and_then(|value| matcher(state, label.span, name, op, value))))
}

fn matcher(state: &State<'_>, label: Span, name: String, op: MatchOp, value: Token) -> Option<Matcher> {
    match Matcher::new(name, op, string_of(state, value)) {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            state.error(label.to(value.span), error.to_string());
            None
        }
    }
}

fn match_op(kind: Kind) -> Option<MatchOp> {
    Some(match kind {
        Kind::Equal => MatchOp::Equal,
        Kind::NotEqual => MatchOp::NotEqual,
        Kind::EqualRegex => MatchOp::Regex,
        Kind::NotRegex => MatchOp::NotRegex,
        _ => return None,
    })
}
