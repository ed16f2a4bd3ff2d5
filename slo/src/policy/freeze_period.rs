//! Freeze periods of GitLab's: while a product is in a state that asks for one, its project has one, so that jobs see
//! `CI_DEPLOY_FREEZE`.
//!
//! Nothing is kept of what was asked of GitLab: a period is known again by its times, which follow from when the state was entered.
//! It begins in that minute and ends a year later, unless it is taken away. So asking twice makes one, and a restart goes on.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use net::config::join_directory;
use net::percent::{self, Place};
use serde::{Deserialize, Serialize};

use super::{PolicyChange, Standing};
use crate::spec::{Catalog, GitlabFreeze, PolicyAction};

/// So many of the states that a product has left lately are looked at, whether their periods are still there.
const N_LEFT: usize = 8;

/// A period that has to be there, or has not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreezePeriod {
    /// The product.
    pub product: String,
    /// Where the API of GitLab has the periods of the project: `https://gitlab.example.com/api/v4/projects/42/freeze_periods`
    pub url: String,
    /// The file with the token of a maintainer.
    pub token_file: String,
    /// Whether it has to be there.
    pub is_wanted: bool,
    /// Its times.
    pub times: FreezeTimes,
}

/// How it went when GitLab was asked last about the periods of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeOutcome {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Why it failed; it is tried again then.
    pub error: Option<String>,
}

/// The times of a period, as GitLab has them: cron expressions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FreezeTimes {
    /// When it begins.
    pub freeze_start: String,
    /// When it ends.
    pub freeze_end: String,
    /// On whose clocks.
    pub cron_timezone: String,
}

/// A period that is there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KnownPeriod {
    /// What GitLab calls it.
    pub id: u64,
    /// Its times.
    #[serde(flatten)]
    pub times: FreezeTimes,
}

impl FreezeTimes {
    /// Those of a state that was entered at a time.
    fn since(at_ms: i64) -> FreezeTimes {
        let minute = |at_ms: i64| {
            let at = Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(TimeZone::UTC);
            format!("{} {} {} {} *", at.minute(), at.hour(), at.day(), at.month())
        };
        // The minute before, which comes next in a year.
        let freeze_end = minute(at_ms.saturating_sub(60_000));
        FreezeTimes { freeze_start: minute(at_ms), freeze_end, cron_timezone: "UTC".to_owned() }
    }
}

/// The periods of all products, first those that have to be there.
pub(crate) fn periods(
    catalog: &Catalog,
    standings: &BTreeMap<String, Standing>,
    changes: &VecDeque<PolicyChange>,
) -> Vec<FreezePeriod> {
    let mut periods = Vec::new();
    for standing in standings.values() {
        let state = standing.state.as_deref().unwrap_or_default();
        periods.extend(of_state(catalog, &standing.product, state, standing.since_ms, true));
    }
    let wanted = periods.clone();
    let is_wanted =
        |period: &FreezePeriod| wanted.iter().any(|known| (&known.url, &known.times) == (&period.url, &period.times));
    let mut n_left: BTreeMap<&str, usize> = BTreeMap::new();
    for change in changes.iter().rev() {
        let n_left = n_left.entry(&change.product).or_default();
        if *n_left > N_LEFT {
            continue;
        }
        *n_left += 1;
        let entered = of_state(catalog, &change.product, &change.to, change.at_ms, false);
        periods.extend(entered.into_iter().filter(|period| !is_wanted(period)));
    }
    periods
}

fn of_state(catalog: &Catalog, product: &str, state: &str, since_ms: i64, is_wanted: bool) -> Vec<FreezePeriod> {
    let policy = catalog.products.get(product).and_then(|product| product.policy.as_ref());
    let Some(policy) = policy.and_then(|name| catalog.budget_policies.get(name)) else { return Vec::new() };
    let freezes = policy.actions.get(state).into_iter().flatten().filter_map(|action| match action {
        PolicyAction::GitlabFreeze(freeze) => Some(freeze),
        _ => None,
    });
    let period = |GitlabFreeze { url, project, token_file }: &GitlabFreeze| {
        let mut token_file = token_file.clone();
        join_directory(Path::new(&*policy.source.file).parent().unwrap_or(Path::new("")), &mut token_file);
        let (url, project) = (url.trim_end_matches('/'), percent::encode(project, Place::Query));
        FreezePeriod {
            product: product.to_owned(),
            url: format!("{url}/api/v4/projects/{project}/freeze_periods"),
            token_file,
            is_wanted,
            times: FreezeTimes::since(since_ms),
        }
    };
    freezes.map(period).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_in_the_minute_and_lasts_a_year() {
        let check = |at: &str, want: (&str, &str)| {
            let at_ms = at.parse::<Timestamp>().unwrap().as_millisecond();
            let times = FreezeTimes::since(at_ms);
            assert_eq!((times.freeze_start.as_str(), times.freeze_end.as_str()), want, "{at}");
        };
        check("2026-11-29T14:30:59Z", ("30 14 29 11 *", "29 14 29 11 *"));
        check("2026-01-01T00:00:00Z", ("0 0 1 1 *", "59 23 31 12 *"));
    }

    #[test]
    fn periods_follow_states() {
        let text = include_str!("../../../docs/examples/checkout.yml");
        let action = "{gitlabFreeze: {project: shop/api, url: \"https://git.example.com/\", tokenFile: git.token}}";
        let text = text.replace("- {notify: [product, engineering]}", &format!("- {action}"));
        let file = crate::spec::SpecFile { path: "slo/a.yml".to_owned(), text };
        let catalog = crate::spec::load(&[file]);
        assert_eq!(catalog.errors, []);
        let change = |at_ms: i64, to: &str| PolicyChange {
            product: "checkout".to_owned(),
            policy: "checkout-policy".to_owned(),
            at_ms,
            from: None,
            to: to.to_owned(),
            why: String::new(),
        };
        let standing = |state: &str, since_ms: i64| {
            let product = "checkout".to_owned();
            let standing = Standing { product, state: Some(state.to_owned()), since_ms, ..Standing::default() };
            BTreeMap::from([("checkout".to_owned(), standing)])
        };
        let changes: VecDeque<PolicyChange> = [change(0, "exhausted"), change(600_000, "critical")].into();
        let left = periods(&catalog, &standing("critical", 600_000), &changes);
        let url = "https://git.example.com/api/v4/projects/shop%2Fapi/freeze_periods";
        assert_eq!(left.len(), 1);
        assert_eq!(
            (left[0].url.as_str(), left[0].token_file.as_str(), left[0].is_wanted),
            (url, "slo/git.token", false)
        );
        let changes: VecDeque<PolicyChange> = changes.into_iter().chain([change(1_200_000, "exhausted")]).collect();
        let both = periods(&catalog, &standing("exhausted", 1_200_000), &changes);
        let shown: Vec<(bool, &str)> =
            both.iter().map(|period| (period.is_wanted, period.times.freeze_start.as_str())).collect();
        assert_eq!(shown, [(true, "20 0 1 1 *"), (false, "0 0 1 1 *")]);
    }
}
