//! Plans: what is to be evaluated, in which order, and at which times.
//!
//! A plan is a list of nodes, each behind its inputs, made of the tree of an expression without recursion. Every node
//! has its grid: that of the query, that of a subquery around it, or a single time where it is the same at all of them
//! (then a [`Op::Spread`] follows). Everything that depends on the query's times alone is settled here: computed
//! durations, `@ start()`, the times of subqueries, what each selector reads.
//!
//! [`lengths`] computes durations, [`invariance`] finds what is the same at all times, [`places`] gives each node of the
//! expression its grid, and [`build`] makes nodes of plans of them.

mod build;
mod call;
mod grid;
mod invariance;
mod lengths;
mod op;
mod places;
mod selection;

pub(crate) use build::plan;
pub(crate) use grid::Grid;
pub(crate) use op::{
    AggregateOf, DateField, LabelOp, MapOp, Op, Order, Plan, PlanNode, Slot, TimestampKind, Window, WindowFunction,
    WindowSource,
};
pub(crate) use selection::Selection;

/// The times a query asks for, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueryTimes {
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    /// 0 for an instant query.
    pub(crate) step_ms: i64,
}

impl QueryTimes {
    pub(crate) fn grid(&self) -> Grid {
        if self.step_ms == 0 {
            Grid::single(self.start_ms)
        } else {
            Grid::new(self.start_ms, self.end_ms, self.step_ms)
        }
    }

    /// The time from the first to the last, in milliseconds.
    pub(crate) fn range_ms(&self) -> i64 {
        self.end_ms.saturating_sub(self.start_ms)
    }
}

/// Milliseconds in seconds, as Go's `time.Duration` computes them.
pub(crate) fn seconds(millis: i64) -> f64 {
    (millis / 1000) as f64 + ((millis % 1000) * 1_000_000) as f64 / 1e9
}
