//! The windows of an objective's alerts, as shares of the objective's own window.

const MINUTE_MS: i64 = 60_000;

/// Two windows, and how fast the budget has to burn in both of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlertWindow {
    /// Which of the four.
    pub tier: Tier,
    /// For how long before it is told, in milliseconds.
    pub for_ms: i64,
    /// The long window, in milliseconds.
    pub long_ms: i64,
    /// The short window, in milliseconds.
    pub short_ms: i64,
    /// How much faster than evenly.
    pub factor: i64,
}

/// How fast a budget burns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Gone in a fourteenth of the window.
    Fast,
    /// Gone in a seventh.
    Medium,
    /// Gone in a half.
    Slow,
    /// Gone in the window.
    LongTerm,
}

/// What the window is divided by for `for`, the long and the short window, and the factor.
const TIERS: [(Tier, i64, i64, i64, i64); 4] = [
    (Tier::Fast, 20_160, 672, 8064, 14),
    (Tier::Medium, 2688, 112, 1344, 7),
    (Tier::Slow, 672, 28, 336, 2),
    (Tier::LongTerm, 224, 7, 112, 1),
];

/// The windows for an objective's window, each to a whole minute.
pub fn alert_windows(window_ms: i64) -> [AlertWindow; 4] {
    TIERS.map(|(tier, for_part, long_part, short_part, factor)| {
        let part = |part: i64| (window_ms as f64 / part as f64 / MINUTE_MS as f64).round() as i64 * MINUTE_MS;
        AlertWindow { tier, for_ms: part(for_part), long_ms: part(long_part), short_ms: part(short_part), factor }
    })
}

#[cfg(test)]
mod tests {
    use model::duration::PromDuration;
    use serde_json::Value;

    use super::*;
    use crate::suites;

    #[test]
    fn windows_are_pyrras() {
        let Some(text) = suites::text("pyrra/windows-derived.yaml") else { return };
        let expected = suites::yaml(&text);
        let millis = |value: &Value| value.as_str().unwrap().parse::<PromDuration>().unwrap().as_millis();
        let windows = expected["windows"].as_object().unwrap();
        assert!(windows.len() > 5);
        for (window, want) in windows {
            let found = alert_windows(millis(&Value::String(window.clone())));
            for (found, want) in found.iter().zip(want.as_array().unwrap()) {
                let is_critical = matches!(found.tier, Tier::Fast | Tier::Medium);
                assert_eq!(is_critical, want["severity"] == "critical", "{window}");
                assert_eq!(Some(found.factor), want["factor"].as_i64(), "{window}");
                let wanted = (millis(&want["for"]), millis(&want["long"]), millis(&want["short"]));
                assert_eq!((found.for_ms, found.long_ms, found.short_ms), wanted, "{window}");
            }
        }
    }
}
