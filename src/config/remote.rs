//! The sections `remote_write` and `remote_read`.

use std::collections::BTreeMap;

use model::Labels;
use model::duration::PromDuration;
use model::name::{self, ValidationScheme};
use model::relabel::RelabelConfig;
use model::yaml::Faults;
use net::config::{ConfigUrl, HttpConfig};
use scrape::config::label_set;
use serde::{Deserialize, Serialize};

use super::alerting::check_rules;
use super::cloud_auth::{AzureAdConfig, GoogleIamConfig, SigV4Config};
use super::is_default;

/// The messages that remote write knows.
const MESSAGES: [&str; 2] = ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"];

/// Headers that the protocols set themselves.
const RESERVED_HEADERS: [&str; 17] = [
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "x-prometheus-scrape-timeout-seconds",
];

/// Where samples are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct RemoteWriteConfig {
    pub(crate) url: ConfigUrl,
    pub(crate) remote_timeout: PromDuration,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) write_relabel_configs: Vec<RelabelConfig>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) send_exemplars: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) send_native_histograms: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) round_robin_dns: bool,
    pub(crate) protobuf_message: String,
    #[serde(rename = "<inline>")]
    pub(crate) http: HttpConfig,
    pub(crate) queue_config: QueueConfig,
    pub(crate) metadata_config: MetadataConfig,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sigv4: Option<SigV4Config>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) azuread: Option<AzureAdConfig>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) google_iam: Option<GoogleIamConfig>,
}

impl Default for RemoteWriteConfig {
    fn default() -> RemoteWriteConfig {
        RemoteWriteConfig {
            url: ConfigUrl::default(),
            remote_timeout: PromDuration::from_secs(30),
            headers: BTreeMap::new(),
            write_relabel_configs: Vec::new(),
            name: String::new(),
            send_exemplars: false,
            send_native_histograms: false,
            round_robin_dns: false,
            protobuf_message: MESSAGES[0].to_owned(),
            http: HttpConfig::default(),
            queue_config: QueueConfig::default(),
            metadata_config: MetadataConfig::default(),
            sigv4: None,
            azuread: None,
            google_iam: None,
        }
    }
}

impl RemoteWriteConfig {
    pub(super) fn check(&self, scheme: ValidationScheme, faults: &mut Faults) {
        if self.url.is_empty() {
            faults.add("url", "url for remote_write is empty");
        }
        check_headers(&self.headers, faults);
        if !MESSAGES.contains(&self.protobuf_message.as_str()) {
            let message = &self.protobuf_message;
            let supported = MESSAGES.join(", ");
            faults.add(
                "protobuf_message",
                format_args!(
                    "invalid protobuf_message value: unknown type for remote write protobuf message {message}, \
                     supported: {supported}"
                ),
            );
        }
        self.http.check(faults);
        faults.within("queue_config", |faults| self.queue_config.check(faults));
        self.check_credentials(faults);
        check_rules("write_relabel_configs", &self.write_relabel_configs, scheme, faults);
    }

    fn check_credentials(&self, faults: &mut Faults) {
        let ways = [
            ("basic_auth", self.http.basic_auth.is_some()),
            ("authorization", self.http.authorization.is_some()),
            ("oauth2", self.http.oauth2.is_some()),
            ("sigv4", self.sigv4.is_some()),
            ("azuread", self.azuread.is_some()),
            ("google_iam", self.google_iam.is_some()),
        ];
        let configured: Vec<&str> = ways.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect();
        if let [_, .., last] = configured.as_slice() {
            let configured = configured.join(" ");
            faults.add(
                last,
                format_args!(
                    "at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be \
                     configured. Currently configured: [{configured}]"
                ),
            );
        }
        if let Some(sigv4) = &self.sigv4 {
            faults.within("sigv4", |faults| sigv4.check(faults));
        }
        if let Some(azuread) = &self.azuread {
            faults.within("azuread", |faults| azuread.check(faults));
        }
    }
}

fn check_headers(headers: &BTreeMap<String, String>, faults: &mut Faults) {
    faults.within("headers", |faults| {
        for header in headers.keys() {
            if header.eq_ignore_ascii_case("authorization") {
                faults.add(
                    header,
                    "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread \
                     or google_iam parameter",
                );
            } else if is_reserved_header(header) {
                faults.add(header, format_args!("{header} is a reserved header. It must not be changed"));
            }
        }
    });
}

