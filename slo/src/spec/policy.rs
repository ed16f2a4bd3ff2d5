//! When somebody is told, and what a spent budget means for releases.

use std::collections::BTreeMap;

use model::duration::PromDuration;

use super::{Share, SourcePlace};

/// How urgent an alert is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody is woken.
    Page,
    /// Somebody looks at it tomorrow.
    Ticket,
    /// A word of the team's own.
    Other(String),
}

impl Severity {
    /// What a word of a spec means.
    pub fn of(word: &str) -> Severity {
        match word {
            "page" => Severity::Page,
            "ticket" => Severity::Ticket,
            other => Severity::Other(other.to_owned()),
        }
    }

    /// As it is written in specs and labels.
    pub fn as_str(&self) -> &str {
        match self {
            Severity::Page => "page",
            Severity::Ticket => "ticket",
            Severity::Other(word) => word,
        }
    }
}

/// How fast a budget may burn before somebody is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BurnPolicy {
    /// Its name; empty for one that was written within an SLO, or that stands by default.
    pub name: String,
    /// Any of them tells.
    pub pairs: Vec<BurnPair>,
    /// What is asked of few events.
    pub low_traffic: Option<LowTraffic>,
    /// Whether and when missing data are told.
    pub no_data: Option<NoDataAlert>,
    /// Who is told before the routes of `alertmanager.yml` are asked.
    pub notify: BTreeMap<Severity, Vec<Contact>>,
    /// Whether those routes are asked all the same.
    pub is_continued: bool,
    /// What alerts of a severity are called and say; for specs that say so themselves.
    pub texts: BTreeMap<Severity, AlertText>,
    /// Whether alerts of a burning budget bear Pyrra's label `exhaustion`: after which time at the pair's factor nothing is left.
    pub has_exhaustion_label: bool,
}

/// Windows of the default policy and the share of the budget that is gone when each tells: Google's four pairs.
const DEFAULT_PAIRS: [(Severity, u64, i64, i64); 4] = [
    (Severity::Page, 20_000_000, 60, 5),
    (Severity::Page, 50_000_000, 360, 30),
    (Severity::Ticket, 100_000_000, 1440, 120),
    (Severity::Ticket, 100_000_000, 4320, 360),
];
/// Of shorter windows the default pairs are shortened too, for they would tell at once, or never.
const DEFAULT_SHORTEST_MS: i64 = 28 * 86_400_000;
const MINUTE_MS: i64 = 60_000;

impl BurnPolicy {
    /// What stands where nobody has said when to tell: Google's four pairs, and missing data after as long as a total outage
    /// takes to page. For windows of less than 28 days the pairs are shortened alike, to whole minutes.
    pub fn by_default(window_ms: i64) -> BurnPolicy {
        let scaled = |minutes: i64| {
            let full_ms = minutes * MINUTE_MS;
            let ms = i128::from(full_ms) * i128::from(window_ms) / i128::from(DEFAULT_SHORTEST_MS);
            let ms = i64::try_from(ms).unwrap_or(full_ms).min(full_ms);
            ((ms + MINUTE_MS / 2) / MINUTE_MS * MINUTE_MS).max(MINUTE_MS)
        };
        let pair = |(severity, parts, long, short): (Severity, u64, i64, i64)| {
            let budget = Share::from_parts(parts).unwrap_or_default();
            let (long_ms, short_ms) = (scaled(long), scaled(short));
            BurnPair { severity, long_ms, short_ms, factor: burn_factor(budget, long_ms, window_ms), for_ms: 0 }
        };
        let no_data = Some(NoDataAlert { after_ms: None, severity: Severity::Page, name: None });
        BurnPolicy { pairs: DEFAULT_PAIRS.map(pair).into(), no_data, ..BurnPolicy::default() }
    }
}

