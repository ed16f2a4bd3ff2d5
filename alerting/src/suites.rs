//! The files of `suites/alertmanager`, for tests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::Labels;
use serde_json::Value;

use crate::Alert;
use crate::matcher::Matcher;

/// A file of the suites, if it is there.
pub(crate) fn suite(file: &str) -> Option<Value> {
    let suites = std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites")), PathBuf::from);
    let path = suites.join("alertmanager").join(file);
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(error) if std::env::var("NARTHEX_CI").is_ok_and(|ci| ci == "1") => panic!("{}: {error}", path.display()),
        Err(_) => {
            println!("left out: {} is not there", path.display());
            None
        }
    }
}

/// The elements of a list.
pub(crate) fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty for nothing.
pub(crate) fn text(json: &Value) -> &str {
    json.as_str().unwrap_or_default()
}

/// Labels from an object.
pub(crate) fn labels(json: &Value) -> Labels {
    let pairs: BTreeMap<String, String> = serde_json::from_value(json.clone()).unwrap();
    Labels::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// A matcher from its name, operator and value.
pub(crate) fn matcher(json: &Value) -> Matcher {
    let op = crate::matcher::op(text(&json["type"])).unwrap();
    Matcher::new(text(&json["name"]), op, text(&json["value"])).unwrap()
}

/// An alert from its labels and its times in seconds after `now_ms`.
pub(crate) fn alert(json: &Value, now_ms: i64) -> Alert {
    let at = |field: &str| json[field].as_i64().map(|seconds| now_ms + seconds * 1000);
    Alert {
        labels: if json["labels"].is_null() { Labels::empty() } else { labels(&json["labels"]) },
        annotations: Labels::empty(),
        starts_at_ms: at("starts_at_s").unwrap_or_default(),
        ends_at_ms: at("ends_at_s"),
        generator_url: String::new(),
        updated_at_ms: at("updated_at_s").unwrap_or_default(),
        is_timeout: json["timeout"] == true,
    }
}
