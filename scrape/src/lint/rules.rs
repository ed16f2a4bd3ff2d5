//! The conventions, each a function of a family.

use super::families::Family;
use super::units;
use crate::parse::MetricType;

/// What a family does against the conventions.
pub(super) fn broken(name: &str, family: &Family) -> Vec<String> {
    let mut broken = Vec::new();
    let mut check = |is_broken: bool, text: &str| {
        if is_broken {
            broken.push(text.to_owned());
        }
    };
    let lower = name.to_lowercase();
    let is_counter = family.metric_type == MetricType::Counter;
    let is_untyped = family.metric_type == MetricType::Unknown;
    let has_total = name.ends_with("_total");

    check(!family.has_help, "no help text");
    check(is_counter && !has_total, "counter metrics should have \"_total\" suffix");
    check(!is_counter && !is_untyped && has_total, "non-counter metrics should not have \"_total\" suffix");
    check(name.contains(':'), "metric names should not contain ':'");
    check(is_camel_case(name), "metric names should be written in 'snake_case' not 'camelCase'");
    check(
        family.label_names.iter().any(|label| is_camel_case(label)),
        "label names should be written in 'snake_case' not 'camelCase'",
    );
    check(units::has_abbreviation(&lower), "metric names should not contain abbreviated units");
    check(family.has_repeated_sample, "metric not unique");
    if !is_untyped {
        let metric_type = family.metric_type.as_str();
        check(has_segment(&lower, metric_type), &format!("metric name should not include type '{metric_type}'"));
        check_reserved(name, family, &mut check);
    }
    if let Some((unit, base)) = units::not_base(name) {
        broken.push(format!("use base unit \"{base}\" instead of \"{unit}\""));
    }
    broken
}

/// Suffixes and labels that belong to histograms and summaries.
fn check_reserved(name: &str, family: &Family, check: &mut impl FnMut(bool, &str)) {
    let is_histogram = family.metric_type == MetricType::Histogram;
    let is_summary = family.metric_type == MetricType::Summary;
    let is_either = is_histogram || is_summary;
    let bucket = name.ends_with("_bucket");
    let count = name.ends_with("_count");
    let sum = name.ends_with("_sum");
    check(!is_histogram && bucket, "non-histogram metrics should not have \"_bucket\" suffix");
    check(!is_either && count, "non-histogram and non-summary metrics should not have \"_count\" suffix");
    check(!is_either && sum, "non-histogram and non-summary metrics should not have \"_sum\" suffix");
    let has_label = |label: &str| family.label_names.contains(label);
    check(!is_histogram && has_label("le"), "non-histogram metrics should not have \"le\" label");
    check(!is_summary && has_label("quantile"), "non-summary metrics should not have \"quantile\" label");
}

/// Whether a name holds `_segment_`, or ends in `_segment`.
pub(super) fn has_segment(name: &str, segment: &str) -> bool {
    name.split('_').skip(1).any(|candidate| candidate == segment)
}

fn is_camel_case(name: &str) -> bool {
    name.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}
