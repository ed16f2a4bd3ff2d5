//! The lines of a target's last scrape, so that the next one need not understand them again.
//!
//! A target says the same things in the same order, and only numbers change. The cache therefore is a list: the text of
//! each line up to its value, in the order in which they came, with what became of it. A scrape walks along the list
//! and compares; as long as the order holds, a line costs one comparison and no hashing. At the first line that is out
//! of place an index is built from the texts, and lines are looked up until the order holds again. A scrape that
//! brought another order, or other lines, leaves a new list behind.
//!
//! HELP, TYPE and UNIT lines are in the list like any other.

use hashbrown::HashTable;
use model::storage::SeriesRef;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::parse::MetricType;

/// The place of a line in the cache; holds for the scrape in which it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineId(u32);

impl LineId {
    /// Its number.
    pub(crate) fn index(self) -> u32 {
        self.0
    }

    /// The line with a number.
    pub(super) fn at(index: u32) -> LineId {
        LineId(index)
    }
}

/// What a line turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A sample of a series.
    Series,
    /// A sample that relabelling drops.
    Dropped,
    /// HELP, TYPE or UNIT.
    Metadata,
}

/// What is known of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    start: usize,
    end: usize,
    pub(crate) kind: LineKind,
    /// The type in force behind the line.
    pub(crate) metric_type: MetricType,
    /// The series, once storage knows it; otherwise [`UNRESOLVED`].
    pub(crate) series: SeriesRef,
    /// The scrape in which the line was last seen.
    seen: u32,
    /// The scrape in which a sample of it was last written that a stale marker has to follow, should it disappear.
    alive: u32,
}

/// Stands for "not known to storage yet".
pub(crate) const UNRESOLVED: SeriesRef = SeriesRef(u64::MAX);

/// Stands for a line that no scrape has left alive.
const NEVER: u32 = 0;

/// Stands for a scrape that left no line alive.
const NO_SCRAPE: u32 = u32::MAX;

/// What a search for a line found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A line of an earlier scrape.
    Known(LineId),
    /// A line that this scrape has seen already.
    Repeated(LineId),
    /// A line that was not there before and now is, with the kind it was looked for.
    New(LineId),
}

#[derive(Debug)]
pub(crate) struct LineCache {
    /// The texts of all lines.
    texts: Vec<u8>,
    lines: Vec<Line>,
    /// Built when the order is first broken; thrown away with it.
    index: Option<HashTable<u32>>,
    /// Keeps a target from choosing lines that all meet in one place of the index.
    seed: u64,
    /// Counts scrapes.
    iteration: u32,
    /// The line that should come next.
    cursor: u32,
    /// The order of this scrape, once it has left that of the last one.
    order: Option<Vec<u32>>,
    /// Lines and bytes of text that earlier scrapes have left.
    n_lines_before: usize,
    n_bytes_before: usize,
    /// The scrape whose samples are the newest, and how many of them stale markers have to follow.
    alive: u32,
    n_alive: usize,
    /// Series that stale markers have to follow and whose lines are not known: another loop's, or those of another
    /// format.
    orphans: Vec<SeriesRef>,
    /// Which metric each line belongs to; empty while the target does not say since when its series count.
    metrics: Vec<u64>,
}

impl LineCache {
    pub(crate) fn new(seed: u64) -> LineCache {
        LineCache {
            texts: Vec::new(),
            lines: Vec::new(),
            index: None,
            seed,
            iteration: 0,
            cursor: 0,
            order: None,
            n_lines_before: 0,
            n_bytes_before: 0,
            alive: NO_SCRAPE,
            n_alive: 0,
            orphans: Vec::new(),
            metrics: Vec::new(),
        }
    }

    /// The number of this scrape.
    pub(crate) fn iteration(&self) -> u32 {
        self.iteration
    }

    /// Begins a scrape.
    pub(crate) fn begin(&mut self) {
        self.iteration += 1;
        self.cursor = 0;
        self.order = None;
        self.n_lines_before = self.lines.len();
        self.n_bytes_before = self.texts.len();
    }

