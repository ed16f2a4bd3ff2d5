//! What a gate answered.

use serde::{Deserialize, Serialize};

use super::decide::Decision;
use super::overriding::Override;
use super::reason::Reason;
use super::request::Inquiry;

/// Before or after a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// May it go out?
    #[default]
    PreDeploy,
    /// Is it doing well?
    PostDeploy,
}

impl Phase {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::PreDeploy => "pre_deploy",
            Phase::PostDeploy => "post_deploy",
        }
    }
}

/// How far an evaluation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The release is being watched.
    Running,
    /// It is decided.
    Decided,
}

/// The time in which a release is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Soak {
    /// Since when, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// Until when.
    pub until_ms: i64,
}

/// What a gate answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Its id.
    pub id: String,
    /// The gate.
    pub gate: String,
    /// The product whose budget decides.
    pub product: String,
    /// What was asked.
    pub inquiry: Inquiry,
    /// Whether it is decided.
    pub stage: Stage,
    /// The answer; `None` while the release is being watched.
    pub decision: Option<Decision>,
    /// What it would be without an override, and if this were no trial.
    pub own_decision: Option<Decision>,
    /// Why; what denies stands first.
    pub reasons: Vec<Reason>,
    /// The override that made the answer.
    pub overridden_by: Option<Override>,
    /// The state of the product's policy.
    pub policy_state: Option<String>,
    /// The share of the budget that was left.
    pub remaining_ratio: Option<f64>,
    /// The share of the time that was measured.
    pub coverage: Option<f64>,
    /// When nothing will be left, in milliseconds since the Unix epoch.
    pub exhausted_at_ms: Option<i64>,
    /// Alerts of the product that fired: their names and severities.
    pub firing: Vec<String>,
    /// The share of the budget that the release has spent, after it.
    pub debit: Option<f64>,
    /// In which time the release is watched, after it.
    pub soak: Option<Soak>,
    /// The id of the deployment that is watched; `None` before a release, and while nobody has reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// When it was decided.
    pub decided_ms: Option<i64>,
    /// Until when the answer holds; asked again before, it is the same.
    pub expires_ms: i64,
}

impl Evaluation {
    /// Whether it was decided that a release is not well.
    pub fn is_failure(&self) -> bool {
        self.inquiry.phase == Phase::PostDeploy && self.own_decision == Some(Decision::Deny)
    }
}
