//! Summing up: the count of samples in each span, their last, least and greatest value.

use model::sample::is_stale;

use super::Resolution;

/// The spans of a series that have samples, in order. Stale markers are no samples here: windows do not have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spans {
    /// Which they are: each ends at so many times the resolution.
    pub(super) numbers: Vec<i64>,
    /// Samples in each.
    pub(super) counts: Vec<u32>,
    /// The last value of each, as bits.
    pub(super) last: Vec<u64>,
    /// The least, and of equals the first. NaN where there is nothing else, and then the last of them; as `min_over_time`.
    pub(super) least: Vec<u64>,
    /// The greatest, in the same way.
    pub(super) greatest: Vec<u64>,
    /// The time of the last sample of all.
    pub(super) last_ms: i64,
}

impl Spans {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.counts.clear();
        for values in [&mut self.last, &mut self.least, &mut self.greatest] {
            values.clear();
        }
    }

    /// Adds samples, which come after those that were added before.
    pub(super) fn add(&mut self, resolution: Resolution, timestamps: &[i64], values: &[f64]) {
        for (&timestamp_ms, &value) in timestamps.iter().zip(values) {
            if is_stale(value) {
                continue;
            }
            self.last_ms = timestamp_ms;
            let number = resolution.span_of(timestamp_ms);
            let at = self.numbers.len();
            if self.numbers.last() == Some(&number) {
                self.add_to(at - 1, value);
            } else {
                self.numbers.push(number);
                self.counts.push(1);
                for values in [&mut self.last, &mut self.least, &mut self.greatest] {
                    values.push(value.to_bits());
                }
            }
        }
    }

    fn add_to(&mut self, at: usize, value: f64) {
        self.counts[at] += 1;
        self.last[at] = value.to_bits();
        let (least, greatest) = (f64::from_bits(self.least[at]), f64::from_bits(self.greatest[at]));
        if value < least || least.is_nan() {
            self.least[at] = value.to_bits();
        }
        if value > greatest || greatest.is_nan() {
            self.greatest[at] = value.to_bits();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_span_has_its_own() {
        let mut spans = Spans::default();
        let stale = model::sample::stale_marker();
        let one_nan = f64::from_bits(0x7ff8_0000_0000_0001);
        let samples = [
            (0, 5.0),
            (1, 2.0),
            (2, 0.0),
            (3, -0.0),
            (299_999, stale),
            (300_000, f64::NAN),
            (300_001, stale),
            (900_001, f64::NAN),
            (1_200_000, one_nan),
            (1_200_001, f64::NAN),
            (1_200_002, f64::INFINITY),
            (1_200_003, f64::NEG_INFINITY),
        ];
        for (timestamp_ms, value) in samples {
            spans.add(Resolution::FiveMinutes, &[timestamp_ms], &[value]);
        }
        assert_eq!(spans.numbers, [0, 1, 4, 5]);
        assert_eq!(spans.last_ms, 1_200_003);
        assert_eq!(spans.counts, [1, 4, 2, 3]);
        let bits = |values: [f64; 4]| values.map(f64::to_bits);
        assert_eq!(spans.last, bits([5.0, f64::NAN, one_nan, f64::NEG_INFINITY]));
        assert_eq!(spans.least, bits([5.0, 0.0, one_nan, f64::NEG_INFINITY]));
        assert_eq!(spans.greatest, bits([5.0, 2.0, one_nan, f64::INFINITY]));
    }
}
