//! When somebody is told, and what a spent budget means for releases.

use std::collections::BTreeMap;

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
    /// What alerts of a severity are called and say; for specs that say so themselves.
    pub texts: BTreeMap<Severity, AlertText>,
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
}

/// Somebody who can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
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
    /// Owners are told.
    Notify(Vec<String>),
    /// A URL is told.
    Webhook {
        /// Which.
        url: String,
        /// By which template.
        template: Option<String>,
    },
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
