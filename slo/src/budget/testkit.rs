//! For tests of budgets: a history that is told what it counted, a store that writes down what it is given, a clock that is told
//! the time, and objectives with few words.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use alerting::Alert;
use alerting::rules::{AlertSink, RuleAlert};
use journal::testkit::{MemoryDisk, ToldClock};
use model::Labels;
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef};
use parking_lot::Mutex;

use super::status::series_text;
use super::{Budgets, BudgetsOptions, InForce};
use crate::history::{Counts, History, UncountedFirstValue};
use crate::spec::{
    Budgeting, BurnPair, BurnPolicy, Catalog, Component, Composition, CompositionMethod, Counted, Counter, Indicator,
    Objective, Product, RatioSide, Role, Severity, Share, SourcePlace, Window,
};

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// What was counted, by objective and time, and who felt it. Each sample measures the minute before it.
#[derive(Debug, Default)]
pub(crate) struct ToldHistory(Mutex<HashMap<String, BTreeMap<i64, Counts>>>, Mutex<HashMap<String, Felt>>);

/// Counts by labels.
type Felt = Vec<(Labels, Counts)>;

impl ToldHistory {
    pub(crate) fn count(&self, id: &str, at_ms: i64, bad: f64, total: f64) {
        let counts = Counts { bad, total, measured_ms: MINUTE_MS as f64, expected_ms: MINUTE_MS as f64 };
        let mut all = self.0.lock();
        let slot = all.entry(id.to_owned()).or_default().entry(at_ms).or_default();
        *slot = *slot + counts;
    }

    /// Somebody felt bad events, whenever that is asked.
    pub(crate) fn felt(&self, id: &str, labels: &[(&str, &str)], bad: f64, total: f64) {
        let counts = Counts { bad, total, ..Counts::default() };
        self.1.lock().entry(id.to_owned()).or_default().push((Labels::from_pairs(labels.iter().copied()), counts));
    }
}

impl History for ToldHistory {
    fn counts(&self, id: &str, from_ms: i64, to_ms: i64) -> Counts {
        let all = self.0.lock();
        let Some(counts) = all.get(id).filter(|_| from_ms < to_ms) else { return Counts::default() };
        counts.range(from_ms + 1..=to_ms).fold(Counts::default(), |sum, (_, counts)| sum + *counts)
    }

    fn steps(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts> {
        let begins = (from_ms..to_ms).step_by(step_ms as usize);
        begins.map(|begin_ms| self.counts(id, begin_ms, (begin_ms + step_ms).min(to_ms))).collect()
    }

    fn began_ms(&self, id: &str) -> Option<i64> {
        self.0.lock().get(id)?.keys().next().copied()
    }

    fn newest_ms(&self, id: &str) -> Option<i64> {
        self.0.lock().get(id)?.keys().next_back().copied()
    }

    fn uncounted(&self, _: &str, _: i64, _: i64) -> Vec<UncountedFirstValue> {
        Vec::new()
    }

    fn by_labels(&self, id: &str, _: &[String], _: i64, _: i64) -> Vec<(Labels, Counts)> {
        self.1.lock().get(id).cloned().unwrap_or_default()
    }
}

/// A store that writes down what it is given.
#[derive(Debug, Default)]
pub(crate) struct ToldStore(Mutex<Stored>);

#[derive(Debug, Default)]
struct Stored {
    series: Vec<Labels>,
    /// References below this mean nothing any more.
    n_forgotten: usize,
    values: BTreeMap<Labels, (i64, f64)>,
}

impl ToldStore {
    /// The newest value of a series, by how it is written.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let stored = self.0.lock();
        stored.values.iter().find(|(labels, _)| series_text(labels) == series).map(|(_, (_, value))| *value)
    }

    /// From now on references that were given mean nothing.
    pub(crate) fn forget_references(&self) {
        let mut stored = self.0.lock();
        stored.n_forgotten = stored.series.len();
    }

    /// How all series are written.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().values.keys().map(series_text).collect()
    }
}

impl Append for ToldStore {
    fn open_source(&self, _: &Labels) -> SourceRef {
        SourceRef(1)
    }

    fn close_source(&self, _: SourceRef) {}

    fn resolve(&self, _: Option<SourceRef>, series: &[Labels]) -> Result<Vec<Result<SeriesRef, Refusal>>, AppendError> {
        let mut stored = self.0.lock();
        let resolved = series.iter().map(|labels| {
            let n_forgotten = stored.n_forgotten;
            let known = stored.series[n_forgotten..].iter().position(|known| known == labels);
            let place = known.map_or(stored.series.len(), |place| n_forgotten + place);
            if place == stored.series.len() {
                stored.series.push(labels.clone());
            }
            Ok(SeriesRef(place as u64))
        });
        Ok(resolved.collect())
    }

    fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError> {
        let mut stored = self.0.lock();
        let mut refused = Vec::new();
        for (row, (series, value)) in batch.series.iter().zip(batch.values).enumerate() {
            if (series.0 as usize) < stored.n_forgotten {
                refused.push(Refused { row, refusal: Refusal::UnknownSeries });
                continue;
            }
            let labels = stored.series[series.0 as usize].clone();
            stored.values.insert(labels, (batch.timestamps.at(row), *value));
        }
        Ok(refused)
    }
}

