//! What somebody has to decide or do.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::alerted::Noise;
use super::language::{percent, time};
use super::words::what;
use super::{Alerted, Language, Period, Release, ReleaseAnswer, Report, Suggestion};
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
    /// Alerts called somebody again and again for next to nothing.
    Noise {
        /// Whose alerts: the name of the objective, or of the product.
        of: String,
        /// Whether somebody was called at once.
        is_page: bool,
        /// How many there were.
        n_alerts: usize,
        /// How many of them ended before a hundredth of the budget was spent.
        n_cheap: usize,
    },
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
    due.extend(noise(&report.title, report.alerted));
    due.extend(report.objectives.iter().flat_map(|row| noise(row.name(), row.alerted)));
    due
}

/// What a policy asks now, where that is more than to go on.
fn of_policy(release: &Release) -> Option<Due> {
    let asks = matches!(release.answer, ReleaseAnswer::Frozen | ReleaseAnswer::Approval | ReleaseAnswer::Slowed);
    let (policy, state) = release.policy.clone().zip(release.state.clone()).filter(|_| asks)?;
    Some(Due::Policy { policy, state, since: release.since })
}

fn noise(of: &str, alerted: Option<Alerted>) -> impl Iterator<Item = Due> {
    let of = of.to_owned();
    let due = move |Noise { is_page, n_alerts, n_cheap }| Due::Noise { of: of.clone(), is_page, n_alerts, n_cheap };
    alerted.into_iter().flat_map(Alerted::noise).map(due)
}

impl Due {
    /// In words, of the report that it stands in.
    pub(super) fn text(&self, report: &Report, period: &Period) -> String {
        let shown = |share: &Option<f64>| share.map_or("–".to_owned(), percent);
        match (report.language, self) {
            (_, Due::Policy { policy, state, since }) => {
                policy_text(report, policy, state, since.map(|at| time(at.0, &period.zone)))
            }
            (_, Due::Target(suggestion)) => suggestion.text(report.language),
            (Language::English, Due::Postmortem { at, budget_share }) => {
                format!(
                    "A post-mortem of {}: it spent {} of a budget.",
                    what_began(report, period, *at),
                    shown(budget_share)
                )
            }
            (Language::Chinese, Due::Postmortem { at, budget_share }) => {
                format!("需要复盘：{}，消耗了预算的 {}。", what_began(report, period, *at), shown(budget_share))
            }
            (Language::English, Due::Review { objective, review_by }) => {
                format!("{objective}: the objective was to be looked at again by {review_by}.")
            }
            (Language::Chinese, Due::Review { objective, review_by }) => {
                format!("{objective}：该目标应在 {review_by} 前复审。")
            }
            (_, Due::NoPolicy) => report
                .language
                .say(
                    "What a spent budget means for releases: no error-budget policy was agreed.",
                    "尚未约定错误预算策略：预算用完时如何处理发布。",
                )
                .to_owned(),
            (Language::English, Due::Coverage { objective, coverage }) => {
                format!("{objective}: only {} of the time was measured.", percent(*coverage))
            }
            (Language::Chinese, Due::Coverage { objective, coverage }) => {
                format!("{objective}：只有 {} 的时间有测量。", percent(*coverage))
            }
            (Language::English, Due::Noise { of, is_page, n_alerts, n_cheap }) => {
                let (alerts, each) = if *is_page { ("pages", "call somebody") } else { ("tickets", "become a ticket") };
                format!(
                    "{of}: {n_cheap} of {n_alerts} {alerts} were over before 1 % of the budget was spent. Should that {each}? \
                     An alert with longer windows or a higher threshold is quieter."
                )
            }
            (Language::Chinese, Due::Noise { of, is_page, n_alerts, n_cheap }) => {
                let alerts = if *is_page { "次呼叫" } else { "张工单" };
                format!(
                    "{of}：{n_alerts} {alerts}中，有 {n_cheap} {unit}在消耗不到 1 % 的预算时就已结束。是否值得打扰值班人员？可延长告警窗口或提高阈值。",
                    unit = if *is_page { "次" } else { "张" }
                )
            }
        }
    }
}

/// The cost that a post-mortem is due of, in words.
fn what_began(report: &Report, period: &Period, at: Moment) -> String {
    let cost = report.costs.iter().find(|cost| cost.needs_postmortem && cost.start == at);
    cost.map_or_else(|| time(at.0, &period.zone), |cost| what(cost, report.language, period))
}

/// What the policy asks of whom.
fn policy_text(report: &Report, policy: &str, state: &str, since: Option<String>) -> String {
    let (asks, state) = (&report.words.release_alone, report.language.state(state));
    match (report.language, since) {
        (Language::English, Some(since)) => {
            format!(
                "{asks} So says the policy {policy}: {state} since {since}. It ends by itself when that is so no longer."
            )
        }
        (Language::English, None) => format!("{asks} So says the policy {policy}: {state}."),
        (Language::Chinese, Some(since)) => {
            format!("{asks}依据策略 {policy}：自 {since} 起处于 {state}，情况不再如此时自动解除。")
        }
        (Language::Chinese, None) => format!("{asks}依据策略 {policy}：{state}。"),
    }
}
