//! `/api/v1/query` and `/api/v1/query_range`.
//!
//! A query waits for one of the places, then runs on a blocking thread, which also writes the answer; when the client
//! goes away it is stopped.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use net::form::Form;
use net::server::{Request, Response, produce};
use query::{Cancel, ErrorKind, Level, Outcome, QueryError, QueryOptions, Value};

use super::listing::TRUNCATED;
use super::{form_of, respond};
use crate::json::Json;
use crate::params::{self, optional_time, required_time};
use crate::render;
use crate::reply::{Answer, ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;
use crate::web::Shared;

/// Warnings, and infos, that one answer holds.
const MAX_NOTES: usize = 10;

/// What is asked for.
#[derive(Debug)]
struct Query {
    text: String,
    times: Times,
    /// Series that are wanted; 0 for all.
    limit: usize,
    stats: String,
    options: QueryOptions,
}

/// When it is asked for, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
enum Times {
    At(i64),
    Range { start_ms: i64, end_ms: i64, step_ms: i64 },
}

pub(crate) async fn instant(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let now_ms = shared.settings.clock.now_ms();
    match instant_query(&form, now_ms) {
        Ok(query) => run(shared, parts, &request, query).await,
        Err(error) => error.respond(),
    }
}

pub(crate) async fn range(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    match range_query(&form, shared.settings.limits.query_points) {
        Ok(query) => run(shared, parts, &request, query).await,
        Err(error) => error.respond(),
    }
}

fn instant_query(form: &Form, now_ms: i64) -> Result<Query, ApiError> {
    let limit = params::limit(form)?;
    let at_ms = optional_time(form, "time", now_ms)?;
    query_of(form, Times::At(at_ms), limit)
}

fn range_query(form: &Form, max_points: i64) -> Result<Query, ApiError> {
    let limit = params::limit(form)?;
    let start_ms = required_time(form, "start")?;
    let end_ms = required_time(form, "end")?;
    if end_ms < start_ms {
        return Err(ApiError::parameter("end", "end timestamp must not be before start time"));
    }
    let step_nanos = params::duration(form.get("step")).map_err(|error| ApiError::parameter("step", error))?;
    let step_ms = step_nanos / 1_000_000;
    if step_ms <= 0 {
        let message = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(ApiError::parameter("step", message));
    }
    let nanos = (i128::from(end_ms) - i128::from(start_ms)) * 1_000_000;
    if nanos / i128::from(step_nanos) > i128::from(max_points) {
        return Err(ApiError::bad_data(
            "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ));
    }
    query_of(form, Times::Range { start_ms, end_ms, step_ms }, limit)
}

fn query_of(form: &Form, times: Times, limit: usize) -> Result<Query, ApiError> {
    let mut options = QueryOptions::default();
    if !form.get("timeout").is_empty() {
        let nanos = params::duration(form.get("timeout")).map_err(|error| ApiError::parameter("timeout", error))?;
        options.timeout = Some(Duration::from_nanos(nanos.try_into().unwrap_or(0)));
    }
    if !form.get("lookback_delta").is_empty() {
        let nanos = params::duration(form.get("lookback_delta"))
            .map_err(|error| ApiError::bad_data(format_args!("error parsing lookback delta duration: {error}")))?;
        options.lookback_ms = Some(nanos / 1_000_000).filter(|lookback| *lookback > 0);
    }
    let (text, stats) = (form.get("query").to_owned(), form.get("stats").to_owned());
    Ok(Query { text, times, limit, stats, options })
}

/// Stops a query when nobody waits for it any more.
struct StopOnDrop(Cancel);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn run(shared: &Arc<Shared>, parts: Parts, request: &Request, mut query: Query) -> Response {
    let encoding = request.accepted_encoding();
    let clock = Arc::clone(&shared.settings.clock);
    let asked_at = clock.elapsed();
    let timeout = query.options.timeout.unwrap_or(Duration::MAX).min(parts.engine.options().limits.timeout);
    let patience = timeout.min(shared.settings.limits.query_queue_time);
    let Ok(place) = shared.queries.enter(patience).await else {
        return no_turn(shared.queries.n_places()).respond();
    };
    let queued = clock.elapsed().saturating_sub(asked_at);
    query.options.timeout = Some(timeout.saturating_sub(queued));
    let cancel = Cancel::new();
    query.options.cancel = cancel.clone();
    let _stop = StopOnDrop(cancel);
    produce(encoding, move || {
        let outcome = evaluate(&parts, &query);
        // The place is for the work, not for the sending.
        drop(place);
        respond(answer(outcome, &query, queued))
    })
    .await
}

/// Carries something out on a blocking thread when one of the places of queries is free; it is stopped when nobody waits for its
/// answer any more.
pub(super) async fn in_turn(
    shared: &Arc<Shared>,
    request: &Request,
    work: impl FnOnce(&Cancel) -> ApiResult + Send + 'static,
) -> Response {
    let encoding = request.accepted_encoding();
    let Ok(place) = shared.queries.enter(shared.settings.limits.query_queue_time).await else {
        return no_turn(shared.queries.n_places()).respond();
    };
    let cancel = Cancel::new();
    let _stop = StopOnDrop(cancel.clone());
    produce(encoding, move || {
        let answer = work(&cancel);
        // The place is for the work, not for the sending.
        drop(place);
        respond(answer)
    })
    .await
}

pub(super) fn no_turn(n_places: usize) -> ApiError {
    let limit = format_args!("limit query_concurrency: {n_places} at the same time, raised by --query.max-concurrency");
    ApiError::new(ErrorType::Timeout, format_args!("query timed out in query queue ({limit})"))
}

fn evaluate(parts: &Parts, query: &Query) -> Result<Outcome, QueryError> {
    match query.times {
        Times::At(at_ms) => parts.engine.instant(&*parts.select, &query.text, at_ms, &query.options),
        Times::Range { start_ms, end_ms, step_ms } => {
            parts.engine.range(&*parts.select, &query.text, (start_ms, end_ms), step_ms, &query.options)
        }
    }
}

fn answer(outcome: Result<Outcome, QueryError>, query: &Query, queued: Duration) -> ApiResult {
    let Outcome { mut value, annotations, stats, memory } = outcome.map_err(|error| api_error(&error))?;
    let mut warnings = annotations.capped_texts(Level::Warning, &query.text, MAX_NOTES);
    let infos = annotations.capped_texts(Level::Info, &query.text, MAX_NOTES);
    warnings.extend(truncate(&mut value, query.limit).then(|| TRUNCATED.to_owned()));
    warnings.extend(unknown_stats(&query.stats));
    let wants_stats = !query.stats.is_empty();
    let mut answer = Answer::new(move |json: &mut Json<'_>| -> io::Result<()> {
        let _counted_until_written = &memory;
        json.raw("{\"resultType\":\"");
        json.raw(value.value_type().as_str());
        json.raw("\",\"result\":");
        render::value(json, &value)?;
        if wants_stats {
            json.raw(",\"stats\":");
            render::statistics(json, &stats, queued);
        }
        json.raw("}");
        Ok(())
    });
    (answer.warnings, answer.infos) = (warnings, infos);
    Ok(Reply::Data(answer))
}

pub(super) fn api_error(error: &QueryError) -> ApiError {
    match error.kind() {
        ErrorKind::BadData => ApiError::parameter("query", error),
        ErrorKind::Execution => ApiError::new(ErrorType::Execution, error),
        ErrorKind::Canceled => ApiError::new(ErrorType::Canceled, error),
        ErrorKind::Timeout => ApiError::new(ErrorType::Timeout, error),
        ErrorKind::Internal => ApiError::new(ErrorType::Internal, error),
    }
}

/// Leaves so many series; says whether there were more.
fn truncate(value: &mut Value, limit: usize) -> bool {
    let n_before = match value {
        Value::Vector(samples) => samples.len(),
        Value::Matrix(series) => series.len(),
        Value::Scalar { .. } | Value::String { .. } => 0,
    };
    if limit == 0 || n_before <= limit {
        return false;
    }
    match value {
        Value::Vector(samples) => samples.truncate(limit),
        Value::Matrix(series) => series.truncate(limit),
        Value::Scalar { .. } | Value::String { .. } => {}
    }
    true
}

fn unknown_stats(stats: &str) -> Option<String> {
    let is_known = matches!(stats, "" | "true" | "all");
    (!is_known).then(|| {
        format!(
            "value {} for parameter \"stats\" is deprecated and will be rejected in the next major release, use \
             \"true\" or \"all\"",
            model::name::quoted(stats)
        )
    })
}