/// How fast a budget burns when a share of it goes within a part of the window: `budget * window / long`, rounded once.
pub fn burn_factor(budget: Share, long_ms: i64, window_ms: i64) -> f64 {
    let of_window = i128::from(budget.parts()) * i128::from(window_ms);
    of_window as f64 / (i128::from(long_ms) * 1_000_000_000) as f64
}

/// An alert fires while the budget burns faster than `factor` over both windows.
#[derive(Clone, Debug, PartialEq)]
pub struct BurnPair {
    /// How urgent it is.
    pub severity: Severity,
    /// The long window, in milliseconds.
    pub long_ms: i64,
    /// The short window, in milliseconds.
    pub short_ms: i64,
    /// How much faster than evenly over the objective's window.
    pub factor: f64,
    /// For how long before it is told, in milliseconds.
    pub for_ms: i64,
}

impl BurnPair {
    /// After which time nothing of a window's budget is left, at the pair's factor.
    pub fn exhaustion(&self, window_ms: i64) -> PromDuration {
        PromDuration::from_millis((window_ms as f64 / self.factor).round() as i64)
    }
}

/// What is asked of few events: the lower bound of the error ratio has to exceed the threshold, or there are enough bad events.
#[derive(Clone, Debug, PartialEq)]
pub struct LowTraffic {
    /// So many bad events in the long window are enough.
    pub min_bad_events: u64,
    /// How sure one has to be, one-sided.
    pub confidence: f64,
    /// What the alert becomes otherwise.
    pub otherwise: Severity,
}

/// Whether and when missing data are told.
#[derive(Clone, Debug, PartialEq)]
pub struct NoDataAlert {
    /// After how many milliseconds; `None` for the time in which a total outage would fire the fastest page.
    pub after_ms: Option<i64>,
    /// How urgent it is.
    pub severity: Severity,
    /// `alertname`; `None` for ours.
    pub name: Option<String>,
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// How.
    pub way: ContactWay,
    /// Where it was written.
    pub source: SourcePlace,
}

/// How somebody can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContactWay {
    /// An address of mail.
    Email(String),
    /// A URL.
    Webhook(String),
    /// A receiver of `alertmanager.yml`.
    Receiver(String),
}

/// What alerts of a severity are called and say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertText {
    /// `alertname`; `None` for ours.
    pub name: Option<String>,
    /// Labels that are added.
    pub labels: BTreeMap<String, String>,
    /// Annotations that are added.
    pub annotations: BTreeMap<String, String>,
}

/// What a spent budget means: a product's states and what follows from each.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetPolicy {
    /// Its name.
    pub name: String,
    /// Who agreed.
    pub agreed_by: Vec<String>,
    /// The first whose condition holds is the product's state.
    pub states: Vec<PolicyState>,
    /// What follows from a state, by its name.
    pub actions: BTreeMap<String, Vec<PolicyAction>>,
    /// A single incident that spent so much of a window's budget needs a post-mortem: the share, and the window in
    /// milliseconds.
    pub postmortem_when: Option<(Share, i64)>,
    /// A class of incidents that spent so much of a window's budget has to be planned for.
    pub planning_when: Option<(Share, i64)>,
    /// What may ship although the budget is gone: the cause, and the condition on it.
    pub exemptions: Vec<(String, Option<String>)>,
    /// Who decides where people disagree.
    pub escalation: Option<String>,
    /// Where it was written.
    pub source: SourcePlace,
}

/// A state of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyState {
    /// Its name.
    pub name: String,
    /// The condition on which it is entered: `remaining <= 25% or forecast.exhaustion < 3d`.
    pub when: String,
    /// The condition on which it is left again: `remaining > 30% for 12h`; without one as soon as `when` no longer holds.
    pub leave_when: Option<String>,
}

