//! For tests of rules: a store on a disk in memory, a clock that is told the time, and groups that are evaluated over them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::{MemoryDisk, ToldClock};
use model::rng::SeededRng;
use model::storage::{Append, Batch, SeriesRef, Timestamps};
use model::{Clock, Labels};
use query::syntax::series::{SequenceValue, parse};
use query::{Engine, EngineOptions, QueryOptions, Value, VectorSample};
use tsdb::{Options, Progress, Store};

use super::*;

/// Samples, and what evaluates rules over them.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) clock: Arc<ToldClock>,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) external_labels: Labels,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let clock = Arc::new(ToldClock::default());
        let of_store = Arc::clone(&clock) as Arc<dyn Clock>;
        let options = Options {
            sync_interval: Duration::from_secs(3600),
            max_ahead_ms: i64::MAX,
            n_shards: 1,
            ..Options::default()
        };
        let progress = Progress::default();
        let opened = Store::open(&disk, &of_store, &mut SeededRng::new(1), Path::new("data"), options, &progress);
        let engine = Engine::new(EngineOptions { n_threads: 1, clock: of_store, ..EngineOptions::default() });
        let (store, _) = opened.unwrap();
        Bench { clock, store: Arc::new(store), engine: Arc::new(engine), external_labels: Labels::empty() }
    }

    /// Writes one sample.
    pub(crate) fn append(&self, labels: &Labels, at_ms: i64, value: f64) {
        let series: SeriesRef = self.store.resolve(None, std::slice::from_ref(labels)).unwrap().remove(0).unwrap();
        let batch = Batch {
            source: None,
            series: &[series],
            timestamps: Timestamps::All(at_ms),
            values: &[value],
            starts: &[],
            histograms: &[],
        };
        assert_eq!(self.store.commit(&batch).unwrap(), []);
    }

    /// Writes a series as unit tests of rules describe it, a sample each `step_ms` from 0 on.
    pub(crate) fn load(&self, step_ms: i64, description: &str) {
        let series = parse(description).unwrap();
        for (number, value) in series.values.iter().enumerate() {
            match value {
                SequenceValue::Omitted => {}
                SequenceValue::Float(value) => self.append(&series.labels, number as i64 * step_ms, *value),
                SequenceValue::Histogram { .. } => panic!("{description}: histograms are not loaded here"),
            }
        }
    }

    pub(crate) fn world<'w>(&'w self, freshness: &'w dyn Freshness) -> World<'w> {
        World {
            engine: &self.engine,
            select: &*self.store,
            append: &*self.store,
            freshness,
            external_labels: &self.external_labels,
            external_url: "http://here:9090",
            resend_delay_ms: 60_000,
            clock: &*self.clock,
        }
    }

    /// Evaluates a group.
    pub(crate) fn evaluate(&self, group: &Group, slot_ms: i64) -> Evaluation {
        self.clock.set(slot_ms);
        group.evaluate_at(slot_ms, &self.world(&AlwaysFresh))
    }

    /// What a query answers, as `LABELS VALUE`, sorted.
    pub(crate) fn ask(&self, expression: &str, at_ms: i64) -> Vec<String> {
        let outcome = self.engine.instant(&*self.store, expression, at_ms, &QueryOptions::default()).unwrap();
        let Value::Vector(samples) = outcome.value else { panic!("{expression} gives no vector") };
        let float = |sample: &VectorSample| match sample.value {
            model::sample::Value::Float(value) => value,
            model::sample::Value::Histogram(_) => panic!("{expression} gives a histogram"),
        };
        samples.iter().map(|sample| format!("{} {}", sample.labels, float(sample))).collect()
    }
}

/// What groups of tests take from the server.
pub(crate) const DEFAULTS: GroupDefaults = GroupDefaults {
    interval_ms: 60_000,
    query_offset_ms: 0,
    parse: query::syntax::Options {
        experimental_functions: false,
        duration_expressions: true,
        extended_range_selectors: false,
        fill_modifiers: false,
    },
};

/// The groups of a file.
pub(crate) fn groups(text: &str) -> Vec<Group> {
    let file = RuleFile::read(text, ReadOptions::default()).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    file.groups.iter().map(|group| Group::new("rules.yml", group, &DEFAULTS).unwrap()).collect()
}

/// The only group of a file that has these rules.
pub(crate) fn group(head: &str, rules: &str) -> Group {
    groups(&format!("groups:\n- name: g\n{head}  rules:\n{rules}")).remove(0)
}
