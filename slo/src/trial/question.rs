//! What is asked, and why there is no answer.

use super::{MAX_SPEC_BYTES, MAX_TICKS};

/// What is to be tried, and over which time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The id of an objective: of those in force, or of `spec` where that holds several.
    pub id: Option<String>,
    /// Documents that need not be in force.
    pub spec: Option<String>,
    /// Another target in percent.
    pub objective: Option<String>,
    /// Another window, as OpenSLO writes it: `28d`. It is a rolling one.
    pub window: Option<String>,
    /// From when on, in milliseconds since the Unix epoch; `None` for as far back as events are known, at most 90 days.
    pub start_ms: Option<i64>,
    /// Until when; `None` for now.
    pub end_ms: Option<i64>,
}

/// Why an objective cannot be tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// Neither an objective nor documents are named.
    #[error("an id or a spec is needed")]
    Nothing,
    /// There is no objective of this id.
    #[error("no such SLO: {}", model::name::quoted(.0))]
    Unknown(String),
    /// The documents are too long.
    #[error("the spec has {n_bytes} bytes: limit trial_spec_bytes is {MAX_SPEC_BYTES}")]
    Long {
        /// How long they are.
        n_bytes: usize,
    },
    /// The documents cannot be read; line and column stand before each mistake.
    #[error("{0}")]
    Spec(String),
    /// The documents hold no objective.
    #[error("the spec holds no SLO")]
    Empty,
    /// The documents hold several objectives, and none is named.
    #[error("the spec holds several SLOs: one of them has to be named by its id: {0}")]
    Several(String),
    /// The target is none.
    #[error("{0}")]
    Objective(String),
    /// The window is none.
    #[error("{0}")]
    Window(String),
    /// The times are in a wrong order.
    #[error("the end must not be before the start")]
    Times,
    /// Too many ticks would have to be looked at.
    #[error("the time has {n_ticks} ticks: limit trial_ticks is {MAX_TICKS}; try a later start")]
    Ticks {
        /// How many.
        n_ticks: i64,
    },
    /// Nobody waits for the answer any more.
    #[error("it was stopped")]
    Canceled,
    /// Its events cannot be counted.
    #[error("its events cannot be counted: {0}")]
    Counting(String),
}
