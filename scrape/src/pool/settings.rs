//! From an element of `scrape_configs` to what is used at work: rules compiled, clients made, everything checked that
//! can fail.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use model::name;
use model::name::ValidationScheme;
use model::relabel::{RelabelError, Rules};
use net::client::{Client, ClientOptions, ClientSetupError};

use crate::config::ScrapeConfig;
use crate::discovery::TargetGroup;
use crate::discovery::file::FileDiscovery;
use crate::fetch::FetchFrom;
use crate::parse::content_type::MediaType;
use crate::protocol::{ScrapeProtocol, accept_header};
use crate::scrape_loop::{
    FailureLog, FailureLogError, IngestSettings, LabelSettings, Limits, RecordSettings, TargetFailures,
};
use crate::target::{Target, TargetSettings};

/// What a pool does, ready to be done.
#[derive(Clone)]
pub struct PoolSettings {
    /// What it was made of.
    config: ScrapeConfig,
    pub(crate) target: TargetSettings,
    metric_relabel: Rules,
    pub(crate) limits: Limits,
    pub(crate) target_limit: Option<u64>,
    pub(crate) keep_dropped_targets: Option<u64>,
    validation: ValidationScheme,
    pub(crate) accept: String,
    fallback: Option<MediaType>,
    type_and_unit_labels: bool,
    pub(crate) static_targets: Vec<TargetGroup>,
    pub(crate) files: Vec<FileDiscovery>,
    failure_log: Option<FailureLog>,
    pub(crate) client: Arc<dyn FetchFrom>,
}

/// Switches that are not part of a scrape configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// `type-and-unit-labels`: type and unit become labels of every series.
    pub type_and_unit_labels: bool,
}

/// Why a configuration makes no pool.
#[derive(Debug, thiserror::Error)]
#[error("scrape config with job name {}: {cause}", name::quoted(.job_name))]
pub struct PoolError {
    /// Which.
    pub job_name: String,
    /// Why.
    #[source]
    pub cause: PoolErrorCause,
}

/// What is wrong with a configuration that makes no pool.
#[derive(Debug, thiserror::Error)]
pub enum PoolErrorCause {
    /// A relabelling rule.
    #[error(transparent)]
    Relabel(#[from] RelabelError),
    /// Certificates, credentials, the proxy.
    #[error("error creating HTTP client: {0}")]
    Client(#[from] ClientSetupError),
    /// The log of failed scrapes.
    #[error(transparent)]
    FailureLog(#[from] FailureLogError),
}

impl PoolSettings {
    /// The pool of a configuration, which must be filled in and checked. Reads certificates, opens the log of failed
    /// scrapes.
    ///
    /// # Errors
    /// When something that it names cannot be used.
    pub fn new(config: ScrapeConfig, features: Features) -> Result<PoolSettings, PoolError> {
        match Client::new(&config.http, ClientOptions::default()) {
            Ok(client) => PoolSettings::with_client(config, features, Arc::new(client)),
            Err(error) => Err(PoolError { job_name: config.job_name, cause: error.into() }),
        }
    }

    /// The same with a client of the caller's choice.
    ///
    /// # Errors
    /// When a relabelling rule cannot be used or a file not be opened.
    pub fn with_client(
        config: ScrapeConfig,
        features: Features,
        client: Arc<dyn FetchFrom>,
    ) -> Result<PoolSettings, PoolError> {
        let validation = config.validation_scheme();
        let refused = |cause| PoolError { job_name: config.job_name.clone(), cause };
        let rules = |configs| Rules::new(configs, validation).map_err(|error| refused(error.into()));
        let relabel = rules(&config.relabel_configs)?;
        let metric_relabel = rules(&config.metric_relabel_configs)?;
        let log_file = Some(&config.scrape_failure_log_file).filter(|file| !file.is_empty());
        let failure_log = log_file.map(|file| FailureLog::open(Path::new(file))).transpose();
        let failure_log = failure_log.map_err(|error| refused(error.into()))?;
        Ok(PoolSettings {
            target: target_settings(&config, relabel),
            metric_relabel,
            limits: config.limits(),
            target_limit: config.target_limit(),
            keep_dropped_targets: config.keep_dropped_targets(),
            validation,
            accept: accept_header(&config.protocols(), config.escaping_scheme()),
            fallback: config.fallback_protocol().map(ScrapeProtocol::media_type),
            type_and_unit_labels: features.type_and_unit_labels,
            static_targets: config.discovery.static_groups(),
            files: config.discovery.files(),
            failure_log,
            client,
            config,
        })
    }

    /// The configuration that the pool was made of.
    pub fn config(&self) -> &ScrapeConfig {
        &self.config
    }

    /// Whether two pools do the same.
    pub(crate) fn is_same(&self, other: &PoolSettings) -> bool {
        self.config == other.config && self.type_and_unit_labels == other.type_and_unit_labels
    }

    /// Whether two pools make the same series of the same lines.
    pub(crate) fn makes_same_series(&self, other: &PoolSettings) -> bool {
        let one = |settings: &PoolSettings| {
            let config = &settings.config;
            (
                config.honor_labels,
                config.metric_relabel_configs.clone(),
                settings.validation,
                settings.type_and_unit_labels,
            )
        };
        let labels = |limits: &Limits| (limits.n_labels, limits.label_name_bytes, limits.label_value_bytes);
        one(self) == one(other) && labels(&self.limits) == labels(&other.limits)
    }

    /// Whether series may get the labels of other targets' series.
    pub(crate) fn may_overlap(&self) -> bool {
        self.config.honor_labels || !self.metric_relabel.is_empty()
    }

    pub(crate) fn record_settings(&self, target: &Target) -> RecordSettings {
        let config = &self.config;
        RecordSettings {
            ingest: IngestSettings {
                labels: LabelSettings {
                    target: target.labels.clone(),
                    honor_labels: config.honor_labels,
                    relabel: self.metric_relabel.clone(),
                    validation: self.validation,
                    limits: self.limits,
                },
                honor_timestamps: config.honor_timestamps,
                track_timestamps_staleness: config.track_timestamps_staleness,
                type_and_unit_labels: self.type_and_unit_labels,
            },
            fallback: self.fallback,
            timeout: target.timeout,
            extra_scrape_metrics: config.extra_scrape_metrics.unwrap_or_default(),
            failures: self.failure_log.clone().map(|log| TargetFailures {
                log,
                job_name: config.job_name.clone(),
                url: target.url.clone(),
            }),
        }
    }
}

impl fmt::Debug for PoolSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolSettings").field("config", &self.config).finish_non_exhaustive()
    }
}

fn target_settings(config: &ScrapeConfig, relabel: Rules) -> TargetSettings {
    TargetSettings {
        job_name: config.job_name.clone(),
        scrape_interval: config.scrape_interval,
        scrape_timeout: config.scrape_timeout,
        metrics_path: config.metrics_path.clone(),
        scheme: config.scheme.clone(),
        params: config.params.clone(),
        relabel,
        histogram_switches: [
            config.convert_classic_histograms_to_nhcb.unwrap_or_default(),
            config.always_scrape_classic_histograms.unwrap_or_default(),
            config.scrape_native_histograms.unwrap_or_default(),
        ],
    }
}
