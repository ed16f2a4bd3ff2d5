//! Two reports of one alert become one.

use crate::Alert;

impl Alert {
    /// What is known of the alert after another report of it, at a time in milliseconds since the Unix epoch. Reports whose
    /// spans do not touch are of different occurrences: then the new one stands alone.
    #[must_use]
    pub fn updated_by(&self, report: &Alert, at_ms: i64) -> Alert {
        let is_within = |time: Option<i64>| is_after(time, self.starts_at_ms) && is_before(time, self.ends_at_ms);
        let touches = is_within(report.ends_at_ms) || is_within(Some(report.starts_at_ms));
        if touches { self.merged_with(report, at_ms) } else { report.clone() }
    }

    /// The span of both reports, with the annotations of the newer one: from the earlier start to the later end where both
    /// are over; else to the newer one's end, but an end that a sender has given is not shortened while the alert fires.
    #[must_use]
    pub fn merged_with(&self, other: &Alert, at_ms: i64) -> Alert {
        let (older, newer) = if other.updated_at_ms < self.updated_at_ms { (other, self) } else { (self, other) };
        let is_longer = is_before(newer.ends_at_ms, older.ends_at_ms);
        let keeps_end = if newer.is_resolved_at(at_ms) { older.is_resolved_at(at_ms) } else { !older.is_timeout };
        Alert {
            starts_at_ms: newer.starts_at_ms.min(older.starts_at_ms),
            ends_at_ms: if is_longer && keeps_end { older.ends_at_ms } else { newer.ends_at_ms },
            ..newer.clone()
        }
    }
}

/// Whether an end, which may be never, lies behind a time.
fn is_after(end_ms: Option<i64>, time_ms: i64) -> bool {
    end_ms.is_none_or(|end_ms| end_ms > time_ms)
}

/// Whether an end lies before another; never lies before nothing.
fn is_before(end_ms: Option<i64>, other_ms: Option<i64>) -> bool {
    end_ms.is_some_and(|end_ms| is_after(other_ms, end_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suites::{alert, list, suite};

    /// Any time will do.
    const NOW_MS: i64 = 1_700_000_000_000;

    #[test]
    fn reports_are_merged_as_alertmanager_does() {
        let Some(suite) = suite("alert_merge.json") else { return };
        let cases = list(&suite["cases"]);
        for case in cases {
            let [older, newer, want] = ["older", "newer", "expect"].map(|field| alert(&case[field], NOW_MS));
            assert_eq!(older.merged_with(&newer, NOW_MS), want, "{case}");
            assert_eq!(newer.merged_with(&older, NOW_MS), want, "{case}");
        }
        assert_eq!(cases.len(), 8);
    }

    #[test]
    fn what_has_no_end_lasts_until_it_is_said_to_end() {
        let report = |start: i64, end: Option<i64>, updated: i64| Alert {
            starts_at_ms: start,
            ends_at_ms: end,
            ..alert(&serde_json::json!({ "updated_at_s": updated }), 0)
        };
        let check = |older: Alert, newer: Alert, want: (i64, Option<i64>)| {
            let got = older.updated_by(&newer, 100);
            assert_eq!((got.starts_at_ms, got.ends_at_ms), want, "{older:?} {newer:?}");
        };
        check(report(10, None, 0), report(20, None, 1), (10, None));
        check(report(10, None, 0), report(20, Some(100), 1), (10, Some(100)));
        check(report(10, Some(90), 0), report(95, None, 1), (95, None));
        check(report(10, Some(200), 0), report(20, None, 1), (10, None));
        check(report(10, Some(90), 0), report(90, Some(300), 1), (90, Some(300)));
    }
}
