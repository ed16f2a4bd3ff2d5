//! How a span repeats: the part of RFC 5545's recurrence rules that people use for maintenance.
//!
//! `FREQ` of `DAILY`, `WEEKLY`, `MONTHLY` and `YEARLY`, with `INTERVAL`, `BYDAY`, `COUNT` and `UNTIL`. Times are those of the
//! clock in the zone of the first, so that a window at 02:00 stays there when clocks change.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, Zoned};

/// More repetitions than this are not walked through.
const MAX_PERIODS: i64 = 200_000;
/// The limit `slo_rrule_bytes`: the longest recurrence rule.
pub const MAX_RULE_BYTES: usize = 1024;

/// A recurrence rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub(super) frequency: Frequency,
    pub(super) interval: i64,
    pub(super) by_day: Vec<Day>,
    pub(super) count: Option<u64>,
    pub(super) until: Option<DateTime>,
    /// Whether `until` is in UTC rather than in the zone of the first.
    pub(super) is_utc: bool,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A day of the week; in a month the first, second, … of them, counted from the end where it is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) nth: Option<i8>,
    pub(super) weekday: Weekday,
}

/// Why a text is no recurrence rule that is known, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct RecurrenceError {
    /// The bytes of the text that are wrong: from, and up to but without.
    pub span: (usize, usize),
    /// What is wrong with them.
    pub fault: RecurrenceFault,
}

/// What is wrong with a recurrence rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceFault {
    /// Nobody writes such a long one.
    #[error("the recurrence rule has {0} bytes, and the limit is {MAX_RULE_BYTES} (slo_rrule_bytes)")]
    TooLong(usize),
    /// A part without `=`.
    #[error("{0:?} is no part of a recurrence rule: NAME=VALUE is expected")]
    NoPart(String),
    /// A part that is not known.
    #[error("{0} is not known in a recurrence rule; known are FREQ, INTERVAL, BYDAY, COUNT and UNTIL")]
    UnknownPart(String),
    /// A value that is not known.
    #[error("{value:?} is no value of {part} in a recurrence rule")]
    Value {
        /// The part.
        part: &'static str,
        /// Its value.
        value: String,
    },
    /// `FREQ` is missing.
    #[error("a recurrence rule needs FREQ: DAILY, WEEKLY, MONTHLY or YEARLY")]
    NoFrequency,
    /// `COUNT` and `UNTIL`.
    #[error("a recurrence rule has either COUNT or UNTIL")]
    TwoEnds,
    /// `BYDAY` where it has no meaning.
    #[error("BYDAY has no meaning with FREQ=YEARLY, and numbers before days only with FREQ=MONTHLY")]
    ByDay,
}

impl FromStr for Recurrence {
    type Err = RecurrenceError;

    fn from_str(text: &str) -> Result<Recurrence, RecurrenceError> {
        let of_all = |fault| RecurrenceError { span: (0, text.len()), fault };
        if text.len() > MAX_RULE_BYTES {
            return Err(of_all(RecurrenceFault::TooLong(text.len())));
        }
        let mut parts = Parts::default();
        let mut at = if text.starts_with("RRULE:") { "RRULE:".len() } else { 0 };
        for written in text[at..].split(';') {
            let part = written.trim();
            let start = at + written.len() - written.trim_start().len();
            at += written.len() + 1;
            if !part.is_empty() {
                let span = (start, start + part.len());
                parts.take(part).map_err(|fault| RecurrenceError { span, fault })?;
            }
        }
        parts.joined().map_err(of_all)
    }
}

/// The parts of a rule that were read.
#[derive(Debug, Default)]
struct Parts {
    frequency: Option<Frequency>,
    interval: Option<i64>,
    by_day: Vec<Day>,
    count: Option<u64>,
    until: Option<DateTime>,
    is_utc: bool,
}

