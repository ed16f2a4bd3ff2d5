//! The log of failed scrapes that a configuration asks for: a file to which each failure appends one JSON object in one
//! line, with the fields of Prometheus's.
//!
//! A line is one write to a file that is opened for appending, so that any number of pools, and of processes, can share
//! one. Absent: rotation; whoever moves the file away has to reload.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

/// A log of failed scrapes, open. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct FailureLog(Arc<File>);

/// Why there is no log of failed scrapes.
#[derive(Debug, thiserror::Error)]
#[error("scrape failure log file {} cannot be opened: {error}", path.display())]
pub struct FailureLogError {
    /// The file.
    pub path: PathBuf,
    /// The cause.
    pub error: io::Error,
}

/// A failed scrape.
#[derive(Debug, Serialize)]
pub(crate) struct Failure<'a> {
    time: String,
    level: &'static str,
    /// What the page of targets shows, too.
    msg: &'a str,
    job_name: &'a str,
    /// The URL.
    target: &'a str,
}

impl<'a> Failure<'a> {
    pub(crate) fn new(timestamp_ms: i64, error: &'a str, job_name: &'a str, target: &'a str) -> Failure<'a> {
        let time = Timestamp::from_millisecond(timestamp_ms).unwrap_or_default();
        Failure { time: format!("{time:.3}"), level: "ERROR", msg: error, job_name, target }
    }
}

impl FailureLog {
    /// Opens a log, which is made where it is missing. Its directory is not.
    pub(crate) fn open(path: &Path) -> Result<FailureLog, FailureLogError> {
        match OpenOptions::new().append(true).create(true).open(path) {
            Ok(file) => Ok(FailureLog(Arc::new(file))),
            Err(error) => Err(FailureLogError { path: path.to_owned(), error }),
        }
    }

    /// Appends a failure.
    pub(crate) fn write(&self, failure: &Failure<'_>) -> io::Result<()> {
        let mut line = serde_json::to_vec(failure)?;
        line.push(b'\n');
        (&*self.0).write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("failures.log");
        for error in ["connection refused", "a \"quote\"\nand more"] {
            let log = FailureLog::open(&path).unwrap();
            log.write(&Failure::new(1_700_000_000_250, error, "j", "http://a:1/metrics")).unwrap();
        }
        let line = |msg: &str| {
            format!(
                "{{\"time\":\"2023-11-14T22:13:20.250Z\",\"level\":\"ERROR\",\"msg\":{msg},\"job_name\":\"j\",\"target\":\"http://a:1/metrics\"}}\n"
            )
        };
        let want = line("\"connection refused\"") + &line("\"a \\\"quote\\\"\\nand more\"");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), want);
    }

    #[test]
    fn a_log_that_cannot_be_opened_is_named() {
        let error = FailureLog::open(Path::new("/nowhere/failures.log")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "scrape failure log file /nowhere/failures.log cannot be opened: No such file or directory (os error 2)"
        );
    }
}
