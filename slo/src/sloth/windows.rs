//! `AlertWindows`: for a period, in which windows which share of the budget tells.

use model::duration::PromDuration;
use model::yaml::{Document, Fault, Problem, Step};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::spec::{BurnPair, Severity};

/// A period and its pairs of windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// The period of the SLO, in milliseconds.
    pub period_ms: i64,
    /// Pages first, and of each severity the faster one first.
    pub pairs: Vec<BurnPair>,
}

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Severity, share of the budget in percent, short and long window: the workbook's, for four weeks and for a month.
const BUILT_IN: [(Severity, f64, i64, i64); 4] = [
    (Severity::Page, 2.0, HOUR_MS / 12, HOUR_MS),
    (Severity::Page, 5.0, HOUR_MS / 2, 6 * HOUR_MS),
    (Severity::Ticket, 10.0, 2 * HOUR_MS, DAY_MS),
    (Severity::Ticket, 10.0, 6 * HOUR_MS, 3 * DAY_MS),
];

impl Default for Windows {
    fn default() -> Windows {
        Windows::workbook(30 * DAY_MS)
    }
}

impl Windows {
    /// Those that Sloth has for a period without being told: 28 or 30 days.
    pub fn built_in(period_ms: i64) -> Option<Windows> {
        [28 * DAY_MS, 30 * DAY_MS].contains(&period_ms).then(|| Windows::workbook(period_ms))
    }

    fn workbook(period_ms: i64) -> Windows {
        let pairs = BUILT_IN
            .into_iter()
            .map(|(severity, percent, short_ms, long_ms)| pair(severity, period_ms, percent, short_ms, long_ms))
            .collect();
        Windows { period_ms, pairs }
    }

    /// Reads a document of kind `AlertWindows`.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(document: &Document) -> Result<Windows, Vec<Problem>> {
        let (written, mut problems) = document.read::<Written>();
        let mut faults = Vec::new();
        let spec = written.unwrap_or_default().spec;
        let period_ms = spec.slo_period.as_millis();
        let mut error = |path: &[&str], message: &str| {
            let path = path.iter().map(|name| Step::Key((*name).to_owned())).collect();
            faults.push(Fault { path, message: message.to_owned() });
        };
        if period_ms <= 0 {
            error(&["spec", "sloPeriod"], "a period above 0 is needed");
        }
        let mut pairs = Vec::new();
        for (severity, name, alert) in [(Severity::Page, "page", spec.page), (Severity::Ticket, "ticket", spec.ticket)]
        {
            for (speed, window) in [("quick", alert.quick), ("slow", alert.slow)] {
                let (short_ms, long_ms) = (window.short_window.as_millis(), window.long_window.as_millis());
                if !(window.error_budget_percent > 0.0 && window.error_budget_percent <= 100.0) {
                    error(&["spec", name, speed, "errorBudgetPercent"], "above 0 and at most 100 is needed");
                }
                if short_ms <= 0 || long_ms <= short_ms {
                    error(&["spec", name, speed, "longWindow"], "a long window above a short one above 0 is needed");
                }
                pairs.push(pair(severity.clone(), period_ms, window.error_budget_percent, short_ms, long_ms));
            }
        }
        problems.extend(faults.iter().map(|fault| document.locate(fault)));
        if problems.is_empty() { Ok(Windows { period_ms, pairs }) } else { Err(problems) }
    }
}

/// A pair that tells where so much of the budget is gone in the long window. The factor is to the last bit what Sloth's
/// arithmetic makes of it.
fn pair(severity: Severity, period_ms: i64, percent: f64, short_ms: i64, long_ms: i64) -> BurnPair {
    let hours = |millis: i64| millis as f64 / HOUR_MS as f64;
    let factor = percent / 100.0 * hours(period_ms) / hours(long_ms);
    BurnPair { severity, long_ms, short_ms, factor, for_ms: 0 }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "AlertWindows", default, rename_all = "camelCase")]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    #[serde(rename = "metadata")]
    _metadata: IgnoredAny,
    spec: WrittenSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "spec", default, rename_all = "camelCase")]
struct WrittenSpec {
    slo_period: PromDuration,
    page: WrittenAlert,
    ticket: WrittenAlert,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "alert", default)]
struct WrittenAlert {
    quick: WrittenWindow,
    slow: WrittenWindow,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "window", default, rename_all = "camelCase")]
struct WrittenWindow {
    error_budget_percent: f64,
    short_window: PromDuration,
    long_window: PromDuration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_sloths() {
        let check = |windows: Option<Windows>, want: [f64; 4]| {
            let factors: Vec<f64> = windows.unwrap().pairs.iter().map(|pair| pair.factor).collect();
            assert_eq!(factors, want);
        };
        check(Windows::built_in(30 * DAY_MS), [14.4, 6.0, 3.0, 1.0]);
        check(Windows::built_in(28 * DAY_MS), [13.44, 5.6000000000000005, 2.8000000000000003, 0.9333333333333333]);
        assert_eq!(Windows::built_in(7 * DAY_MS), None);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let check = |text: &str, want: &[&str]| {
            let problems = Windows::parse(&Document::parse(text).unwrap()).unwrap_err();
            let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
            assert_eq!(paths, want, "{text}");
        };
        let pair = "{errorBudgetPercent: 2, shortWindow: 5m, longWindow: 1h}";
        let alert = format!("{{quick: {pair}, slow: {pair}}}");
        check(&format!("spec: {{sloPeriod: 0s, page: {alert}, ticket: {alert}}}"), &["spec.sloPeriod"]);
        let swapped = alert.replace("1h}}", "5m}}");
        check(&format!("spec: {{sloPeriod: 7d, page: {alert}, ticket: {swapped}}}"), &["spec.ticket.slow.longWindow"]);
        let nothing = alert.replace("{errorBudgetPercent: 2", "{errorBudgetPercent: 0");
        let want = ["spec.page.quick.errorBudgetPercent", "spec.page.slow.errorBudgetPercent"];
        check(&format!("spec: {{sloPeriod: 7d, page: {nothing}, ticket: {alert}}}"), &want);
    }
}
