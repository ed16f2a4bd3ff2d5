//! Finding targets: providers tell a pool which targets there are, whenever that changes.
//!
//! A provider is a task that always tells all it knows, so that nothing has to be taken back. So far there are two:
//! targets that stand in the configuration, which need no task, and targets in [files](file).

pub mod file;
mod glob;
mod group;
mod providers;

pub use group::{ADDRESS_LABEL, GroupError, TargetGroup};
pub use providers::Providers;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use tokio::sync::mpsc;

/// Everything that a provider knows at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The targets.
    pub groups: Vec<TargetGroup>,
    /// What went wrong, for the page of targets. What was known before is still among the groups.
    pub errors: Vec<String>,
}

/// The task of a provider: ends when nobody listens any more.
pub type Discovering = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Finds targets.
pub trait Discover: fmt::Debug + Send {
    /// Tells what is known at once, and again whenever it changes.
    fn discover(self: Box<Self>, found: mpsc::Sender<Found>) -> Discovering;
}
