//! Deployments: what went out, when, and how it ended.
//!
//! Pipelines and webhooks report states one after the other, again and again, and out of order. [`Deployments`] makes one
//! deployment of what belongs together, so that the same report twice changes nothing.

mod deployments;
mod record;

pub use deployments::{DeploymentFilter, Deployments, MAX_DEPLOYMENTS, Outcome};
pub use record::{
    CHANGE_CLASSES, DEFAULT_CHANGE, DEFAULT_ENVIRONMENT, Deployment, DeploymentState, MAX_TEXT_BYTES, Report,
    ReportError, Source,
};
pub(crate) use record::{MAX_AHEAD_MS, check_change, check_text};
