//! Prometheus's functions, and what rules hand to their templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Labels;
use model::duration::PromDuration;

use super::duration::from_seconds;
use super::escape::url_query;
use super::execution::Execution;
use super::function::{Answer, Function, Parameter, safe};
use super::host::{Sample, SampleValue};
use super::number_text::{float_of, humanize, humanize_1024, humanize_duration, humanize_percentage, nanos_of};
use super::texts;
use super::time_layout::time_text;
use super::time_type::{TEXT_METHODS, at_nanosecond};
use super::value::{ANY_MAP, Element, Field, List, Map, Safe, Struct, TEXT_MAP, Type, Value};

static SAMPLES: Type = Type { name: "template.queryResult", methods: &[], element: Element::Any };
static SAMPLE: Type = Type { name: "*template.sample", methods: &[], element: Element::Any };
static HISTOGRAM: Type = Type { name: "*histogram.FloatHistogram", methods: TEXT_METHODS, element: Element::Any };
static RULE: Type = Type { name: "rules.templateData", methods: &[], element: Element::Any };

/// What stands before a text of a rule, so that `$labels` and `$value` are there.
pub const RULE_VARIABLES: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
{{$externalURL := .ExternalURL}}{{$value := .Value}}";

/// What a text of a rule is about.
pub fn rule_data(labels: &Labels, external_labels: &Labels, external_url: &str, value: &SampleValue) -> Value {
    let field = |name, value| Field { name, json: name, value };
    let fields = vec![
        field("Labels", Value::Map(label_map(labels))),
        field("ExternalLabels", Value::Map(label_map(external_labels))),
        field("ExternalURL", external_url.into()),
        field("Value", sample_value(value)),
    ];
    Struct::new(&RULE, fields).map_or(Value::Nil, Value::Struct)
}

fn label_map(labels: &Labels) -> Map {
    Map::of_texts(&TEXT_MAP, labels.iter())
}

fn sample_value(value: &SampleValue) -> Value {
    match value {
        SampleValue::Float(value) => Value::Float(*value),
        SampleValue::Histogram(text) => Value::Opaque(&HISTOGRAM, text.as_str().into()),
    }
}

/// A sample as templates see it.
pub fn sample(sample: &Sample) -> Value {
    let labels = Field { name: "Labels", json: "Labels", value: Value::Map(label_map(&sample.labels)) };
    let value = Field { name: "Value", json: "Value", value: sample_value(&sample.value) };
    Struct::new(&SAMPLE, vec![labels, value]).map_or(Value::Nil, Value::Struct)
}

const ANY: Parameter = Parameter::Any;
const TEXT: Parameter = Parameter::Text;
const ONE_SAMPLE: Parameter = Parameter::Of(&SAMPLE);
const ALL_SAMPLES: Parameter = Parameter::Of(&SAMPLES);

pub(super) static FUNCTIONS: &[Function] = &[
    Function::variadic("args", &[], ANY, |_, values| {
        let entries = values.iter().enumerate().map(|(number, value)| (format!("arg{number}").into(), value.clone()));
        Map::new(&ANY_MAP, entries.collect()).map(Value::Map)
    }),
    Function::new("externalURL", &[], |execution, _| Ok(execution.host.external_url().into())),
    Function::new("first", &[ALL_SAMPLES], |_, values| match &values[0] {
        Value::List(list) if !list.items().is_empty() => Ok(list.items()[0].clone()),
        _ => Err("first() called on vector with no elements".to_owned()),
    }),
    Function::new("graphLink", &[TEXT], |_, values| Ok(graph_link(values[0].text(), 0).into())),
    Function::new("humanize", &[ANY], |_, values| Ok(humanize(float_of(&values[0])?).into())),
    Function::new("humanize1024", &[ANY], |_, values| Ok(humanize_1024(float_of(&values[0])?).into())),
    Function::new("humanizeDuration", &[ANY], |_, values| Ok(humanize_duration(float_of(&values[0])?).into())),
    Function::new("humanizePercentage", &[ANY], |_, values| Ok(humanize_percentage(float_of(&values[0])?).into())),
    Function::new("humanizeTimestamp", &[ANY], |_, values| humanize_timestamp(&values[0])),
    Function::new("label", &[TEXT, ONE_SAMPLE], |_, values| Ok(label(&values[1], values[0].text()))),
    texts::MATCH,
    Function::new("now", &[], |execution, _| Ok((execution.host.now_ms() as f64 / 1000.0).into())),
    Function::new("parseDuration", &[TEXT], |_, values| parse_duration(values[0].text())),
    Function::new("pathPrefix", &[], |execution, _| Ok(path_of(execution.host.external_url()).into())),
    Function::new("query", &[TEXT], |execution, values| query(execution, values[0].text())),
    texts::REPLACE_ALL,
    Function::new("safeHtml", &[TEXT], |_, values| safe(Safe::Html, values[0].text())),
    Function::new("sortByLabel", &[TEXT, ALL_SAMPLES], |execution, values| {
        sort_by_label(execution, values[0].text(), &values[1])
    }),
    Function::new("stripDomain", &[TEXT], |_, values| Ok(strip_domain(values[0].text()).into())),
    Function::new("stripPort", &[TEXT], |_, values| Ok(strip_port(values[0].text()).into())),
    Function::new("strvalue", &[ONE_SAMPLE], |_, values| Ok(label(&values[0], "__value__"))),
    Function::new("tableLink", &[TEXT], |_, values| Ok(graph_link(values[0].text(), 1).into())),
    texts::TITLE,
    Function::variadic("tmpl", &[TEXT], ANY, |execution, values| {
        let data = values.get(1).cloned().unwrap_or(Value::Nil);
        let made = execution.apart(values[0].text(), &data).map_err(|error| error.to_string())?;
        safe(Safe::Html, &made)
    }),
    Function::new("toDuration", &[ANY], |_, values| Ok(Value::Duration(from_seconds(float_of(&values[0])?)))),
    texts::TO_LOWER,
    Function::new("toTime", &[ANY], |_, values| {
        let value = float_of(&values[0])?;
        match nanos_of(value)? {
            Some(nanos) => Ok(at_nanosecond(nanos)),
            None => Err(format!("{} cannot be represented as a time", super::format::shortest(value))),
        }
    }),
    texts::TO_UPPER,
    Function::new("urlQueryEscape", &[TEXT], |_, values| Ok(url_query(values[0].text()).into())),
    Function::new("value", &[ONE_SAMPLE], |_, values| match &values[0] {
        Value::Struct(sample) => Ok(sample.get("Value").cloned().unwrap_or(Value::Nil)),
        _ => Ok(Value::Nil),
    }),
];

