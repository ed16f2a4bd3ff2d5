//! What happens to an answer, from its bytes to storage: recognise, ingest, write, tell.
//!
//! One recorder belongs to one target and keeps all that lasts from scrape to scrape. It blocks (it parses, and commits
//! with a system call), so that the loop runs it away from the threads that serve the network.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use model::Clock;
use model::storage::{Append, AppendError, SeriesRef};

use super::cache::LineCache;
use super::error::ScrapeError;
use super::exposition::Exposition;
use super::ingest::{Ingest, IngestError, IngestSettings, Rows};
use super::metadata::Metadata;
use super::recognise::{self, Recognised};
use super::report::{BodySize, ExtraReport, Report};
use super::state::Outcome;
use super::write::{Scrape, Writer, Written};
use crate::fetch::{FetchError, Fetched};
use crate::metrics::ScrapeMetrics;
use crate::parse::Format;
use crate::parse::content_type::{ContentTypeProblem, MediaType};

/// How the answers of one target are recorded.
#[derive(Clone, Debug)]
pub(crate) struct RecordSettings {
    pub(crate) ingest: IngestSettings,
    /// What to take an answer for whose type says nothing.
    pub(crate) fallback: Option<MediaType>,
    pub(crate) timeout: Duration,
    pub(crate) extra_scrape_metrics: bool,
}

/// What all recorders share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) appender: Arc<dyn Append>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<ScrapeMetrics>,
    /// Keeps targets from choosing lines that meet in one place of the cache's index.
    pub(crate) seed: u64,
}

/// An answer, or why there is none.
pub(crate) struct Answer<'a> {
    pub(crate) fetched: Result<Fetched, ScrapeError>,
    pub(crate) body: &'a [u8],
    pub(crate) timestamp_ms: i64,
    /// When the scrape began, by the clock that never goes back.
    pub(crate) started: Duration,
}

#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Shared,
    settings: Arc<RecordSettings>,
    cache: LineCache,
    rows: Rows,
    metadata: Metadata,
    exposition: Exposition,
    writer: Writer,
}

impl Recorder {
    pub(crate) fn new(shared: Shared, settings: Arc<RecordSettings>, metadata: Metadata) -> Recorder {
        let writer = Writer::new(shared.appender.clone(), &settings.ingest.labels, settings.extra_scrape_metrics);
        Recorder {
            cache: LineCache::new(shared.seed),
            rows: Rows::default(),
            metadata,
            exposition: Exposition::Text(Format::PrometheusText),
            writer,
            shared,
            settings,
        }
    }

    /// Goes on where another recorder of the same target has stopped. With `same_series`, its settings make the same
    /// series of the same lines.
    pub(crate) fn succeed(&mut self, other: &mut Recorder, same_series: bool) {
        if same_series {
            self.cache = std::mem::replace(&mut other.cache, LineCache::new(self.shared.seed));
            self.exposition = other.exposition;
        } else {
            self.cache.adopt(other.take_alive());
        }
    }

    /// Takes over series that stale markers have to follow.
    pub(crate) fn adopt(&mut self, series: Vec<SeriesRef>) {
        self.cache.adopt(series);
    }

    /// The series that stale markers have to follow, which from now on is somebody else's business.
    pub(crate) fn take_alive(&mut self) -> Vec<SeriesRef> {
        let alive = self.cache.alive_series();
        self.cache.bury();
        alive
    }

    /// The series that stale markers have to follow.
    pub(crate) fn alive(&self) -> Vec<SeriesRef> {
        self.cache.alive_series()
    }

    /// Writes stale markers for series and for the report. Nobody is left to be told if that fails.
    pub(crate) fn end(&mut self, series: &[SeriesRef], timestamp_ms: i64) {
        if let Err(error) = self.writer.end(series, timestamp_ms) {
            self.shared.metrics.append_failures.add(1);
            tracing::warn!(%error, "Stale markers could not be written.");
        }
    }

    /// Records an answer, whatever it is.
    pub(crate) fn record(&mut self, answer: Answer<'_>) -> Outcome {
        let mut reading = self.read(answer.fetched, answer.body, answer.timestamp_ms);
        let storing = guarded(|| self.store(&reading, answer.timestamp_ms, answer.started)).unwrap_or_else(|panic| {
            self.roll_back();
            reading.error.get_or_insert(panic);
            Storing::default()
        });
        self.count(&reading, &storing);
        Outcome {
            timestamp_ms: answer.timestamp_ms,
            duration: storing.duration,
            n_samples: self.rows.counts.n_scraped,
            warning: self.warning(&reading, &storing),
            error: reading.error.map(|error| error.to_string()),
        }
    }

    /// Turns a body into rows. On error there are none, and what the body brought is forgotten.
    fn read(&mut self, fetched: Result<Fetched, ScrapeError>, body: &[u8], timestamp_ms: i64) -> Reading {
        self.rows.clear();
        let body_size = match &fetched {
            Ok(_) => BodySize::Bytes(body.len()),
            Err(ScrapeError::Fetch(FetchError::BodyTooLarge { .. })) => BodySize::TooLarge,
            Err(_) => BodySize::None,
        };
        self.cache.begin();
        let outcome = fetched.and_then(|fetched| {
            guarded(|| self.ingest(&fetched, body, timestamp_ms)).unwrap_or_else(|panic| {
                self.cache.clear();
                Err(panic)
            })
        });
        match outcome {
            Ok(problem) => Reading { error: None, problem, body_size },
            Err(error) => {
                self.roll_back();
                Reading { error: Some(error), problem: None, body_size }
            }
        }
    }

