//! `/api/v1/query_exemplars`. Exemplars are not stored yet, so that a query that selects anything finds none.

use query::syntax::{NodeKind, parse};

use super::Asked;
use crate::params::{MAX_TIME_MS, MIN_TIME_MS, optional_time};
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;

pub(super) fn query_exemplars(parts: &Parts, asked: &Asked) -> ApiResult {
    let start_ms = optional_time(&asked.form, "start", MIN_TIME_MS)?;
    let end_ms = optional_time(&asked.form, "end", MAX_TIME_MS)?;
    if end_ms < start_ms {
        return Err(ApiError::bad_data("end timestamp must not be before start timestamp"));
    }
    let expr = parse(asked.form.get("query"), parts.engine.options().parse).map_err(ApiError::bad_data)?;
    let selects = expr.walk().any(|id| matches!(expr.node(id).kind, NodeKind::VectorSelector(_)));
    if selects { Reply::data(|json| json.raw("[]")) } else { Ok(Reply::Empty) }
}
