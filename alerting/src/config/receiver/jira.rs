//! `jira_configs`: Jira.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use model::duration::PromDuration;
use model::yaml::Faults;
use net::config::ConfigUrl;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, Payload, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A project of Jira, in which issues are opened and closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "jira.plain", default, deny_unknown_fields)]
pub struct JiraConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The API: `https://…/rest/api/2` or `/3`.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// `cloud`, `datacenter`, or `auto`: by the URL.
    #[serde(skip_serializing_if = "is_default")]
    pub api_type: String,
    /// The project's key; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub project: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub summary: JiraField,
    /// The text; JSON where the API is version 3.
    #[serde(skip_serializing_if = "is_default")]
    pub description: JiraField,
    /// Labels of the issue.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: Vec<String>,
    /// How urgent it is.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: String,
    /// The type of the issue; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub issue_type: String,
    /// What opens an issue again.
    #[serde(skip_serializing_if = "is_default")]
    pub reopen_transition: String,
    /// What closes one.
    #[serde(skip_serializing_if = "is_default")]
    pub resolve_transition: String,
    /// Issues that are closed so are left alone.
    #[serde(skip_serializing_if = "is_default")]
    pub wont_fix_resolution: String,
    /// For how long a closed issue is opened again rather than another made.
    #[serde(skip_serializing_if = "is_default")]
    pub reopen_duration: PromDuration,
    /// Fields of the user's own.
    #[serde(skip_serializing_if = "is_default")]
    pub fields: BTreeMap<String, Payload>,
}

impl Default for JiraConfig {
    fn default() -> JiraConfig {
        JiraConfig {
            send_resolved: true,
            http_config: None,
            api_url: None,
            api_type: "auto".to_owned(),
            project: String::new(),
            summary: JiraField::of("{{ template \"jira.default.summary\" . }}"),
            description: JiraField::of("{{ template \"jira.default.description\" . }}"),
            labels: Vec::new(),
            priority: "{{ template \"jira.default.priority\" . }}".to_owned(),
            issue_type: String::new(),
            reopen_transition: String::new(),
            resolve_transition: String::new(),
            wont_fix_resolution: String::new(),
            reopen_duration: PromDuration::ZERO,
            fields: BTreeMap::new(),
        }
    }
}

/// A field that an update may leave alone. May be written as its template alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JiraField {
    /// The template.
    #[serde(skip_serializing_if = "is_default")]
    pub template: String,
    /// Whether it is written into an issue that is there already; it is, where this is not said.
    #[serde(skip_serializing_if = "is_default")]
    pub enable_update: Option<bool>,
}

impl JiraField {
    fn of(template: &str) -> JiraField {
        JiraField { template: template.to_owned(), enable_update: None }
    }
}

/// As it is written in full.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct WrittenField {
    template: String,
    enable_update: Option<bool>,
}

impl<'de> Deserialize<'de> for JiraField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JiraField, D::Error> {
        deserializer.deserialize_any(AsField)
    }
}

struct AsField;

impl<'de> Visitor<'de> for AsField {
    type Value = JiraField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a template or a mapping with one")
    }

    fn visit_unit<E: de::Error>(self) -> Result<JiraField, E> {
        Ok(JiraField::default())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<JiraField, E> {
        Ok(JiraField::of(&value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<JiraField, E> {
        Ok(JiraField::of(&value.to_string()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<JiraField, E> {
        Ok(JiraField::of(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<JiraField, A::Error> {
        let WrittenField { template, enable_update } =
            WrittenField::deserialize(de::value::MapAccessDeserializer::new(entries))?;
        Ok(JiraField { template, enable_update })
    }
}

impl Kind for JiraConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        if self.project.is_empty() {
            faults.add("project", "missing project in jira_config");
        }
        if self.issue_type.is_empty() {
            faults.add("issue_type", "missing issue_type in jira_config");
        }
        if !matches!(self.api_type.as_str(), "auto" | "cloud" | "datacenter") {
            faults.add("api_type", "unknown api_type on jira_config, must be auto, cloud or datacenter");
        }
        check_url("api_url", self.api_url.as_ref(), faults);
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.api_url, global.jira_api_url.as_ref());
        if self.api_url.is_none() {
            faults.add("api_url", "no global Jira Cloud URL set");
        }
    }

    fn set_directory(&mut self, _: &Path) {}
}

impl JiraConfig {
    pub(super) const NAME: &str = "jira";
}
