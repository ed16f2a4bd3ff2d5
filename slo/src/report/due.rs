//! What somebody has to decide or do.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Period, Release, ReleaseAnswer, Report, Suggestion};
use crate::budget::Moment;

/// Less than this measured is told of.
const ENOUGH_COVERAGE: f64 = 0.95;

/// What somebody has to decide.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Due {
    /// What the policy asks while the product is in its state.
    Policy {
        /// The policy.
        policy: String,
        /// The state.
        state: String,
        /// Since when.
        since: Option<Moment>,
    },
    /// The policy wants a post-mortem.
    Postmortem {
        /// Since when it burned.
        at: Moment,
        /// What share of a budget it spent.
        budget_share: Option<f64>,
    },
    /// An objective should have been looked at.
    Review {
        /// Its name.
        objective: String,
        /// By when.
        review_by: String,
    },
    /// The past speaks for another target.
    Target(Suggestion),
    /// Nobody agreed what a spent budget means.
    NoPolicy,
    /// Not all was measured.
    Coverage {
        /// The name of the objective.
        objective: String,
        /// How much was.
        coverage: f64,
    },
}

/// What a report leaves to be decided.
pub(super) fn due(report: &Report, period: &Period, suggestions: Vec<Suggestion>) -> Vec<Due> {
    let mut due: Vec<Due> = Vec::new();
    due.extend(of_policy(&report.release));
    let needed = report.costs.iter().filter(|cost| cost.needs_postmortem);
    due.extend(needed.map(|cost| Due::Postmortem { at: cost.start, budget_share: cost.budget_share }));
    if report.status.policy.is_none() {
        due.push(Due::NoPolicy);
    }
    let today = Timestamp::from_millisecond(report.made_at.0).unwrap_or_default().to_zoned(period.zone.clone()).date();
    for row in &report.objectives {
        let objective = row.name().to_owned();
        let is_past = |date: &String| date.parse::<Date>().is_ok_and(|date| date < today);
        if let Some(review_by) = row.status.review_by.clone().filter(is_past) {
            due.push(Due::Review { objective: objective.clone(), review_by });
        }
        if let Some(coverage) = row.status.coverage.filter(|coverage| *coverage < ENOUGH_COVERAGE) {
            due.push(Due::Coverage { objective, coverage });
        }
    }
    due.extend(suggestions.into_iter().map(Due::Target));
    due
}

/// What a policy asks now, where that is more than to go on.
fn of_policy(release: &Release) -> Option<Due> {
    let asks = matches!(release.answer, ReleaseAnswer::Frozen | ReleaseAnswer::Approval | ReleaseAnswer::Slowed);
    let (policy, state) = release.policy.clone().zip(release.state.clone()).filter(|_| asks)?;
    Some(Due::Policy { policy, state, since: release.since })
}
