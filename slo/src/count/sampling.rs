//! What is no counter and no selector: queries evaluated step by step.
//!
//! All ticks wait for these queries, so that a tick gives them an [`Allowance`] and no more. What is not asked in it is asked in the next: a
//! past is sampled over many ticks, and a query that takes too long is asked for fewer steps at once.

use std::time::Duration;

use model::Clock;
use model::duration::PromDuration;
use model::storage::Select;
use query::{Engine, ErrorKind, QueryError, QueryOptions, Value};

use super::book::Book;
use super::chunk::Bodies;
use super::events::Events;
use super::failing::Failed;
use super::presence::Shift;
use super::source::{Sampled, SampledRole};
use super::target::NEVER;
use crate::spec::counter::next_window;

/// Steps of one query.
pub(super) const MAX_STEPS: i64 = 1000;
/// A window that is put into a query is so many scrapes long at least: functions of counters say nothing of a single sample.
const WINDOW_SCRAPES: i64 = 4;

/// How often a book's queries are asked, in milliseconds: every `every_ms`, but where a window is put in, not before targets were
/// scraped a few times.
pub(super) fn step_ms(book: &Book, every_ms: i64, scrape_interval_ms: i64) -> i64 {
    let every_ms = every_ms.max(1);
    let has_window = book.source.sampled.iter().any(|sampled| next_window(&sampled.query).is_some());
    let least_ms = if has_window { WINDOW_SCRAPES * scrape_interval_ms } else { 0 };
    (least_ms.saturating_add(every_ms - 1) / every_ms).max(1) * every_ms
}

/// What a book's queries may take.
#[derive(Debug)]
pub(super) struct Allowance<'a> {
    pub(super) clock: &'a dyn Clock,
    /// Until when there is time, by [`Clock::elapsed`].
    pub(super) until: Duration,
    /// No query begins that would have less.
    pub(super) least: Duration,
    /// Steps of a query; fewer after one that failed.
    pub(super) n_steps: i64,
}

impl Allowance<'_> {
    fn left(&self) -> Duration {
        self.until.saturating_sub(self.clock.elapsed())
    }

    /// Whether it is enough for one more query.
    pub(super) fn is_enough(&self) -> bool {
        self.left() >= self.least
    }
}

/// What is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage<'a> {
    pub(super) engine: &'a Engine,
    pub(super) select: &'a dyn Select,
    pub(super) bodies: &'a dyn Bodies,
}

/// Evaluates what a book samples at each step behind the last, up to a time or to the end of its allowance. Steps are aligned to the
/// Unix epoch. One that cannot be evaluated while the newest can is passed over: its data will not get better.
///
/// # Errors
/// When a query cannot be evaluated; what was before is counted.
pub(super) fn sample(
    book: &mut Book,
    storage: Storage<'_>,
    until_ms: i64,
    step_ms: i64,
    options: &QueryOptions,
    allowance: &mut Allowance<'_>,
) -> Result<(), Failed> {
    let sampled = book.source.sampled.clone();
    let last_ms = until_ms.div_euclid(step_ms) * step_ms;
    let ask = |span_ms: (i64, i64), timeout: Duration| {
        let options = QueryOptions { timeout: Some(timeout), ..options.clone() };
        ask(&sampled, (storage, &options), span_ms, step_ms)
    };
    let mut is_begun = false;
    while book.sampled_ms < last_ms && !sampled.is_empty() && (!is_begun || allowance.is_enough()) {
        is_begun = true;
        let first_ms = (book.sampled_ms.div_euclid(step_ms) + 1) * step_ms;
        let to_ms = last_ms.min(first_ms + (allowance.n_steps - 1) * step_ms);
        let steps = match ask((first_ms, to_ms), allowance.left()) {
            Ok(steps) => steps,
            Err((query, error)) => {
                let n_asked = (to_ms - first_ms) / step_ms + 1;
                let may_be_less = error.kind() != ErrorKind::BadData;
                if may_be_less {
                    allowance.n_steps = (n_asked / 8).max(1);
                }
                let is_of_its_data = n_asked == 1 && first_ms < last_ms && error.kind() == ErrorKind::Execution;
                if is_of_its_data && ask((last_ms, last_ms), allowance.left()).is_ok() {
                    book.sampled_ms = first_ms;
                    continue;
                }
                let is_tried_smaller = may_be_less && n_asked > 1;
                return Err(Failed { query, since_ms: first_ms, is_tried_smaller, error });
            }
        };
        allowance.n_steps = (allowance.n_steps + allowance.n_steps / 4 + 1).min(MAX_STEPS);
        for (at, events) in (0..).zip(&steps) {
            if let Some(events) = events {
                note(book, first_ms + at * step_ms, *events, step_ms, storage.bodies);
            }
        }
        book.sampled_ms = to_ms;
    }
    Ok(())
}

