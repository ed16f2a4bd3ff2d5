//! Alerts and silences as the API writes and reads them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Labels or annotations.
pub(super) type Texts = BTreeMap<String, String>;

/// An alert that is told to the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewAlert {
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) starts_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ends_at: Option<String>,
    #[serde(rename = "generatorURL", skip_serializing_if = "String::is_empty")]
    pub(super) generator_url: String,
}

/// An alert that the server tells of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KnownAlert {
    pub(super) labels: Texts,
    #[serde(default)]
    pub(super) annotations: Texts,
    pub(super) starts_at: String,
    pub(super) ends_at: String,
    #[serde(rename = "generatorURL", default)]
    pub(super) generator_url: String,
    pub(super) status: State,
}

/// What an alert or a silence is like now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) state: String,
}

/// A matcher of a silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SilenceMatcher {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_regex: bool,
    /// Older Alertmanagers do not know it.
    #[serde(default = "yes")]
    pub(super) is_equal: bool,
}

fn yes() -> bool {
    true
}

/// A silence. What the server adds to one is kept, so that it can be printed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Silence {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) matchers: Vec<SilenceMatcher>,
    pub(super) starts_at: String,
    pub(super) ends_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) updated_at: Option<String>,
    pub(super) created_by: String,
    pub(super) comment: String,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(super) annotations: Texts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<State>,
    /// Several sets of matchers, of which one is enough, and whatever else a newer server says.
    #[serde(flatten)]
    pub(super) others: serde_json::Map<String, serde_json::Value>,
}

impl Silence {
    /// The same as it is told to the server.
    pub(super) fn to_be_told(&self) -> Silence {
        Silence { updated_at: None, status: None, ..self.clone() }
    }
}
