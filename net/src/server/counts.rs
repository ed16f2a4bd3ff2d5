//! What a server has seen, as numbers that anybody may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that goes up, or up and down.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a server has seen since it began.
#[derive(Debug, Default)]
pub struct ServerCounts {
    /// Connections that were accepted.
    pub connections_accepted: Count,
    /// Connections that are open.
    pub connections_open: Count,
    /// Connections that were turned away because there were too many.
    pub connections_refused: Count,
    /// Connections without a request that were closed to make room.
    pub connections_evicted: Count,
    /// Connections that were closed for being too slow.
    pub connections_timed_out: Count,
    /// TLS handshakes that failed.
    pub handshakes_failed: Count,
    /// Requests whose handler panicked.
    pub panics: Count,
    /// Requests with a wrong name or password.
    pub logins_refused: Count,
    /// Requests whose password was not looked at, because too many others waited.
    pub logins_turned_away: Count,
}
