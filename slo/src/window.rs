//! Which span of time a window is at an instant.
//!
//! Spans are open on the left and closed on the right, `(from_ms, to_ms]`, like those of [`crate::history`]. The periods of a
//! calendar follow one another without a gap in every zone, whatever its clocks do: each begins where the one before ends. Minutes
//! and hours are counted on a watch, everything longer on the wall, so that a day has 23 or 25 hours where clocks are changed.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use model::duration::PromDuration;

use crate::spec::{CalendarUnit, Window};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A guess at the number of a period is at most so many off: the days of the months, and changes of clocks.
const MOST_STEPS: usize = 100;

/// A span of time, `(from_ms, to_ms]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, in milliseconds since the Unix epoch. This instant is of the span before.
    pub from_ms: i64,
    /// Where it ends. This instant is its own.
    pub to_ms: i64,
}

impl Span {
    /// How long it is.
    pub fn length_ms(self) -> i64 {
        self.to_ms - self.from_ms
    }
}

impl Window {
    /// The span of the window at an instant: of a calendar the whole period, also what of it lies ahead; of a rolling window what
    /// lies behind.
    ///
    /// Where a calendar knows no such time (years beyond 9999), it is taken for a rolling window of the same length.
    pub fn span_at(&self, at_ms: i64) -> Span {
        let rolling = || Span { from_ms: at_ms.saturating_sub(self.nominal_ms()), to_ms: at_ms };
        match self {
            Window::Rolling { .. } => rolling(),
            Window::Calendar { unit, count, anchor, zone } => {
                let calendar = Calendar { unit: *unit, count: i64::from(*count).max(1), anchor: *anchor, zone };
                calendar.span_at(at_ms).unwrap_or_else(rolling)
            }
        }
    }

    /// Whether it moves with time.
    pub fn is_rolling(&self) -> bool {
        matches!(self, Window::Rolling { .. })
    }

    /// Its length as it is written: `28d`, `1M`.
    pub fn length_text(&self) -> String {
        match self {
            Window::Rolling { length_ms } => duration_text(*length_ms),
            Window::Calendar { unit, count, .. } => format!("{count}{}", unit.as_str()),
        }
    }
}

/// Milliseconds as people write them, without weeks and years: `5m`, `28d`, `1d2h`.
pub fn duration_text(duration_ms: i64) -> String {
    let units = [(DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (1000, "s"), (1, "ms")];
    let mut left_ms = duration_ms.max(0);
    let mut text = String::new();
    for (unit_ms, letters) in units {
        if left_ms >= unit_ms {
            text.push_str(&format!("{}{letters}", left_ms / unit_ms));
            left_ms %= unit_ms;
        }
    }
    if text.is_empty() { PromDuration::default().to_string() } else { text }
}

/// The periods of a calendar, numbered from the one that begins at the anchor.
struct Calendar<'w> {
    unit: CalendarUnit,
    count: i64,
    anchor: DateTime,
    zone: &'w TimeZone,
}

