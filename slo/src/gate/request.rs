//! What a pipeline asks, and why it is not answered.

use serde::{Deserialize, Serialize};

use super::evaluation::Phase;
use crate::deployment::{DEFAULT_CHANGE, ReportError};

/// What a pipeline asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The service that is released. May be empty after the release, where the version says which.
    pub service: String,
    /// The version: mostly a commit.
    pub version: String,
    /// Where to; empty for the gate's.
    pub environment: String,
    /// The class of the change; empty for a feature.
    pub change: String,
    /// Who; may be empty.
    pub actor: String,
    /// The pipeline; may be empty.
    pub url: String,
    /// Before the release, or after it.
    pub phase: Phase,
    /// Whether this is only to be tried: then the answer is to go ahead, and says what it would be.
    pub is_dry_run: bool,
    /// For how long the release is watched, in milliseconds; as the gate says where nothing is said.
    pub soak_ms: Option<i64>,
}

/// Why a gate does not answer.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// What is asked makes no sense.
    #[error("{0}")]
    Bad(String),
    /// The caller may not.
    #[error("{0}")]
    Forbidden(String),
    /// The disk takes nothing; nothing is decided.
    #[error("cannot keep what was decided: {0}")]
    Journal(#[from] journal::JournalError),
}

impl From<ReportError> for GateError {
    fn from(error: ReportError) -> GateError {
        GateError::Bad(error.to_string())
    }
}

/// The limit `gate_soak`: the longest time that a release is watched, in milliseconds.
pub(crate) const MAX_SOAK_MS: i64 = 7 * 86_400_000;

impl Inquiry {
    /// The same with what nothing is said of.
    pub(super) fn filled(mut self, environment: &str) -> Result<Inquiry, GateError> {
        use crate::deployment::{check_change, check_text};
        check_text("service", &self.service, self.phase == Phase::PreDeploy)?;
        check_text("version", &self.version, true)?;
        for (name, text) in [("environment", &self.environment), ("actor", &self.actor), ("url", &self.url)] {
            check_text(name, text, false)?;
        }
        check_change(&self.change)?;
        if self.soak_ms.is_some_and(|soak_ms| !(0..=MAX_SOAK_MS).contains(&soak_ms)) {
            return Err(GateError::Bad("soak is longer than the limit of 7d (gate_soak)".to_owned()));
        }
        if self.environment.is_empty() {
            environment.clone_into(&mut self.environment);
        }
        if self.change.is_empty() {
            DEFAULT_CHANGE.clone_into(&mut self.change);
        }
        Ok(self)
    }
}