/// Writes down what it is told.
#[derive(Debug, Default)]
pub(crate) struct ToldSink(Mutex<Vec<Alert>>);

impl AlertSink for ToldSink {
    fn take(&self, _: i64, alerts: &[RuleAlert]) {
        self.0.lock().extend(alerts.iter().map(|told| told.alert.clone()));
    }
}

impl ToldSink {
    /// What was told since the last time that somebody asked.
    pub(crate) fn told(&self) -> Vec<Alert> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// Budgets and all that they stand on.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) clock: Arc<ToldClock>,
    pub(crate) history: Arc<ToldHistory>,
    pub(crate) store: Arc<ToldStore>,
    pub(crate) sink: Arc<ToldSink>,
    pub(crate) budgets: Budgets,
    disk: MemoryDisk,
}

impl Bench {
    pub(crate) fn new(now_ms: i64) -> Bench {
        let clock = Arc::new(ToldClock::at(now_ms));
        let (history, store, sink) = <(Arc<ToldHistory>, Arc<ToldStore>, Arc<ToldSink>)>::default();
        let disk = MemoryDisk::new();
        let budgets = opened(&disk, &clock, &history, &store, &sink);
        Bench { clock, history, store, sink, budgets, disk }
    }

    /// Kills this run and begins another one.
    pub(crate) fn restarted(self) -> Bench {
        let Bench { clock, history, store, sink, disk, budgets } = self;
        let in_force = budgets.catalog();
        drop(budgets);
        let budgets = opened(&disk, &clock, &history, &store, &sink);
        let bench = Bench { clock, history, store, sink, budgets, disk };
        bench.apply(in_force);
        bench
    }

    pub(crate) fn apply(&self, catalog: Arc<Catalog>) {
        self.budgets.apply(InForce { catalog, interval_ms: 30_000, ..InForce::default() }).unwrap();
    }

    pub(crate) fn tick(&self, now_ms: i64) {
        self.clock.set(now_ms);
        let tick = self.budgets.tick();
        assert_eq!(tick.errors, [""; 0]);
    }
}

fn opened(
    disk: &MemoryDisk,
    clock: &Arc<ToldClock>,
    history: &Arc<ToldHistory>,
    store: &Arc<ToldStore>,
    sink: &Arc<ToldSink>,
) -> Budgets {
    let options = BudgetsOptions {
        disk: Arc::new(disk.clone()),
        dir: Path::new("data/slo/budget").to_owned(),
        salt: 7,
        clock: Arc::clone(clock) as _,
        history: Arc::clone(history) as _,
        append: Arc::clone(store) as _,
        external_url: "http://narthex".to_owned(),
    };
    let (budgets, n_damaged) = Budgets::open(options).unwrap();
    assert_eq!(n_damaged, 0);
    budgets.add_sink(Arc::clone(sink) as _);
    budgets
}

/// An objective over 28 days that pages at 14.4 times over an hour and five minutes.
pub(crate) fn objective(id: &str, percent: &str) -> Objective {
    let counter = || Counted::Exactly(Counter { text: String::new(), terms: Vec::new() });
    let pair =
        BurnPair { severity: Severity::Page, long_ms: HOUR_MS, short_ms: 5 * MINUTE_MS, factor: 14.4, for_ms: 0 };
    Objective {
        id: id.to_owned(),
        name: id.to_owned(),
        title: String::new(),
        description: String::new(),
        service: "api".to_owned(),
        product: None,
        labels: BTreeMap::new(),
        percent: percent.to_owned(),
        target: Share::from_percent(percent).unwrap(),
        window: Window::Rolling { length_ms: 28 * DAY_MS },
        budgeting: Budgeting::Occurrences,
        indicator: Indicator::Events { side: RatioSide::Bad, counted: counter(), total: counter() },
        burn: Arc::new(BurnPolicy { pairs: vec![pair], ..BurnPolicy::default() }),
        options: Arc::default(),
        source: SourcePlace::default(),
    }
}

pub(crate) fn composition(method: CompositionMethod, components: &[(&str, f64)]) -> Composition {
    let component = |(objective, weight): &(&str, f64)| Component {
        objective: (*objective).to_owned(),
        role: Role::Own,
        weight: *weight,
    };
    Composition { method, components: components.iter().map(component).collect() }
}

pub(crate) fn product(name: &str, percent: Option<&str>, composition: Composition) -> Product {
    Product {
        name: name.to_owned(),
        title: String::new(),
        product_owners: Vec::new(),
        engineering_owners: Vec::new(),
        target: percent.map(|percent| (Share::from_percent(percent).unwrap(), percent.to_owned())),
        window: Window::Rolling { length_ms: DAY_MS },
        composition,
        informational: Vec::new(),
        burn: None,
        policy: None,
        source: SourcePlace::default(),
    }
}

pub(crate) fn catalog(objectives: Vec<Objective>, products: Vec<Product>) -> Arc<Catalog> {
    let mut catalog = Catalog::default();
    catalog.objectives.extend(objectives.into_iter().map(|objective| (objective.id.clone(), objective)));
    catalog.products.extend(products.into_iter().map(|product| (product.name.clone(), product)));
    Arc::new(catalog)
}
