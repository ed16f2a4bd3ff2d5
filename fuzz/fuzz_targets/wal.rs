//! The reader of the write-ahead log, on anything.
//!
//! The input is a segment of a journal, as it is, and once more as the payloads of whole records: so both the search for
//! records among damage and the decoding of their contents are reached. The store must open, be followed to its end, answer a
//! selection over everything, take a sample, and give the same after another restart.

#![no_main]

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use journal::testkit::MemoryDisk;
use libfuzzer_sys::fuzz_target;
use model::rng::SeededRng;
use model::storage::{Append, Batch, Feed, FeedPosition, Select, SelectHints, Tile, Timestamps};
use model::{Clock, Labels, SystemClock};
use tsdb::{Options, Progress, Store};

const SALT: u32 = 0x5a17_5a17;

fuzz_target!(|bytes: &[u8]| {
    open_and_read(bytes.to_vec());
    // Records of at most 64 bytes each, with right checksums.
    let mut segment = vec![0; 32];
    for (sequence, payload) in bytes.chunks(64).enumerate() {
        push_record(&mut segment, sequence as u32, payload);
    }
    open_and_read(segment);
});

fn open_and_read(segment: Vec<u8>) {
    let disk = MemoryDisk::new();
    for dir in ["data/wal", "data/names"] {
        disk.put(&Path::new(dir).join(format!("00000001-{SALT:08x}.log")), segment.clone());
    }
    let before = {
        let Some(store) = open(&disk, 1) else { return };
        follow(&store, false);
        follow(&store, true);
        let before = read(&store);
        let labels = [Labels::from_pairs([("__name__", "fuzz_added")])];
        let Ok([Ok(series)]) = store.resolve(None, &labels).as_deref().map(|all| [all[0].clone()]) else { return };
        let timestamps = Timestamps::All(i64::MAX);
        let batch = Batch { source: None, series: &[series], timestamps, values: &[1.0], starts: &[], histograms: &[] };
        // It may be refused: a sample with the greatest of all times may be there already.
        let is_taken = store.commit(&batch).expect("the disk takes everything").is_empty();
        before + usize::from(is_taken)
    };
    let store = open(&disk, 2).expect("what was opened once opens again");
    assert!(read(&store) >= before.saturating_sub(1), "nothing is lost by a restart");
}

fn follow(store: &Store, without_derived: bool) {
    let Ok(mut cursor) = store.follow(FeedPosition::default()) else { return };
    if without_derived {
        cursor.leave_out_derived();
    }
    while cursor.next_batch(&mut |_| {}).is_ok_and(|is_more| is_more) {}
}

fn open(disk: &MemoryDisk, seed: u64) -> Option<Store> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = Options { max_ahead_ms: i64::MAX, n_shards: 2, ..Options::default() };
    let dir = Path::new("data");
    // A segment of a newer version is refused.
    Store::open(&disk, &clock, &mut SeededRng::new(seed), dir, options, &Progress::default())
        .ok()
        .map(|(store, _)| store)
}

/// How many samples there are; panics where they are out of order.
fn read(store: &Store) -> usize {
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    let set = store.select(&[], &hints).expect("a head can be read");
    let mut reader = set.reader();
    let mut tile = Tile::default();
    let mut n_samples = 0;
    for series in 0..set.len() {
        reader.seek(series, i64::MIN);
        let mut last_ms = None;
        while reader.next_tile(&mut tile).expect("a head can be read") {
            for &timestamp_ms in &tile.timestamps {
                assert!(last_ms.is_none_or(|last_ms| last_ms < timestamp_ms));
                last_ms = Some(timestamp_ms);
                n_samples += 1;
            }
        }
    }
    n_samples
}

fn push_record(segment: &mut Vec<u8>, sequence: u32, payload: &[u8]) {
    let mut head = Vec::new();
    head.extend_from_slice(&SALT.to_le_bytes());
    head.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    head.push(1 + (payload.first().copied().unwrap_or(0) & 1));
    head.extend_from_slice(&sequence.to_le_bytes()[..3]);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    segment.extend_from_slice(&head);
    segment.extend_from_slice(&crc.to_le_bytes());
    segment.extend_from_slice(payload);
}
