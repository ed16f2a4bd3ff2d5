//! The section `narthex`: what is our own.

use std::path::Path;

use model::duration::PromDuration;
use model::name;
use model::size::ByteSize;
use model::yaml::Faults;
use net::config::join_directory;
use serde::{Deserialize, Serialize};
use tsdb::Downsampling;
use web::Role;

use super::is_default;

/// What Prometheus's file has no place for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "narthex", default, deny_unknown_fields)]
pub(crate) struct NarthexConfig {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alertmanager_config_file: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) slo_files: Vec<String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) dashboard_files: Vec<String>,
    /// Of mails and reports.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) language: Language,
    /// While samples come, a checkpoint is no older than this.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) checkpoint_interval: Option<PromDuration>,
    /// Nothing for the defaults.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) downsampling: Option<DownsamplingConfig>,
    /// Whether narthex tells what is wrong with itself; it does where nothing is said.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) self_alerts: Option<bool>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) limits: LimitsConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) tokens: Vec<Token>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) hooks: HooksConfig,
}

/// What those who send webhooks have to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex.hooks", default, deny_unknown_fields)]
pub(crate) struct HooksConfig {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) gitlab: HookConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) jenkins: HookConfig,
}

/// A secret, or the file that holds it, alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex.hook", default, deny_unknown_fields)]
pub(crate) struct HookConfig {
    #[serde(skip_serializing_if = "net::Secret::is_empty")]
    pub(crate) secret: net::Secret,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) secret_file: String,
}

impl HooksConfig {
    /// Each with the name of its key.
    fn all(&self) -> [(&'static str, &HookConfig); 2] {
        [("gitlab", &self.gitlab), ("jenkins", &self.jenkins)]
    }

    /// The secrets, files read.
    ///
    /// # Errors
    /// The key whose file cannot be read or is empty, and why.
    pub(crate) fn read(&self) -> Result<web::Hooks, (&'static str, String)> {
        let [gitlab, jenkins] = self.all().map(|(name, hook)| hook.read().map_err(|error| (name, error)));
        Ok(web::Hooks { gitlab: gitlab?, jenkins: jenkins? })
    }
}

impl HookConfig {
    fn read(&self) -> Result<Option<net::Secret>, String> {
        if self.secret_file.is_empty() {
            return Ok(Some(self.secret.clone()).filter(|secret| !secret.is_empty()));
        }
        let text = std::fs::read_to_string(&self.secret_file);
        let text = text.map_err(|error| format!("cannot read {}: {error}", self.secret_file))?;
        match text.trim() {
            "" => Err(format!("{} is empty", self.secret_file)),
            text => Ok(Some(net::Secret::from(text.to_owned()))),
        }
    }
}

/// A language that every text is there in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Language {
    /// The same, as reports know it.
    pub(crate) fn of_reports(self) -> slo::report::Language {
        match self {
            Language::English => slo::report::Language::English,
            Language::Chinese => slo::report::Language::Chinese,
        }
    }
}

/// Who may come in with a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex.token", default, deny_unknown_fields)]
pub(crate) struct Token {
    pub(crate) name: String,
    /// The SHA-256 of the token, in hexadecimal digits.
    pub(crate) sha256: net::Secret,
    pub(crate) roles: Vec<Role>,
    /// The products that the roles are for; empty for all.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) products: Vec<String>,
}

/// From which age on blocks are summed up over spans of time, by the length of the spans. One that is left out is not made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex.downsampling", default, deny_unknown_fields)]
pub(crate) struct DownsamplingConfig {
    #[serde(rename = "5m", skip_serializing_if = "is_default")]
    pub(crate) five_minutes: Option<PromDuration>,
    #[serde(rename = "1h", skip_serializing_if = "is_default")]
    pub(crate) one_hour: Option<PromDuration>,
}

impl DownsamplingConfig {
    /// The same, as the store takes it.
    pub(crate) fn ages(self) -> Downsampling {
        Downsampling {
            five_minutes_after_ms: self.five_minutes.map(PromDuration::as_millis),
            one_hour_after_ms: self.one_hour.map(PromDuration::as_millis),
        }
    }
}

/// Limits under the names by which messages and `/api/v1/status/limits` call them. One that is left out has its default;
/// zero is no limit. Those of scrapes stand in `global` and in scrape configurations, those of queries and of connections
/// that Prometheus has too have its flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "narthex.limits", default, deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) head_series: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) metric_series: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) target_series: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sample_ahead: Option<PromDuration>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) query_memory: Option<ByteSize>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) query_memory_total: Option<ByteSize>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) query_label_value: Option<ByteSize>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) query_queue_time: Option<PromDuration>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) remote_write_body: Option<ByteSize>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) remote_write_max_samples_per_request: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) remote_write_concurrency: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) silences: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) silence_size: Option<ByteSize>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) alertmanager_body: Option<ByteSize>,
}

/// The value of a limit: what is set, or the default.
pub(crate) fn limit_or(limit: Option<u64>, default: u64) -> u64 {
    match limit {
        None => default,
        Some(0) => u64::MAX,
        Some(limit) => limit,
    }
}

impl NarthexConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (name, hook) in self.hooks.all() {
            if !hook.secret.is_empty() && !hook.secret_file.is_empty() {
                faults.within("hooks", |faults| {
                    faults.add(name, "at most one of secret & secret_file must be configured");
                });
            }
        }
        faults.within_each("tokens", self.tokens.iter().enumerate(), |faults, (index, token)| {
            if token.name.is_empty() {
                faults.add("name", "a token needs a name");
            } else if self.tokens[..index].iter().any(|before| before.name == token.name) {
                faults.add("name", format_args!("there are two tokens with the name {}", name::quoted(&token.name)));
            }
            let hash = token.sha256.expose();
            if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                faults.add(
                    "sha256",
                    "not a SHA-256: 64 hexadecimal digits are needed (printf %s TOKEN | sha256sum makes them)",
                );
            }
            if token.roles.is_empty() {
                faults.add("roles", "a token needs roles: viewer, deployer, operator, admin");
            }
        });
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        for hook in [&mut self.hooks.gitlab, &mut self.hooks.jenkins] {
            join_directory(directory, &mut hook.secret_file);
        }
        join_directory(directory, &mut self.alertmanager_config_file);
        for file in self.slo_files.iter_mut().chain(&mut self.dashboard_files) {
            join_directory(directory, file);
        }
    }
}
