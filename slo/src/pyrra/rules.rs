//! The rules that Pyrra makes of an objective: burn rates and their alerts, the events of the whole window, and, for Grafana,
//! five series of the same names for all objectives.

use std::collections::{BTreeMap, BTreeSet};

use model::duration::PromDuration;
use model::labels::BUCKET_LABEL;
use model::{MatchOp, Matcher, float};

use super::metric::{Metric, sum_by};
use super::objective::fixed_labels;
use super::slo::{Sli, Slo};
use super::windows::AlertWindow;
use crate::export::rule::{Made, Rule, RuleGroup};

const WEEK_MS: i64 = 7 * 24 * 3_600_000;
/// How often burn rates are measured.
const BURN_INTERVAL_MS: i64 = 30_000;
/// The whole window is measured as much less often as it has weeks, up to this.
const MAX_INTERVAL_MS: i64 = 240_000;
/// The range of the parts that a less accurate window is put together from.
const PART: &str = "5m";

/// What Pyrra can be told on its command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleOptions {
    /// Where Pyrra's page is; empty for alerts without a link.
    pub external_url: String,
    /// Whether `le="1"` means `1.0`, too: Prometheus 3 writes bounds as floats.
    pub is_migrating_to_prometheus_3: bool,
}

/// Why an objective has no generic rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SLO {0}: there are no generic rules for objectives with grouping")]
pub struct GroupingUnsupported(pub String);

/// Burn rates in each window, and the alerts on them.
pub fn burn_rates(slo: &Slo, options: &RuleOptions) -> RuleGroup {
    let windows = slo.windows();
    let ranges: BTreeSet<i64> = windows.iter().flat_map(|window| [window.short_ms, window.long_ms]).collect();
    let rule = |range_ms: i64| {
        let range = duration(range_ms);
        Rule::record(burn_name(slo, range_ms), burn_rate(slo, &range, options), rule_labels(slo))
    };
    let mut rules: Vec<Rule> = ranges.into_iter().map(rule).collect();
    if slo.alerting.has_burn_alerts {
        rules.extend(windows.iter().map(|window| burn_alert(slo, window, options)));
    }
    RuleGroup { name: slo.name.clone(), interval_ms: Some(BURN_INTERVAL_MS), rules }
}

/// The share of bad events in a range.
fn burn_rate(slo: &Slo, range: &str, options: &RuleOptions) -> String {
    let sum = |of: String| sum_by(&slo.grouping, &of);
    match &slo.sli {
        Sli::Ratio { errors, total } => {
            format!("{} / {}", sum(format!("rate({errors}[{range}])")), sum(format!("rate({total}[{range}])")))
        }
        Sli::Latency { success, total } => {
            let total = sum(format!("rate({total}[{range}])"));
            let success = bucket(success, options);
            format!("({total} - {}) / {total}", sum(format!("rate({success}[{range}])")))
        }
        Sli::LatencyNative { latency_ms, total } => {
            let rate = sum(format!("rate({total}[{range}])"));
            format!("1 - histogram_fraction(0, {}, {rate})", seconds(*latency_ms))
        }
        Sli::BoolGauge { metric } => {
            let count = sum(format!("count_over_time({metric}[{range}])"));
            format!("({count} - {}) / {count}", sum(format!("sum_over_time({metric}[{range}])")))
        }
    }
}

fn burn_alert(slo: &Slo, window: &AlertWindow, options: &RuleOptions) -> Rule {
    let is_seen = |matcher: &&Matcher| matcher.op() == MatchOp::Equal || slo.grouping.contains(matcher.name());
    let matchers = slo.total().matchers.iter().filter(is_seen).cloned().chain([Matcher::equal("slo", &slo.name)]);
    let matchers: Vec<Matcher> = matchers.collect();
    let burns = |range_ms: i64| {
        let series = Metric { name: burn_name(slo, range_ms), matchers: Vec::new() }.with(matchers.clone());
        format!("{series} > ({} * (1-{}))", window.factor, slo.target)
    };
    let mut labels = rule_labels(slo);
    for (name, value) in [
        ("severity", slo.alerting.severities.of(window.tier).to_owned()),
        ("long", duration(window.long_ms)),
        ("short", duration(window.short_ms)),
        ("exhaustion", duration(slo.window_ms / window.factor)),
    ] {
        labels.insert(name.to_owned(), value);
    }
    let mut annotations = slo.annotations.clone();
    if slo.grouping.is_empty() && !options.external_url.is_empty() {
        annotations.insert("pyrra_url".to_owned(), url_of(slo, &options.external_url));
    }
    Rule {
        made: Made::Alert(slo.alerting.name.clone()),
        expr: format!("{} and {}", burns(window.short_ms), burns(window.long_ms)),
        for_ms: Some(window.for_ms),
        labels,
        annotations,
    }
}

