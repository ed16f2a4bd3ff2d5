//! Memory of queries: each has a budget, and all of them share a pool.
//!
//! What is counted is what grows with data and steps: columns, windows, collected values. Tables of a fixed size are
//! not. Memory is asked for before it is taken, so that a query ends with an error instead of the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::QueryError;

/// The memory of all queries together.
#[derive(Debug)]
pub(crate) struct Pool {
    limit_bytes: u64,
    used_bytes: AtomicU64,
}

impl Pool {
    pub(crate) fn new(limit_bytes: u64) -> Arc<Pool> {
        Arc::new(Pool { limit_bytes, used_bytes: AtomicU64::new(0) })
    }

    /// Bytes in use by queries at this moment.
    pub(crate) fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }
}

/// The memory of one query.
#[derive(Debug)]
pub(crate) struct Budget {
    pool: Arc<Pool>,
    limit_bytes: u64,
    used_bytes: AtomicU64,
    peak_bytes: AtomicU64,
}

impl Budget {
    pub(crate) fn new(pool: Arc<Pool>, limit_bytes: u64) -> Arc<Budget> {
        Arc::new(Budget { pool, limit_bytes, used_bytes: AtomicU64::new(0), peak_bytes: AtomicU64::new(0) })
    }

    /// The most that was in use at once, in bytes.
    pub(crate) fn peak_bytes(&self) -> u64 {
        self.peak_bytes.load(Ordering::Relaxed)
    }

    /// Takes `n_bytes` until what is answered is dropped.
    pub(crate) fn hold(self: &Arc<Budget>, n_bytes: usize) -> Result<Held, QueryError> {
        let mut held = Held { budget: Arc::clone(self), n_bytes: 0 };
        held.grow(n_bytes)?;
        Ok(held)
    }

    fn take(&self, n_bytes: u64) -> Result<(), QueryError> {
        let used = take_up_to(&self.used_bytes, n_bytes, self.limit_bytes).map_err(|needed_bytes| {
            let (name, setting) = ("query_memory", "narthex.limits.query_memory");
            QueryError::TooMuchMemory { name, limit_bytes: self.limit_bytes, needed_bytes, setting }
        })?;
        self.peak_bytes.fetch_max(used, Ordering::Relaxed);
        let pool = take_up_to(&self.pool.used_bytes, n_bytes, self.pool.limit_bytes);
        pool.map(|_| ()).map_err(|needed_bytes| {
            self.used_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
            let (name, setting) = ("query_memory_total", "narthex.limits.query_memory_total");
            QueryError::TooMuchMemory { name, limit_bytes: self.pool.limit_bytes, needed_bytes, setting }
        })
    }

    fn give_back(&self, n_bytes: u64) {
        self.used_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
        self.pool.used_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
    }
}

/// Adds to a counter unless that would lift it above the limit; the new count, or what it would have been.
fn take_up_to(counter: &AtomicU64, n: u64, limit: u64) -> Result<u64, u64> {
    let taken = counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| used.checked_add(n).filter(|&sum| sum <= limit));
    match taken {
        Ok(before) => Ok(before + n),
        Err(used) => Err(used.saturating_add(n)),
    }
}

/// Memory that is taken; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    n_bytes: usize,
}

impl Held {
    /// Takes more.
    pub(crate) fn grow(&mut self, n_bytes: usize) -> Result<(), QueryError> {
        self.budget.take(n_bytes as u64)?;
        self.n_bytes += n_bytes;
        Ok(())
    }

    /// How much is held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Takes so much that at least `n_bytes` are held, and then some, so that growing seldom asks.
    pub(crate) fn reach(&mut self, n_bytes: usize) -> Result<(), QueryError> {
        if n_bytes <= self.n_bytes { Ok(()) } else { self.grow(n_bytes - self.n_bytes + n_bytes / 2) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back(self.n_bytes as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_and_all_queries_have_limits() {
        let pool = Pool::new(150);
        let one = Budget::new(Arc::clone(&pool), 100);
        let other = Budget::new(Arc::clone(&pool), 100);
        let held = one.hold(90).unwrap();
        let error = one.hold(11).unwrap_err().to_string();
        assert!(error.contains("101 bytes, limit 100 (query_memory"), "{error}");
        let error = other.hold(61).unwrap_err().to_string();
        assert!(error.contains("151 bytes, limit 150 (query_memory_total"), "{error}");
        drop(held);
        assert!(other.hold(100).is_ok());
        assert_eq!((pool.used_bytes(), one.peak_bytes()), (0, 90));
        assert!(one.hold(usize::MAX).is_err());
    }
}
