//! What a target answered in, and what to say when it is nothing that can be read.
//!
//! The `Content-Type` decides between the text formats, as in Prometheus. Where it decides for none, a snapshot of Mesos
//! is recognised by its content. For the rest the message says more than Prometheus does: most often the path is wrong,
//! and often enough it can be told which one is right.

use std::fmt;

use super::exposition::Exposition;
use crate::parse::Format;
use crate::parse::content_type::{self, ContentTypeProblem, MediaType};
use crate::smack::mesos::{Snapshot, SnapshotError};

/// A body that can be read.
#[derive(Debug)]
pub(crate) enum Recognised<'a> {
    Text(Format),
    Mesos(Snapshot<'a>),
}

impl Recognised<'_> {
    pub(crate) fn exposition(&self) -> Exposition {
        match self {
            Recognised::Text(format) => Exposition::Text(*format),
            Recognised::Mesos(_) => Exposition::Mesos,
        }
    }
}

/// Why a body can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The type is missing, malformed, or nothing that can be scraped.
    #[error("{problem}{}", Hinted(.hint))]
    Type {
        /// What is wrong with it.
        problem: ContentTypeProblem,
        /// What the body seems to be.
        hint: Option<String>,
    },
    /// Protobuf.
    #[error("the target answers in protobuf, which is not supported yet, although it was asked for text")]
    Protobuf,
}

/// Recognises a body. What is wrong with the type comes along where the fallback had to be used.
pub(crate) fn recognise<'a>(
    content_type: &str,
    fallback: Option<MediaType>,
    body: &'a [u8],
) -> Result<(Recognised<'a>, Option<ContentTypeProblem>), ContentError> {
    let (media_type, problem) = content_type::select(content_type, fallback);
    let mut snapshot_error = None;
    if problem.is_some() && first_byte(body) == Some(b'{') {
        match Snapshot::parse(body) {
            Ok(snapshot) => return Ok((Recognised::Mesos(snapshot), None)),
            Err(error) => snapshot_error = Some(error),
        }
    }
    match (media_type, problem) {
        (Some(MediaType::PrometheusText), problem) => Ok((Recognised::Text(Format::PrometheusText), problem)),
        (Some(MediaType::OpenMetrics), problem) => Ok((Recognised::Text(Format::OpenMetrics), problem)),
        (None, Some(problem)) => {
            let hint = page_hint(body).or_else(|| snapshot_error.map(|error| json_hint(body, &error)));
            Err(ContentError::Type { problem, hint })
        }
        (Some(MediaType::Protobuf), _) | (None, None) => Err(ContentError::Protobuf),
    }
}

/// A hint behind the message that it is for.
pub(crate) struct Hinted<'a>(pub(crate) &'a Option<String>);

impl fmt::Display for Hinted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// So much of a body is looked at for a hint.
const MAX_HINT_BYTES: usize = 16 << 10;

/// What to say of a body that is a page for people, whatever its type says.
pub(crate) fn page_hint(body: &[u8]) -> Option<String> {
    let start = &body[..body.len().min(MAX_HINT_BYTES)];
    let text = String::from_utf8_lossy(start.trim_ascii_start());
    let beginning: String = text.chars().take(64).collect::<String>().to_ascii_lowercase();
    if !["<!doctype html", "<html", "<head"].iter().any(|tag| beginning.starts_with(tag)) {
        return None;
    }
    let right_path = SPARK_PAGES.iter().find(|(mark, _)| text.contains(mark)).map(|(_, right_path)| right_path);
    let hint = "target returned text/html, wrong path?".to_owned();
    Some(right_path.map_or(hint.clone(), |right_path| format!("{hint} {right_path}")))
}