impl Parts {
    fn take(&mut self, part: &str) -> Result<(), RecurrenceFault> {
        let (name, value) = part.split_once('=').ok_or_else(|| RecurrenceFault::NoPart(part.to_owned()))?;
        let fault = |part| RecurrenceFault::Value { part, value: value.to_owned() };
        match name {
            "FREQ" => self.frequency = Some(Frequency::of(value).ok_or_else(|| fault("FREQ"))?),
            "INTERVAL" => {
                let interval = value.parse().ok().filter(|n| (1..=10_000).contains(n));
                self.interval = Some(interval.ok_or_else(|| fault("INTERVAL"))?);
            }
            "BYDAY" => {
                self.by_day = value.split(',').map(Day::of).collect::<Option<_>>().ok_or_else(|| fault("BYDAY"))?;
            }
            "COUNT" => self.count = Some(value.parse().ok().filter(|n| *n > 0).ok_or_else(|| fault("COUNT"))?),
            "UNTIL" => {
                self.is_utc = value.ends_with('Z');
                self.until = Some(until_of(value).ok_or_else(|| fault("UNTIL"))?);
            }
            _ => return Err(RecurrenceFault::UnknownPart(name.to_owned())),
        }
        Ok(())
    }

    /// The rule that they make together.
    fn joined(self) -> Result<Recurrence, RecurrenceFault> {
        let Parts { frequency, interval, by_day, count, until, is_utc } = self;
        let frequency = frequency.ok_or(RecurrenceFault::NoFrequency)?;
        let has_numbers = by_day.iter().any(|day| day.nth.is_some());
        if (frequency == Frequency::Yearly && !by_day.is_empty()) || (has_numbers && frequency != Frequency::Monthly) {
            return Err(RecurrenceFault::ByDay);
        }
        if count.is_some() && until.is_some() {
            return Err(RecurrenceFault::TwoEnds);
        }
        Ok(Recurrence { frequency, interval: interval.unwrap_or(1), by_day, count, until, is_utc })
    }
}

/// `20261231T235959Z`, the same without zone, or a date, which ends with its day.
fn until_of(text: &str) -> Option<DateTime> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    match text.split_once('T') {
        Some(_) => DateTime::strptime("%Y%m%dT%H%M%S", text).ok(),
        None => Some(Date::strptime("%Y%m%d", text).ok()?.at(23, 59, 59, 0)),
    }
}

impl Frequency {
    fn of(text: &str) -> Option<Frequency> {
        Some(match text {
            "DAILY" => Frequency::Daily,
            "WEEKLY" => Frequency::Weekly,
            "MONTHLY" => Frequency::Monthly,
            "YEARLY" => Frequency::Yearly,
            _ => return None,
        })
    }

    /// The length of so many periods.
    fn span(self, n_periods: i64) -> Option<Span> {
        let span = Span::new();
        match self {
            Frequency::Daily => span.try_days(n_periods),
            Frequency::Weekly => span.try_weeks(n_periods),
            Frequency::Monthly => span.try_months(n_periods),
            Frequency::Yearly => span.try_years(n_periods),
        }
        .ok()
    }
}

impl Day {
    fn of(text: &str) -> Option<Day> {
        let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
        let weekday = match name {
            "MO" => Weekday::Monday,
            "TU" => Weekday::Tuesday,
            "WE" => Weekday::Wednesday,
            "TH" => Weekday::Thursday,
            "FR" => Weekday::Friday,
            "SA" => Weekday::Saturday,
            "SU" => Weekday::Sunday,
            _ => return None,
        };
        let nth = match number {
            "" => None,
            number => Some(number.parse().ok().filter(|nth: &i8| *nth != 0 && nth.abs() <= 5)?),
        };
        Some(Day { nth, weekday })
    }
}

