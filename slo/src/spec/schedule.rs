//! When reports are sent by mail, and about which time.
//!
//! A report comes once in each unit of the calendar and is about the unit before it: what is over does not change any more. Clocks
//! that are put forward skip no report, and clocks that are put back send none twice: a time that is not there comes as much
//! later as clocks were put forward, and of one that is there twice the first counts.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::SourcePlace;
use crate::report::Language;

/// A day of the month that each month has.
const LAST_DAY: i8 = 28;

/// A report that is sent by mail again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportSchedule {
    /// Its name.
    pub name: String,
    /// About which product.
    pub product: String,
    /// How often.
    pub every: Every,
    /// When in it.
    pub at: At,
    /// Whose clocks.
    pub zone: TimeZone,
    /// In which language; that of the configuration where nothing is said.
    pub language: Option<Language>,
    /// `html`, `png`, `json`
    pub formats: Vec<String>,
    /// To whom.
    pub to: Vec<String>,
    /// Where it was written.
    pub source: SourcePlace,
}

/// How often a report is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// About the week before, from Monday to Sunday.
    Week,
    /// About the month before.
    Month,
    /// About the quarter before.
    Quarter,
}

/// When in a week, month or quarter: `Mon 09:00`, `1 09:00`. In a month and in a quarter a day of the week is the first of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    day: Day,
    time: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Weekday(Weekday),
    /// Of the first month, from 1.
    Number(i8),
}

/// A report that is due at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What it is about: `2026-W47`, `2026-10`, `2026-Q3`.
    pub period: String,
}

/// Why a text says no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AtError {
    /// It is not written like one.
    #[error("{0:?} is no day and time: `Mon 09:00` and `1 09:00` are")]
    Form(String),
    /// Not each month has the day.
    #[error("day {0} is not in each month: days 1 to {LAST_DAY} are")]
    Day(i64),
    /// Weeks have no numbered days.
    #[error("a week has no day {0}: `Mon 09:00` is a time in it")]
    InWeek(i8),
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

impl Every {
    /// All of them.
    pub const ALL: [Every; 3] = [Every::Week, Every::Month, Every::Quarter];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Every::Week => "week",
            Every::Month => "month",
            Every::Quarter => "quarter",
        }
    }

    /// When, where nothing is said.
    pub fn default_at(self) -> At {
        let day = if self == Every::Week { Day::Weekday(Weekday::Monday) } else { Day::Number(1) };
        At { day, time: Time::constant(9, 0, 0, 0) }
    }

    /// The first day of the unit that a day is in.
    fn first(self, day: Date) -> Date {
        let day_of_first = match self {
            Every::Week => return day - i32::from(day.weekday().to_monday_zero_offset()).days(),
            Every::Month => Date::new(day.year(), day.month(), 1),
            Every::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
        };
        day_of_first.unwrap_or(day)
    }

    /// The first day of the unit so many after it, or before it.
    fn moved(self, first: Date, n_units: i64) -> Option<Date> {
        let span = match self {
            Every::Week => n_units.weeks(),
            Every::Month => n_units.months(),
            Every::Quarter => (3 * n_units).months(),
        };
        first.checked_add(span).ok()
    }

    /// What the unit is called.
    fn name(self, first: Date) -> String {
        match self {
            Every::Week => {
                let week = first.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
            Every::Month => format!("{}-{:02}", first.year(), first.month()),
            Every::Quarter => format!("{}-Q{}", first.year(), (first.month() + 2) / 3),
        }
    }
}

impl At {
    /// Reads it.
    ///
    /// # Errors
    /// When it is no time, or none in each week, month or quarter.
    pub fn of(text: &str, every: Every) -> Result<At, AtError> {
        let at: At = text.parse()?;
        match (at.day, every) {
            (Day::Number(day), Every::Week) => Err(AtError::InWeek(day)),
            _ => Ok(at),
        }
    }

    /// The day of a unit that begins with a day.
    fn day(self, first: Date) -> Option<Date> {
        match self.day {
            Day::Number(day) => first.with().day(day).build().ok(),
            Day::Weekday(weekday) => {
                let n_days = first.weekday().until(weekday);
                first.checked_add(i64::from(n_days).days()).ok()
            }
        }
    }
}

impl FromStr for At {
    type Err = AtError;

    fn from_str(text: &str) -> Result<At, AtError> {
        let wrong = || AtError::Form(text.chars().take(40).collect());
        let (day, time) = text.trim().split_once(' ').ok_or_else(wrong)?;
        let weekday = WEEKDAYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(day));
        let day = match (weekday, day.parse::<i8>()) {
            (Some((_, weekday)), _) => Day::Weekday(*weekday),
            (None, Ok(day)) if (1..=LAST_DAY).contains(&day) => Day::Number(day),
            (None, Ok(day)) => return Err(AtError::Day(i64::from(day))),
            (None, Err(_)) => return Err(wrong()),
        };
        let (hour, minute) = time.trim().split_once(':').ok_or_else(wrong)?;
        let number = |text: &str| {
            let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i8>().ok().filter(|_| is_number)
        };
        let (hour, minute) = number(hour).zip(number(minute)).ok_or_else(wrong)?;
        Ok(At { day, time: Time::new(hour, minute, 0, 0).map_err(|_| wrong())? })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day {
            Day::Number(day) => write!(f, "{day}")?,
            Day::Weekday(weekday) => {
                let name = WEEKDAYS.iter().find(|(_, known)| *known == weekday).map_or("", |(name, _)| name);
                f.write_str(name)?;
            }
        }
        write!(f, " {:02}:{:02}", self.time.hour(), self.time.minute())
    }
}

