//! `opsgenie_configs`: Opsgenie.

use std::collections::BTreeMap;
use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, at_most_one, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;
use crate::template::{Dialect, Templates};

/// An integration of Opsgenie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "opsgenie.plain", default, deny_unknown_fields)]
pub struct OpsgenieConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The integration's key; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub api_key: Secret,
    /// As `api_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub api_key_file: String,
    /// The API.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub message: String,
    /// The text.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// Where it comes from.
    #[serde(skip_serializing_if = "is_default")]
    pub source: String,
    /// More of it, beside the common labels.
    #[serde(skip_serializing_if = "is_default")]
    pub details: BTreeMap<String, String>,
    /// What it is about.
    #[serde(skip_serializing_if = "is_default")]
    pub entity: String,
    /// Who is called.
    #[serde(skip_serializing_if = "is_default")]
    pub responders: Vec<OpsgenieResponder>,
    /// What can be done, with commas between.
    #[serde(skip_serializing_if = "is_default")]
    pub actions: String,
    /// Tags, with commas between.
    #[serde(skip_serializing_if = "is_default")]
    pub tags: String,
    /// A note.
    #[serde(skip_serializing_if = "is_default")]
    pub note: String,
    /// `P1` to `P5`.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: String,
    /// Whether title and text are sent again for what is open already.
    #[serde(skip_serializing_if = "is_default")]
    pub update_alerts: bool,
}

impl Default for OpsgenieConfig {
    fn default() -> OpsgenieConfig {
        OpsgenieConfig {
            send_resolved: true,
            http_config: None,
            api_key: Secret::default(),
            api_key_file: String::new(),
            api_url: None,
            message: "{{ template \"opsgenie.default.message\" . }}".to_owned(),
            description: "{{ template \"opsgenie.default.description\" . }}".to_owned(),
            source: "{{ template \"opsgenie.default.source\" . }}".to_owned(),
            details: BTreeMap::new(),
            entity: String::new(),
            responders: Vec::new(),
            actions: String::new(),
            tags: String::new(),
            note: String::new(),
            priority: String::new(),
            update_alerts: false,
        }
    }
}

/// Who is called. One of the first three is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "opsgenie.OpsGenieConfigResponder", default, deny_unknown_fields)]
pub struct OpsgenieResponder {
    /// By id.
    #[serde(skip_serializing_if = "is_default")]
    pub id: String,
    /// By name; several with commas between where the type is `teams`.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// By user.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// `team`, `teams`, `user`, `escalation` or `schedule`; or a template.
    #[serde(skip_serializing_if = "is_default")]
    pub r#type: String,
}

/// What a responder may be.
const TYPES: [&str; 5] = ["team", "teams", "user", "escalation", "schedule"];

impl OpsgenieResponder {
    fn check(&self, faults: &mut Faults) {
        if self.id.is_empty() && self.name.is_empty() && self.username.is_empty() {
            faults.add_here("opsGenieConfig responder has to have at least one of id, username or name specified");
        }
        let r#type = self.r#type.to_lowercase();
        if r#type.contains("{{") {
            if let Err(error) = Templates::new(Dialect::Alertmanager).add("", &self.r#type) {
                faults.add("type", format_args!("type contains invalid template syntax: {error}"));
            }
        } else if !TYPES.contains(&r#type.as_str()) {
            let known = TYPES.join(", ");
            faults.add("type", format_args!("opsGenieConfig responder type is none of {known}: {:?}", self.r#type));
        }
    }
}

impl Kind for OpsgenieConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        at_most_one("api_key", !self.api_key.is_empty(), &self.api_key_file, faults);
        check_url("api_url", self.api_url.as_ref(), faults);
        faults.within_each("responders", &self.responders, |faults, responder| responder.check(faults));
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.api_url, global.opsgenie_api_url.as_ref());
        if self.api_url.is_none() {
            faults.add("api_url", "no global OpsGenie URL set");
        }
        if self.api_key.is_empty() && self.api_key_file.is_empty() {
            self.api_key = global.opsgenie_api_key.clone();
            self.api_key_file.clone_from(&global.opsgenie_api_key_file);
        }
        if self.api_key.is_empty() && self.api_key_file.is_empty() {
            faults.add_here("no global OpsGenie API Key set either inline or in a file");
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.api_key_file);
    }
}

impl OpsgenieConfig {
    pub(super) const NAME: &str = "opsgenie";
}
