//! Series descriptions: a metric, then values between blanks.

use std::sync::Arc;

use model::histogram::ResetHint;
use model::labels::METRIC_NAME;
use model::sample::stale_marker;
use model::{Histogram, Labels, LabelsBuilder};

use super::list::{List, items};
use super::literal::{signed_value, string_of, unsigned_value};
use super::selector::may_be_metric;
use super::whole;
use crate::syntax::quote::Quoted;
use crate::syntax::series::{HistogramParts, MAX_VALUES, SequenceValue, SeriesDescription, added};
use crate::syntax::span::Span;
use crate::syntax::state::State;
use crate::syntax::token::Kind;
use crate::syntax::tokens::{Parsed, Tokens, expected, one_of, or_report, or_skip, settle, token, unexpected};

/// Parses a whole text as a series description. `None` where it is none; the state then holds errors.
pub(in crate::syntax) fn whole_description(input: Tokens<'_>) -> Option<SeriesDescription> {
    whole(input, |input| {
        let (input, labels) = metric(input)?;
        let (input, values) = or_report(input, values(input), "series values", "", Vec::new)?;
        Ok((input, SeriesDescription { labels, values }))
    })
}

const LABEL_SET: List = List {
    close: Kind::RightBrace,
    context: "label set",
    expected_item: "identifier or \"}\"",
    expected_separator: "\",\" or \"}\"",
};

fn metric(input: Tokens<'_>) -> Parsed<'_, Labels> {
    let state = input.state;
    let first = input.peek();
    let mut labels = LabelsBuilder::new();
    let input = if may_be_metric(first.kind) { input.shift() } else { input };
    if input.peek_kind() == Kind::LeftBrace {
        let (input, pairs) = items(&LABEL_SET, input.shift(), label)?;
        for (name, value) in pairs.into_iter().flatten().flatten() {
            labels.set(&name, &value);
        }
        if may_be_metric(first.kind) {
            labels.set(METRIC_NAME, &first.string(state.source));
        }
        return Ok((input, labels.build()));
    }
    if may_be_metric(first.kind) {
        labels.set(METRIC_NAME, &first.string(state.source));
    }
    Ok((input, labels.build()))
}

/// `name="value"`, or `"metric.name"`; `None` where it is broken and noted.
fn label(input: Tokens<'_>) -> Parsed<'_, Option<(String, String)>> {
    let state = input.state;
    let (input, name) = one_of(&[Kind::Identifier, Kind::String])(input)?;
    let is_quoted = name.kind == Kind::String;
    if input.peek_kind() != Kind::Equal {
        if is_quoted {
            return Ok((input, Some((METRIC_NAME.to_owned(), string_of(state, name)))));
        }
        let parsed = unexpected(input, &["="]);
        return or_report(input, parsed, LABEL_SET.context, "\"=\"", || None);
    }
    let value = token(Kind::String)(input.shift()).map(|(rest, value)| (rest, Some(value)));
    let (input, value) = or_report(input, value, LABEL_SET.context, "string", || None)?;
    let label = value.map(|value| {
        let name = if is_quoted { string_of(state, name) } else { name.string(state.source) };
        (name, string_of(state, value))
    });
    Ok((input, label))
}

fn values(input: Tokens<'_>) -> Parsed<'_, Vec<SequenceValue>> {
    let mut values = Vec::new();
    let mut input = input;
    if !matches!(input.peek_kind(), Kind::Space | Kind::End) {
        return unexpected(input, &["<space>"]);
    }
    while input.peek_kind() == Kind::Space {
        input = input.shift();
        if begins_item(input.peek_kind()) {
            input = item(input, &mut values)?.0;
        }
    }
    Ok((input, values))
}

fn begins_item(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Blank | Kind::Identifier | Kind::Number | Kind::Duration | Kind::Add | Kind::Sub | Kind::OpenHistogram
    )
}

fn item<'a>(input: Tokens<'a>, values: &mut Vec<SequenceValue>) -> Parsed<'a, ()> {
    match input.peek_kind() {
        Kind::Blank => {
            let (input, n_times) = repetition(input.shift())?;
            push_all(input, values, n_times.unwrap_or(1), || SequenceValue::Omitted)
        }
        Kind::OpenHistogram => histogram_item(input, values),
        _ => float_item(input, values),
    }
}

fn float_item<'a>(input: Tokens<'a>, values: &mut Vec<SequenceValue>) -> Parsed<'a, ()> {
    let (input, first) = series_value(input)?;
    let has_increment = matches!(input.peek_kind(), Kind::Add | Kind::Sub);
    let (input, increment) = if has_increment { signed_value(input)? } else { (input, 0.0) };
    let (input, n_times) = repetition(input)?;
    if has_increment && n_times.is_none() {
        return unexpected(input, &["x"]);
    }
    let mut next = first;
    push_all(input, values, n_times.map_or(1, |n| n.saturating_add(1)), || {
        let value = next;
        if has_increment {
            next += increment;
        }
        SequenceValue::Float(value)
    })
}

