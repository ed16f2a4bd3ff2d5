//! Counting what was committed before: samples of a selection, in the order of their times.

use model::labels::METRIC_NAME;
use model::storage::{Select, SelectError, SelectHints, SeriesSet, Tile};
use model::{Labels, MatchOp, Matcher};
use query::Cancel;
use rustc_hash::FxHashSet;

use super::chunk::Bodies;
use super::tally::{Entry, PendingValue, Tally};

/// So many samples are in memory at once, about.
const MAX_SAMPLES: i64 = 1_000_000;
/// The distance of samples that this supposes.
const SUPPOSED_STEP_MS: i64 = 15_000;
/// What a target tells of itself.
const OF_TARGETS: [&str; 2] = ["up", "process_start_time_seconds"];
/// More targets than this are not named one by one.
const MAX_NAMED: usize = 64;

/// Which samples are counted.
#[derive(Clone, Copy)]
pub(super) struct Range<'a> {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// Until when a series is counted, where that is before the end.
    pub(super) until_ms: &'a dyn Fn(&Labels) -> i64,
    /// Who may stop it: what was counted is then of no use.
    pub(super) cancel: Option<&'a Cancel>,
}

/// A series that is read.
struct Reading {
    set: usize,
    series: usize,
    entry: Entry,
    until_ms: i64,
}

/// Counts the samples of all that the objectives of a tally listen to.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn replay(
    select: &dyn Select,
    tally: &mut Tally,
    range: Range<'_>,
    bodies: &dyn Bodies,
) -> Result<(), SelectError> {
    let terms: Vec<Vec<Matcher>> =
        tally.books.iter().flatten().flat_map(|book| &book.source.terms).map(|term| term.matchers.to_vec()).collect();
    let mut selection = Selection::new(select, range);
    for matchers in &terms {
        selection.add(matchers, tally)?;
    }
    for matchers in targets(tally) {
        selection.add(&matchers, tally)?;
    }
    selection.count(tally, bodies)
}

/// Takes note of what all targets tell of themselves, whether anybody counts on them or not.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn replay_targets(
    select: &dyn Select,
    tally: &mut Tally,
    range: Range<'_>,
    bodies: &dyn Bodies,
) -> Result<(), SelectError> {
    let mut selection = Selection::new(select, range);
    for name in OF_TARGETS {
        selection.add(&[Matcher::equal(METRIC_NAME, name)], tally)?;
    }
    selection.count(tally, bodies)
}

/// The series that are read, each once.
struct Selection<'a> {
    select: &'a dyn Select,
    range: Range<'a>,
    sets: Vec<Box<dyn SeriesSet>>,
    seen: FxHashSet<Labels>,
    readings: Vec<Reading>,
}

impl<'a> Selection<'a> {
    fn new(select: &'a dyn Select, range: Range<'a>) -> Selection<'a> {
        Selection { select, range, sets: Vec::new(), seen: FxHashSet::default(), readings: Vec::new() }
    }

    /// Adds the series that match and that somebody listens to.
    fn add(&mut self, matchers: &[Matcher], tally: &mut Tally) -> Result<(), SelectError> {
        let Range { from_ms, to_ms, until_ms, .. } = self.range;
        let hints = SelectHints { start_ms: from_ms, end_ms: to_ms, ..SelectHints::default() };
        let of_set = self.select.select(matchers, &hints)?;
        let set = self.sets.len();
        for series in 0..of_set.len() {
            let labels = of_set.labels(series);
            let until_ms = until_ms(&labels);
            let entry = tally.entry(&labels);
            if entry != Entry::Nothing && until_ms >= from_ms && self.seen.insert(labels) {
                self.readings.push(Reading { set, series, entry, until_ms });
            }
        }
        self.sets.push(of_set);
        Ok(())
    }

    /// Counts their samples, in pieces of the time that fit into memory.
    fn count(self, tally: &mut Tally, bodies: &dyn Bodies) -> Result<(), SelectError> {
        let piece_ms = (MAX_SAMPLES / (self.readings.len() as i64 + 1) * SUPPOSED_STEP_MS).max(3_600_000);
        let mut from_ms = self.range.from_ms;
        while from_ms <= self.range.to_ms && !self.range.cancel.is_some_and(Cancel::is_canceled) {
            let to_ms = self.range.to_ms.min(from_ms.saturating_add(piece_ms - 1));
            read(&self.sets, &self.readings, (from_ms, to_ms), tally)?;
            tally.settle(bodies);
            from_ms = to_ms.saturating_add(1);
        }
        tally.let_room_go();
        Ok(())
    }
}

/// Matchers of what the targets that are known tell of themselves.
fn targets(tally: &Tally) -> Vec<Vec<Matcher>> {
    let mut jobs: Vec<(&str, Vec<&str>)> = Vec::new();
    for key in tally.target_keys.keys() {
        let (job, instance) = (key.get("job").unwrap_or_default(), key.get("instance").unwrap_or_default());
        match jobs.iter_mut().find(|(other, _)| *other == job) {
            Some((_, instances)) => instances.push(instance),
            None => jobs.push((job, vec![instance])),
        }
    }
    let of_job = |(job, instances): (&str, Vec<&str>)| {
        OF_TARGETS.map(|name| {
            let mut matchers = vec![Matcher::equal(METRIC_NAME, name), Matcher::equal("job", job)];
            let pattern = instances.iter().map(|instance| quoted(instance)).collect::<Vec<_>>().join("|");
            if instances.len() <= MAX_NAMED
                && let Ok(named) = Matcher::new("instance", MatchOp::Regex, pattern)
            {
                matchers.push(named);
            }
            matchers
        })
    };
    jobs.into_iter().flat_map(of_job).collect()
}

/// A text as a regular expression that matches nothing else.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}

fn read(
    sets: &[Box<dyn SeriesSet>],
    readings: &[Reading],
    (from_ms, to_ms): (i64, i64),
    tally: &mut Tally,
) -> Result<(), SelectError> {
    let mut readers: Vec<_> = sets.iter().map(|set| set.reader()).collect();
    let mut tile = Tile::default();
    for Reading { set, series, entry, until_ms } in readings {
        let last_ms = to_ms.min(*until_ms);
        let reader = &mut readers[*set];
        reader.seek(*series, from_ms);
        while reader.next_tile(&mut tile)? {
            let mut is_behind = false;
            for (at, &at_ms) in tile.timestamps.iter().enumerate() {
                is_behind = at_ms > last_ms;
                if is_behind {
                    break;
                }
                let start_ms = tile.start_timestamps.get(at).copied().unwrap_or(0);
                tally.note_value(*entry, at_ms, start_ms, || match tile.values.get(at) {
                    Some(value) => PendingValue::Float(*value),
                    None => PendingValue::Histogram(tile.histograms[at].to_float()),
                });
            }
            if is_behind {
                break;
            }
        }
    }
    Ok(())
}
