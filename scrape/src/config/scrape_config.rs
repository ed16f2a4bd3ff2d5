//! One element of `scrape_configs`.

use std::collections::BTreeMap;
use std::path::Path;

use model::duration::PromDuration;
use model::name::{self, ValidationScheme};
use model::relabel::RelabelConfig;
use model::size::ByteSize;
use model::yaml::Faults;
use net::config::{HttpConfig, join_directory};
use serde::{Deserialize, Serialize};

use super::schemes::{self, escaping_scheme};
use super::{Discovery, Inherited, check_escaping_scheme, check_protocols, is_default};
use crate::protocol::{EscapingScheme, ScrapeProtocol, UnknownProtocol};
use crate::scrape_loop::Limits;

/// Targets that are scraped in the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.ScrapeConfig", default, deny_unknown_fields)]
pub struct ScrapeConfig {
    /// The value of the label `job`, unique among all configurations.
    pub job_name: String,
    /// Whether labels that a target sends stand above those that it is given.
    #[serde(skip_serializing_if = "is_default")]
    pub honor_labels: bool,
    /// Whether timestamps that a target sends are taken.
    pub honor_timestamps: bool,
    /// Whether series with timestamps of their own go stale when they disappear.
    pub track_timestamps_staleness: bool,
    /// The query of the URL.
    #[serde(skip_serializing_if = "is_default")]
    pub params: BTreeMap<String, Vec<String>>,
    /// Time between scrapes; zero until it is filled in.
    #[serde(skip_serializing_if = "is_default")]
    pub scrape_interval: PromDuration,
    /// Longest time of a scrape; zero until it is filled in.
    #[serde(skip_serializing_if = "is_default")]
    pub scrape_timeout: PromDuration,
    /// The formats to ask for; see [`ScrapeConfig::protocols`].
    #[serde(skip_serializing_if = "is_default")]
    pub scrape_protocols: Option<Vec<String>>,
    /// The format of what has no usable `Content-Type`; empty for none. See [`ScrapeConfig::fallback_protocol`].
    #[serde(skip_serializing_if = "is_default")]
    pub fallback_scrape_protocol: String,
    /// Whether native histograms are scraped.
    #[serde(skip_serializing_if = "is_default")]
    pub scrape_native_histograms: Option<bool>,
    /// Whether classic histograms are scraped beside native ones.
    #[serde(skip_serializing_if = "is_default")]
    pub always_scrape_classic_histograms: Option<bool>,
    /// Whether classic histograms become native ones.
    #[serde(skip_serializing_if = "is_default")]
    pub convert_classic_histograms_to_nhcb: Option<bool>,
    /// Where failed scrapes are logged; empty for nowhere.
    #[serde(skip_serializing_if = "is_default")]
    pub scrape_failure_log_file: String,
    /// The path of the URL.
    pub metrics_path: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Whether compressed bodies are asked for.
    pub enable_compression: bool,
    /// See [`ScrapeConfig::limits`] for this and the following.
    #[serde(skip_serializing_if = "is_default")]
    pub body_size_limit: Option<ByteSize>,
    /// Samples after relabelling.
    #[serde(skip_serializing_if = "is_default")]
    pub sample_limit: Option<u64>,
    /// Targets after relabelling.
    #[serde(skip_serializing_if = "is_default")]
    pub target_limit: Option<u64>,
    /// Labels of a series (limit `label_limit`).
    #[serde(skip_serializing_if = "is_default")]
    pub label_limit: Option<u64>,
    /// Bytes of a label's name.
    #[serde(skip_serializing_if = "is_default")]
    pub label_name_length_limit: Option<u64>,
    /// Bytes of a label's value.
    #[serde(skip_serializing_if = "is_default")]
    pub label_value_length_limit: Option<u64>,
    /// Buckets of a native histogram; more are merged. 0 is no limit.
    #[serde(skip_serializing_if = "is_default")]
    pub native_histogram_bucket_limit: u64,
    /// The least factor from one bucket of a native histogram to the next; finer ones are merged.
    #[serde(skip_serializing_if = "is_default")]
    pub native_histogram_min_bucket_factor: f64,
    /// Dropped targets that are remembered.
    #[serde(skip_serializing_if = "is_default")]
    pub keep_dropped_targets: Option<u64>,
    /// Which names are legal; see [`ScrapeConfig::validation_scheme`].
    #[serde(skip_serializing_if = "is_default", with = "schemes::validation")]
    pub metric_name_validation_scheme: Option<ValidationScheme>,
    /// How other names are to be sent; see [`ScrapeConfig::escaping_scheme`].
    #[serde(skip_serializing_if = "is_default")]
    pub metric_name_escaping_scheme: String,
    /// Whether `scrape_timeout_seconds` and its like are written.
    #[serde(skip_serializing_if = "is_default")]
    pub extra_scrape_metrics: Option<bool>,
    /// How targets are talked to.
    #[serde(rename = "<inline>")]
    pub http: HttpConfig,
    /// Where targets are found.
    #[serde(rename = "<inline discovery>")]
    pub discovery: Discovery,
    /// Rules for targets before they are scraped.
    #[serde(skip_serializing_if = "is_default")]
    pub relabel_configs: Vec<RelabelConfig>,
    /// Rules for what they send.
    #[serde(skip_serializing_if = "is_default")]
    pub metric_relabel_configs: Vec<RelabelConfig>,
}

