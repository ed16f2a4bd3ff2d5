//! Parameters of the API: times, durations, numbers, and the texts of what is wrong with them.

use model::Matcher;
use model::duration::PromDuration;
use model::name::quoted;
use net::form::Form;
use query::syntax::parse_selector;

use crate::reply::ApiError;
use crate::time::parse_rfc3339;

/// The least time that may be asked for, in milliseconds, and its name in RFC 3339.
pub(crate) const MIN_TIME_MS: i64 = (i64::MIN / 1000 + 62_135_596_801) * 1000;
const MIN_TIME_TEXT: &str = "-292273086-05-16T16:47:06Z";
/// The greatest time that may be asked for, in milliseconds, and its name in RFC 3339.
pub(crate) const MAX_TIME_MS: i64 = (i64::MAX / 1000 - 62_135_596_801) * 1000 + 999;
const MAX_TIME_TEXT: &str = "292277025-08-18T07:12:54.999999999Z";

/// A time from a parameter, in milliseconds since the Unix epoch.
pub(crate) fn time(text: &str) -> Result<i64, String> {
    let unreadable = || format!("cannot parse {} to a valid timestamp", quoted(text));
    if let Some(seconds) = go_float(text) {
        return time_of_seconds(seconds).ok_or_else(unreadable);
    }
    if let Some(nanos) = parse_rfc3339(text) {
        return i64::try_from(nanos.div_euclid(1_000_000)).map_err(|_| unreadable());
    }
    match text {
        MIN_TIME_TEXT => Ok(MIN_TIME_MS),
        MAX_TIME_TEXT => Ok(MAX_TIME_MS),
        _ => Err(unreadable()),
    }
}

/// Rounds as Prometheus does: the fraction to milliseconds, not the whole.
fn time_of_seconds(seconds: f64) -> Option<i64> {
    let (whole, fraction) = (seconds.trunc(), (seconds.fract() * 1000.0).round() / 1000.0);
    // Beyond this a number of milliseconds no longer fits.
    if whole.is_nan() || whole.abs() >= 9.2e15 {
        return None;
    }
    let nanos = i128::from(whole as i64) * 1_000_000_000 + i128::from((fraction * 1e9) as i64);
    i64::try_from(nanos.div_euclid(1_000_000)).ok()
}

/// A time that need not be given.
pub(crate) fn optional_time(form: &Form, name: &str, default_ms: i64) -> Result<i64, ApiError> {
    match form.get(name) {
        "" => Ok(default_ms),
        text => time(text)
            .map_err(|error| ApiError::parameter(name, format_args!("invalid time value for '{name}': {error}"))),
    }
}

/// A time that must be given.
pub(crate) fn required_time(form: &Form, name: &str) -> Result<i64, ApiError> {
    time(form.get(name)).map_err(|error| ApiError::parameter(name, error))
}

/// A duration from a parameter: seconds or `1h30m`, in nanoseconds.
pub(crate) fn duration(text: &str) -> Result<i64, String> {
    if let Some(seconds) = go_float(text) {
        let nanos = seconds * 1e9;
        if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
            return Err(format!("cannot parse {} to a valid duration. It overflows int64", quoted(text)));
        }
        return Ok(nanos as i64);
    }
    let parsed: Option<PromDuration> = text.parse().ok();
    parsed
        .and_then(|duration| duration.as_millis().checked_mul(1_000_000))
        .ok_or_else(|| format!("cannot parse {} to a valid duration", quoted(text)))
}

/// A float as Go's `ParseFloat` reads it, but for hexadecimal ones.
fn go_float(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return text.parse().ok();
    }
    let bytes = text.as_bytes();
    let is_between_digits = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        digit(at.checked_sub(1)) && digit(Some(at + 1))
    };
    let is_fine = text.match_indices('_').all(|(at, _)| is_between_digits(at));
    is_fine.then(|| text.replace('_', "").parse().ok())?
}

/// A whole number as Go's `Atoi` reads it, with its texts.
pub(crate) fn integer(text: &str) -> Result<i64, String> {
    go_integer(text, "Atoi", 64)
}

fn go_integer(text: &str, function: &str, n_bits: u32) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("strconv.{function}: parsing {}: invalid syntax", quoted(text)));
    }
    let limit = 1i128 << (n_bits - 1);
    let number = text.parse::<i128>().ok().filter(|number| (-limit..limit).contains(number));
    number
        .and_then(|number| i64::try_from(number).ok())
        .ok_or_else(|| format!("strconv.{function}: parsing {}: value out of range", quoted(text)))
}

/// A number of 32 bits as Go's `ParseInt` reads it.
pub(crate) fn integer_32(text: &str) -> Result<i64, String> {
    go_integer(text, "ParseInt", 32)
}

/// A truth as Go's `ParseBool` reads it.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quoted(text))),
    }
}

