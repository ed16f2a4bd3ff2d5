//! Where notifications go: one module for each kind of receiver.

mod attempt;

pub use attempt::{ChartFuture, Charts, Context, FailureKind, Language, SendFailure, Sent};
