//! The configuration: `prometheus.yml` as it is, with one key of our own.
//!
//! [`load`] reads a file and all files that it names, checks everything, and fills in what was left out; it applies
//! nothing, so that a reload is all or nothing. What is wrong is told all at once, each mistake drawn at its place
//! ([`Diagnostic`]). What Prometheus knows and narthex does not yet is gathered in one warning ([`NotBuilt`]).

mod alerting;
mod alertmanager;
mod check;
mod cloud_auth;
mod diagnostic;
mod expand;
mod glob;
mod global;
mod load;
mod narthex;
mod not_built;
mod otlp;
mod remote;
mod rule_files;
mod slo_files;
mod source;
mod storage;
mod strip;
mod tracing;
mod web;

pub(crate) use alerting::{AlertingConfig, AlertmanagerConfig};
pub(crate) use alertmanager::Routing;
pub(crate) use diagnostic::{ConfigErrors, Diagnostic, Severity};
pub(crate) use glob::files as files_of_pattern;
pub(crate) use global::{GlobalConfig, RuntimeConfig};
pub(crate) use load::{Agent, Loaded, builtin, load};
pub(crate) use narthex::{Language, NarthexConfig, limit_or};
pub(crate) use not_built::NotBuilt;
pub(crate) use otlp::OtlpConfig;
pub(crate) use remote::{RemoteReadConfig, RemoteWriteConfig};
pub(crate) use rule_files::RuleSource;
pub(crate) use slo_files::SloFiles;
pub(crate) use source::{Source, reason};
pub(crate) use storage::StorageConfig;
pub(crate) use strip::{for_alertmanager, for_prometheus};
pub(crate) use tracing::TracingConfig;
pub(crate) use web::load_web_config;

use std::path::Path;

use model::yaml::to_yaml;
use net::config::join_directory;
use scrape::config::ScrapeConfig;
use serde::{Deserialize, Serialize};

/// All of a configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) global: GlobalConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) runtime: RuntimeConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alerting: AlertingConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) rule_files: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) scrape_config_files: Vec<String>,
    /// Those of the file itself, without those of `scrape_config_files`.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) scrape_configs: Vec<ScrapeConfig>,
    pub(crate) storage: StorageConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) tracing: Option<TracingConfig>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) remote_write: Vec<RemoteWriteConfig>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) remote_read: Vec<RemoteReadConfig>,
    pub(crate) otlp: OtlpConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) narthex: NarthexConfig,
}

impl Config {
    /// The configuration as YAML, with what was left out filled in and without secrets.
    pub(crate) fn to_yaml(&self) -> String {
        to_yaml(self).unwrap_or_else(|error| format!("# the configuration cannot be written: {error}\n"))
    }

    /// Makes relative file names relative to a directory.
    fn set_directory(&mut self, directory: &Path) {
        self.global.set_directory(directory);
        self.alerting.set_directory(directory);
        for file in self.rule_files.iter_mut().chain(&mut self.scrape_config_files) {
            join_directory(directory, file);
        }
        self.scrape_configs.iter_mut().for_each(|config| config.set_directory(directory));
        self.remote_write.iter_mut().for_each(|config| config.http.set_directory(directory));
        self.remote_read.iter_mut().for_each(|config| config.http.set_directory(directory));
        if let Some(tracing) = &mut self.tracing {
            tracing.tls_config.set_directory(directory);
        }
        self.narthex.set_directory(directory);
    }
}

/// Whether a value is its type's default, and need not be written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
