//! The series of a part of the table, by their places in it.

use model::sample::stale_marker;
use model::storage::{Append, AppendError, Refusal, Refused, SeriesRef, SeriesRuns, SourceRef};

use super::source::{At, Together};
use super::table::Part;
use crate::spec::Catalog;

/// For so many series references are asked for at once: their labels are in memory only as long.
const RESOLVED_AT_ONCE: usize = 4096;

/// What the series of a part say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartRows<'r> {
    pub(crate) part: Part<'r>,
    /// The catalog that the table is of.
    pub(crate) catalog: &'r Catalog,
    /// In the order of their places; `None` for nothing.
    pub(crate) values: &'r [Option<f64>],
}

/// The series of a part.
#[derive(Debug, Default)]
pub(super) struct PlacedSeries {
    source: Option<SourceRef>,
    /// Of the places that have references, in order; there are hundreds of thousands of them.
    series: SeriesRuns,
    /// By place.
    states: Vec<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody asked for its reference.
    Unknown,
    /// It was not written at the last tick.
    Quiet,
    Written,
}

impl PlacedSeries {
    /// Leaves its places for so many others. Answers what was written last.
    pub(super) fn move_to(&mut self, n_places: usize) -> Vec<SeriesRef> {
        let states = self.states.iter().filter(|state| **state != State::Unknown);
        let written = states.zip(self.series.iter()).filter(|(state, _)| **state == State::Written);
        let written = written.map(|(_, series)| series).collect();
        self.series = SeriesRuns::EMPTY;
        self.states = vec![State::Unknown; n_places];
        written
    }

    /// Those that have a place.
    pub(super) fn known(&self) -> impl Iterator<Item = SeriesRef> + '_ {
        self.series.iter()
    }

    /// Takes the references of places that had none, in the order of these.
    fn take_references(&mut self, new: Vec<(usize, SeriesRef)>) {
        let (mut known, mut new) = (self.series.iter(), new.into_iter().peekable());
        let of_place = |(place, state): (usize, &mut State)| match new.next_if(|(at, _)| *at == place) {
            Some((_, series)) => {
                *state = State::Quiet;
                Some(series)
            }
            None if *state == State::Unknown => None,
            None => known.next(),
        };
        let series = self.states.iter_mut().enumerate().filter_map(of_place).collect();
        drop(known);
        self.series = series;
    }
}

impl Together for PlacedSeries {
    type Rows<'r> = PartRows<'r>;

    fn source(&mut self) -> &mut Option<SourceRef> {
        &mut self.source
    }

    fn find_references(
        &mut self,
        append: &dyn Append,
        source: SourceRef,
        rows: PartRows<'_>,
    ) -> Result<Option<Refusal>, AppendError> {
        let (mut refusal, mut found) = (None, Vec::new());
        let is_new = |place: &usize| self.states[*place] == State::Unknown && rows.values[*place].is_some();
        let new: Vec<usize> = (0..self.states.len()).filter(is_new).collect();
        for places in new.chunks(RESOLVED_AT_ONCE) {
            let labels = rows.part.labels(rows.catalog, places);
            for (&place, resolved) in places.iter().zip(append.resolve(Some(source), &labels)?) {
                match resolved {
                    Ok(series) => found.push((place, series)),
                    Err(why) => drop(refusal.get_or_insert(why)),
                }
            }
        }
        if !found.is_empty() {
            self.take_references(found);
        }
        Ok(refusal)
    }

    fn commit(&mut self, at: At<'_>, source: SourceRef, rows: PartRows<'_>) -> Result<Vec<Refused>, AppendError> {
        let n = self.series.len();
        let (mut series, mut values) = (Vec::with_capacity(n), Vec::with_capacity(n));
        let known = self.states.iter().zip(rows.values).filter(|(state, _)| **state != State::Unknown);
        for ((state, value), reference) in known.zip(self.series.iter()) {
            let value = match (state, value) {
                (_, Some(value)) => *value,
                (State::Written, None) => stale_marker(),
                (State::Quiet | State::Unknown, None) => continue,
            };
            series.push(reference);
            values.push(value);
        }
        let refused = at.commit(Some(source), &series, &values)?;
        for (state, value) in self.states.iter_mut().zip(rows.values).filter(|(state, _)| **state != State::Unknown) {
            *state = if value.is_some() { State::Written } else { State::Quiet };
        }
        Ok(refused)
    }

    fn forget_references(&mut self) {
        self.states.fill(State::Unknown);
        self.series = SeriesRuns::EMPTY;
    }
}
