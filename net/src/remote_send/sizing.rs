//! How many shards are right, from how fast samples come and how long it takes to send one.
//!
//! The rule is Prometheus's: enough to send what comes in, and to catch up with five in a hundred of the backlog each
//! second; a change of less than 30 % is not made, and none downwards while the queue is more than ten seconds behind.

use std::time::Duration;

use super::settings::Shards;

/// From one look to the next.
pub(super) const EVERY: Duration = Duration::from_secs(10);
/// How much of the newest look goes into the averages.
const NEWEST: f64 = 0.2;
const TOLERANCE: f64 = 0.3;
const CATCH_UP: f64 = 0.05;
/// Behind by more seconds than this, no shard is given up.
const MAX_LAG_SECONDS: f64 = 10.0;

/// Counters of a queue since its start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// Rows read from the feed and to be sent.
    pub(super) n_in: u64,
    /// Rows settled.
    pub(super) n_out: u64,
    /// Time spent in requests, over all shards.
    pub(super) sending: Duration,
}

/// Averages of the last looks.
#[derive(Debug, Default)]
pub(super) struct Sizing {
    last: Totals,
    /// Rows a second, and seconds of sending a second; `None` before the first look.
    rates: Option<[f64; 3]>,
}

impl Sizing {
    /// Takes the counters after [`EVERY`], or a little more; how many shards would be right. `lag_seconds` is how far what
    /// was sent is behind what was read.
    pub(super) fn look(&mut self, totals: Totals, took: Duration, n_shards: usize, lag_seconds: f64) -> f64 {
        let last = std::mem::replace(&mut self.last, totals);
        let seconds = took.as_secs_f64().max(1e-3);
        let newest = [
            totals.n_in.saturating_sub(last.n_in) as f64 / seconds,
            totals.n_out.saturating_sub(last.n_out) as f64 / seconds,
            totals.sending.saturating_sub(last.sending).as_secs_f64() / seconds,
        ];
        let rates = self.rates.map_or(newest, |before| {
            let mixed = |at: usize| before[at] + NEWEST * (newest[at] - before[at]);
            [mixed(0), mixed(1), mixed(2)]
        });
        self.rates = Some(rates);
        let [rate_in, rate_out, sending] = rates;
        if rate_out <= 0.0 {
            return n_shards as f64;
        }
        sending / rate_out * (rate_in + CATCH_UP * lag_seconds.max(0.0) * rate_in)
    }
}

/// The number of shards to have next.
pub(super) fn decide(desired: f64, n_shards: usize, limits: Shards, lag_seconds: f64) -> usize {
    let now = n_shards as f64;
    let whole = desired.ceil();
    let is_near = (now * (1.0 - TOLERANCE)..=now * (1.0 + TOLERANCE)).contains(&whole);
    if is_near || (whole < now && lag_seconds > MAX_LAG_SECONDS) {
        return n_shards;
    }
    (whole as usize).clamp(limits.min, limits.max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_follow_the_load() {
        let limits = Shards { min: 1, max: 50 };
        let check = |n_in: u64, n_out: u64, sending: u64, n_shards, lag, want| {
            let totals = Totals { n_in, n_out, sending: Duration::from_secs(sending) };
            let desired = Sizing::default().look(totals, EVERY, n_shards, lag);
            assert_eq!(decide(desired, n_shards, limits, lag), want, "{totals:?} {n_shards} {lag}");
        };
        // One shard that is busy half of the time is right.
        check(100_000, 100_000, 5, 1, 0.0, 1);
        // It cannot keep up: it needs three seconds for what comes in in one.
        check(300_000, 100_000, 10, 1, 0.0, 3);
        // The same and far behind.
        check(300_000, 100_000, 10, 1, 100.0, 18);
        check(300_000, 100_000, 10, 1, 1e9, 50);
        // Too many; but not while behind.
        check(100_000, 100_000, 5, 4, 0.0, 1);
        check(100_000, 100_000, 5, 4, 11.0, 4);
        // Within the tolerance.
        check(100_000, 100_000, 110, 10, 0.0, 10);
        // Nothing goes out.
        check(100_000, 0, 0, 4, 0.0, 4);
    }
}