fn series_value(input: Tokens<'_>) -> Parsed<'_, f64> {
    let state = input.state;
    let word = input.peek();
    if word.kind != Kind::Identifier {
        return signed_value(input);
    }
    if word.text(state.source) != b"stale" {
        state.note_unexpected(expected(input, &["stale"]), "series values", "number or \"stale\"");
    }
    Ok((input.shift(), stale_marker()))
}

/// `xN`
fn repetition(input: Tokens<'_>) -> Parsed<'_, Option<u64>> {
    if input.peek_kind() != Kind::Times {
        return Ok((input, None));
    }
    let (input, n_times) = whole_number(input.shift())?;
    Ok((input, Some(n_times)))
}

fn whole_number(input: Tokens<'_>) -> Parsed<'_, u64> {
    let state = input.state;
    let (input, number) = token(Kind::Number)(input)?;
    let text = number.text(state.source);
    let parsed = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let value = match parsed.map(str::parse::<u64>) {
        Some(Ok(value)) => value,
        broken => {
            let why = if broken.is_some() { "value out of range" } else { "invalid syntax" };
            let message =
                format!("invalid repetition in series values: strconv.ParseUint: parsing {}: {why}", Quoted(text));
            state.error(number.span, message);
            0
        }
    };
    Ok((input, value))
}

fn push_all<'a>(
    input: Tokens<'a>,
    values: &mut Vec<SequenceValue>,
    n_values: u64,
    mut next: impl FnMut() -> SequenceValue,
) -> Parsed<'a, ()> {
    check_n_values(input, values.len() as u64, n_values)?;
    values.extend((0..n_values).map(|_| next()));
    Ok((input, ()))
}

/// Ends the description where it would stand for too many values.
fn check_n_values(input: Tokens<'_>, n_before: u64, n_more: u64) -> Parsed<'_, ()> {
    let n_values = n_before.saturating_add(n_more);
    if n_values <= MAX_VALUES as u64 {
        return Ok((input, ()));
    }
    let message =
        format!("series description is too long: {n_values} values, limit {MAX_VALUES} (max_series_values, fixed)");
    input.state.error(input.state.last_token().span, message);
    Err(input.state.failure())
}

fn histogram_item<'a>(input: Tokens<'a>, values: &mut Vec<SequenceValue>) -> Parsed<'a, ()> {
    let state = input.state;
    let (input, base) = histogram(input)?;
    let sign = match input.peek_kind() {
        Kind::Add => 1.0,
        Kind::Sub => -1.0,
        _ => {
            let (input, n_times) = repetition(input)?;
            return push_all(input, values, n_times.map_or(1, |n| n.saturating_add(1)), || base.to_value());
        }
    };
    let (input, increment) = histogram(input.shift())?;
    let (input, n_times) = repetition(input)?;
    let Some(n_times) = n_times else { return unexpected(input, &["x"]) };
    check_n_values(input, values.len() as u64, n_times.saturating_add(1))?;
    let mut current = base.histogram;
    for at in 0..=n_times {
        values.push(Written { histogram: Arc::clone(&current), ..increment }.to_value());
        if at == n_times {
            break;
        }
        match added(&current, &increment.histogram, sign) {
            Ok(sum) => current = Arc::new(sum),
            Err(error) => {
                state.error(state.last_token().span, error.to_string());
                break;
            }
        }
    }
    Ok((input, ()))
}

/// A histogram as written.
struct Written {
    histogram: Arc<Histogram>,
    has_reset_hint: bool,
}

impl Written {
    fn to_value(&self) -> SequenceValue {
        SequenceValue::Histogram { histogram: Arc::clone(&self.histogram), has_reset_hint: self.has_reset_hint }
    }
}

fn histogram(input: Tokens<'_>) -> Parsed<'_, Written> {
    let (input, _) = token(Kind::OpenHistogram)(input)?;
    let mut parts = HistogramParts::default();
    let input = match input.peek_kind() {
        Kind::CloseHistogram => input.shift(),
        Kind::Space => token(Kind::CloseHistogram)(input.shift())?.0,
        _ => histogram_parts(input, &mut parts)?.0,
    };
    let has_reset_hint = parts.reset_hint.is_some();
    Ok((input, Written { histogram: Arc::new(parts.build()), has_reset_hint }))
}

/// The parts and the closing braces. Errors behind the first part are reported here.
fn histogram_parts<'a>(input: Tokens<'a>, parts: &mut HistogramParts) -> Parsed<'a, ()> {
    let (mut input, ()) = part(input, parts)?;
    loop {
        let fits = |kind| matches!(kind, Kind::Space | Kind::CloseHistogram);
        let (settled, kind) = settle(input, fits)?;
        if kind == Kind::CloseHistogram {
            return Ok((settled.shift(), ()));
        }
        let next = next_part(settled, parts);
        if let Ok((rest, true)) = next {
            return Ok((rest, ()));
        }
        let expected = "histogram description key, e.g. buckets:[5 10 7]";
        (input, _) = or_report(settled, next, "histogram description", expected, || false)?;
    }
}

