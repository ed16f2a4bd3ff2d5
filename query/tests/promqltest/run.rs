//! Asking what a script asks: each query as it stands, with all its times pinned by `@`, and as a range query.

use std::time::Duration;

use model::sample::Value as SampleValue;
use query::syntax::{Expr, NodeId, NodeKind, Options, parse};
use query::{Engine, EngineOptions, Level, Limits, Outcome, QueryError, QueryOptions, Series, Value, VectorSample};

use super::compare::check;
use super::eval::Eval;
use super::store::TestStore;

/// The engine that the scripts assume.
pub(crate) fn engine() -> Engine {
    Engine::new(EngineOptions {
        parse: Options::all(),
        delayed_name_removal: true,
        use_start_timestamps: true,
        limits: Limits { timeout: Duration::from_secs(100), max_samples: 10_000, ..Limits::default() },
        ..EngineOptions::default()
    })
}

/// Evaluates, and compares.
///
/// # Errors
/// Says how the first of the queries differs.
pub(crate) fn run(engine: &Engine, store: &TestStore, eval: &Eval) -> Result<(), String> {
    let options = QueryOptions::default();
    if eval.is_range {
        let times = (eval.start_ms, eval.end_ms);
        let outcome = engine.range(store, &eval.query, times, eval.step_ms, &options);
        return judge(eval, &eval.query, outcome).map(|_| ());
    }
    run_instant(engine, store, eval, &eval.query, eval.at_ms)?;
    let Some(pinned) = pinned(&eval.query, eval.at_ms) else { return Ok(()) };
    let at_ms = eval.at_ms;
    let times = if at_ms == 0 { vec![-1000, 0, 1000] } else { vec![-10 * at_ms, 0, at_ms / 5, at_ms, 10 * at_ms] };
    times.into_iter().try_for_each(|at_ms| {
        run_instant(engine, store, eval, &pinned, at_ms).map_err(|why| format!("as {pinned} at {at_ms}: {why}"))
    })
}

fn run_instant(engine: &Engine, store: &TestStore, eval: &Eval, query: &str, at_ms: i64) -> Result<(), String> {
    let options = QueryOptions::default();
    let outcome = engine.instant(store, query, at_ms, &options);
    let Some(outcome) = judge(eval, query, outcome)? else { return Ok(()) };
    let depends_on_query = ["start()", "end()", "range()", "step()"].iter().any(|call| query.contains(call));
    if eval.is_instant_only || depends_on_query {
        return Ok(());
    }
    let range = engine.range(store, query, (at_ms - 60_000, at_ms + 60_000), 60_000, &options);
    let range = range.map_err(|error| format!("in range mode: {error}"))?;
    if eval.is_ordered {
        return Ok(());
    }
    let middle = middle_of(range.value, at_ms, &outcome.value)?;
    check(eval, &middle).map_err(|why| format!("in range mode: {why}"))
}

/// Compares an outcome with what was expected; the outcome where the query did not have to fail.
fn judge(eval: &Eval, query: &str, outcome: Result<Outcome, QueryError>) -> Result<Option<Outcome>, String> {
    match (outcome, &eval.failure) {
        (Err(error @ QueryError::Unsupported(_)), _) | (Err(error), None) => Err(error.to_string()),
        (Err(error), Some(pattern)) if pattern.matches(&error.to_string()) => Ok(None),
        (Err(error), Some(pattern)) => Err(format!("expected error {pattern:?}, but got: {error}")),
        (Ok(_), Some(_)) => Err("expected an error, but got none".to_owned()),
        (Ok(outcome), None) => {
            for level in [Level::Warning, Level::Info] {
                eval.check_notes(level, &outcome.annotations.texts(level, query))?;
            }
            check(eval, &outcome.value)?;
            Ok(Some(outcome))
        }
    }
}

/// The values of a range query at one time, as an instant query has them.
fn middle_of(value: Value, at_ms: i64, instant: &Value) -> Result<Value, String> {
    let Value::Matrix(all) = value else { return Err(format!("no matrix: {value:?}")) };
    if let (Value::Scalar { .. }, [series]) = (instant, &all[..]) {
        let value = series.floats.iter().find(|(time_ms, _)| *time_ms == at_ms).ok_or("no scalar")?.1;
        return Ok(Value::Scalar { timestamp_ms: at_ms, value });
    }
    Ok(Value::Vector(all.into_iter().filter_map(|series| sample_at(series, at_ms)).collect()))
}

fn sample_at(series: Series, at_ms: i64) -> Option<VectorSample> {
    let float = series.floats.iter().find(|(time_ms, _)| *time_ms == at_ms);
    let histogram = series.histograms.iter().find(|(time_ms, _)| *time_ms == at_ms);
    let value = match (float, histogram) {
        (Some((_, value)), _) => SampleValue::Float(*value),
        (None, Some((_, histogram))) => SampleValue::Histogram(histogram.clone()),
        (None, None) => return None,
    };
    Some(VectorSample { labels: series.labels, timestamp_ms: at_ms, value })
}

/// Functions that are not the same at all times even where their arguments are.
const FUNCTIONS_OF_TIME: [&str; 15] = [
    "days_in_month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "end",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "range",
    "start",
    "step",
    "time",
    "timestamp",
    "year",
];

/// The query with `@ at_ms` on each selector and subquery that has none and is not in a subquery, printed anew. `None`
/// where that changes its meaning; what is in a subquery does not count, as that is pinned as a whole.
fn pinned(query: &str, at_ms: i64) -> Option<String> {
    let expr = parse(query, Options::all()).ok()?;
    let mut ends = Vec::new();
    let mut pending = vec![expr.root()];
    while let Some(id) = pending.pop() {
        match &expr.node(id).kind {
            NodeKind::VectorSelector(selector) if selector.at.is_none() => ends.push(end(query, &expr, id)),
            NodeKind::MatrixSelector { selector, .. } => {
                if matches!(&expr.node(*selector).kind, NodeKind::VectorSelector(selector) if selector.at.is_none()) {
                    ends.push(end(query, &expr, id));
                }
            }
            NodeKind::Subquery(subquery) => ends.extend(subquery.at.is_none().then(|| end(query, &expr, id))),
            NodeKind::Call { function, .. } if FUNCTIONS_OF_TIME.contains(&function.name) => return None,
            kind => kind.for_each_child(|child| pending.push(child)),
        }
    }
    ends.sort_unstable();
    let mut pinned = query.to_owned();
    for end in ends.into_iter().rev() {
        pinned.insert_str(end, &format!(" @ {}.{:03} ", at_ms / 1000, at_ms % 1000));
    }
    Some(parse(&pinned, Options::all()).unwrap_or_else(|error| panic!("{pinned}: {error}")).to_string())
}

/// Where a selector or subquery ends. The span of one with a computed offset may end a bracket early or late, as it does in
/// Prometheus.
fn end(query: &str, expr: &Expr, id: NodeId) -> usize {
    let span = expr.node(id).span;
    let (start, mut end) = (span.start as usize, span.end as usize);
    let n_open =
        |end: usize| query[start..end].matches('(').count() as i64 - query[start..end].matches(')').count() as i64;
    while n_open(end) < 0 {
        end -= 1;
    }
    while n_open(end) > 0 && end < query.len() {
        end += 1;
    }
    end
}
