//! Numbers for people: `1.235M`, `12.35%`, `1d 2h 3m 4s`.

use super::format::general;
use super::time_type::seconds;
use super::value::Value;

/// A number, which may be given as a text. Which types are numbers is for the caller to say in the error.
pub(super) fn float_of(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Int(value) => Ok(*value as f64),
        Value::Uint(value) => Ok(*value as f64),
        Value::Duration(nanos) => Ok(seconds(*nanos)),
        Value::Text(text) => parse_float(text),
        other => Err(format!("can't convert {} to float", other.type_name())),
    }
}

/// A float as Go's `strconv.ParseFloat` reads it.
pub(super) fn parse_float(text: &str) -> Result<f64, String> {
    let failed = |why: &str| format!("strconv.ParseFloat: parsing {}: {why}", model::name::quoted(text));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_word = ["inf", "infinity", "nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word));
    if !is_number && !is_word || unsigned.len() < text.len() && unsigned.eq_ignore_ascii_case("nan") {
        return Err(failed("invalid syntax"));
    }
    let value: f64 = text.parse().map_err(|_| failed("invalid syntax"))?;
    if value.is_infinite() && is_number {
        return Err(failed("value out of range"));
    }
    Ok(value)
}

/// With a prefix of thousands: `1.235M`, `120m`.
pub(super) fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return general(value, 4);
    }
    let (prefix, scaled) = if value.abs() >= 1.0 {
        scaled_down(value, &["k", "M", "G", "T", "P", "E", "Z", "Y"], 1000.0)
    } else {
        scaled_up(value)
    };
    format!("{}{prefix}", general(scaled, 4))
}

/// With a prefix of 1024: `1.177Mi`. What is less than one has none.
pub(super) fn humanize_1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return general(value, 4);
    }
    let (prefix, scaled) = scaled_down(value, &["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"], 1024.0);
    format!("{}{prefix}", general(scaled, 4))
}

fn scaled_down(value: f64, prefixes: &[&'static str], by: f64) -> (&'static str, f64) {
    let mut scaled = value;
    let mut last = "";
    for prefix in prefixes {
        if scaled.abs() < by {
            break;
        }
        (last, scaled) = (prefix, scaled / by);
    }
    (last, scaled)
}

/// What is less than one, with the prefix of a fraction.
fn scaled_up(value: f64) -> (&'static str, f64) {
    let mut scaled = value;
    let mut last = "";
    for prefix in ["m", "u", "n", "p", "f", "a", "z", "y"] {
        if scaled.abs() >= 1.0 {
            break;
        }
        (last, scaled) = (prefix, scaled * 1000.0);
    }
    (last, scaled)
}

/// As a percentage: `12.35%`.
pub(super) fn humanize_percentage(value: f64) -> String {
    format!("{}%", general(value * 100.0, 4))
}

/// Seconds as days, hours, minutes and seconds: `-2d 3h 4m 5s`, `1.234s`, `123.5ms`.
pub(super) fn humanize_duration(value: f64) -> String {
    if !value.is_finite() {
        return general(value, 4);
    }
    if value == 0.0 {
        return format!("{}s", general(value, 4));
    }
    if value.abs() < 1.0 {
        let (prefix, scaled) = scaled_up(value);
        return format!("{}{prefix}s", general(scaled, 4));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let whole = value as i64;
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{sign}{}s", general(value, 4)),
        (0, 0, minutes) => format!("{sign}{minutes}m {seconds}s"),
        (0, hours, minutes) => format!("{sign}{hours}h {minutes}m {seconds}s"),
        (days, hours, minutes) => format!("{sign}{days}d {hours}h {minutes}m {seconds}s"),
    }
}

/// Seconds since the epoch as nanoseconds, or why they are none; `None` where the number is not finite.
pub(super) fn nanos_of(value: f64) -> Result<Option<i128>, String> {
    if !value.is_finite() {
        return Ok(None);
    }
    let nanos = value * 1e9;
    if nanos > i64::MAX as f64 || nanos < i64::MIN as f64 {
        let text = super::format::shortest(value);
        return Err(format!("{text} cannot be represented as a nanoseconds timestamp since it overflows int64"));
    }
    // Milliseconds are what Prometheus's times have.
    Ok(Some((value * 1000.0).round_ties_even() as i128 * 1_000_000))
}
