//! Who is connected, and who must go when all places are taken.
//!
//! A new connection always finds a place while any other has no request: the one that has been without for longest is
//! closed for it. Only when every place is busy does a small reserve serve what is vital. So neither idle nor slow
//! clients, however many, keep a health check out.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::counts::ServerCounts;
use super::limits::ServerLimits;
use super::phase::{Phase, Progress};

/// The places of a server.
#[derive(Debug)]
pub(super) struct Slots {
    max_ordinary: usize,
    max_reserved: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next_id: u64,
    entries: HashMap<u64, Entry>,
    n_reserved: usize,
}

#[derive(Debug)]
struct Entry {
    progress: Arc<Progress>,
    reserved: bool,
}

/// A place, given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    id: u64,
    /// Whether only what is vital is served here.
    pub(super) reserved: bool,
    pub(super) progress: Arc<Progress>,
    slots: Arc<Slots>,
}

impl Slots {
    pub(super) fn new(limits: &ServerLimits) -> Arc<Slots> {
        let (max_ordinary, max_reserved) = (limits.max_connections, limits.reserved_connections);
        Arc::new(Slots { max_ordinary, max_reserved, taken: Mutex::default() })
    }

    /// A place for a new connection, `None` where there is not even a reserved one.
    pub(super) fn take(self: &Arc<Slots>, counts: &ServerCounts) -> Option<Slot> {
        let mut taken = self.taken.lock();
        let n_ordinary = taken.entries.len() - taken.n_reserved;
        let reserved = if n_ordinary < self.max_ordinary || taken.evict(false, counts) {
            false
        } else if taken.n_reserved < self.max_reserved || taken.evict(true, counts) {
            true
        } else {
            return None;
        };
        let (id, progress) = (taken.next_id, Arc::new(Progress::new()));
        taken.next_id += 1;
        taken.n_reserved += usize::from(reserved);
        taken.entries.insert(id, Entry { progress: progress.clone(), reserved });
        Some(Slot { id, reserved, progress, slots: self.clone() })
    }

    fn give_back(&self, id: u64) {
        self.taken.lock().remove(id);
    }
}

impl Taken {
    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.n_reserved -= usize::from(entry.reserved);
        Some(entry)
    }

    /// Closes the connection of its kind that has been without a request for longest; first of those that never
    /// completed one.
    fn evict(&mut self, reserved: bool, counts: &ServerCounts) -> bool {
        let candidates =
            self.entries.iter().filter(|(_, entry)| entry.reserved == reserved).filter_map(|(id, entry)| {
                let (phase, lasted) = entry.progress.phase();
                (phase != Phase::Busy).then_some(((phase == Phase::Head, lasted), *id))
            });
        let Some((_, id)) = candidates.max() else { return false };
        if let Some(entry) = self.remove(id) {
            entry.progress.evicted.notify_one();
            counts.connections_evicted.increment();
        }
        true
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.give_back(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_goes() {
        let limits = ServerLimits { max_connections: 3, reserved_connections: 1, ..ServerLimits::default() };
        let (slots, counts) = (Slots::new(&limits), ServerCounts::default());
        let second = std::time::Duration::from_secs(1);
        let mut held: Vec<Slot> = Vec::new();
        for _ in 0..3 {
            held.push(slots.take(&counts).unwrap());
            tokio::time::advance(second).await;
        }
        let phases = |held: &[Slot]| held.iter().map(|slot| slot.progress.phase().0).collect::<Vec<_>>();
        held[0].progress.enter(Phase::Busy);
        held[1].progress.enter(Phase::Idle);
        tokio::time::advance(second).await;
        assert_eq!(phases(&held), [Phase::Busy, Phase::Idle, Phase::Head]);

        // The third has never completed a request and goes first, the second next; then only the reserve is left.
        let fourth = slots.take(&counts).unwrap();
        held[2].progress.evicted.notified().await;
        fourth.progress.enter(Phase::Busy);
        let fifth = slots.take(&counts).unwrap();
        held[1].progress.evicted.notified().await;
        fifth.progress.enter(Phase::Busy);
        assert!(!fourth.reserved && !fifth.reserved);
        let sixth = slots.take(&counts).unwrap();
        assert!(sixth.reserved);
        let seventh = slots.take(&counts).unwrap();
        assert!(seventh.reserved);
        seventh.progress.enter(Phase::Busy);
        assert!(slots.take(&counts).is_none());
        drop((held, fourth, fifth, sixth, seventh));
        let taken = slots.taken.lock();
        assert_eq!((taken.entries.len(), taken.n_reserved), (0, 0));
        assert_eq!(counts.connections_evicted.get(), 3);
    }
}
