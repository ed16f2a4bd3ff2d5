//! How long to wait before the next attempt: longer each time, and never at the same time as everybody else.

use std::time::Duration;

use model::Rng;

/// Alertmanager's figures: 500 ms, half as much more each time, up to a minute, each ± 50 %.
const FIRST: Duration = Duration::from_millis(500);
const FACTOR: f64 = 1.5;
const LONGEST: Duration = Duration::from_secs(60);
const JITTER: f64 = 0.5;

/// Counts the failures in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    n_failures: u32,
}

impl Backoff {
    /// How long to wait after one more failure.
    pub(super) fn next(&mut self, rng: &mut dyn Rng) -> Duration {
        let middle = (FIRST.as_secs_f64() * FACTOR.powi(self.n_failures.min(64) as i32)).min(LONGEST.as_secs_f64());
        self.n_failures += 1;
        Duration::from_secs_f64(middle * (1.0 - JITTER + 2.0 * JITTER * rng.unit()))
    }
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    #[test]
    fn waits_grow_within_their_bounds() {
        let mut rng = SeededRng::new(1);
        let mut backoff = Backoff::default();
        for number in 0..40 {
            let wait = backoff.next(&mut rng).as_secs_f64();
            let middle = (0.5 * 1.5f64.powi(number)).min(60.0);
            assert!((middle * 0.5..=middle * 1.5).contains(&wait), "{number}: {wait}");
        }
    }
}