    /// The line that should come next, and its text.
    pub(crate) fn expected(&self) -> Option<(LineId, Line, &[u8])> {
        let line = self.lines[..self.n_lines_before].get(self.cursor as usize)?;
        if line.seen == self.iteration {
            return None;
        }
        Some((LineId(self.cursor), *line, &self.texts[line.start..line.end]))
    }

    /// Notes that the expected line came.
    pub(crate) fn take_expected(&mut self) {
        let cursor = self.cursor;
        self.lines[cursor as usize].seen = self.iteration;
        self.cursor += 1;
        if let Some(order) = &mut self.order {
            order.push(cursor);
        }
    }

    /// Looks for a line that was not expected.
    pub(crate) fn find(&mut self, text: &[u8], kind: LineKind, metric_type: MetricType) -> Found {
        // Whatever was expected did not come here: from now on the order is kept.
        let order = self.order.get_or_insert_with(|| (0..self.cursor).collect());
        let hash = xxh3_64_with_seed(text, self.seed);
        let (lines, texts) = (&self.lines, &self.texts);
        let index = self.index.get_or_insert_with(|| index_of(lines, texts, self.seed));
        let is_it = |id: &u32| texts[lines[*id as usize].start..lines[*id as usize].end] == *text;
        if let Some(&id) = index.find(hash, is_it) {
            let line = &mut self.lines[id as usize];
            if line.seen == self.iteration {
                return Found::Repeated(LineId(id));
            }
            line.seen = self.iteration;
            order.push(id);
            self.cursor = id + 1;
            return Found::Known(LineId(id));
        }
        let id = self.lines.len() as u32;
        let start = self.texts.len();
        self.texts.extend_from_slice(text);
        let end = self.texts.len();
        let seen = self.iteration;
        self.lines.push(Line { start, end, kind, metric_type, series: UNRESOLVED, seen, alive: NEVER });
        let (lines, texts, seed) = (&self.lines, &self.texts, self.seed);
        index.insert_unique(hash, id, |id| hash_of(&lines[*id as usize], texts, seed));
        order.push(id);
        Found::New(LineId(id))
    }

    pub(crate) fn line(&self, id: LineId) -> &Line {
        &self.lines[id.0 as usize]
    }

    pub(crate) fn line_mut(&mut self, id: LineId) -> &mut Line {
        &mut self.lines[id.0 as usize]
    }

    pub(crate) fn text(&self, id: LineId) -> &[u8] {
        let line = self.line(id);
        &self.texts[line.start..line.end]
    }

    /// How many lines there are.
    pub(super) fn n_lines(&self) -> u32 {
        self.lines.len() as u32
    }

    /// Which metric each line belongs to, as far as that has been asked.
    pub(super) fn metrics(&self) -> &[u64] {
        &self.metrics
    }

    pub(super) fn set_metrics(&mut self, metrics: Vec<u64>) {
        self.metrics = metrics;
    }

    #[cfg(test)]
    pub(crate) fn has_no_index(&self) -> bool {
        self.index.is_none()
    }

