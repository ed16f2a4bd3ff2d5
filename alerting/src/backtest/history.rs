//! What an expression gave at each step of a stretch of time.

use model::Labels;
use model::sample::Value as SampleValue;
use query::{Engine, ErrorKind, QueryError, QueryOptions, Value, VectorSample};

use model::storage::Select;

/// Steps that are evaluated at once: enough for what a query costs by itself to vanish, few enough for their answer to fit into
/// memory. Where it does not, they are halved.
const CHUNK_STEPS: usize = 8192;

/// Whether the value of an expression at a time depends on the range it is asked for.
fn knows_its_range(expression: &str) -> bool {
    ["start(", "end(", "step(", "range("].iter().any(|call| expression.contains(call))
}

/// What an expression gave at some steps.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The first step.
    pub(super) first: usize,
    pub(super) n_steps: usize,
    pub(super) series: Vec<Labels>,
    values: Vec<SampleValue>,
    /// For each value its series, in the order of the steps.
    of_series: Vec<u32>,
    /// Where the values of each step begin, and at the end how many there are.
    starts: Vec<usize>,
    /// Why there are none.
    pub(super) failure: Option<String>,
}

impl Chunk {
    /// The values of a step, each with the number of its series.
    pub(super) fn at(&self, step: usize) -> impl Iterator<Item = (usize, &SampleValue)> {
        let step = step - self.first;
        let range = self.starts[step]..self.starts[step + 1];
        self.of_series[range.clone()].iter().map(|series| *series as usize).zip(&self.values[range])
    }

    fn failed(first: usize, failure: &QueryError) -> Chunk {
        Chunk { first, n_steps: 1, starts: vec![0, 0], failure: Some(failure.to_string()), ..Chunk::default() }
    }

    /// Sorts points, which are (step, series, value), by steps.
    fn of_points(first: usize, n_steps: usize, series: Vec<Labels>, points: Vec<(usize, u32, SampleValue)>) -> Chunk {
        let mut starts = vec![0; n_steps + 1];
        points.iter().for_each(|(step, _, _)| starts[step + 1] += 1);
        (0..n_steps).for_each(|step| starts[step + 1] += starts[step]);
        let mut next = starts.clone();
        let mut of_series = vec![0; points.len()];
        let mut values = vec![SampleValue::Float(0.0); points.len()];
        for (step, number, value) in points {
            of_series[next[step]] = number;
            values[next[step]] = value;
            next[step] += 1;
        }
        Chunk { first, n_steps, series, values, of_series, starts, failure: None }
    }
}

/// Evaluates an expression over steps.
#[derive(Debug)]
pub(super) struct Evaluator<'e> {
    pub(super) engine: &'e Engine,
    pub(super) select: &'e dyn Select,
    pub(super) expression: &'e str,
    pub(super) start_ms: i64,
    pub(super) step_ms: i64,
    pub(super) options: QueryOptions,
}

impl Evaluator<'_> {
    /// Hands over what the expression gave at `n_steps` steps, in order.
    ///
    /// # Errors
    /// When `take` has had enough, or the evaluation was stopped, or the expression is none.
    pub(super) fn each<E: From<QueryError>>(
        &self,
        n_steps: usize,
        take: &mut dyn FnMut(Chunk) -> Result<(), E>,
    ) -> Result<(), E> {
        let largest = if knows_its_range(self.expression) { 1 } else { CHUNK_STEPS };
        // The ranges that are still to be evaluated, the earliest last.
        let mut left: Vec<(usize, usize)> = Vec::new();
        let mut begun = 0;
        loop {
            let (first, n) = match left.pop() {
                Some(range) => range,
                None if begun == n_steps => return Ok(()),
                None => {
                    let first = begun;
                    begun = (begun + largest).min(n_steps);
                    (first, begun - first)
                }
            };
            match self.evaluate(first, n) {
                Ok(chunk) => take(chunk)?,
                Err(error) if matches!(error.kind(), ErrorKind::Canceled | ErrorKind::Timeout | ErrorKind::BadData) => {
                    return Err(error.into());
                }
                Err(error) if n == 1 => take(Chunk::failed(first, &error))?,
                Err(_) => left.extend([(first + n / 2, n - n / 2), (first, n / 2)]),
            }
        }
    }

    fn evaluate(&self, first: usize, n_steps: usize) -> Result<Chunk, QueryError> {
        let at = |step: usize| self.start_ms + step as i64 * self.step_ms;
        if n_steps == 1 {
            let outcome = self.engine.instant(self.select, self.expression, at(first), &self.options)?;
            return samples_of(outcome.value).map(|samples| {
                let points =
                    samples.iter().enumerate().map(|(n, sample)| (0, n as u32, sample.value.clone())).collect();
                Chunk::of_points(first, 1, samples.into_iter().map(|sample| sample.labels).collect(), points)
            });
        }
        let range = (at(first), at(first + n_steps - 1));
        let outcome = self.engine.range(self.select, self.expression, range, self.step_ms, &self.options)?;
        let Value::Matrix(all) = outcome.value else { return Err(not_samples()) };
        let mut points = Vec::new();
        for (number, series) in all.iter().enumerate() {
            let step = |at_ms: i64| usize::try_from((at_ms - range.0) / self.step_ms).unwrap_or(0);
            let floats = series.floats.iter().map(|(at_ms, value)| (step(*at_ms), SampleValue::Float(*value)));
            let histograms =
                series.histograms.iter().map(|(at_ms, value)| (step(*at_ms), SampleValue::Histogram(value.clone())));
            points.extend(floats.chain(histograms).map(|(step, value)| (step, number as u32, value)));
        }
        let labels = all.into_iter().map(|series| series.labels).collect();
        Ok(Chunk::of_points(first, n_steps, labels, points))
    }
}

fn not_samples() -> QueryError {
    QueryError::Invalid("rule result is not a vector or scalar".to_owned())
}

fn samples_of(value: Value) -> Result<Vec<VectorSample>, QueryError> {
    match value {
        Value::Vector(samples) => Ok(samples),
        Value::Scalar { timestamp_ms, value } => {
            Ok(vec![VectorSample { labels: Labels::empty(), timestamp_ms, value: SampleValue::Float(value) }])
        }
        Value::String { .. } | Value::Matrix(_) => Err(not_samples()),
    }
}
