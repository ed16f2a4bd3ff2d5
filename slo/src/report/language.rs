//! In which language a report is, and how numbers and times are written in it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// 简体中文
    Chinese,
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Language {
    /// What a tag means: `en`, `zh-CN` and their kin.
    pub fn of(tag: &str) -> Option<Language> {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Language::English),
            "zh" => Some(Language::Chinese),
            _ => None,
        }
    }

    /// The tag (BCP 47).
    pub fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }

    /// One of two texts.
    pub(crate) fn say<'t>(self, english: &'t str, chinese: &'t str) -> &'t str {
        match self {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    /// A duration by its two largest units.
    pub(super) fn duration(self, duration_ms: i64) -> String {
        let units = [(DAY_MS, "d", "天"), (HOUR_MS, "h", "小时"), (MINUTE_MS, "min", "分钟")];
        let minutes = (duration_ms.max(0) + MINUTE_MS / 2) / MINUTE_MS;
        let mut left_ms = minutes * MINUTE_MS;
        let mut parts = Vec::new();
        for (unit_ms, english, chinese) in units {
            if left_ms >= unit_ms && parts.len() < 2 {
                parts.push(format!("{} {}", left_ms / unit_ms, self.say(english, chinese)));
                left_ms %= unit_ms;
            }
        }
        if parts.is_empty() { self.say("less than 1 min", "不到 1 分钟").to_owned() } else { parts.join(" ") }
    }
}

/// A share of a budget in percent: to a tenth where it is small.
pub(super) fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    let text = if value.abs() < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    let text = text.strip_suffix(".0").unwrap_or(&text);
    format!("{} %", if text == "-0" { "0" } else { text })
}

/// A share of good events in percent, to a thousandth; what is not all never reads as all.
pub(super) fn fine_percent(ratio: f64) -> String {
    let text = format!("{:.3}", ratio * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "100" && ratio < 1.0 { "> 99.999 %".to_owned() } else { format!("{text} %") }
}

/// A number of events with its thousands apart; to a tenth where it is small and not whole.
pub(super) fn count(number: f64) -> String {
    if !number.is_finite() {
        return "–".to_owned();
    }
    if number.fract() != 0.0 && number.abs() < 100.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{:.0}", number.abs());
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0.0 && digits != "0" { format!("-{text}") } else { text }
}

/// A time to the minute, on the clocks of a zone.
pub(super) fn time(at_ms: i64, zone: &TimeZone) -> String {
    let instant = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A day on the calendar of a zone.
pub(super) fn day(at_ms: i64, zone: &TimeZone) -> String {
    time(at_ms, zone).split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        let check = |got: String, want: &str| assert_eq!(got, want);
        check(percent(0.624), "62 %");
        check(percent(0.0349), "3.5 %");
        check(percent(-0.0001), "0 %");
        check(percent(-1.3), "-130 %");
        check(fine_percent(0.99972), "99.972 %");
        check(fine_percent(0.999_999_9), "> 99.999 %");
        check(fine_percent(1.0), "100 %");
        check(count(1_234_567.0), "1,234,567");
        check(count(-1234.0), "-1,234");
        check(count(7.25), "7.2");
        check(count(100.0), "100");
        check(count(f64::NAN), "–");
        check(Language::English.duration(90 * MINUTE_MS), "1 h 30 min");
        check(Language::Chinese.duration(50 * HOUR_MS), "2 天 2 小时");
        check(Language::English.duration(1000), "less than 1 min");
    }

    #[test]
    fn tags() {
        let check = |tag: &str, want: Option<Language>| assert_eq!(Language::of(tag), want, "{tag}");
        check("en", Some(Language::English));
        check("en-GB", Some(Language::English));
        check("zh-CN", Some(Language::Chinese));
        check("zh_Hans", Some(Language::Chinese));
        check("tlh", None);
        check("", None);
    }
}
