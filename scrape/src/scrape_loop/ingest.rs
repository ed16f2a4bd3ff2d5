//! From a body to rows: reads what a target answered, line by line, against what it answered the last time.
//!
//! Nothing is written here. A scrape is stored whole or not at all, so that rows are gathered first, and new series are
//! only named to storage when the last line is known to be good.

use model::Labels;
use model::storage::SeriesRef;
use rustc_hash::FxHashSet;

use super::cache::{Found, LineCache, LineId, LineKind, UNRESOLVED};
use super::labels::{LabelSettings, SeriesError};
use super::metadata::Metadata;
use super::starts::CreatedLines;
use crate::parse::{Event, Format, LabelsError, Options, ParseError, Parser, Sample, family_name};
use crate::smack::mesos::{self, Snapshot};

/// How samples are taken.
#[derive(Clone, Debug)]
pub(crate) struct IngestSettings {
    pub(crate) labels: LabelSettings,
    /// Whether times that the target gives are used.
    pub(crate) honor_timestamps: bool,
    /// Whether series whose samples have times of their own get stale markers too.
    pub(crate) track_timestamps_staleness: bool,
    /// Whether type and unit become labels.
    pub(crate) type_and_unit_labels: bool,
}

/// Why a body gives no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The body is not in its format.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A series that cannot be stored.
    #[error(transparent)]
    Series(#[from] SeriesError),
    /// Too many samples.
    #[error("sample limit exceeded (number of samples: {n_samples}, limit: {limit}; raise sample_limit)")]
    SampleLimit {
        /// How many there are behind relabelling.
        n_samples: u64,
        /// The limit.
        limit: u64,
    },
}

impl From<LabelsError> for IngestError {
    fn from(error: LabelsError) -> IngestError {
        IngestError::Series(error.into())
    }
}

/// What there is to count in a scrape, whether it succeeds or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Samples in the body.
    pub(crate) n_scraped: u64,
    /// Samples that relabelling leaves.
    pub(crate) n_relabelled: u64,
    /// Samples of series that this scrape has seen already.
    pub(crate) n_repeated: u64,
}

/// The samples of a scrape, by columns. Kept from scrape to scrape for its memory.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) lines: Vec<LineId>,
    pub(crate) series: Vec<SeriesRef>,
    pub(crate) values: Vec<f64>,
    /// The time of each row; empty where no row has a time of its own.
    pub(crate) timestamps: Vec<i64>,
    /// The time since which each row counts, 0 where that is not known; empty where it is known of none.
    pub(crate) starts: Vec<i64>,
    pub(super) created: CreatedLines,
    /// The lines of rows that stale markers are to follow.
    pub(crate) alive: Vec<LineId>,
    /// The rows of series that storage has not named yet, and their labels.
    pub(crate) new: Vec<(usize, Labels)>,
    pub(crate) counts: Counts,
    /// The text of the first line that came twice.
    pub(crate) first_repeated: Option<String>,
}

impl Rows {
    /// Empties everything.
    pub(crate) fn clear(&mut self) {
        self.clear_rows();
        self.counts = Counts::default();
        self.first_repeated = None;
    }

    /// Empties the columns.
    pub(crate) fn clear_rows(&mut self) {
        self.lines.clear();
        self.series.clear();
        self.values.clear();
        self.timestamps.clear();
        self.starts.clear();
        self.created.clear();
        self.alive.clear();
        self.new.clear();
    }

    /// Takes out the rows of series that storage does not know.
    pub(crate) fn retain_resolved(&mut self) {
        let is_kept: Vec<bool> = self.series.iter().map(|series| *series != UNRESOLVED).collect();
        let dropped: FxHashSet<u32> =
            self.lines.iter().zip(&is_kept).filter(|(_, is_kept)| !**is_kept).map(|(line, _)| line.index()).collect();
        retain(&mut self.lines, &is_kept);
        retain(&mut self.values, &is_kept);
        retain(&mut self.timestamps, &is_kept);
        retain(&mut self.starts, &is_kept);
        retain(&mut self.series, &is_kept);
        self.alive.retain(|line| !dropped.contains(&line.index()));
    }

    /// Appends rows that come from no line.
    pub(crate) fn append(&mut self, series: &[SeriesRef], values: impl Iterator<Item = f64>, timestamp_ms: i64) {
        self.series.extend_from_slice(series);
        self.values.extend(values.take(series.len()));
        if !self.timestamps.is_empty() {
            self.timestamps.resize(self.series.len(), timestamp_ms);
        }
        if !self.starts.is_empty() {
            self.starts.resize(self.series.len(), 0);
        }
    }