/// A blank and another part; answers whether it was the closing braces instead.
fn next_part<'a>(input: Tokens<'a>, parts: &mut HistogramParts) -> Parsed<'a, bool> {
    let (input, _) = token(Kind::Space)(input)?;
    if input.peek_kind() == Kind::CloseHistogram {
        return Ok((input.shift(), true));
    }
    let (input, ()) = part(input, parts)?;
    Ok((input, false))
}

fn part<'a>(input: Tokens<'a>, parts: &mut HistogramParts) -> Parsed<'a, ()> {
    let state = input.state;
    let key = input.peek();
    let behind = |input: Tokens<'a>| token(Kind::Colon)(input.shift()).map(|(rest, _)| rest);
    let once = Once { state, key: key.kind.word() };
    match key.kind {
        Kind::SchemaKey => once.set(&mut parts.schema, integer(behind(input)?)),
        Kind::OffsetKey => once.set(&mut parts.positive_offset, integer(behind(input)?)),
        Kind::NegativeOffsetKey => once.set(&mut parts.negative_offset, integer(behind(input)?)),
        Kind::SumKey => once.set(&mut parts.sum, signed_value(behind(input)?)),
        Kind::CountKey => once.set(&mut parts.count, signed_value(behind(input)?)),
        Kind::ZeroBucketKey => once.set(&mut parts.zero_count, signed_value(behind(input)?)),
        Kind::ZeroBucketWidthKey => once.set(&mut parts.zero_threshold, unsigned_value(behind(input)?)),
        Kind::CustomValuesKey => once.set(&mut parts.custom_bounds, buckets(behind(input)?)),
        Kind::BucketsKey => once.set(&mut parts.positive, buckets(behind(input)?)),
        Kind::NegativeBucketsKey => once.set(&mut parts.negative, buckets(behind(input)?)),
        Kind::ResetHintKey => once.set(&mut parts.reset_hint, reset_hint(behind(input)?)),
        _ => unexpected(input, &["histogram key"]),
    }
}

/// Sets parts that must not be set twice.
struct Once<'s, 'a> {
    state: &'s State<'a>,
    key: &'static str,
}

impl Once<'_, '_> {
    fn set<'a, T>(&self, part: &mut Option<T>, parsed: Parsed<'a, T>) -> Parsed<'a, ()> {
        let (input, value) = parsed?;
        if part.is_some() {
            self.state.error(Span::default(), format!("duplicate key \"{}\" in histogram", self.key));
        } else {
            *part = Some(value);
        }
        Ok((input, ()))
    }
}

fn integer(input: Tokens<'_>) -> Parsed<'_, i64> {
    let is_negative = input.peek_kind() == Kind::Sub;
    let (input, value) = whole_number(if is_negative { input.shift() } else { input })?;
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    Ok((input, if is_negative { -value } else { value }))
}

/// `[1 2 3]`
fn buckets(input: Tokens<'_>) -> Parsed<'_, Vec<f64>> {
    let (input, _) = token(Kind::LeftBracket)(input)?;
    let (mut input, first) = signed_value(input)?;
    let mut counts = vec![first];
    loop {
        let fits = |kind| matches!(kind, Kind::Space | Kind::RightBracket);
        let (settled, kind) = settle(input, fits)?;
        if kind == Kind::RightBracket {
            return Ok((settled.shift(), counts));
        }
        let next = next_bucket(settled);
        match next {
            Ok((rest, None)) => return Ok((rest, counts)),
            Ok((rest, Some(count))) => {
                counts.push(count);
                input = rest;
            }
            other => (input, _) = or_skip(settled, other, || None)?,
        }
    }
}

/// A blank and another count; `None` for the closing bracket instead.
fn next_bucket(input: Tokens<'_>) -> Parsed<'_, Option<f64>> {
    let (input, _) = token(Kind::Space)(input)?;
    if input.peek_kind() == Kind::RightBracket {
        return Ok((input.shift(), None));
    }
    let (input, count) = signed_value(input)?;
    Ok((input, Some(count)))
}

fn reset_hint(input: Tokens<'_>) -> Parsed<'_, ResetHint> {
    let (input, hint) = one_of(&[Kind::HintUnknown, Kind::HintReset, Kind::HintNotReset, Kind::HintGauge])(input)?;
    let hint = match hint.kind {
        Kind::HintReset => ResetHint::Reset,
        Kind::HintNotReset => ResetHint::NotReset,
        Kind::HintGauge => ResetHint::Gauge,
        _ => ResetHint::Unknown,
    };
    Ok((input, hint))
}
