//! Counters with a label that says how it went: HTTP's and gRPC's codes, and words.

use std::collections::BTreeSet;

use model::{MatchOp, Matcher};

use super::write::{Ratio, Written, ratio};
use super::{Draft, Metric};
use crate::report::Language;

/// Labels that say how it went, the clearest first.
pub(super) const LABELS: [&str; 16] = [
    "code",
    "status_code",
    "http_status_code",
    "http_response_status_code",
    "response_code",
    "status",
    "grpc_code",
    "grpc_status",
    "rpc_grpc_status_code",
    "result",
    "outcome",
    "success",
    "state",
    "error",
    "exception",
    "reason",
];
/// Words for what went wrong.
const BAD: [&str; 16] = [
    "error",
    "errors",
    "err",
    "fail",
    "failed",
    "failure",
    "failures",
    "exception",
    "timeout",
    "ko",
    "rejected",
    "dropped",
    "panic",
    "aborted",
    "unavailable",
    "server_error",
];
/// Words for what went well.
const GOOD: [&str; 8] = ["ok", "success", "succeeded", "successful", "completed", "delivered", "accepted", "pass"];
/// The status codes of gRPC that are the server's fault, by number and by name.
const GRPC_BAD: [(&str, &str); 6] = [
    ("2", "Unknown"),
    ("4", "DeadlineExceeded"),
    ("12", "Unimplemented"),
    ("13", "Internal"),
    ("14", "Unavailable"),
    ("15", "DataLoss"),
];
/// All names of gRPC's status codes that nothing else bears.
const GRPC: [&str; 12] = [
    "Canceled",
    "Cancelled",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "OutOfRange",
    "Unimplemented",
    "DataLoss",
    "Unauthenticated",
];

/// What tells bad events by a label.
struct Telling {
    bad: Matcher,
    why: String,
}

/// A draft for each label that tells good from bad.
pub(super) fn drafts(metric: &Metric) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for label in LABELS {
        let Some(telling) = metric.labels.get(label).and_then(|values| telling(label, values, metric.language)) else {
            continue;
        };
        let word = if drafts.is_empty() { "availability".to_owned() } else { format!("{label}-availability") };
        let written = Written {
            name: metric.slug_with(&word),
            title: match metric.language {
                Language::English => format!("{} succeed", metric.family()),
                Language::Chinese => format!("{} 成功", metric.family()),
            },
            kind: "availability",
            percent: "99.9",
            labels: metric.groups(label),
        };
        let of = Ratio { is_good: false, part: metric.selector(&[telling.bad]), total: metric.selector(&[]) };
        drafts.push(ratio(metric, written, of, telling.why));
    }
    drafts
}

fn telling(label: &str, values: &BTreeSet<String>, language: Language) -> Option<Telling> {
    let regex = |pattern: &str| Matcher::new(label, MatchOp::Regex, pattern).ok();
    let is_http = |value: &String| {
        let bytes = value.as_bytes();
        bytes.len() == 3
            && (b'1'..=b'5').contains(&bytes[0])
            && bytes[1..].iter().all(|b| b.is_ascii_digit() || *b == b'x')
    };
    if values.iter().any(is_http) {
        let why = match language {
            Language::English => {
                format!("The label {label} is a status of HTTP, and 5xx are the server's own failures.")
            }
            Language::Chinese => format!("标签 {label} 是 HTTP 状态码，5xx 是服务端自身的失败。"),
        };
        return Some(Telling { bad: regex("5..")?, why });
    }
    if let Some(pattern) = grpc(label, values) {
        let why = match language {
            Language::English => {
                format!("The label {label} is a status of gRPC, and these are the server's own failures.")
            }
            Language::Chinese => format!("标签 {label} 是 gRPC 状态码，这些是服务端自身的失败。"),
        };
        return Some(Telling { bad: regex(&pattern)?, why });
    }
    let is_word = |words: &[&str], value: &str| words.contains(&value.to_ascii_lowercase().as_str());
    let bad: Vec<&str> = values.iter().map(String::as_str).filter(|value| is_word(&BAD, value)).collect();
    if let [first, ..] = bad[..] {
        let matcher =
            if bad.len() == 1 { Matcher::new(label, MatchOp::Equal, first).ok() } else { regex(&bad.join("|")) };
        return Some(Telling { bad: matcher?, why: what_failed(label, Some(&bad), language) });
    }
    if matches!(label, "error" | "exception") {
        return of_errors(label, values, language);
    }
    let good = values.iter().find(|value| is_word(&GOOD, value) || (label == "success" && *value == "true"))?;
    let why = match language {
        Language::English => format!("The label {label} says what went well: {good}. Anything else did not."),
        Language::Chinese => format!("标签 {label} 标明成功（{good}），其余均为失败。"),
    };
    Some(Telling { bad: Matcher::new(label, MatchOp::NotEqual, good).ok()?, why })
}

/// A label that is there, and not `none`, where something failed.
fn of_errors(label: &str, values: &BTreeSet<String>, language: Language) -> Option<Telling> {
    let is_nothing =
        |value: &&String| matches!(value.to_ascii_lowercase().as_str(), "none" | "false" | "0" | "nil" | "null");
    let nothing: Vec<&str> = values.iter().filter(is_nothing).map(String::as_str).collect();
    let bad = match nothing[..] {
        [] => Matcher::new(label, MatchOp::NotEqual, "").ok()?,
        [nothing] => Matcher::new(label, MatchOp::NotEqual, nothing).ok()?,
        [..] => Matcher::new(label, MatchOp::NotRegex, nothing.join("|")).ok()?,
    };
    Some(Telling { bad, why: what_failed(label, None, language) })
}

/// A label says what failed, by these values where they are named.
fn what_failed(label: &str, values: Option<&[&str]>, language: Language) -> String {
    match (language, values) {
        (Language::English, Some(values)) => format!("The label {label} says what failed: {}.", values.join(", ")),
        (Language::English, None) => format!("The label {label} says what failed."),
        (Language::Chinese, Some(values)) => format!("标签 {label} 标明失败：{}。", values.join("、")),
        (Language::Chinese, None) => format!("标签 {label} 标明失败。"),
    }
}

/// The server's own failures of gRPC, as the values write them.
fn grpc(label: &str, values: &BTreeSet<String>) -> Option<String> {
    let is_grpc = label.contains("grpc");
    let plain = |value: &str| value.replace('_', "").to_ascii_lowercase();
    let is_named = |value: &String| GRPC.iter().any(|name| name.eq_ignore_ascii_case(&plain(value)));
    if is_grpc && values.iter().any(|value| value.parse::<u8>().is_ok()) {
        return Some(GRPC_BAD.map(|(number, _)| number).join("|"));
    }
    if !is_grpc && !values.iter().any(is_named) {
        return None;
    }
    // Go's libraries write DeadlineExceeded, others DEADLINE_EXCEEDED.
    let is_shouted =
        values.iter().any(|value| value.len() > 2 && value.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    let written = |name: &str| if is_shouted { shouted(name) } else { name.to_owned() };
    Some(GRPC_BAD.map(|(_, name)| written(name)).join("|"))
}

/// `DeadlineExceeded` as `DEADLINE_EXCEEDED`.
fn shouted(name: &str) -> String {
    let mut shouted = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !shouted.is_empty() {
            shouted.push('_');
        }
        shouted.push(letter.to_ascii_uppercase());
    }
    shouted
}
