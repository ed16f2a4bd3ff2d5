//! Prometheus's own cases for its text parsers: every event, every error text, every choice of a parser.

use std::collections::BTreeMap;

use base64::Engine as _;
use scrape::parse::content_type::{self, MediaType};
use scrape::parse::{Event, Exemplar, Format, Options, ParseError, Parser};
use serde_json::{Map, Value, json};

use crate::data;

#[test]
fn prometheus_text() {
    check_suite("textparse/prom.json", Format::PrometheusText, [3, 27]);
}

#[test]
fn openmetrics() {
    check_suite("textparse/openmetrics.json", Format::OpenMetrics, [5, 82]);
}

#[expect(clippy::print_stdout, reason = "says how much it did")]
fn check_suite(path: &str, format: Format, expected_counts: [usize; 2]) {
    let Some(suite) = data::suite_json(path) else { return };
    let list = |key: &str| suite[key].as_array().cloned().unwrap_or_default();
    let documents = [list("documents"), list("start_timestamp_limits")].concat();
    for document in &documents {
        check_document(format, document);
    }
    let errors = list("errors");
    for case in &errors {
        check_error(format, case);
    }
    for case in list("must_not_panic") {
        let _outcome = events(format, &bytes(&case, "input"), Options::default());
    }
    assert_eq!([documents.len(), errors.len()], expected_counts, "cases in {path}");
    println!("{path}: {} documents, {} errors", documents.len(), errors.len());
}

fn check_document(format: Format, document: &Value) {
    let options = Options {
        type_and_unit_labels: document["type_and_unit"] == true,
        skip_created_series: document["options"]["skip_created_series"] == true,
    };
    let events = events(format, &bytes(document, "input"), options).unwrap();
    let expected = document["entries"].as_array().unwrap();
    for (at, (event, expected)) in events.iter().zip(expected).enumerate() {
        // Cases about start times say nothing of labels and values.
        let said: Map<_, _> = event.iter().filter(|(key, _)| is_said(expected, key)).map(clone_pair).collect();
        assert_eq!(Value::Object(said), *expected, "event {at} of {}", document["name"]);
    }
    assert_eq!(events.len(), expected.len(), "{}", document["name"]);
}

fn is_said(expected: &Value, key: &str) -> bool {
    let is_thin = expected["kind"] == "series" && expected.get("labels").is_none();
    !is_thin || matches!(key, "kind" | "metric")
}

fn clone_pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn check_error(format: Format, case: &Value) {
    let outcome = events(format, &bytes(case, "input"), Options::default());
    match case["error"].as_str() {
        Some(message) => assert_eq!(outcome.unwrap_err().to_string(), message, "{case}"),
        None => assert!(outcome.is_ok(), "{case}: {outcome:?}"),
    }
}

/// The events of a body in the suite's own form.
fn events(format: Format, body: &[u8], options: Options) -> Result<Vec<Map<String, Value>>, ParseError> {
    let mut parser = Parser::new(format, body, options);
    let mut events = Vec::new();
    while let Some(event) = parser.next()? {
        events.push(described(&mut parser, event));
    }
    Ok(events)
}

fn described(parser: &mut Parser<'_>, event: Event<'_>) -> Map<String, Value> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let described = match event {
        Event::Help { family, text: help } => {
            json!({"kind": "help", "metric": text(family), "help": parser.help_text(help)})
        }
        Event::Type { family, metric_type } => {
            json!({"kind": "type", "metric": text(family), "type": metric_type.as_str()})
        }
        Event::Unit { family, unit } => json!({"kind": "unit", "metric": text(family), "unit": text(unit)}),
        Event::Comment(comment) => json!({"kind": "comment", "comment": text(comment)}),
        Event::Series { text: series, sample } => {
            let labels: BTreeMap<String, String> = match parser.labels() {
                Ok(labels) => labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                Err(error) => BTreeMap::from([("error".to_owned(), error.to_string())]),
            };
            let mut described = json!({
                "kind": "series", "metric": text(series), "labels": labels, "value": number(sample.value),
            });
            set(&mut described, "timestamp_ms", sample.timestamp_ms.map(Value::from));
            set(&mut described, "exemplars", parser.exemplar().map(|exemplar| json!([exemplar_json(&exemplar)])));
            set(&mut described, "start_timestamp_ms", parser.start_timestamp_ms().map(Value::from));
            described
        }
    };
    described.as_object().unwrap().clone()
}

fn exemplar_json(exemplar: &Exemplar) -> Value {
    let labels: BTreeMap<&str, &str> = exemplar.labels.iter().collect();
    let mut described = json!({"labels": labels, "value": number(exemplar.value)});
    set(&mut described, "timestamp_ms", exemplar.timestamp_ms.map(Value::from));
    described
}

fn set(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[key] = value;
    }
}

fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(model::float::plain(value)) }
}

/// A text of the suites, which holds what is not UTF-8 in base64.
fn bytes(case: &Value, key: &str) -> Vec<u8> {
    match case[key].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => {
            let encoded = case[format!("{key}_b64")].as_str().unwrap();
            base64::engine::general_purpose::STANDARD.decode(encoded).unwrap()
        }
    }
}

#[test]
fn content_type() {
    let Some(suite) = data::suite_json("textparse/content-type.json") else { return };
    let cases = suite["cases"].as_array().unwrap();
    for case in cases {
        let fallback = case["fallback_scrape_protocol"].as_str().map(|protocol| match protocol {
            "PrometheusProto" => MediaType::Protobuf,
            protocol if protocol.starts_with("PrometheusText") => MediaType::PrometheusText,
            _ => MediaType::OpenMetrics,
        });
        let (media_type, problem) = content_type::select(case["content_type"].as_str().unwrap(), fallback);
        let parser = match media_type {
            None => "none",
            Some(MediaType::PrometheusText) => "prometheus-text",
            Some(MediaType::OpenMetrics) => "openmetrics",
            Some(MediaType::Protobuf) => "protobuf",
        };
        assert_eq!(parser, case["parser"], "{case}");
        let problem = problem.map(|problem| problem.to_string()).unwrap_or_default();
        let expected = case["error_contains"].as_str().unwrap_or_default();
        assert!(problem.contains(expected) && problem.is_empty() == expected.is_empty(), "{case}: {problem}");
    }
    assert_eq!(cases.len(), 20);
    println!("textparse/content-type.json: {} choices of a parser", cases.len());
}
