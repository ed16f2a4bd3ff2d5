//! A receiver that fails again and again is asked seldom.
//!
//! Each notification has waits of its own (`backoff`); without this a dead receiver would be asked at once for each new
//! one. After [`MAX_FAILURES`] failures in a row, over all notifications, it is asked once in a while, and not for long;
//! the first success opens the way for all that wait.

use std::time::Duration;

use model::Rng;

use super::backoff::Backoff;

/// Failures in a row after which a receiver counts as dead. (Limit `notification_failures`.)
pub(super) const MAX_FAILURES: u32 = 5;

/// How the attempts at one integration went.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    n_failures: u32,
    backoff: Backoff,
    ready_at: Duration,
    quiet_until: Duration,
}

impl Breaker {
    /// Whether the receiver counts as dead.
    pub(super) fn is_open(&self) -> bool {
        self.n_failures >= MAX_FAILURES
    }

    /// Before this a dead receiver is not asked, unless it is somebody's last chance.
    pub(super) fn ready_at(&self) -> Duration {
        self.ready_at
    }

    /// Before this the receiver wants to be left alone.
    pub(super) fn quiet_until(&self) -> Duration {
        self.quiet_until
    }

    /// The receiver took something, or answered that it will not: it lives.
    pub(super) fn answered(&mut self) {
        *self = Breaker::default();
    }

    /// An attempt failed that could have succeeded. The receiver may have asked to be left alone.
    pub(super) fn failed(&mut self, now: Duration, retry_after: Option<Duration>, rng: &mut dyn Rng) {
        self.n_failures = self.n_failures.saturating_add(1);
        let wait = self.backoff.next(rng);
        if self.is_open() {
            self.ready_at = now + wait;
        }
        if let Some(retry_after) = retry_after {
            self.quiet_until = self.quiet_until.max(now + retry_after);
        }
    }
}
