//! Round numbers near where values lie.

/// The next number of two digits that is not below.
pub(super) fn rounded_up(value: f64) -> f64 {
    rounded(value, f64::ceil)
}

/// The next number of two digits that is not above.
pub(super) fn rounded_down(value: f64) -> f64 {
    rounded(value, f64::floor)
}

fn rounded(value: f64, to: impl Fn(f64) -> f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    // By its digits in tens, so that 0.3 is not 0.30000000000000004.
    let exponent = value.abs().log10().floor() as i32 - 1;
    let digits = to((value / 10f64.powi(exponent) * 1e9).round() / 1e9);
    format!("{digits}e{exponent}").parse().unwrap_or(value)
}

/// The lowest power of two that is not below: a bound of the buckets of every exponential histogram.
pub(super) fn power_of_two(value: f64) -> f64 {
    2f64.powi(value.log2().ceil() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_numbers() {
        let check = |value: f64, up: f64, down: f64| {
            assert_eq!((rounded_up(value), rounded_down(value)), (up, down), "{value}");
        };
        check(0.123, 0.13, 0.12);
        check(0.3, 0.3, 0.3);
        check(12_345.0, 13_000.0, 12_000.0);
        check(-7.77, -7.7, -7.8);
        check(0.0, 0.0, 0.0);
        check(1.0, 1.0, 1.0);
        assert_eq!([0.3, 0.25, 3.0].map(power_of_two), [0.5, 0.25, 4.0]);
    }
}
