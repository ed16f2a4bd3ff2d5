//! Queries: from a text and times to an outcome.

use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::storage::Select;

use super::answer::answer;
use super::{AnswerMemory, Budget, Cancel, EngineOptions, Outcome, Pool, QueryError, Statistics, Timings, Watch};
use crate::eval::Evaluation;
use crate::plan::{QueryTimes, plan};
use crate::syntax::{Expr, ValueType, parse};

/// Evaluates queries over a store. One engine serves any number of threads; its queries share its memory.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
    default_subquery_step_ms: AtomicI64,
    pool: Arc<Pool>,
}

/// What one query may have otherwise than its engine.
#[derive(Clone, Debug, Default)]
pub struct QueryOptions {
    /// How long it may take, where that is less than [`Limits::timeout`](super::Limits::timeout).
    pub timeout: Option<Duration>,
    /// How old a sample may be to count as the value of its series, in milliseconds.
    pub lookback_ms: Option<i64>,
    /// Stops it.
    pub cancel: Cancel,
    /// Whether [`Statistics::trace`] is wanted.
    pub trace: bool,
}

impl Engine {
    /// An engine.
    pub fn new(options: EngineOptions) -> Engine {
        let pool = Pool::new(options.limits.max_queries_bytes);
        Engine { default_subquery_step_ms: AtomicI64::new(options.default_subquery_step_ms), options, pool }
    }

    /// Changes the step of subqueries that name none, for queries that begin from now on.
    pub fn set_default_subquery_step_ms(&self, step_ms: i64) {
        self.default_subquery_step_ms.store(step_ms, Ordering::Relaxed);
    }

    /// How it behaves.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// Bytes that its queries have in use at this moment.
    pub fn used_bytes(&self) -> u64 {
        self.pool.used_bytes()
    }

    /// Evaluates a query at one time, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn instant(
        &self,
        storage: &dyn Select,
        text: &str,
        at_ms: i64,
        options: &QueryOptions,
    ) -> Result<Outcome, QueryError> {
        self.run(storage, || Ok(parse(text, self.options.parse)?), instant(at_ms), options)
    }

    /// The same of an expression that has been parsed, with the engine's options: for those that ask it again and again.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn instant_of(
        &self,
        storage: &dyn Select,
        expr: &Expr,
        at_ms: i64,
        options: &QueryOptions,
    ) -> Result<Outcome, QueryError> {
        self.run(storage, || Ok(expr), instant(at_ms), options)
    }

    /// Evaluates a query at each time from the first up to the last, in milliseconds since the Unix epoch, a step apart.
    /// The answer is a matrix.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn range(
        &self,
        storage: &dyn Select,
        text: &str,
        (start_ms, end_ms): (i64, i64),
        step_ms: i64,
        options: &QueryOptions,
    ) -> Result<Outcome, QueryError> {
        if step_ms <= 0 {
            let message = "zero or negative query resolution step widths are not accepted. Try a positive integer";
            return Err(QueryError::Invalid(message.to_owned()));
        }
        if end_ms.checked_sub(start_ms).is_none() {
            let message = "start and end are further apart than 64 bits can count milliseconds";
            return Err(QueryError::Invalid(message.to_owned()));
        }
        self.run(storage, || Ok(parse(text, self.options.parse)?), QueryTimes { start_ms, end_ms, step_ms }, options)
    }

    /// What is parsed here counts as preparation.
    fn run<E: Borrow<Expr>>(
        &self,
        storage: &dyn Select,
        parsed: impl FnOnce() -> Result<E, QueryError>,
        times: QueryTimes,
        options: &QueryOptions,
    ) -> Result<Outcome, QueryError> {
        let limits = &self.options.limits;
        let timeout = options.timeout.unwrap_or(Duration::MAX).min(limits.timeout);
        let watch = Watch::new(options.cancel.clone(), Arc::clone(&self.options.clock), timeout);
        let began = watch.elapsed();
        let lookback_ms = options.lookback_ms.unwrap_or(self.options.lookback_ms);
        let expr = parsed()?;
        let expr: &Expr = expr.borrow();
        check_type(expr.value_type(), times)?;
        let default_step_ms = self.default_subquery_step_ms.load(Ordering::Relaxed);
        let plan = plan(expr, times, lookback_ms, default_step_ms)?;
        let prepared = watch.elapsed();

        let budget = Budget::new(Arc::clone(&self.pool), limits.max_query_bytes);
        let evaluation = Evaluation::new(&plan, storage, &self.options, lookback_ms, Arc::clone(&budget), &watch);
        let mut trace = Vec::new();
        let evaluated = evaluation.run(options.trace.then_some(&mut trace))?;
        let (mut answer, held) = answer(&evaluation, evaluated, times)?;
        let evaluated = watch.elapsed();
        answer.sort(plan.is_ordered);

        let (costs, ended) = (evaluation.costs(), watch.elapsed());
        let stats = Statistics {
            timings: Timings {
                preparation: prepared.saturating_sub(began),
                evaluation: evaluated.saturating_sub(prepared),
                sorting: ended.saturating_sub(evaluated),
                total: ended.saturating_sub(began),
            },
            n_samples: costs.n_samples,
            n_samples_read: costs.n_read,
            peak_samples: costs.peak_samples,
            peak_bytes: budget.peak_bytes(),
            trace,
        };
        Ok(Outcome { value: answer, annotations: costs.notes, stats, memory: AnswerMemory::new(held) })
    }
}

fn instant(at_ms: i64) -> QueryTimes {
    QueryTimes { start_ms: at_ms, end_ms: at_ms, step_ms: 0 }
}

/// Range queries are for what has one value at each step.
fn check_type(value_type: ValueType, times: QueryTimes) -> Result<(), QueryError> {
    if times.step_ms == 0 || matches!(value_type, ValueType::Scalar | ValueType::Vector) {
        return Ok(());
    }
    let message = format!("invalid expression type \"{value_type}\" for range query, must be Scalar or instant Vector");
    Err(QueryError::Invalid(message))
}
