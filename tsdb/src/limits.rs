//! Limits on series: in all, of one metric, of one target. They refuse new series only; those that are there go on.
//!
//! Counts come from the sizes of postings, so nothing has to be kept beside the index, and what leaves the index leaves
//! the counts. A refusal says whose series they are: the metric or the target, and the label of its newest series that
//! has the most values, which is nearly always the one that someone filled with requests or sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::Labels;
use model::labels::METRIC_NAME;
use model::name::quoted;
use model::storage::Refusal;
use parking_lot::Mutex;

use crate::index::Index;
use crate::store::Options;

/// Series in all.
const HEAD: Limit = Limit { name: "head_series", setting: "narthex.limits.head_series" };
/// Series of one metric.
const METRIC: Limit = Limit { name: "metric_series", setting: "narthex.limits.metric_series" };
/// Series of one target, by its labels `job` and `instance`.
const TARGET: Limit = Limit { name: "target_series", setting: "narthex.limits.target_series" };
/// Distinct label texts.
const TEXT: Limit = Limit { name: "head_label_text_bytes", setting: "fixed" };

/// So many of an offender's newest series are looked at for the label that has the most values.
const N_LOOKED_AT: u64 = 10_000;

/// What a limit is called, and where it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    name: &'static str,
    setting: &'static str,
}

/// The values of the limits; `u64::MAX` for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaxSeries {
    pub(crate) head: u64,
    pub(crate) metric: u64,
    pub(crate) target: u64,
}

impl MaxSeries {
    /// What holds for new series.
    pub(crate) fn of(options: &Options) -> MaxSeries {
        let Options { max_series, max_metric_series, max_target_series, .. } = options;
        MaxSeries { head: *max_series, metric: *max_metric_series, target: *max_target_series }
    }

    /// What holds for series that are read back: what a metric or a target had goes on, and beside the series that there were
    /// the log may name as many that had ended.
    pub(crate) fn of_replay(options: &Options) -> MaxSeries {
        MaxSeries { head: options.max_series.saturating_mul(2), metric: u64::MAX, target: u64::MAX }
    }
}

/// The limits, and what they have refused.
#[derive(Debug)]
pub(crate) struct SeriesLimits {
    max: MaxSeries,
    n_refused: RefusedSeries,
    /// The offender named last: what it is, the count at that time, and its name in words.
    named: Mutex<Option<(Offender, u64, Arc<str>)>>,
}

/// New series that were refused, by limit.
#[derive(Debug, Default)]
struct RefusedSeries {
    head: AtomicU64,
    metric: AtomicU64,
    target: AtomicU64,
}

/// Whose series are too many.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Offender {
    /// Of all series; the largest metric is named.
    All,
    Metric(String),
    Target(Labels),
}

impl SeriesLimits {
    pub(crate) fn new(max: MaxSeries) -> SeriesLimits {
        SeriesLimits { max, n_refused: RefusedSeries::default(), named: Mutex::new(None) }
    }

    /// Whether there is room for no series at all.
    pub(crate) fn is_full(&self, index: &Index) -> bool {
        index.n_series() as u64 >= self.max.head
    }

    /// Whether a new series with these labels may be made.
    pub(crate) fn check(&self, index: &Index, labels: &Labels) -> Result<(), Refusal> {
        if self.is_full(index) {
            self.n_refused.head.fetch_add(1, Ordering::Relaxed);
            return Err(self.refusal(HEAD, self.max.head, index, Offender::All));
        }
        let metric = labels.get(METRIC_NAME).unwrap_or_default();
        if self.max.metric < u64::MAX && index.n_with(&[(METRIC_NAME, metric)]) >= self.max.metric {
            self.n_refused.metric.fetch_add(1, Ordering::Relaxed);
            return Err(self.refusal(METRIC, self.max.metric, index, Offender::Metric(metric.to_owned())));
        }
        // What says of no instance that it comes from one is nobody's.
        let instance = labels.get("instance").filter(|_| self.max.target < u64::MAX);
        let Some(instance) = instance else { return Ok(()) };
        let job = labels.get("job").map(|job| ("job", job));
        let target: Vec<(&str, &str)> = std::iter::once(("instance", instance)).chain(job).collect();
        // An instance nearly always has one job, so the cheap count is the one that is needed.
        if index.n_with(&target[..1]) >= self.max.target && index.n_with(&target) >= self.max.target {
            self.n_refused.target.fetch_add(1, Ordering::Relaxed);
            let target = labels.without(|name| name != "job" && name != "instance");
            return Err(self.refusal(TARGET, self.max.target, index, Offender::Target(target)));
        }
        Ok(())
    }

    /// The refusal of a series for which the index has no room.
    pub(crate) fn no_room() -> Refusal {
        Refusal::SeriesLimit { name: TEXT.name, limit: 1 << 32, setting: TEXT.setting, offender: None }
    }

