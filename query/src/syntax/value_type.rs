//! What expressions evaluate to.

use std::fmt;

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A number at each step.
    Scalar,
    /// Series with one sample each at each step: an instant vector.
    Vector,
    /// Series with many samples: a range vector.
    Matrix,
    /// A string.
    String,
}

impl ValueType {
    /// The name in the HTTP API: `vector`, `matrix`, `scalar`, `string`.
    pub fn as_str(self) -> &'static str {
        match self {
            ValueType::Scalar => "scalar",
            ValueType::Vector => "vector",
            ValueType::Matrix => "matrix",
            ValueType::String => "string",
        }
    }
}

impl fmt::Display for ValueType {
    /// The name in the documentation: `instant vector`, `range vector`, `scalar`, `string`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::Vector => "instant vector",
            ValueType::Matrix => "range vector",
            ValueType::Scalar | ValueType::String => self.as_str(),
        })
    }
}