fn query(execution: &mut Execution<'_>, expression: &str) -> Answer {
    execution.meter.query()?;
    let samples: Vec<Value> = execution.host.query(expression)?.iter().map(sample).collect();
    execution.charge(samples.len())?;
    List::new(&SAMPLES, samples).map(Value::List)
}

fn label(sample: &Value, name: &str) -> Value {
    let Value::Struct(sample) = sample else { return "".into() };
    match sample.get("Labels") {
        Some(Value::Map(labels)) => labels.get(name).cloned().unwrap_or_else(|| "".into()),
        _ => "".into(),
    }
}

fn sort_by_label(execution: &mut Execution<'_>, name: &str, samples: &Value) -> Answer {
    let Value::List(list) = samples else { return Ok(samples.clone()) };
    execution.charge(list.items().len())?;
    let mut keyed: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for item in list.items() {
        let Value::Text(key) = label(item, name) else { continue };
        keyed.entry(key).or_default().push(item.clone());
    }
    List::new(&SAMPLES, keyed.into_values().flatten().collect()).map(Value::List)
}

fn humanize_timestamp(value: &Value) -> Answer {
    let value = float_of(value)?;
    let Some(nanos) = nanos_of(value)? else { return Ok(super::format::general(value, 4).into()) };
    match at_nanosecond(nanos) {
        Value::Time(time) => Ok(time_text(&time).into()),
        other => Ok(other),
    }
}

fn parse_duration(text: &str) -> Answer {
    let (sign, unsigned) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let duration: PromDuration = unsigned.parse().map_err(|error: model::duration::DurationError| error.to_string())?;
    Ok((sign * duration.as_secs_f64()).into())
}

/// Where one sees what an expression gives, as a table: what stands behind the URL of a server.
pub fn table_link(expression: &str) -> String {
    graph_link(expression, 1)
}

fn graph_link(expression: &str, tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", url_query(expression))
}

/// The path of a URL, without the slash at its end.
fn path_of(url: &str) -> &str {
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = behind_scheme.find('/').map_or("", |at| &behind_scheme[at..]);
    path.find(['?', '#']).map_or(path, |at| &path[..at])
}

/// Host and port, in brackets where the host has colons; `None` where the text is not both.
fn host_and_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, behind.strip_prefix(':')?)
        }
        None => text.split_once(':')?,
    };
    let is_plain = |part: &str, forbidden: [char; 3]| !part.contains(forbidden);
    (is_plain(port, [':', '[', ']']) && is_plain(host, ['[', ']', ']'])).then_some((host, port))
}

fn strip_port(text: &str) -> &str {
    host_and_port(text).map_or(text, |(host, _)| host)
}

/// The first label of a host's name; addresses stay as they are.
fn strip_domain(text: &str) -> String {
    let (host, port) = host_and_port(text).map_or((text, None), |(host, port)| (host, Some(port)));
    if host.parse::<std::net::IpAddr>().is_ok() {
        return text.to_owned();
    }
    let first = host.split('.').next().unwrap_or(host);
    port.map_or_else(|| first.to_owned(), |port| format!("{first}:{port}"))
}