/// Where Pyrra shows the objective.
fn url_of(slo: &Slo, external_url: &str) -> String {
    let mut labels = slo.labels.clone();
    labels.insert("__name__".to_owned(), slo.name.clone());
    if !slo.namespace.is_empty() {
        labels.insert("namespace".to_owned(), slo.namespace.clone());
    }
    let labels: Vec<String> = labels.iter().map(|(name, value)| Matcher::equal(name, value).to_string()).collect();
    let escaped = escaped(&format!("{{{}}}", labels.join(", ")));
    format!("{external_url}/objectives?expr={escaped}&from=now-1h&to=now")
}

fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// The events of the whole window, and the alerts of series that are not there.
pub fn increases(slo: &Slo, options: &RuleOptions) -> RuleGroup {
    let weeks = slo.window_ms / WEEK_MS;
    let interval_ms = (BURN_INTERVAL_MS * (weeks + 1)).min(MAX_INTERVAL_MS);
    let rules = match &slo.sli {
        Sli::Ratio { errors, total } => ratio_increases(slo, errors, total),
        Sli::Latency { success, total } => latency_increases(slo, &bucket(success, options), success, total),
        Sli::LatencyNative { latency_ms, total } => native_increases(slo, *latency_ms, total),
        Sli::BoolGauge { metric } => gauge_increases(slo, metric),
    };
    RuleGroup { name: format!("{}-increase", slo.name), interval_ms: Some(interval_ms), rules }
}

fn ratio_increases(slo: &Slo, errors: &Metric, total: &Metric) -> Vec<Rule> {
    let has_one_metric = errors.name == total.name;
    let mut of_total = groups(slo, total);
    if has_one_metric {
        // What tells errors from the others has to stay apart.
        let tells = errors.matchers.iter().filter(|matcher| !total.matchers.contains(matcher));
        of_total.extend(errors.open_labels().map(str::to_owned).chain(tells.map(|matcher| matcher.name().to_owned())));
    }
    let mut sources = vec![(total, of_total)];
    if !has_one_metric {
        sources.push((errors, groups(slo, errors)));
    }
    let labels = rule_labels(slo);
    let mut rules = Vec::new();
    for (metric, by) in &sources {
        rules.push(Rule::record(
            increase_name(metric, &short_range(slo)),
            increase(metric, by, &short_range(slo)),
            labels.clone(),
        ));
        rules.extend(absent(slo, metric, &labels));
    }
    if slo.is_less_accurate {
        let whole = |(metric, by): &(&Metric, BTreeSet<String>)| whole_window(slo, metric, metric, by, labels.clone());
        rules.extend(sources.iter().map(whole));
    }
    rules
}

fn latency_increases(slo: &Slo, success: &Metric, written: &Metric, total: &Metric) -> Vec<Rule> {
    let by = groups(slo, total);
    let labels = rule_labels(slo);
    let mut fast_labels = labels.clone();
    fast_labels.extend(written.value_of(BUCKET_LABEL).map(|bound| (BUCKET_LABEL.to_owned(), bound.to_owned())));
    let range = short_range(slo);
    let mut rules = vec![
        Rule::record(increase_name(total, &range), increase(total, &by, &range), labels.clone()),
        Rule::record(increase_name(success, &range), increase(success, &by, &range), fast_labels.clone()),
    ];
    rules.extend(absent(slo, total, &labels));
    rules.extend(absent(slo, success, &fast_labels));
    if slo.is_less_accurate {
        let all = total.clone().with([Matcher::equal(BUCKET_LABEL, "")]);
        rules.push(whole_window(slo, total, &all, &by, labels));
        rules.push(whole_window(slo, written, written, &by, fast_labels));
    }
    rules
}

