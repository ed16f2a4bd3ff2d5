//! Counting what nobody counts yet, for once: an objective that is being written.
//!
//! What is counted already in the same words is taken as it is, with all that outlived the raw samples; the rest is counted back
//! over the raw samples as a new objective is, by the same code. Nothing of it is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::Labels;
use model::storage::SelectHints;
use query::{Cancel, QueryOptions};

use super::answers::{Open, edges};
use super::book::Book;
use super::counting::Counting;
use super::past::Past;
use super::sampling::{Allowance, MAX_STEPS, Storage, sample, step_ms};
use super::tally::Tally;
use super::target::Target;
use crate::exclusion::{Spans, excluded};
use crate::history::{Counts, History, UncountedFirstValue};
use crate::spec::{Catalog, Indicator, Objective};

/// The limit `trial_series`: so many series may be counted back for an objective that is tried and all that it consists of. One
/// that is asked for twice, as a bad one and as one of all, counts twice.
pub const MAX_SERIES: usize = 20_000;
/// The limit `trial_components`: of so many others an objective that is tried may consist.
pub const MAX_COMPONENTS: usize = 50;

/// Objectives that were counted for once.
#[derive(Debug)]
pub(super) struct Rehearsal<'a> {
    counting: &'a Counting,
    /// With the exclusions in force.
    catalog: Catalog,
    books: BTreeMap<String, (Book, Vec<Target>)>,
}

impl<'a> Rehearsal<'a> {
    /// An objective of a catalog, and what it consists of.
    ///
    /// # Errors
    /// In words: why it cannot be counted.
    pub(super) fn of(
        counting: &'a Counting,
        catalog: &Arc<Catalog>,
        id: &str,
        cancel: &Cancel,
    ) -> Result<Rehearsal<'a>, String> {
        let mut with_exclusions = (**catalog).clone();
        let in_force = counting.catalog.read().adjustments.clone();
        with_exclusions.adjustments.extend(in_force);
        let mut rehearsal = Rehearsal { counting, catalog: with_exclusions, books: BTreeMap::new() };
        let mut n_series = 0;
        for objective in parts(catalog, id)? {
            let counted = match rehearsal.known(objective) {
                Some(known) => known,
                None => {
                    n_series += rehearsal.n_series(objective)?;
                    if n_series > MAX_SERIES {
                        return Err(format!(
                            "it has {n_series} series to count back: limit trial_series is {MAX_SERIES}"
                        ));
                    }
                    rehearsal.counted(objective, cancel)?
                }
            };
            rehearsal.books.insert(objective.id.clone(), counted);
        }
        Ok(rehearsal)
    }

    /// What is counted in the same words, by whatever name.
    fn known(&self, objective: &Objective) -> Option<(Book, Vec<Target>)> {
        let blank = Book::new(objective);
        let tally = self.counting.tally.read();
        let book = tally.books.iter().flatten().find(|book| book.counts_same(&blank))?;
        let book = Book { id: objective.id.clone(), ..book.clone() };
        Some((book, tally.targets.clone()))
    }

    fn counted(&self, objective: &Objective, cancel: &Cancel) -> Result<(Book, Vec<Target>), String> {
        let options = &self.counting.options;
        let past = Past { cancel: Some(cancel), ..self.counting.past() };
        let mut tally: Tally = past.all(objective).map_err(|error| error.to_string())?;
        tally.pass(&self.counting.files);
        let Some(book) = tally.book_mut(&objective.id) else { return Err("it counts nothing".to_owned()) };
        if !book.source.sampled.is_empty() {
            let step_ms = step_ms(book, options.sample_every_ms, options.scrape_interval_ms);
            let until_ms = options.clock.now_ms() - 2 * step_ms;
            book.sampled_ms = book.sampled_ms.max(past.from_ms);
            let storage = Storage { engine: &options.engine, select: past.select, bodies: past.bodies };
            let with_stop = QueryOptions { cancel: cancel.clone(), ..QueryOptions::default() };
            let clock = &*options.clock;
            let mut all = Allowance { clock, until: Duration::MAX, least: Duration::ZERO, n_steps: MAX_STEPS };
            sample(book, storage, until_ms, step_ms, &with_stop, &mut all)
                .map_err(|failed| failed.error.to_string())?;
            if let Some(slicer) = &mut book.slicer {
                slicer.close(until_ms, &mut book.log, past.bodies);
            }
        }
        if cancel.is_canceled() {
            return Err("nobody waits for it any more".to_owned());
        }
        let book = book.clone();
        Ok((book, tally.targets))
    }

    /// How many series it listens to.
    fn n_series(&self, objective: &Objective) -> Result<usize, String> {
        let past = self.counting.past();
        let hints = SelectHints { start_ms: past.from_ms, end_ms: past.to_ms, ..SelectHints::default() };
        let mut n_series = 0;
        for term in Book::new(objective).source.terms {
            n_series += past.select.select(&term.matchers, &hints).map_err(|error| error.to_string())?.len();
        }
        Ok(n_series)
    }

    fn open<T: Default>(&self, id: &str, answer: impl FnOnce(Open<'_>) -> T) -> T {
        let book = self.books.get(id);
        book.map(|(book, targets)| answer(Open::new(book, targets, self.counting))).unwrap_or_default()
    }

    fn excluded(&self, id: &str, from_ms: i64, to_ms: i64) -> Spans {
        excluded(&self.catalog, id, from_ms, to_ms)
    }
}

