//! What a webhook does not say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::fmt::strtime;
use serde_json::Value;

use crate::spec::Catalog;

/// What a webhook does not say, from its URL and from spec files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// `?service=`: empty for the one whose label names the project, or that is called like it.
    pub service: String,
    /// `?environment=`: empty for what the webhook says.
    pub environment: String,
    /// Services by the project or job that their label names.
    pub labelled: BTreeMap<String, String>,
}

/// Why a webhook is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// It is no JSON, or not an object.
    #[error("the body is no JSON object: {0}")]
    NotJson(String),
    /// Something that is needed is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
}

impl Hints {
    /// Those of spec files: services by their label of this name.
    pub fn of(catalog: &Catalog, label: &str) -> Hints {
        let labelled = catalog
            .services
            .values()
            .filter_map(|service| Some((service.labels.get(label)?.clone(), service.name.clone())));
        Hints { labelled: labelled.collect(), ..Hints::default() }
    }

    /// The service of a project or job: the last part of its path where nothing else is said.
    pub(super) fn service_of(&self, project: &str) -> String {
        if !self.service.is_empty() {
            return self.service.clone();
        }
        let last = || project.rsplit('/').next().unwrap_or_default().to_owned();
        self.labelled.get(project).cloned().unwrap_or_else(last)
    }
}

/// A body as a JSON object.
pub(super) fn object(body: &[u8]) -> Result<Value, HookError> {
    let value: Value = serde_json::from_slice(body).map_err(|error| HookError::NotJson(error.to_string()))?;
    if value.is_object() { Ok(value) } else { Err(HookError::NotJson("it is something else".to_owned())) }
}

/// A text or a number as text; empty where it is not there.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A time as GitLab writes it: `2026-04-28 21:50:00 +0200`, `2026-04-28 21:50:00 UTC`, or RFC 3339. In milliseconds since the
/// Unix epoch.
pub(super) fn time(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let text = text.replace(" UTC", " +0000");
    let read = strtime::parse("%Y-%m-%d %H:%M:%S %z", &text).ok()?;
    read.to_timestamp().ok().map(Timestamp::as_millisecond)
}
