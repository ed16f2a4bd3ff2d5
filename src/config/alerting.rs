//! The section `alerting`: to which Alertmanagers alerts are sent.

use std::path::Path;

use model::duration::PromDuration;
use model::name::ValidationScheme;
use model::relabel::RelabelConfig;
use model::yaml::Faults;
use net::config::HttpConfig;
use scrape::config::Discovery;
use serde::{Deserialize, Serialize};

use super::cloud_auth::SigV4Config;
use super::is_default;

/// Rules for alerts, and where these go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct AlertingConfig {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alert_relabel_configs: Vec<RelabelConfig>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alertmanagers: Vec<AlertmanagerConfig>,
}

/// Alertmanagers that are found and talked to in the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.AlertmanagerConfig", default, deny_unknown_fields)]
pub(crate) struct AlertmanagerConfig {
    #[serde(rename = "<inline>")]
    pub(crate) http: HttpConfig,
    #[serde(rename = "<inline discovery>")]
    pub(crate) discovery: Discovery,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sigv4: Option<SigV4Config>,
    pub(crate) scheme: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) path_prefix: String,
    pub(crate) timeout: PromDuration,
    pub(crate) api_version: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) relabel_configs: Vec<RelabelConfig>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alert_relabel_configs: Vec<RelabelConfig>,
}

impl Default for AlertmanagerConfig {
    fn default() -> AlertmanagerConfig {
        AlertmanagerConfig {
            http: HttpConfig::default(),
            discovery: Discovery::default(),
            sigv4: None,
            scheme: "http".to_owned(),
            path_prefix: String::new(),
            timeout: PromDuration::from_secs(10),
            api_version: "v2".to_owned(),
            relabel_configs: Vec::new(),
            alert_relabel_configs: Vec::new(),
        }
    }
}

impl AlertingConfig {
    pub(super) fn check(&self, scheme: ValidationScheme, faults: &mut Faults) {
        check_rules("alert_relabel_configs", &self.alert_relabel_configs, scheme, faults);
        faults.within_each("alertmanagers", &self.alertmanagers, |faults, config| config.check(scheme, faults));
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        for config in &mut self.alertmanagers {
            config.http.set_directory(directory);
            config.discovery.set_directory(directory);
        }
    }
}

impl AlertmanagerConfig {
    fn check(&self, scheme: ValidationScheme, faults: &mut Faults) {
        if self.api_version != "v2" {
            let version = &self.api_version;
            faults.add(
                "api_version",
                format_args!("expected Alertmanager api version to be one of [v2] but got {version}"),
            );
        }
        self.http.check(faults);
        let http = &self.http;
        if self.sigv4.is_some() && (http.basic_auth.is_some() || http.authorization.is_some() || http.oauth2.is_some())
        {
            faults.add("sigv4", "at most one of basic_auth, authorization, oauth2, & sigv4 must be configured");
        }
        self.discovery.check(self.relabel_configs.is_empty(), faults);
        check_rules("relabel_configs", &self.relabel_configs, scheme, faults);
        check_rules("alert_relabel_configs", &self.alert_relabel_configs, scheme, faults);
    }
}

pub(super) fn check_rules(field: &str, rules: &[RelabelConfig], scheme: ValidationScheme, faults: &mut Faults) {
    faults.within_each(field, rules, |faults, rule| rule.check(scheme, faults));
}
