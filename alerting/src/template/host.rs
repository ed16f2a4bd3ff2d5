//! What templates ask of the world: the time, the server's address, and queries.

use model::Labels;

/// The world of a template.
pub trait Host {
    /// The time of the evaluation or notification, in milliseconds since the epoch.
    fn now_ms(&self) -> i64;

    /// Under which URL the server is reached from outside.
    fn external_url(&self) -> &str;

    /// Answers an instant query.
    ///
    /// # Errors
    /// Why there is no answer.
    fn query(&mut self, expression: &str) -> Result<Vec<Sample>, String>;
}

/// A sample of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: SampleValue,
}

/// A value of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    /// A float.
    Float(f64),
    /// A native histogram as text.
    Histogram(String),
}
