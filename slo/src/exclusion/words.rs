//! When something does not count, in words: `every Sunday, 02:00–04:00 Europe/Berlin`, `每周日 02:00–04:00（Europe/Berlin）`.
//!
//! What a rule says is told as it stands, not worked out day by day; only what it leaves to the first begin (the day of the week, of
//! the month, of the year) is taken from there.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

use super::recurrence::{Day, Frequency, Recurrence};
use crate::report::Language;
use crate::spec::Adjustment;

const DAY_MS: i64 = 86_400_000;
/// From here on there are months without such a day.
const FIRST_RARE_DAY: i8 = 29;
/// Which day of its name in a month.
const NTH: [(&str, &str); 5] = [("first", "一"), ("second", "二"), ("third", "三"), ("fourth", "四"), ("fifth", "五")];

/// When an adjustment takes time out, on the clocks of its zone. One whose repetition cannot be read is taken out once, and so it
/// is told.
pub fn when(adjustment: &Adjustment, language: Language) -> String {
    let first = &adjustment.first;
    let recurrence = adjustment.rrule.as_deref().and_then(|rrule| rrule.parse::<Recurrence>().ok());
    let hours = hours(first.time(), adjustment.length_ms, language);
    let zone = zone(first);
    let (days, end) = match &recurrence {
        Some(recurrence) if recurrence.count != Some(1) => {
            (days(recurrence, first, language), end(recurrence, first, language))
        }
        once => {
            let start_ms = once.as_ref().and_then(|rule| rule.starts(first, i64::MIN, i64::MAX).first().copied());
            let start = start_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
            let day = start.map_or(first.date(), |start| start.to_zoned(first.time_zone().clone()).date());
            (format!("{}{}", language.say("once, on ", "仅一次，"), date(day, language)), String::new())
        }
    };
    match language {
        Language::English => format!("{days}, {hours} {zone}{end}"),
        Language::Chinese => format!("{days} {hours}（{zone}）{end}"),
    }
}

/// From when to when, by the clock: `02:00–04:00`.
fn hours(from: Time, length_ms: i64, language: Language) -> String {
    let length_ms = length_ms.max(0);
    if from == Time::midnight() && length_ms == DAY_MS {
        return language.say("all day", "全天").to_owned();
    }
    if length_ms >= DAY_MS {
        let (from, length) = (clock(from), language.duration(length_ms));
        return match language {
            Language::English => format!("from {from} for {length}"),
            Language::Chinese => format!("{from} 起，持续 {length}"),
        };
    }
    let to = from.wrapping_add(SignedDuration::from_millis(length_ms));
    let (from_text, to_text) = (clock(from), clock(to));
    match to > from || length_ms == 0 {
        true => format!("{from_text}–{to_text}"),
        false if to == Time::midnight() => format!("{from_text}–24:00"),
        false => match language {
            Language::English => format!("{from_text}–{to_text} the next day"),
            Language::Chinese => format!("{from_text}–次日 {to_text}"),
        },
    }
}

