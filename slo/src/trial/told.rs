//! Which alerts a budget had over a span: its conditions are gone through again over what was counted.
//!
//! What really went out is not kept for as long as counts are, so that a report asks here. It says what the conditions in force
//! now tell of the whole span, also of times at which narthex did not run, the objective was not there yet, or the alert was
//! silenced. Long spans are looked at part by part, so that the memory this takes is that of one part.

use query::Cancel;

use super::AlertAnswer;
use super::replay::Replay;
use super::run::{Ground, Trial, adds_up, before_first};
use crate::budget::{Evaluation, KeptSlices, Versions};
use crate::spec::Objective;
use crate::window::Span;

/// The limit `report_alert_ticks`: of a span with more ticks nothing is said; about three years at half a minute.
pub const MAX_TOLD_TICKS: i64 = 3_000_000;
/// So many ticks are looked at in one part.
const PART: i64 = 100_000;

/// The alerts of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The newest of them, the oldest first.
    pub(crate) alerts: Vec<AlertAnswer>,
    /// How often somebody was called.
    pub(crate) n_pages: usize,
    /// How often anything else was told.
    pub(crate) n_tickets: usize,
}

/// The alerts that an objective has over a span by the conditions in force. `None` where nobody is told of it, where there are more
/// ticks than [`MAX_TOLD_TICKS`], or where its windows cannot be added up from steps, so that it would take too long.
pub(crate) fn told(ground: &Ground<'_>, objective: &Objective, span: Span) -> Option<Told> {
    told_in_parts(ground, objective, span, PART)
}

pub(super) fn told_in_parts(ground: &Ground<'_>, objective: &Objective, span: Span, n_ticks: i64) -> Option<Told> {
    let Ground { catalog, versions, history, interval_ms, .. } = *ground;
    let slices = KeptSlices::default();
    let evaluation = Evaluation { catalog, history, versions, slices: &slices };
    let interval_ms = interval_ms.max(1);
    let began_ms = evaluation.objective_began_ms(objective);
    let from_ms = began_ms.map_or(span.to_ms, |began_ms| before_first(began_ms, interval_ms)).max(span.from_ms);
    let is_long = (span.to_ms - from_ms) / interval_ms > MAX_TOLD_TICKS;
    if objective.burn.pairs.is_empty() || is_long || !adds_up(catalog, objective, 0) {
        return None;
    }
    let always = Versions::always(objective.target, &objective.percent);
    let versions = versions.get(&objective.id).unwrap_or(&always);
    let mut replay = Replay::new(objective, versions);
    let mut alerts = Vec::new();
    let mut begin_ms = from_ms;
    while begin_ms < span.to_ms {
        // Parts end with ticks, so that each tick is in one of them.
        let end_ms = (begin_ms.div_euclid(interval_ms) + n_ticks) * interval_ms;
        let part = Span { from_ms: begin_ms, to_ms: end_ms.min(span.to_ms) };
        let trial = Trial::new(evaluation, objective, part, interval_ms).ok()?;
        replay = replay.run(trial.windows(), &Cancel::new());
        begin_ms = part.to_ms;
        if begin_ms >= span.to_ms {
            alerts = trial.alerts(&replay);
        }
    }
    Some(Told { alerts, n_pages: replay.n_pages, n_tickets: replay.n_tickets })
}
