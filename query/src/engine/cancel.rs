//! Stopping a query: by a flag that others set, and by the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::Clock;

use super::error::QueryError;

/// A flag that stops a query within about a millisecond. Clones are the same flag.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that nobody has set.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Stops the query.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the query is to stop.
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Says when a query must stop. Shared by all threads of the query.
#[derive(Debug)]
pub(crate) struct Watch {
    cancel: Cancel,
    clock: Arc<dyn Clock>,
    deadline: Duration,
}

impl Watch {
    /// A watch whose time begins now.
    pub(crate) fn new(cancel: Cancel, clock: Arc<dyn Clock>, timeout: Duration) -> Watch {
        let deadline = clock.elapsed().saturating_add(timeout);
        Watch { cancel, clock, deadline }
    }

    /// Fails where the query must stop; `place` is what it was doing, as messages call it.
    pub(crate) fn check(&self, place: &'static str) -> Result<(), QueryError> {
        if self.cancel.is_canceled() {
            return Err(QueryError::Canceled(place));
        }
        if self.clock.elapsed() > self.deadline {
            return Err(QueryError::Timeout(place));
        }
        Ok(())
    }

    /// A counter of work for one thread.
    pub(crate) fn ticker(&self) -> Ticker<'_> {
        Ticker { watch: self, n_left: N_UNITS_BETWEEN_CHECKS }
    }

    /// The time since some fixed instant.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}

/// A unit of work is a sample or a point: a few nanoseconds, seldom a hundred.
const N_UNITS_BETWEEN_CHECKS: usize = 16 << 10;

/// Counts work and asks the [`Watch`] now and then.
#[derive(Clone, Debug)]
pub(crate) struct Ticker<'a> {
    watch: &'a Watch,
    n_left: usize,
}

impl Ticker<'_> {
    /// Counts `n_units` of work.
    #[inline]
    pub(crate) fn tick(&mut self, n_units: usize) -> Result<(), QueryError> {
        if n_units < self.n_left {
            self.n_left -= n_units;
            return Ok(());
        }
        self.n_left = N_UNITS_BETWEEN_CHECKS;
        self.watch.check("expression evaluation")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that goes on by a second each time it is asked.
    #[derive(Debug, Default)]
    struct Stepping(std::sync::atomic::AtomicU64);

    impl Clock for Stepping {
        fn now_ms(&self) -> i64 {
            0
        }

        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
        }
    }

    #[test]
    fn work_ends_by_flag_and_by_clock() {
        let cancel = Cancel::new();
        let watch = Watch::new(cancel.clone(), Arc::new(Stepping::default()), Duration::from_secs(10));
        let mut ticker = watch.ticker();
        let n_checks = (0..1000).take_while(|_| ticker.tick(N_UNITS_BETWEEN_CHECKS).is_ok()).count();
        assert_eq!(n_checks, 10);
        cancel.cancel();
        assert_eq!(watch.check("a test").unwrap_err().to_string(), "query was canceled in a test");
    }
}
