//! Buckets of a classic histogram at one time: quantiles, and the part of the observations between two values.

/// A bucket: its upper bound, and the observations up to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) bound: f64,
    pub(super) count: f64,
}

/// How counts that fell had to be changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fixed {
    pub(super) min_bound: f64,
    pub(super) max_bound: f64,
    pub(super) max_fall: f64,
}

/// Counts that differ by no more than this part of them differ by rounding alone.
const ROUNDING: f64 = 1e-12;

/// A quantile by linear interpolation in the bucket that it falls into, and how the buckets had to be changed for it.
///
/// The buckets are sorted by bound. Observations are taken to be positive where the lowest bound is; a quantile in the
/// highest bucket, which has no end, is the bound below it.
pub(super) fn quantile_of(rank: f64, buckets: &mut Vec<Bucket>) -> (f64, Option<Fixed>) {
    if rank.is_nan() {
        return (f64::NAN, None);
    }
    if rank < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if rank > 1.0 {
        return (f64::INFINITY, None);
    }
    if !ends_in_infinity(buckets) {
        return (f64::NAN, None);
    }
    join_equal_bounds(buckets);
    let fixed = make_monotonic(buckets);
    (interpolated(rank, buckets), fixed)
}

fn interpolated(rank: f64, buckets: &[Bucket]) -> f64 {
    let [.., below, last] = buckets else { return f64::NAN };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let wanted = rank * last.count;
    let finite = &buckets[..buckets.len() - 1];
    let at = finite.iter().position(|bucket| bucket.count >= wanted).unwrap_or(finite.len());
    let Some(bucket) = finite.get(at) else { return below.bound };
    if at == 0 && bucket.bound <= 0.0 {
        return bucket.bound;
    }
    let before = at.checked_sub(1).map_or(Bucket { bound: 0.0, count: 0.0 }, |before| finite[before]);
    let part = (wanted - before.count) / (bucket.count - before.count);
    before.bound + (bucket.bound - before.bound) * part
}

/// The part of the observations between two values, by linear interpolation.
pub(super) fn fraction_between(lower: f64, upper: f64, buckets: &mut Vec<Bucket>) -> f64 {
    if !ends_in_infinity(buckets) {
        return f64::NAN;
    }
    join_equal_bounds(buckets);
    let n_all = buckets.last().map_or(0.0, |last| last.count);
    if n_all == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (n_below(upper, buckets, n_all) - n_below(lower, buckets, n_all)) / n_all
}

/// How many observations are below a value.
fn n_below(value: f64, buckets: &[Bucket], n_all: f64) -> f64 {
    let mut below = 0.0;
    let mut start = if buckets[0].bound <= 0.0 { f64::NEG_INFINITY } else { 0.0 };
    for bucket in buckets {
        if start >= value {
            return n_all_or_less(below, n_all);
        }
        if bucket.bound > value {
            // A bucket without a beginning is counted whole, and of one without an end nothing.
            let n = if start == f64::NEG_INFINITY {
                bucket.count
            } else {
                below + (bucket.count - below) * (value - start) / (bucket.bound - start)
            };
            return n_all_or_less(n, n_all);
        }
        below = bucket.count;
        start = bucket.bound;
    }
    n_all
}

fn n_all_or_less(n: f64, n_all: f64) -> f64 {
    if n > n_all { n_all } else { n }
}

fn ends_in_infinity(buckets: &[Bucket]) -> bool {
    buckets.last().is_some_and(|last| last.bound == f64::INFINITY)
}

/// Buckets with the same bound, in whatever way it was written, are one.
fn join_equal_bounds(buckets: &mut Vec<Bucket>) {
    buckets.dedup_by(|bucket, before| {
        let are_equal = bucket.bound == before.bound;
        if are_equal {
            before.count += bucket.count;
        }
        are_equal
    });
}

/// Lifts counts that are less than those of lower bounds. Differences of rounding are levelled without a word.
fn make_monotonic(buckets: &mut [Bucket]) -> Option<Fixed> {
    let mut fixed: Option<Fixed> = None;
    let mut before = buckets.first()?.count;
    for bucket in &mut buckets[1..] {
        if bucket.count == before {
            continue;
        }
        if almost_equal(before, bucket.count) {
            bucket.count = before;
        } else if bucket.count < before {
            let fall = before - bucket.count;
            let so_far =
                fixed.unwrap_or(Fixed { min_bound: f64::INFINITY, max_bound: f64::NEG_INFINITY, max_fall: 0.0 });
            fixed = Some(Fixed {
                min_bound: so_far.min_bound.min(bucket.bound),
                max_bound: so_far.max_bound.max(bucket.bound),
                max_fall: so_far.max_fall.max(fall),
            });
            bucket.count = before;
        } else {
            before = bucket.count;
        }
    }
    fixed
}

/// Whether two numbers are the same but for rounding.
fn almost_equal(one: f64, other: f64) -> bool {
    if one.is_nan() && other.is_nan() || one == other {
        return true;
    }
    let sum = one.abs() + other.abs();
    let difference = (one - other).abs();
    if one == 0.0 || other == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < ROUNDING * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < ROUNDING
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<Bucket> {
        pairs.iter().map(|&(bound, count)| Bucket { bound, count }).collect()
    }

    #[test]
    fn quantiles_of_buckets() {
        const INF: f64 = f64::INFINITY;
        for (rank, pairs, want) in [
            (0.5, vec![(1.0, 10.0), (2.0, 20.0), (INF, 20.0)], 1.0),
            (0.75, vec![(1.0, 10.0), (2.0, 20.0), (INF, 20.0)], 1.5),
            (1.0, vec![(1.0, 10.0), (2.0, 20.0), (INF, 30.0)], 2.0),
            (0.1, vec![(-1.0, 10.0), (2.0, 20.0), (INF, 20.0)], -1.0),
            (2.0, vec![(INF, 1.0)], INF),
            (-1.0, vec![], f64::NEG_INFINITY),
        ] {
            assert_eq!(quantile_of(rank, &mut buckets(&pairs)).0, want, "{rank} {pairs:?}");
        }
        for pairs in [vec![], vec![(1.0, 1.0)], vec![(INF, 1.0)], vec![(1.0, 0.0), (INF, 0.0)]] {
            assert!(quantile_of(0.5, &mut buckets(&pairs)).0.is_nan(), "{pairs:?}");
        }
    }

    #[test]
    fn counts_that_fall_are_lifted() {
        let (value, fixed) =
            quantile_of(1.0, &mut buckets(&[(1.0, 10.0), (2.0, 7.0), (3.0, 11.0), (f64::INFINITY, 11.0)]));
        assert_eq!((value, fixed), (3.0, Some(Fixed { min_bound: 2.0, max_bound: 2.0, max_fall: 3.0 })));
        let rounding = &mut buckets(&[(1.0, 1.0), (2.0, 1.0 - 1e-14), (f64::INFINITY, 1.0)]);
        assert_eq!(quantile_of(0.5, rounding).1, None);
    }

    #[test]
    fn fractions_of_buckets() {
        let pairs = [(1.0, 10.0), (2.0, 20.0), (f64::INFINITY, 40.0)];
        for (lower, upper, want) in
            [(0.0, 1.0, 0.25), (0.5, 1.5, 0.25), (1.0, 1.0, 0.0), (f64::NEG_INFINITY, f64::INFINITY, 1.0)]
        {
            assert_eq!(fraction_between(lower, upper, &mut buckets(&pairs)), want, "{lower} {upper}");
        }
        assert!(fraction_between(0.0, 1.0, &mut Vec::new()).is_nan());
    }
}
