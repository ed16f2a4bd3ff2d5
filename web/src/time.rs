//! Times as RFC 3339 writes them, strictly as Go's `time.RFC3339Nano` reads them.

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar.
///
/// H. Hinnant, "chrono-compatible low-level date algorithms", 2013: years begin in March, so that the leap day is last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * shifted + 2) / 5 + 1, (shifted + 2) % 12 + 1);
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Nanoseconds since the Unix epoch of `2006-01-02T15:04:05.999999999Z` or with `+07:00` for `Z`.
pub(crate) fn parse_rfc3339(text: &str) -> Option<i128> {
    let bytes = text.as_bytes();
    let number = |at: usize, n_digits: usize| -> Option<i64> {
        let digits = bytes.get(at..at + n_digits)?;
        digits.iter().all(u8::is_ascii_digit).then(|| text[at..at + n_digits].parse().ok())?
    };
    let has = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    if !(has(4, b'-') && has(7, b'-') && has(10, b'T') && has(13, b':') && has(16, b':')) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let is_valid = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let (nanos, zone) = fraction(text.get(19..)?)?;
    let offset = offset_seconds(zone).filter(|_| is_valid)?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(i128::from(seconds) * 1_000_000_000 + i128::from(nanos))
}

/// Nanoseconds of `.123`, and what follows; digits beyond the ninth are cut.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix(['.', ',']) else { return Some((0, text)) };
    let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = rest.split_at(n_digits);
    if digits.is_empty() {
        return None;
    }
    let nine: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some((nine.parse().ok()?, zone))
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |digits: &str| digits.parse::<u8>().ok().filter(|_| digits.len() == 2 && !digits.starts_with('+'));
    let (hours, minutes) = (i64::from(number(hours)?), i64::from(number(minutes)?));
    (hours <= 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A time as `2006-01-02T15:04:05.123Z`, with as many decimals as it needs.
pub(crate) fn format_rfc3339(timestamp_ms: i64) -> String {
    let (seconds, millis) = (timestamp_ms.div_euclid(1000), timestamp_ms.rem_euclid(1000));
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if millis != 0 {
        text.push_str(format!(".{millis:03}").trim_end_matches('0'));
    }
    text.push('Z');
    text
}

/// What stands for "never", as Go's zero time does.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_and_nanoseconds() {
        let check = |text: &str, want: Option<i128>| assert_eq!(parse_rfc3339(text), want, "{text}");
        check("1970-01-01T00:00:00Z", Some(0));
        check("1970-01-01T00:02:03.4Z", Some(123_400_000_000));
        check("1970-01-01T01:02:03.4+01:00", Some(123_400_000_000));
        check("2015-06-03T13:21:58.555Z", Some(1_433_337_718_555_000_000));
        check("2015-06-03T14:21:58.555123456789+01:00", Some(1_433_337_718_555_123_456));
        check("0000-01-01T00:00:00-23:59", Some(-62_167_132_860_000_000_000));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800_000_000_000));
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T00:00:00.Z",
            "2023-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00++1:00",
            "2026-01-01T00:00:00Zx",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:0éZ",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn formatting() {
        let check = |timestamp_ms, want: &str| assert_eq!(format_rfc3339(timestamp_ms), want);
        check(0, "1970-01-01T00:00:00Z");
        check(1_433_337_718_550, "2015-06-03T13:21:58.55Z");
        check(-1, "1969-12-31T23:59:59.999Z");
        check(-62_135_596_800_000, NEVER);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(timestamp_ms in -62_167_219_200_000i64..253_402_300_800_000) {
            let text = format_rfc3339(timestamp_ms);
            prop_assert_eq!(parse_rfc3339(&text), Some(i128::from(timestamp_ms) * 1_000_000), "{}", text);
        }

        #[test]
        fn garbage_never_panics(text in "\\PC{0,40}") {
            let _ = parse_rfc3339(&text);
        }
    }
}
