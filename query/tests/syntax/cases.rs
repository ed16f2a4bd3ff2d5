//! `promql-parse/cases.json`: what is accepted and as what tree, what is refused and with which errors.

use model::histogram::{ResetHint, Span};
use model::{Histogram, Labels};
use query::syntax::series::{self, SequenceValue};
use query::syntax::{self, Options, ParseErrors};
use serde_json::{Value, json};

use crate::{ast, suites};

/// The options of the suite.
const OPTIONS: Options = Options {
    experimental_functions: true,
    duration_expressions: true,
    extended_range_selectors: true,
    fill_modifiers: false,
};

#[test]
fn expressions() {
    let Some(suite) = suites::json("promql-parse/cases.json") else { return };
    let cases = suite["expressions"].as_array().unwrap();
    let failures: Vec<String> = cases.iter().filter_map(|case| check_expression(case).err()).collect();
    println!("{} of {} expressions", cases.len() - failures.len(), cases.len());
    assert_eq!(cases.len(), 356);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn check_expression(case: &Value) -> Result<(), String> {
    let input = input(case);
    let shown = String::from_utf8_lossy(&input).chars().take(120).collect::<String>();
    match syntax::parse_bytes(&input, OPTIONS) {
        Ok(expr) if case["ok"] == true => {
            let mut want = ast::normalised(case["ast"].clone());
            let mut got = ast::normalised(ast::tree(&expr));
            ast::without_derived_positions(&mut want);
            ast::without_derived_positions(&mut got);
            same(&shown, &got, &want)
        }
        Ok(expr) => Err(format!("{shown}\n  got  {expr}\n  want {}", case["error"])),
        Err(errors) if case["ok"] == true => Err(format!("{shown}\n  refused: {errors}")),
        Err(errors) => {
            let want: Vec<Value> = case["errors"].as_array().unwrap().clone();
            let mut got = list(&errors);
            if let Some(n_errors) = case["errors_count"].as_u64() {
                same(&shown, &json!(got.len()), &json!(n_errors))?;
                // The suite shows the first two of each kind.
                got = [&got[..2], &got[10_000..10_002]].concat();
            }
            same(&shown, &json!(errors.to_string()), &case["error"])?;
            same(&shown, &json!(got), &json!(want))
        }
    }
}

fn same(input: &str, got: &Value, want: &Value) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{input}\n  got  {got}\n  want {want}")) }
}

fn list(errors: &ParseErrors) -> Vec<Value> {
    errors
        .iter()
        .map(|error| {
            let (start, end) = (error.span.start, error.span.end);
            json!({ "start": start, "end": end, "msg": error.message, "error": error.to_string() })
        })
        .collect()
}

fn input(case: &Value) -> Vec<u8> {
    if let Some(text) = case["input"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(encoded) = case["input_b64"].as_str() {
        return base64(encoded);
    }
    let mut out = String::new();
    for part in case["input_expr"]["concat"].as_array().unwrap() {
        out += part["lit"].as_str().unwrap_or_default();
        out += &part["repeat"].as_str().unwrap_or_default().repeat(part["n"].as_u64().unwrap_or(0) as usize);
    }
    out.into_bytes()
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    let (mut bits, mut n_bits) = (0u32, 0);
    for value in text.bytes().filter_map(|byte| ALPHABET.iter().position(|&letter| letter == byte)) {
        bits = bits << 6 | value as u32;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            out.push((bits >> n_bits) as u8);
        }
    }
    out
}

#[test]
fn selectors_of_expressions() {
    let Some(suite) = suites::json("promql-parse/cases.json") else { return };
    let cases = suite["extract_selectors"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let expr = syntax::parse(case["input"].as_str().unwrap(), OPTIONS).unwrap();
        let got: Vec<String> = expr
            .selectors()
            .map(|matchers| {
                let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
                format!("{{{}}}", matchers.join(", "))
            })
            .collect();
        assert_eq!(json!(got), case["selectors"], "{}", case["input"]);
    }
}

