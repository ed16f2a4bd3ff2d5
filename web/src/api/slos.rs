//! `/api/v1/slos`: objectives and what is left of their budgets, now or at any instant, and burn-downs.
//!
//! `time` is the instant; without it each objective is shown at its newest sample. What could not be taken of spec files stands
//! beside the data, as `errors`; beside a burn-down stand `marks` (time that did not count, and changes of the target) and
//! `expected`, how it is expected to go on after its last instant.

use net::form::Form;
use slo::budget::{Point, State, Status};
use slo::window::Span;

use super::{Asked, decoded_name, strict};
use crate::params;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;
use crate::web::Shared;

/// Durations of parameters are in nanoseconds.
const NANOS_OF_MS: i64 = 1_000_000;
/// A burn-down has about so many points where no step is given.
const N_POINTS: i64 = 200;

pub(super) fn slos(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let at_ms = optional_time(&asked.form, "time")?;
    let [product, service] = ["product", "service"].map(|name| asked.form.get(name).to_owned());
    let state = state(&asked.form)?;
    let takes = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
    let mut found = parts.budgets.statuses(at_ms, |objective| {
        takes(&product, objective.product.as_deref().unwrap_or_default()) && takes(&service, &objective.service)
    });
    found.retain(|status| state.is_none_or(|state| status.state == state));
    let faults = parts.budgets.faults();
    Reply::serialized(&found)?.beside("errors", &faults)
}

pub(super) fn slo(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let id = decoded_name(&asked.name)?;
    let status: Option<Status> = parts.budgets.status(&id, optional_time(&asked.form, "time")?);
    Reply::serialized(&status.ok_or_else(|| unknown(&id))?)
}

pub(super) fn burndown(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    let id = decoded_name(&asked.name)?;
    let span = parts.budgets.objective_span(&id, optional_time(&asked.form, "end")?).ok_or_else(|| unknown(&id))?;
    let instants = instants(&asked.shared, &asked.form, span)?;
    let points: Option<Vec<Point>> = parts.budgets.objective_points(&id, &instants);
    let shown = covered(&instants);
    let marks = parts.budgets.objective_marks(&id, shown).ok_or_else(|| unknown(&id))?;
    let expected = parts.budgets.objective_expected(&id, shown.to_ms).unwrap_or_default();
    Reply::serialized(&points.ok_or_else(|| unknown(&id))?)?.beside("marks", &marks)?.beside("expected", &expected)
}

/// The span from the first of some instants to the last.
pub(super) fn covered(instants: &[i64]) -> Span {
    let (first, last) = (instants.first(), instants.last());
    Span { from_ms: first.copied().unwrap_or_default(), to_ms: last.copied().unwrap_or_default() }
}

/// The instants of a burn-down: `start` to `end` by `step`; what is not given is taken from the window.
pub(super) fn instants(shared: &Shared, form: &Form, window: Span) -> Result<Vec<i64>, ApiError> {
    let start_ms = optional_time(form, "start")?.unwrap_or(window.from_ms);
    let end_ms = window.to_ms;
    if end_ms < start_ms {
        return Err(ApiError::parameter("end", "end timestamp must not be before start time"));
    }
    let length_ms = end_ms.saturating_sub(start_ms);
    let step_ms = match form.get("step") {
        "" => (length_ms / N_POINTS).max(1),
        text => params::duration(text).map_err(|error| ApiError::parameter("step", error))? / NANOS_OF_MS,
    };
    if step_ms <= 0 {
        return Err(ApiError::parameter("step", "zero or negative step is not accepted. Try a positive integer"));
    }
    let limit = shared.settings.limits.query_points;
    if length_ms / step_ms > limit {
        let message =
            format_args!("a burn-down of {} points is above the limit of {limit} (query_points)", length_ms / step_ms);
        return Err(ApiError::bad_data(message));
    }
    let mut instants: Vec<i64> = (0..=length_ms / step_ms).map(|step| start_ms + step * step_ms).collect();
    // The newest point is what everybody looks at.
    if instants.last() != Some(&end_ms) {
        instants.push(end_ms);
    }
    Ok(instants)
}

pub(super) fn optional_time(form: &Form, name: &str) -> Result<Option<i64>, ApiError> {
    match form.get(name) {
        "" => Ok(None),
        text => params::time(text).map(Some).map_err(|error| ApiError::parameter(name, error)),
    }
}

fn state(form: &Form) -> Result<Option<State>, ApiError> {
    let text = form.get("state");
    if text.is_empty() {
        return Ok(None);
    }
    let found = State::ALL.into_iter().find(|state| state.as_str() == text);
    found.map(Some).ok_or_else(|| ApiError::parameter("state", "one of nodata, healthy, caution, critical, exhausted"))
}

fn unknown(id: &str) -> ApiError {
    ApiError::new(ErrorType::NotFound, format_args!("no such SLO: {}", model::name::quoted(id)))
}
