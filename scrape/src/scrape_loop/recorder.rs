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
use super::failure_log::{Failure, FailureLog};
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
    pub(crate) failures: Option<TargetFailures>,
}

/// Where failed scrapes of one target are noted.
#[derive(Clone, Debug)]
pub(crate) struct TargetFailures {
    pub(crate) log: FailureLog,
    pub(crate) job_name: String,
    pub(crate) url: String,
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
        let warning = self.warning(&reading, &storing);
        let error = reading.error.map(|error| error.to_string());
        if let (Some(failures), Some(error)) = (&self.settings.failures, &error) {
            failures.note(answer.timestamp_ms, error);
        }
        Outcome {
            timestamp_ms: answer.timestamp_ms,
            duration: storing.duration,
            n_samples: self.rows.counts.n_scraped,
            warning,
            error,
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
            may_tell_starts: self.exposition == Exposition::Text(Format::OpenMetrics),
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

impl TargetFailures {
    fn note(&self, timestamp_ms: i64, error: &str) {
        let failure = Failure::new(timestamp_ms, error, &self.job_name, &self.url);
        if let Err(error) = self.log.write(&failure) {
            tracing::warn!(job = %self.job_name, %error, "A failed scrape could not be noted in scrape_failure_log_file.");
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::name::ValidationScheme;
    use model::relabel::Rules;
    use model::storage::{Batch, Refusal, Refused, SourceRef};
    use model::{Labels, SystemClock, sample};
    use parking_lot::Mutex;
    use proptest::prelude::*;

    use super::*;
    use crate::scrape_loop::labels::LabelSettings;
    use crate::scrape_loop::limits::Limits;

    /// Times and bits, by series.
    type Samples = BTreeMap<String, Vec<(i64, u64)>>;

    /// Keeps everything.
    #[derive(Debug, Default)]
    struct Store {
        series: Mutex<Vec<Labels>>,
        samples: Mutex<Samples>,
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
            let mut known = self.series.lock();
            let mut resolve = |labels: &Labels| {
                let at = known.iter().position(|candidate| candidate == labels).unwrap_or_else(|| {
                    known.push(labels.clone());
                    known.len() - 1
                });
                Ok(SeriesRef(at as u64))
            };
            Ok(series.iter().map(&mut resolve).collect())
        }

        fn commit(&self, batch: &Batch<'_>) -> Result<Vec<Refused>, AppendError> {
            let known = self.series.lock();
            let mut samples = self.samples.lock();
            for (row, (series, value)) in batch.series.iter().zip(batch.values).enumerate() {
                let name = known[series.0 as usize].to_string();
                samples.entry(name).or_default().push((batch.timestamps.at(row), value.to_bits()));
            }
            Ok(Vec::new())
        }
    }

    fn recorder(store: &Arc<Store>) -> Recorder {
        let settings = RecordSettings {
            ingest: IngestSettings {
                labels: LabelSettings {
                    target: Labels::from_pairs([("job", "j")]),
                    honor_labels: false,
                    relabel: Rules::default(),
                    validation: ValidationScheme::Utf8,
                    limits: Limits { n_samples: Some(9), ..Limits::NONE },
                },
                honor_timestamps: true,
                track_timestamps_staleness: false,
                type_and_unit_labels: false,
            },
            fallback: None,
            timeout: Duration::from_secs(1),
            extra_scrape_metrics: false,
            failures: None,
        };
        let shared =
            Shared { appender: store.clone(), clock: Arc::new(SystemClock::new()), metrics: Arc::default(), seed: 7 };
        Recorder::new(shared, Arc::new(settings), Metadata::default())
    }

    fn record(recorder: &mut Recorder, timestamp_ms: i64, body: &str) -> Outcome {
        let is_openmetrics = body.contains("# EOF");
        let content_type = if is_openmetrics { "application/openmetrics-text" } else { "text/plain" };
        let fetched = match body {
            "refused" => Err(FetchError::Failed("refused".to_owned()).into()),
            _ => Ok(Fetched { content_type: content_type.to_owned() }),
        };
        recorder.record(Answer { fetched, body: body.as_bytes(), timestamp_ms, started: Duration::ZERO })
    }

    /// What was stored of a target that answered so, but for what may differ: how long it took and which series were
    /// new. With `forgetful`, the recorder knows no line of the scrape before.
    fn stored(bodies: &[String], forgetful: bool) -> (Samples, Vec<Option<String>>) {
        let store = Arc::new(Store::default());
        let mut recorder = recorder(&store);
        let mut errors = Vec::new();
        for (slot, body) in bodies.iter().enumerate() {
            if forgetful {
                recorder.cache.clear();
            }
            errors.push(record(&mut recorder, 1000 * slot as i64 + 500, body).error);
        }
        let mut samples = store.samples.lock().clone();
        samples.retain(|name, _| !name.contains("scrape_duration_seconds") && !name.contains("scrape_series_added"));
        // The order of rows within a batch does not matter.
        samples.values_mut().for_each(|samples| samples.sort_unstable());
        (samples, errors)
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            8 => "(a|b|c|d)(\\{x=\"[12]\"\\}|\\{x=\"1\",y=\"2\"\\}|\\{y=\"2\",x=\"1\"\\}|\\{ x = \"1\"\\})? [0-9]{1,3}( 5000| 1)?\n",
            2 => "# (HELP|TYPE) (a|b) (counter|gauge)\n",
            1 => "(#|# x)?\n",
            1 => Just("a{x=\"1\"} x\n".to_owned()),
            1 => Just("ab 1\n".to_owned()),
        ]
    }

    fn body() -> impl Strategy<Value = String> {
        let text = || prop::collection::vec(line(), 0..12).prop_map(|lines| lines.concat());
        prop_oneof![
            6 => text(),
            1 => text().prop_map(|text| text.trim_end_matches('\n').to_owned()),
            1 => text().prop_map(|text| format!("{}# EOF\n", text.replace("\n\n", "\n"))),
            1 => Just("refused".to_owned()),
        ]
    }

    /// Bodies that differ in a line or two, or not at all: what targets really say.
    fn bodies() -> impl Strategy<Value = Vec<String>> {
        let change = (any::<prop::sample::Index>(), prop::option::of(line()));
        (body(), prop::collection::vec(prop_oneof![Just(None), change.prop_map(Some)], 0..12)).prop_map(
            |(first, changes)| {
                let mut bodies = vec![first];
                for change in changes {
                    let last = bodies.last().cloned().unwrap_or_default();
                    let mut lines: Vec<String> = last.split_inclusive('\n').map(str::to_owned).collect();
                    if let Some((at, line)) = change {
                        let at = at.index(lines.len() + 1);
                        match line {
                            Some(line) => lines.insert(at, line),
                            None => drop((at < lines.len()).then(|| lines.remove(at))),
                        }
                    }
                    bodies.push(lines.concat());
                }
                bodies
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_remembered_changes_nothing(bodies in prop_oneof![bodies(), prop::collection::vec(body(), 0..8)]) {
            prop_assert_eq!(stored(&bodies, false), stored(&bodies, true));
        }

        #[test]
        fn a_series_is_ended_once_and_only_when_it_is_gone(bodies in bodies()) {
            let (samples, _) = stored(&bodies, false);
            for (name, samples) in samples.iter().filter(|(name, _)| !name.contains("\"up\"")) {
                let is_stale = |sample: &(i64, u64)| sample.1 == sample::STALE_BITS;
                let twice = samples.windows(2).any(|pair| is_stale(&pair[0]) && is_stale(&pair[1]));
                prop_assert!(!twice, "{name}: {samples:?}");
                let beside_a_value = samples.windows(2).any(|pair| pair[0].0 == pair[1].0 && is_stale(&pair[1]));
                prop_assert!(!beside_a_value, "{name}: {samples:?}");
            }
        }
    }

    #[test]
    fn the_order_of_lines_is_learnt() {
        let store = Arc::new(Store::default());
        let mut recorder = recorder(&store);
        let bodies = ["a 1\nb 1\nc 1\n", "c 2\na 2\nb 2\n", "c 3\na 3\nb 3\n"];
        for (slot, body) in bodies.iter().enumerate() {
            assert_eq!(record(&mut recorder, slot as i64, body).error, None);
        }
        assert!(recorder.cache.has_no_index(), "the third body came in the order of the second");
    }
}
