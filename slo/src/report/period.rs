//! Which time a report is about: a year, a quarter, a month, a week, or the last so many days.

use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use jiff::tz::TimeZone;

use super::Language;
use crate::spec::{CalendarUnit, Window};
use crate::window::Span;

const DAY_MS: i64 = 86_400_000;
/// The limit `report_days`: the longest period in days, as long as counts are kept by default.
pub const MAX_DAYS: i64 = 400;

/// A period.
#[derive(Clone, Debug)]
pub struct Period {
    /// As it was asked for: `2026-Q4`, `28d`.
    pub name: String,
    /// Whose clocks.
    pub zone: TimeZone,
    window: Window,
    /// All of it, also what lies ahead.
    pub span: Span,
}

/// Why a text is no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It is not written like one.
    #[error("{0:?} is no period: there are 2026, 2026-Q4, 2026-11, 2026-W47 and 28d")]
    Form(String),
    /// It has more days than are kept.
    #[error("{n_days} days are more than {MAX_DAYS} (report_days)")]
    TooLong {
        /// How many it has.
        n_days: i64,
    },
    /// It has not begun.
    #[error("{0} has not begun")]
    Ahead(String),
}

impl Period {
    /// The period that a text names, at an instant.
    ///
    /// # Errors
    /// When it is none, is too long, or lies ahead.
    pub fn of(text: &str, zone: &TimeZone, now_ms: i64) -> Result<Period, PeriodError> {
        let wrong = || PeriodError::Form(text.chars().take(40).collect());
        let (window, at_ms) = match days(text) {
            Some(n_days) if n_days > MAX_DAYS => return Err(PeriodError::TooLong { n_days }),
            Some(0) => return Err(wrong()),
            Some(n_days) => (Window::Rolling { length_ms: n_days * DAY_MS }, now_ms),
            None => {
                let (unit, first) = calendar(text).ok_or_else(wrong)?;
                let begin = first.to_zoned(zone.clone()).map_err(|_| wrong())?;
                let anchor = first.at(0, 0, 0, 0);
                let window = Window::Calendar { unit, count: 1, anchor, zone: zone.clone() };
                (window, begin.timestamp().as_millisecond() + 1)
            }
        };
        let span = window.span_at(at_ms);
        if span.from_ms >= now_ms {
            return Err(PeriodError::Ahead(text.to_owned()));
        }
        Ok(Period { name: text.to_owned(), zone: zone.clone(), window, span })
    }

    /// What people call it: `October 2026`, `the last 28 days`.
    pub fn title(&self, language: Language) -> String {
        let first = self.day(self.span.from_ms);
        let (year, quarter) = (first.year(), (first.month() + 2) / 3);
        match (language, &self.window) {
            (Language::English, Window::Rolling { length_ms }) => format!("the {}", language.last(*length_ms)),
            (Language::Chinese, Window::Rolling { length_ms }) => language.last(*length_ms),
            (Language::English, Window::Calendar { unit: CalendarUnit::Year, .. }) => year.to_string(),
            (Language::Chinese, Window::Calendar { unit: CalendarUnit::Year, .. }) => format!("{year} 年"),
            (Language::English, Window::Calendar { unit: CalendarUnit::Quarter, .. }) => {
                format!("quarter {quarter} of {year}")
            }
            (Language::Chinese, Window::Calendar { unit: CalendarUnit::Quarter, .. }) => {
                format!("{year} 年第 {quarter} 季度")
            }
            (_, Window::Calendar { unit: CalendarUnit::Month, .. }) => {
                first.strftime(language.say("%B %Y", "%-Y 年 %-m 月")).to_string()
            }
            (_, Window::Calendar { .. }) => {
                let week = first.iso_week_date();
                match language {
                    Language::English => format!("week {} of {}", week.week(), week.year()),
                    Language::Chinese => format!("{} 年第 {} 周", week.year(), week.week()),
                }
            }
        }
    }

    /// What of it has passed.
    pub fn so_far(&self, now_ms: i64) -> Span {
        Span { to_ms: self.span.to_ms.min(now_ms), ..self.span }
    }

    /// Whether nothing of it lies ahead. One that ends now goes on with time.
    pub fn is_over(&self, now_ms: i64) -> bool {
        !self.window.is_rolling() && self.span.to_ms <= now_ms
    }

    /// Whether it moves with time.
    pub fn is_rolling(&self) -> bool {
        self.window.is_rolling()
    }

    /// When the month began that an instant lies in.
    pub(super) fn month_begin_ms(&self, at_ms: i64) -> i64 {
        let unit = CalendarUnit::Month;
        let anchor = date(2000, 1, 1).at(0, 0, 0, 0);
        Window::Calendar { unit, count: 1, anchor, zone: self.zone.clone() }.span_at(at_ms).from_ms
    }

    /// The period before it.
    #[must_use]
    pub fn before(&self) -> Period {
        let span = self.window.span_at(self.span.from_ms);
        Period { name: self.name_of(span), span, ..self.clone() }
    }

