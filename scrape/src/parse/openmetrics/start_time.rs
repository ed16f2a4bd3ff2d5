//! When a series began to count: the `_created` line of its metric, which may stand anywhere behind it.
//!
//! The search goes ahead line by line with a copy of the parser and stops at the first `_created` line, at the first
//! HELP, TYPE or UNIT line, and at the first error. What was found holds for all samples of the metric that follow, and where
//! the search ended for all samples before that: no line is searched twice.

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

/// What a search came to: the start time of some metric, or none.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Where in the body it ended.
    end: usize,
    found: Option<KnownStart>,
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
            _ => self.known_start = self.find_start(&metric),
        }
        self.known_start.as_ref().map(|known| known.timestamp_ms)
    }

    fn find_start(&mut self, metric: &[u8]) -> Option<KnownStart> {
        let at = self.lexer.at;
        let search = self.last_search.take_if(|search| at < search.end).unwrap_or_else(|| self.search());
        let found = search.found.clone().filter(|found| found.metric == metric);
        self.last_search = Some(search);
        found
    }

    fn search(&self) -> Search {
        let mut ahead = self.clone();
        ahead.options.skip_created_series = false;
        while let Ok(Some(Event::Series { sample, .. })) = ahead.next() {
            let Some(family) = ahead.metric_name().strip_suffix(CREATED) else { continue };
            let timestamp_ms = (sample.value * 1000.0) as i64;
            let found = Some(KnownStart { metric: ahead.metric_of(family), timestamp_ms });
            return Search { end: ahead.lexer.at, found };
        }
        Search { end: ahead.lexer.at, found: None }
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::super::super::Options;
    use super::*;

    #[test]
    fn a_long_family_without_start_times_is_searched_once() {
        // Searched anew for each of its lines, this would take hours.
        let mut body = "# TYPE a counter\n".to_owned();
        (0..100_000).for_each(|n| writeln!(body, "a_total{{n=\"{n}\"}} 1").unwrap());
        body += "# TYPE b counter\nb_total{n=\"1\"} 1\nb_total{n=\"2\"} 1\nb_created{n=\"2\"} 5\nb_total{n=\"3\"} 1\n# EOF\n";
        let mut parser = OpenMetrics::new(body.as_bytes(), Options { skip_created_series: true, ..Options::default() });
        let (mut n_series, mut starts) = (0, Vec::new());
        while let Some(event) = parser.next().unwrap() {
            if matches!(event, Event::Series { .. }) {
                n_series += 1;
                starts.push(parser.start_timestamp_ms());
            }
        }
        assert_eq!(n_series, 100_003);
        assert_eq!(starts[100_000..], [None, Some(5000), None]);
        assert!(starts[..100_000].iter().all(Option::is_none));
    }
}
