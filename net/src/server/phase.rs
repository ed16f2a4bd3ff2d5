//! What a connection is doing and since when, shared between its socket, its requests and its watchdog.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::ServerLimits;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// It has sent nothing, or not yet a whole head.
    Head = 0,
    /// It waits for its next request.
    Idle = 1,
    /// It has a request that is being answered.
    Busy = 2,
}

/// What a connection is doing and since when.
#[derive(Debug)]
pub(super) struct Progress {
    born: Instant,
    /// The phase in the low two bits, above them the milliseconds between birth and its begin.
    phase: AtomicU64,
    /// Milliseconds between birth and the first write that was not taken since, plus one; 0 where all was.
    stuck: AtomicU64,
    /// Told when the connection shall make room for another.
    pub(super) evicted: Notify,
}

impl Progress {
    pub(super) fn new() -> Progress {
        let (phase, stuck) = (AtomicU64::new(Phase::Head as u64), AtomicU64::new(0));
        Progress { born: Instant::now(), phase, stuck, evicted: Notify::new() }
    }

    fn age_ms(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(self.age_ms() << 2 | phase as u64, Ordering::Relaxed);
    }

    /// The phase and how long it has lasted.
    pub(super) fn phase(&self) -> (Phase, Duration) {
        let packed = self.phase.load(Ordering::Relaxed);
        let phase = match packed & 3 {
            0 => Phase::Head,
            1 => Phase::Idle,
            _ => Phase::Busy,
        };
        (phase, Duration::from_millis(self.age_ms().saturating_sub(packed >> 2)))
    }

    /// Bytes came from the client.
    pub(super) fn has_read(&self) {
        if self.phase().0 == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// The client took bytes, or took none.
    pub(super) fn has_written(&self, any: bool) {
        let stuck = if any { 0 } else { self.age_ms() + 1 };
        if any || self.stuck.load(Ordering::Relaxed) == 0 {
            self.stuck.store(stuck, Ordering::Relaxed);
        }
    }

    /// Whether the connection has used up the time for what it does.
    pub(super) fn is_overdue(&self, limits: &ServerLimits) -> bool {
        let (phase, lasted) = self.phase();
        let is_late = match phase {
            Phase::Head => lasted > limits.head_timeout,
            Phase::Idle => lasted > limits.read_timeout,
            Phase::Busy => false,
        };
        let stuck = self.stuck.load(Ordering::Relaxed);
        let stuck_for = Duration::from_millis(self.age_ms().saturating_sub(stuck));
        is_late || (stuck > 0 && stuck_for > limits.write_pause)
    }
}
