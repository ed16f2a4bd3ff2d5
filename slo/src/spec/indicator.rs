//! What tells good from bad.

use std::sync::Arc;

use model::Matcher;

/// The indicator of an objective.
#[derive(Clone, Debug)]
pub enum Indicator {
    /// Counted events: good or bad ones of all.
    Events {
        /// Which ones `counted` counts.
        side: RatioSide,
        /// The good or the bad events.
        counted: Counted,
        /// All events.
        total: Counted,
    },
    /// A gauge that has to satisfy a condition.
    Threshold {
        /// An instant vector in PromQL; each of its samples is held against the condition.
        query: String,
        /// How it is compared.
        comparison: Comparison,
        /// With what.
        value: f64,
    },
    /// A series that is a ratio already, from 0 to 1.
    Ratio {
        /// Which share it is of.
        side: RatioSide,
        /// An instant vector in PromQL.
        query: String,
    },
    /// Other objectives, taken together.
    Composite(super::Composition),
}

/// Which events are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatioSide {
    /// The good ones.
    Good,
    /// The bad ones.
    Bad,
}

/// How events are counted.
#[derive(Clone, Debug)]
pub enum Counted {
    /// Exactly, from raw counters.
    Exactly(Counter),
    /// By a query over each tick, because it is no sum of counters; shown as `evaluation: sampled`.
    Sampled {
        /// An instant vector in PromQL that is the increase over a range; `{{.window}}` and `[$window]` stand for the range.
        query: String,
    },
}

/// A sum of counters: what they grow by is the number of events.
#[derive(Clone, Debug)]
pub struct Counter {
    /// As it was written.
    pub text: String,
    /// What is added up; a term without series counts nothing.
    pub terms: Vec<CounterTerm>,
}

/// One selector in a sum.
#[derive(Clone, Debug)]
pub struct CounterTerm {
    /// The series; the name is among the matchers.
    pub matchers: Arc<[Matcher]>,
    /// Whether it is taken off instead of added.
    pub is_subtracted: bool,
    /// What of a sample is the counter.
    pub reading: Reading,
}

/// What of a sample is the counter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A float's value; of a native histogram its count of observations.
    Value,
    /// Of a native histogram, the observations at or below a value, which has to be a bucket's bound for the count to be exact;
    /// within a bucket it is interpolated as by `histogram_fraction`.
    AtOrBelow(f64),
}

/// How a gauge is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether a value satisfies the condition; NaN never does.
    pub fn holds(self, value: f64, than: f64) -> bool {
        match self {
            Comparison::Less => value < than,
            Comparison::LessOrEqual => value <= than,
            Comparison::Greater => value > than,
            Comparison::GreaterOrEqual => value >= than,
        }
    }
}
