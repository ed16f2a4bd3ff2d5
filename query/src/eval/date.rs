//! Parts of dates in UTC, of any second that 64 bits can count.

use crate::plan::DateField;

const DAY_SECS: i64 = 86_400;
/// From the first second that Go can name to the Unix epoch, whole days. Seconds before it count from the other end.
const BEFORE_EPOCH_SECS: u64 = 9_223_372_028_741_760_000;

/// A part of the date of a time in seconds since the Unix epoch.
pub(crate) fn field(field: DateField, secs: i64) -> f64 {
    let since_first = (secs as u64).wrapping_add(BEFORE_EPOCH_SECS);
    let day = (since_first / DAY_SECS as u64) as i64 - (BEFORE_EPOCH_SECS / DAY_SECS as u64) as i64;
    let second = (since_first % DAY_SECS as u64) as i64;
    let date = Date::of(day);
    let value = match field {
        DateField::Minute => second / 60 % 60,
        DateField::Hour => second / 3600,
        // The epoch was a Thursday.
        DateField::DayOfWeek => (day + 4).rem_euclid(7),
        DateField::DayOfMonth => date.day,
        DateField::DayOfYear => date.day_of_year(),
        DateField::DaysInMonth => days_in_month(date.year, date.month),
        DateField::Month => date.month,
        DateField::Year => date.year,
    };
    value as f64
}

/// Seconds as a whole number; what is none, or beyond 64 bits, is the least number, as Go converts it on most machines.
pub(crate) fn whole_seconds(secs: f64) -> i64 {
    let is_in_range = (-9.223_372_036_854_776e18..9.223_372_036_854_775e18).contains(&secs);
    if is_in_range { secs as i64 } else { i64::MIN }
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// The date of a day since the epoch in the Gregorian calendar: eras of 400 years that begin in March, so that the
    /// leap day is the last of a year.
    fn of(day: i64) -> Date {
        let shifted = day + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Date {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }

    fn day_of_year(&self) -> i64 {
        (1..self.month).map(|month| days_in_month(self.year, month)).sum::<i64>() + self.day
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_a_library() {
        for day in (-800_000..800_000).step_by(37) {
            let secs = day * DAY_SECS + 45_296;
            let time = jiff::Timestamp::from_second(secs).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
            let want = [
                f64::from(time.minute()),
                f64::from(time.hour()),
                f64::from(time.weekday().to_sunday_zero_offset()),
                f64::from(time.day()),
                f64::from(time.day_of_year()),
                f64::from(time.days_in_month()),
                f64::from(time.month()),
                f64::from(time.year()),
            ];
            let fields = [
                DateField::Minute,
                DateField::Hour,
                DateField::DayOfWeek,
                DateField::DayOfMonth,
                DateField::DayOfYear,
                DateField::DaysInMonth,
                DateField::Month,
                DateField::Year,
            ];
            let got = fields.map(|part| field(part, secs));
            assert_eq!(got, want, "{secs}");
        }
        field(DateField::Year, i64::MAX);
    }

    #[test]
    fn what_is_no_time_has_the_date_that_prometheus_gives_it() {
        let secs = whole_seconds(f64::NAN);
        assert_eq!([DateField::Minute, DateField::Hour].map(|part| field(part, secs)), [30.0, 15.0]);
    }
}
