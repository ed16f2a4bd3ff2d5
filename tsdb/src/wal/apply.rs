//! Applying what a replay reads, on threads beside the one that reads.
//!
//! A thread has some of the shards for itself, and takes the samples of each in the order of the log. A short log, and what
//! is left at the end of a long one, is applied by the reading thread itself.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use model::storage::HistogramValue;

use crate::head::{Head, Place, Shard};

/// Samples of a shard that are handed over at once.
const GROUP_SAMPLES: usize = 4096;
/// Groups that may wait for a thread.
const WAITING_GROUPS: usize = 16;

/// A float for a slot of a shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) slot: usize,
    pub(crate) timestamp_ms: i64,
    pub(crate) bits: u64,
}

/// Samples of one shard.
type Group = (usize, Samples);

/// Samples, and the times since which they count: none where that is known of none of them.
#[derive(Clone, Debug, Default)]
struct Samples {
    samples: Vec<Sample>,
    starts: Vec<i64>,
}

impl Samples {
    fn clear(&mut self) {
        self.samples.clear();
        self.starts.clear();
    }
}

/// Writes samples into the shards of a head.
pub(crate) struct Appliers<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    head: &'env Head,
    n_threads: usize,
    threads: Vec<Thread<'scope>>,
    /// For each shard, what has not been handed over.
    waiting: Vec<Samples>,
    n_samples: u64,
}

struct Thread<'scope> {
    groups: SyncSender<Group>,
    /// Gives groups back empty, so that their memory is used again.
    empty: Receiver<Samples>,
    handle: ScopedJoinHandle<'scope, ()>,
}

impl<'scope, 'env> Appliers<'scope, 'env> {
    pub(crate) fn new(scope: &'scope Scope<'scope, 'env>, head: &'env Head) -> Appliers<'scope, 'env> {
        let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(head.shards.len());
        let waiting = vec![Samples::default(); head.shards.len()];
        Appliers { scope, head, n_threads, threads: Vec::new(), waiting, n_samples: 0 }
    }

    /// Applies a sample after all that came before it in its shard.
    #[inline]
    pub(crate) fn sample(&mut self, shard: usize, sample: Sample) {
        let waiting = &mut self.waiting[shard];
        waiting.samples.push(sample);
        if !waiting.starts.is_empty() {
            waiting.starts.push(0);
        }
        if waiting.samples.len() == GROUP_SAMPLES {
            self.hand_over(shard);
        }
    }

    /// The same for a sample that may say since when it counts; 0 where it does not.
    pub(crate) fn sample_with_start(&mut self, shard: usize, sample: Sample, start_ms: i64) {
        let waiting = &mut self.waiting[shard];
        if start_ms != 0 {
            waiting.starts.resize(waiting.samples.len() + 1, 0);
            waiting.starts[waiting.samples.len()] = start_ms;
            waiting.samples.push(sample);
            if waiting.samples.len() == GROUP_SAMPLES {
                self.hand_over(shard);
            }
        } else {
            self.sample(shard, sample);
        }
    }

    /// Applies a native histogram after all that came before it in its shard.
    pub(crate) fn histogram(&mut self, place: Place, timestamp_ms: i64, start_ms: i64, value: &HistogramValue) {
        self.catch_up();
        self.n_samples += 1;
        let mut shard = self.head.shards[place.shard].lock();
        if let Ok(verdict) = shard.append_histogram(place.slot, timestamp_ms, value) {
            shard.note_start(place.slot, timestamp_ms, start_ms, verdict);
        }
    }

    /// Applies all that is left. Answers how many samples there were.
    pub(crate) fn finish(mut self) -> u64 {
        self.catch_up();
        self.n_samples
    }

    fn hand_over(&mut self, shard: usize) {
        if self.threads.is_empty() {
            self.threads = (0..self.n_threads).map(|_| self.spawn()).collect();
        }
        let thread = &self.threads[shard % self.n_threads];
        let new = || Samples { samples: Vec::with_capacity(GROUP_SAMPLES), starts: Vec::new() };
        let empty = thread.empty.try_recv().unwrap_or_else(|_| new());
        let group = std::mem::replace(&mut self.waiting[shard], empty);
        self.n_samples += group.samples.len() as u64;
        // A thread that has panicked is noticed when it is joined.
        let _ = thread.groups.send((shard, group));
    }

    fn spawn(&self) -> Thread<'scope> {
        let head = self.head;
        let (groups, received) = sync_channel::<Group>(WAITING_GROUPS);
        let (gives_back, empty) = sync_channel(WAITING_GROUPS);
        let handle = self.scope.spawn(move || {
            for (shard, mut group) in received {
                apply(&mut head.shards[shard].lock(), &group);
                group.clear();
                // Where enough of them wait there, it is dropped.
                let _ = gives_back.try_send(group);
            }
        });
        Thread { groups, empty, handle }
    }

    /// Waits for all threads to end, and applies what waits.
    fn catch_up(&mut self) {
        for Thread { groups, handle, .. } in self.threads.drain(..) {
            drop(groups);
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        for (shard, samples) in self.waiting.iter_mut().enumerate().filter(|(_, waiting)| !waiting.samples.is_empty()) {
            apply(&mut self.head.shards[shard].lock(), samples);
            self.n_samples += samples.samples.len() as u64;
            samples.clear();
        }
    }
}

fn apply(shard: &mut Shard, Samples { samples, starts }: &Samples) {
    if starts.is_empty() && !shard.has_starts() {
        for sample in samples {
            shard.append_again(sample.slot, sample.timestamp_ms, sample.bits);
        }
        return;
    }
    for (at, sample) in samples.iter().enumerate() {
        if let Some(verdict) = shard.append_again(sample.slot, sample.timestamp_ms, sample.bits) {
            let start_ms = starts.get(at).copied().unwrap_or(0);
            shard.note_start(sample.slot, sample.timestamp_ms, start_ms, verdict);
        }
    }
}
