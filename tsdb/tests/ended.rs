//! Series that have ended: they leave the memory and their numbers are used again, and whoever still has the old reference of
//! one is told so.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use journal::testkit::MemoryDisk;
use model::Labels;
use model::storage::{Append, Refusal, Select, SelectHints, Tile};
use support::{Contents, commit, contents, labels, open, options, resolve};
use tsdb::{Maintained, Store};

const HOUR_MS: i64 = 3_600_000;
const START_MS: i64 = 500_000 * HOUR_MS;
/// Series of one session.
const N_SERIES: usize = 50;
/// Every so often there are samples.
const STEP_MS: i64 = HOUR_MS / 4;

fn session(number: i64) -> Vec<Labels> {
    let name = format!("session number {number}");
    (0..N_SERIES).map(|i| labels("of_session", &[("session", &name), ("i", &i.to_string())])).collect()
}

/// Two hours of a session, and a series that is always there.
fn write(store: &Store, number: i64, want: &mut Contents) {
    let sets: Vec<Labels> = session(number).into_iter().chain([labels("always", &[])]).collect();
    let series = resolve(store, None, &sets);
    for step in 0..8 {
        let timestamp_ms = START_MS + number * 2 * HOUR_MS + step * STEP_MS;
        let values: Vec<f64> = (0..sets.len()).map(|i| (number * 1000 + step * 7 + i as i64) as f64).collect();
        assert_eq!(commit(store, None, &series, timestamp_ms, &values), []);
        for (set, value) in sets.iter().zip(values) {
            want.entry(set.clone()).or_default().insert(timestamp_ms, value.to_bits());
        }
    }
}

fn maintain(store: &Store) {
    while store.maintain().unwrap() != Maintained::Nothing {}
}

#[test]
fn memory_holds_what_lives() {
    let disk = MemoryDisk::new();
    let (mut store, _) = open(&disk, 1, options());
    let mut want = Contents::new();
    let mut bytes = Vec::new();
    for number in 0..60 {
        write(&store, number, &mut want);
        maintain(&store);
        // The session itself, those not sealed yet, and those that are not many enough.
        assert!(store.head_stats().n_series <= 4 * N_SERIES as u64, "{:?}", store.head_stats());
        bytes.push(store.head_stats().n_bytes);
        if number % 7 == 6 {
            // Killed: the next run begins with the checkpoint and the log behind it.
            drop(store);
            (store, _) = open(&disk, 2 + number as u64, options());
            assert!(contents(&store) == want, "after session {number}");
        }
    }
    assert!(bytes[59] < bytes[10] * 3 / 2, "{bytes:?}");
    let stats = store.maintenance_stats();
    let done = |work: &str| stats.done.iter().find(|(name, _, _)| *name == work).unwrap().1;
    assert!(stats.n_series_ended > 0 && stats.n_blocks > 0 && stats.n_failures == 0, "{stats:?}");
    assert!(done("seal") > 0 && done("free") > 0, "{stats:?}");
    assert!(contents(&store) == want);
    assert_eq!(store.cardinality(1).series_by_metric[0].0, "of_session");
}

#[test]
fn an_old_reference_is_unknown_and_never_another_series() {
    let (store, _) = open(&MemoryDisk::new(), 1, options());
    let mut want = Contents::new();
    write(&store, 0, &mut want);
    let old = resolve(&store, None, &session(0));
    write(&store, 1, &mut want);
    write(&store, 2, &mut want);
    maintain(&store);
    // Their slots have gone to others.
    write(&store, 3, &mut want);
    let refused = commit(&store, None, &old, START_MS + 9 * HOUR_MS, &[1.0; N_SERIES]);
    assert_eq!(refused.len(), N_SERIES);
    assert!(refused.iter().all(|refused| refused.refusal == Refusal::UnknownSeries), "{refused:?}");
    assert!(contents(&store) == want);
    let again = resolve(&store, None, &session(0));
    assert!(again.iter().all(|series| !old.contains(series)));
    assert_eq!(commit(&store, None, &again, START_MS + 9 * HOUR_MS, &[2.0; N_SERIES]), []);
}

#[test]
fn a_selection_from_before_keeps_its_names() {
    let (store, _) = open(&MemoryDisk::new(), 1, options());
    let mut want = Contents::new();
    write(&store, 0, &mut want);
    write(&store, 1, &mut want);
    write(&store, 2, &mut want);
    // One that sees blocks, so that what it needs of the head may go, and the numbers of its series with it.
    store.seal(START_MS + 4 * HOUR_MS).unwrap();
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    let set = store.select(&[], &hints).unwrap();
    maintain(&store);
    assert!(store.head_stats().n_series <= N_SERIES as u64 + 1, "{:?}", store.head_stats());
    let mut further = want.clone();
    write(&store, 3, &mut further);

    let mut reader = set.reader();
    let mut tile = Tile::default();
    let mut found = Contents::new();
    for at in 0..set.len() {
        reader.seek(at, i64::MIN);
        let samples = found.entry(set.labels(at)).or_default();
        while reader.next_tile(&mut tile).unwrap() {
            samples.extend(tile.timestamps.iter().copied().zip(tile.values.iter().map(|value| value.to_bits())));
        }
    }
    assert!(found == want);
    assert!(contents(&store) == further);
}

#[test]
fn a_full_head_has_room_again() {
    let limit = 2 * N_SERIES as u64 + 1;
    let (store, _) = open(&MemoryDisk::new(), 1, tsdb::Options { max_series: limit, ..options() });
    let mut want = Contents::new();
    write(&store, 0, &mut want);
    write(&store, 1, &mut want);
    assert!(store.resolve(None, &session(2)).unwrap().iter().all(Result::is_err));
    store.seal(START_MS + 2 * HOUR_MS).unwrap();
    maintain(&store);
    write(&store, 2, &mut want);
    assert!(contents(&store) == want);
}
