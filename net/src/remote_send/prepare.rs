//! What is done to a row before it is sent.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use model::Labels;
use model::relabel::Relabelled;
use model::storage::{FeedRow, HistogramValue};

use super::counts::QueueCounts;
use super::settings::QueueSettings;
use crate::remote_write::{Outgoing, OutgoingValue};

/// So many series are remembered, so that their labels are made once.
const MAX_KNOWN: usize = 1 << 20;

/// A row that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) labels: Labels,
    pub(super) timestamp_ms: i64,
    pub(super) start_ms: i64,
    pub(super) value: RowValue,
    /// It was committed before the queue began, so the queue before may have sent it.
    pub(super) may_be_repeated: bool,
}

/// Its value.
#[derive(Clone, Debug)]
pub(super) enum RowValue {
    Float(f64),
    Histogram(HistogramValue),
}

impl Row {
    pub(super) fn outgoing(&self) -> Outgoing<'_> {
        let value = match &self.value {
            RowValue::Float(value) => OutgoingValue::Float(*value),
            RowValue::Histogram(value) => OutgoingValue::Histogram(value),
        };
        Outgoing { labels: &self.labels, timestamp_ms: self.timestamp_ms, start_ms: self.start_ms, value }
    }
}

/// Makes of committed rows those that are sent.
#[derive(Debug)]
pub(super) struct Preparer<'q> {
    settings: &'q QueueSettings,
    counts: &'q QueueCounts,
    /// What became of the labels of a series; `None` where it is dropped.
    known: HashMap<Labels, Option<Labels>>,
}

impl<'q> Preparer<'q> {
    pub(super) fn new(settings: &'q QueueSettings, counts: &'q QueueCounts) -> Preparer<'q> {
        Preparer { settings, counts, known: HashMap::new() }
    }

    /// The row as it is sent, if it is.
    pub(super) fn prepare(&mut self, row: &FeedRow<'_>, now_ms: i64, may_be_repeated: bool) -> Option<Row> {
        let (labels, timestamp_ms, start_ms, value) = match row {
            FeedRow::Float { labels, timestamp_ms, start_ms, value, .. } => {
                (labels, *timestamp_ms, *start_ms, RowValue::Float(*value))
            }
            FeedRow::Histogram { labels, timestamp_ms, start_ms, value, .. } => {
                if !self.settings.send_histograms {
                    self.counts.dropped_histograms.fetch_add(1, Ordering::Relaxed);
                    return None;
                }
                (labels, *timestamp_ms, *start_ms, RowValue::Histogram((*value).clone()))
            }
        };
        self.counts.highest_read_ms.fetch_max(timestamp_ms, Ordering::Relaxed);
        if is_too_old(self.settings, timestamp_ms, now_ms) {
            self.counts.dropped_old.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let Some(labels) = self.labels(labels) else {
            self.counts.dropped_relabelled.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        Some(Row { labels, timestamp_ms, start_ms, value, may_be_repeated })
    }

    fn labels(&mut self, labels: &Labels) -> Option<Labels> {
        if self.settings.external_labels.is_empty() && self.settings.relabel.is_empty() {
            return Some(labels.clone());
        }
        if let Some(known) = self.known.get(labels) {
            return known.clone();
        }
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        let made = relabelled(self.settings, labels);
        self.known.insert(labels.clone(), made.clone());
        made
    }
}

/// The labels with the external ones, relabelled; `None` where they are dropped.
fn relabelled(settings: &QueueSettings, labels: &Labels) -> Option<Labels> {
    let mut builder = labels.to_builder();
    for (name, value) in &settings.external_labels {
        if builder.get(name).is_empty() {
            builder.set(name, value);
        }
    }
    let labels = builder.build();
    let labels = match settings.relabel.apply(&labels) {
        Relabelled::Unchanged => labels,
        Relabelled::Changed(labels) => labels,
        Relabelled::Dropped => return None,
    };
    (!labels.is_empty()).then_some(labels)
}

pub(super) fn is_too_old(settings: &QueueSettings, timestamp_ms: i64, now_ms: i64) -> bool {
    let max_age_ms = settings.max_age.map(|age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    max_age_ms.is_some_and(|max_age_ms| timestamp_ms < now_ms.saturating_sub(max_age_ms))
}
