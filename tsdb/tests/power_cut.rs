//! The power is cut after every operation of a long history: what had been synced is there, whatever else the disk has kept
//! or lost, nothing is wrong, and the store starts.
//!
//! The history commits scrapes and remote batches, begins segments, syncs now and then, makes checkpoints, which remove what
//! they have made superfluous, seals, frees what it has sealed, and compacts; these are cut after each of their own operations,
//! too. Some syncs fail once, after which nothing may be assumed of what they should have saved. Each cut is tried with several
//! disks: one that has lost everything since the last sync, and ones that have kept any of the sectors written since, and any
//! of the new names.
//!
//! Five histories of some 500 disks each by default; `NARTHEX_HISTORIES` sets how many.

#![allow(clippy::print_stdout, reason = "says how much it did")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::BTreeMap;

use journal::testkit::{Fault, MemoryDisk};
use model::Rng;
use model::rng::SeededRng;
use model::storage::{Append, Batch, SourceRef, Timestamps};
use support::{Contents, contents, labels, open, options, resolve};
use tsdb::{Maintained, Options, Store};

const N_STEPS: i64 = 75;
const STEP_MS: i64 = 15_000;
/// More than any of the work takes.
const MAX_OPERATIONS: usize = 1000;
const DISKS_PER_STEP: u64 = 4;

#[test]
fn what_was_synced_survives_a_power_cut() {
    let n_histories = match std::env::var("NARTHEX_HISTORIES") {
        Ok(histories) => histories.parse().expect("NARTHEX_HISTORIES is a number"),
        Err(_) => 5,
    };
    let mut n_disks = 0;
    for seed in 0..n_histories {
        n_disks += history(seed);
    }
    println!("{n_disks} disks after power cuts in {n_histories} histories");
}

/// One history; answers how many disks were looked at.
fn history(seed: u64) -> u64 {
    let mut rng = SeededRng::new(seed);
    let disk = MemoryDisk::new();
    let (store, _) = open(&disk, 1, Options { min_segment_bytes: 3000, ..options() });
    let sources: Vec<_> = (0..3).map(|i| store.open_source(&labels("", &[("instance", &format!("{i}"))]))).collect();
    // What was synced last; a checkpoint syncs as well, and a block what is in it, but not all of these have seen that.
    let mut synced = Contents::new();
    let mut n_disks = 0;
    for step in 0..N_STEPS {
        let (mut during, synced_before) = (Vec::new(), synced.clone());
        match rng.below(14) {
            0..2 => synced = sync(&store, &disk, rng.below(3) == 0),
            2 => during = cut_short(&disk, &mut rng, || store.checkpoint().is_ok()),
            3 => {
                let until_ms = (step - rng.below(10) as i64) * STEP_MS;
                during = cut_short(&disk, &mut rng, || store.seal(until_ms).is_ok());
            }
            4 => during = cut_short(&disk, &mut rng, || maintain(&store)),
            5 => during = cut_short(&disk, &mut rng, || store.compact_all().is_ok()),
            6..11 => commit(&store, Some(sources[rng.below(3) as usize]), step, &mut rng),
            _ => commit(&store, None, step, &mut rng),
        }
        let committed = contents(&store);
        for (number, left) in during.into_iter().enumerate() {
            check(&left, &synced_before, &committed, &format!("history {seed}, step {step}, disk {number} during"));
            n_disks += 1;
        }
        let after = (0..DISKS_PER_STEP).map(|number| match number {
            0 => disk.after_power_cut(|| false),
            _ => disk.after_power_cut(|| rng.below(4) > 0),
        });
        for (number, left) in after.enumerate() {
            check(&left, &synced, &committed, &format!("history {seed}, step {step}, disk {number}"));
            n_disks += 1;
        }
    }
    n_disks
}

/// Does some work; answers what power cuts leave before each of its operations from some place on: it is stopped there by a
/// disk that fails, and done anew.
fn cut_short(disk: &MemoryDisk, rng: &mut SeededRng, work: impl Fn() -> bool) -> Vec<MemoryDisk> {
    let mut left = Vec::new();
    for first in rng.below(4).. {
        disk.fail(first, u64::MAX, Fault::Error);
        let is_done = work();
        disk.fail(0, 0, Fault::Error);
        left.push(disk.after_power_cut(|| rng.below(2) == 0));
        assert!(left.len() < MAX_OPERATIONS, "it is never done");
        if is_done {
            break;
        }
    }
    left
}

/// Does all that is due; whether nothing failed.
fn maintain(store: &Store) -> bool {
    loop {
        match store.maintain() {
            Ok(Maintained::Nothing) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

/// Syncs, perhaps only at the second attempt; answers what is safe then.
fn sync(store: &Store, disk: &MemoryDisk, fails_first: bool) -> Contents {
    if fails_first {
        disk.fail(0, 1, Fault::Error);
    }
    // A journal that was given up before has nothing left but to begin a segment, which may be what fails.
    store.sync().or_else(|_| store.sync()).unwrap();
    // Where there was nothing to sync, nothing has failed yet.
    disk.fail(0, 0, Fault::Error);
    contents(store)
}

fn commit(store: &Store, source: Option<SourceRef>, step: i64, rng: &mut SeededRng) {
    let writer = source.map_or_else(|| "remote".to_owned(), |source| source.0.to_string());
    let n_series = 1 + rng.below(8);
    let sets: Vec<_> = (0..n_series).map(|i| labels("m", &[("instance", &writer), ("i", &i.to_string())])).collect();
    let values: Vec<f64> = sets.iter().map(|_| rng.unit()).collect();
    let series = resolve(store, source, &sets);
    let timestamps = Timestamps::All(step * STEP_MS);
    let batch = Batch { source, series: &series, timestamps, values: &values, starts: &[], histograms: &[] };
    let taken = store.commit(&batch).or_else(|_| {
        // After a sync that failed the log refuses everything until one succeeds.
        store.sync().unwrap();
        store.commit(&batch)
    });
    assert_eq!(taken.unwrap(), []);
}

fn check(left: &MemoryDisk, synced: &Contents, committed: &Contents, what: &str) {
    let (store, replayed) = open(left, 2, options());
    assert_eq!(replayed.unreadable, Vec::<String>::new(), "{what}");
    let found = contents(&store);
    let is_within = |some: &Contents, all: &Contents, problem: &str| {
        let none = BTreeMap::new();
        for (set, samples) in some {
            let of_all = all.get(set).unwrap_or(&none);
            for (timestamp_ms, bits) in samples {
                assert_eq!(of_all.get(timestamp_ms), Some(bits), "{what}: {set} at {timestamp_ms} {problem}");
            }
        }
    };
    is_within(synced, &found, "is lost");
    is_within(&found, committed, "was never there");
}
