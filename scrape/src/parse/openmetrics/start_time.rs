//! When a series began to count: the `_created` line of its metric, which may stand anywhere behind it.
//!
//! The search goes ahead line by line with a copy of the parser and stops at the first `_created` line, at the first
//! HELP, TYPE or UNIT line, and at the first error. What was found holds for all samples of the metric that follow.

use model::labels::{BUCKET_LABEL, QUANTILE_LABEL};

use super::{Event, MetricType, OpenMetrics};

/// What the name of a line ends in that holds a start time.
pub(super) const CREATED: &[u8] = b"_created";

/// The start time of the metric it was last asked for.
#[derive(Clone, Debug)]
pub(super) struct KnownStart {
    metric: Vec<u8>,
    timestamp_ms: i64,
}

impl OpenMetrics<'_> {
    /// See [`super::super::Parser::start_timestamp_ms`].
    pub fn start_timestamp_ms(&mut self) -> Option<i64> {
        if !self.metric_type.has_start() {
            self.known_start = None;
            return None;
        }
        let metric = self.metric_of(self.family_part_of_name()?);
        match &self.known_start {
            Some(known) if known.metric == metric => {}
            _ => self.known_start = self.find_start(metric),
        }
        self.known_start.as_ref().map(|known| known.timestamp_ms)
    }

    fn find_start(&self, metric: Vec<u8>) -> Option<KnownStart> {
        let mut ahead = self.clone();
        ahead.options.skip_created_series = false;
        while let Ok(Some(Event::Series { sample, .. })) = ahead.next() {
            let Some(family) = ahead.metric_name().strip_suffix(CREATED) else { continue };
            let is_ours = ahead.metric_of(family) == metric;
            let timestamp_ms = (sample.value * 1000.0) as i64;
            return is_ours.then_some(KnownStart { metric, timestamp_ms });
        }
        None
    }

    /// The metric name without the suffix that its type gives it: as much of it as the family's name is long.
    fn family_part_of_name(&self) -> Option<&[u8]> {
        self.metric_name().get(..self.family_span.len())
    }

    /// What the samples of one metric have in common: the family, and all labels but `le` and `quantile`.
    fn metric_of(&self, family: &[u8]) -> Vec<u8> {
        let body = self.lexer.body;
        let mut metric = Vec::new();
        for (name, value) in &self.spans.labels {
            let name = &body[name.clone()];
            let varies_within_metric = match self.metric_type {
                MetricType::Summary => name == QUANTILE_LABEL.as_bytes(),
                MetricType::Histogram => name == BUCKET_LABEL.as_bytes(),
                _ => false,
            };
            if !varies_within_metric {
                metric.extend_from_slice(name);
                metric.push(b'=');
                metric.extend_from_slice(&body[value.clone()]);
                metric.push(b',');
            }
        }
        metric.extend_from_slice(family);
        metric
    }
}
