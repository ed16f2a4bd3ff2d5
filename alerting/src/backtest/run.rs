//! A back-test from its beginning to its report.

use model::Labels;
use model::storage::Select;
use query::{Engine, QueryError, QueryOptions};

use super::Report;
use super::history::{Chunk, Evaluator};
use super::machine::Machine;
use super::pages::n_notifications;
use crate::route::RouteTree;
use crate::rules::RuleConfig;

/// Steps that a back-test may have (`backtest_steps`): a year at half a minute.
pub const MAX_STEPS: usize = 1_100_000;
/// Intervals that it may find (`backtest_intervals`).
pub const MAX_INTERVALS: usize = 100_000;

/// When a rule is evaluated, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first step.
    pub start_ms: i64,
    /// No step is after this.
    pub end_ms: i64,
    /// How far they are apart.
    pub step_ms: i64,
}

/// What a rule is tested with.
#[derive(Debug)]
pub struct Setting<'s> {
    /// Evaluates expressions.
    pub engine: &'s Engine,
    /// What they are evaluated over.
    pub select: &'s dyn Select,
    /// Each query's options; stopping them stops the back-test.
    pub options: QueryOptions,
    /// `global.external_labels`
    pub external_labels: &'s Labels,
    /// The URL under which this server is reached, without a slash at its end.
    pub external_url: &'s str,
    /// Who would have been told.
    pub routes: &'s RouteTree,
    /// What the rule's group says.
    pub group: GroupSetting,
}

/// What a group says about how its rules are evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupSetting {
    /// `limit`: with more alerts at a time than this an evaluation fails, and all of them are dropped; 0 for any number.
    pub limit: usize,
    /// `query_offset`: how much older than the time of an evaluation its samples are, in milliseconds.
    pub query_offset_ms: i64,
}

/// Why there is no report.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BackTestError {
    /// The rule has no `alert`.
    #[error("only alerting rules can be tested over history: 'alert' is not set")]
    NotAlerting,
    /// A label is no template.
    #[error("{0}")]
    Label(String),
    /// Time does not go on.
    #[error("the step must be positive, and the end not before the start")]
    Times,
    /// Too many steps.
    #[error(
        "the back-test has {n_steps} steps: limit backtest_steps is {MAX_STEPS}; try a longer step or less history"
    )]
    Steps {
        /// How many.
        n_steps: u64,
    },
    /// Too much to tell.
    #[error(
        "the rule has more than {MAX_INTERVALS} intervals in which it is pending or fires: limit backtest_intervals"
    )]
    Intervals,
    /// The expression cannot be evaluated at all, or the back-test was stopped.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl Times {
    /// How many steps there are.
    ///
    /// # Errors
    /// When there are none, or too many.
    pub fn n_steps(&self) -> Result<usize, BackTestError> {
        let span_ms = self.end_ms.checked_sub(self.start_ms).and_then(|span_ms| u64::try_from(span_ms).ok());
        let step_ms = u64::try_from(self.step_ms).ok().filter(|step_ms| *step_ms > 0);
        let (Some(span_ms), Some(step_ms)) = (span_ms, step_ms) else { return Err(BackTestError::Times) };
        let n_steps = span_ms / step_ms + 1;
        let allowed = usize::try_from(n_steps).ok().filter(|n_steps| *n_steps <= MAX_STEPS);
        allowed.ok_or(BackTestError::Steps { n_steps })
    }
}

/// Tests a rule over history. `progress` hears of how many steps, of how many, are done.
///
/// # Errors
/// See [`BackTestError`].
pub fn run(
    rule: &RuleConfig,
    times: Times,
    setting: &Setting<'_>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, BackTestError> {
    if rule.alert.is_empty() {
        return Err(BackTestError::NotAlerting);
    }
    let n_steps = times.n_steps()?;
    let Times { start_ms, end_ms, step_ms } = times;
    let mut machine = Machine::new(rule, setting).map_err(|error| BackTestError::Label(error.to_string()))?;
    let options = setting.options.clone();
    let expression = rule.expr.as_str();
    let Setting { engine, select, group, .. } = *setting;
    let read_from_ms = start_ms.saturating_sub(group.query_offset_ms);
    let evaluator = Evaluator { engine, select, expression, start_ms: read_from_ms, step_ms, options };
    evaluator.each(n_steps, &mut |chunk: Chunk| {
        machine.take(&chunk, start_ms, step_ms);
        progress(chunk.first + chunk.n_steps, n_steps);
        if machine.n_intervals > MAX_INTERVALS { Err(BackTestError::Intervals) } else { Ok(()) }
    })?;
    let (n_failed, first_failure) = (machine.n_failed, machine.first_failure.take());
    let instances = machine.into_histories(end_ms);
    Ok(Report {
        n_firing: instances.iter().map(|history| history.firing().count()).sum(),
        n_notifications: n_notifications(&instances, setting.routes, end_ms),
        instances,
        n_steps,
        n_failed,
        first_failure,
    })
}