/// `02:00`, with seconds where there are any.
fn clock(time: Time) -> String {
    time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

/// `Europe/Berlin`, or how far it is from UTC where it has no name.
fn zone(first: &Zoned) -> String {
    first.time_zone().iana_name().map_or_else(|| first.strftime("UTC%:z").to_string(), str::to_owned)
}

/// `4 Oct 2026`, `2026 年 10 月 4 日`
fn date(day: Date, language: Language) -> String {
    day.strftime(language.say("%-d %b %Y", "%-Y 年 %-m 月 %-d 日")).to_string()
}

/// On which days.
fn days(recurrence: &Recurrence, first: &Zoned, language: Language) -> String {
    let Recurrence { frequency, interval, by_day, .. } = recurrence;
    let has_numbers = by_day.iter().any(|day| day.nth.is_some());
    match (frequency, *interval) {
        (Frequency::Daily | Frequency::Weekly | Frequency::Monthly, 1) if !by_day.is_empty() && !has_numbers => {
            every_weekday(by_day, language)
        }
        (Frequency::Daily, _) => daily(recurrence, language),
        (Frequency::Weekly, _) => weekly(recurrence, first.weekday(), language),
        (Frequency::Monthly, _) => monthly(recurrence, first.day(), language),
        (Frequency::Yearly, _) => yearly(*interval, first.date(), language),
    }
}

/// `every Monday and Friday`
fn every_weekday(by_day: &[Day], language: Language) -> String {
    let weekdays = sorted(by_day);
    match (language, weekdays.len()) {
        (_, 7) => language.say("every day", "每天").to_owned(),
        (Language::English, 5) if weekdays[4] == Weekday::Friday => "Monday to Friday".to_owned(),
        (Language::Chinese, 5) if weekdays[4] == Weekday::Friday => "周一至周五".to_owned(),
        (Language::English, _) => format!("every {}", listed(&weekdays, language, "and")),
        (Language::Chinese, _) => format!("每{}", listed(&weekdays, language, "")),
    }
}

fn daily(recurrence: &Recurrence, language: Language) -> String {
    let days = every(recurrence.interval, ("day", "天"), language);
    let weekdays = sorted(&recurrence.by_day);
    match language {
        _ if weekdays.is_empty() => days,
        Language::English => format!("{days} where that is a {}", listed(&weekdays, language, "or")),
        Language::Chinese => format!("{days}，仅限{}", listed(&weekdays, language, "")),
    }
}

fn weekly(recurrence: &Recurrence, weekday: Weekday, language: Language) -> String {
    let weekdays = if recurrence.by_day.is_empty() { vec![weekday] } else { sorted(&recurrence.by_day) };
    let named = listed(&weekdays, language, "and");
    match (language, recurrence.interval) {
        (Language::English, 1) => format!("every {named}"),
        (Language::Chinese, 1) => format!("每{named}"),
        (Language::English, n_weeks) => format!("{} on {named}", every(n_weeks, ("week", "周"), language)),
        (Language::Chinese, n_weeks) => format!("{}的{named}", every(n_weeks, ("week", "周"), language)),
    }
}

fn monthly(recurrence: &Recurrence, day: i8, language: Language) -> String {
    let months = every(recurrence.interval, ("month", "个月"), language);
    let of = if recurrence.interval == 1 { "" } else { "的" };
    if recurrence.by_day.is_empty() {
        let is_rare = day >= FIRST_RARE_DAY;
        return match language {
            Language::English => {
                let rare = if is_rare { " where there is one" } else { "" };
                format!("{months} on the {}{rare}", ordinal(day))
            }
            Language::Chinese => {
                let rare = if is_rare { "（没有这一天的月份除外）" } else { "" };
                format!("{months}{of} {day} 日{rare}")
            }
        };
    }
    let mut named: Vec<String> = Vec::new();
    for day in recurrence.by_day.iter().map(|day| of_month(*day, language)) {
        if !named.contains(&day) {
            named.push(day);
        }
    }
    match language {
        Language::English => format!("{months} on {}", language.list(&named, "and")),
        Language::Chinese => format!("{months}的{}", language.list(&named, "")),
    }
}

fn yearly(n_years: i64, first: Date, language: Language) -> String {
    let years = every(n_years, ("year", "年"), language);
    let is_rare = (first.month(), first.day()) == (2, FIRST_RARE_DAY);
    match language {
        Language::English => {
            let rare = if is_rare { " where there is one" } else { "" };
            format!("{years} on {}{rare}", first.strftime("%-d %B"))
        }
        Language::Chinese => {
            let of = if n_years == 1 { "" } else { "的" };
            let rare = if is_rare { "（仅闰年）" } else { "" };
            format!("{years}{of} {}{rare}", first.strftime("%-m 月 %-d 日"))
        }
    }
}

/// `every day`, `every 2 days`
fn every(n: i64, unit: (&str, &str), language: Language) -> String {
    match (language, n) {
        (Language::English, 1) => format!("every {}", unit.0),
        (Language::English, n) => format!("every {n} {}s", unit.0),
        // What is counted by a measure word is not where it stands alone.
        (Language::Chinese, 1) => format!("每{}", unit.1.trim_start_matches('个')),
        (Language::Chinese, n) => format!("每 {n} {}", unit.1),
    }
}

/// `the first Tuesday`, `each Friday`
fn of_month(day: Day, language: Language) -> String {
    let name = weekday_name(day.weekday, language);
    let Some(nth) = day.nth else {
        return match language {
            Language::English => format!("each {name}"),
            Language::Chinese => format!("每个{name}"),
        };
    };
    let place = usize::from(nth.unsigned_abs()).saturating_sub(1);
    let (english, chinese) = NTH.get(place).copied().unwrap_or_default();
    let is_rare = place == NTH.len() - 1;
    match language {
        Language::English => {
            let which = match nth {
                -1 => "last".to_owned(),
                ..-1 => format!("{english}-last"),
                _ => english.to_owned(),
            };
            format!("the {which} {name}{}", if is_rare { " where there is one" } else { "" })
        }
        Language::Chinese => {
            let which = match nth {
                -1 => "最后一个".to_owned(),
                ..-1 => format!("倒数第{chinese}个"),
                _ => format!("第{chinese}个"),
            };
            format!("{which}{name}{}", if is_rare { "（如有）" } else { "" })
        }
    }
}

/// When it ends, behind a comma.
fn end(recurrence: &Recurrence, first: &Zoned, language: Language) -> String {
    if let Some(n_times) = recurrence.count {
        return match language {
            Language::English => format!(", {n_times} times in all"),
            Language::Chinese => format!("，共 {n_times} 次"),
        };
    }
    let Some(until) = recurrence.until else { return String::new() };
    let day = date(last_day(until, recurrence.is_utc, first), language);
    match language {
        Language::English => format!(", until {day}"),
        Language::Chinese => format!("，至 {day}"),
    }
}

/// The last day on which it may begin: that of its end, or the one before where it would begin later in the day.
fn last_day(until: DateTime, is_utc: bool, first: &Zoned) -> Date {
    let in_zone = |until: DateTime| {
        until.to_zoned(TimeZone::UTC).ok().map(|until| until.with_time_zone(first.time_zone().clone()))
    };
    let until = if is_utc { in_zone(until).map_or(until, |until| until.datetime()) } else { until };
    if until.time() >= first.time() { until.date() } else { until.date().yesterday().unwrap_or(until.date()) }
}

/// Monday first, each once.
fn sorted(by_day: &[Day]) -> Vec<Weekday> {
    let mut weekdays: Vec<Weekday> = by_day.iter().map(|day| day.weekday).collect();
    weekdays.sort_unstable_by_key(|weekday| weekday.to_monday_zero_offset());
    weekdays.dedup();
    weekdays
}

fn listed(weekdays: &[Weekday], language: Language, word: &str) -> String {
    let names: Vec<String> = weekdays.iter().map(|weekday| weekday_name(*weekday, language).to_owned()).collect();
    language.list(&names, word)
}

fn weekday_name(weekday: Weekday, language: Language) -> &'static str {
    let (english, chinese) = match weekday {
        Weekday::Monday => ("Monday", "周一"),
        Weekday::Tuesday => ("Tuesday", "周二"),
        Weekday::Wednesday => ("Wednesday", "周三"),
        Weekday::Thursday => ("Thursday", "周四"),
        Weekday::Friday => ("Friday", "周五"),
        Weekday::Saturday => ("Saturday", "周六"),
        Weekday::Sunday => ("Sunday", "周日"),
    };
    language.say(english, chinese)
}

