//! One deployment, and one report about one.

use serde::{Deserialize, Serialize};

/// Classes of changes.
pub const CHANGE_CLASSES: [&str; 5] = ["feature", "fix", "security", "rollback", "config"];
/// The class where nothing is said.
pub const DEFAULT_CHANGE: &str = "feature";
/// The environment where nothing is said.
pub const DEFAULT_ENVIRONMENT: &str = "production";
/// The limit `deployment_text_bytes`: the longest text in a report or an inquiry.
pub const MAX_TEXT_BYTES: usize = 1024;

/// How far a deployment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It is on its way.
    Started,
    /// It is out.
    Succeeded,
    /// It did not get out.
    Failed,
    /// It was taken back.
    RolledBack,
}

impl DeploymentState {
    /// All of them.
    pub const ALL: [DeploymentState; 4] =
        [DeploymentState::Started, DeploymentState::Succeeded, DeploymentState::Failed, DeploymentState::RolledBack];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            DeploymentState::Started => "started",
            DeploymentState::Succeeded => "succeeded",
            DeploymentState::Failed => "failed",
            DeploymentState::RolledBack => "rolled_back",
        }
    }

    /// Whether it is over.
    pub fn is_end(self) -> bool {
        self != DeploymentState::Started
    }
}

/// Who reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `POST /api/v1/deployments`
    Api,
    /// A webhook of GitLab.
    Gitlab,
    /// A webhook of Jenkins.
    Jenkins,
}

impl Source {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Api => "api",
            Source::Gitlab => "gitlab",
            Source::Jenkins => "jenkins",
        }
    }
}

/// A deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// The service.
    pub service: String,
    /// Which version: mostly a commit.
    pub version: String,
    /// Where to.
    pub environment: String,
    /// The class of the change: one of [`CHANGE_CLASSES`].
    pub change: String,
    /// How far it has come.
    pub state: DeploymentState,
    /// When it began, in milliseconds since the Unix epoch.
    pub started_ms: i64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// When what it brings was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_ms: Option<i64>,
    /// Its pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The run that deploys: what tells two deployments of one version apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Who reported it first.
    pub source: Source,
}

/// What is reported of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The service.
    pub service: String,
    /// Which version.
    pub version: String,
    /// Where to; empty for [`DEFAULT_ENVIRONMENT`].
    pub environment: String,
    /// The class of the change; empty where it is not known.
    pub change: String,
    /// How far it has come.
    pub state: DeploymentState,
    /// When it began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// When what it brings was committed.
    pub committed_ms: Option<i64>,
    /// Its pipeline; may be empty.
    pub url: String,
    /// Who; may be empty.
    pub actor: String,
    /// The run that deploys; may be empty.
    pub run: String,
    /// Who reports.
    pub source: Source,
}

/// Why a report is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Something is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A text is too long.
    #[error("{name} has {n_bytes} bytes, and the limit is {MAX_TEXT_BYTES} (deployment_text_bytes)")]
    TooLong {
        /// Which.
        name: &'static str,
        /// How long it is.
        n_bytes: usize,
    },
    /// A text has characters that nobody can see.
    #[error("{0} has control characters")]
    Control(&'static str),
    /// There is no such class.
    #[error("{0:?} is no class of changes: there are feature, fix, security, rollback, config")]
    Change(String),
    /// It ended before it began, or began in the future.
    #[error("the times make no sense: {0}")]
    Times(&'static str),
}

impl Report {
    /// A report of a state, with nothing else.
    pub fn new(service: &str, version: &str, state: DeploymentState, source: Source) -> Report {
        Report {
            service: service.to_owned(),
            version: version.to_owned(),
            environment: String::new(),
            change: String::new(),
            state,
            started_ms: None,
            ended_ms: None,
            committed_ms: None,
            url: String::new(),
            actor: String::new(),
            run: String::new(),
            source,
        }
    }

    /// The same with an environment.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub(super) fn checked(mut self, now_ms: i64) -> Result<Report, ReportError> {
        check_text("service", &self.service, true)?;
        check_text("version", &self.version, true)?;
        for (name, text) in
            [("environment", &self.environment), ("url", &self.url), ("actor", &self.actor), ("run", &self.run)]
        {
            check_text(name, text, false)?;
        }
        check_change(&self.change)?;
        if self.environment.is_empty() {
            DEFAULT_ENVIRONMENT.clone_into(&mut self.environment);
        }
        if self.started_ms.zip(self.ended_ms).is_some_and(|(started, ended)| started > ended) {
            return Err(ReportError::Times("it ended before it began"));
        }
        // The time of a commit is of somebody's own machine, and keeps no release back.
        if [self.started_ms, self.ended_ms].iter().flatten().any(|at_ms| *at_ms > now_ms.saturating_add(MAX_AHEAD_MS)) {
            return Err(ReportError::Times("they lie in the future, by more than 10 min (deployment_ahead)"));
        }
        Ok(self)
    }
}

/// The limit `deployment_ahead`: clocks of others may be ahead by so much, in milliseconds.
pub(crate) const MAX_AHEAD_MS: i64 = 10 * 60_000;

/// Refuses a text that is too long, or has characters that nobody can see.
pub(crate) fn check_text(name: &'static str, text: &str, is_needed: bool) -> Result<(), ReportError> {
    match text {
        "" if is_needed => Err(ReportError::Missing(name)),
        text if text.len() > MAX_TEXT_BYTES => Err(ReportError::TooLong { name, n_bytes: text.len() }),
        text if text.chars().any(char::is_control) => Err(ReportError::Control(name)),
        _ => Ok(()),
    }
}

/// Refuses what is no class of changes; nothing is fine.
pub(crate) fn check_change(change: &str) -> Result<(), ReportError> {
    let is_known = change.is_empty() || CHANGE_CLASSES.contains(&change);
    if is_known { Ok(()) } else { Err(ReportError::Change(change.chars().take(40).collect())) }
}
