//! `pagerduty_configs`: PagerDuty.

use std::collections::BTreeMap;
use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{GoDuration, HttpSettings, Payload, at_most_one, check_url, is_default, or_url};
use crate::config::global::GlobalConfig;

/// A service of PagerDuty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "pagerduty.plain", default, deny_unknown_fields)]
pub struct PagerdutyConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// The key of an integration by the events API, version 1; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub service_key: Secret,
    /// As `service_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub service_key_file: String,
    /// The key of an integration by version 2; a template.
    #[serde(skip_serializing_if = "is_default")]
    pub routing_key: Secret,
    /// As `routing_key`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub routing_key_file: String,
    /// The events API, version 2.
    #[serde(skip_serializing_if = "is_default")]
    pub url: Option<ConfigUrl>,
    /// Who tells it.
    #[serde(skip_serializing_if = "is_default")]
    pub client: String,
    /// Where who tells it can be seen.
    #[serde(skip_serializing_if = "is_default")]
    pub client_url: String,
    /// The title.
    #[serde(skip_serializing_if = "is_default")]
    pub description: String,
    /// More of it.
    #[serde(skip_serializing_if = "is_default")]
    pub details: BTreeMap<String, Payload>,
    /// Pictures.
    #[serde(skip_serializing_if = "is_default")]
    pub images: Vec<PagerdutyImage>,
    /// Links.
    #[serde(skip_serializing_if = "is_default")]
    pub links: Vec<PagerdutyLink>,
    /// What is broken; who tells it, where it is not said.
    #[serde(skip_serializing_if = "is_default")]
    pub source: String,
    /// `critical`, `error`, `warning` or `info`; `error` where it is not said.
    #[serde(skip_serializing_if = "is_default")]
    pub severity: String,
    /// What kind of event it is.
    #[serde(skip_serializing_if = "is_default")]
    pub class: String,
    /// The part that is broken.
    #[serde(skip_serializing_if = "is_default")]
    pub component: String,
    /// What it is a part of.
    #[serde(skip_serializing_if = "is_default")]
    pub group: String,
    /// How long one attempt may take; 0 for as long as the notification has.
    pub timeout: GoDuration,
}

impl Default for PagerdutyConfig {
    fn default() -> PagerdutyConfig {
        PagerdutyConfig {
            send_resolved: true,
            http_config: None,
            service_key: Secret::default(),
            service_key_file: String::new(),
            routing_key: Secret::default(),
            routing_key_file: String::new(),
            url: None,
            client: "{{ template \"pagerduty.default.client\" . }}".to_owned(),
            client_url: "{{ template \"pagerduty.default.clientURL\" . }}".to_owned(),
            description: "{{ template \"pagerduty.default.description\" .}}".to_owned(),
            details: BTreeMap::new(),
            images: Vec::new(),
            links: Vec::new(),
            source: String::new(),
            severity: String::new(),
            class: String::new(),
            component: String::new(),
            group: String::new(),
            timeout: GoDuration::default(),
        }
    }
}

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "pagerduty.PagerdutyLink", default, deny_unknown_fields)]
pub struct PagerdutyLink {
    /// Where it leads; it is left out where this is empty.
    #[serde(skip_serializing_if = "is_default")]
    pub href: String,
    /// What it is called.
    #[serde(skip_serializing_if = "is_default")]
    pub text: String,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "pagerduty.PagerdutyImage", default, deny_unknown_fields)]
pub struct PagerdutyImage {
    /// Where it is; it is left out where this is empty.
    #[serde(skip_serializing_if = "is_default")]
    pub src: String,
    /// What it shows.
    #[serde(skip_serializing_if = "is_default")]
    pub alt: String,
    /// Where it leads.
    #[serde(skip_serializing_if = "is_default")]
    pub href: String,
}

/// What is told more of it, where the user says nothing else under these names.
const DETAILS: [(&str, &str); 4] = [
    ("firing", "{{ .Alerts.Firing | toJson }}"),
    ("resolved", "{{ .Alerts.Resolved | toJson }}"),
    ("num_firing", "{{ .Alerts.Firing | len }}"),
    ("num_resolved", "{{ .Alerts.Resolved | len }}"),
];

impl Kind for PagerdutyConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        let keys = [&self.service_key, &self.routing_key];
        let files = [&self.service_key_file, &self.routing_key_file];
        if keys.iter().all(|key| key.is_empty()) && files.iter().all(|file| file.is_empty()) {
            faults.add_here("missing service or routing key in PagerDuty config");
        }
        at_most_one("routing_key", !self.routing_key.is_empty(), &self.routing_key_file, faults);
        at_most_one("service_key", !self.service_key.is_empty(), &self.service_key_file, faults);
        check_url("url", self.url.as_ref(), faults);
    }

    fn fill(&mut self, global: &GlobalConfig, faults: &mut Faults) {
        or_url(&mut self.url, global.pagerduty_url.as_ref());
        if self.url.is_none() {
            faults.add("url", "no global PagerDuty URL set");
        }
        if self.source.is_empty() {
            self.source.clone_from(&self.client);
        }
        for (name, text) in DETAILS {
            self.details.entry(name.to_owned()).or_insert_with(|| Payload::Text(text.to_owned()));
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.service_key_file);
        join_directory(directory, &mut self.routing_key_file);
    }
}

impl PagerdutyConfig {
    pub(super) const NAME: &str = "pagerduty";
}
