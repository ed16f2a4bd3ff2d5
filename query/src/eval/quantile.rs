//! Quantiles of plain numbers.

use std::cmp::Ordering;

/// The quantile of numbers, which are sorted by this, NaN first; between two numbers it is interpolated.
pub(crate) fn quantile(rank: f64, numbers: &mut [f64]) -> f64 {
    if numbers.is_empty() || rank.is_nan() {
        return f64::NAN;
    }
    if rank < 0.0 {
        return f64::NEG_INFINITY;
    }
    if rank > 1.0 {
        return f64::INFINITY;
    }
    numbers.sort_unstable_by(|&one, &other| ascending(one, other));
    let n = numbers.len() as f64;
    let place = rank * (n - 1.0);
    let lower = place.floor().max(0.0);
    let upper = (lower + 1.0).min(n - 1.0);
    let weight = place - place.floor();
    numbers[lower as usize] * (1.0 - weight) + numbers[upper as usize] * weight
}

/// The order of numbers, NaN first.
pub(crate) fn ascending(one: f64, other: f64) -> Ordering {
    match (one.is_nan(), other.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        for (rank, numbers, want) in [
            (0.5, vec![3.0, 1.0, 2.0], 2.0),
            (0.5, vec![1.0, 2.0], 1.5),
            (0.0, vec![5.0, 4.0], 4.0),
            (1.0, vec![5.0, 4.0], 5.0),
            (1.1, vec![1.0], f64::INFINITY),
            (-0.1, vec![1.0], f64::NEG_INFINITY),
            (1.0, vec![f64::NAN, 1.0], 1.0),
        ] {
            assert_eq!(quantile(rank, &mut numbers.clone()), want, "{rank} {numbers:?}");
        }
        assert!(quantile(0.5, &mut []).is_nan() && quantile(0.0, &mut [1.0, f64::NAN]).is_nan());
    }
}
