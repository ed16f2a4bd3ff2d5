//! Counters of failures beside a counter of all, by their names.

use super::write::{Ratio, Written, ratio};
use super::{Draft, Metric, Stored};
use crate::report::Language;

/// Words for failures in names.
const FAILURES: [&str; 5] = ["errors", "failures", "failed", "error", "failure"];
/// Words for successes in names.
const SUCCESSES: [&str; 4] = ["success", "successes", "succeeded", "successful"];

/// Names that stand beside another.
#[derive(Debug, PartialEq)]
struct Beside {
    bad: String,
    /// All events, or the good ones.
    other: String,
    /// Whether the other are only the good ones.
    is_good: bool,
}

/// The draft of a counter that has another beside it.
pub(super) fn draft(metric: &Metric, stored: &mut dyn Stored) -> Option<Draft> {
    let missing = |beside: &Beside| if beside.bad == metric.name { beside.other.clone() } else { beside.bad.clone() };
    let beside = beside(&metric.name).into_iter().find(|beside| stored.has(&missing(beside)))?;
    let (bad, other) = (metric.selector_of(&beside.bad, &[]), metric.selector_of(&beside.other, &[]));
    let Beside { bad: failed, other: counted, is_good } = &beside;
    let why = match (metric.language, is_good) {
        (Language::English, true) => format!("What failed is counted by {failed}, and what went well by {counted}."),
        (Language::English, false) => format!("What failed is counted by {failed}, and everything by {counted}."),
        (Language::Chinese, true) => format!("{failed} 统计失败，{counted} 统计成功。"),
        (Language::Chinese, false) => format!("{failed} 统计失败，{counted} 统计全部。"),
    };
    let total = if beside.is_good { format!("{other} + {bad}") } else { other };
    let written = Written {
        name: metric.slug_with("availability"),
        title: match metric.language {
            Language::English => format!("{} do not fail", metric.family()),
            Language::Chinese => format!("{} 不失败", metric.family()),
        },
        kind: "availability",
        percent: "99.9",
        labels: metric.groups(""),
    };
    Some(ratio(metric, written, Ratio { is_good: false, part: bad, total }, why))
}

/// The names that were looked for.
pub(super) fn names(name: &str) -> Vec<String> {
    beside(name).into_iter().map(|beside| if beside.bad == name { beside.other } else { beside.bad }).take(4).collect()
}

fn beside(name: &str) -> Vec<Beside> {
    let (stem, suffix) = match name.strip_suffix("_total") {
        Some(stem) => (stem, "_total"),
        None => (name, ""),
    };
    let all = |bad: String, other: String| Beside { bad, other, is_good: false };
    for word in FAILURES {
        if let Some(stem) = stem.strip_suffix(word).and_then(|stem| stem.strip_suffix('_')) {
            let of_all =
                ["", "_requests", "_attempts"].map(|more| all(name.to_owned(), format!("{stem}{more}{suffix}")));
            let of_good = SUCCESSES.map(|good| Beside {
                bad: name.to_owned(),
                other: format!("{stem}_{good}{suffix}"),
                is_good: true,
            });
            return of_all.into_iter().chain(of_good).collect();
        }
    }
    for word in SUCCESSES {
        if let Some(stem) = stem.strip_suffix(word).and_then(|stem| stem.strip_suffix('_')) {
            let other =
                |bad: &str| Beside { bad: format!("{stem}_{bad}{suffix}"), other: name.to_owned(), is_good: true };
            return FAILURES.iter().map(|bad| other(bad)).collect();
        }
    }
    let shorter = ["_requests", "_attempts"].iter().find_map(|more| stem.strip_suffix(more));
    let stems = [Some(stem), shorter].into_iter().flatten();
    let failed = stems.flat_map(|stem| FAILURES.map(|word| all(format!("{stem}_{word}{suffix}"), name.to_owned())));
    failed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beside_names() {
        let check = |name: &str, want: &[&str]| assert_eq!(names(name)[..want.len()], *want, "{name}");
        check("http_errors_total", &["http_total", "http_requests_total", "http_attempts_total", "http_success_total"]);
        check("mails_success_total", &["mails_errors_total", "mails_failures_total"]);
        check("http_requests_total", &["http_requests_errors_total", "http_requests_failures_total"]);
        check("jobs", &["jobs_errors"]);
        assert!(beside("http_requests_total").iter().any(|beside| beside.bad == "http_errors_total"));
    }
}