/// What follows from a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyAction {
    /// Releases stop, but for some classes of change.
    Freeze {
        /// Classes that still may ship.
        allow: Vec<String>,
        /// Whose releases: `own`, `all`.
        scope: String,
    },
    /// A release needs somebody's word.
    RequireApproval {
        /// Of which classes of change; empty for all.
        classes: Vec<String>,
        /// Whose word.
        approvers: String,
    },
    /// Fewer releases.
    Slow {
        /// At most so many a day.
        max_deploys_per_day: Option<u32>,
        /// How long each is watched, in milliseconds.
        soak_ms: Option<i64>,
    },
    /// GitLab freezes releases of a project.
    GitlabFreeze(GitlabFreeze),
    /// Owners are told.
    Notify(Vec<String>),
    /// A URL is told.
    Webhook {
        /// Which.
        url: String,
        /// By which template.
        template: Option<String>,
        /// A file with a token that is shown there, if one is; relative to the spec file.
        token_file: Option<String>,
    },
}

/// A project whose releases GitLab freezes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitlabFreeze {
    /// Where GitLab is.
    pub url: String,
    /// The project: its number, or its path.
    pub project: String,
    /// A file with the token of a maintainer; relative to the spec file.
    pub token_file: String,
}

/// What a pipeline asks before and after a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Whose budget decides.
    pub product: String,
    /// The services whose releases ask here; empty for all of the product.
    pub services: Vec<String>,
    /// Where to: `production`.
    pub environment: String,
    /// Any of these conditions denies.
    pub deny: Vec<String>,
    /// Any of these conditions warns.
    pub warn: Vec<String>,
    /// How long a release is watched afterwards, in milliseconds.
    pub soak_ms: i64,
    /// Any of these conditions fails a release that is being watched.
    pub fail_when: Vec<String>,
    /// What is answered where it cannot be known: `allow`, `allow-with-warning`, `deny`.
    pub on_unknown: OnUnknown,
    /// Who may override, with what.
    pub overriding: Overriding,
    /// Where it was written.
    pub source: SourcePlace,
}

/// What a gate answers where it cannot know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnUnknown {
    /// Allow.
    Allow,
    /// Allow, and say that nobody knows.
    #[default]
    AllowWithWarning,
    /// Deny.
    Deny,
    /// Say so: decision `unknown`.
    Unknown,
}

/// Who may override a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overriding {
    /// Roles; empty for whoever may override at all.
    pub roles: Vec<String>,
    /// Whether a reason has to be given.
    pub needs_reason: bool,
    /// How long it holds, in milliseconds.
    pub expires_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_follow_from_shares_of_the_budget() {
        let check = |percent: &str, long_h: i64, window_d: i64, want: f64| {
            let budget = Share::from_percent(percent).unwrap();
            assert_eq!(burn_factor(budget, long_h * 3_600_000, window_d * 86_400_000), want, "{percent} {long_h}");
        };
        check("2", 1, 30, 14.4);
        check("5", 6, 30, 6.0);
        check("10", 24, 30, 3.0);
        check("10", 72, 30, 1.0);
        check("2", 1, 28, 13.44);
        check("5", 6, 28, 5.6);
    }

    #[test]
    fn default_pairs_fit_the_window() {
        let shown = |window_d: i64| {
            let pairs = BurnPolicy::by_default(window_d * 86_400_000).pairs;
            let shown =
                |pair: &BurnPair| format!("{}m/{}m {:.2}", pair.long_ms / 60_000, pair.short_ms / 60_000, pair.factor);
            pairs.iter().map(shown).collect::<Vec<_>>()
        };
        assert_eq!(shown(30), ["60m/5m 14.40", "360m/30m 6.00", "1440m/120m 3.00", "4320m/360m 1.00"]);
        assert_eq!(shown(7), ["15m/1m 13.44", "90m/8m 5.60", "360m/30m 2.80", "1080m/90m 0.93"]);
        assert_eq!(BurnPolicy::by_default(i64::MAX).pairs.len(), 4);
        assert!(BurnPolicy::by_default(1).pairs.iter().all(|pair| pair.long_ms == 60_000 && pair.short_ms == 60_000));
    }
}
