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

    /// `a, b and c`, `a、b、c`. The word is that before the last, in English.
    pub(crate) fn list(self, parts: &[String], word: &str) -> String {
        match (self, parts) {
            (Language::English, [before @ .., last]) if !before.is_empty() => {
                format!("{} {word} {last}", before.join(", "))
            }
            (Language::English, _) => parts.concat(),
            (Language::Chinese, _) => parts.join("、"),
        }
    }

    /// A state of a budget or of a policy, where it is one that everybody knows.
    pub(crate) fn state(self, state: &str) -> &str {
        match (self, state) {
            (Language::Chinese, "healthy") => "正常",
            (Language::Chinese, "caution") => "注意",
            (Language::Chinese, "critical") => "紧急",
            (Language::Chinese, "exhausted") => "已耗尽",
            (_, state) => state,
        }
    }

    /// A class of changes, where it is one that everybody knows: one of it, and all of it.
    pub(crate) fn change(self, class: &str) -> (&str, &str) {
        let (one, all, chinese) = match class {
            "feature" => ("a feature", "features", "功能"),
            "fix" => ("a fix", "fixes", "修复"),
            "security" => ("a security fix", "security fixes", "安全"),
            "rollback" => ("a rollback", "rollbacks", "回滚"),
            "config" => ("a change of configuration", "changes of configuration", "配置"),
            other => (other, other, other),
        };
        (self.say(one, chinese), self.say(all, chinese))
    }

    /// A duration in full words: `3 days`, `1 hour 30 minutes`, `3 天`. What is shorter than a second is left out.
    pub(crate) fn long_duration(self, duration_ms: i64) -> String {
        let units =
            [(DAY_MS, "day", "天"), (HOUR_MS, "hour", "小时"), (MINUTE_MS, "minute", "分钟"), (1000, "second", "秒")];
        let mut left_ms = duration_ms.max(0);
        let mut parts = Vec::new();
        for (unit_ms, english, chinese) in units {
            let n = left_ms / unit_ms;
            left_ms %= unit_ms;
            match self {
                _ if n == 0 => {}
                Language::English => parts.push(format!("{n} {english}{}", if n == 1 { "" } else { "s" })),
                Language::Chinese => parts.push(format!("{n} {chinese}")),
            }
        }
        if parts.is_empty() { self.say("0 seconds", "0 秒").to_owned() } else { parts.join(" ") }
    }

    /// The last so long: `last 7 days`, `last hour`, `最近 7 天`.
    pub(crate) fn last(self, duration_ms: i64) -> String {
        let length = self.long_duration(duration_ms);
        match self {
            Language::English => match length.strip_prefix("1 ").filter(|rest| !rest.contains(' ')) {
                Some(unit) => format!("last {unit}"),
                None => format!("last {length}"),
            },
            Language::Chinese => format!("最近 {length}"),
        }
    }

    /// A duration by its two largest units.
    pub(crate) fn duration(self, duration_ms: i64) -> String {
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

/// A day and a time to the minute as people say them, on the clocks of a zone; with the year where it is another than the one given.
pub(super) fn said_time(at_ms: i64, zone: &TimeZone, year: i16, language: Language) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(zone.clone());
    let form = match at.year() == year {
        true => language.say("%-d %b %H:%M", "%-m 月 %-d 日 %H:%M"),
        false => language.say("%-d %b %Y %H:%M", "%-Y 年 %-m 月 %-d 日 %H:%M"),
    };
    at.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_each_language() {
        let check = |english: String, chinese: String, want: (&str, &str)| {
            assert_eq!((english.as_str(), chinese.as_str()), want);
        };
        let both =
            |told: &dyn Fn(Language) -> String, want| check(told(Language::English), told(Language::Chinese), want);
        both(&|language| language.long_duration(3 * DAY_MS), ("3 days", "3 天"));
        both(&|language| language.long_duration(90 * MINUTE_MS), ("1 hour 30 minutes", "1 小时 30 分钟"));
        both(&|language| language.long_duration(0), ("0 seconds", "0 秒"));
        both(&|language| language.last(7 * DAY_MS), ("last 7 days", "最近 7 天"));
        both(&|language| language.last(HOUR_MS), ("last hour", "最近 1 小时"));
        both(&|language| language.last(90 * MINUTE_MS), ("last 1 hour 30 minutes", "最近 1 小时 30 分钟"));
        let names = ["a", "b", "c"].map(str::to_owned);
        both(&|language| language.list(&names[..1], "and"), ("a", "a"));
        both(&|language| language.list(&names[..2], "or"), ("a or b", "a、b"));
        both(&|language| language.list(&names, "and"), ("a, b and c", "a、b、c"));
        both(&|language| language.state("exhausted").to_owned(), ("exhausted", "已耗尽"));
        both(&|language| language.state("calm").to_owned(), ("calm", "calm"));
        both(&|language| language.change("fix").0.to_owned(), ("a fix", "修复"));
        both(&|language| language.change("fix").1.to_owned(), ("fixes", "修复"));
        both(&|language| language.change("data").1.to_owned(), ("data", "data"));
    }

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
