//! What a query cost: samples, time, memory; and the same for each of its parts where that was asked for.

use std::time::Duration;

use crate::syntax::NodeId;

/// What a query cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// How long its parts took.
    pub timings: Timings,
    /// Samples that were looked at: a window counts whole at each step.
    pub n_samples: u64,
    /// Samples that were read from storage.
    pub n_samples_read: u64,
    /// The most samples that were in memory at once, as counted against the limit.
    pub peak_samples: u64,
    /// The most memory that was in use at once, in bytes.
    pub peak_bytes: u64,
    /// One entry for each part of the query, in the order of evaluation; empty unless it was traced.
    pub trace: Vec<NodeStatistics>,
}

/// How long the parts of a query took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Reading the text and planning.
    pub preparation: Duration,
    /// Evaluating.
    pub evaluation: Duration,
    /// Sorting the result.
    pub sorting: Duration,
    /// All of it.
    pub total: Duration,
}

/// What a part of a query cost.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeStatistics {
    /// The node of the expression.
    pub node: NodeId,
    /// How long it took, with what streams through it.
    pub duration: Duration,
    /// How many series came out of it.
    pub n_series: usize,
    /// How many points came out of it.
    pub n_points: usize,
}
