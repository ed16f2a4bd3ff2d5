//! `/api/v1/rules`. There are no rules yet; what is asked is checked all the same, with Prometheus's words.

use super::{Asked, strict};
use crate::params;
use crate::reply::{ApiError, ApiResult, Reply};

pub(super) fn rules(asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    params::selectors(&asked.form).map_err(ApiError::bad_data)?;
    let kind = asked.query.get("type").to_lowercase();
    if !matches!(kind.as_str(), "" | "alert" | "record") {
        return Err(ApiError::parameter("type", format_args!("not supported value \"{kind}\"")));
    }
    let exclude_alerts = asked.query.get("exclude_alerts").to_lowercase();
    if !exclude_alerts.is_empty() {
        params::boolean(&exclude_alerts).map_err(|error| {
            ApiError::parameter("exclude_alerts", format_args!("error converting exclude_alerts: {error}"))
        })?;
    }
    check_paging(asked)?;
    Reply::data(|json| json.raw("{\"groups\":[]}"))
}

fn check_paging(asked: &Asked) -> Result<(), ApiError> {
    let (limit, token) = (asked.query.get("group_limit"), asked.query.get("group_next_token"));
    let wrong_token = |what: std::fmt::Arguments<'_>| Err(ApiError::parameter("group_next_token", what));
    if limit.is_empty() {
        if token.is_empty() {
            return Ok(());
        }
        return wrong_token(format_args!("group_limit needs to be present in order to paginate over the groups"));
    }
    let number = params::integer_32(limit).map_err(|error| {
        ApiError::parameter("group_limit", format_args!("group_limit needs to be a valid number: {error}"))
    })?;
    if number <= 0 {
        return Err(ApiError::parameter("group_limit", "group_limit needs to be greater than 0"));
    }
    if !token.is_empty() {
        return wrong_token(format_args!("invalid group_next_token '{token}'. were rule groups changed?"));
    }
    Ok(())
}
