//! Where notifications go: one module for each kind of receiver.

mod attempt;

pub use attempt::{ChartFuture, ChartQuery, ChartSeries, Charts, Context, FailureKind, Language, SendFailure, Sent};
