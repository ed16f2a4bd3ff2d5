//! What a query evaluates to.

use std::sync::Arc;

use model::sample::Value as SampleValue;
use model::{Histogram, Labels};

use super::annotation::Annotations;
use super::memory::Held;
use super::stats::Statistics;
use crate::syntax::ValueType;

/// The answer to a query, and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer.
    pub value: Value,
    /// Warnings and infos.
    pub annotations: Annotations,
    /// What it cost.
    pub stats: Statistics,
    /// The answer's memory, which counts until this is dropped: keep it for as long as the answer.
    pub memory: AnswerMemory,
}

/// Memory that an answer takes of what queries may take together. Clones are the same memory.
#[derive(Clone, Debug)]
pub struct AnswerMemory(Arc<Held>);

impl AnswerMemory {
    pub(super) fn new(held: Held) -> AnswerMemory {
        AnswerMemory(Arc::new(held))
    }

    /// How much it is, in bytes.
    pub fn n_bytes(&self) -> usize {
        self.0.n_bytes()
    }
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Scalar {
        /// The time it is for, in milliseconds since the Unix epoch.
        timestamp_ms: i64,
        /// The number.
        value: f64,
    },
    /// A string.
    String {
        /// The time it is for, in milliseconds since the Unix epoch.
        timestamp_ms: i64,
        /// The string.
        value: String,
    },
    /// Series with one sample each, sorted by labels unless the query says how.
    Vector(Vec<VectorSample>),
    /// Series with samples, sorted by labels.
    Matrix(Vec<Series>),
}

impl Value {
    /// The type of the answer.
    pub fn value_type(&self) -> ValueType {
        match self {
            Value::Scalar { .. } => ValueType::Scalar,
            Value::String { .. } => ValueType::String,
            Value::Vector(_) => ValueType::Vector,
            Value::Matrix(_) => ValueType::Matrix,
        }
    }
}

/// A series with one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSample {
    /// The series.
    pub labels: Labels,
    /// The time the query is for, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value.
    pub value: SampleValue,
}

/// A series with samples, floats and histograms each in the order of time. A time has one of the two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The series.
    pub labels: Labels,
    /// Milliseconds since the Unix epoch, and floats.
    pub floats: Vec<(i64, f64)>,
    /// Milliseconds since the Unix epoch, and native histograms.
    pub histograms: Vec<(i64, Arc<Histogram>)>,
}
