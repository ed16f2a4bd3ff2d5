//! What Pyrra's files say: resources of kind `ServiceLevelObjective`.

use std::collections::BTreeMap;

use model::duration::PromDuration;
use model::labels::BUCKET_LABEL;
use model::yaml::{Document, Fault, Problem, Step};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::metric::Metric;
use super::slo::{Alerting, Severities, Sli, Slo};
use crate::spec::Share;

/// Labels and annotations with this before their name go on to rules and alerts.
const PREFIX: &str = "pyrra.dev/";

/// Reads a resource. What is wrong is told with its place; there is nothing where something is wrong. What is in it and means
/// nothing to Pyrra is told, too.
pub fn parse(document: &Document) -> Parsed {
    let (written, problems) = document.read::<Written>();
    let written = written.unwrap_or_default();
    let is_stranger =
        |problem: &Problem| problem.message.starts_with("field ") && problem.message.contains(" not found ");
    let (mut warnings, mut errors): (Vec<Problem>, Vec<Problem>) = problems.into_iter().partition(is_stranger);
    // Kubernetes keeps much in a resource's metadata that concerns nobody here.
    warnings.retain(|problem| !problem.path.starts_with("metadata"));
    let mut faults = Vec::new();
    let slo = slo_of(written, &mut |path: &[&str], message: String| {
        let path = path.iter().map(|name| Step::Key((*name).to_owned())).collect();
        faults.push(Fault { path, message });
    });
    errors.extend(faults.iter().map(|fault| document.locate(fault)));
    let slo = slo.filter(|_| errors.is_empty());
    Parsed { slo, errors, warnings }
}

/// A document of Pyrra's, read.
#[derive(Debug, Default)]
pub struct Parsed {
    /// What it says, where nothing is wrong.
    pub slo: Option<Slo>,
    /// What is wrong with it.
    pub errors: Vec<Problem>,
    /// What is in it and means nothing to Pyrra.
    pub warnings: Vec<Problem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "ServiceLevelObjective", default)]
struct Written {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
    #[serde(rename = "status")]
    _status: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "metadata", default)]
struct Metadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "spec", default, rename_all = "camelCase")]
struct Spec {
    target: String,
    window: PromDuration,
    description: String,
    indicator: Indicator,
    alerting: WrittenAlerting,
    performance_over_accuracy: bool,
    rule_output: RuleOutput,
    #[serde(rename = "partial_response_strategy")]
    _partial_response_strategy: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "indicator", default, rename_all = "camelCase")]
struct Indicator {
    ratio: Option<Ratio>,
    latency: Option<Latency>,
    latency_native: Option<LatencyNative>,
    #[serde(rename = "bool_gauge")]
    bool_gauge: Option<BoolGauge>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "ratio", default)]
struct Ratio {
    errors: Query,
    total: Query,
    grouping: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "latency", default)]
struct Latency {
    success: Query,
    total: Query,
    grouping: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "latencyNative", default)]
struct LatencyNative {
    latency: PromDuration,
    total: Query,
    grouping: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "bool_gauge", default)]
struct BoolGauge {
    metric: String,
    grouping: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "query", default)]
struct Query {
    metric: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "alerting", default, rename_all = "camelCase")]
struct WrittenAlerting {
    disabled: bool,
    name: String,
    absent_name: String,
    burnrates: Option<bool>,
    absent: Option<bool>,
    severities: WrittenSeverities,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "severities", default, rename_all = "camelCase")]
struct WrittenSeverities {
    fast_burn: String,
    medium_burn: String,
    slow_burn: String,
    long_term_burn: String,
    absent: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "ruleOutput", default, rename_all = "camelCase")]
struct RuleOutput {
    enable_description_as_label: bool,
    #[serde(rename = "shortRulesLabels")]
    _short_rules_labels: IgnoredAny,
    #[serde(rename = "longRulesLabels")]
    _long_rules_labels: IgnoredAny,
}

type Tell<'t> = &'t mut dyn FnMut(&[&str], String);