    /// Whether this scrape has brought what the last one brought, so far.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.order.is_none() && self.cursor as usize == self.n_lines_before
    }

    /// The lines of this scrape, in their order.
    pub(crate) fn seen(&self) -> impl Iterator<Item = LineId> {
        let in_order = self.order.as_deref();
        let unchanged = if in_order.is_none() { 0..self.cursor } else { 0..0 };
        in_order.unwrap_or_default().iter().copied().chain(unchanged).map(LineId)
    }

    /// The series that the last scrape has left alive and this one has not. `alive` are the lines that this one leaves
    /// alive, and `written` all series that it writes.
    pub(crate) fn disappeared(&self, alive: &[LineId], written: &[SeriesRef]) -> Vec<SeriesRef> {
        let n_still = alive.iter().filter(|id| self.line(**id).alive == self.alive).count();
        if n_still == self.n_alive && self.orphans.is_empty() {
            return Vec::new();
        }
        let alive: FxHashSet<u32> = alive.iter().map(|id| id.0).collect();
        let was_alive = |(_, line): &(usize, &Line)| line.alive == self.alive;
        let is_gone = |(id, _): &(usize, &Line)| !alive.contains(&(*id as u32));
        let lines = self.lines.iter().enumerate().filter(was_alive).filter(is_gone);
        let mut gone: FxHashSet<SeriesRef> = lines.map(|(_, line)| line.series).chain(self.orphans.clone()).collect();
        // A series may have come back in other words.
        for series in written {
            gone.remove(series);
        }
        let mut gone: Vec<SeriesRef> = gone.into_iter().collect();
        gone.sort_unstable();
        gone
    }

    /// The series that the last scrape has left alive, each once.
    pub(crate) fn alive_series(&self) -> Vec<SeriesRef> {
        let alive = self.lines.iter().filter(|line| line.alive == self.alive).map(|line| line.series);
        let mut alive: Vec<SeriesRef> = alive.chain(self.orphans.iter().copied()).collect();
        alive.sort_unstable();
        alive.dedup();
        alive
    }

    /// Takes over series whose lines are not known; stale markers will follow those that do not come back.
    pub(crate) fn adopt(&mut self, series: Vec<SeriesRef>) {
        self.orphans.extend(series);
    }

    /// Ends a scrape that was written. `alive` are the lines whose series stale markers have to follow.
    pub(crate) fn commit(&mut self, alive: &[LineId]) {
        self.orphans = Vec::new();
        self.n_alive = alive.len();
        self.alive = self.iteration;
        for id in alive {
            self.lines[id.0 as usize].alive = self.iteration;
        }
        if !self.is_unchanged() {
            self.keep_seen();
        }
    }

    /// Ends a scrape that was not written: lines that it brought are forgotten.
    pub(crate) fn rollback(&mut self) {
        if self.lines.len() > self.n_lines_before {
            self.lines.truncate(self.n_lines_before);
            self.texts.truncate(self.n_bytes_before);
            self.index = None;
        }
        self.order = None;
        self.metrics.clear();
    }

    /// Notes that stale markers have followed all series.
    pub(crate) fn bury(&mut self) {
        self.alive = NO_SCRAPE;
        self.n_alive = 0;
        self.orphans = Vec::new();
    }

    /// Forgets all lines, but not the series that stale markers have to follow.
    pub(crate) fn clear(&mut self) {
        let orphans = self.alive_series();
        *self = LineCache { iteration: self.iteration, orphans, ..LineCache::new(self.seed) };
    }

    /// The list anew, with the lines of this scrape in their order. Lines whose series storage did not take go, and will
    /// be new the next time.
    fn keep_seen(&mut self) {
        let is_taken = |line: &Line| line.kind != LineKind::Series || line.series != UNRESOLVED;
        let seen: Vec<LineId> = self.seen().filter(|id| is_taken(self.line(*id))).collect();
        let mut texts = Vec::with_capacity(seen.iter().map(|id| self.text(*id).len()).sum());
        let mut lines = Vec::with_capacity(seen.len());
        for id in seen {
            let start = texts.len();
            texts.extend_from_slice(self.text(id));
            lines.push(Line { start, end: texts.len(), ..*self.line(id) });
        }
        self.texts = texts;
        self.lines = lines;
        // Lines have other numbers now.
        self.metrics.clear();
        self.index = None;
        self.order = None;
    }
}

fn index_of(lines: &[Line], texts: &[u8], seed: u64) -> HashTable<u32> {
    let mut index = HashTable::with_capacity(lines.len());
    for (id, line) in lines.iter().enumerate() {
        index.insert_unique(hash_of(line, texts, seed), id as u32, |id| hash_of(&lines[*id as usize], texts, seed));
    }
    index
}

fn hash_of(line: &Line, texts: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(&texts[line.start..line.end], seed)
}
