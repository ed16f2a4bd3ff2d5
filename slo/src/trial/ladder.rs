//! Objectives from low to high: which would have been kept, at what price in pages, and which one to begin with.
//!
//! The one to begin with is never what was reached: who promises that has no budget to spend. It is the highest of round numbers
//! of which half of the budget would have been left in every window, and whose budget is more than chance.

use query::Cancel;

use super::periods::telling;
use super::replay::{Replay, read};
use super::ticks::Windows;
use super::{PeriodAnswer, Suggestion};
use crate::budget::{Versions, share_of};
use crate::spec::{Objective, Share};

/// Round numbers, in percent, from low to high.
const RUNGS: [&str; 11] = ["90", "95", "98", "99", "99.5", "99.8", "99.9", "99.95", "99.99", "99.995", "99.999"];
/// So much of the budget is to be left in the worst window.
const MARGIN: f64 = 0.5;
/// A budget of fewer events than this is spent by chance.
const ENOUGH_EVENTS: f64 = 5.0;

/// How each rung would have done; that of the objective itself is one. Of no use where it is stopped.
pub(super) fn ladder(
    objective: &Objective,
    windows: Windows<'_>,
    periods: &[PeriodAnswer],
    cancel: &Cancel,
) -> Vec<Suggestion> {
    let rungs = rungs(objective);
    let versions: Vec<Versions> = rungs.iter().map(|(share, text)| Versions::always(*share, text)).collect();
    // From high to low: where one does not burn, none below it does.
    let mut replays: Vec<Replay<'_>> = versions.iter().rev().map(|of| Replay::new(objective, of)).collect();
    let mut counts = Vec::new();
    for at_ms in windows.ticks.iter().take_while(|_| !cancel.is_canceled()) {
        read(windows, objective, at_ms, &mut counts);
        let mut is_burning = true;
        for replay in &mut replays {
            match is_burning {
                true => is_burning = replay.tick(at_ms, &counts),
                false => replay.quiet_tick(at_ms),
            }
        }
    }
    let with_pages = rungs.iter().zip(replays.iter().rev());
    let mut ladder: Vec<Suggestion> =
        with_pages.map(|((share, text), replay)| suggestion(*share, text, replay, periods)).collect();
    let recommended =
        rungs.iter().rposition(|(share, text)| RUNGS.contains(&text.as_str()) && has_margin(*share, periods));
    if let Some(suggestion) = recommended.and_then(|rung| ladder.get_mut(rung)) {
        suggestion.recommended = true;
    }
    ladder
}

/// Round numbers, and the objective's own.
fn rungs(objective: &Objective) -> Vec<(Share, String)> {
    let round = RUNGS.iter().filter_map(|text| Some((Share::from_percent(text).ok()?, (*text).to_owned())));
    let mut rungs: Vec<(Share, String)> = round.filter(|(share, _)| *share != objective.target).collect();
    rungs.push((objective.target, objective.target.percent_text()));
    rungs.sort();
    rungs
}

fn suggestion(share: Share, text: &str, replay: &Replay<'_>, periods: &[PeriodAnswer]) -> Suggestion {
    let telling: Vec<&PeriodAnswer> = telling(periods, |period| period.whole).collect();
    let n_kept = telling.iter().filter(|period| period.bad.0 <= allowed(share, period)).count();
    let worst = telling.iter().map(|period| remaining_ratio(share, period)).reduce(worse);
    Suggestion {
        objective: text.to_owned(),
        would_have_held: format!("{n_kept} of {}", telling.len()),
        kept: n_kept,
        periods: telling.len(),
        worst_remaining_ratio: worst.flatten(),
        pages: replay.n_pages,
        tickets: replay.n_tickets,
        recommended: false,
    }
}

fn has_margin(share: Share, periods: &[PeriodAnswer]) -> bool {
    let is_comfortable = |period: &PeriodAnswer| {
        allowed(share, period) >= ENOUGH_EVENTS && remaining_ratio(share, period).is_some_and(|left| left >= MARGIN)
    };
    !periods.is_empty() && telling(periods, |period| period.whole).all(is_comfortable)
}

fn allowed(share: Share, period: &PeriodAnswer) -> f64 {
    share_of(share.rest(), period.total.0)
}

/// What is left; `None` where nothing was allowed and something spent.
fn remaining_ratio(share: Share, period: &PeriodAnswer) -> Option<f64> {
    match (allowed(share, period), period.bad.0) {
        (_, bad) if bad <= 0.0 => Some(1.0),
        (allowed, bad) if allowed > 0.0 => Some(1.0 - bad / allowed),
        _ => None,
    }
}

fn worse(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.zip(other).map(|(one, other)| one.min(other))
}
