//! A condition that has been read.

use super::facts::{Quantity, Word};

/// A condition. Reads with [`Condition::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub(super) text: String,
    pub(super) root: Node,
    pub(super) for_ms: i64,
}

/// A part of one. Chains are lists and brackets have a limit, so that nothing nests deeper than that limit.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Constant(bool),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Compare { quantity: Quantity, operator: Operator, value: f64 },
    IsOneOf { word: Word, words: Vec<String> },
    Firing { labels: Vec<(String, String)> },
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    pub(super) fn of(symbol: &str) -> Option<Operator> {
        Some(match symbol {
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            _ => return None,
        })
    }

    pub(super) fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Operator::Less => left < right,
            Operator::LessOrEqual => left <= right,
            Operator::Greater => left > right,
            Operator::GreaterOrEqual => left >= right,
            Operator::Equal => left == right,
            Operator::NotEqual => left != right,
        }
    }
}

impl Condition {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// For how long it has to hold before it counts, in milliseconds: `… for 24h`; zero where nothing is said.
    pub fn for_ms(&self) -> i64 {
        self.for_ms
    }
}