    /// What a period of the same kind is called: a calendar's as they are asked for, others by their last day.
    fn name_of(&self, span: Span) -> String {
        let first = self.day(span.from_ms);
        match &self.window {
            Window::Calendar { unit: CalendarUnit::Year, .. } => first.year().to_string(),
            Window::Calendar { unit: CalendarUnit::Quarter, .. } => {
                format!("{}-Q{}", first.year(), (first.month() + 2) / 3)
            }
            Window::Calendar { unit: CalendarUnit::Month, .. } => format!("{}-{:02}", first.year(), first.month()),
            Window::Calendar { .. } => {
                let week = first.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            Window::Rolling { .. } => format!("{first} – {}", self.day(span.to_ms)),
        }
    }

    /// The day on the zone's calendar that an instant lies in.
    fn day(&self, at_ms: i64) -> Date {
        jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_zoned(self.zone.clone()).date()
    }
}

fn days(text: &str) -> Option<i64> {
    number(text.strip_suffix('d')?).map(i64::from)
}

/// The unit and the first day of a calendar's period.
fn calendar(text: &str) -> Option<(CalendarUnit, Date)> {
    let (year, rest) = text.split_once('-').map_or((text, None), |(year, rest)| (year, Some(rest)));
    let year = number(year).filter(|_| year.len() == 4).and_then(|year| i16::try_from(year).ok())?;
    let Some(rest) = rest else { return Some((CalendarUnit::Year, date(year, 1, 1))) };
    let part = |text: &str| number(text).and_then(|number| i8::try_from(number).ok());
    if let Some(quarter) = rest.strip_prefix('Q') {
        let quarter = part(quarter).filter(|quarter| (1..=4).contains(quarter))?;
        return Some((CalendarUnit::Quarter, date(year, quarter * 3 - 2, 1)));
    }
    if let Some(week) = rest.strip_prefix('W') {
        let first = ISOWeekDate::new(year, part(week)?, Weekday::Monday).ok()?;
        return Some((CalendarUnit::Week, first.date()));
    }
    Some((CalendarUnit::Month, Date::new(year, part(rest)?, 1).ok()?))
}

fn number(text: &str) -> Option<u32> {
    let is_number = !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Moment;

    const NOW: &str = "2026-11-29T12:00:00Z";

    /// The period, its span, and the one before it.
    fn check(text: &str, zone: &str, want: Result<(&str, &str, &str), &str>) {
        let zone = TimeZone::get(zone).unwrap();
        let now_ms = NOW.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let got = Period::of(text, &zone, now_ms).map(|period| {
            let Span { from_ms, to_ms } = period.span;
            (Moment(from_ms).to_string(), Moment(to_ms).to_string(), period.before().name)
        });
        let got = got.map_err(|error| error.to_string());
        let got = got.as_ref().map(|(from, to, before)| (from.as_str(), to.as_str(), before.as_str()));
        assert_eq!(got.map_err(String::as_str), want, "{text}");
    }

    #[test]
    fn periods() {
        check("2026", "UTC", Ok(("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2025")));
        check("2026-Q4", "UTC", Ok(("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-Q3")));
        check("2026-01", "UTC", Ok(("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2025-12")));
        check("2026-W01", "UTC", Ok(("2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z", "2025-W52")));
        check("28d", "UTC", Ok(("2026-11-01T12:00:00Z", "2026-11-29T12:00:00Z", "2026-10-04 – 2026-11-01")));
        // Clocks go back on 2026-10-25 in Berlin.
        check("2026-10", "Europe/Berlin", Ok(("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "2026-09")));
    }

    #[test]
    fn periods_have_names_that_people_say() {
        let check = |text: &str, english: &str, chinese: &str| {
            let now_ms = NOW.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            let period = Period::of(text, &TimeZone::get("Asia/Shanghai").unwrap(), now_ms).unwrap();
            assert_eq!(
                (period.title(Language::English).as_str(), period.title(Language::Chinese).as_str()),
                (english, chinese)
            );
        };
        check("2026", "2026", "2026 年");
        check("2026-Q4", "quarter 4 of 2026", "2026 年第 4 季度");
        check("2026-10", "October 2026", "2026 年 10 月");
        check("2026-W01", "week 1 of 2026", "2026 年第 1 周");
        check("28d", "the last 28 days", "最近 28 天");
        check("1d", "the last day", "最近 1 天");
    }

    #[test]
    fn what_is_no_period_is_refused() {
        let wrong = |text: &str| {
            let want = format!("{text:?} is no period: there are 2026, 2026-Q4, 2026-11, 2026-W47 and 28d");
            check(text, "UTC", Err(&want));
        };
        ["", "0d", "26", "2026-", "2026-Q5", "2026-13", "2026-W54", "2026-+1", "-1d", "lately"]
            .into_iter()
            .for_each(wrong);
        check("401d", "UTC", Err("401 days are more than 400 (report_days)"));
        check("2026-12", "UTC", Err("2026-12 has not begun"));
    }
}