/// The objectives with events of their own that one consists of.
fn parts<'c>(catalog: &'c Catalog, id: &str) -> Result<Vec<&'c Objective>, String> {
    let mut parts: BTreeMap<&str, &Objective> = BTreeMap::new();
    let mut wanted = vec![id];
    while let Some(id) = wanted.pop() {
        let Some(objective) = catalog.objectives.get(id).filter(|_| !parts.contains_key(id)) else { continue };
        if parts.len() > MAX_COMPONENTS {
            return Err(format!("it consists of more than {MAX_COMPONENTS} others (limit trial_components)"));
        }
        parts.insert(id, objective);
        if let Indicator::Composite(composition) = &objective.indicator {
            wanted.extend(composition.components.iter().map(|component| component.objective.as_str()));
        }
    }
    let is_counted = |objective: &&Objective| !matches!(objective.indicator, Indicator::Composite(_));
    Ok(parts.into_values().filter(is_counted).collect())
}

impl History for Rehearsal<'_> {
    fn counts(&self, id: &str, from_ms: i64, to_ms: i64) -> Counts {
        let excluded = self.excluded(id, from_ms, to_ms);
        self.open(id, |open| open.span(from_ms, to_ms.max(from_ms), &excluded))
    }

    fn steps(&self, id: &str, from_ms: i64, to_ms: i64, step_ms: i64) -> Vec<Counts> {
        let edges = edges(from_ms, to_ms, step_ms);
        let excluded = self.excluded(id, from_ms, to_ms);
        let n_wanted = edges.len().saturating_sub(1);
        let counts = self.open(id, |open| open.steps(&edges, &excluded));
        if counts.is_empty() { vec![Counts::default(); n_wanted] } else { counts }
    }

    fn began_ms(&self, id: &str) -> Option<i64> {
        self.open(id, |open| open.reach().0)
    }

    fn newest_ms(&self, id: &str) -> Option<i64> {
        self.open(id, |open| open.reach().1)
    }

    fn uncounted(&self, id: &str, from_ms: i64, to_ms: i64) -> Vec<UncountedFirstValue> {
        self.open(id, |open| open.uncounted(from_ms, to_ms))
    }

    fn n_uncounted_left_out(&self, id: &str, from_ms: i64, to_ms: i64) -> u64 {
        self.open(id, |open| open.n_uncounted_left_out(from_ms, to_ms))
    }

    fn by_labels(&self, _: &str, _: &[String], _: i64, _: i64) -> Vec<(Labels, Counts)> {
        Vec::new()
    }
}
