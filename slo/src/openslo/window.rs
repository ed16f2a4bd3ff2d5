//! Windows of time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::duration::SpecDuration;
use super::object::{Calendar, TimeWindow};
use super::walk::Walk;
use crate::spec::{CalendarUnit, Window};

/// What a window is where nothing is said.
const DEFAULT_LENGTH_MS: i64 = 28 * 86_400_000;
const DAY_MS: i64 = 86_400_000;

/// The window of an SLO, which writes it as a list of one.
pub(super) fn of_list(windows: &[TimeWindow], walk: &mut Walk<'_>) -> Option<Window> {
    match windows {
        [] => {
            walk.warn("timeWindow", "no window is given: the last 28 days count");
            Some(Window::Rolling { length_ms: DEFAULT_LENGTH_MS })
        }
        [window] => walk.within("timeWindow", |walk| walk.at(0, |walk| of(window, walk))),
        _ => {
            walk.error("timeWindow", "an objective has one window, and here are several");
            None
        }
    }
}

/// A window as it is written.
pub(super) fn of(window: &TimeWindow, walk: &mut Walk<'_>) -> Option<Window> {
    let length = match SpecDuration::parse(&window.duration) {
        Ok(length) => length,
        Err(message) => {
            walk.error("duration", message);
            return None;
        }
    };
    if length.unit.is_none() {
        walk.note("duration", "OpenSLO has no seconds: s is narthex's own");
    }
    match (window.is_rolling, &window.calendar) {
        (Some(true), Some(_)) => {
            walk.error("calendar", "a rolling window has no calendar: isRolling has to be false");
            None
        }
        (Some(false), None) => {
            walk.error_here("a window that does not roll needs a calendar: startTime and timeZone");
            None
        }
        (_, Some(calendar)) => aligned(length, calendar, walk),
        (_, None) => {
            if !length.is_fixed() {
                let days = length.nominal_ms() / DAY_MS;
                walk.warn("duration", format_args!("rolling, {} are {days} days", window.duration));
            }
            Some(Window::Rolling { length_ms: length.nominal_ms() })
        }
    }
}

/// A rolling window of a length as OpenSLO writes it.
///
/// # Errors
/// In words: what it is not.
pub(crate) fn rolling(text: &str) -> Result<Window, String> {
    let length = SpecDuration::parse(text.trim())?;
    Ok(Window::Rolling { length_ms: length.nominal_ms() })
}

fn aligned(length: SpecDuration, calendar: &Calendar, walk: &mut Walk<'_>) -> Option<Window> {
    let Some(unit) = length.unit else {
        walk.error("duration", "a window of the calendar counts minutes or more");
        return None;
    };
    if length.nominal_ms() < DAY_MS {
        let hint = if unit == CalendarUnit::Minute { ": m are minutes, and M are months" } else { "" };
        walk.warn("duration", format_args!("a window of the calendar of less than a day{hint}"));
    }
    walk.within("calendar", |walk| {
        let zone = match TimeZone::get(&calendar.time_zone) {
            _ if calendar.time_zone.is_empty() => {
                walk.error("timeZone", "a time zone is needed, as in Asia/Shanghai");
                return None;
            }
            Ok(zone) => zone,
            Err(_) => {
                walk.error("timeZone", format_args!("{:?} is no time zone of the IANA database", calendar.time_zone));
                return None;
            }
        };
        let Some(anchor) = start(&calendar.start_time, &zone) else {
            let message = format!("{:?} is no time, as in 2026-01-01 00:00:00", calendar.start_time);
            walk.error("startTime", message);
            return None;
        };
        Some(Window::Calendar { unit, count: length.count, anchor, zone })
    })
}

/// A time on the clocks of the zone; one with an offset of its own is put on them.
fn start(text: &str, zone: &TimeZone) -> Option<DateTime> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.to_zoned(zone.clone()).datetime());
    }
    text.parse().ok()
}
