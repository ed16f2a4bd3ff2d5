//! A world for scrape loops: targets that say what a test writes down, a store in memory, and a clock that stands still
//! until everyone waits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::duration::PromDuration;
use model::relabel::RelabelConfig;
use model::rng::SeededRng;
use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef};
use model::{Clock, Labels, sample};
use parking_lot::Mutex;
use scrape::Scraper;
use scrape::config::{Discovery, Inherited, ScrapeConfig, StaticConfig};
use scrape::fetch::{Fetch, FetchError, FetchFrom, FetchRequest, Fetched, Fetching};
use scrape::pool::{ActiveTarget, Features, PoolSettings};
use tokio::time::Instant;

/// When the world begins.
pub(crate) const START_MS: i64 = 1_700_000_000_000;

/// A clock that goes with tokio's, which tests pause.
#[derive(Debug)]
pub(crate) struct WorldClock(pub(crate) Instant);

impl Clock for WorldClock {
    fn now_ms(&self) -> i64 {
        START_MS + self.elapsed().as_millis() as i64
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What a target answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Text(String),
    Typed(&'static str, String),
    Status(&'static str),
    Refused,
    /// Nothing, ever.
    Silence,
}

/// What targets answer, by URL: one answer after the other, the last again and again.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
    requests: Mutex<Vec<FetchRequest>>,
}

impl Targets {
    fn next(&self, request: &FetchRequest) -> Answer {
        self.requests.lock().push(request.clone());
        let mut answers = self.answers.lock();
        let answers = answers.entry(request.url.clone()).or_default();
        if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }.unwrap_or(Answer::Refused)
    }
}

#[derive(Debug, Clone)]
struct Client(Arc<Targets>);

impl FetchFrom for Client {
    fn fetcher(&self, _socket: Option<&Path>) -> Box<dyn Fetch> {
        Box::new(self.clone())
    }
}

impl Fetch for Client {
    fn fetch<'a>(&'a mut self, request: &'a FetchRequest, body: &'a mut Vec<u8>) -> Fetching<'a> {
        Box::pin(async move {
            let (content_type, text) = match self.0.next(request) {
                Answer::Text(text) => ("text/plain; version=0.0.4", text),
                Answer::Typed(content_type, text) => (content_type, text),
                Answer::Status(status) => return Err(FetchError::Status(status.to_owned())),
                Answer::Refused => return Err(FetchError::Failed("connection refused".to_owned())),
                Answer::Silence => std::future::pending().await,
            };
            body.extend_from_slice(text.as_bytes());
            Ok(Fetched { content_type: content_type.to_owned() })
        })
    }
}

/// A store in memory.
#[derive(Debug, Default)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    labels: Vec<Labels>,
    ids: HashMap<Labels, u64>,
    samples: BTreeMap<Labels, Vec<(i64, f64)>>,
    /// Since when they count, in the order in which they came.
    starts: BTreeMap<Labels, Vec<i64>>,
    forgotten: Vec<u64>,
    /// Series that may be there; others are refused.
    max_series: Option<usize>,
    /// Panics at the next commit.
    panics: bool,
    /// Refuses to write.
    is_full: bool,
    n_resolved: usize,
    n_commits: usize,
}

impl Append for Store {
    fn open_source(&self, _name: &Labels) -> SourceRef {
        SourceRef(0)
    }

    fn close_source(&self, _source: SourceRef) {}

    fn resolve(
        &self,
        _source: Option<SourceRef>,
        series: &[Labels],
    ) -> Result<Vec<Result<SeriesRef, Refusal>>, AppendError> {
        let mut inner = self.inner.lock();
        inner.n_resolved += series.len();
        Ok(series.iter().map(|labels| inner.resolve(labels)).collect())
    }

    fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError> {
        let mut inner = self.inner.lock();
        inner.n_commits += 1;
        assert!(!std::mem::take(&mut inner.panics), "a bug in the store");
        if inner.is_full {
            return Err(AppendError::NotWritable("no space left on device".to_owned()));
        }
        let outcomes = batch.series.iter().zip(batch.values).enumerate();
        let refused = outcomes.filter_map(|(row, (series, value))| {
            let refusal = inner.append(*series, batch.timestamps.at(row), *value).err();
            if refusal.is_none() {
                let labels = inner.labels[series.0 as usize].clone();
                let start_ms = batch.starts.get(row).copied().unwrap_or(0);
                inner.starts.entry(labels).or_default().push(start_ms);
            }
            refusal.map(|refusal| Refused { row, refusal })
        });
        Ok(refused.collect())
    }
}

