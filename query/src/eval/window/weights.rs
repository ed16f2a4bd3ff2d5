//! Samples that stand for several.

use std::collections::VecDeque;

use crate::eval::samples::Samples;

/// For how many samples those of a window stand, beside themselves.
#[derive(Debug, Default)]
pub(super) struct Weights {
    /// Numbers of samples that stand for others, and how many those are up to and with each.
    sums: VecDeque<(usize, u64)>,
    /// How many they are before the first of these.
    before: u64,
}

impl Weights {
    /// Notes the samples from the index `from` on, which were read last.
    pub(super) fn read(&mut self, samples: &Samples, from: usize) {
        let first = samples.floats.n_forgotten + from;
        for (at, &weight) in samples.weights.iter().enumerate() {
            if weight > 1 {
                let sum = self.sums.back().map_or(self.before, |&(_, sum)| sum);
                self.sums.push_back((first + at, sum + u64::from(weight) - 1));
            }
        }
    }

    /// How many samples those stand for, beside themselves, that are numbered from `from` up to `to`, which is not included.
    /// What is before `from` is forgotten.
    pub(super) fn between(&mut self, from: usize, to: usize) -> u64 {
        while let Some((_, sum)) = self.sums.pop_front_if(|(number, _)| *number < from) {
            self.before = sum;
        }
        let n_inside = self.sums.partition_point(|&(number, _)| number < to);
        let up_to = n_inside.checked_sub(1).and_then(|last| self.sums.get(last)).map_or(self.before, |&(_, sum)| sum);
        up_to - self.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_counts() {
        let (mut weights, mut samples) = (Weights::default(), Samples::default());
        for tile in [&[][..], &[3, 1, 2], &[], &[10]] {
            let from = samples.floats.values.len();
            samples.weights = tile.to_vec();
            samples.floats.values.resize(from + tile.len().max(2), 0.0);
            weights.read(&samples, from);
        }
        // Those numbered 2, 4 and 7 stand for others.
        assert_eq!([(0, 9), (0, 7), (0, 2)].map(|(from, to)| weights.between(from, to)), [12, 3, 0]);
        assert_eq!([(2, 5), (3, 5), (3, 8), (8, 9)].map(|(from, to)| weights.between(from, to)), [3, 1, 10, 0]);
    }
}
