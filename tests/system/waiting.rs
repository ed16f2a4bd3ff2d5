//! Waiting for what others bring about.

use std::time::{Duration, Instant};

/// How long is waited. It takes seconds, on a busy machine many.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(240);

/// Waits for something that others bring about.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < LONGEST_WAIT, "not within {LONGEST_WAIT:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
