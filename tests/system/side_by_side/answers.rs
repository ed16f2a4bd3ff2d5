//! Answers of the query API, compared: series by labels, samples by time, values as numbers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use crate::http;

/// Two floats are equal if they differ by no more than this, relatively: the order of a sum is not fixed. A thousandth of
/// what Prometheus's own tests allow.
const TOLERANCE: f64 = 1e-9;

/// An answer in a form that can be compared.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Samples by labels (as JSON) and time.
    Samples { kind: String, series: BTreeMap<String, Vec<(f64, String)>> },
    /// An error: its type and its text.
    Error(String),
}

/// Asks a server.
pub(super) fn ask(address: SocketAddr, path: &str, parameters: &[(&str, &str)]) -> Answer {
    let form: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", http::encoded(value))).collect();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let document = http::request(address, "POST", path, &headers, form.join("&").as_bytes()).unwrap().json();
    if document["status"] == "error" {
        return Answer::Error(format!("{}: {}", document["errorType"], document["error"]));
    }
    let kind = document["data"]["resultType"].as_str().unwrap().to_owned();
    let result = &document["data"]["result"];
    let mut series = BTreeMap::new();
    match kind.as_str() {
        "vector" | "matrix" => {
            for one in result.as_array().unwrap() {
                let points = one["values"].as_array().cloned().unwrap_or_else(|| vec![one["value"].clone()]);
                series.insert(one["metric"].to_string(), points.iter().map(point).collect());
            }
        }
        _ => {
            series.insert(String::new(), vec![point(result)]);
        }
    }
    Answer::Samples { kind, series }
}

fn point(pair: &Value) -> (f64, String) {
    (pair[0].as_f64().unwrap(), pair[1].as_str().unwrap_or("a histogram").to_owned())
}

impl Answer {
    /// How many samples there are.
    pub(super) fn n_samples(&self) -> usize {
        match self {
            Answer::Samples { series, .. } => series.values().map(Vec::len).sum(),
            Answer::Error(_) => 0,
        }
    }

    /// The label sets.
    pub(super) fn label_sets(&self) -> Vec<&String> {
        match self {
            Answer::Samples { series, .. } => series.keys().collect(),
            Answer::Error(_) => Vec::new(),
        }
    }

    /// What is not equal in two answers, if anything.
    pub(super) fn difference(&self, other: &Answer) -> Option<String> {
        match (self, other) {
            (Answer::Error(one), Answer::Error(other)) => {
                (without_series(one) != without_series(other)).then(|| format!("{one} / {other}"))
            }
            (Answer::Samples { kind, series }, Answer::Samples { kind: other_kind, series: other }) => {
                if kind != other_kind {
                    return Some(format!("{kind} / {other_kind}"));
                }
                if let Some(labels) = series.keys().find(|labels| !other.contains_key(*labels)) {
                    return Some(format!("{labels} only in the first, of {} / {}", series.len(), other.len()));
                }
                if let Some(labels) = other.keys().find(|labels| !series.contains_key(*labels)) {
                    return Some(format!("{labels} only in the second, of {} / {}", series.len(), other.len()));
                }
                series.iter().find_map(|(labels, points)| difference(labels, points, &other[labels]))
            }
            _ => Some(format!("{} / {}", self.beginning(), other.beginning())),
        }
    }

    fn beginning(&self) -> String {
        format!("{self:?}").chars().take(300).collect()
    }
}

fn difference(labels: &str, points: &[(f64, String)], other: &[(f64, String)]) -> Option<String> {
    if points.len() != other.len() {
        return Some(format!("{labels}: {} / {} samples", points.len(), other.len()));
    }
    let are_equal = |one: &str, other: &str| {
        one == other
            || match (one.parse::<f64>(), other.parse::<f64>()) {
                (Ok(one), Ok(other)) => (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()),
                _ => false,
            }
    };
    points.iter().zip(other).find_map(|((time, value), (other_time, other_value))| {
        let is_equal = time == other_time && are_equal(value, other_value);
        (!is_equal).then(|| format!("{labels}: {value} at {time} / {other_value} at {other_time}"))
    })
}

/// An error's text without what stands in brackets: which of several series it shows depends on their order, which is
/// nobody's promise.
fn without_series(error: &str) -> String {
    let mut depth = 0_usize;
    let is_outside = |c: &char| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    };
    error.chars().filter(is_outside).collect()
}
