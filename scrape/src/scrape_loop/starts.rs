//! Since when series count: what a target says in the `_created` lines of OpenMetrics.
//!
//! Such a line holds for all samples of its metric, wherever it stands in the body, and stays a series of its own, as Prometheus
//! has it. Which lines belong together is found when lines are new; as long as a target says the same lines, only the
//! numbers of its `_created` lines are looked up. A target without such lines costs nothing.

use model::Labels;
use model::labels::{BUCKET_LABEL, QUANTILE_LABEL};
use rustc_hash::FxHashMap;

use super::cache::{LineCache, LineId};
use super::exposition::Exposition;
use crate::parse::{Format, MetricType};

/// What the name of a line ends in that holds a start.
const CREATED: &str = "_created";
/// What the names of a metric's samples end in.
const SUFFIXES: [&str; 5] = ["_total", "_bucket", "_count", "_sum", CREATED];
/// The metric of lines that cannot have a start.
const NO_METRIC: u64 = 0;

/// The `_created` lines of a scrape, each with its start in milliseconds since the Unix epoch.
#[derive(Debug, Default)]
pub(super) struct CreatedLines(Vec<(LineId, i64)>);

impl CreatedLines {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Notes a line if it is such a one.
    #[inline]
    pub(super) fn note(&mut self, cache: &LineCache, id: LineId, seconds: f64) {
        if cache.line(id).metric_type.has_start() && is_created(cache.text(id)) {
            self.0.push((id, (seconds * 1000.0) as i64));
        }
    }

    /// The start of each of some lines, 0 where there is none; empty where there is none at all.
    pub(super) fn starts_of(&self, cache: &mut LineCache, lines: &[LineId]) -> Vec<i64> {
        if self.0.is_empty() {
            return Vec::new();
        }
        if !cache.is_unchanged() || cache.metrics().is_empty() {
            let metrics = (0..cache.n_lines()).map(|at| metric_of(cache, LineId::at(at))).collect();
            cache.set_metrics(metrics);
        }
        let metrics = cache.metrics();
        let metric = |id: &LineId| metrics.get(id.index() as usize).copied().unwrap_or(NO_METRIC);
        let known: FxHashMap<u64, i64> = self.0.iter().map(|(id, start_ms)| (metric(id), *start_ms)).collect();
        let start_of = |id: &LineId| match metric(id) {
            NO_METRIC => 0,
            _ if is_created(cache.text(*id)) => 0,
            metric => known.get(&metric).copied().unwrap_or(0),
        };
        lines.iter().map(start_of).collect()
    }
}

/// Whether the text of a line is that of a `_created` line.
fn is_created(text: &[u8]) -> bool {
    let is_end = |byte: &u8| *byte == b'{' || *byte == b' ';
    let name = text.split(is_end).next().unwrap_or_default();
    // A name in quotation marks stands behind the brace.
    name.ends_with(CREATED.as_bytes()) || (name.is_empty() && text.windows(9).any(|end| end == b"_created\""))
}

/// What the lines of one metric have in common, as a number.
fn metric_of(cache: &LineCache, id: LineId) -> u64 {
    let metric_type = cache.line(id).metric_type;
    if !metric_type.has_start() {
        return NO_METRIC;
    }
    let labels = Exposition::Text(Format::OpenMetrics).labels_again(cache.text(id), metric_type);
    labels.and_then(Result::ok).map_or(NO_METRIC, |labels| metric_of_labels(&labels, metric_type).max(1))
}

fn metric_of_labels(labels: &Labels, metric_type: MetricType) -> u64 {
    let varies = match metric_type {
        MetricType::Summary => QUANTILE_LABEL,
        MetricType::Histogram => BUCKET_LABEL,
        _ => "",
    };
    let name = labels.metric_name();
    let family = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let mut builder = labels.without(|name| name == varies).to_builder();
    builder.set(model::labels::METRIC_NAME, family);
    builder.build().fingerprint(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn created_lines_are_told_by_their_names() {
        for text in ["a_created", "a_created{b=\"c\"}", "{\"a.b_created\",c=\"d\"}"] {
            assert!(is_created(text.as_bytes()), "{text}");
        }
        for text in ["a_total", "a{b=\"x_created\"}", "a_created_total", ""] {
            assert!(!is_created(text.as_bytes()), "{text}");
        }
    }
}