impl Recurrence {
    /// When it begins, between two times that both count, in milliseconds since the Unix epoch and in order.
    pub fn starts(&self, first: &Zoned, from_ms: i64, to_ms: i64) -> Vec<i64> {
        let mut starts = Vec::new();
        let mut n_left = self.count.unwrap_or(u64::MAX);
        for period in 0..MAX_PERIODS {
            let Some(days) = self.days_of(first, period) else { break };
            let mut is_over = false;
            for day in days.into_iter().filter(|day| *day >= first.date()) {
                let Ok(start) = day.to_datetime(first.time()).to_zoned(first.time_zone().clone()) else { continue };
                let start_ms = start.timestamp().as_millisecond();
                if n_left == 0 || start_ms > to_ms || self.is_behind_end(&start) {
                    is_over = true;
                    break;
                }
                n_left -= 1;
                if start_ms >= from_ms {
                    starts.push(start_ms);
                }
            }
            if is_over {
                break;
            }
        }
        starts
    }

    /// Whether its end lies before its first begin.
    pub fn never_begins(&self, first: &Zoned) -> bool {
        self.is_behind_end(first)
    }

    fn is_behind_end(&self, start: &Zoned) -> bool {
        let utc = || start.with_time_zone(jiff::tz::TimeZone::UTC).datetime();
        self.until.is_some_and(|until| if self.is_utc { utc() } else { start.datetime() } > until)
    }

    /// The days of a period on which it begins, in order; `None` where calendars end.
    fn days_of(&self, first: &Zoned, period: i64) -> Option<Vec<Date>> {
        let date = first.date();
        let span = |date: Date| date.checked_add(self.frequency.span(period.checked_mul(self.interval)?)?).ok();
        match self.frequency {
            Frequency::Daily => {
                let day = span(date)?;
                let is_asked = self.by_day.is_empty() || self.by_day.iter().any(|asked| asked.weekday == day.weekday());
                Some(if is_asked { vec![day] } else { Vec::new() })
            }
            Frequency::Weekly if self.by_day.is_empty() => Some(vec![span(date)?]),
            Frequency::Weekly => {
                let offset = |weekday: Weekday| i64::from(weekday.to_monday_zero_offset());
                let monday = span(date.checked_sub(Span::new().days(offset(date.weekday()))).ok()?)?;
                let mut offsets: Vec<i64> = self.by_day.iter().map(|day| offset(day.weekday)).collect();
                offsets.sort_unstable();
                offsets.dedup();
                offsets.into_iter().map(|days| monday.checked_add(Span::new().days(days)).ok()).collect()
            }
            Frequency::Monthly if self.by_day.is_empty() => {
                // A month without the day is left out.
                let month = span(date.first_of_month())?;
                Some(month.with().day(date.day()).build().into_iter().collect())
            }
            Frequency::Monthly => {
                let month = span(date.first_of_month())?;
                let mut days: Vec<Date> = self.by_day.iter().flat_map(|day| day.in_month(month)).collect();
                days.sort_unstable();
                days.dedup();
                Some(days)
            }
            Frequency::Yearly => {
                let year = span(date.first_of_year())?;
                Some(year.with().month(date.month()).day(date.day()).build().into_iter().collect())
            }
        }
    }
}

