//! `/api/v1/metadata` and `/api/v1/targets/metadata`: what targets say of their metric families.

use std::collections::BTreeMap;

use model::{Labels, Matcher};
use net::form::Form;
use query::syntax::parse_selector;
use scrape::pool::ActiveTarget;
use scrape::scrape_loop::FamilyMetadata;

use super::Asked;
use crate::json::Json;
use crate::params;
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;

pub(super) fn metadata(parts: &Parts, asked: &Asked) -> ApiResult {
    let limit = optional_number(&asked.form, "limit")?;
    let limit_per_metric = optional_number(&asked.form, "limit_per_metric")?.filter(|limit| *limit > 0);
    let mut families: BTreeMap<String, Vec<FamilyMetadata>> = BTreeMap::new();
    for target in parts.targets.status().iter().flat_map(|pool| &pool.active) {
        for (family, metadata) in wanted(target, asked.form.get("metric")) {
            let known = families.entry(family).or_default();
            let is_full = limit_per_metric.is_some_and(|limit| known.len() >= limit);
            if !is_full && !known.contains(&metadata) {
                known.push(metadata);
            }
        }
    }
    let n_wanted = limit.unwrap_or(usize::MAX);
    Reply::data(move |json| {
        json.raw("{");
        for (n, (family, known)) in families.iter().take(n_wanted).enumerate() {
            if n > 0 {
                json.raw(",");
            }
            json.key(family);
            json.list(known, |json, metadata| {
                json.raw("{\"type\":");
                json.string(metadata.metric_type.as_str());
                json.raw(",\"unit\":");
                json.string(&metadata.unit);
                json.raw(",\"help\":");
                json.string(&metadata.help);
                json.raw("}");
            });
        }
        json.raw("}");
    })
}

/// All families of a target, or the one that is asked for.
fn wanted(target: &ActiveTarget, metric: &str) -> Vec<(String, FamilyMetadata)> {
    if metric.is_empty() {
        return target.metadata.list();
    }
    target.metadata.get(metric).map(|metadata| (metric.to_owned(), metadata)).into_iter().collect()
}

struct Entry {
    target: Labels,
    /// `None` where one family was asked for by name.
    family: Option<String>,
    metadata: FamilyMetadata,
}

pub(super) fn targets_metadata(parts: &Parts, asked: &Asked) -> ApiResult {
    let limit = optional_number(&asked.form, "limit")?.unwrap_or(usize::MAX);
    let matchers = match asked.form.get("match_target") {
        "" => Vec::new(),
        text => parse_selector(text).map_err(|error| ApiError::parameter("match_target", error))?,
    };
    let metric = asked.form.get("metric");
    let mut entries: Vec<Entry> = Vec::new();
    for target in parts.targets.status().iter().flat_map(|pool| &pool.active) {
        // As in Prometheus the limit is looked at between targets, not within one.
        if entries.len() >= limit {
            break;
        }
        if matchers.iter().all(|matcher: &Matcher| matcher.matches_labels(&target.labels)) {
            entries.extend(wanted(target, metric).into_iter().map(|(family, metadata)| Entry {
                target: target.labels.clone(),
                family: metric.is_empty().then_some(family),
                metadata,
            }));
        }
    }
    Reply::data(move |json| json.list(&entries, write_entry))
}

fn write_entry(json: &mut Json<'_>, entry: &Entry) {
    json.raw("{\"target\":");
    json.labels(&entry.target);
    if let Some(family) = &entry.family {
        json.raw(",\"metric\":");
        json.string(family);
    }
    json.raw(",\"type\":");
    json.string(entry.metadata.metric_type.as_str());
    json.raw(",\"help\":");
    json.string(&entry.metadata.help);
    json.raw(",\"unit\":");
    json.string(&entry.metadata.unit);
    json.raw("}");
}

/// A limit that is no limit where it is negative or not given.
pub(super) fn optional_number(form: &Form, name: &str) -> Result<Option<usize>, ApiError> {
    match form.get(name) {
        "" => Ok(None),
        text => params::integer(text)
            .map(|number| usize::try_from(number).ok())
            .map_err(|_| ApiError::bad_data(format_args!("{name} must be a number"))),
    }
}