    /// Appends a row at a time of its own or at that of the scrape.
    fn push(&mut self, line: LineId, series: SeriesRef, value: f64, timestamp_ms: Option<i64>, default_ms: i64) {
        if timestamp_ms.is_some() && self.timestamps.is_empty() {
            self.timestamps.resize(self.series.len(), default_ms);
        }
        if !self.timestamps.is_empty() || timestamp_ms.is_some() {
            self.timestamps.push(timestamp_ms.unwrap_or(default_ms));
        }
        self.lines.push(line);
        self.series.push(series);
        self.values.push(value);
    }
}

fn retain<T>(column: &mut Vec<T>, is_kept: &[bool]) {
    let mut is_kept = is_kept.iter();
    column.retain(|_| is_kept.next().copied().unwrap_or(false));
}

/// Reads a body.
pub(crate) struct Ingest<'a> {
    pub(crate) settings: &'a IngestSettings,
    pub(crate) cache: &'a mut LineCache,
    pub(crate) metadata: &'a Metadata,
    pub(crate) rows: &'a mut Rows,
    /// The time of samples without one of their own.
    pub(crate) timestamp_ms: i64,
    /// Whether the format has `_created` lines.
    pub(crate) may_tell_starts: bool,
}

impl Ingest<'_> {
    /// Reads a body in a text format. On error the rows are of no use, but for their counts.
    pub(crate) fn text(&mut self, format: Format, body: &[u8]) -> Result<(), IngestError> {
        self.rows.clear();
        let type_and_unit_labels = self.settings.type_and_unit_labels;
        let mut parser = Parser::new(format, body, Options { type_and_unit_labels, skip_created_series: false });
        while self.expected_line(&mut parser)? || self.other_line(&mut parser, body)? {}
        if !self.cache.is_unchanged() {
            self.keep_seen_families(format);
        }
        self.rows.starts = self.rows.created.starts_of(self.cache, &self.rows.lines);
        self.check_sample_limit()
    }

    /// Takes the next line if it is the one that came here the last time.
    fn expected_line(&mut self, parser: &mut Parser<'_>) -> Result<bool, IngestError> {
        let Some((id, line, text)) = self.cache.expected() else { return Ok(false) };
        if line.kind == LineKind::Metadata {
            // What a unit line says is needed for labels and known to the parser only if it reads the line.
            let is_next = !self.settings.type_and_unit_labels && parser.skip_if_line(text, line.metric_type);
            if is_next {
                self.cache.take_expected();
            }
            return Ok(is_next);
        }
        let Some(sample) = parser.next_if_series(text)? else { return Ok(false) };
        self.cache.take_expected();
        self.rows.counts.n_scraped += 1;
        self.known_sample(id, sample);
        Ok(true)
    }

    /// Takes the next line, whatever it is; `false` at the end.
    fn other_line(&mut self, parser: &mut Parser<'_>, body: &[u8]) -> Result<bool, IngestError> {
        let Some(event) = parser.next()? else { return Ok(false) };
        let scrape = self.cache.iteration();
        match event {
            Event::Series { text, sample } => {
                let found = self.cache.find(text, LineKind::Series, parser.metric_type());
                self.found_sample(found, sample, || Ok(parser.labels()?))?;
            }
            Event::Comment(_) => {}
            Event::Help { family, text } => {
                self.metadata.set_help(scrape, &family_name(family), parser.help_text(text));
                self.metadata_line(parser, body);
            }
            Event::Type { family, metric_type } => {
                self.metadata.set_type(scrape, &family_name(family), metric_type);
                self.metadata_line(parser, body);
            }
            Event::Unit { family, unit } => {
                self.metadata.set_unit(scrape, &family_name(family), &String::from_utf8_lossy(unit));
                self.metadata_line(parser, body);
            }
        }
        Ok(true)
    }

    fn metadata_line(&mut self, parser: &Parser<'_>, body: &[u8]) {
        let line = &body[parser.line_start().min(body.len())..parser.offset()];
        // A last line without its end would be taken for the beginning of a longer one.
        if !line.ends_with(b"\n") {
            return;
        }
        match self.cache.find(line, LineKind::Metadata, parser.metric_type()) {
            // The same line may stand behind another TYPE line now.
            Found::Known(id) | Found::Repeated(id) => self.cache.line_mut(id).metric_type = parser.metric_type(),
            Found::New(_) => {}
        }
    }

    /// Reads a snapshot of Mesos, whose names take the place of lines.
    pub(crate) fn mesos(&mut self, snapshot: &Snapshot<'_>) -> Result<(), IngestError> {
        self.rows.clear();
        for (name, value) in &snapshot.metrics {
            let sample = Sample { value: *value, timestamp_ms: None };
            match self.cache.expected() {
                Some((id, _, text)) if text == name.as_bytes() => {
                    self.cache.take_expected();
                    self.rows.counts.n_scraped += 1;
                    self.known_sample(id, sample);
                }
                _ => {
                    let series = mesos::series(name);
                    let found = self.cache.find(name.as_bytes(), LineKind::Series, series.metric_type);
                    self.found_sample(found, sample, || Ok(series.labels.clone()))?;
                }
            }
        }
        if !self.cache.is_unchanged() {
            self.keep_mesos_families();
        }
        self.check_sample_limit()
    }

    fn found_sample(
        &mut self,
        found: Found,
        sample: Sample,
        given_labels: impl FnOnce() -> Result<Labels, IngestError>,
    ) -> Result<(), IngestError> {
        self.rows.counts.n_scraped += 1;
        match found {
            Found::Known(id) => self.known_sample(id, sample),
            Found::Repeated(id) => self.repeated_sample(id, sample),
            Found::New(id) => self.new_sample(id, sample, &given_labels()?)?,
        }
        Ok(())
    }

    fn known_sample(&mut self, id: LineId, sample: Sample) {
        if self.may_tell_starts {
            self.rows.created.note(self.cache, id, sample.value);
        }
        let line = self.cache.line(id);
        if line.kind != LineKind::Dropped {
            self.row(id, line.series, sample);
        }
    }

    /// A second sample of a series is an error unless it has a time of its own.
    fn repeated_sample(&mut self, id: LineId, sample: Sample) {
        if self.settings.honor_timestamps && sample.timestamp_ms.is_some() {
            return self.known_sample(id, sample);
        }
        if self.cache.line(id).kind != LineKind::Dropped {
            self.rows.counts.n_relabelled += 1;
            self.rows.counts.n_repeated += 1;
            let text = || String::from_utf8_lossy(self.cache.text(id)).chars().take(MAX_SHOWN_CHARS).collect();
            self.rows.first_repeated.get_or_insert_with(text);
        }
    }

    fn new_sample(&mut self, id: LineId, sample: Sample, given_labels: &Labels) -> Result<(), IngestError> {
        match self.settings.labels.stored(given_labels)? {
            Some(labels) => {
                if self.has_room() {
                    self.rows.new.push((self.rows.series.len(), labels));
                }
                self.known_sample(id, sample);
            }
            None => {
                self.cache.line_mut(id).kind = LineKind::Dropped;
                self.known_sample(id, sample);
            }
        }
        Ok(())
    }

    fn row(&mut self, id: LineId, series: SeriesRef, sample: Sample) {
        let has_room = self.has_room();
        self.rows.counts.n_relabelled += 1;
        if !has_room {
            return;
        }
        let timestamp_ms = sample.timestamp_ms.filter(|_| self.settings.honor_timestamps);
        self.rows.push(id, series, sample.value, timestamp_ms, self.timestamp_ms);
        if timestamp_ms.is_none() || self.settings.track_timestamps_staleness {
            self.rows.alive.push(id);
        }
    }

    /// Behind the limit samples are only counted.
    fn has_room(&self) -> bool {
        self.settings.labels.limits.n_samples.is_none_or(|limit| (self.rows.series.len() as u64) < limit)
    }

    fn check_sample_limit(&self) -> Result<(), IngestError> {
        let Counts { n_relabelled, n_repeated, .. } = self.rows.counts;
        let n_samples = n_relabelled - n_repeated;
        match self.settings.labels.limits.n_samples {
            Some(limit) if n_samples > limit => Err(IngestError::SampleLimit { n_samples, limit }),
            _ => Ok(()),
        }
    }

    /// Tells the metadata which families this scrape has brought.
    fn keep_seen_families(&self, format: Format) {
        let lines = self.cache.seen().filter(|id| self.cache.line(*id).kind == LineKind::Metadata);
        let families: Vec<String> = lines.filter_map(|id| family_of(format, self.cache.text(id))).collect();
        self.metadata.keep_seen(self.cache.iteration(), families.iter().map(String::as_str));
    }

    fn keep_mesos_families(&self) {
        let scrape = self.cache.iteration();
        let mut families = Vec::new();
        for id in self.cache.seen() {
            let series = mesos::series(&String::from_utf8_lossy(self.cache.text(id)));
            let family = series.labels.metric_name().to_owned();
            self.metadata.set_type(scrape, &family, series.metric_type);
            self.metadata.set_help(scrape, &family, series.help);
            families.push(family);
        }
        self.metadata.keep_seen(scrape, families.iter().map(String::as_str));
    }
}

/// Longer lines are cut in messages.
const MAX_SHOWN_CHARS: usize = 200;

/// The family in a HELP, TYPE or UNIT line.
fn family_of(format: Format, line: &[u8]) -> Option<String> {
    let mut parser = Parser::new(format, line, Options::default());
    match parser.next().ok()?? {
        Event::Help { family, .. } | Event::Type { family, .. } | Event::Unit { family, .. } => {
            Some(family_name(family))
        }
        Event::Comment(_) | Event::Series { .. } => None,
    }
}