fn slo_of(written: Written, tell: Tell<'_>) -> Option<Slo> {
    let Written { api_version, kind, metadata, spec, .. } = written;
    if api_version != "pyrra.dev/v1alpha1" {
        tell(&["apiVersion"], format!("apiVersion {api_version:?} is not known: pyrra.dev/v1alpha1 is needed"));
    }
    if kind != "ServiceLevelObjective" {
        tell(&["kind"], format!("kind {kind:?} is not known: ServiceLevelObjective is needed"));
    }
    if metadata.name.is_empty() {
        tell(&["metadata", "name"], "a name is needed".to_owned());
    }
    if spec.window.as_millis() <= 0 {
        tell(&["spec", "window"], "a window above 0 is needed".to_owned());
    }
    let target = match Share::from_percent(&spec.target) {
        Ok(target) if target.parts() > 0 => Some(target),
        Ok(_) => {
            tell(&["spec", "target"], "the target has to be above 0".to_owned());
            None
        }
        Err(error) => {
            tell(&["spec", "target"], error.to_string());
            None
        }
    };
    let (sli, grouping) = sli_of(spec.indicator, tell)?;
    Some(Slo {
        name: metadata.name,
        namespace: metadata.namespace,
        labels: propagated(metadata.labels),
        annotations: propagated(metadata.annotations),
        percent: spec.target.trim().to_owned(),
        target: target?,
        window_ms: spec.window.as_millis(),
        description: spec.description,
        sli,
        grouping: grouping.into_iter().collect(),
        alerting: alerting_of(spec.alerting),
        is_less_accurate: spec.performance_over_accuracy,
        has_description_label: spec.rule_output.enable_description_as_label,
    })
}

fn sli_of(written: Indicator, tell: Tell<'_>) -> Option<(Sli, Vec<String>)> {
    let Indicator { ratio, latency, latency_native, bool_gauge } = written;
    let given = [ratio.is_some(), latency.is_some(), latency_native.is_some(), bool_gauge.is_some()];
    if given.into_iter().filter(|is_given| *is_given).count() != 1 {
        let message = "one of ratio, latency, latencyNative and bool_gauge is needed".to_owned();
        tell(&["spec", "indicator"], message);
        return None;
    }
    let mut metric = |path: [&str; 2], text: &str| {
        let parsed = Metric::parse(text);
        let path: Vec<&str> =
            ["spec", "indicator"].into_iter().chain(path).chain(["metric"]).filter(|name| !name.is_empty()).collect();
        parsed.map_err(|message| tell(&path, message)).ok()
    };
    if let Some(Ratio { errors, total, grouping }) = ratio {
        let (errors, total) = (metric(["ratio", "errors"], &errors.metric), metric(["ratio", "total"], &total.metric));
        return Some((Sli::Ratio { errors: errors?, total: total? }, grouping));
    }
    if let Some(Latency { success, total, grouping }) = latency {
        let success = metric(["latency", "success"], &success.metric);
        let total = metric(["latency", "total"], &total.metric);
        let (success, total) = (success?, total?);
        if success.value_of(BUCKET_LABEL).is_none() {
            tell(&["spec", "indicator", "latency", "success", "metric"], "a bucket is needed: le=\"…\"".to_owned());
            return None;
        }
        return Some((Sli::Latency { success, total }, grouping));
    }
    if let Some(LatencyNative { latency, total, grouping }) = latency_native {
        let total = metric(["latencyNative", "total"], &total.metric)?;
        if latency.as_millis() <= 0 {
            tell(&["spec", "indicator", "latencyNative", "latency"], "a latency above 0 is needed".to_owned());
            return None;
        }
        return Some((Sli::LatencyNative { latency_ms: latency.as_millis(), total }, grouping));
    }
    let BoolGauge { metric: text, grouping } = bool_gauge?;
    let metric = metric(["bool_gauge", ""], &text)?;
    Some((Sli::BoolGauge { metric }, grouping))
}

fn alerting_of(written: WrittenAlerting) -> Alerting {
    let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
    let WrittenAlerting { disabled, name, absent_name, burnrates, absent, severities } = written;
    Alerting {
        name: or(name, "ErrorBudgetBurn"),
        absent_name: or(absent_name, "SLOMetricAbsent"),
        has_burn_alerts: !disabled && burnrates.unwrap_or(true),
        has_absent_alerts: !disabled && absent.unwrap_or(true),
        severities: Severities {
            fast: or(severities.fast_burn, "critical"),
            medium: or(severities.medium_burn, "critical"),
            slow: or(severities.slow_burn, "warning"),
            long_term: or(severities.long_term_burn, "warning"),
            absent: or(severities.absent, "critical"),
        },
    }
}

fn propagated(texts: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = |(name, value): (String, String)| Some((name.strip_prefix(PREFIX)?.to_owned(), value));
    texts.into_iter().filter_map(own).collect()
}