    /// How many new series each limit has refused.
    pub(crate) fn n_refused(&self) -> [(&'static str, u64); 3] {
        let RefusedSeries { head, metric, target } = &self.n_refused;
        [(HEAD, head), (METRIC, metric), (TARGET, target)]
            .map(|(limit, count)| (limit.name, count.load(Ordering::Relaxed)))
    }

    fn refusal(&self, limit: Limit, max: u64, index: &Index, offender: Offender) -> Refusal {
        // Refusals come by the thousand, and looking for the offender takes longer than refusing.
        let n_series = index.n_series() as u64;
        let mut named = self.named.lock();
        let known = named.as_ref().filter(|(known, n_then, _)| *known == offender && *n_then == n_series);
        let text = match known {
            Some((_, _, text)) => Arc::clone(text),
            None => {
                let text: Arc<str> = offender.describe(index).into();
                *named = Some((offender, n_series, Arc::clone(&text)));
                text
            }
        };
        Refusal::SeriesLimit { name: limit.name, limit: max, setting: limit.setting, offender: Some(text) }
    }
}

impl Offender {
    /// `metric "requests" with 70 series, whose label "path" has 61 values`
    fn describe(&self, index: &Index) -> String {
        let (what, pairs) = match self {
            Offender::All => {
                let (metric, _) = index.values(METRIC_NAME).max_by_key(|(_, n_series)| *n_series).unwrap_or_default();
                (format!("metric {}", quoted(metric)), vec![(METRIC_NAME, metric)])
            }
            Offender::Metric(metric) => (format!("metric {}", quoted(metric)), vec![(METRIC_NAME, metric.as_str())]),
            Offender::Target(labels) => (format!("target {labels}"), labels.iter().collect()),
        };
        let n_series = index.n_with(&pairs);
        let most = index.widest_label(&pairs, N_LOOKED_AT).map_or(String::new(), |(label, n_values)| {
            let of = if n_series > N_LOOKED_AT { format!(" in {N_LOOKED_AT} of them") } else { String::new() };
            format!(", whose label {} has {n_values} values{of}", quoted(&label))
        });
        format!("{what} with {n_series} series{most}")
    }
}

#[cfg(test)]
mod tests {
    use model::storage::SeriesRef;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::from_pairs(pairs.iter().copied())
    }

    /// Tries to add series, and answers what was said of the last.
    fn add(index: &mut Index, limits: &SeriesLimits, series: &[Labels]) -> String {
        let mut said = String::new();
        for labels in series {
            said = match limits.check(index, labels) {
                Ok(()) => {
                    index.insert(labels, SeriesRef(0)).unwrap();
                    String::new()
                }
                Err(refusal) => refusal.to_string(),
            };
        }
        said
    }

    /// `n` series of a metric on an instance, with a label of many values and one of two.
    fn many(metric: &str, instance: &str, n: usize) -> Vec<Labels> {
        let paths = (0..n).map(|n| (format!("/{metric}/{instance}/{n}"), if n % 2 == 0 { "GET" } else { "PUT" }));
        paths
            .map(|(path, method)| {
                let common = [("__name__", metric), ("instance", instance), ("job", "j")];
                labels(&[&common[..], &[("method", method), ("path", &path)]].concat())
            })
            .collect()
    }

    #[test]
    fn each_limit_names_who_reached_it() {
        let max = MaxSeries { head: 20, metric: 10, target: 15 };
        let limits = SeriesLimits::new(max);
        let mut index = Index::new(1);
        let said = add(&mut index, &limits, &many("a", "one", 11));
        let want = "too many series: limit 10 of metric_series is reached by metric \"a\" with 10 series, whose label \
                    \"path\" has 10 values (raised by narthex.limits.metric_series)";
        assert_eq!(said, want);
        // Another metric goes on, up to what its target may have.
        let said = add(&mut index, &limits, &many("b", "one", 6));
        let want = "too many series: limit 15 of target_series is reached by target {instance=\"one\", job=\"j\"} with \
                    15 series, whose label \"path\" has 15 values (raised by narthex.limits.target_series)";
        assert_eq!(said, want);
        // The same instance of another job is another target, and so is what has no instance.
        let other = labels(&[("__name__", "c"), ("instance", "one"), ("job", "k")]);
        let nobody = labels(&[("__name__", "c"), ("x", "y")]);
        assert_eq!(add(&mut index, &limits, &[other, nobody]), "");
        let said = add(&mut index, &limits, &many("c", "two", 4));
        let want = "too many series: limit 20 of head_series is reached by metric \"a\" with 10 series, whose label \
                    \"path\" has 10 values (raised by narthex.limits.head_series)";
        assert_eq!(said, want);
        assert!(limits.is_full(&index));
        assert_eq!(limits.n_refused(), [("head_series", 1), ("metric_series", 1), ("target_series", 1)]);
    }

    #[test]
    fn no_limit_refuses_nothing() {
        let limits = SeriesLimits::new(MaxSeries { head: u64::MAX, metric: u64::MAX, target: u64::MAX });
        let mut index = Index::new(1);
        assert_eq!(add(&mut index, &limits, &many("a", "one", 100)), "");
        assert_eq!(limits.n_refused().map(|(_, n_refused)| n_refused), [0, 0, 0]);
    }
}
