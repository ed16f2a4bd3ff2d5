//! Spans in which a budget burned.

use super::past::Past;
use crate::history::Counts;
use crate::spec::Objective;

/// A step in which burning is looked for, in milliseconds.
const STEP_MS: i64 = 5 * 60_000;
/// Longer windows have longer steps, so that there are no more than these.
const MAX_STEPS: i64 = 12_000;
/// Steps that do not burn, and still do not part an incident.
const MAX_PAUSE: usize = 2;
/// What an incident spends at least of what is allowed.
const LEAST_SHARE: f64 = 0.01;

/// A span in which a budget burned faster than evenly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incident {
    /// Where it begins, in milliseconds since the Unix epoch; what comes after is in it.
    pub from_ms: i64,
    /// Where it ends.
    pub to_ms: i64,
    /// Bad events in it.
    pub bad: f64,
}

/// The incidents of an objective in a span, oldest first. `allowed` is how many bad events are in all of it.
pub fn incidents(past: Past<'_>, objective: &Objective, from_ms: i64, to_ms: i64, allowed: f64) -> Vec<Incident> {
    if to_ms <= from_ms {
        return Vec::new();
    }
    let step_ms = STEP_MS.max((to_ms - from_ms).div_euclid(MAX_STEPS) / 60_000 * 60_000 + 60_000);
    let end_ms = |number: usize| (from_ms + (number as i64 + 1) * step_ms).min(to_ms);
    let rest_at = |at_ms: i64| past.target(objective, at_ms).rest().as_f64();
    let burns =
        |number: usize, counts: &Counts| counts.error_ratio().is_some_and(|ratio| ratio > rest_at(end_ms(number)));
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    let steps = past.history.steps(&objective.id, from_ms, to_ms, step_ms);
    for (number, counts) in steps.iter().enumerate().filter(|(number, counts)| burns(*number, counts)) {
        match found.last_mut().filter(|(_, last, _)| number - *last <= MAX_PAUSE + 1) {
            Some((_, last, bad)) => {
                *bad += steps[*last + 1..=number].iter().map(|counts| counts.bad).sum::<f64>();
                *last = number;
            }
            None => found.push((number, number, counts.bad)),
        }
    }
    let place = |(first, last, bad): (usize, usize, f64)| Incident {
        from_ms: from_ms + first as i64 * step_ms,
        to_ms: end_ms(last),
        bad,
    };
    found.into_iter().filter(|(.., bad)| *bad >= allowed * LEAST_SHARE).map(place).collect()
}