impl Inner {
    fn resolve(&mut self, labels: &Labels) -> Result<SeriesRef, Refusal> {
        if let Some(id) = self.ids.get(labels) {
            return Ok(SeriesRef(*id));
        }
        if self.max_series.is_some_and(|limit| self.ids.len() >= limit) {
            return Err(Refusal::SeriesLimit {
                name: "head_series",
                limit: self.ids.len() as u64,
                setting: "narthex.limits.head_series",
                offender: Some("metric \"b\"".into()),
            });
        }
        let id = self.labels.len() as u64;
        self.labels.push(labels.clone());
        self.ids.insert(labels.clone(), id);
        Ok(SeriesRef(id))
    }

    fn append(&mut self, series: SeriesRef, timestamp_ms: i64, value: f64) -> Result<(), Refusal> {
        let labels = self.labels.get(series.0 as usize).filter(|_| !self.forgotten.contains(&series.0));
        let samples = self.samples.entry(labels.ok_or(Refusal::UnknownSeries)?.clone()).or_default();
        match samples.last() {
            Some((last_ms, _)) if timestamp_ms < *last_ms => Err(Refusal::OutOfOrder),
            Some((last_ms, last)) if timestamp_ms == *last_ms && last.to_bits() != value.to_bits() => {
                Err(Refusal::Duplicate)
            }
            Some((last_ms, _)) if timestamp_ms == *last_ms => Ok(()),
            _ => {
                samples.push((timestamp_ms, value));
                Ok(())
            }
        }
    }
}

pub(crate) struct World {
    pub(crate) scraper: Scraper,
    pub(crate) clock: Arc<WorldClock>,
    targets: Arc<Targets>,
    store: Arc<Store>,
}

impl World {
    pub(crate) fn new() -> World {
        let clock = Arc::new(WorldClock(Instant::now()));
        let store = Arc::new(Store::default());
        let appender: Arc<dyn Append> = store.clone();
        let scraper =
            Scraper::new(tokio::runtime::Handle::current(), appender, clock.clone(), &mut SeededRng::new(1), 0);
        World { scraper, clock, targets: Arc::default(), store }
    }

    /// What `a:1` answers.
    pub(crate) fn answers(&self, answers: &[Answer]) {
        self.answers_of("http://a:1/metrics", answers);
    }

    pub(crate) fn answers_of(&self, url: &str, answers: &[Answer]) {
        self.targets.answers.lock().insert(url.to_owned(), answers.iter().cloned().collect());
    }

    /// A job `j` that scrapes addresses every 15 s.
    pub(crate) fn config(&self, addresses: &[&str]) -> ScrapeConfig {
        let targets = addresses.iter().map(|address| (*address).to_owned()).collect();
        let mut config = ScrapeConfig {
            job_name: "j".to_owned(),
            scrape_interval: PromDuration::from_secs(15),
            discovery: Discovery::of_targets(vec![StaticConfig { targets, labels: Labels::empty() }]),
            ..ScrapeConfig::default()
        };
        config.fill(&Inherited::default());
        config
    }

    /// Applies a configuration with nothing but one job.
    pub(crate) fn apply(&self, config: ScrapeConfig) {
        let client = Arc::new(Client(Arc::clone(&self.targets)));
        let settings = PoolSettings::with_client(config, Features::default(), client).unwrap();
        self.scraper.apply(vec![settings]);
    }

    /// Scrapes addresses.
    pub(crate) fn scrape(&self, addresses: &[&str]) {
        self.apply(self.config(addresses));
    }

