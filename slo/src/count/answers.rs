//! What is answered about the counts: [`History`] over the books, with exclusions taken out.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Labels;
use query::Cancel;

use super::book::Book;
use super::counting::Counting;
use super::events::Events;
use super::rehearsal::Rehearsal;
use super::target::{NEVER, Target};
use crate::exclusion::{Spans, excluded};
use crate::history::{Counts, History, SamplingError, Standing, UncountedFirstValue};
use crate::spec::Catalog;

/// So many steps are looked up one by one; more are gathered in one walk.
const MAX_LOOKED_UP: usize = 32;
/// Steps of one answer.
const MAX_STEPS: i64 = 1_000_000;

/// A book, and what it takes to read it.
#[derive(Clone, Copy)]
pub(super) struct Open<'a> {
    book: &'a Book,
    counting: &'a Counting,
    /// Until when it is measured, and until when it is not yet late.
    newest_ms: i64,
    due_ms: i64,
}

impl<'a> Open<'a> {
    pub(super) fn new(book: &'a Book, targets: &[Target], counting: &'a Counting) -> Open<'a> {
        let newest_ms = book.newest_scrape_ms(targets).unwrap_or(NEVER);
        let interval_ms = book.interval_ms(targets, counting.options.scrape_interval_ms);
        Open { book, counting, newest_ms, due_ms: newest_ms.saturating_add(interval_ms) }
    }

    /// Target-time that was measured and that was to be measured up to a time.
    fn time_upto(&self, at_ms: i64) -> (f64, f64) {
        let (measured_ms, until_now_ms) = self.book.presence.upto(at_ms.min(self.newest_ms));
        // What comes with the next scrape is not missed before it is due.
        let expected_ms = if at_ms > self.due_ms { self.book.presence.upto(at_ms).1 } else { until_now_ms };
        (measured_ms, expected_ms)
    }

    fn events(&self, from_ms: i64, to_ms: i64) -> Events {
        let upto = |at_ms| self.book.log.upto(at_ms, &self.counting.files);
        upto(to_ms) - upto(from_ms)
    }

    fn counts_of(&self, events: Events, from_ms: i64, to_ms: i64) -> Counts {
        let (from, to) = (self.time_upto(from_ms), self.time_upto(to_ms));
        Counts { bad: events.bad, total: events.total, measured_ms: to.0 - from.0, expected_ms: to.1 - from.1 }
    }

    pub(super) fn span(&self, from_ms: i64, to_ms: i64, excluded: &Spans) -> Counts {
        let mut counts = self.counts_of(self.events(from_ms, to_ms), from_ms, to_ms);
        for (start_ms, end_ms) in within(excluded, from_ms, to_ms) {
            let out = self.counts_of(self.events(start_ms, end_ms), start_ms, end_ms);
            counts = without(counts, out);
        }
        counts
    }

    /// What was counted in windows that end together.
    fn windows(&self, from_ms: &[i64], to_ms: i64) -> Vec<Counts> {
        let (events, time) = (self.book.log.upto(to_ms, &self.counting.files), self.time_upto(to_ms));
        let window = |&from_ms: &i64| {
            let from_ms = from_ms.min(to_ms);
            let events = events - self.book.log.upto(from_ms, &self.counting.files);
            let (measured_ms, expected_ms) = self.time_upto(from_ms);
            Counts {
                bad: events.bad,
                total: events.total,
                measured_ms: time.0 - measured_ms,
                expected_ms: time.1 - expected_ms,
            }
        };
        from_ms.iter().map(window).collect()
    }

    /// What was counted between each two edges.
    pub(super) fn steps(&self, edges: &[i64], excluded: &Spans) -> Vec<Counts> {
        if edges.len() > MAX_LOOKED_UP {
            return self.walk(edges, excluded);
        }
        edges.windows(2).map(|edge| self.span(edge[0], edge[1], excluded)).collect()
    }

    /// The first sample, and the newest scrape.
    pub(super) fn reach(&self) -> (Option<i64>, Option<i64>) {
        let known = |at_ms: i64| (at_ms != NEVER).then_some(at_ms);
        (known(self.book.began_ms), known(self.newest_ms))
    }

    /// First values that were not counted in a span.
    pub(super) fn uncounted(&self, from_ms: i64, to_ms: i64) -> Vec<UncountedFirstValue> {
        self.book.uncounted.within(from_ms, to_ms)
    }

    /// How many more there were.
    pub(super) fn n_uncounted_left_out(&self, from_ms: i64, to_ms: i64) -> u64 {
        self.book.uncounted.n_left_out(from_ms, to_ms)
    }

    /// Steps gathered in one walk over the increments.
    fn walk(&self, edges: &[i64], excluded: &Spans) -> Vec<Counts> {
        let (Some(&from_ms), Some(&to_ms)) = (edges.first(), edges.last()) else { return Vec::new() };
        let mut events = vec![Events::default(); edges.len() - 1];
        let mut step = 0;
        for increment in self.book.log.span(from_ms, to_ms, &self.counting.files) {
            let is_out = |&&(start_ms, end_ms): &&(i64, i64)| increment.at_ms > start_ms && increment.at_ms <= end_ms;
            if excluded.iter().find(is_out).is_some() {
                continue;
            }
            while edges[step + 1] < increment.at_ms {
                step += 1;
            }
            events[step] += increment.events;
        }
        let steps = edges.windows(2).zip(events).map(|(edge, events)| {
            let counts = self.counts_of(events, edge[0], edge[1]);
            let out = |(start_ms, end_ms)| self.counts_of(Events::default(), start_ms, end_ms);
            within(excluded, edge[0], edge[1]).map(out).fold(counts, without)
        });
        steps.collect()
    }
}

