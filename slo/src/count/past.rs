//! Counting over raw samples: all there are for an objective that is new, and those behind a late one.

use model::Labels;
use model::storage::{Select, SelectError};
use query::Cancel;
use rustc_hash::FxHashMap;

use super::book::Book;
use super::chunk::Bodies;
use super::replay::{Range, replay, replay_targets};
use super::slicer::Slicer;
use super::tally::Tally;
use super::target::{LOOKBACK_MS, NEVER};
use crate::spec::Objective;

/// So much before a late sample is read at first, so that what was before it is known; and then so many times as much.
const BEFORE_MS: i64 = 3_600_000;
const MORE: i64 = 12;

/// The raw samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past<'a> {
    pub(super) select: &'a dyn Select,
    pub(super) bodies: &'a dyn Bodies,
    /// There are none before.
    pub(super) from_ms: i64,
    /// Nor after.
    pub(super) to_ms: i64,
    pub(super) interval_ms: i64,
    /// Who may stop counting.
    pub(super) cancel: Option<&'a Cancel>,
}

impl Past<'_> {
    /// Counts an objective over all of them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn all(&self, objective: &Objective) -> Result<Tally, SelectError> {
        let mut tally = self.blank(Book::new(objective));
        let Past { from_ms, to_ms, cancel, .. } = *self;
        let range = Range { from_ms, to_ms, until_ms: &|_| i64::MAX, cancel };
        replay(self.select, &mut tally, range, self.bodies)?;
        if let Some(book) = tally.book_mut(&objective.id) {
            book.late_ms = None;
        }
        Ok(tally)
    }

    /// What all targets told of themselves lately: whether the first value of a series counts hangs on the scrape before it,
    /// and that may have been before anybody counted on the target.
    ///
    /// # Errors
    /// When that cannot be read.
    pub(super) fn targets(&self, now_ms: i64) -> Result<Tally, SelectError> {
        let mut tally = Tally::new(self.interval_ms);
        let from_ms = now_ms.saturating_sub(2 * LOOKBACK_MS).max(self.from_ms);
        let range = Range { from_ms, to_ms: self.to_ms, until_ms: &|_| i64::MAX, cancel: self.cancel };
        replay_targets(self.select, &mut tally, range, self.bodies)?;
        Ok(tally)
    }

    /// Counts an objective anew behind a late sample, up to where `known` has come to. Gives the time behind which the counts
    /// are to be taken.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn behind(
        &self,
        objective: &Objective,
        late_ms: i64,
        known: &Tally,
    ) -> Result<(i64, Tally), SelectError> {
        let blank = Book::new(objective);
        // A slice is counted as a whole.
        let from_ms = match &blank.slicer {
            Some(slicer) => slicer.end_of(late_ms) - slicer.slice_ms(),
            None => late_ms - 1,
        };
        let tally = self.span(&blank, from_ms, i64::MAX, known)?;
        Ok((from_ms, tally))
    }

    /// Counts a book's objective over a span, up to where `known` has come to. What is before the span is counted as far as
    /// that is needed to know what its series had come to.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn span(&self, blank: &Book, from_ms: i64, to_ms: i64, known: &Tally) -> Result<Tally, SelectError> {
        let id = blank.id.clone();
        let of_book = known.book(&id);
        let times: FxHashMap<&Labels, (i64, i64)> = of_book
            .iter()
            .flat_map(|book| &book.follows)
            .map(|follow| (&follow.labels, (follow.first_ms, follow.newest_ms)))
            .collect();
        let until_ms = |labels: &Labels| match (labels.metric_name(), times.get(labels)) {
            (_, Some((_, newest_ms))) => *newest_ms,
            ("up" | "process_start_time_seconds", None) => known.heard_ms(labels),
            (_, None) => NEVER,
        };
        let mut before_ms = BEFORE_MS;
        loop {
            let begin_ms = from_ms.saturating_sub(before_ms).max(self.from_ms);
            let mut tally = self.blank(blank.clone());
            replay(
                self.select,
                &mut tally,
                Range { from_ms: begin_ms, to_ms: to_ms.min(self.to_ms), until_ms: &until_ms, cancel: self.cancel },
                self.bodies,
            )?;
            let began_before = |labels: &Labels, first_ms: i64| {
                first_ms > from_ms && times.get(labels).is_some_and(|(known_ms, _)| *known_ms < first_ms)
            };
            let is_cut_off = tally
                .book(&id)
                .iter()
                .flat_map(|book| &book.follows)
                .any(|follow| began_before(&follow.labels, follow.first_ms));
            if !is_cut_off || begin_ms <= self.from_ms {
                self.close(&mut tally, &id, of_book);
                return Ok(tally);
            }
            before_ms = before_ms.saturating_mul(MORE);
        }
    }

    /// Closes the slices that are closed where the book is known.
    fn close(&self, tally: &mut Tally, id: &str, known: Option<&Book>) {
        let closed_ms = known.and_then(|book| book.slicer.as_deref()).map_or(NEVER, Slicer::closed_ms);
        let Some(book) = tally.book_mut(id) else { return };
        book.late_ms = None;
        if let Some(slicer) = book.slicer.as_mut().filter(|_| closed_ms != NEVER) {
            slicer.close(closed_ms, &mut book.log, self.bodies);
        }
    }

    fn blank(&self, book: Book) -> Tally {
        let mut tally = Tally::new(self.interval_ms);
        tally.install(vec![book], |_| false);
        tally
    }
}
