//! Each kind of receiver against a sink: what it sends, what it makes of answers, and what it never tells.

mod answers;
mod anything;
pub(crate) mod fixture;
mod hostile;
pub(crate) mod peer;
mod robots;
pub(crate) mod sink;

use std::path::Path;

use super::answer::{Answer, Judge};
use super::*;
use crate::suites::suite;

/// Writes a file of a test.
#[expect(clippy::disallowed_methods, reason = "a test's own file needs no disk that can fail")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[test]
fn statuses_and_truncation_are_those_of_alertmanager() {
    let Some(suite) = suite("http_retry_and_truncate.json") else { return };
    let answer = |status: u64, body: &str| Answer {
        status: http::StatusCode::from_u16(status as u16).unwrap(),
        headers: http::HeaderMap::new(),
        body: body.to_owned(),
        at_ms: 0,
    };
    for case in suite["retrier"].as_array().unwrap() {
        // What cannot be read is as good as nothing.
        let body = case["body"].as_str().filter(|body| *body != "UNREADABLE").unwrap_or_default();
        let retried: &[u16] = if case["extra_retry_codes"][0] == 429 { &[429] } else { &[] };
        let got = answer(case["status"].as_u64().unwrap(), body).judge(Judge { retried, ..Judge::PLAIN });
        let (retry, error) =
            got.map_or_else(|failure| (failure.is_retryable, Some(failure.reason)), |()| (false, None));
        assert_eq!((retry, error.as_deref()), (case["expect_retry"] == true, case["expect_error"].as_str()), "{case}");
    }
    for case in suite["failure_reason"].as_array().unwrap() {
        let got = format!("{:?}", FailureKind::of_status(case["status"].as_u64().unwrap() as u16));
        let got = if got == "Other" { "Default" } else { &got };
        assert_eq!(got, case["reason"], "{case}");
    }
    for case in suite["truncate"].as_array().unwrap() {
        let (text, max) = (case["in"].as_str().unwrap(), case["n"].as_u64().unwrap() as usize);
        assert_eq!(truncate::to_runes(text, max), case["runes"]["out"], "{case}");
        assert_eq!(truncate::to_bytes(text, max), case["bytes"]["out"], "{case}");
    }
    assert_eq!(["retrier", "failure_reason", "truncate"].map(|part| suite[part].as_array().unwrap().len()), [7, 9, 9]);
}
