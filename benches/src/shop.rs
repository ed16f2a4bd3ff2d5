//! A shop whose error budgets are counted: a clock that is told the time, a store, targets, and the objectives.

#![expect(clippy::unwrap_used, reason = "a bench stops when it cannot go on")]

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use journal::testkit::ToldClock;
use model::rng::SeededRng;
use model::storage::{Append, Batch, Select, SeriesRef, SourceRef, Timestamps};
use model::{Clock, Labels};
use query::{Engine, EngineOptions};
use slo::count::{Counting, Options};
use slo::spec::Catalog;
use tsdb::{Options as StoreOptions, Progress, Store};

use crate::past::Past;

/// How often targets are scraped, in milliseconds.
pub const STEP_MS: i64 = 15_000;
/// A day, in milliseconds.
pub const DAY_MS: i64 = 86_400_000;

/// A store, and the counting of some objectives over what it is given. Years are kept of what is counted.
#[derive(Debug)]
pub struct Shop {
    /// What time it is.
    pub clock: Arc<ToldClock>,
    /// Takes what targets say.
    pub store: Arc<Store>,
    /// Counts.
    pub counting: Arc<Counting>,
}

impl Shop {
    /// Opens it in a directory. Of a month before there may be a past, which objectives are counted back over.
    ///
    /// # Panics
    /// When the directory cannot be used.
    pub fn open(disk: &Arc<dyn Disk>, dir: &Path, now_ms: i64, past: Option<Arc<Past>>) -> Shop {
        let clock = Arc::new(ToldClock::at(now_ms));
        let shown = Arc::clone(&clock) as Arc<dyn Clock>;
        let options = StoreOptions { max_ahead_ms: i64::MAX, ..StoreOptions::default() };
        let opened = Store::open(disk, &shown, &mut SeededRng::new(1), dir, options, &Progress::default());
        let store = Arc::new(opened.unwrap().0);
        let counting = Counting::open(Options {
            disk: Arc::clone(disk),
            dir: dir.join("slo/history"),
            clock: shown,
            salt: 7,
            select: past.map_or_else(|| Arc::clone(&store) as Arc<dyn Select>, |past| past as _),
            feed: Arc::clone(&store) as _,
            engine: Arc::new(Engine::new(EngineOptions::default())),
            retention_ms: 400 * DAY_MS,
            raw_retention_ms: 31 * DAY_MS,
            scrape_interval_ms: STEP_MS,
            sample_every_ms: 60_000,
        });
        Shop { clock, store, counting: Arc::new(counting.unwrap()) }
    }

    /// Takes objectives up.
    ///
    /// # Panics
    /// When that cannot be noted.
    pub fn promise(&self, catalog: &Arc<Catalog>) {
        self.counting.apply(Arc::clone(catalog)).unwrap();
    }
}

/// A target, and what its series say: the first is `up`, which stays 1.
#[derive(Debug)]
pub struct Target {
    source: SourceRef,
    series: Vec<SeriesRef>,
    values: Vec<f64>,
}

impl Target {
    /// A target with counters, each by its name and its labels.
    ///
    /// # Panics
    /// When the store does not take one of them.
    pub fn open(store: &Store, instance: &str, counters: &[(&str, Vec<(&str, &str)>)]) -> Target {
        let of_target = |name: &str, labels: &[(&str, &str)]| {
            let own = [("__name__", name), ("job", "shop"), ("instance", instance)];
            Labels::from_pairs(labels.iter().copied().chain(own))
        };
        let mut series = vec![of_target("up", &[])];
        series.extend(counters.iter().map(|(name, labels)| of_target(name, labels)));
        let source = store.open_source(&of_target("", &[]));
        let values = vec![1.0; series.len()];
        let series = store.resolve(Some(source), &series).unwrap().into_iter().map(Result::unwrap).collect();
        Target { source, series, values }
    }

    /// How many series it has.
    pub fn n_series(&self) -> usize {
        self.series.len()
    }

    /// A scrape at a time; `growth` says by how much a counter has grown, by its number from 1 on.
    ///
    /// # Panics
    /// When the store does not take it.
    pub fn scrape(&mut self, store: &Store, at_ms: i64, growth: impl Fn(usize) -> f64) {
        for (number, value) in self.values.iter_mut().enumerate().skip(1) {
            *value += growth(number);
        }
        let batch = Batch {
            source: Some(self.source),
            series: &self.series,
            timestamps: Timestamps::All(at_ms),
            values: &self.values,
            starts: &[],
            histograms: &[],
        };
        assert_eq!(store.commit(&batch).unwrap(), []);
    }
}

/// A document that promises 99.9 % of a route over a rolling window; `errors` matches the codes of bad requests.
pub fn promise(number: usize, window: &str, errors: &str) -> String {
    let source = |query: String| format!("{{metricSource: {{type: Prometheus, spec: {{query: '{query}'}}}}}}");
    let bad = source(format!("http_requests_total{{route=\"/r{number}\",{errors}}}"));
    let total = source(format!("http_requests_total{{route=\"/r{number}\"}}"));
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: slo-{number}}}\nspec:\n  service: shop\n  budgetingMethod: Occurrences\n  \
         timeWindow: [{{duration: {window}, isRolling: true}}]\n  objectives: [{{target: 0.999}}]\n  indicator:\n    \
         metadata: {{name: i-{number}}}\n    spec:\n      ratioMetric:\n        counter: true\n        bad: {bad}\n        total: {total}\n"
    )
}
