//! Groups: the samples of a family that share their labels, but for those that the type sets apart (`le`,
//! `quantile`, a state's own). They must stand together, and in the order of their timestamps.

use rustc_hash::FxHashSet;

use super::family::bound;
use super::histogram::Buckets;
use super::{Broken, Line, Rule};
use crate::parse::MetricType;

type Labels<'a> = Vec<(&'a str, &'a str)>;

#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    finished: FxHashSet<Labels<'a>>,
    current: Option<Group<'a>>,
}

#[derive(Debug)]
struct Group<'a> {
    labels: Labels<'a>,
    timestamp_ms: Option<i64>,
    /// The samples at this timestamp.
    samples: FxHashSet<(&'a str, Labels<'a>)>,
    buckets: Option<Buckets>,
}

impl<'a> Groups<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.current.is_none()
    }

    pub(super) fn sample(
        &mut self,
        metric_type: MetricType,
        family: &str,
        suffix: &str,
        line: &Line<'a>,
    ) -> Result<(), Broken> {
        let labels = group_labels(metric_type, family, line);
        if self.current.as_ref().is_none_or(|group| group.labels != labels) {
            self.begin(metric_type, labels, line)?;
        }
        let Some(group) = &mut self.current else { return Ok(()) };
        group.check_timestamp(line).map_err(|rule| (line.at, rule))?;
        match &mut group.buckets {
            Some(buckets) => buckets.sample(suffix, bound(line), line).map_err(|rule| (line.at, rule)),
            None => Ok(()),
        }
    }

    fn begin(&mut self, metric_type: MetricType, labels: Labels<'a>, line: &Line<'a>) -> Result<(), Broken> {
        self.finish_current()?;
        if self.finished.contains(&labels) {
            return Err((line.at, Rule::TornGroup));
        }
        let buckets = match metric_type {
            MetricType::Histogram => Some(Buckets::new(false, line.at)),
            MetricType::GaugeHistogram => Some(Buckets::new(true, line.at)),
            _ => None,
        };
        let timestamp_ms = line.sample.timestamp_ms;
        self.current = Some(Group { labels, timestamp_ms, samples: FxHashSet::default(), buckets });
        Ok(())
    }

    fn finish_current(&mut self) -> Result<(), Broken> {
        let Some(group) = self.current.take() else { return Ok(()) };
        self.finished.insert(group.labels);
        group.buckets.map_or(Ok(()), Buckets::finish)
    }

    pub(super) fn finish(mut self) -> Result<(), Broken> {
        self.finish_current()
    }
}

impl<'a> Group<'a> {
    fn check_timestamp(&mut self, line: &Line<'a>) -> Result<(), Rule> {
        match (self.timestamp_ms, line.sample.timestamp_ms) {
            (Some(before), Some(now)) if now < before => return Err(Rule::TimestampsGoBack),
            (Some(before), Some(now)) if now > before => {
                self.timestamp_ms = Some(now);
                self.samples.clear();
                // A histogram at another time begins anew.
                self.buckets = self.buckets.as_ref().map(|buckets| buckets.at_another_time(line.at));
            }
            (Some(_), Some(_)) | (None, None) => {}
            _ => return Err(Rule::MixedTimestamps),
        }
        let is_new = self.samples.insert((line.name, line.labels.clone()));
        // Timestamps finer than a millisecond look the same here and are allowed to repeat.
        if is_new || line.sample.timestamp_ms.is_some() { Ok(()) } else { Err(Rule::RepeatedSample) }
    }
}

fn group_labels<'a>(metric_type: MetricType, family: &str, line: &Line<'a>) -> Labels<'a> {
    let sets_apart = match metric_type {
        MetricType::Histogram | MetricType::GaugeHistogram => "le",
        MetricType::Summary => "quantile",
        MetricType::StateSet => family,
        _ => "",
    };
    let mut labels: Labels<'a> = line.labels.iter().filter(|(name, _)| *name != sets_apart).copied().collect();
    labels.sort_unstable();
    labels
}
