//! `openslo/v1alpha`: other names for windows and sources, and ratios that stand in objectives.

use model::yaml::Step;
use serde::Deserialize;

use super::object::{Calendar, InlineSli, MetricSpec, ObjectiveSpec, RatioMetric, SliSpec, SloSpec, TimeWindow};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "SLO", rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct AlphaSlo {
    description: String,
    service: String,
    indicator: Option<AlphaIndicator>,
    time_windows: Vec<AlphaWindow>,
    budgeting_method: String,
    objectives: Vec<AlphaObjective>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "indicator", rename_all = "camelCase", default, deny_unknown_fields)]
struct AlphaIndicator {
    threshold_metric: Option<AlphaMetric>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "metric", rename_all = "camelCase", default, deny_unknown_fields)]
struct AlphaMetric {
    source: String,
    #[serde(rename = "queryType")]
    _query_type: String,
    query: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: serde::de::IgnoredAny,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "timeWindow", rename_all = "camelCase", default, deny_unknown_fields)]
struct AlphaWindow {
    unit: String,
    count: String,
    is_rolling: Option<bool>,
    calendar: Option<Calendar>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "objective", rename_all = "camelCase", default, deny_unknown_fields)]
struct AlphaObjective {
    display_name: String,
    op: String,
    value: Option<String>,
    target: Option<String>,
    time_slice_target: Option<String>,
    time_slice_window: Option<String>,
    ratio_metrics: Option<AlphaRatio>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename = "ratioMetrics", rename_all = "camelCase", default, deny_unknown_fields)]
struct AlphaRatio {
    incremental: Option<bool>,
    counter: Option<bool>,
    good: Option<AlphaMetric>,
    bad: Option<AlphaMetric>,
    total: Option<AlphaMetric>,
}

/// The SLO as version 1 says it.
pub(super) fn slo(spec: AlphaSlo) -> SloSpec {
    SloSpec {
        description: spec.description,
        service: spec.service,
        indicator: spec
            .indicator
            .map(|indicator| InlineSli::of(SliSpec::of(indicator.threshold_metric.as_ref().map(metric), None))),
        time_window: spec.time_windows.into_iter().map(window).collect(),
        budgeting_method: spec.budgeting_method,
        objectives: spec.objectives.into_iter().map(objective).collect(),
        objectives_stand_alone: true,
        ..SloSpec::default()
    }
}

fn metric(metric: &AlphaMetric) -> MetricSpec {
    MetricSpec::of("", &metric.source, metric.query.as_deref())
}

fn window(window: AlphaWindow) -> TimeWindow {
    let unit = match window.unit.as_str() {
        "Second" => "s",
        "Minute" => "m",
        "Hour" => "h",
        "Day" => "d",
        "Week" => "w",
        "Month" => "M",
        "Quarter" => "Q",
        "Year" => "Y",
        other => other,
    };
    TimeWindow { duration: format!("{}{unit}", window.count), is_rolling: window.is_rolling, calendar: window.calendar }
}

fn objective(objective: AlphaObjective) -> ObjectiveSpec {
    let ratio = objective.ratio_metrics.map(|ratio| {
        let ratio = RatioMetric {
            counter: ratio.counter.or(ratio.incremental),
            good: ratio.good.as_ref().map(metric),
            bad: ratio.bad.as_ref().map(metric),
            total: ratio.total.as_ref().map(metric),
            ..RatioMetric::default()
        };
        InlineSli::of(SliSpec::of(None, Some(ratio)))
    });
    ObjectiveSpec {
        display_name: objective.display_name,
        op: objective.op,
        value: objective.value,
        target: objective.target,
        time_slice_target: objective.time_slice_target,
        // Version 1alpha knew no length of a slice where the method was Timeslices: a minute.
        time_slice_window: objective.time_slice_window.or_else(|| Some("1m".to_owned())),
        indicator: ratio,
        ..ObjectiveSpec::default()
    }
}

/// A path of version 1 as it is called in this one.
pub(super) fn path(path: &[Step]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(path.len());
    for (index, step) in path.iter().enumerate() {
        let Step::Key(key) = step else {
            steps.push(step.clone());
            continue;
        };
        match key.as_str() {
            "spec" | "metricSource" if index > 0 => {}
            "timeWindow" => steps.push(Step::Key("timeWindows".to_owned())),
            "duration" => steps.push(Step::Key("count".to_owned())),
            "type" => steps.push(Step::Key("source".to_owned())),
            "indicator" if index > 1 => {}
            "ratioMetric" => steps.push(Step::Key("ratioMetrics".to_owned())),
            _ => steps.push(step.clone()),
        }
    }
    steps
}
