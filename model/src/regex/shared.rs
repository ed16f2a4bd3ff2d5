//! Expressions that are compiled once for all who use them at the same time.
//!
//! Thousands of objectives and rules say `code=~"5.."`, and an automaton takes some fifteen kilobytes. Nothing is kept here for
//! its own sake: an expression goes with the last of its users.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;

/// Expressions that have gone are looked for when there are twice as many as were left the last time, and at least so many.
const MIN_SWEPT: usize = 64;

/// What is in use, by its pattern.
#[derive(Debug)]
pub(super) struct Shared<T> {
    by_pattern: LazyLock<Mutex<Known<T>>>,
}

#[derive(Debug)]
struct Known<T> {
    patterns: HashMap<Box<str>, Weak<T>>,
    swept_at: usize,
}

impl<T> Shared<T> {
    /// Nothing is in use yet.
    pub(super) const fn new() -> Shared<T> {
        Shared { by_pattern: LazyLock::new(|| Mutex::new(Known { patterns: HashMap::new(), swept_at: MIN_SWEPT })) }
    }

    /// What was compiled of a pattern, if somebody uses it.
    pub(super) fn get(&self, pattern: &str) -> Option<Arc<T>> {
        self.by_pattern.lock().patterns.get(pattern).and_then(Weak::upgrade)
    }

    /// Makes it known. Answers that of somebody who was faster, where there is one.
    pub(super) fn insert(&self, pattern: &str, compiled: Arc<T>) -> Arc<T> {
        let mut known = self.by_pattern.lock();
        if let Some(faster) = known.patterns.get(pattern).and_then(Weak::upgrade) {
            return faster;
        }
        if known.patterns.len() >= known.swept_at {
            known.patterns.retain(|_, compiled| compiled.strong_count() > 0);
            known.swept_at = MIN_SWEPT.max(2 * known.patterns.len());
        }
        known.patterns.insert(pattern.into(), Arc::downgrade(&compiled));
        compiled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_as_long_as_somebody_uses_it() {
        let shared = Shared::new();
        let first = shared.insert("a", Arc::new(1));
        assert!(Arc::ptr_eq(&first, &shared.insert("a", Arc::new(2))), "who was faster is right");
        assert!(Arc::ptr_eq(&first, &shared.get("a").unwrap()));
        drop(first);
        assert_eq!(shared.get("a"), None);
    }

    #[test]
    fn what_has_gone_is_swept_away() {
        let shared = Shared::new();
        let kept = shared.insert("kept", Arc::new(0));
        for number in 0..10_000 {
            shared.insert(&number.to_string(), Arc::new(number));
            assert!(shared.by_pattern.lock().patterns.len() <= MIN_SWEPT);
        }
        assert!(Arc::ptr_eq(&kept, &shared.get("kept").unwrap()));
    }
}