pub(super) fn is_reserved_header(header: &str) -> bool {
    RESERVED_HEADERS.contains(&header.to_ascii_lowercase().as_str())
}

/// How samples wait to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.QueueConfig", default, deny_unknown_fields)]
pub(crate) struct QueueConfig {
    pub(crate) capacity: i64,
    pub(crate) max_shards: i64,
    pub(crate) min_shards: i64,
    pub(crate) max_samples_per_send: i64,
    pub(crate) batch_send_deadline: PromDuration,
    pub(crate) min_backoff: PromDuration,
    pub(crate) max_backoff: PromDuration,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) retry_on_http_429: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sample_age_limit: PromDuration,
}

impl Default for QueueConfig {
    fn default() -> QueueConfig {
        QueueConfig {
            capacity: 10_000,
            max_shards: 50,
            min_shards: 1,
            max_samples_per_send: 2000,
            batch_send_deadline: PromDuration::from_secs(5),
            min_backoff: PromDuration::from_millis(30),
            max_backoff: PromDuration::from_secs(5),
            retry_on_http_429: false,
            sample_age_limit: PromDuration::ZERO,
        }
    }
}

impl QueueConfig {
    fn check(&self, faults: &mut Faults) {
        for (field, number) in [
            ("max_shards", self.max_shards),
            ("min_shards", self.min_shards),
            ("max_samples_per_send", self.max_samples_per_send),
            ("capacity", self.capacity),
        ] {
            if number <= 0 {
                faults.add(field, format_args!("remote write queue {field} must be positive"));
            }
        }
        if self.min_shards > self.max_shards {
            faults.add("min_shards", "remote write queue min_shards must not be greater than max_shards");
        }
        if self.max_backoff < self.min_backoff {
            faults.add("max_backoff", "remote write queue max_backoff must not be less than min_backoff");
        }
    }
}

/// Whether and how often metadata is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.MetadataConfig", default, deny_unknown_fields)]
pub(crate) struct MetadataConfig {
    pub(crate) send: bool,
    pub(crate) send_interval: PromDuration,
    pub(crate) max_samples_per_send: i64,
}

impl Default for MetadataConfig {
    fn default() -> MetadataConfig {
        MetadataConfig { send: true, send_interval: PromDuration::from_secs(60), max_samples_per_send: 2000 }
    }
}

/// Where samples are read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct RemoteReadConfig {
    pub(crate) url: ConfigUrl,
    pub(crate) remote_timeout: PromDuration,
    pub(crate) chunked_read_limit: u64,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) read_recent: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) name: String,
    #[serde(rename = "<inline>")]
    pub(crate) http: HttpConfig,
    #[serde(skip_serializing_if = "is_default", with = "label_set")]
    pub(crate) required_matchers: Labels,
    pub(crate) filter_external_labels: bool,
}

impl Default for RemoteReadConfig {
    fn default() -> RemoteReadConfig {
        RemoteReadConfig {
            url: ConfigUrl::default(),
            remote_timeout: PromDuration::from_secs(60),
            chunked_read_limit: 50_000_000,
            headers: BTreeMap::new(),
            read_recent: false,
            name: String::new(),
            http: HttpConfig::default(),
            required_matchers: Labels::empty(),
            filter_external_labels: true,
        }
    }
}

impl RemoteReadConfig {
    pub(super) fn check(&self, faults: &mut Faults) {
        if self.url.is_empty() {
            faults.add("url", "url for remote_read is empty");
        }
        check_headers(&self.headers, faults);
        self.http.check(faults);
    }
}

/// Reports names that stand twice. An empty one is no name.
pub(super) fn check_names<'n>(
    section: &str,
    what: &str,
    names: impl Iterator<Item = &'n str> + Clone,
    faults: &mut Faults,
) {
    let before = names.clone();
    faults.within_each(section, names.enumerate(), |faults, (index, name)| {
        if !name.is_empty() && before.clone().take(index).any(|before| before == name) {
            let name_quoted = name::quoted(name);
            faults.add("name", format_args!("found multiple {what} configs with job name {name_quoted}"));
        }
    });
}
