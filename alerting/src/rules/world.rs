//! What an evaluation asks of the world.

use std::sync::Arc;

use model::sample::Value as SampleValue;
use model::storage::{Append, Select};
use model::{Clock, Labels};
use query::syntax::Expr;
use query::{Engine, Outcome, QueryError, QueryOptions, Value, VectorSample};

use super::freshness::Freshness;
use crate::template::{self, Host};

/// What an evaluation reads and writes, and what its templates may know.
#[derive(Clone, Copy, Debug)]
pub struct World<'w> {
    /// Evaluates expressions.
    pub engine: &'w Engine,
    /// What they are evaluated over.
    pub select: &'w dyn Select,
    /// Takes what rules write.
    pub append: &'w dyn Append,
    /// Knows whether samples are from before the start.
    pub freshness: &'w dyn Freshness,
    /// `global.external_labels`
    pub external_labels: &'w Labels,
    /// The URL under which this server is reached, without a slash at its end.
    pub external_url: &'w str,
    /// After how many milliseconds what fires is told again.
    pub resend_delay_ms: i64,
    /// Says when an evaluation began, and how long it took.
    pub clock: &'w dyn Clock,
}

/// Why a rule could not be evaluated, or wrote less than it should.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RuleError {
    /// The query failed.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The expression gives no samples.
    #[error("rule result is not a vector or scalar")]
    NotSamples,
    /// Two samples of a recording rule come to the same labels.
    #[error("vector contains metrics with the same labelset after applying rule labels")]
    SameSeries,
    /// Two samples of an alerting rule come to the same labels.
    #[error("vector contains metrics with the same labelset after applying alert labels")]
    SameAlert,
    /// More series or alerts than the group's `limit`.
    #[error("exceeded limit of {limit} with {n} {what}")]
    Limit {
        /// The limit.
        limit: usize,
        /// How many there are.
        n: usize,
        /// `series` or `alerts`
        what: &'static str,
    },
    /// A sample was not taken.
    #[error(transparent)]
    Refused(#[from] model::storage::Refusal),
    /// Nothing was written.
    #[error(transparent)]
    NotWritten(#[from] model::storage::AppendError),
    /// The code that evaluates it is wrong.
    #[error("evaluating the rule panicked: {0}")]
    Panic(String),
}

impl World<'_> {
    /// Evaluates the expression of a rule.
    pub(super) fn samples(&self, expr: &Expr, at_ms: i64) -> Result<Vec<VectorSample>, RuleError> {
        samples_of(self.engine.instant_of(self.select, expr, at_ms, &QueryOptions::default())?)
    }
}

fn samples_of(outcome: Outcome) -> Result<Vec<VectorSample>, RuleError> {
    match outcome.value {
        Value::Vector(samples) => Ok(samples),
        Value::Scalar { timestamp_ms, value } => {
            Ok(vec![VectorSample { labels: Labels::empty(), timestamp_ms, value: SampleValue::Float(value) }])
        }
        Value::String { .. } | Value::Matrix(_) => Err(RuleError::NotSamples),
    }
}

/// The world of the templates of one evaluation.
#[derive(Debug)]
pub(super) struct RuleHost<'w> {
    pub(super) world: &'w World<'w>,
    pub(super) slot_ms: i64,
}

impl Host for RuleHost<'_> {
    fn now_ms(&self) -> i64 {
        self.slot_ms
    }

    fn external_url(&self) -> &str {
        self.world.external_url
    }

    fn query(&mut self, expression: &str) -> Result<Vec<template::Sample>, String> {
        let World { engine, select, .. } = *self.world;
        let outcome = engine.instant(select, expression, self.slot_ms, &QueryOptions::default());
        let samples = outcome.map_err(RuleError::from).and_then(samples_of).map_err(|error| error.to_string())?;
        Ok(samples.into_iter().map(template_sample).collect())
    }
}

fn template_sample(sample: VectorSample) -> template::Sample {
    template::Sample { value: template_value(&sample.value), labels: sample.labels }
}

/// A value as templates see it.
pub(crate) fn template_value(value: &SampleValue) -> template::SampleValue {
    match value {
        SampleValue::Float(value) => template::SampleValue::Float(*value),
        SampleValue::Histogram(histogram) => template::SampleValue::Histogram(histogram_text(histogram)),
    }
}

fn histogram_text(histogram: &Arc<model::Histogram>) -> String {
    query::syntax::series::histogram_text(histogram).unwrap_or_default()
}