/// What queries say together of each step; nothing of those of which none says anything. Or the one that fails, as it was asked.
fn ask(
    sampled: &[Sampled],
    asking: (Storage<'_>, &QueryOptions),
    (first_ms, to_ms): (i64, i64),
    step_ms: i64,
) -> Result<Vec<Option<Events>>, (String, QueryError)> {
    let mut steps = vec![None; usize::try_from((to_ms - first_ms) / step_ms + 1).unwrap_or(0)];
    for of_query in sampled {
        evaluate(of_query, asking, (first_ms, to_ms), step_ms, &mut steps)
            .map_err(|error| (with_window(&of_query.query, step_ms), error))?;
    }
    Ok(steps)
}

/// Adds what a query says to the steps; those of which it says nothing stay as they are.
fn evaluate(
    sampled: &Sampled,
    (storage, options): (Storage<'_>, &QueryOptions),
    (first_ms, to_ms): (i64, i64),
    step_ms: i64,
    steps: &mut [Option<Events>],
) -> Result<(), QueryError> {
    let text = with_window(&sampled.query, step_ms);
    let outcome = storage.engine.range(storage.select, &text, (first_ms, to_ms), step_ms, options)?;
    let Value::Matrix(series) = outcome.value else { return Ok(()) };
    for &(at_ms, value) in series.iter().flat_map(|of_series| &of_series.floats) {
        let events = match sampled.adds {
            SampledRole::Increase { .. } if value.is_nan() => continue,
            SampledRole::Increase { weight } => weight * value,
            SampledRole::Gauge(judge) => judge.event(value),
        };
        let at = usize::try_from((at_ms - first_ms) / step_ms).unwrap_or(usize::MAX);
        if let Some(step) = steps.get_mut(at) {
            *step = Some(step.unwrap_or_default() + events);
        }
    }
    Ok(())
}

/// Takes a step. Steps without any answer were not measured.
fn note(book: &mut Book, at_ms: i64, events: Events, step_ms: i64, bodies: &dyn Bodies) {
    // Where series are followed too, their targets tell what was measured.
    if book.source.terms.is_empty() {
        if book.newest_ms == NEVER {
            book.presence.shift(Shift { at_ms: at_ms - step_ms, expected: 1, measured: 1 });
        } else if at_ms - book.newest_ms > step_ms {
            book.presence.shift(Shift { at_ms: book.newest_ms, expected: 0, measured: -1 });
            book.presence.shift(Shift { at_ms: at_ms - step_ms, expected: 0, measured: 1 });
        }
    }
    book.note_time(at_ms);
    book.add(at_ms, events, bodies);
}

/// The query with a step wherever a window is to be put in.
fn with_window(query: &str, step_ms: i64) -> String {
    let window = PromDuration::from_millis(step_ms).to_string();
    let (mut text, mut rest) = (String::new(), query);
    while let Some((start, n_bytes)) = next_window(rest) {
        text.push_str(&rest[..start]);
        text.push_str(&window);
        rest = &rest[start + n_bytes..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_steps() {
        assert_eq!(with_window("sum(rate(a[{{.window}}])) / b[$window]", 60_000), "sum(rate(a[1m])) / b[1m]");
    }
}