impl Day {
    fn in_month(self, month: Date) -> Vec<Date> {
        match self.nth {
            Some(nth) => month.nth_weekday_of_month(nth, self.weekday).into_iter().collect(),
            None => (1..=5).filter_map(|nth| month.nth_weekday_of_month(nth, self.weekday).ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_those_of_the_calendar() {
        let check = |first: &str, rrule: &str, want: &[&str]| {
            let first: Zoned = first.parse().unwrap();
            let recurrence: Recurrence = rrule.parse().unwrap();
            let starts = recurrence.starts(&first, i64::MIN, i64::MAX);
            let starts: Vec<String> = starts
                .iter()
                .take(want.len() + usize::from(recurrence.count.is_some() || recurrence.until.is_some()))
                .map(|ms| jiff::Timestamp::from_millisecond(*ms).unwrap().to_string())
                .collect();
            assert_eq!(starts, want, "{rrule}");
        };
        // Clocks change on 29 March 2026.
        let berlin = "2026-03-27T02:30:00+01:00[Europe/Berlin]";
        check(
            berlin,
            "FREQ=DAILY;COUNT=4",
            &["2026-03-27T01:30:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"],
        );
        check(
            berlin,
            "FREQ=DAILY;INTERVAL=2;UNTIL=20260331",
            &["2026-03-27T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-31T00:30:00Z"],
        );
        check(berlin, "FREQ=DAILY;UNTIL=20260328T013000Z", &["2026-03-27T01:30:00Z", "2026-03-28T01:30:00Z"]);
        let utc = "2026-01-07T10:00:00+00:00[UTC]";
        check(utc, "FREQ=WEEKLY;COUNT=2", &["2026-01-07T10:00:00Z", "2026-01-14T10:00:00Z"]);
        check(
            utc,
            "RRULE:FREQ=WEEKLY;BYDAY=FR,MO;COUNT=3",
            &["2026-01-09T10:00:00Z", "2026-01-12T10:00:00Z", "2026-01-16T10:00:00Z"],
        );
        check(
            utc,
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;COUNT=3",
            &["2026-01-11T10:00:00Z", "2026-01-19T10:00:00Z", "2026-01-25T10:00:00Z"],
        );
        check(
            utc,
            "FREQ=MONTHLY;BYDAY=1TU,-1TU;COUNT=3",
            &["2026-01-27T10:00:00Z", "2026-02-03T10:00:00Z", "2026-02-24T10:00:00Z"],
        );
        check(
            "2026-01-31T10:00:00+00:00[UTC]",
            "FREQ=MONTHLY;COUNT=3",
            &["2026-01-31T10:00:00Z", "2026-03-31T10:00:00Z", "2026-05-31T10:00:00Z"],
        );
        check(
            "2024-02-29T10:00:00+00:00[UTC]",
            "FREQ=YEARLY;COUNT=2",
            &["2024-02-29T10:00:00Z", "2028-02-29T10:00:00Z"],
        );
        check(utc, "FREQ=DAILY;BYDAY=SA,SU;COUNT=2", &["2026-01-10T10:00:00Z", "2026-01-11T10:00:00Z"]);
    }

    #[test]
    fn what_is_not_known_is_told() {
        let check = |rrule: &str, want: &str| {
            assert_eq!(rrule.parse::<Recurrence>().unwrap_err().to_string(), want);
        };
        check("DAILY", "\"DAILY\" is no part of a recurrence rule: NAME=VALUE is expected");
        check(
            "FREQ=DAILY;BYHOUR=3",
            "BYHOUR is not known in a recurrence rule; known are FREQ, INTERVAL, BYDAY, COUNT and UNTIL",
        );
        check("FREQ=SECONDLY", "\"SECONDLY\" is no value of FREQ in a recurrence rule");
        check("FREQ=DAILY;INTERVAL=0", "\"0\" is no value of INTERVAL in a recurrence rule");
        check("FREQ=WEEKLY;BYDAY=XX", "\"XX\" is no value of BYDAY in a recurrence rule");
        check("INTERVAL=2", "a recurrence rule needs FREQ: DAILY, WEEKLY, MONTHLY or YEARLY");
        check("FREQ=DAILY;COUNT=1;UNTIL=20260101", "a recurrence rule has either COUNT or UNTIL");
        check(
            "FREQ=WEEKLY;BYDAY=1MO",
            "BYDAY has no meaning with FREQ=YEARLY, and numbers before days only with FREQ=MONTHLY",
        );
        check(&"x".repeat(2000), "the recurrence rule has 2000 bytes, and the limit is 1024 (slo_rrule_bytes)");
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let check = |rrule: &str, want: &str| {
            let (start, end) = rrule.parse::<Recurrence>().unwrap_err().span;
            assert_eq!(&rrule[start..end], want, "{rrule}");
        };
        check("RRULE:FREQ=DAILY; BYHOUR=3 ;COUNT=1", "BYHOUR=3");
        check("FREQ=DAILY;;INTERVAL=é", "INTERVAL=é");
        check("INTERVAL=2", "INTERVAL=2");
    }
}