    /// Fills the rows. Answers what is wrong with the type of the answer, where it could be read all the same.
    fn ingest(
        &mut self,
        fetched: &Fetched,
        body: &[u8],
        timestamp_ms: i64,
    ) -> Result<Option<ContentTypeProblem>, ScrapeError> {
        // As in Prometheus, nothing at all is fine, and of any type.
        if body.is_empty() {
            return Ok(None);
        }
        let (recognised, problem) = recognise::recognise(&fetched.content_type, self.settings.fallback, body)?;
        if recognised.exposition() != self.exposition {
            self.exposition = recognised.exposition();
            self.cache.clear();
            self.cache.begin();
        }
        let mut ingest = Ingest {
            settings: &self.settings.ingest,
            cache: &mut self.cache,
            metadata: &self.metadata,
            rows: &mut self.rows,
            timestamp_ms,
        };
        let outcome = match &recognised {
            Recognised::Text(format) => ingest.text(*format, body),
            Recognised::Mesos(snapshot) => ingest.mesos(snapshot),
        };
        outcome.map_err(|error| {
            let hint = recognise::page_hint(body).filter(|_| matches!(error, IngestError::Parse(_)));
            ScrapeError::Ingest { error, hint }
        })?;
        Ok(problem)
    }

    /// Writes rows, stale markers and report. Where storage refuses, it is as if there had been no scrape.
    fn store(&mut self, reading: &Reading, timestamp_ms: i64, started: Duration) -> Storing {
        let mut storing = Storing::default();
        if reading.error.is_none() {
            match self.writer.resolve(&mut self.cache, &mut self.rows, &mut storing.written) {
                Ok(n_added) => storing.n_series_added = n_added,
                Err(error) => storing.error = Some(error),
            }
        }
        storing.duration = self.shared.clock.elapsed().saturating_sub(started);
        if storing.error.is_none() {
            let report = self.report(reading, &storing);
            let mut scrape = Scrape {
                cache: &mut self.cache,
                labels: &self.settings.ingest.labels,
                exposition: self.exposition,
                timestamp_ms,
            };
            let stored = match reading.error {
                None => self.writer.scrape(&mut scrape, &mut self.rows, &report, &mut storing.written),
                Some(_) => self.writer.failure(&mut scrape, &mut self.rows, &report),
            };
            storing.error = stored.err();
        }
        if storing.error.is_some() {
            self.roll_back();
        }
        storing
    }

    fn report(&self, reading: &Reading, storing: &Storing) -> Report {
        let settings = &self.settings;
        Report {
            is_up: reading.error.is_none(),
            duration: storing.duration,
            n_scraped: self.rows.counts.n_scraped,
            n_relabelled: self.rows.counts.n_relabelled,
            n_series_added: storing.n_series_added,
            extra: settings.extra_scrape_metrics.then(|| ExtraReport {
                timeout: settings.timeout,
                sample_limit: settings.ingest.labels.limits.n_samples.unwrap_or(0),
                body: reading.body_size,
            }),
        }
    }

    /// Forgets what this scrape brought.
    fn roll_back(&mut self) {
        self.cache.rollback();
        self.metadata.rollback(self.cache.iteration());
    }

    fn count(&self, reading: &Reading, storing: &Storing) {
        let metrics = &self.shared.metrics;
        let written = &storing.written;
        metrics.count(reading.error.as_ref().map(ScrapeError::kind));
        metrics.durations.observe(storing.duration);
        if let BodySize::Bytes(n_bytes) = reading.body_size {
            metrics.body_bytes.add(n_bytes as u64);
        }
        metrics.samples.add(self.rows.counts.n_scraped);
        metrics.series_added.add(storing.n_series_added);
        metrics.samples_out_of_order.add(written.n_out_of_order);
        metrics.samples_duplicate.add(written.n_duplicates + self.rows.counts.n_repeated);
        metrics.samples_out_of_bounds.add(written.n_out_of_bounds);
        metrics.samples_refused.add(written.n_refused_series);
        metrics.append_failures.add(u64::from(storing.error.is_some()));
    }

    /// What is wrong with a scrape that is not an error, all in one line.
    fn warning(&self, reading: &Reading, storing: &Storing) -> Option<String> {
        let mut warnings = Vec::new();
        warnings.extend(reading.problem.as_ref().map(ToString::to_string));
        warnings.extend(storing.error.as_ref().map(|error| format!("not stored: {error}")));
        warnings.extend(storing.written.warnings());
        if let Some(line) = &self.rows.first_repeated {
            let n_repeated = self.rows.counts.n_repeated;
            warnings.push(format!("{n_repeated} samples dropped: their series stands twice, the first is {line}"));
        }
        (!warnings.is_empty()).then(|| warnings.join("; "))
    }
}

/// What there is to a body.
struct Reading {
    error: Option<ScrapeError>,
    /// What is wrong with the type of an answer that could be read all the same.
    problem: Option<ContentTypeProblem>,
    body_size: BodySize,
}

/// What storage made of it.
#[derive(Default)]
struct Storing {
    written: Written,
    n_series_added: u64,
    duration: Duration,
    error: Option<AppendError>,
}

/// Runs something that must not end more than this scrape.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, ScrapeError> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        ScrapeError::Panicked(text.unwrap_or_else(|| "panic".to_owned()))
    })
}