impl Calendar<'_> {
    /// The period that an instant lies in; `None` outside of the calendar.
    fn span_at(&self, at_ms: i64) -> Option<Span> {
        let mut number = self.guess(at_ms)?;
        for _ in 0..MOST_STEPS {
            let (from_ms, to_ms) = (self.begin_ms(number)?, self.begin_ms(number + 1)?);
            if at_ms <= from_ms {
                number -= 1;
            } else if at_ms > to_ms {
                number += 1;
            } else {
                return Some(Span { from_ms, to_ms });
            }
        }
        None
    }

    /// About which period it is.
    fn guess(&self, at_ms: i64) -> Option<i64> {
        let elapsed = |unit_ms: i64| Some((at_ms - self.instant_ms(self.anchor)?).div_euclid(unit_ms * self.count));
        match self.unit {
            CalendarUnit::Minute => elapsed(MINUTE_MS),
            CalendarUnit::Hour => elapsed(HOUR_MS),
            CalendarUnit::Day => elapsed(DAY_MS),
            CalendarUnit::Week => elapsed(7 * DAY_MS),
            CalendarUnit::Month | CalendarUnit::Quarter | CalendarUnit::Year => {
                let date = self.zone.to_datetime(Timestamp::from_millisecond(at_ms).ok()?).date();
                let months = |date: jiff::civil::Date| i64::from(date.year()) * 12 + i64::from(date.month());
                Some((months(date) - months(self.anchor.date())).div_euclid(self.months()))
            }
        }
    }

    /// How many months a period has.
    fn months(&self) -> i64 {
        self.count
            * match self.unit {
                CalendarUnit::Quarter => 3,
                CalendarUnit::Year => 12,
                _ => 1,
            }
    }

    /// When a period begins.
    fn begin_ms(&self, number: i64) -> Option<i64> {
        let on_watch = |unit_ms: i64| {
            let offset_ms = number.checked_mul(self.count)?.checked_mul(unit_ms)?;
            self.instant_ms(self.anchor)?.checked_add(offset_ms)
        };
        let days = |n: i64| self.anchor.checked_add(0.days().try_days(number.checked_mul(n)?).ok()?).ok();
        let begin = match self.unit {
            CalendarUnit::Minute => return on_watch(MINUTE_MS),
            CalendarUnit::Hour => return on_watch(HOUR_MS),
            CalendarUnit::Day => days(self.count)?,
            CalendarUnit::Week => days(7 * self.count)?,
            CalendarUnit::Month | CalendarUnit::Quarter | CalendarUnit::Year => {
                let months = 0.months().try_months(number.checked_mul(self.months())?).ok()?;
                self.anchor.checked_add(months).ok()?
            }
        };
        self.instant_ms(begin)
    }

    /// When clocks show a time: the first of two times, and for one that is left out as long after it as it would have been.
    fn instant_ms(&self, time: DateTime) -> Option<i64> {
        Some(self.zone.to_ambiguous_timestamp(time).compatible().ok()?.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(unit: CalendarUnit, count: u32, anchor: &str, zone: &str) -> Window {
        Window::Calendar { unit, count, anchor: anchor.parse().unwrap(), zone: TimeZone::get(zone).unwrap() }
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn spans() {
        let check = |window: &Window, instant: &str, from: &str, to: &str| {
            let want = Span { from_ms: at(from), to_ms: at(to) };
            assert_eq!(window.span_at(at(instant)), want, "{window:?} at {instant}");
        };
        let rolling = Window::Rolling { length_ms: 28 * DAY_MS };
        check(&rolling, "2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z");
        let month = calendar(CalendarUnit::Month, 1, "2026-01-01T00:00:00", "Asia/Shanghai");
        check(&month, "2026-02-10T00:00:00Z", "2026-01-31T16:00:00Z", "2026-02-28T16:00:00Z");
        // The instant at which a month begins is the last one of the month before.
        check(&month, "2026-02-28T16:00:00Z", "2026-01-31T16:00:00Z", "2026-02-28T16:00:00Z");
        check(&month, "2026-02-28T16:00:00.001Z", "2026-02-28T16:00:00Z", "2026-03-31T16:00:00Z");
        // Before the anchor, too.
        check(&month, "2024-02-10T00:00:00Z", "2024-01-31T16:00:00Z", "2024-02-29T16:00:00Z");
        // Days of 23 and 25 hours.
        let day = calendar(CalendarUnit::Day, 1, "2020-01-01T00:00:00", "Europe/Berlin");
        check(&day, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
        check(&day, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
        let week = calendar(CalendarUnit::Week, 2, "2026-01-05T00:00:00", "UTC");
        check(&week, "2026-01-20T00:00:00Z", "2026-01-19T00:00:00Z", "2026-02-02T00:00:00Z");
        let quarter = calendar(CalendarUnit::Quarter, 1, "2026-01-01T00:00:00", "America/New_York");
        check(&quarter, "2026-05-01T00:00:00Z", "2026-04-01T04:00:00Z", "2026-07-01T04:00:00Z");
        // A month that begins on the 31st begins on the last day where there is none.
        let late = calendar(CalendarUnit::Month, 1, "2026-01-31T00:00:00", "UTC");
        check(&late, "2026-03-01T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z");
        let hour = calendar(CalendarUnit::Hour, 6, "2026-01-01T00:00:00", "UTC");
        check(&hour, "2026-01-01T13:00:00Z", "2026-01-01T12:00:00Z", "2026-01-01T18:00:00Z");
    }

    /// In every zone of the database periods follow one another without a gap, and each instant is in its own.
    #[test]
    fn calendar_windows_tile_the_year_in_every_zone() {
        let zones: Vec<_> = jiff::tz::db().available().collect();
        assert!(zones.len() > 300, "{} zones", zones.len());
        let (start_ms, end_ms) = (at("2025-12-20T00:00:00Z"), at("2027-01-10T00:00:00Z"));
        let units =
            [(CalendarUnit::Day, 1), (CalendarUnit::Week, 1), (CalendarUnit::Month, 1), (CalendarUnit::Quarter, 1)];
        for zone in &zones {
            for (unit, count) in units {
                let window = calendar(unit, count, "2024-01-01T00:00:00", zone.as_str());
                let mut span = window.span_at(start_ms);
                assert!(span.from_ms < start_ms && start_ms <= span.to_ms, "{zone:?} {unit:?}");
                while span.to_ms < end_ms {
                    let next = window.span_at(span.to_ms + 1);
                    assert_eq!(next.from_ms, span.to_ms, "{zone:?} {unit:?}");
                    assert_eq!(window.span_at(next.to_ms), next, "{zone:?} {unit:?}: its end is its own");
                    let hours = next.length_ms() / HOUR_MS;
                    if unit == CalendarUnit::Day {
                        assert!((22..=26).contains(&hours), "{zone:?}: a day of {hours} hours");
                    }
                    span = next;
                }
            }
        }
    }

    /// Samoa had no 30 December 2011.
    #[test]
    fn a_day_that_was_left_out_is_in_no_period() {
        let day = calendar(CalendarUnit::Day, 1, "2011-01-01T00:00:00", "Pacific/Apia");
        let before = day.span_at(at("2011-12-30T09:00:00Z"));
        let after = day.span_at(before.to_ms + 1);
        assert_eq!((before.to_ms, after.from_ms), (at("2011-12-30T10:00:00Z"), at("2011-12-30T10:00:00Z")));
        assert_eq!(after.to_ms, at("2011-12-31T10:00:00Z"));
    }

    #[test]
    fn texts() {
        let check = |duration_ms: i64, want: &str| assert_eq!(duration_text(duration_ms), want);
        check(5 * MINUTE_MS, "5m");
        check(28 * DAY_MS, "28d");
        check(26 * HOUR_MS, "1d2h");
        check(1500, "1s500ms");
        check(0, "0s");
    }
}
