//! Gauges: minutes in which a value stays on the right side of a threshold.

use super::bounds::{rounded_down, rounded_up};
use super::write::{Threshold, Written, threshold};
use super::{Draft, Metric, Stored};
use crate::report::Language;

/// Words in names of which less is better.
const LESS: [&str; 14] = [
    "latency",
    "lag",
    "delay",
    "duration",
    "queue",
    "pending",
    "backlog",
    "age",
    "errors",
    "failures",
    "usage",
    "used",
    "utilization",
    "temperature",
];
/// Words in names of which more is better.
const MORE: [&str; 8] = ["free", "available", "avail", "remaining", "ready", "healthy", "connected", "hit"];

/// Drafts of a gauge: of one that is 0 or 1 that it is 1, otherwise a bound above, below, or both.
pub(super) fn drafts(metric: &Metric, stored: &mut dyn Stored) -> Result<Vec<Draft>, String> {
    let (selector, language) = (metric.selector(&[]), metric.language);
    let mut quantile = |share: &str| {
        let query = format!("quantile({share}, quantile_over_time({share}, {selector}[1d]))");
        stored.number(&query).filter(|value| value.is_finite())
    };
    let (lowest, highest) = (quantile("0"), quantile("1"));
    let (Some(lowest), Some(highest)) = (lowest, highest) else {
        return Err(language.say("It had no values during the last day.", "最近一天没有任何值。").to_owned());
    };
    let is_switch = metric.name == "up" || metric.name.ends_with("_up") || metric.name.ends_with("_success");
    let lies_between = lowest >= 0.0 && highest <= 1.0;
    if lies_between && (is_switch || (lowest == 0.0 && highest == 1.0 && quantile("0.5").is_some_and(is_whole))) {
        let why = language.say("It is 1 while all is well, and 0 while it is not.", "正常时为 1，不正常时为 0。");
        return Ok(vec![draft(metric, &selector, ("gte", 1.0), why.to_owned())]);
    }
    if lowest == highest {
        return Err(match language {
            Language::English => format!("It was {lowest} all the last day: nothing says what would be bad."),
            Language::Chinese => format!("最近一天始终为 {lowest}，看不出怎样算坏。"),
        });
    }
    let has = |words: &[&str]| metric.name.split(['_', ':']).any(|word| words.contains(&word));
    let (is_less, is_more) = (has(&LESS), has(&MORE));
    let mut drafts = Vec::new();
    if is_less || !is_more {
        let bound = rounded_up(quantile("0.99").unwrap_or(highest));
        let why = match language {
            Language::English => format!("Less is better, it seems: 99 % of the last day lay at {bound} or below."),
            Language::Chinese => format!("似乎越小越好：最近一天有 99 % 的时间不超过 {bound}。"),
        };
        drafts.push(draft(metric, &selector, ("lte", bound), why));
    }
    if is_more || !is_less {
        let bound = rounded_down(quantile("0.01").unwrap_or(lowest));
        let why = match language {
            Language::English => format!("More is better, it seems: 99 % of the last day lay at {bound} or above."),
            Language::Chinese => format!("似乎越大越好：最近一天有 99 % 的时间不低于 {bound}。"),
        };
        drafts.push(draft(metric, &selector, ("gte", bound), why));
    }
    Ok(drafts)
}

fn is_whole(value: f64) -> bool {
    value.fract() == 0.0
}

fn draft(metric: &Metric, selector: &str, (op, value): (&'static str, f64), why: String) -> Draft {
    let word = if op == "lte" { "at most" } else { "at least" };
    let written = Written {
        name: metric.slug_with(&format!("{word}-{value}")),
        title: match (metric.language, op) {
            (Language::English, _) => format!("{} is {word} {value}", metric.name),
            (Language::Chinese, "lte") => format!("{} 不超过 {value}", metric.name),
            (Language::Chinese, _) => format!("{} 不低于 {value}", metric.name),
        },
        kind: "threshold",
        percent: "99",
        labels: metric.groups(""),
    };
    threshold(metric, written, &Threshold { query: selector.to_owned(), op, value }, why)
}
