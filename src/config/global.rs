//! The sections `global` and `runtime`.

use std::path::Path;

use model::Labels;
use model::duration::PromDuration;
use model::name::{self, ValidationScheme};
use model::size::ByteSize;
use model::yaml::Faults;
use net::config::join_directory;
use scrape::config::{Inherited, check_escaping_scheme, check_protocols, label_set, validation_scheme};
use serde::{Deserialize, Serialize};

use super::is_default;

/// What stands where others say nothing. Of what is zero, the default is filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub(crate) struct GlobalConfig {
    pub(crate) scrape_interval: PromDuration,
    pub(crate) scrape_timeout: PromDuration,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) scrape_protocols: Option<Vec<String>>,
    pub(crate) evaluation_interval: PromDuration,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) rule_query_offset: PromDuration,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) query_log_file: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) scrape_failure_log_file: String,
    #[serde(skip_serializing_if = "is_default", with = "label_set")]
    pub(crate) external_labels: Labels,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) body_size_limit: Option<ByteSize>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) sample_limit: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) target_limit: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) label_limit: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) label_name_length_limit: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) label_value_length_limit: Option<u64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) keep_dropped_targets: Option<u64>,
    #[serde(with = "validation_scheme")]
    pub(crate) metric_name_validation_scheme: Option<ValidationScheme>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) metric_name_escaping_scheme: String,
    pub(crate) scrape_native_histograms: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) convert_classic_histograms_to_nhcb: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) always_scrape_classic_histograms: bool,
    pub(crate) extra_scrape_metrics: bool,
}

impl GlobalConfig {
    /// Finds what is wrong with what was written.
    pub(super) fn check(&self, faults: &mut Faults) {
        let scrape_interval = or(self.scrape_interval, Inherited::default().scrape_interval);
        if self.scrape_timeout > scrape_interval {
            faults.add("scrape_timeout", "global scrape timeout greater than scrape interval");
        }
        if let Some(Err(error)) = self.scrape_protocols.as_deref().map(check_protocols) {
            faults.add("scrape_protocols", format_args!("{error} for global config"));
        }
        if !self.metric_name_escaping_scheme.is_empty()
            && let Err(error) = check_escaping_scheme(&self.metric_name_escaping_scheme, "global")
        {
            faults.add("metric_name_escaping_scheme", error);
        }
        faults.within("external_labels", |faults| {
            for (label, _) in &self.external_labels {
                if !self.validation_scheme().is_label_name(label) {
                    faults.add(label, format_args!("{} is not a valid label name", name::quoted(label)));
                }
            }
        });
    }

    /// Puts defaults where nothing was written.
    pub(super) fn fill(&mut self) {
        let default = Inherited::default();
        self.scrape_interval = or(self.scrape_interval, default.scrape_interval);
        self.scrape_timeout = or(self.scrape_timeout, default.scrape_timeout.min(self.scrape_interval));
        self.evaluation_interval = or(self.evaluation_interval, PromDuration::from_secs(60));
        self.metric_name_validation_scheme = Some(self.validation_scheme());
    }

    /// What scrape configurations take from here. A limit that is not written is narthex's own.
    pub(crate) fn inherited(&self) -> Inherited {
        let default = Inherited::default();
        Inherited {
            scrape_interval: self.scrape_interval,
            scrape_timeout: self.scrape_timeout,
            scrape_protocols: self.scrape_protocols.clone(),
            body_size_limit: self.body_size_limit.or(default.body_size_limit),
            sample_limit: self.sample_limit.or(default.sample_limit),
            target_limit: self.target_limit.or(default.target_limit),
            label_limit: self.label_limit.or(default.label_limit),
            label_name_length_limit: self.label_name_length_limit.or(default.label_name_length_limit),
            label_value_length_limit: self.label_value_length_limit.or(default.label_value_length_limit),
            keep_dropped_targets: self.keep_dropped_targets.or(default.keep_dropped_targets),
            scrape_failure_log_file: self.scrape_failure_log_file.clone(),
            metric_name_validation_scheme: self.validation_scheme(),
            metric_name_escaping_scheme: self.metric_name_escaping_scheme.clone(),
            scrape_native_histograms: self.scrape_native_histograms,
            convert_classic_histograms_to_nhcb: self.convert_classic_histograms_to_nhcb,
            always_scrape_classic_histograms: self.always_scrape_classic_histograms,
            extra_scrape_metrics: self.extra_scrape_metrics,
        }
    }

    pub(crate) fn validation_scheme(&self) -> ValidationScheme {
        self.metric_name_validation_scheme.unwrap_or_default()
    }

    pub(super) fn set_directory(&mut self, directory: &Path) {
        join_directory(directory, &mut self.query_log_file);
        join_directory(directory, &mut self.scrape_failure_log_file);
    }
}

fn or(duration: PromDuration, default: PromDuration) -> PromDuration {
    if duration.is_zero() { default } else { duration }
}

/// Settings of Go's runtime, which mean nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "config.RuntimeConfig", default, deny_unknown_fields)]
pub(crate) struct RuntimeConfig {
    pub(crate) gogc: i64,
}

impl Default for RuntimeConfig {
    fn default() -> RuntimeConfig {
        RuntimeConfig { gogc: 75 }
    }
}
