//! Floats in the forms of Go's `%e`, `%f` and `%g`.
//!
//! Rust's formatting is exact, and rounds as Go's does; only the forms differ.

use crate::template::limits::Sink;

use super::spec::Spec;

/// The shortest text of a float that reads back as the same: Go's `%v`.
pub(in crate::template) fn shortest(value: f64) -> String {
    if !value.is_finite() {
        return model::float::plain(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}", general_digits(value.abs(), None))
}

/// A float with so many significant digits: Go's `%.4g`.
pub(in crate::template) fn general(value: f64, precision: usize) -> String {
    if !value.is_finite() {
        return model::float::plain(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}", general_digits(value.abs(), Some(precision)))
}

/// Appends a float by a verb; false where the verb is for no floats.
pub(super) fn push(out: &mut Sink, value: f64, verb: char, spec: &Spec) -> Result<bool, String> {
    if !matches!(verb, 'v' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G') {
        return Ok(false);
    }
    let sign = match (value.is_sign_negative() && !value.is_nan(), spec.plus) {
        (true, _) => "-",
        (false, true) => "+",
        (false, false) if spec.space => " ",
        (false, false) => "",
    };
    if !value.is_finite() {
        let text = if value.is_nan() { "NaN" } else { "Inf" };
        // Infinity by %v has its sign always.
        let sign = if value == f64::INFINITY && sign.is_empty() { "+" } else { sign };
        let spec = Spec { zero: false, ..*spec };
        return spec
            .pad_number(out, if value.is_nan() && sign != "+" && sign != " " { "" } else { sign }, text)
            .map(|()| true);
    }
    let value = value.abs();
    let digits = match verb {
        'f' | 'F' => format!("{value:.*}", spec.precision.unwrap_or(6)),
        'e' | 'E' => scientific(value, spec.precision.unwrap_or(6)),
        _ => general_digits(value, spec.precision),
    };
    let digits = if spec.sharp && !spec.sharp_v { with_point(&digits, verb, spec.precision) } else { digits };
    let digits = if verb.is_ascii_uppercase() { digits.to_ascii_uppercase() } else { digits };
    spec.pad_number(out, sign, &digits).map(|()| true)
}

/// `1.500000e+03`
fn scientific(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The shorter of both forms, without zeros at the end; all digits that are needed where there is no precision.
///
/// The exponent is written where it is below -4, or as large as the precision; as 6 where there is none.
fn general_digits(value: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else {
        let text = model::float::scientific(value);
        let exponent: i32 = text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
        return if (-4..6).contains(&exponent) { model::float::plain(value) } else { text };
    };
    let precision = precision.max(1);
    let text = scientific(value, precision - 1);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let mantissa =
            if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
        let (_, exponent) = text.split_once('e').unwrap_or((&text, "+00"));
        return format!("{mantissa}e{exponent}");
    }
    let n_decimals = usize::try_from(precision as i32 - 1 - exponent).unwrap_or(0);
    let plain = format!("{value:.n_decimals$}");
    if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.').to_owned() } else { plain }
}

/// With a point always, and for `%g` with the zeros at its end: the flag `#`.
fn with_point(digits: &str, verb: char, precision: Option<usize>) -> String {
    let (mantissa, exponent) = digits.split_once('e').map_or((digits, None), |(m, e)| (m, Some(e)));
    let mut mantissa = mantissa.to_owned();
    if !mantissa.contains('.') {
        mantissa.push('.');
    }
    if matches!(verb, 'g' | 'G' | 'v') {
        let n_wanted = precision.unwrap_or(6).max(1);
        let significant = mantissa.chars().filter(char::is_ascii_digit).skip_while(|&digit| digit == '0').count();
        let n_digits = if mantissa.starts_with("0.") && significant == 0 { 1 } else { significant };
        mantissa.extend((n_digits..n_wanted).map(|_| '0'));
    }
    exponent.map_or(mantissa.clone(), |exponent| format!("{mantissa}e{exponent}"))
}
