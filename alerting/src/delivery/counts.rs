//! What is counted, under Alertmanager's names.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::receivers::FailureKind;

/// The upper bounds of `alertmanager_notification_latency_seconds`, in seconds.
pub const LATENCY_BOUNDS: [f64; 5] = [1.0, 5.0, 10.0, 15.0, 20.0];

/// The counts of one kind of receiver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KindCounts {
    /// `alertmanager_notifications_total`
    pub n_notifications: u64,
    /// `alertmanager_notifications_failed_total` by `reason`
    pub n_failed: BTreeMap<FailureKind, u64>,
    /// `alertmanager_notification_requests_total`: attempts.
    pub n_requests: u64,
    /// `alertmanager_notification_requests_failed_total`
    pub n_requests_failed: u64,
    /// Attempts that took at most so long as the bound of the same place says.
    pub latency: [u64; LATENCY_BOUNDS.len()],
    /// How long all attempts took, in seconds.
    pub latency_sum: f64,
}

impl KindCounts {
    pub(super) fn request(&mut self, took: Duration, is_failed: bool) {
        self.n_requests += 1;
        self.n_requests_failed += u64::from(is_failed);
        let seconds = took.as_secs_f64();
        self.latency_sum += seconds;
        for (count, bound) in self.latency.iter_mut().zip(LATENCY_BOUNDS) {
            *count += u64::from(seconds <= bound);
        }
    }
}