/// `1st`, `22nd`, `31st`
fn ordinal(day: i8) -> String {
    let ending = match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SourcePlace;

    const HOUR_MS: i64 = 3_600_000;

    fn told(first: &str, length_ms: i64, rrule: &str, language: Language) -> String {
        let adjustment = Adjustment {
            name: String::new(),
            objectives: Vec::new(),
            first: first.parse().unwrap(),
            length_ms,
            rrule: Some(rrule.to_owned()).filter(|rrule| !rrule.is_empty()),
            reason: String::new(),
            source: SourcePlace::default(),
        };
        when(&adjustment, language)
    }

    /// Two hours from 02:00 in Berlin, the first time on Sunday the 4th of October 2026.
    fn check(rrule: &str, english: &str, chinese: &str) {
        let first = "2026-10-04T02:00:00+02:00[Europe/Berlin]";
        let (days, end) = english.split_once('|').unwrap_or((english, ""));
        let want = format!("{days}, 02:00–04:00 Europe/Berlin{end}");
        assert_eq!(told(first, 2 * HOUR_MS, rrule, Language::English), want, "{rrule}");
        let (days, end) = chinese.split_once('|').unwrap_or((chinese, ""));
        let want = format!("{days} 02:00–04:00（Europe/Berlin）{end}");
        assert_eq!(told(first, 2 * HOUR_MS, rrule, Language::Chinese), want, "{rrule}");
    }

    #[test]
    fn days_and_weeks() {
        check("", "once, on 4 Oct 2026", "仅一次，2026 年 10 月 4 日");
        check("FREQ=DAILY", "every day", "每天");
        check("FREQ=DAILY;INTERVAL=3", "every 3 days", "每 3 天");
        check("FREQ=DAILY;BYDAY=SU,SA", "every Saturday and Sunday", "每周六、周日");
        check(
            "FREQ=DAILY;INTERVAL=2;BYDAY=SA,SU",
            "every 2 days where that is a Saturday or Sunday",
            "每 2 天，仅限周六、周日",
        );
        check("FREQ=WEEKLY", "every Sunday", "每周日");
        check("RRULE:FREQ=WEEKLY;BYDAY=SU", "every Sunday", "每周日");
        check("FREQ=WEEKLY;BYDAY=FR,MO,WE,MO", "every Monday, Wednesday and Friday", "每周一、周三、周五");
        check("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Monday to Friday", "周一至周五");
        check(
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,SA",
            "every Monday, Tuesday, Wednesday, Thursday and Saturday",
            "每周一、周二、周三、周四、周六",
        );
        check("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day", "每天");
        check("FREQ=WEEKLY;INTERVAL=2", "every 2 weeks on Sunday", "每 2 周的周日");
        check("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", "every 2 weeks on Monday and Sunday", "每 2 周的周一、周日");
    }

    #[test]
    fn months_and_years() {
        check("FREQ=MONTHLY", "every month on the 4th", "每月 4 日");
        check("FREQ=MONTHLY;INTERVAL=2", "every 2 months on the 4th", "每 2 个月的 4 日");
        check("FREQ=MONTHLY;BYDAY=1TU", "every month on the first Tuesday", "每月的第一个周二");
        check(
            "FREQ=MONTHLY;BYDAY=1TU,-1TU,1TU",
            "every month on the first Tuesday and the last Tuesday",
            "每月的第一个周二、最后一个周二",
        );
        check(
            "FREQ=MONTHLY;BYDAY=-2FR,5MO",
            "every month on the second-last Friday and the fifth Monday where there is one",
            "每月的倒数第二个周五、第五个周一（如有）",
        );
        check(
            "FREQ=MONTHLY;BYDAY=2SA,FR",
            "every month on the second Saturday and each Friday",
            "每月的第二个周六、每个周五",
        );
        check("FREQ=MONTHLY;BYDAY=TU", "every Tuesday", "每周二");
        check("FREQ=MONTHLY;INTERVAL=3;BYDAY=TU", "every 3 months on each Tuesday", "每 3 个月的每个周二");
        check("FREQ=YEARLY", "every year on 4 October", "每年 10 月 4 日");
        check("FREQ=YEARLY;INTERVAL=2", "every 2 years on 4 October", "每 2 年的 10 月 4 日");
        let rare = |first: &str, rrule: &str, language| told(first, HOUR_MS, rrule, language);
        let (last, leap) = ("2026-01-31T10:00:00+00:00[UTC]", "2024-02-29T10:00:00+00:00[UTC]");
        let want = "every month on the 31st where there is one, 10:00–11:00 UTC";
        assert_eq!(rare(last, "FREQ=MONTHLY", Language::English), want);
        let want = "每月 31 日（没有这一天的月份除外） 10:00–11:00（UTC）";
        assert_eq!(rare(last, "FREQ=MONTHLY", Language::Chinese), want);
        let want = "every year on 29 February where there is one, 10:00–11:00 UTC";
        assert_eq!(rare(leap, "FREQ=YEARLY", Language::English), want);
        assert_eq!(rare(leap, "FREQ=YEARLY", Language::Chinese), "每年 2 月 29 日（仅闰年） 10:00–11:00（UTC）");
        let ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30].map(ordinal);
        assert_eq!(ordinals, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th"]);
    }

    #[test]
    fn ends() {
        check("FREQ=DAILY;COUNT=4", "every day|, 4 times in all", "每天|，共 4 次");
        check("FREQ=WEEKLY;BYDAY=TU;COUNT=1", "once, on 6 Oct 2026", "仅一次，2026 年 10 月 6 日");
        check("FREQ=DAILY;UNTIL=20261231", "every day|, until 31 Dec 2026", "每天|，至 2026 年 12 月 31 日");
        // It would begin at 02:00, and ends at 01:00.
        check("FREQ=DAILY;UNTIL=20261231T010000", "every day|, until 30 Dec 2026", "每天|，至 2026 年 12 月 30 日");
        // 02:30 in Berlin.
        check("FREQ=DAILY;UNTIL=20261231T013000Z", "every day|, until 31 Dec 2026", "每天|，至 2026 年 12 月 31 日");
    }

    #[test]
    fn hours_of_a_day_and_beyond() {
        let check = |time: &str, length_ms: i64, english: &str, chinese: &str| {
            let time: Time = time.parse().unwrap();
            assert_eq!(hours(time, length_ms, Language::English), english);
            assert_eq!(hours(time, length_ms, Language::Chinese), chinese);
        };
        check("02:00:30", 90_000, "02:00:30–02:02", "02:00:30–02:02");
        check("22:00", 2 * HOUR_MS, "22:00–24:00", "22:00–24:00");
        check("22:00", 4 * HOUR_MS, "22:00–02:00 the next day", "22:00–次日 02:00");
        check("00:00", DAY_MS, "all day", "全天");
        check("22:00", DAY_MS, "from 22:00 for 1 d", "22:00 起，持续 1 天");
        check("20:00", 2 * DAY_MS + 5 * HOUR_MS, "from 20:00 for 2 d 5 h", "20:00 起，持续 2 天 5 小时");
    }

    #[test]
    fn clocks_without_a_name_and_rules_that_cannot_be_read() {
        let first = "2026-10-04T02:00:00+02:00[+02:00]";
        let want = "every Sunday, 02:00–03:00 UTC+02:00";
        assert_eq!(told(first, HOUR_MS, "FREQ=WEEKLY", Language::English), want);
        let want = "once, on 4 Oct 2026, 02:00–03:00 UTC+02:00";
        assert_eq!(told(first, HOUR_MS, "FREQ=HOURLY", Language::English), want);
    }
}
