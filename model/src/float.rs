//! Floats as text, in the three forms of Go's `strconv.FormatFloat`, always with the fewest digits that read back as the
//! same float.
//!
//! Prometheus shows values in these forms everywhere: [`push_plain`] for sample values, [`push_general`] for literals
//! in printed expressions, [`push_scientific`] for the value of an alert.

/// Appends a float without an exponent: `0.000001`, `100000000000000000000`, `NaN`, `+Inf`, `-Inf`.
pub fn push_plain(out: &mut String, value: f64) {
    let Some(decimal) = decimal_of(out, value) else { return };
    decimal.push_plain(out);
}

/// Appends a float with an exponent where it is below -4 or at least 21: `1e+21`, `1e-05`, `123456`.
pub fn push_general(out: &mut String, value: f64) {
    let Some(decimal) = decimal_of(out, value) else { return };
    if decimal.exponent < -4 || decimal.exponent >= 21 { decimal.push_scientific(out) } else { decimal.push_plain(out) }
}

/// Appends a float with an exponent: `1e+00`, `1.5e-07`.
pub fn push_scientific(out: &mut String, value: f64) {
    let Some(decimal) = decimal_of(out, value) else { return };
    decimal.push_scientific(out);
}

/// A float as [`push_plain`] writes it.
pub fn plain(value: f64) -> String {
    written(value, push_plain)
}

/// A float as [`push_general`] writes it.
pub fn general(value: f64) -> String {
    written(value, push_general)
}

/// A float as [`push_scientific`] writes it.
pub fn scientific(value: f64) -> String {
    written(value, push_scientific)
}

fn written(value: f64, push: fn(&mut String, f64)) -> String {
    let mut out = String::with_capacity(24);
    push(&mut out, value);
    out
}

/// The shortest decimal of a finite float: `0.d₁d₂d₃… · 10^(exponent + 1)`.
struct Decimal {
    /// At most 17 digits, without leading or trailing zeros, but for zero itself.
    digits: [u8; 17],
    n_digits: usize,
    /// The power of ten of the first digit.
    exponent: i32,
}

/// Writes the sign, and the whole text where the value is not finite; otherwise hands back what remains to be written.
fn decimal_of(out: &mut String, value: f64) -> Option<Decimal> {
    if value.is_nan() {
        out.push_str("NaN");
        return None;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        return None;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    Some(Decimal::new(value.abs()))
}

impl Decimal {
    fn new(value: f64) -> Decimal {
        let mut decimal = Decimal { digits: [b'0'; 17], n_digits: 1, exponent: 0 };
        if value == 0.0 {
            return decimal;
        }
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        let n_leading_zeros = digits().take_while(|&digit| digit == b'0').count();
        let n_trailing_zeros = whole.bytes().chain(fraction.bytes()).rev().take_while(|&digit| digit == b'0').count();
        decimal.n_digits = whole.len() + fraction.len() - n_leading_zeros - n_trailing_zeros;
        for (to, from) in decimal.digits.iter_mut().zip(digits().skip(n_leading_zeros).take(decimal.n_digits)) {
            *to = from;
        }
        decimal.exponent = exponent + whole.len() as i32 - 1 - n_leading_zeros as i32;
        decimal
    }

    fn digits(&self) -> &str {
        std::str::from_utf8(&self.digits[..self.n_digits]).unwrap_or_default()
    }

    fn push_plain(&self, out: &mut String) {
        let digits = self.digits();
        let n_whole = self.exponent + 1;
        if n_whole <= 0 {
            out.push_str("0.");
            out.extend((n_whole..0).map(|_| '0'));
            out.push_str(digits);
            return;
        }
        let n_whole = n_whole as usize;
        if n_whole >= digits.len() {
            out.push_str(digits);
            out.extend((digits.len()..n_whole).map(|_| '0'));
        } else {
            let (whole, fraction) = digits.split_at(n_whole);
            out.push_str(whole);
            out.push('.');
            out.push_str(fraction);
        }
    }

    fn push_scientific(&self, out: &mut String) {
        let (first, rest) = self.digits().split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        out.push('e');
        out.push(if self.exponent < 0 { '-' } else { '+' });
        let exponent = self.exponent.unsigned_abs();
        if exponent < 10 {
            out.push('0');
        }
        out.push_str(&exponent.to_string());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_forms() {
        for (value, want_plain, want_general, want_scientific) in [
            (0.0, "0", "0", "0e+00"),
            (-0.0, "-0", "-0", "-0e+00"),
            (1.0, "1", "1", "1e+00"),
            (10.0, "10", "10", "1e+01"),
            (123456.0, "123456", "123456", "1.23456e+05"),
            (0.1, "0.1", "0.1", "1e-01"),
            (1.5e-7, "0.00000015", "1.5e-07", "1.5e-07"),
            (0.0001, "0.0001", "0.0001", "1e-04"),
            (0.00001, "0.00001", "1e-05", "1e-05"),
            (1e20, "100000000000000000000", "100000000000000000000", "1e+20"),
            (1e21, "1000000000000000000000", "1e+21", "1e+21"),
            (1.25, "1.25", "1.25", "1.25e+00"),
            (9007199254740993.0, "9007199254740992", "9007199254740992", "9.007199254740992e+15"),
            (1e100, &format!("1{}", "0".repeat(100)), "1e+100", "1e+100"),
            (5e-324, &format!("0.{}5", "0".repeat(323)), "5e-324", "5e-324"),
            (f64::NAN, "NaN", "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf", "-Inf"),
        ] {
            let got = (plain(value), general(value), scientific(value));
            assert_eq!(got, (want_plain.to_owned(), want_general.to_owned(), want_scientific.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn every_form_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            for text in [plain(value), general(value), scientific(value)] {
                prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(bits));
            }
        }
    }
}
