//! `incidentio_configs`: incident.io.

use std::path::Path;

use model::yaml::Faults;
use net::Secret;
use net::config::{ConfigUrl, join_directory};
use serde::{Deserialize, Serialize};

use super::kind::{Kind, over_http};
use super::{GoDuration, HttpSettings, at_most_one, check_url, exactly_one, is_default};
use crate::config::global::GlobalConfig;

/// An alert source of incident.io.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "incidentio.plain", default, deny_unknown_fields)]
pub struct IncidentioConfig {
    /// Whether it is told what is over.
    pub send_resolved: bool,
    /// How HTTP is talked to it.
    #[serde(skip_serializing_if = "is_default")]
    pub http_config: Option<HttpSettings>,
    /// Where the alert source takes alerts.
    #[serde(skip_serializing_if = "is_default")]
    pub url: Option<ConfigUrl>,
    /// As `url`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub url_file: String,
    /// The alert source's token.
    #[serde(skip_serializing_if = "is_default")]
    pub alert_source_token: Secret,
    /// As `alert_source_token`, in a file.
    #[serde(skip_serializing_if = "is_default")]
    pub alert_source_token_file: String,
    /// More alerts than this are left out; 0 for no limit.
    pub max_alerts: u64,
    /// How long one attempt may take; 0 for as long as the notification has.
    pub timeout: GoDuration,
}

impl Default for IncidentioConfig {
    fn default() -> IncidentioConfig {
        IncidentioConfig {
            send_resolved: true,
            http_config: None,
            url: None,
            url_file: String::new(),
            alert_source_token: Secret::default(),
            alert_source_token_file: String::new(),
            max_alerts: 0,
            timeout: GoDuration::default(),
        }
    }
}

impl Kind for IncidentioConfig {
    over_http!();

    fn check(&self, faults: &mut Faults) {
        exactly_one("url", self.url.is_some(), &self.url_file, faults);
        check_url("url", self.url.as_ref(), faults);
        at_most_one("alert_source_token", !self.alert_source_token.is_empty(), &self.alert_source_token_file, faults);
        let has_token = !self.alert_source_token.is_empty() || !self.alert_source_token_file.is_empty();
        match self.http_config.as_ref().map(|http| http.config.authorization.is_some()) {
            Some(true) if has_token => faults.add_here(
                "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization",
            ),
            Some(false) if !has_token => faults.add_here(
                "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be \
                 configured",
            ),
            _ => {}
        }
    }

    /// The token takes the place of what `http_config` says, also where that comes from `global`.
    fn fill(&mut self, global: &GlobalConfig, _: &mut Faults) {
        if !self.alert_source_token.is_empty() || !self.alert_source_token_file.is_empty() {
            let http = self.http_config.get_or_insert_with(|| global.http_config.clone());
            http.set_bearer(&self.alert_source_token, &self.alert_source_token_file);
        }
    }

    fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.url_file);
        join_directory(directory, &mut self.alert_source_token_file);
    }
}

impl IncidentioConfig {
    pub(super) const NAME: &str = "incidentio";
}
