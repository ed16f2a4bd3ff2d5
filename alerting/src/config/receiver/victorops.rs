//! `victorops_configs`: VictorOps, now Splunk On-Call.

use std::collections::BTreeMap;
use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{HttpSettings, at_most_one, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A team of VictorOps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct VictoropsConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The key.
    #[serde(skip_serializing_if = "is_default")]
    pub api_key: Secret,
    /// As `api_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub api_key_file: String,
    /// The API.
    #[serde(skip_serializing_if = "is_default")]
    pub api_url: Option<ConfigUrl>,
    /// The team; a template.
    pub routing_key: String,
    /// `CRITICAL`, `WARNING` or `INFO`.
    pub message_type: String,
    /// The text.
    pub state_message: String,
    /// The title.
    pub entity_display_name: String,
    /// Who tells it.
    pub monitoring_tool: String,
    /// Fields of the user's own.
    #[serde(skip_serializing_if = "is_default")]
    pub custom_fields: BTreeMap<String, String>,
}

impl Default for VictoropsConfig {
    fn default() -> VictoropsConfig {
        VictoropsConfig {
            send_resolved: true,
            http_config: None,
            api_key: Secret::default(),
            api_key_file: String::new(),
            api_url: None,
            routing_key: String::new(),
            message_type: "CRITICAL".to_owned(),
            state_message: "{{ template \"victorops.default.state_message\" . }}".to_owned(),
            entity_display_name: "{{ template \"victorops.default.entity_display_name\" . }}".to_owned(),
            monitoring_tool: "{{ template \"victorops.default.monitoring_tool\" . }}".to_owned(),
            custom_fields: BTreeMap::new(),
        }
    }
}

/// Fields that are ours.
const RESERVED: [&str; 7] = [
    "routing_key",
    "message_type",
    "state_message",
    "entity_display_name",
    "monitoring_tool",
    "entity_id",
    "entity_state",
];

impl Kind for VictoropsConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        if self.routing_key.is_empty() {
            faults.add("routing_key", "missing Routing key in VictorOps config");
        }
        at_most_one("api_key", !self.api_key.is_empty(), &self.api_key_file, faults);
        check_url("api_url", self.api_url.as_ref(), faults);
        faults.within("custom_fields", |faults| {
            for name in RESERVED.iter().filter(|name| self.custom_fields.contains_key(**name)) {
                faults.add(
                    name,
                    format_args!(
                        "victorOps config contains custom field {name} which cannot be used as it conflicts with the \
                         fixed/static fields"
                    ),
                );
            }
        });
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.api_url, global.victorops_api_url.as_ref());
        if self.api_url.is_none() {
            faults.add("api_url", "no global VictorOps URL set");
        }
        if self.api_key.is_empty() && self.api_key_file.is_empty() {
            self.api_key = global.victorops_api_key.clone();
            self.api_key_file.clone_from(&global.victorops_api_key_file);
        }
        if self.api_key.is_empty() && self.api_key_file.is_empty() {
            faults.add_here("no global VictorOps API Key set");
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.api_key_file);
    }
}

impl VictoropsConfig {
    pub(super) const NAME: &str = "victorops";
}
