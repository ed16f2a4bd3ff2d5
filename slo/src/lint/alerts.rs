//! Lints of burn alerts.

use std::collections::BTreeMap;

use model::duration::PromDuration;

use super::{Found, fault};
use crate::spec::{Budgeting, BurnPair, Catalog, Objective, SpecFault};

/// Factors that cannot be reached, and those that tell while the promise is kept.
pub(super) fn check(catalog: &Catalog, found: &mut Found) {
    // Objectives that share a policy, a window and a factor are told of once.
    let mut below_one: BTreeMap<(&str, String), (&Objective, usize)> = BTreeMap::new();
    for objective in catalog.objectives.values() {
        for pair in &objective.burn.pairs {
            check_reach(objective, pair, found);
            // The default policy is not the user's to mend.
            if pair.factor < 1.0 && !objective.burn.name.is_empty() {
                let told = format!("{} at {}", shown(pair.long_ms), rounded(pair.factor));
                below_one.entry((&objective.burn.name, told)).or_insert((objective, 0)).1 += 1;
            }
        }
    }
    for ((policy, pair), (objective, n_objectives)) in below_one {
        let others = if n_objectives > 1 { format!(", and so for {} more", n_objectives - 1) } else { String::new() };
        let message = format!(
            "the pair of {pair} of policy {policy} tells while the promise is being kept{others}: its factor is below 1"
        );
        found.warn(objective, &message);
    }
}

/// A budget burns at most as fast as everything being bad makes it.
fn check_reach(objective: &Objective, pair: &BurnPair, found: &mut Found) {
    let budget = objective.target.rest().as_f64();
    let highest = 1.0 / budget;
    if pair.factor >= highest {
        let (severity, factor, long) = (pair.severity.as_str(), rounded(pair.factor), shown(pair.long_ms));
        let message = format!(
            "the {severity} of {long} can never fire: at {} % the budget burns at most {} times as fast, and {factor} is asked for",
            objective.percent,
            rounded(highest)
        );
        found.warn(objective, &message);
    }
}

/// What is too short for targets that are scraped so often, in milliseconds: windows and slices with less than two scrapes
/// see nothing half of the time.
pub fn timing(catalog: &Catalog, scrape_interval_ms: i64) -> Vec<SpecFault> {
    let mut found = Vec::new();
    let interval = shown(scrape_interval_ms);
    let is_short = |length_ms: i64| length_ms < 2 * scrape_interval_ms;
    for objective in catalog.objectives.values() {
        if is_short(objective.window.nominal_ms()) {
            let window = shown(objective.window.nominal_ms());
            let message = format!("a window of {window} has less than two scrapes, which come every {interval}");
            found.push(fault(objective, &message));
        }
        let shortest =
            objective.burn.pairs.iter().map(|pair| pair.short_ms).min().filter(|short_ms| is_short(*short_ms));
        if let Some(short_ms) = shortest {
            let window = shown(short_ms);
            let message = format!("a short window of {window} has less than two scrapes, which come every {interval}");
            found.push(fault(objective, &message));
        }
        let (Budgeting::Timeslices { slice_ms, .. } | Budgeting::RatioTimeslices { slice_ms }) = objective.budgeting
        else {
            continue;
        };
        if is_short(slice_ms) {
            let slice = shown(slice_ms);
            let message = format!("a slice of {slice} has less than two scrapes, which come every {interval}");
            found.push(fault(objective, &message));
        }
    }
    found
}

fn shown(ms: i64) -> String {
    PromDuration::from_millis(ms).to_string()
}

/// With four digits behind the point at most.
fn rounded(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
