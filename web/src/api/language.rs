//! `/api/v1/format_query` and `/api/v1/parse_query`: texts in, texts and trees out.

use query::syntax::{DEFAULT_WIDTH, Expr, parse};

use super::Asked;
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;

pub(super) fn format_query(parts: &Parts, asked: &Asked) -> ApiResult {
    let text = parsed(parts, asked)?.pretty(DEFAULT_WIDTH).map_err(|error| ApiError::parameter("query", error))?;
    Reply::data(move |json| json.string(&text))
}

pub(super) fn parse_query(parts: &Parts, asked: &Asked) -> ApiResult {
    let tree = parsed(parts, asked)?.to_json();
    Reply::data(move |json| json.raw(&tree))
}

fn parsed(parts: &Parts, asked: &Asked) -> Result<Expr, ApiError> {
    parse(asked.form.get("query"), parts.engine.options().parse).map_err(|error| ApiError::parameter("query", error))
}
