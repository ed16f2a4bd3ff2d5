//! What a pool has written down for others to read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::Labels;
use parking_lot::RwLock;

use crate::scrape_loop::{Metadata, SharedState, TargetState};
use crate::target::Target;

/// A target that is scraped.
#[derive(Clone, Debug)]
pub struct ActiveTarget {
    /// The labels that its series get.
    pub labels: Labels,
    /// The labels before relabelling.
    pub discovered_labels: Labels,
    /// What is asked.
    pub url: String,
    /// How often.
    pub interval: Duration,
    /// For how long at most.
    pub timeout: Duration,
    /// How it is doing.
    pub state: TargetState,
    /// What it says of its metric families.
    pub metadata: Metadata,
}

/// A target that relabelling drops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedTarget {
    /// Its labels before relabelling.
    pub discovered_labels: Labels,
}

/// How a pool is doing.
#[derive(Clone, Debug)]
pub struct PoolStatus {
    /// The job.
    pub name: String,
    /// What is scraped.
    pub active: Vec<ActiveTarget>,
    /// What is not scraped: as many as `keep_dropped_targets` says.
    pub dropped: Vec<DroppedTarget>,
    /// How many are not scraped.
    pub n_dropped: usize,
    /// `target_limit`
    pub target_limit: Option<u64>,
    /// What discovery could not read, and what it found that could not be made a target.
    pub errors: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Board(RwLock<Written>);

#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) active: BTreeMap<u64, Noted>,
    pub(crate) dropped: Vec<DroppedTarget>,
    pub(crate) n_dropped: usize,
    pub(crate) target_limit: Option<u64>,
    pub(crate) errors: Vec<String>,
}

/// An active target, as it is written down.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) target: Arc<Target>,
    pub(crate) discovered_labels: Labels,
    pub(crate) state: Arc<SharedState>,
    pub(crate) metadata: Metadata,
}

impl Board {
    pub(crate) fn write(&self, written: Written) {
        *self.0.write() = written;
    }

    pub(crate) fn status(&self, name: &str) -> PoolStatus {
        let written = self.0.read();
        let mut active: Vec<ActiveTarget> = written.active.values().map(Noted::status).collect();
        active.sort_by(|a, b| a.url.cmp(&b.url).then_with(|| a.labels.cmp(&b.labels)));
        PoolStatus {
            name: name.to_owned(),
            active,
            dropped: written.dropped.clone(),
            n_dropped: written.n_dropped,
            target_limit: written.target_limit,
            errors: written.errors.clone(),
        }
    }
}

impl Noted {
    fn status(&self) -> ActiveTarget {
        ActiveTarget {
            labels: self.target.labels.clone(),
            discovered_labels: self.discovered_labels.clone(),
            url: self.target.url.clone(),
            interval: self.target.interval,
            timeout: self.target.timeout,
            state: self.state.get(),
            metadata: self.metadata.clone(),
        }
    }
}