impl ReportSchedule {
    /// The report that was due last at an instant.
    pub fn last(&self, now_ms: i64) -> Option<Due> {
        let first = self.every.first(self.today(now_ms));
        let mut due = [0, -1].into_iter().filter_map(|n_units| self.due(self.every.moved(first, n_units)?));
        due.find(|due| due.at_ms <= now_ms)
    }

    /// The report that is due next.
    pub fn next(&self, now_ms: i64) -> Option<Due> {
        let first = self.every.first(self.today(now_ms));
        let mut due = [0, 1].into_iter().filter_map(|n_units| self.due(self.every.moved(first, n_units)?));
        due.find(|due| due.at_ms > now_ms)
    }

    fn today(&self, now_ms: i64) -> Date {
        Timestamp::from_millisecond(now_ms).unwrap_or_default().to_zoned(self.zone.clone()).date()
    }

    /// The report that is due in the unit that begins with a day.
    fn due(&self, first: Date) -> Option<Due> {
        let at = self.at.day(first)?.to_datetime(self.at.time).to_zoned(self.zone.clone()).ok()?;
        let before = self.every.moved(first, -1)?;
        Some(Due { at_ms: at.timestamp().as_millisecond(), period: self.every.name(before) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn shown(due: Option<Due>) -> String {
        let due = due.unwrap();
        format!("{} {}", Timestamp::from_millisecond(due.at_ms).unwrap(), due.period)
    }

    /// What was due last at an instant, and what is due next.
    fn check(every: Every, at: &str, zone: &str, now: &str, last: &str, next: &str) {
        let schedule = ReportSchedule {
            name: "weekly".to_owned(),
            product: "shop".to_owned(),
            every,
            at: At::of(at, every).unwrap(),
            zone: TimeZone::get(zone).unwrap(),
            language: None,
            formats: Vec::new(),
            to: Vec::new(),
            source: SourcePlace::default(),
        };
        let (was, comes) = (shown(schedule.last(ms(now))), shown(schedule.next(ms(now))));
        assert_eq!((was.as_str(), comes.as_str()), (last, next), "{every:?} {at} {zone} at {now}");
    }

    #[test]
    fn reports_are_due_by_the_clocks_of_a_zone() {
        let (week, month, quarter) = (Every::Week, Every::Month, Every::Quarter);
        let (last, next) = ("2026-11-23T01:00:00Z 2026-W47", "2026-11-30T01:00:00Z 2026-W48");
        check(week, "Mon 09:00", "Asia/Shanghai", "2026-11-29T12:00:00Z", last, next);
        check(week, "Mon 09:00", "Asia/Shanghai", "2026-11-23T01:00:00Z", last, next);
        let (last, next) = ("2025-12-29T00:00:00Z 2025-W52", "2026-01-05T00:00:00Z 2026-W01");
        check(week, "Mon 00:00", "UTC", "2026-01-01T00:00:00Z", last, next);
        let (last, next) = ("2026-11-01T09:00:00Z 2026-10", "2026-12-01T09:00:00Z 2026-11");
        check(month, "1 09:00", "UTC", "2026-11-29T12:00:00Z", last, next);
        let (last, next) = ("2026-11-02T09:00:00Z 2026-10", "2026-12-07T09:00:00Z 2026-11");
        check(month, "Mon 09:00", "UTC", "2026-12-05T12:00:00Z", last, next);
        let (last, next) = ("2026-10-15T09:00:00Z 2026-Q3", "2027-01-15T09:00:00Z 2026-Q4");
        check(quarter, "15 09:00", "UTC", "2027-01-02T12:00:00Z", last, next);
        let (last, next) = ("2026-10-02T09:00:00Z 2026-Q3", "2027-01-01T09:00:00Z 2026-Q4");
        check(quarter, "Fri 09:00", "UTC", "2026-12-02T12:00:00Z", last, next);
    }

    #[test]
    fn clocks_that_are_put_forward_skip_none_and_those_that_are_put_back_send_none_twice() {
        // In Berlin clocks are put forward on 2026-03-29 at 2:00, and back on 2026-10-25 at 3:00.
        let (last, next) = ("2026-03-22T01:30:00Z 2026-W11", "2026-03-29T01:30:00Z 2026-W12");
        check(Every::Week, "Sun 02:30", "Europe/Berlin", "2026-03-29T01:29:00Z", last, next);
        let (last, next) = ("2026-10-25T00:30:00Z 2026-W42", "2026-11-01T01:30:00Z 2026-W43");
        check(Every::Week, "Sun 02:30", "Europe/Berlin", "2026-10-25T01:31:00Z", last, next);
    }

    #[test]
    fn days_and_times_are_read() {
        let check = |text: &str, every: Every, want: Result<&str, &str>| {
            let read = At::of(text, every).map(|at| at.to_string()).map_err(|error| error.to_string());
            assert_eq!(read.as_deref().map_err(String::as_str), want, "{text}");
        };
        check("Mon 09:00", Every::Week, Ok("Mon 09:00"));
        check(" sun  23:59 ", Every::Month, Ok("Sun 23:59"));
        check("28 00:00", Every::Quarter, Ok("28 00:00"));
        check("1 09:00", Every::Week, Err("a week has no day 1: `Mon 09:00` is a time in it"));
        check("31 09:00", Every::Month, Err("day 31 is not in each month: days 1 to 28 are"));
        for text in
            ["", "Mon", "Monday 09:00", "Mon 9:00", "Mon 24:00", "Mon 09:60", "Mon +9:00", "09:00", "Mon 09:00:00"]
        {
            let want = format!("{text:?} is no day and time: `Mon 09:00` and `1 09:00` are");
            check(text, Every::Week, Err(&want));
        }
    }
}