impl Default for ScrapeConfig {
    fn default() -> ScrapeConfig {
        ScrapeConfig {
            job_name: String::new(),
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            params: BTreeMap::new(),
            scrape_interval: PromDuration::ZERO,
            scrape_timeout: PromDuration::ZERO,
            scrape_protocols: None,
            fallback_scrape_protocol: String::new(),
            scrape_native_histograms: None,
            always_scrape_classic_histograms: None,
            convert_classic_histograms_to_nhcb: None,
            scrape_failure_log_file: String::new(),
            metrics_path: "/metrics".to_owned(),
            scheme: "http".to_owned(),
            enable_compression: true,
            body_size_limit: None,
            sample_limit: None,
            target_limit: None,
            label_limit: None,
            label_name_length_limit: None,
            label_value_length_limit: None,
            native_histogram_bucket_limit: 0,
            native_histogram_min_bucket_factor: 0.0,
            keep_dropped_targets: None,
            metric_name_validation_scheme: None,
            metric_name_escaping_scheme: String::new(),
            extra_scrape_metrics: None,
            http: HttpConfig::default(),
            discovery: Discovery::default(),
            relabel_configs: Vec::new(),
            metric_relabel_configs: Vec::new(),
        }
    }
}

impl ScrapeConfig {
    /// Finds what is wrong with what was written.
    pub fn check(&self, faults: &mut Faults) {
        if self.job_name.is_empty() {
            faults.add("job_name", "job_name is empty");
        }
        self.http.check(faults);
        // A rule may make a host name of a URL.
        self.discovery.check(self.relabel_configs.is_empty(), faults);
    }

    /// Takes from the global section what was not written.
    pub fn fill(&mut self, global: &Inherited) {
        if self.scrape_interval.is_zero() {
            self.scrape_interval = global.scrape_interval;
        }
        if self.scrape_timeout.is_zero() {
            self.scrape_timeout = global.scrape_timeout.min(self.scrape_interval);
        }
        fill(&mut self.body_size_limit, global.body_size_limit);
        fill(&mut self.sample_limit, global.sample_limit);
        fill(&mut self.target_limit, global.target_limit);
        fill(&mut self.label_limit, global.label_limit);
        fill(&mut self.label_name_length_limit, global.label_name_length_limit);
        fill(&mut self.label_value_length_limit, global.label_value_length_limit);
        fill(&mut self.keep_dropped_targets, global.keep_dropped_targets);
        fill(&mut self.scrape_native_histograms, Some(global.scrape_native_histograms));
        fill(&mut self.always_scrape_classic_histograms, Some(global.always_scrape_classic_histograms));
        fill(&mut self.convert_classic_histograms_to_nhcb, Some(global.convert_classic_histograms_to_nhcb));
        fill(&mut self.extra_scrape_metrics, Some(global.extra_scrape_metrics));
        if self.scrape_failure_log_file.is_empty() {
            self.scrape_failure_log_file.clone_from(&global.scrape_failure_log_file);
        }
        self.fill_protocols(global);
        self.fill_schemes(global);
        self.http.fill();
    }

    fn fill_protocols(&mut self, global: &Inherited) {
        if self.scrape_protocols.is_none() {
            // Only protobuf carries native histograms.
            let first = (self.scrape_native_histograms == Some(true)).then_some(ScrapeProtocol::PrometheusProto);
            let default = first.into_iter().chain(ScrapeProtocol::DEFAULT).map(|protocol| protocol.to_string());
            self.scrape_protocols = global.scrape_protocols.clone().or_else(|| Some(default.collect()));
        }
    }

