//! Another parser, `prometheus-parse`, on the part of the grammar on which it is right: names of letters, digits and
//! underscores, values of labels without quotes, backslashes, commas, equals signs and braces, whole timestamps, no types.
//! There it must read every sample as we do.

use std::collections::BTreeMap;

use prometheus_parse::{Scrape, Value};
use proptest::prelude::*;
use scrape::parse::{Event, Format, Options, Parser};

/// A sample: name, labels, bits of the value, time.
type Read = (String, BTreeMap<String, String>, u64, i64);

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,18}",
        "-?[0-9]{0,9}\\.[0-9]{1,20}",
        "-?[0-9]{1,3}(\\.[0-9]{1,17})?[eE][+-]?[0-9]{1,2}",
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(|value| format!("{value:e}")),
        Just("+Inf".to_owned()),
        Just("-Inf".to_owned()),
        Just("NaN".to_owned()),
    ]
}

fn line() -> impl Strategy<Value = String> {
    let labels = prop::collection::btree_map("[a-zA-Z_][a-zA-Z0-9_]{0,8}", "[a-zA-Z0-9é/.:;?&%#{ -]{1,12}", 0..5);
    ("[a-zA-Z_][a-zA-Z0-9_]{0,12}", labels, value(), 0i64..10_000_000_000_000, "[ \\t]{1,3}", "[ \\t]{1,3}").prop_map(
        |(name, labels, value, timestamp, blank, another)| {
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            format!("{name}{labels}{blank}{value}{another}{timestamp}\n")
        },
    )
}

proptest! {
    #[test]
    fn both_read_the_same(lines in prop::collection::vec(prop_oneof![9 => line(), 1 => Just("\n".to_owned())], 0..20)) {
        let body = lines.concat();
        prop_assert_eq!(ours(&body), theirs(&body));
    }
}

fn ours(body: &str) -> Vec<Read> {
    let mut parser = Parser::new(Format::PrometheusText, body.as_bytes(), Options::default());
    let mut samples = Vec::new();
    while let Some(event) = parser.next().unwrap() {
        if let Event::Series { sample, .. } = event {
            let mut labels: BTreeMap<String, String> =
                parser.labels().unwrap().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let name = labels.remove("__name__").unwrap_or_default();
            samples.push((name, labels, bits(sample.value), sample.timestamp_ms.unwrap()));
        }
    }
    samples
}

fn theirs(body: &str) -> Vec<Read> {
    let lines = body.lines().map(|line| Ok(line.to_owned()));
    let samples = Scrape::parse(lines).unwrap().samples.into_iter();
    samples
        .map(|sample| {
            let Value::Untyped(value) = sample.value else { panic!("typed: {sample:?}") };
            let labels = sample.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            (sample.metric, labels, bits(value), sample.timestamp.timestamp_millis())
        })
        .collect()
}

/// The bits of a value; of NaN there are many, and theirs is another.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}
