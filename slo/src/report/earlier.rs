//! Periods of the same kind before the report's, and which other targets would have held in them.

use serde::Serialize;

use super::summary::kept;
use super::{Language, ObjectiveRow, Period};
use crate::budget::Budgets;
use crate::history::Counts;
use crate::spec::Share;
use crate::window::Span;

/// So many earlier periods are told of: with the report's own, a year of months.
const N_EARLIER: usize = 11;
/// Targets that people choose, in percent.
const LADDER: [&str; 14] =
    ["90", "95", "97", "98", "99", "99.5", "99.8", "99.9", "99.95", "99.98", "99.99", "99.995", "99.998", "99.999"];
/// From fewer periods nothing is concluded.
const LEAST_PERIODS: usize = 3;
/// A stricter target is worth a thought where it would have left so much of its budget in the middle period: what was reached by
/// chance is not to be promised.
const MARGIN: f64 = 0.25;

/// An earlier period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Earlier {
    /// What it is called.
    pub period: String,
    /// Whether the promise was kept.
    pub kept: Option<bool>,
    /// The share of good events.
    pub sli: Option<f64>,
    /// What was left of the budget at its end.
    pub remaining_ratio: Option<f64>,
}

/// Another target for an objective that the past speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The name of the objective.
    pub objective: String,
    /// Its target in percent.
    pub now: String,
    /// In how many periods that held.
    pub n_now: usize,
    /// The other target.
    pub instead: String,
    /// In how many periods that would have held.
    pub n_instead: usize,
    /// Of how many.
    pub n_periods: usize,
}

impl Suggestion {
    /// What the past says of another target.
    pub(super) fn text(&self, language: Language) -> String {
        let Suggestion { objective, now, n_now, instead, n_instead, n_periods } = self;
        match language {
            Language::English => format!(
                "{objective}: {instead} % would have held in {n_instead} of {n_periods} periods, {now} % in {n_now}. Is {now} % \
                 what was meant?"
            ),
            Language::Chinese => format!(
                "{objective}：{n_periods} 个周期中，{instead} % 可达成 {n_instead} 个，{now} % 达成 {n_now} 个。{now} % 仍是合适的目标吗？"
            ),
        }
    }
}

/// Periods before this one, the newest first, as far as anything was counted.
pub(super) fn before(budgets: &Budgets, ids: &[String], period: &Period) -> Vec<Period> {
    let began_ms = ids.iter().filter_map(|id| budgets.history().began_ms(id)).min();
    let periods = std::iter::successors(Some(period.before()), |period| Some(period.before()));
    let is_known = |period: &Period| began_ms.is_some_and(|began_ms| period.span.to_ms >= began_ms);
    periods.take(N_EARLIER).take_while(is_known).collect()
}

/// What is told of them.
pub(super) fn earlier(budgets: &Budgets, product: &str, periods: &[Period]) -> Vec<Earlier> {
    let told = |period: &Period| {
        let status = budgets.product_over(product, period.span)?;
        let (kept, remaining_ratio) = (kept(&status), status.budget.remaining_ratio);
        Some(Earlier { period: period.name.clone(), kept, sli: status.sli, remaining_ratio })
    };
    periods.iter().filter_map(told).collect()
}

/// Other targets, of those objectives that count. `spans` are the periods that are over.
pub(super) fn suggestions(budgets: &Budgets, rows: &[ObjectiveRow], spans: &[Span]) -> Vec<Suggestion> {
    let of_row = |row: &ObjectiveRow| {
        let counts = spans.iter().map(|span| budgets.history().counts(&row.status.id, span.from_ms, span.to_ms));
        let counts: Vec<Counts> = counts.filter(|counts| counts.total > 0.0).collect();
        suggestion(row.name(), &row.status.objective, &counts)
    };
    rows.iter().filter(|row| row.counts).filter_map(of_row).collect()
}

/// The strictest target that would have held in all but one of twelve periods, where it is another one and for a reason: a
/// stricter one would have left a margin, a looser one stands for a target that is missed again and again.
fn suggestion(name: &str, now: &str, periods: &[Counts]) -> Option<Suggestion> {
    let target = Share::from_percent(now).ok()?;
    let n_periods = periods.len();
    if n_periods < LEAST_PERIODS {
        return None;
    }
    let n_held = |target: Share| periods.iter().filter(|counts| left(counts, target) >= 0.0).count();
    let n_enough = n_periods - n_periods / 12;
    let rungs = LADDER.iter().filter_map(|percent| Some((*percent, Share::from_percent(percent).ok()?)));
    let n_now = n_held(target);
    let held = rungs.rev().filter(|(_, rung)| n_held(*rung) >= n_enough);
    let mut fitting = held.filter(|(_, rung)| match *rung > target {
        true => n_now == n_periods && middle(periods, *rung) >= MARGIN,
        false => *rung < target && n_now * 4 < n_periods * 3,
    });
    let (instead, rung) = fitting.next()?;
    let n_instead = n_held(rung);
    Some(Suggestion {
        objective: name.to_owned(),
        now: now.to_owned(),
        n_now,
        instead: instead.to_owned(),
        n_instead,
        n_periods,
    })
}

/// The share that a target would have left of its budget.
fn left(counts: &Counts, target: Share) -> f64 {
    1.0 - counts.bad / (target.rest().as_f64() * counts.total)
}

/// What a target would have left in the middle one of the periods.
fn middle(periods: &[Counts], target: Share) -> f64 {
    let mut shares: Vec<f64> = periods.iter().map(|counts| left(counts, target)).collect();
    shares.sort_by(f64::total_cmp);
    shares[shares.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bad events of a million in each period, and the target that is suggested instead of 99.9 %, with how often it held.
    fn check(bad: &[f64], want: Option<(&str, usize)>) {
        let periods: Vec<Counts> =
            bad.iter().map(|bad| Counts { bad: *bad, total: 1e6, ..Counts::default() }).collect();
        let got = suggestion("orders", "99.9", &periods);
        let got = got.as_ref().map(|got| (got.instead.as_str(), got.n_instead));
        assert_eq!(got, want, "{bad:?}");
    }

    #[test]
    fn other_targets_need_a_reason() {
        check(&[200.0, 100.0], None);
        check(&[200.0, 100.0, 300.0], Some(("99.95", 3)));
        // Eleven of twelve are enough.
        let mut year = [120.0; 12];
        year[7] = 900.0;
        check(&year, Some(("99.98", 11)));
        // What was just reached is no promise.
        check(&[450.0, 480.0, 490.0], None);
        // Missed once: nothing to conclude. Missed again and again: less.
        check(&[1500.0, 100.0, 100.0, 100.0], None);
        check(&[1500.0, 1200.0, 100.0, 1900.0], Some(("99.8", 4)));
        check(&[600.0, 700.0, 800.0], None);
    }
}