fn native_increases(slo: &Slo, latency_ms: i64, total: &Metric) -> Vec<Rule> {
    let (window, bound) = (duration(slo.window_ms), seconds(latency_ms));
    let all = sum_by(&slo.grouping, &format!("increase({total}[{window}])"));
    let labels = rule_labels(slo);
    let mut fast_labels = labels.clone();
    fast_labels.insert(BUCKET_LABEL.to_owned(), bound.clone());
    let fast = format!("histogram_fraction(0, {bound}, {all}) * histogram_count({all})");
    let name = increase_name(total, &window);
    vec![Rule::record(&name, format!("histogram_count({all})"), labels), Rule::record(&name, fast, fast_labels)]
}

fn gauge_increases(slo: &Slo, metric: &Metric) -> Vec<Rule> {
    let by = groups(slo, metric);
    let (labels, range, window) = (rule_labels(slo), short_range(slo), duration(slo.window_ms));
    let kinds = ["count", "sum"];
    let mut rules: Vec<Rule> = Vec::new();
    for kind in kinds {
        let expr = sum_by(&by, &format!("{kind}_over_time({metric}[{range}])"));
        rules.push(Rule::record(format!("{}:{kind}{range}", metric.name), expr, labels.clone()));
    }
    rules.extend(absent(slo, metric, &labels));
    if slo.is_less_accurate {
        for kind in kinds {
            let parts = metric.named(format!("{}:{kind}{PART}", metric.name));
            let expr = sum_by(&by, &format!("sum_over_time({parts}[{window}:{PART}])"));
            rules.push(Rule::record(format!("{}:{kind}{window}", metric.name), expr, labels.clone()));
        }
    }
    rules
}

/// The range that is measured from the metric itself.
fn short_range(slo: &Slo) -> String {
    if slo.is_less_accurate { PART.to_owned() } else { duration(slo.window_ms) }
}

fn increase(metric: &Metric, by: &BTreeSet<String>, range: &str) -> String {
    sum_by(by, &format!("increase({metric}[{range}])"))
}

/// The whole window, put together from its parts.
fn whole_window(
    slo: &Slo,
    metric: &Metric,
    parts: &Metric,
    by: &BTreeSet<String>,
    labels: BTreeMap<String, String>,
) -> Rule {
    let window = duration(slo.window_ms);
    let parts = parts.named(increase_name(metric, PART));
    let expr = sum_by(by, &format!("sum_over_time({parts}[{window}:{PART}])"));
    Rule::record(increase_name(metric, &window), expr, labels)
}

/// The labels by which the events of the whole window stay apart.
fn groups(slo: &Slo, metric: &Metric) -> BTreeSet<String> {
    slo.grouping.iter().cloned().chain(metric.open_labels().map(str::to_owned)).collect()
}

fn absent(slo: &Slo, metric: &Metric, labels: &BTreeMap<String, String>) -> Option<Rule> {
    let mut labels = labels.clone();
    labels.insert("severity".to_owned(), slo.alerting.severities.absent.clone());
    slo.alerting.has_absent_alerts.then(|| Rule {
        made: Made::Alert(slo.alerting.absent_name.clone()),
        expr: format!("absent({metric}) == 1"),
        for_ms: Some(slo.absent_after_ms()),
        labels,
        annotations: slo.annotations.clone(),
    })
}

/// Series of the same names for all objectives.
///
/// # Errors
/// When the objective has groups.
pub fn generic(slo: &Slo, options: &RuleOptions) -> Result<RuleGroup, GroupingUnsupported> {
    if !slo.grouping.is_empty() {
        return Err(GroupingUnsupported(slo.name.clone()));
    }
    let labels = own_labels(slo);
    let mut exprs = vec![
        ("pyrra_objective", slo.target.to_string()),
        ("pyrra_window", float::plain(slo.window_ms as f64 / 1000.0)),
    ];
    exprs.extend(generic_exprs(slo, options));
    let rules = exprs.into_iter().map(|(name, expr)| Rule::record(name, expr, labels.clone())).collect();
    Ok(RuleGroup { name: format!("{}-generic", slo.name), interval_ms: Some(BURN_INTERVAL_MS), rules })
}