/// `limit`: how many entries are wanted, 0 for all.
pub(crate) fn limit(form: &Form) -> Result<usize, ApiError> {
    let text = form.get("limit");
    if text.is_empty() {
        return Ok(0);
    }
    let number = integer(text).map_err(|error| ApiError::parameter("limit", error))?;
    usize::try_from(number).map_err(|_| ApiError::parameter("limit", "limit must be non-negative"))
}

/// `match[]`: selectors, each of which must have a matcher that does not match the empty string. Equal texts count
/// once.
pub(crate) fn selectors(form: &Form) -> Result<Vec<Vec<Matcher>>, String> {
    let selectors = any_selectors(form)?;
    if selectors.iter().all(|matchers| matchers.iter().any(|matcher| !matcher.matches_empty())) {
        Ok(selectors)
    } else {
        Err("match[] must contain at least one non-empty matcher".to_owned())
    }
}

/// `match[]`: selectors of whatever kind. Equal texts count once.
pub(crate) fn any_selectors(form: &Form) -> Result<Vec<Vec<Matcher>>, String> {
    let mut texts: Vec<&str> = Vec::new();
    for text in form.all("match[]") {
        if !texts.contains(&text) {
            texts.push(text);
        }
        if texts.len() > MAX_SELECTORS {
            return Err(format!("too many match[] parameters: limit is {MAX_SELECTORS}"));
        }
    }
    let selectors: Result<Vec<Vec<Matcher>>, _> = texts.into_iter().map(parse_selector).collect();
    selectors.map_err(|error| error.to_string())
}

/// Selectors that one request may name.
const MAX_SELECTORS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, want: Result<i64, &str>| {
            let got = time(text);
            assert_eq!(got.as_ref().map_err(String::as_str), want.as_ref().map_err(|error| *error), "{text}");
        };
        check("", Err("cannot parse \"\" to a valid timestamp"));
        check("abc", Err("cannot parse \"abc\" to a valid timestamp"));
        check("30s", Err("cannot parse \"30s\" to a valid timestamp"));
        check("123", Ok(123_000));
        check("123.123", Ok(123_123));
        check("-1.5", Ok(-1500));
        check("1543578564.705", Ok(1_543_578_564_705));
        check("1e3", Ok(1_000_000));
        check("1_0", Ok(10_000));
        check("_10", Err("cannot parse \"_10\" to a valid timestamp"));
        check("NaN", Err("cannot parse \"NaN\" to a valid timestamp"));
        check("Inf", Err("cannot parse \"Inf\" to a valid timestamp"));
        check("1e18", Err("cannot parse \"1e18\" to a valid timestamp"));
        check("2015-06-03T13:21:58.555Z", Ok(1_433_337_718_555));
        check("2015-06-03T14:21:58.555+01:00", Ok(1_433_337_718_555));
        check("1970-01-01T00:00:00.0019Z", Ok(1));
        check(MIN_TIME_TEXT, Ok(MIN_TIME_MS));
        check(MAX_TIME_TEXT, Ok(MAX_TIME_MS));
        assert_eq!((MIN_TIME_MS, MAX_TIME_MS), (-9_223_309_901_257_974_000, 9_223_309_901_257_974_999));
    }

    #[test]
    fn durations() {
        let check = |text: &str, want: Result<i64, &str>| {
            let got = duration(text);
            assert_eq!(got.as_ref().map_err(String::as_str), want.as_ref().map_err(|error| *error), "{text}");
        };
        check("", Err("cannot parse \"\" to a valid duration"));
        check("abc", Err("cannot parse \"abc\" to a valid duration"));
        check("2015-06-03T13:21:58.555Z", Err("cannot parse \"2015-06-03T13:21:58.555Z\" to a valid duration"));
        let overflow = |text: &str| format!("cannot parse {text:?} to a valid duration. It overflows int64");
        check("-148966367200.372", Err(&overflow("-148966367200.372")));
        check("148966367200.372", Err(&overflow("148966367200.372")));
        check("123", Ok(123_000_000_000));
        check("123.333", Ok(123_333_000_000));
        check("15s", Ok(15_000_000_000));
        check("5m", Ok(300_000_000_000));
        check("1h30m", Ok(5_400_000_000_000));
    }

    #[test]
    fn numbers() {
        let check = |text: &str, want: Result<i64, &str>| {
            let got = integer(text);
            assert_eq!(got.as_ref().map_err(String::as_str), want.as_ref().map_err(|error| *error), "{text}");
        };
        check("12", Ok(12));
        check("-12", Ok(-12));
        check("+12", Ok(12));
        check("a", Err("strconv.Atoi: parsing \"a\": invalid syntax"));
        check("1e3", Err("strconv.Atoi: parsing \"1e3\": invalid syntax"));
        let big = "99999999999999999999";
        check(big, Err("strconv.Atoi: parsing \"99999999999999999999\": value out of range"));
        assert!(integer_32("2147483648").is_err());
    }
}