    /// Lets time pass, to a second behind the beginning of a slot. The first slot is that of the first scrape.
    pub(crate) async fn run(&self, n_slots: u32) {
        let mut n_left = n_slots;
        while !self.has_begun() && self.clock.elapsed() < Duration::from_secs(16) {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if self.has_begun() {
                tokio::time::sleep(Duration::from_secs(1)).await;
                n_left -= 1;
            }
        }
        tokio::time::sleep(Duration::from_secs(15) * n_left).await;
    }

    fn has_begun(&self) -> bool {
        !self.targets.requests.lock().is_empty() || self.store.inner.lock().n_commits > 0
    }

    /// Everything that was stored of a series, as `slot:value`: slots are counted from the first sample of `up`.
    pub(crate) fn stored(&self, series: &str) -> String {
        let inner = self.store.inner.lock();
        let first_ms =
            inner.samples.iter().find(|(labels, _)| labels.metric_name() == "up").map(|(_, samples)| samples[0].0);
        let Some(first_ms) = first_ms else { return String::new() };
        let samples = inner.samples.iter().find(|(labels, _)| written(labels) == series);
        let shown = samples.map(|(_, samples)| samples.iter().map(|(at, value)| shown(*at - first_ms, *value)));
        shown.map_or_else(String::new, |shown| shown.collect::<Vec<_>>().join(" "))
    }

    /// Since when the samples of a series count, in the order in which they came.
    pub(crate) fn starts(&self, series: &str) -> Vec<i64> {
        let inner = self.store.inner.lock();
        let starts = inner.starts.iter().find(|(labels, _)| written(labels) == series);
        starts.map_or_else(Vec::new, |(_, starts)| starts.clone())
    }

    /// The names of all series but those of reports.
    pub(crate) fn series(&self) -> Vec<String> {
        let inner = self.store.inner.lock();
        let is_report = |labels: &&Labels| labels.metric_name() == "up" || labels.metric_name().starts_with("scrape_");
        inner.samples.keys().filter(|labels| !is_report(labels)).map(written).collect()
    }

    pub(crate) fn target(&self) -> ActiveTarget {
        let mut status = self.scraper.status();
        status.remove(0).active.remove(0)
    }

    pub(crate) fn last_error(&self) -> String {
        self.target().state.last_error.unwrap_or_default()
    }

    pub(crate) fn last_warning(&self) -> String {
        self.target().state.last_warning.unwrap_or_default()
    }

    /// The store forgets all series; their references are void.
    pub(crate) fn forget_series(&self) {
        let mut inner = self.store.inner.lock();
        inner.forgotten = (0..inner.labels.len() as u64).collect();
        inner.ids.clear();
    }

    pub(crate) fn limit_series(&self, limit: Option<usize>) {
        self.store.inner.lock().max_series = limit;
    }

    pub(crate) fn panic_once(&self) {
        self.store.inner.lock().panics = true;
    }

    pub(crate) fn fill(&self, is_full: bool) {
        self.store.inner.lock().is_full = is_full;
    }

    /// How many series were named to the store, and how many batches it took.
    pub(crate) fn n_resolved_and_commits(&self) -> (usize, usize) {
        let inner = self.store.inner.lock();
        (inner.n_resolved, inner.n_commits)
    }

    pub(crate) fn requests(&self) -> Vec<FetchRequest> {
        self.targets.requests.lock().clone()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scraper.fmt(f)
    }
}

/// `name{a="b"}` without the labels of the target.
fn written(labels: &Labels) -> String {
    let rest = labels.without(|name| name == "__name__" || name == "instance" || name == "job");
    let rest = if rest.is_empty() { String::new() } else { rest.to_string() };
    format!("{}{rest}", labels.metric_name())
}

fn shown(since_first_ms: i64, value: f64) -> String {
    let slot = match since_first_ms % 15_000 {
        0 => (since_first_ms / 15_000).to_string(),
        rest => format!("{}+{rest}ms", since_first_ms / 15_000),
    };
    let value = if sample::is_stale(value) { "stale".to_owned() } else { model::float::general(value) };
    format!("{slot}:{value}")
}

/// A rule as the configuration writes it.
pub(crate) fn rule(yaml: &str) -> RelabelConfig {
    model::yaml::Document::parse(yaml).unwrap().read().0.unwrap()
}

pub(crate) fn text(body: &str) -> Answer {
    Answer::Text(body.to_owned())
}