/// What stands in a page of Spark, and where that one has its metrics. An unknown path on Spark answers with a page.
const SPARK_PAGES: [(&str, &str); 4] = [
    (
        "Spark Master at ",
        "this is a Spark master: its metrics are at /metrics/master/prometheus/ and /metrics/applications/prometheus/",
    ),
    ("Spark Worker at ", "this is a Spark worker: its metrics are at /metrics/prometheus/"),
    (
        "- Spark Jobs",
        "this is a Spark application: its metrics are at /metrics/prometheus/ and /metrics/executors/prometheus",
    ),
    (
        "spark-logo",
        "this is a page of Spark: metrics are at /metrics/prometheus/, those of a master at /metrics/master/prometheus/",
    ),
];

fn json_hint(body: &[u8], error: &SnapshotError) -> String {
    let start = &body[..body.len().min(MAX_HINT_BYTES)];
    let is_dropwizard =
        memchr::memmem::find(start, b"\"gauges\"").is_some() && memchr::memmem::find(start, b"\"version\"").is_some();
    if is_dropwizard {
        return "target returned Dropwizard's JSON, wrong path? Spark has a text format at /metrics/prometheus/, a Spark \
                master at /metrics/master/prometheus/, Marathon at /metrics/prometheus"
            .to_owned();
    }
    format!("target returned JSON that is no snapshot of Mesos: {error}")
}

fn first_byte(body: &[u8]) -> Option<u8> {
    body.trim_ascii_start().first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(content_type: &str, body: &str) -> String {
        recognise(content_type, None, body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_page_is_named_and_spark_pages_with_the_right_path() {
        let unsupported =
            "received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol specified for target";
        let check = |body: &str, hint: &str| {
            assert_eq!(
                message("text/html", body),
                format!("{unsupported} (target returned text/html, wrong path?{hint})")
            );
        };
        check("\n<!DOCTYPE html><html>", "");
        check("<HTML><title>x</title>", "");
        check(
            "<!DOCTYPE html><html><head><title>Spark Master at spark://vm:7077</title>",
            " this is a Spark master: its metrics are at /metrics/master/prometheus/ and /metrics/applications/prometheus/",
        );
        check(
            "<html><head><title>Spark Worker at 10.0.0.1:1</title>",
            " this is a Spark worker: its metrics are at /metrics/prometheus/",
        );
        check(
            "<html><head><title>orders - Spark Jobs</title>",
            " this is a Spark application: its metrics are at /metrics/prometheus/ and /metrics/executors/prometheus",
        );
    }

    #[test]
    fn mesos_is_recognised_by_its_content() {
        let body = br#"{"master/elected":1.0,"system/load_1min":0.5}"#;
        for content_type in ["application/json", "text/json; charset=utf-8", ""] {
            let (recognised, _) = recognise(content_type, Some(MediaType::PrometheusText), body).unwrap();
            assert_eq!(recognised.exposition(), Exposition::Mesos, "{content_type}");
        }
        // A series may begin like JSON.
        let (recognised, _) = recognise("text/plain", None, b"{\"a\"} 1\n").unwrap();
        assert_eq!(recognised.exposition(), Exposition::Text(Format::PrometheusText));
    }

    #[test]
    fn other_json_is_named() {
        let unsupported = "received unsupported Content-Type \"application/json\" and no fallback_scrape_protocol specified for target";
        let check =
            |body: &str, hint: &str| assert_eq!(message("application/json", body), format!("{unsupported} ({hint})"));
        check(
            r#"{"a": "b"}"#,
            "target returned JSON that is no snapshot of Mesos: not an object of names and numbers: expected a number at byte 6",
        );
        check(
            r#"{"version":"4.0.0","gauges":{}}"#,
            "target returned Dropwizard's JSON, wrong path? Spark has a text format at /metrics/prometheus/, a Spark \
             master at /metrics/master/prometheus/, Marathon at /metrics/prometheus",
        );
    }

    #[test]
    fn protobuf_is_named() {
        let message = message("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily", "");
        assert_eq!(
            message,
            "the target answers in protobuf, which is not supported yet, although it was asked for text"
        );
    }
}
