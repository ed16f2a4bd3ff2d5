//! One element of an interval.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::location::Location;
use super::range::{DayOfMonth, Month, Range, Weekday, Year};
use super::time_range::TimeRange;

/// All fields that are there must hold. An empty list never does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "timeinterval.TimeInterval", default, deny_unknown_fields)]
pub struct TimeInterval {
    /// Times of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<TimeRange>>,
    /// Days of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Vec<Range<Weekday>>>,
    /// Days of the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_of_month: Option<Vec<Range<DayOfMonth>>>,
    /// Months.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<Vec<Range<Month>>>,
    /// Years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years: Option<Vec<Range<Year>>>,
    /// The zone; UTC where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl TimeInterval {
    /// Whether a time, in milliseconds since the Unix epoch, is in it. No time that no calendar knows is.
    pub fn contains(&self, at_ms: i64) -> bool {
        let Ok(timestamp) = Timestamp::from_millisecond(at_ms) else { return false };
        let zone = self.location.as_ref().map_or(TimeZone::UTC, |location| location.zone().clone());
        let at = timestamp.to_zoned(zone);
        let minute = u32::from(at.hour().unsigned_abs()) * 60 + u32::from(at.minute().unsigned_abs());
        let n_days = i32::from(at.days_in_month());
        holds(self.times.as_deref(), |range| range.contains(minute))
            && holds(self.days_of_month.as_deref(), |range| is_day_in(*range, i32::from(at.day()), n_days))
            && holds(self.months.as_deref(), |range| range.contains(i32::from(at.month())))
            && holds(self.weekdays.as_deref(), |range| range.contains(i32::from(at.weekday().to_sunday_zero_offset())))
            && holds(self.years.as_deref(), |range| range.contains(i32::from(at.year())))
    }
}

fn holds<T>(ranges: Option<&[T]>, contains: impl Fn(&T) -> bool) -> bool {
    ranges.is_none_or(|ranges| ranges.iter().any(contains))
}

/// Days that count from the end are found, and what reaches over the month's ends is cut; a range that begins behind the
/// last day is not.
fn is_day_in(range: Range<DayOfMonth>, day: i32, n_days: i32) -> bool {
    let from_start = |day: i32| if day < 0 { n_days + day + 1 } else { day };
    let (begin, end) = (from_start(range.begin), from_start(range.end));
    begin <= n_days && (begin..=end.min(n_days)).contains(&day)
}
