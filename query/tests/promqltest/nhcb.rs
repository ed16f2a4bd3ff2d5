//! `load_with_nhcb`: classic histograms as native ones with custom buckets.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::histogram::{CUSTOM_BUCKETS_SCHEMA, Histogram, ResetHint, Span};
use model::labels::METRIC_NAME;
use model::{Labels, LabelsBuilder};
use query::syntax::series::SequenceValue;

use super::load::{LoadedSample, LoadedSeries};

/// A classic histogram at one time.
#[derive(Debug, Default)]
struct Classic {
    /// Upper bounds and counts, in any order.
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
    sum: f64,
}

/// The native histograms for the classic ones among the series.
///
/// # Errors
/// When the buckets of one contradict each other.
pub(crate) fn converted(series: &[LoadedSeries]) -> Result<Vec<LoadedSeries>, String> {
    let mut found: BTreeMap<Labels, BTreeMap<i64, Classic>> = BTreeMap::new();
    for one in series {
        let Some((name, suffix)) = base_name(one.labels.metric_name()) else { continue };
        let bound = one.labels.get("le").and_then(|bound| bound.parse::<f64>().ok()).filter(|bound| !bound.is_nan());
        if suffix == "bucket" && bound.is_none() {
            continue;
        }
        let mut labels: LabelsBuilder = one.labels.to_builder();
        labels.set(METRIC_NAME, name).remove("le");
        let times = found.entry(labels.build()).or_default();
        for sample in &one.samples {
            let SequenceValue::Float(value) = sample.value else { continue };
            let classic = times.entry(sample.timestamp_ms).or_default();
            match (suffix, bound) {
                ("bucket", Some(bound)) => classic.buckets.push((bound, value)),
                ("count", _) => classic.count = Some(value),
                _ => classic.sum = value,
            }
        }
    }
    let native = |(labels, times): (Labels, BTreeMap<i64, Classic>)| {
        let samples = times.into_iter().map(|(timestamp_ms, classic)| {
            let value = SequenceValue::Histogram { histogram: Arc::new(classic.native()?), has_reset_hint: false };
            Ok(LoadedSample { timestamp_ms, start_ms: 0, value })
        });
        Ok(LoadedSeries { labels, samples: samples.collect::<Result<_, String>>()? })
    };
    found.into_iter().map(native).collect()
}

fn base_name(name: &str) -> Option<(&str, &'static str)> {
    ["bucket", "count", "sum"].iter().find_map(|&suffix| {
        let base = name.strip_suffix(suffix)?.strip_suffix('_')?;
        Some((base, suffix))
    })
}

impl Classic {
    fn native(mut self) -> Result<Histogram, String> {
        self.buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let highest = self.buckets.last().copied();
        let count = self.count.or(highest.map(|(_, count)| count)).unwrap_or_default();
        match highest {
            Some((bound, of_highest)) if bound == f64::INFINITY && of_highest != count => {
                return Err(format!("count {count} is not that of the highest bucket, {of_highest}"));
            }
            Some((f64::INFINITY, _)) => {}
            _ => self.buckets.push((f64::INFINITY, count)),
        }
        let mut below = 0.0;
        let mut counts = Vec::with_capacity(self.buckets.len());
        for &(_, up_to) in &self.buckets {
            if up_to.is_nan() || up_to < below {
                return Err("counts of buckets fall".to_owned());
            }
            counts.push(up_to - below);
            below = up_to;
        }
        self.buckets.pop();
        Ok(Histogram {
            reset_hint: ResetHint::Unknown,
            schema: CUSTOM_BUCKETS_SCHEMA,
            zero_threshold: 0.0,
            zero_count: 0.0,
            count,
            sum: self.sum,
            positive_spans: vec![Span { offset: 0, length: counts.len() as u32 }],
            positive: counts,
            negative_spans: Vec::new(),
            negative: Vec::new(),
            custom_bounds: self.buckets.into_iter().map(|(bound, _)| bound).collect(),
        })
    }
}
