//! `/api/v1/labels`, `/api/v1/label/{name}/values` and `/api/v1/series`: what there is.

use std::collections::BTreeSet;

use model::name;
use model::storage::{LabelRequest, Listing, SelectError, SelectHints};
use model::{Labels, Matcher};

use super::{Asked, decoded_name, strict};
use crate::params::{self, MAX_TIME_MS, MIN_TIME_MS, optional_time};
use crate::reply::{Answer, ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;

/// What is said where a limit cut something off.
pub(super) const TRUNCATED: &str = "results truncated due to limit";

pub(super) fn labels(parts: &Parts, asked: &Asked) -> ApiResult {
    let request = label_request(asked)?;
    listed(parts.select.label_names(&request))
}

pub(super) fn label_values(parts: &Parts, asked: &Asked) -> ApiResult {
    let name = name::unescape(&decoded_name(&asked.name)?);
    let request = label_request(asked)?;
    listed(parts.select.label_values(&name, &request))
}

fn label_request(asked: &Asked) -> Result<LabelRequest, ApiError> {
    let limit = params::limit(&asked.form)?;
    let start_ms = optional_time(&asked.form, "start", MIN_TIME_MS)?;
    let end_ms = optional_time(&asked.form, "end", MAX_TIME_MS)?;
    let selectors = params::selectors(&asked.form).map_err(ApiError::bad_data)?;
    Ok(LabelRequest { selectors, start_ms, end_ms, limit })
}

fn listed(listing: Result<Listing, SelectError>) -> ApiResult {
    let Listing { entries, truncated } = listing.map_err(|error| storage_error(&error, ErrorType::Execution))?;
    let mut answer = Answer::new(move |json| {
        json.strings(entries.iter().map(String::as_str));
        json.check()
    });
    if truncated {
        answer.warnings.push(TRUNCATED.to_owned());
    }
    Ok(Reply::Data(answer))
}

/// The error of a storage; `otherwise` where it is ready and still cannot be read.
pub(super) fn storage_error(error: &SelectError, otherwise: ErrorType) -> ApiError {
    let kind = if matches!(error, SelectError::NotReady) { ErrorType::Unavailable } else { otherwise };
    ApiError::new(kind, error)
}

pub(super) fn series(parts: &Parts, asked: &Asked) -> ApiResult {
    strict(&asked.form)?;
    if asked.form.all("match[]").next().is_none() {
        return Err(ApiError::bad_data("no match[] parameter provided"));
    }
    let limit = params::limit(&asked.form)?;
    let start_ms = optional_time(&asked.form, "start", MIN_TIME_MS)?;
    let end_ms = optional_time(&asked.form, "end", MAX_TIME_MS)?;
    let selectors = params::selectors(&asked.form).map_err(|error| ApiError::parameter("match[]", error))?;
    // One more than is wanted tells whether there are more.
    let wanted = if limit == 0 { 0 } else { limit.saturating_add(1) };
    let hints = SelectHints { start_ms, end_ms, function: Some("series"), limit: wanted, ..SelectHints::default() };
    let Found { mut series, warnings } = find(parts, &selectors, &hints)?;
    let truncated = limit > 0 && series.len() > limit;
    if truncated {
        series.truncate(limit);
    }
    let mut answer = Answer::new(move |json| {
        json.raw("[");
        for (n, labels) in series.iter().enumerate() {
            if n > 0 {
                json.raw(",");
            }
            json.labels(labels);
            json.check()?;
        }
        json.raw("]");
        Ok(())
    });
    answer.warnings = warnings;
    answer.warnings.extend(truncated.then(|| TRUNCATED.to_owned()));
    Ok(Reply::Data(answer))
}

struct Found {
    /// Sorted, each once.
    series: Vec<Labels>,
    warnings: Vec<String>,
}

fn find(parts: &Parts, selectors: &[Vec<Matcher>], hints: &SelectHints) -> Result<Found, ApiError> {
    let mut found = Found { series: Vec::new(), warnings: Vec::new() };
    for matchers in selectors {
        let set = parts.select.select(matchers, hints).map_err(|error| storage_error(&error, ErrorType::Execution))?;
        found.series.extend((0..set.len()).map(|series| set.labels(series)));
        found.warnings.extend(set.warnings());
    }
    found.series.sort_unstable();
    found.series.dedup();
    let warnings: BTreeSet<String> = found.warnings.drain(..).collect();
    found.warnings.extend(warnings);
    Ok(found)
}
