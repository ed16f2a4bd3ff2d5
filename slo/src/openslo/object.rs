//! Objects as files say them: OpenSLO v1's fields, read and not yet understood. Numbers are kept as the texts that were
//! written, so that 0.999 is not a binary float.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What all objects have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "object", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Object<S> {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    pub(super) metadata: Metadata,
    pub(super) spec: S,
}

/// Who an object is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "metadata", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) display_name: String,
    pub(super) labels: BTreeMap<String, LabelValue>,
    #[serde(rename = "annotations")]
    _annotations: BTreeMap<String, LabelValue>,
}

impl Metadata {
    /// The name for people.
    pub(super) fn title(&self) -> String {
        if self.display_name.is_empty() { self.name.clone() } else { self.display_name.clone() }
    }

    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        self.labels.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect()
    }

    /// The product that a label names.
    pub(super) fn product(&self) -> Option<String> {
        self.labels.get("product").map(|value| value.0.clone()).filter(|product| !product.is_empty())
    }
}

/// A label's value: a text, or several of them, which are joined by commas.
#[derive(Clone, Debug, Default)]
pub(super) struct LabelValue(pub(super) String);

impl<'de> Deserialize<'de> for LabelValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LabelValue, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = LabelValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_unit<E>(self) -> Result<LabelValue, E> {
                Ok(LabelValue::default())
            }

            fn visit_bool<E>(self, value: bool) -> Result<LabelValue, E> {
                Ok(LabelValue(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<LabelValue, E> {
                Ok(LabelValue(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<LabelValue, E> {
                Ok(LabelValue(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<LabelValue, E> {
                Ok(LabelValue(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<LabelValue, E> {
                Ok(LabelValue(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<LabelValue, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = elements.next_element::<String>()? {
                    texts.push(text);
                }
                Ok(LabelValue(texts.join(",")))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "Service", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct ServiceSpec {
    pub(super) description: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "SLO", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct SloSpec {
    pub(super) description: String,
    pub(super) service: String,
    pub(super) indicator: Option<InlineSli>,
    pub(super) indicator_ref: String,
    pub(super) time_window: Vec<TimeWindow>,
    pub(super) budgeting_method: String,
    pub(super) objectives: Vec<ObjectiveSpec>,
    /// Nothing at all is not the same as an empty list.
    pub(super) alert_policies: Option<Vec<PolicyUse>>,
    /// Indicators of objectives are no parts of a composite: `openslo/v1alpha` had them there always.
    #[serde(skip)]
    pub(super) objectives_stand_alone: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "timeWindow", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct TimeWindow {
    pub(super) duration: String,
    pub(super) is_rolling: Option<bool>,
    pub(super) calendar: Option<Calendar>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "calendar", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Calendar {
    pub(super) start_time: String,
    pub(super) time_zone: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "objective", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct ObjectiveSpec {
    pub(super) display_name: String,
    pub(super) op: String,
    pub(super) value: Option<String>,
    pub(super) target: Option<String>,
    pub(super) target_percent: Option<String>,
    pub(super) time_slice_target: Option<String>,
    pub(super) time_slice_window: Option<String>,
    pub(super) indicator: Option<InlineSli>,
    pub(super) indicator_ref: String,
    pub(super) composite_weight: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "indicator", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct InlineSli {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: Metadata,
    pub(super) spec: SliSpec,
}

impl InlineSli {
    pub(super) fn of(spec: SliSpec) -> InlineSli {
        InlineSli { spec, ..InlineSli::default() }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "SLI", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct SliSpec {
    #[serde(rename = "description")]
    _description: String,
    pub(super) threshold_metric: Option<MetricSpec>,
    pub(super) ratio_metric: Option<RatioMetric>,
}

impl SliSpec {
    pub(super) fn of(threshold_metric: Option<MetricSpec>, ratio_metric: Option<RatioMetric>) -> SliSpec {
        SliSpec { threshold_metric, ratio_metric, ..SliSpec::default() }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "ratioMetric", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct RatioMetric {
    pub(super) counter: Option<bool>,
    pub(super) good: Option<MetricSpec>,
    pub(super) bad: Option<MetricSpec>,
    pub(super) total: Option<MetricSpec>,
    pub(super) raw: Option<MetricSpec>,
    pub(super) raw_type: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "metric", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct MetricSpec {
    pub(super) metric_source: MetricSource,
}

impl MetricSpec {
    /// A query of a data source.
    pub(super) fn of(metric_source_ref: &str, source_type: &str, query: Option<&str>) -> MetricSpec {
        let query = query.map(|query| ("query".to_owned(), Value::String(query.to_owned())));
        MetricSpec {
            metric_source: MetricSource {
                metric_source_ref: metric_source_ref.to_owned(),
                source_type: source_type.to_owned(),
                spec: query.into_iter().collect(),
            },
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "metricSource", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct MetricSource {
    pub(super) metric_source_ref: String,
    #[serde(rename = "type")]
    pub(super) source_type: String,
    /// Whatever the data source wants.
    pub(super) spec: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "DataSource", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct DataSourceSpec {
    #[serde(rename = "description")]
    _description: String,
    #[serde(rename = "type")]
    pub(super) source_type: String,
    /// How to connect: not needed here, and maybe secret.
    #[serde(rename = "connectionDetails")]
    _connection_details: serde::de::IgnoredAny,
}

/// A policy, by name or within an SLO.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "alertPolicy", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct PolicyUse {
    pub(super) alert_policy_ref: String,
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    pub(super) metadata: Metadata,
    pub(super) spec: Option<AlertPolicySpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "AlertPolicy", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct AlertPolicySpec {
    #[serde(rename = "description")]
    _description: String,
    pub(super) alert_when_no_data: bool,
    pub(super) alert_when_breaching: Option<bool>,
    #[serde(rename = "alertWhenResolved")]
    _alert_when_resolved: bool,
    pub(super) conditions: Vec<ConditionUse>,
    pub(super) notification_targets: Vec<TargetUse>,
}

/// A condition, by name or within a policy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "alertCondition", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct ConditionUse {
    pub(super) condition_ref: String,
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: Metadata,
    pub(super) spec: Option<AlertConditionSpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "AlertCondition", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct AlertConditionSpec {
    #[serde(rename = "description")]
    _description: String,
    pub(super) severity: String,
    pub(super) condition: Condition,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "condition", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Condition {
    pub(super) kind: String,
    pub(super) op: String,
    pub(super) threshold: Option<String>,
    pub(super) lookback_window: String,
    pub(super) alert_after: String,
}

/// Somebody to be told, by name or within a policy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "notificationTarget", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct TargetUse {
    pub(super) target_ref: String,
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: Metadata,
    pub(super) spec: Option<TargetSpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "AlertNotificationTarget", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct TargetSpec {
    #[serde(rename = "description")]
    _description: String,
    pub(super) target: String,
}