#[test]
fn series_descriptions() {
    let Some(suite) = suites::json("promql-parse/cases.json") else { return };
    let cases = suite["series_descriptions"].as_array().unwrap();
    let failures: Vec<String> = cases.iter().filter_map(|case| check_series(case).err()).collect();
    println!("{} of {} series descriptions", cases.len() - failures.len(), cases.len());
    assert_eq!(cases.len(), 54);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

fn check_series(case: &Value) -> Result<(), String> {
    let input = case["input"].as_str().unwrap();
    match series::parse(input) {
        Err(error) if case["ok"] == true => Err(format!("{input}\n  refused: {error}")),
        Err(error) => {
            let contained = case["error_contains"].as_str().unwrap_or_default();
            let whole = case["error"].as_str().map_or_else(|| error.to_string(), str::to_owned);
            let is_same = error.to_string() == whole && error.to_string().contains(contained);
            if is_same { Ok(()) } else { Err(format!("{input}\n  got  {error}\n  want {case}")) }
        }
        Ok(_) if case["ok"] == false => Err(format!("{input}\n  taken, want {case}")),
        Ok(description) => {
            if let Some(labels) = case["labels"].as_object() {
                let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (&**name, value.as_str().unwrap())));
                same(input, &json!(description.labels.to_string()), &json!(labels.to_string()))?;
            }
            let is_float = case["values"].is_array();
            let want = if is_float { &case["values"] } else { &case["histograms"] };
            same(
                input,
                &json!(description.values.iter().map(sequence_value).collect::<Vec<_>>()),
                &ast::normalised(want.clone()),
            )
        }
    }
}

fn sequence_value(value: &SequenceValue) -> Value {
    match value {
        SequenceValue::Omitted => json!("_"),
        SequenceValue::Float(value) => ast::float(*value),
        SequenceValue::Histogram { histogram, has_reset_hint } => {
            let spans = |spans: &[Span]| spans.iter().map(|span| json!([span.offset, span.length])).collect::<Vec<_>>();
            let hint = match histogram.reset_hint {
                ResetHint::Unknown if *has_reset_hint => "unknown",
                ResetHint::Unknown => "",
                ResetHint::Reset => "reset",
                ResetHint::NotReset => "not_reset",
                ResetHint::Gauge => "gauge",
            };
            ast::normalised(json!({
                "schema": histogram.schema, "sum": histogram.sum, "count": histogram.count,
                "z_bucket": histogram.zero_count, "z_bucket_w": histogram.zero_threshold,
                "pos_buckets": histogram.positive, "pos_spans": spans(&histogram.positive_spans),
                "neg_buckets": histogram.negative, "neg_spans": spans(&histogram.negative_spans),
                "custom_values": histogram.custom_bounds, "counter_reset_hint": hint,
            }))
        }
    }
}

#[test]
fn histograms_as_text() {
    let Some(suite) = suites::json("promql-parse/cases.json") else { return };
    let cases = suite["histogram_test_expressions"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let fields = &case["histogram"];
        let number = |key: &str| fields[key].as_f64().unwrap_or_default();
        let counts = |key: &str| fields[key].as_array().into_iter().flatten().map(|v| v.as_f64().unwrap()).collect();
        let spans = |key: &str| {
            let spans = fields[key].as_array().into_iter().flatten();
            let span = |span: &Value| Span {
                offset: span[0].as_i64().unwrap() as i32,
                length: span[1].as_u64().unwrap() as u32,
            };
            spans.map(span).collect()
        };
        let histogram: Histogram = Histogram {
            reset_hint: if fields["counter_reset_hint"] == "reset" { ResetHint::Reset } else { ResetHint::Unknown },
            schema: number("schema") as i32,
            zero_threshold: number("z_bucket_w"),
            zero_count: number("z_bucket"),
            count: number("count"),
            sum: number("sum"),
            positive_spans: spans("pos_spans"),
            positive: counts("pos_buckets"),
            negative_spans: spans("neg_spans"),
            negative: counts("neg_buckets"),
            custom_bounds: Vec::new(),
        };
        assert_eq!(series::histogram_text(&histogram).unwrap(), case["text"].as_str().unwrap());
    }
}