/// The edges of steps that follow one another.
pub(super) fn edges(from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<i64> {
    let step_ms = step_ms.max(1);
    let n_steps = to_ms.saturating_sub(from_ms).max(0).saturating_add(step_ms - 1) / step_ms;
    let mut edges: Vec<i64> = (0..=n_steps.min(MAX_STEPS)).map(|step| (from_ms + step * step_ms).min(to_ms)).collect();
    edges.dedup();
    edges
}

/// The parts of spans that lie within another.
fn within(spans: &Spans, from_ms: i64, to_ms: i64) -> impl Iterator<Item = (i64, i64)> + '_ {
    let cut = move |&(start_ms, end_ms): &(i64, i64)| (start_ms.max(from_ms), end_ms.min(to_ms));
    spans.iter().map(cut).filter(|(start_ms, end_ms)| start_ms < end_ms)
}

fn without(counts: Counts, out: Counts) -> Counts {
    Counts {
        bad: counts.bad - out.bad,
        total: counts.total - out.total,
        measured_ms: counts.measured_ms - out.measured_ms,
        expected_ms: counts.expected_ms - out.expected_ms,
    }
}

impl Counting {
    fn open_book<T: Default>(&self, id: &str, answer: impl FnOnce(Open<'_>) -> T) -> T {
        let tally = self.tally.read();
        tally.book(id).map(|book| answer(Open::new(book, &tally.targets, self))).unwrap_or_default()
    }

    fn excluded(&self, id: &str, from_ms: i64, to_ms: i64) -> Spans {
        excluded(&self.catalog.read(), id, from_ms, to_ms)
    }
}

impl History for Counting {
    fn counts(&self, id: &str, from_ms: i64, to_ms: i64) -> Counts {
        let excluded = self.excluded(id, from_ms, to_ms);
        self.open_book(id, |open| open.span(from_ms, to_ms.max(from_ms), &excluded))
    }

    fn windows(&self, id: &str, from_ms: &[i64], to_ms: i64) -> Vec<Counts> {
        let first_ms = from_ms.iter().copied().min().unwrap_or(to_ms);
        if !self.excluded(id, first_ms, to_ms).is_empty() {
            return from_ms.iter().map(|from_ms| self.counts(id, *from_ms, to_ms)).collect();
        }
        let counts = self.open_book(id, |open| open.windows(from_ms, to_ms));
        if counts.is_empty() { vec![Counts::default(); from_ms.len()] } else { counts }
    }

    fn steps(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts> {
        let edges = edges(from_ms, to_ms, step_ms);
        let excluded = self.excluded(id, from_ms, to_ms);
        let n_wanted = edges.len().saturating_sub(1);
        let counts = self.open_book(id, |open| open.steps(&edges, &excluded));
        if counts.is_empty() { vec![Counts::default(); n_wanted] } else { counts }
    }

    fn began_ms(&self, id: &str) -> Option<i64> {
        self.open_book(id, |open| open.reach().0)
    }

    fn newest_ms(&self, id: &str) -> Option<i64> {
        self.open_book(id, |open| open.reach().1)
    }

    fn uncounted(&self, id: &str, from_ms: i64, to_ms: i64) -> Vec<UncountedFirstValue> {
        self.open_book(id, |open| open.uncounted(from_ms, to_ms))
    }

    fn n_uncounted_left_out(&self, id: &str, from_ms: i64, to_ms: i64) -> u64 {
        self.open_book(id, |open| open.n_uncounted_left_out(from_ms, to_ms))
    }

    fn sampling_error(&self, id: &str) -> Option<SamplingError> {
        self.failing.read().of(id)
    }

    fn rehearsed(&self, catalog: &Arc<Catalog>, id: &str, cancel: &Cancel) -> Result<Box<dyn History + '_>, String> {
        Ok(Box::new(Rehearsal::of(self, catalog, id, cancel)?))
    }

    fn by_labels(&self, id: &str, names: &[String], from_ms: i64, to_ms: i64) -> Vec<(Labels, Counts)> {
        let catalog = self.catalog.read().clone();
        let Some(objective) = catalog.objectives.get(id) else { return Vec::new() };
        let blank = Book { by_series: Some(Vec::new()), ..Book::new(objective) };
        let counted = {
            let tally = self.tally.read();
            self.past().span(&blank, from_ms, to_ms, &tally)
        };
        let Ok(counted) = counted else { return Vec::new() };
        let Some(book) = counted.book(id) else { return Vec::new() };
        let excluded = excluded(&catalog, id, from_ms, to_ms);
        let is_counted = |at_ms: i64| {
            at_ms > from_ms
                && at_ms <= to_ms
                && !excluded.iter().any(|(start_ms, end_ms)| at_ms > *start_ms && at_ms <= *end_ms)
        };
        let mut groups: BTreeMap<Labels, Counts> = BTreeMap::new();
        for (follow, increment) in book.by_series.iter().flatten().filter(|(_, each)| is_counted(each.at_ms)) {
            let labels = &book.follows[*follow as usize].labels;
            let group = labels.without(|name| !names.iter().any(|wanted| wanted == name));
            let counts = groups.entry(group).or_default();
            counts.bad += increment.events.bad;
            counts.total += increment.events.total;
        }
        groups.into_iter().collect()
    }

    fn standing(&self) -> Standing {
        self.stands()
    }
}
