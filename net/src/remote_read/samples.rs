//! An answer of samples: one `prometheus.ReadResponse`.

use model::Labels;
use model::storage::HistogramValue;

use crate::remote_write::push::{push_bytes, push_double, push_message, push_number};
use crate::remote_write::push_histogram;

/// An answer in the making: series after series, query after query.
#[derive(Debug, Default)]
pub struct SamplesAnswer {
    out: Vec<u8>,
    /// The query that is being answered.
    result: Vec<u8>,
    series: Vec<u8>,
    scratch: Vec<u8>,
}

impl SamplesAnswer {
    /// An answer to no query yet.
    pub fn new() -> SamplesAnswer {
        SamplesAnswer::default()
    }

    /// Begins a series.
    pub fn begin_series(&mut self, labels: &Labels) {
        self.series.clear();
        push_labels(&mut self.series, &mut self.scratch, labels);
    }

    /// Adds a float to the series.
    pub fn float(&mut self, timestamp_ms: i64, value: f64) {
        push_message(&mut self.series, 2, &mut self.scratch, |out| {
            push_double(out, 1, value);
            push_number(out, 2, timestamp_ms as u64);
        });
    }

    /// Adds a native histogram to the series.
    pub fn histogram(&mut self, timestamp_ms: i64, value: &HistogramValue) {
        push_message(&mut self.series, 4, &mut self.scratch, |out| push_histogram(out, timestamp_ms, value));
    }

    /// Ends the series.
    pub fn end_series(&mut self) {
        push_bytes(&mut self.result, 1, &self.series);
    }

    /// Ends the answer to a query.
    pub fn end_query(&mut self) {
        push_bytes(&mut self.out, 1, &self.result);
        self.result.clear();
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Appends labels as the first field of a series.
pub(super) fn push_labels(out: &mut Vec<u8>, scratch: &mut Vec<u8>, labels: &Labels) {
    for (name, value) in labels {
        push_message(out, 1, scratch, |out| {
            push_bytes(out, 1, name.as_bytes());
            push_bytes(out, 2, value.as_bytes());
        });
    }
}
