//! Sums that keep what rounding loses: Kahan's summation with Neumaier's improvement, as Prometheus sums.
//!
//! A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).

/// A sum and what rounding has lost of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct KahanSum {
    pub(crate) sum: f64,
    pub(crate) lost: f64,
}

impl KahanSum {
    pub(crate) fn new(sum: f64) -> KahanSum {
        KahanSum { sum, lost: 0.0 }
    }

    /// Adds a number. A sum that overflows has lost nothing that matters.
    #[inline]
    pub(crate) fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        if sum.is_infinite() {
            self.lost = 0.0;
        } else if self.sum.abs() >= number.abs() {
            self.lost += (self.sum - sum) + number;
        } else {
            self.lost += (number - sum) + self.sum;
        }
        self.sum = sum;
    }

    /// The sum with what was lost.
    #[inline]
    pub(crate) fn total(self) -> f64 {
        self.sum + self.lost
    }
}

/// An average: a sum divided at the end, until that would overflow; from then on a running mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    pub(crate) sum: KahanSum,
    pub(crate) n: f64,
    is_running: bool,
}

impl Mean {
    /// The average of one number.
    pub(crate) fn new(first: f64) -> Mean {
        Mean { sum: KahanSum::new(first), n: 1.0, is_running: false }
    }

    #[inline]
    pub(crate) fn add(&mut self, number: f64) {
        self.n += 1.0;
        if !self.is_running {
            let mut sum = self.sum;
            sum.add(number);
            if !sum.sum.is_infinite() {
                self.sum = sum;
                return;
            }
            self.is_running = true;
            let n_before = self.n - 1.0;
            self.sum = KahanSum { sum: self.sum.sum / n_before, lost: self.sum.lost / n_before };
        }
        let weight = (self.n - 1.0) / self.n;
        let mut mean = KahanSum { sum: weight * self.sum.sum, lost: weight * self.sum.lost };
        mean.add(number / self.n);
        self.sum = mean;
    }

    pub(crate) fn value(self) -> f64 {
        if self.is_running { self.sum.total() } else { self.sum.sum / self.n + self.sum.lost / self.n }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounding_loses_is_kept() {
        let mut sum = KahanSum::default();
        [1.0, 1e100, 1.0, -1e100].into_iter().for_each(|number| sum.add(number));
        assert_eq!(sum.total(), 2.0);
    }

    #[test]
    fn a_mean_does_not_overflow() {
        let mut mean = Mean::new(f64::MAX);
        mean.add(f64::MAX);
        mean.add(f64::MAX);
        assert!((mean.value() / f64::MAX - 1.0).abs() < 1e-15);
        let mut mean = Mean::new(1.0);
        mean.add(2.0);
        assert_eq!(mean.value(), 1.5);
    }
}