fn generic_exprs(slo: &Slo, options: &RuleOptions) -> Vec<(&'static str, String)> {
    let window = duration(slo.window_ms);
    let own = |metric: &Metric| metric.clone().with([Matcher::equal("slo", &slo.name)]);
    let whole = |metric: &Metric| own(&metric.named(increase_name(metric, &window)));
    let rate = |metric: &Metric| format!("sum(rate({metric}[{PART}]))");
    match &slo.sli {
        Sli::Ratio { errors, total } => vec![
            ("pyrra_availability", format!("1 - sum({} or vector(0)) / sum({})", whole(errors), whole(total))),
            ("pyrra_requests:rate5m", rate(total)),
            ("pyrra_errors:rate5m", format!("{} or vector(0)", rate(errors))),
        ],
        Sli::Latency { success, total } => {
            let all = whole(total).with([Matcher::equal(BUCKET_LABEL, "")]);
            let fast = bucket(success, options);
            vec![
                ("pyrra_availability", format!("sum({} or vector(0)) / sum({all})", whole(success))),
                ("pyrra_requests:rate5m", rate(total)),
                ("pyrra_errors:rate5m", format!("{} - {}", rate(total), rate(&fast))),
            ]
        }
        Sli::LatencyNative { latency_ms, total } => {
            let of_bound = |bound: &str| whole(total).with([Matcher::equal(BUCKET_LABEL, bound)]);
            let (fast, all) = (of_bound(&seconds(*latency_ms)), of_bound(""));
            vec![("pyrra_availability", format!("sum({fast} or vector(0)) / sum({all})"))]
        }
        Sli::BoolGauge { metric } => {
            let whole = |kind: &str| format!("sum({})", own(&metric.named(format!("{}:{kind}{window}", metric.name))));
            let (sum, count) = (whole("sum"), whole("count"));
            vec![
                ("pyrra_availability", format!("{sum} / {count}")),
                ("pyrra_requests:rate5m", count.clone()),
                ("pyrra_errors:rate5m", format!("{count} - {sum}")),
            ]
        }
    }
}

/// Labels that all rules of an objective have.
fn own_labels(slo: &Slo) -> BTreeMap<String, String> {
    let mut labels = slo.labels.clone();
    labels.insert("slo".to_owned(), slo.name.clone());
    if slo.has_description_label {
        labels.insert("description".to_owned(), slo.description.clone());
    }
    labels
}

/// The same, and those labels of the metric that have one value.
pub(super) fn rule_labels(slo: &Slo) -> BTreeMap<String, String> {
    let is_kept = |(name, _): &(&str, &str)| !slo.grouping.contains(*name) && *name != BUCKET_LABEL;
    let fixed = fixed_labels(slo.total()).filter(is_kept);
    let mut labels: BTreeMap<String, String> = fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    labels.extend(own_labels(slo));
    labels
}

/// The bucket of fast requests: where it is asked for, a whole bound by either of its texts.
fn bucket(success: &Metric, options: &RuleOptions) -> Metric {
    let is_whole = |bound: &str| !bound.is_empty() && bound.bytes().all(|byte| byte.is_ascii_digit());
    let either = |matcher: &Matcher| {
        let is_it = options.is_migrating_to_prometheus_3
            && (matcher.name(), matcher.op()) == (BUCKET_LABEL, MatchOp::Equal)
            && is_whole(matcher.value());
        let regex = format!("{}(\\.0)?", matcher.value());
        let both = is_it.then(|| Matcher::new(BUCKET_LABEL, MatchOp::Regex, regex).ok()).flatten();
        both.unwrap_or_else(|| matcher.clone())
    };
    Metric { name: success.name.clone(), matchers: success.matchers.iter().map(either).collect() }
}

fn burn_name(slo: &Slo, range_ms: i64) -> String {
    format!("{}:burnrate{}", slo.total().base_name(), duration(range_ms))
}

fn increase_name(metric: &Metric, range: &str) -> String {
    format!("{}:increase{range}", metric.base_name())
}

fn duration(millis: i64) -> String {
    PromDuration::from_millis(millis).to_string()
}

fn seconds(millis: i64) -> String {
    float::general(millis as f64 / 1000.0)
}
