//! For tests of counting: a store on a disk in memory, a clock that is told the time, and objectives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use journal::Disk;
use journal::testkit::{MemoryDisk, ToldClock};
use model::rng::SeededRng;
use model::storage::{Append, Batch, Select, Timestamps};
use model::{Clock, Labels};
use query::{Engine, EngineOptions};
use tsdb::{Options as StoreOptions, Progress, Store};

use super::{Counting, Options};
use crate::spec::{Budgeting, Catalog, Indicator, Objective, RatioSide, Share, SourcePlace, Window, compile};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 86_400_000;

/// A store, and its disk.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) disk: MemoryDisk,
    pub(crate) clock: Arc<ToldClock>,
    pub(crate) store: Arc<Store>,
    pub(crate) n_opened: u64,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let (disk, clock) = (MemoryDisk::new(), Arc::new(ToldClock::default()));
        let store = open_store(&disk, &clock, 1);
        Bench { disk, clock, store, n_opened: 1 }
    }

    /// Opens the store on what a kill left of the disk.
    pub(crate) fn restart(&mut self) {
        self.n_opened += 1;
        self.disk = self.disk.copy();
        self.store = open_store(&self.disk, &self.clock, self.n_opened);
    }

    pub(crate) fn set_now(&self, now_ms: i64) {
        self.clock.set(now_ms);
    }

    /// Opens the counts.
    pub(crate) fn counting(&self) -> Counting {
        self.counting_over(Arc::clone(&self.store) as _)
    }

    /// Opens the counts, with raw samples by way of another.
    pub(super) fn counting_over(&self, select: Arc<dyn Select>) -> Counting {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let engine = EngineOptions { n_threads: 1, clock: Arc::clone(&clock), ..EngineOptions::default() };
        Counting::open(Options {
            disk: Arc::new(self.disk.clone()),
            dir: PathBuf::from("data/slo/history"),
            clock,
            salt: self.n_opened as u32 + 1000,
            select,
            feed: Arc::clone(&self.store) as _,
            engine: Arc::new(Engine::new(engine)),
            retention_ms: 400 * DAY,
            raw_retention_ms: 15 * DAY,
            scrape_interval_ms: MINUTE,
            sample_every_ms: MINUTE,
        })
        .unwrap()
    }

    /// Commits samples of one time together.
    pub(crate) fn commit(&self, at_ms: i64, samples: &[(Labels, f64)]) {
        let samples: Vec<_> = samples.iter().map(|(labels, value)| (labels.clone(), at_ms, *value)).collect();
        self.commit_each(&samples);
    }

    /// Commits samples of any time together.
    pub(crate) fn commit_each(&self, samples: &[(Labels, i64, f64)]) {
        let labels: Vec<Labels> = samples.iter().map(|(labels, ..)| labels.clone()).collect();
        let series: Vec<_> = self.store.resolve(None, &labels).unwrap().into_iter().map(Result::unwrap).collect();
        let timestamps: Vec<i64> = samples.iter().map(|(_, at_ms, _)| *at_ms).collect();
        let values: Vec<f64> = samples.iter().map(|(.., value)| *value).collect();
        let timestamps = Timestamps::Each(&timestamps);
        let batch = Batch { source: None, series: &series, timestamps, values: &values, starts: &[], histograms: &[] };
        assert_eq!(self.store.commit(&batch).unwrap(), []);
    }
}

fn open_store(disk: &MemoryDisk, clock: &Arc<ToldClock>, run: u64) -> Arc<Store> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    let options = StoreOptions {
        sync_interval: Duration::from_secs(3600),
        max_ahead_ms: i64::MAX,
        n_shards: 1,
        ..StoreOptions::default()
    };
    let opened = Store::open(&disk, &clock, &mut SeededRng::new(run), Path::new("data"), options, &Progress::default());
    Arc::new(opened.unwrap().0)
}

/// An objective of bad events and all events.
pub(crate) fn events(bad: &str, total: &str, budgeting: Budgeting) -> Objective {
    let counted = |query: &str| compile(query).unwrap();
    objective(Indicator::Events { side: RatioSide::Bad, counted: counted(bad), total: counted(total) }, budgeting)
}

/// An objective of any kind; its id is `o`.
pub(crate) fn objective(indicator: Indicator, budgeting: Budgeting) -> Objective {
    Objective {
        id: "o".to_owned(),
        name: "o".to_owned(),
        title: String::new(),
        description: String::new(),
        service: "s".to_owned(),
        product: None,
        labels: BTreeMap::new(),
        percent: "99.9".to_owned(),
        target: Share::from_percent("99.9").unwrap(),
        window: Window::Rolling { length_ms: 30 * DAY },
        budgeting,
        indicator,
        burn: Arc::default(),
        options: Arc::default(),
        source: SourcePlace::default(),
    }
}

/// A catalog of objectives.
pub(crate) fn catalog(objectives: impl IntoIterator<Item = Objective>) -> Arc<Catalog> {
    let objectives = objectives.into_iter().map(|objective| (objective.id.clone(), objective)).collect();
    Arc::new(Catalog { objectives, ..Catalog::default() })
}

/// Labels as `name{a="b"}` would write them.
pub(crate) fn labels(name: &str, pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied().chain([("__name__", name)]))
}
