//! Histograms: so large a share within a bound, for bounds near where observations lie.

use model::{MatchOp, Matcher};

use super::bounds::power_of_two;
use super::write::{Ratio, Written, ratio};
use super::{Draft, Metric, Stored};
use crate::report::Language;

/// Shares of observations, in percent, that are asked for.
const SHARES: [&str; 2] = ["99", "95"];
/// Over the last day.
const LATELY: &str = "1d";

/// Whether its samples are native histograms.
pub(super) fn is_native(metric: &Metric, stored: &mut dyn Stored) -> bool {
    let lately = format!("count(histogram_count(last_over_time({}[{LATELY}])))", metric.selector(&[]));
    stored.number(&lately).is_some_and(|n_series| n_series > 0.0)
}

/// A draft for each bound.
pub(super) fn drafts(metric: &Metric, stored: &mut dyn Stored) -> Result<Vec<Draft>, String> {
    if metric.is_native {
        return native(metric, stored);
    }
    let buckets = metric.sibling("_bucket");
    let bounds = bounds(metric);
    if bounds.is_empty() {
        return Err(match metric.language {
            Language::English => format!("It has no buckets with a bound; {buckets} was looked for."),
            Language::Chinese => format!("没有带上限的桶（查找的是 {buckets}）。"),
        });
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for percent in SHARES {
        let share = percent.parse::<f64>().unwrap_or_default() / 100.0;
        let selector = metric.selector_of(&buckets, &[]);
        let lately =
            stored.number(&format!("histogram_quantile({share}, sum by (le) (increase({selector}[{LATELY}])))"));
        let lately = lately.filter(|value| value.is_finite());
        let Some((text, bound)) = near(&bounds, lately) else { continue };
        let why = match (metric.language, lately) {
            (Language::English, Some(lately)) => {
                format!("{percent} % of the last day lay within {lately:.3}, and the next bucket ends at {text}.")
            }
            (Language::Chinese, Some(lately)) => {
                format!("最近一天有 {percent} % 在 {lately:.3} 以内，其后的桶上限为 {text}。")
            }
            (Language::English, None) => {
                format!("Nothing was observed during the last day; a bucket ends at {text}.")
            }
            (Language::Chinese, None) => format!("最近一天没有观测值；有一个桶的上限为 {text}。"),
        };
        let of = Ratio {
            is_good: true,
            part: metric.selector_of(
                &buckets,
                &Matcher::new("le", MatchOp::Equal, text.as_str()).into_iter().collect::<Vec<_>>(),
            ),
            total: metric.selector_of(&metric.sibling("_count"), &[]),
        };
        let draft = ratio(metric, written(metric, *bound, percent), of, why);
        if drafts.iter().all(|other| other.good != draft.good) {
            drafts.push(draft);
        }
    }
    if drafts.is_empty() {
        let above = "All observations of the last day lie above its last bound.";
        Err(metric.language.say(above, "最近一天的所有观测值都超出了最后一个桶的上限。").to_owned())
    } else {
        Ok(drafts)
    }
}

/// The bounds of its buckets as they are stored, from low to high.
fn bounds(metric: &Metric) -> Vec<(String, f64)> {
    let values = metric.labels.get("le").into_iter().flatten();
    let finite =
        |text: &String| text.parse::<f64>().ok().filter(|bound| bound.is_finite()).map(|bound| (text.clone(), bound));
    let mut bounds: Vec<(String, f64)> = values.filter_map(finite).collect();
    bounds.sort_by(|one, other| one.1.total_cmp(&other.1));
    bounds
}

/// The bound not below a value; the middle one where nothing is known.
fn near(bounds: &[(String, f64)], value: Option<f64>) -> Option<&(String, f64)> {
    match value {
        Some(value) => bounds.iter().find(|(_, bound)| *bound >= value),
        None => bounds.get(bounds.len() / 2),
    }
}

fn native(metric: &Metric, stored: &mut dyn Stored) -> Result<Vec<Draft>, String> {
    let selector = metric.selector(&[]);
    let mut drafts: Vec<Draft> = Vec::new();
    for percent in SHARES {
        let share = percent.parse::<f64>().unwrap_or_default() / 100.0;
        let lately = stored.number(&format!("histogram_quantile({share}, sum(increase({selector}[{LATELY}])))"));
        let Some(lately) = lately.filter(|value| value.is_finite() && *value > 0.0) else { continue };
        let bound = power_of_two(lately);
        let rate = format!("rate({selector}[5m])");
        let of = Ratio {
            is_good: true,
            part: format!("histogram_fraction(0, {bound}, {rate}) * histogram_count({rate})"),
            total: format!("histogram_count({rate})"),
        };
        let why = match metric.language {
            Language::English => format!(
                "{percent} % of the last day lay within {lately:.3}, and at {bound} a bucket ends, whatever its resolution."
            ),
            Language::Chinese => {
                format!("最近一天有 {percent} % 在 {lately:.3} 以内；无论分辨率如何，{bound} 处总是桶的上限。")
            }
        };
        let draft = ratio(metric, written(metric, bound, percent), of, why);
        if drafts.iter().all(|other| other.good != draft.good) {
            drafts.push(draft);
        }
    }
    let nothing = || metric.language.say("Nothing was observed during the last day.", "最近一天没有观测值。");
    if drafts.is_empty() { Err(nothing().to_owned()) } else { Ok(drafts) }
}

fn written(metric: &Metric, bound: f64, percent: &'static str) -> Written {
    let is_time = metric.family().ends_with("_seconds");
    let unit = if is_time { " s" } else { "" };
    Written {
        name: metric.slug_with(&format!("within-{bound}")),
        title: match metric.language {
            Language::English => format!("{} are within {bound}{unit}", metric.family()),
            Language::Chinese => format!("{} 在 {bound}{unit} 以内", metric.family()),
        },
        kind: if is_time { "latency" } else { "threshold" },
        percent,
        labels: metric.groups("le"),
    }
}
