//! What of a request was not taken, in words. Only then is the request read again, with the labels of all its series.

use std::fmt::Write as _;

use http::StatusCode;
use model::Labels;
use model::storage::{Refusal, Refused};
use net::remote_write::{LabelsFault, RequestVisitor, TimeSeries, Version, check_histogram};

use super::rows::{Message, Stored};

/// So many are told one by one.
const MAX_TOLD: usize = 100;

/// Something that was not taken.
#[derive(Debug)]
struct Complaint {
    text: String,
    /// The time of the sample that was refused; version 2 does not tell it.
    timestamp_ms: Option<i64>,
}

/// What is wrong with a request of which a part was not taken, and the status to answer with.
pub(super) fn explain(message: Message<'_>, stored: &Stored) -> (StatusCode, String) {
    let (floats, histograms) =
        stored.refused.split_at(stored.refused.partition_point(|refused| refused.row < stored.n_floats));
    let mut reading = Explaining {
        version: message.version,
        floats,
        histograms,
        n_floats: 0,
        n_histograms: stored.n_floats,
        n_complaints: 0,
        told: Vec::new(),
        by_limit: None,
    };
    // It has been read before.
    let _ = message.walk(&mut reading);
    reading.answer()
}

/// Reads a request for what was not taken.
#[derive(Debug)]
struct Explaining<'a> {
    version: Version,
    /// Refused rows that are still ahead.
    floats: &'a [Refused],
    histograms: &'a [Refused],
    /// The rows of the next of each kind.
    n_floats: usize,
    n_histograms: usize,
    n_complaints: usize,
    told: Vec<Complaint>,
    /// The first that a limit refused.
    by_limit: Option<Complaint>,
}

impl RequestVisitor for Explaining<'_> {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        if let Some(fault) = &series.fault {
            // Version 1 is silent on series whose labels cannot be.
            if self.version == Version::V2 {
                self.complain(|| (of_labels(series, fault), None, false));
            }
            return;
        }
        let name = || Labels::from_sorted(series.labels.iter().copied());
        if self.version == Version::V2 && series.samples.is_empty() && series.histograms.is_empty() {
            let text = "TimeSeries must contain at least one sample or histogram for series";
            self.complain(|| (format!("{text} {}", name()), None, false));
            return;
        }
        for sample in &series.samples {
            if let Some(refused) = take(&mut self.floats, self.n_floats) {
                self.complain(|| of_row(&refused.refusal, &name(), sample.timestamp_ms));
            }
            self.n_floats += 1;
        }
        for sample in &series.histograms {
            if let Err(fault) = check_histogram(&sample.value) {
                self.complain(|| (format!("{fault} for series {}", name()), Some(sample.timestamp_ms), false));
                continue;
            }
            if let Some(refused) = take(&mut self.histograms, self.n_histograms) {
                self.complain(|| of_row(&refused.refusal, &name(), sample.timestamp_ms));
            }
            self.n_histograms += 1;
        }
        for fault in series.exemplars.iter().filter_map(|exemplar| exemplar.fault.as_ref()) {
            self.complain(|| (format!("parsing exemplar for series {}: {fault}", name()), None, false));
        }
    }
}

/// The refusal of a row, if it is the next one.
fn take<'a>(refused: &mut &'a [Refused], row: usize) -> Option<&'a Refused> {
    let (first, rest) = refused.split_first().filter(|(first, _)| first.row == row)?;
    *refused = rest;
    Some(first)
}

fn of_row(refusal: &Refusal, series: &Labels, timestamp_ms: i64) -> (String, Option<i64>, bool) {
    // What is too far ahead is out of bounds to Prometheus, and so its senders know it.
    let prefix = if matches!(refusal, Refusal::TooFarAhead { .. }) { "out of bounds: " } else { "" };
    let is_by_limit = matches!(refusal, Refusal::SeriesLimit { .. });
    (format!("{prefix}{refusal} for series {series}"), Some(timestamp_ms), is_by_limit)
}

/// What is wrong with the labels of a series of version 2.
fn of_labels(series: &TimeSeries<'_>, fault: &LabelsFault) -> String {
    let refs = || {
        let texts: Vec<String> = series.labels_refs.iter().map(u32::to_string).collect();
        format!("[{}]", texts.join(" "))
    };
    let labels = text_of(&series.labels);
    match fault {
        LabelsFault::OddRefs { .. } | LabelsFault::OutsideSymbols { .. } => {
            format!("parsing labels for series {}: {fault}", refs())
        }
        LabelsFault::MetadataOutsideSymbols { .. } => format!("parsing metadata for series {}: {fault}", refs()),
        LabelsFault::Duplicate(name) => {
            format!("invalid labels for series, labels {labels}, duplicated label {name}")
        }
        LabelsFault::TooMany { .. } | LabelsFault::TooLong { .. } => format!("{fault} for series {labels}"),
        LabelsFault::NotUtf8 | LabelsFault::NoMetricName | LabelsFault::EmptyName => {
            format!("invalid metric name or labels, got {labels}")
        }
    }
}

/// Labels in braces, also where a name stands twice.
fn text_of(labels: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|&pair| Labels::from_sorted(std::iter::once(pair)).to_string())
        .map(|text| text.trim_start_matches('{').trim_end_matches('}').to_owned())
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

impl Explaining<'_> {
    fn complain(&mut self, complaint: impl FnOnce() -> (String, Option<i64>, bool)) {
        self.n_complaints += 1;
        if self.told.len() >= MAX_TOLD && self.by_limit.is_some() {
            return;
        }
        let (text, timestamp_ms, is_by_limit) = complaint();
        let complaint = Complaint { text, timestamp_ms };
        if is_by_limit && self.by_limit.is_none() {
            self.by_limit = Some(complaint);
        } else if self.told.len() < MAX_TOLD {
            self.told.push(complaint);
        }
    }

    /// What a limit refuses comes first, as it decides on the status.
    fn answer(self) -> (StatusCode, String) {
        let status = if self.by_limit.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_REQUEST };
        let n_complaints = self.n_complaints;
        let mut complaints = self.by_limit.into_iter().chain(self.told);
        let text = match self.version {
            Version::V1 => complaints.next().map(|first| first_of(&first, n_complaints)),
            Version::V2 => Some(all_of(complaints, n_complaints)),
        };
        (status, text.unwrap_or_default())
    }
}

/// Names the first, and says how many there were in all.
fn first_of(first: &Complaint, n_complaints: usize) -> String {
    let mut text = first.text.clone();
    // Writing to a string does not fail.
    if let Some(timestamp_ms) = first.timestamp_ms {
        let _ = write!(text, " at {timestamp_ms} ms");
    }
    if n_complaints > 1 {
        let _ = write!(text, ", and {} more", n_complaints - 1);
    }
    text
}

/// A line for each.
fn all_of(complaints: impl Iterator<Item = Complaint>, n_complaints: usize) -> String {
    let mut lines: Vec<String> = complaints.map(|complaint| complaint.text).collect();
    if n_complaints > lines.len() {
        lines.push(format!("and {} more", n_complaints - lines.len()));
    }
    lines.join("\n")
}
