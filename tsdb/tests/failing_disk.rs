//! A disk that fails at any one operation, or runs full there and has room again later, under hours of scrapes with all that
//! is done beside them: what was acknowledged is there, then and after a start, and nothing else.
//!
//! One operation in 7 by default; `NARTHEX_FAULT_STEP` sets the distance from one to the next; 1 takes all.

#![allow(clippy::print_stdout, reason = "says how much it did")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::BTreeMap;

use journal::testkit::{Fault, MemoryDisk};
use model::Labels;
use model::storage::{Append, Batch, Timestamps};
use support::{Contents, contents, labels, open, options};
use tsdb::{Maintained, Options, Store};

const HOUR_MS: i64 = 3_600_000;
/// On a window's beginning.
const START_MS: i64 = 500_000 * HOUR_MS;
const N_HOURS: i64 = 27;
/// Operations that fail where the disk runs full.
const N_FULL: u64 = 25;

#[derive(Debug, Default)]
struct Written {
    acknowledged: Contents,
    /// Of batches that were refused because of the disk: each may be there, whole or in part.
    doubtful: Contents,
}

#[test]
fn a_fault_at_any_operation_costs_nothing_that_was_acknowledged() {
    let step = std::env::var("NARTHEX_FAULT_STEP").map_or(7, |text| text.parse().expect("a number"));
    let n_operations = {
        let disk = MemoryDisk::new();
        let before = disk.n_operations();
        hours(&disk);
        disk.n_operations() - before
    };
    let mut n_faults = 0;
    for (count, fault) in [(1, Fault::Error), (1, Fault::Short), (N_FULL, Fault::Short)] {
        for first in (0..n_operations).step_by(step) {
            let disk = MemoryDisk::new();
            let what = format!("{count} operations from {first} on, {fault:?}");
            let written = fail_and_go_on(&disk, first, count, fault);
            let (store, replayed) = open(&disk.copy(), 3, hour_options());
            assert_eq!(replayed.unreadable, Vec::<String>::new(), "{what}");
            check(&contents(&store), &written, &format!("after a start, {what}"));
            n_faults += 1;
        }
    }
    assert!(n_operations > 500, "{n_operations}");
    println!("{n_faults} faults among {n_operations} operations");
}

fn hour_options() -> Options {
    Options { late_window_ms: 30 * 60_000, checkpoint_samples: 200, min_segment_bytes: 4000, ..options() }
}

/// All hours, with a fault somewhere; they are there before the store is closed.
fn fail_and_go_on(disk: &MemoryDisk, first: u64, count: u64, fault: Fault) -> Written {
    // A store that cannot be opened has taken nothing.
    let (store, _) = open(disk, 1, hour_options());
    disk.fail(first, count, fault);
    let mut written = Written::default();
    write_hours(&store, &mut written);
    disk.fail(0, 0, fault);
    check(&contents(&store), &written, &format!("{count} operations from {first} on, {fault:?}"));
    store.close().unwrap();
    written
}

/// All hours, on a disk that does not fail.
fn hours(disk: &MemoryDisk) {
    let (store, _) = open(disk, 1, hour_options());
    write_hours(&store, &mut Written::default());
    store.close().unwrap();
}

fn write_hours(store: &Store, written: &mut Written) {
    let source = store.open_source(&labels("", &[("instance", "a")]));
    for quarter in 0..N_HOURS * 4 {
        let at_ms = START_MS + quarter * HOUR_MS / 4;
        let kept = (0..3).map(|i| labels("kept", &[("i", &i.to_string())]));
        let passing = (0..3).map(|i| labels("passing", &[("hour", &(quarter / 4).to_string()), ("i", &i.to_string())]));
        write(store, Some(source), &kept.chain(passing).collect::<Vec<_>>(), at_ms, written);
        write(store, None, &[labels("late", &[])], at_ms - (quarter % 3) * 10 * 60_000, written);
        // A disk that refuses is tried again the next time.
        while store.maintain().is_ok_and(|done| done != Maintained::Nothing) {}
    }
}

fn write(
    store: &Store,
    source: Option<model::storage::SourceRef>,
    sets: &[Labels],
    timestamp_ms: i64,
    written: &mut Written,
) {
    let Ok(resolved) = store.resolve(source, sets) else { return };
    let series: Vec<_> = resolved.into_iter().map(Result::unwrap).collect();
    let values: Vec<f64> = (0..sets.len()).map(|i| timestamp_ms as f64 + i as f64).collect();
    let timestamps = Timestamps::All(timestamp_ms);
    let outcome =
        store.commit(&Batch { source, series: &series, timestamps, values: &values, starts: &[], histograms: &[] });
    let into = if outcome.is_ok() { &mut written.acknowledged } else { &mut written.doubtful };
    let refused = outcome.unwrap_or_default();
    for (row, (set, value)) in sets.iter().zip(&values).enumerate() {
        if refused.iter().all(|refused| refused.row != row) {
            into.entry(set.clone()).or_default().insert(timestamp_ms, value.to_bits());
        }
    }
}

fn check(found: &Contents, written: &Written, what: &str) {
    let none = BTreeMap::new();
    for (set, samples) in &written.acknowledged {
        let of_found = found.get(set).unwrap_or(&none);
        for (timestamp_ms, bits) in samples {
            assert_eq!(of_found.get(timestamp_ms), Some(bits), "{what}: {set} at {timestamp_ms} is lost or wrong");
        }
    }
    for (set, samples) in found {
        let known = [&written.acknowledged, &written.doubtful].map(|known| known.get(set).unwrap_or(&none));
        for (timestamp_ms, bits) in samples {
            let is_known = known.iter().any(|known| known.get(timestamp_ms) == Some(bits));
            assert!(is_known, "{what}: {set} at {timestamp_ms} was never written");
        }
    }
}