    /// A scheme of our own stands above the global one, and so does what it suggests.
    fn fill_schemes(&mut self, global: &Inherited) {
        let suggested = |scheme: ValidationScheme| match scheme {
            ValidationScheme::Utf8 => EscapingScheme::AllowUtf8.as_str(),
            ValidationScheme::Legacy => EscapingScheme::Underscores.as_str(),
        };
        if self.metric_name_escaping_scheme.is_empty() {
            self.metric_name_escaping_scheme = match self.metric_name_validation_scheme {
                Some(scheme) => suggested(scheme).to_owned(),
                None if global.metric_name_escaping_scheme.is_empty() => {
                    suggested(global.metric_name_validation_scheme).to_owned()
                }
                None => global.metric_name_escaping_scheme.clone(),
            };
        }
        fill(&mut self.metric_name_validation_scheme, Some(global.metric_name_validation_scheme));
    }

    /// Finds what is wrong with a configuration that is filled in.
    pub fn check_filled(&self, faults: &mut Faults) {
        let job = name::quoted(&self.job_name);
        if self.scrape_timeout > self.scrape_interval {
            let message = "scrape timeout greater than scrape interval for scrape config with job name";
            faults.add("scrape_timeout", format_args!("{message} {job}"));
        }
        if let Err(error) = check_protocols(self.scrape_protocols.as_deref().unwrap_or_default()) {
            faults.add("scrape_protocols", format_args!("{error} for scrape config with job name {job}"));
        }
        if let Some(Err(error)) = self.parse_fallback_protocol() {
            let message = "invalid fallback_scrape_protocol for scrape config with job name";
            faults.add("fallback_scrape_protocol", format_args!("{message} {job}: {error}"));
        }
        match check_escaping_scheme(&self.metric_name_escaping_scheme, "scrape config") {
            Ok(EscapingScheme::AllowUtf8) if self.validation_scheme() != ValidationScheme::Utf8 => faults.add(
                "metric_name_escaping_scheme",
                "utf8 metric names requested but validation scheme is not set to UTF8",
            ),
            Ok(_) => {}
            Err(error) => faults.add("metric_name_escaping_scheme", error),
        }
        for (field, rules) in
            [("relabel_configs", &self.relabel_configs), ("metric_relabel_configs", &self.metric_relabel_configs)]
        {
            faults.within_each(field, rules, |faults, rule| rule.check(self.validation_scheme(), faults));
        }
    }

    /// Makes relative file names relative to a directory.
    pub fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.scrape_failure_log_file);
        self.http.set_directory(directory);
        self.discovery.set_directory(directory);
    }

    /// The formats to ask for, most wanted first.
    pub fn protocols(&self) -> Vec<ScrapeProtocol> {
        self.scrape_protocols.iter().flatten().filter_map(|protocol| protocol.parse().ok()).collect()
    }

    /// The format of what has no usable `Content-Type`.
    pub fn fallback_protocol(&self) -> Option<ScrapeProtocol> {
        self.parse_fallback_protocol()?.ok()
    }

    fn parse_fallback_protocol(&self) -> Option<Result<ScrapeProtocol, UnknownProtocol>> {
        (!self.fallback_scrape_protocol.is_empty()).then(|| self.fallback_scrape_protocol.parse())
    }

    /// Which names are legal.
    pub fn validation_scheme(&self) -> ValidationScheme {
        self.metric_name_validation_scheme.unwrap_or_default()
    }

    /// How names that are not of the old kind are to be sent.
    pub fn escaping_scheme(&self) -> EscapingScheme {
        escaping_scheme(&self.metric_name_escaping_scheme).unwrap_or_default()
    }

    /// What a scrape may bring. For this and the following, `None` is no limit.
    pub fn limits(&self) -> Limits {
        Limits {
            body_bytes: self.body_size_limit.map(ByteSize::as_u64).and_then(limit),
            n_samples: self.sample_limit.and_then(limit),
            n_labels: self.label_limit.and_then(limit),
            label_name_bytes: self.label_name_length_limit.and_then(limit),
            label_value_bytes: self.label_value_length_limit.and_then(limit),
        }
    }

    /// How many targets there may be.
    pub fn target_limit(&self) -> Option<u64> {
        self.target_limit.and_then(limit)
    }

    /// How many dropped targets are remembered.
    pub fn keep_dropped_targets(&self) -> Option<u64> {
        self.keep_dropped_targets.and_then(limit)
    }
}

/// An explicit 0 turns a limit off.
fn limit(limit: u64) -> Option<u64> {
    (limit > 0).then_some(limit)
}

fn fill<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}
