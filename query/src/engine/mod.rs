//! The way in: [`Engine`] takes a text and times, and gives an answer with what is to be said about it and what it cost.
//!
//! Every query has a budget of memory ([`memory`]) and of time, and a flag that stops it ([`cancel`]). Errors ([`error`])
//! and annotations ([`annotation`]) have Prometheus's texts where it has any.

mod annotation;
mod answer;
mod cancel;
mod error;
mod memory;
mod options;
mod outcome;
mod query;
mod stats;

pub use annotation::{Annotations, Level};
pub use cancel::Cancel;
pub use error::{ErrorKind, QueryError};
pub use options::{EngineOptions, Limits};
pub use outcome::{AnswerMemory, Outcome, Series, Value, VectorSample};
pub use query::{Engine, QueryOptions};
pub use stats::{NodeStatistics, Statistics, Timings};

pub(crate) use annotation::{Monotonicity, with_metric};
pub(crate) use cancel::{Ticker, Watch};
pub(crate) use memory::{Budget, Held, Pool};
