//! Which group is evaluated next.

use std::sync::Arc;

use super::group::Group;
use super::slot::Next;

/// Groups, and how far each has come.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// Sorted by file and name.
    pub(super) entries: Vec<Entry>,
    pub(super) is_stopping: bool,
}

/// A group that is evaluated again and again.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) group: Arc<Group>,
    /// The time of the last evaluation, or before the first one the time that one would have had.
    pub(super) last_ms: i64,
    pub(super) is_running: bool,
    /// By how much its times were moved back since, because the clock was.
    pub(super) set_back_ms: i64,
}

impl Schedule {
    /// The group that is due for longest, if any is; it counts as running then.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<(Arc<Group>, Next)> {
        for entry in self.entries.iter_mut().filter(|entry| !entry.is_running) {
            let set_back_ms = entry.group.slots().set_back_ms(entry.last_ms, now_ms);
            entry.last_ms -= set_back_ms;
            entry.set_back_ms += set_back_ms;
        }
        let idle = self.entries.iter_mut().filter(|entry| !entry.is_running);
        let due = idle.filter_map(|entry| Some((entry.group.slots().due(entry.last_ms, now_ms)?, entry)));
        let (next, entry) = due.min_by_key(|(next, entry)| (entry.last_ms, next.slot_ms))?;
        entry.is_running = true;
        entry.last_ms = next.slot_ms;
        let set_back_ms = std::mem::take(&mut entry.set_back_ms);
        Some((Arc::clone(&entry.group), Next { set_back_ms, ..next }))
    }

    /// In how many milliseconds the next group is due.
    pub(super) fn wait_ms(&self, now_ms: i64) -> Option<i64> {
        let idle = self.entries.iter().filter(|entry| !entry.is_running);
        idle.map(|entry| (entry.last_ms + entry.group.slots().interval_ms - now_ms).max(0)).min()
    }

    /// A group has been evaluated.
    pub(super) fn finish(&mut self, group: &Arc<Group>) {
        let entry = self.entries.iter_mut().find(|entry| Arc::ptr_eq(&entry.group, group));
        if let Some(entry) = entry {
            entry.is_running = false;
        }
    }

    /// Whether any group is being evaluated.
    pub(super) fn is_running(&self) -> bool {
        self.entries.iter().any(|entry| entry.is_running)
    }

    /// All groups.
    pub(super) fn groups(&self) -> Vec<Arc<Group>> {
        self.entries.iter().map(|entry| Arc::clone(&entry.group)).collect()
    }
}
