//! `openslo.com/v2alpha`, as far as it is settled: other names for references, and data sources within metrics.

use std::collections::BTreeMap;

use model::yaml::Step;
use serde::Deserialize;
use serde_json::Value;

use super::object::{
    DataSourceSpec, InlineSli, Metadata, MetricSpec, ObjectiveSpec, PolicyUse, RatioMetric, SliSpec, SloSpec,
    TimeWindow,
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "SLO", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct NextSlo {
    description: String,
    service_ref: String,
    sli: Option<NextInline>,
    sli_ref: String,
    time_window: Vec<TimeWindow>,
    budgeting_method: String,
    objectives: Vec<NextObjective>,
    alert_policies: Option<Vec<PolicyUse>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "objective", rename_all = "camelCase", default, deny_unknown_fields)]
struct NextObjective {
    display_name: String,
    op: String,
    value: Option<String>,
    target: Option<String>,
    target_percent: Option<String>,
    time_slice_target: Option<String>,
    time_slice_window: Option<String>,
    sli: Option<NextInline>,
    sli_ref: String,
    composite_weight: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "sli", rename_all = "camelCase", default, deny_unknown_fields)]
struct NextInline {
    #[serde(rename = "metadata")]
    _metadata: Metadata,
    spec: NextSli,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "SLI", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct NextSli {
    #[serde(rename = "description")]
    _description: String,
    threshold_metric: Option<NextMetric>,
    ratio_metric: Option<NextRatio>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "ratioMetric", rename_all = "camelCase", default, deny_unknown_fields)]
struct NextRatio {
    counter: Option<bool>,
    good: Option<NextMetric>,
    bad: Option<NextMetric>,
    total: Option<NextMetric>,
    raw: Option<NextMetric>,
    raw_type: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "metric", rename_all = "camelCase", default, deny_unknown_fields)]
struct NextMetric {
    data_source_ref: String,
    data_source_spec: Option<DataSourceSpec>,
    spec: BTreeMap<String, Value>,
}

/// The SLO as version 1 says it.
pub(super) fn slo(spec: NextSlo) -> SloSpec {
    SloSpec {
        description: spec.description,
        service: spec.service_ref,
        indicator: spec.sli.map(inline),
        indicator_ref: spec.sli_ref,
        time_window: spec.time_window,
        budgeting_method: spec.budgeting_method,
        objectives: spec.objectives.into_iter().map(objective).collect(),
        alert_policies: spec.alert_policies,
        objectives_stand_alone: false,
    }
}

fn objective(spec: NextObjective) -> ObjectiveSpec {
    ObjectiveSpec {
        display_name: spec.display_name,
        op: spec.op,
        value: spec.value,
        target: spec.target,
        target_percent: spec.target_percent,
        time_slice_target: spec.time_slice_target,
        time_slice_window: spec.time_slice_window,
        indicator: spec.sli.map(inline),
        indicator_ref: spec.sli_ref,
        composite_weight: spec.composite_weight,
    }
}

fn inline(inline: NextInline) -> InlineSli {
    InlineSli::of(sli(inline.spec))
}

/// The indicator as version 1 says it.
pub(super) fn sli(spec: NextSli) -> SliSpec {
    let ratio = spec.ratio_metric.map(|ratio| RatioMetric {
        counter: ratio.counter,
        good: ratio.good.as_ref().map(metric),
        bad: ratio.bad.as_ref().map(metric),
        total: ratio.total.as_ref().map(metric),
        raw: ratio.raw.as_ref().map(metric),
        raw_type: ratio.raw_type,
    });
    SliSpec::of(spec.threshold_metric.as_ref().map(metric), ratio)
}

fn metric(metric: &NextMetric) -> MetricSpec {
    let source_type = metric.data_source_spec.as_ref().map_or("", |source| &source.source_type);
    MetricSpec::of(&metric.data_source_ref, source_type, metric.spec.get("query").and_then(Value::as_str))
}

/// A path of version 1 as it is called in this one.
pub(super) fn path(path: &[Step]) -> Vec<Step> {
    let renamed = |step: &Step| match step {
        Step::Key(key) => match key.as_str() {
            "metricSource" => None,
            "service" => Some(Step::Key("serviceRef".to_owned())),
            "indicator" => Some(Step::Key("sli".to_owned())),
            "indicatorRef" => Some(Step::Key("sliRef".to_owned())),
            "metricSourceRef" => Some(Step::Key("dataSourceRef".to_owned())),
            "type" => Some(Step::Key("dataSourceSpec".to_owned())),
            _ => Some(step.clone()),
        },
        Step::Index(_) => Some(step.clone()),
    };
    path.iter().filter_map(renamed).collect()
}
