//! Plugins: code in Go that changes Sloth's rules.
//!
//! Those that come with Sloth and are known here do the same here. Any other is code that nobody but Sloth runs.

use std::collections::BTreeMap;

use model::duration::PromDuration;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Plugins as they are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "plugins", default)]
pub(super) struct Chain {
    #[serde(rename = "overridePrevious", alias = "override_previous")]
    overrides: bool,
    chain: Vec<Link>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "plugin", default)]
struct Link {
    id: String,
    #[serde(rename = "priority")]
    _priority: IgnoredAny,
    /// Whatever the plugin takes.
    config: serde_json::Value,
}

/// What the known ones take.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    labels: BTreeMap<String, String>,
    interval: Intervals,
}

/// How often groups of rules are evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Intervals {
    default: Option<PromDuration>,
    #[serde(rename = "sliError")]
    sli: Option<PromDuration>,
    metadata: Option<PromDuration>,
    alert: Option<PromDuration>,
}

/// What plugins do to an SLO's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugins {
    /// Whether there are rules for the SLI.
    pub has_sli_rules: bool,
    /// Whether there are rules about the SLO.
    pub has_metadata_rules: bool,
    /// Whether there are alerts.
    pub has_alert_rules: bool,
    /// Whether an hour's errors weigh as much as the hour's traffic did.
    pub is_denominator_corrected: bool,
    /// Labels of `sloth_slo_info`.
    pub info_labels: BTreeMap<String, String>,
    /// How often the SLI's group is evaluated, in milliseconds.
    pub sli_interval_ms: Option<i64>,
    /// How often the group about the SLO is evaluated, in milliseconds.
    pub metadata_interval_ms: Option<i64>,
    /// How often the alerts' group is evaluated, in milliseconds.
    pub alert_interval_ms: Option<i64>,
    /// The ids of those that are not known here.
    pub unknown: Vec<String>,
}

impl Default for Plugins {
    fn default() -> Plugins {
        Plugins { has_sli_rules: true, has_metadata_rules: true, has_alert_rules: true, ..Plugins::none() }
    }
}

impl Plugins {
    /// Nothing at all: not even the rules that there are without plugins.
    fn none() -> Plugins {
        Plugins {
            has_sli_rules: false,
            has_metadata_rules: false,
            has_alert_rules: false,
            is_denominator_corrected: false,
            info_labels: BTreeMap::new(),
            sli_interval_ms: None,
            metadata_interval_ms: None,
            alert_interval_ms: None,
            unknown: Vec::new(),
        }
    }

    /// What chains do together: a service's, then an SLO's.
    pub(super) fn of<'c>(chains: impl IntoIterator<Item = &'c Chain>) -> Plugins {
        let mut plugins = Plugins::default();
        for chain in chains {
            if chain.overrides {
                plugins = Plugins::none();
            }
            for link in &chain.chain {
                plugins.add(link);
            }
        }
        plugins
    }

    fn add(&mut self, link: &Link) {
        let config: Config = serde_json::from_value(link.config.clone()).unwrap_or_default();
        match link.id.as_str() {
            "sloth.dev/core/sli_rules/v1" => self.has_sli_rules = true,
            "sloth.dev/core/metadata_rules/v1" => self.has_metadata_rules = true,
            "sloth.dev/core/alert_rules/v1" => self.has_alert_rules = true,
            "sloth.dev/core/debug/v1" | "sloth.dev/core/noop/v1" | "sloth.dev/core/validate/v1" => {}
            // Its queries are MetricsQL, and are written as they are.
            "sloth.dev/contrib/validate_victoria_metrics/v1" => {}
            "sloth.dev/contrib/denominator_corrected_rules/v1" => self.is_denominator_corrected = true,
            "sloth.dev/contrib/info_labels/v1" => self.info_labels.extend(config.labels),
            "sloth.dev/contrib/rule_intervals/v1" => {
                let millis = |own: Option<PromDuration>| own.or(config.interval.default).map(PromDuration::as_millis);
                self.sli_interval_ms = millis(config.interval.sli);
                self.metadata_interval_ms = millis(config.interval.metadata);
                self.alert_interval_ms = millis(config.interval.alert);
            }
            unknown => self.unknown.push(unknown.to_owned()),
        }
    }
}
