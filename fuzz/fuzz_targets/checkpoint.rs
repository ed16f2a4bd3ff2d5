//! The reader of checkpoints and closed chunks, on anything whose checksums are right.
//!
//! The input is the file of a checkpoint; what comes after its last section are closed chunks, 64 bytes each. Checksums are
//! made right, and the chunks are made to count, so that the contents are taken apart, too. The store must open, answer a
//! selection over everything, take a sample, make a checkpoint, and open again.

#![no_main]

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use journal::testkit::MemoryDisk;
use libfuzzer_sys::fuzz_target;
use model::rng::SeededRng;
use model::storage::{Append, Batch, Select, SelectHints, Tile, Timestamps};
use model::{Clock, Labels, SystemClock};
use tsdb::{Options, Progress, Store};

const SALT: u32 = 0x5a17_5a17;
const HEADER_LEN: usize = 16;
const SECTION_LEN: usize = 16;
const CHUNKS: u32 = 4;
const END: u32 = 5;

fuzz_target!(|bytes: &[u8]| {
    open_and_read(bytes, &[]);
    let (checkpoint, chunks) = made_right(bytes);
    open_and_read(&checkpoint, &chunks);
});

fn open_and_read(checkpoint: &[u8], chunks: &[u8]) {
    let disk = MemoryDisk::new();
    disk.put(Path::new("data/checkpoint/00000001.ckpt"), checkpoint.to_vec());
    disk.put(&Path::new("data/chunks").join(format!("00000001-{SALT:08x}.log")), chunks.to_vec());
    {
        let Some(store) = open(&disk, 1) else { return };
        read(&store);
        let labels = [Labels::from_pairs([("__name__", "fuzz_added")])];
        if let Ok([Ok(series)]) = store.resolve(None, &labels).as_deref() {
            let (series, timestamps) = ([*series], Timestamps::All(i64::MAX));
            let batch =
                Batch { source: None, series: &series, timestamps, values: &[1.0], starts: &[], histograms: &[] };
            // It may be refused: a sample with the greatest of all times may be there already.
            store.commit(&batch).expect("the disk takes everything");
        }
        store.checkpoint().expect("the disk takes everything");
    }
    read(&open(&disk, 2).expect("what was opened once opens again"));
}

/// The checkpoint with right checksums, and the segment of closed chunks that it needs.
fn made_right(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut checkpoint = b"NTXCKPT\n".to_vec();
    checkpoint.extend_from_slice(&1u32.to_le_bytes());
    checkpoint.extend_from_slice(&crc32c::crc32c(&checkpoint).to_le_bytes());
    let mut rest = bytes.get(HEADER_LEN..).unwrap_or_default();
    let mut n_sections = 0u64;
    while let Some((head, after)) = rest.split_first_chunk::<SECTION_LEN>() {
        let kind = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let len = usize::from(u16::from_le_bytes([head[4], head[5]])).min(after.len());
        let (contents, after) = after.split_at(len);
        rest = after;
        match kind {
            END => break,
            // One run, of which everything counts.
            CHUNKS => {
                push_section(&mut checkpoint, kind, &[&[1, 1][..], &SALT.to_le_bytes(), &[0xff, 0xff, 3]].concat())
            }
            _ => push_section(&mut checkpoint, kind, contents),
        }
        n_sections += 1;
    }
    push_section(&mut checkpoint, END, &n_sections.to_le_bytes());
    let mut chunks = vec![0; 32];
    for (sequence, payload) in rest.chunks(64).enumerate() {
        push_record(&mut chunks, sequence as u32, payload);
    }
    (checkpoint, chunks)
}

fn push_section(out: &mut Vec<u8>, kind: u32, contents: &[u8]) {
    let mut head = kind.to_le_bytes().to_vec();
    head.extend_from_slice(&(contents.len() as u64).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), contents);
    out.extend_from_slice(&head);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(contents);
}

fn push_record(segment: &mut Vec<u8>, sequence: u32, payload: &[u8]) {
    let mut head = Vec::new();
    head.extend_from_slice(&SALT.to_le_bytes());
    head.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    head.push(1);
    head.extend_from_slice(&sequence.to_le_bytes()[..3]);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), payload);
    segment.extend_from_slice(&head);
    segment.extend_from_slice(&crc.to_le_bytes());
    segment.extend_from_slice(payload);
}

fn open(disk: &MemoryDisk, seed: u64) -> Option<Store> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = Options { max_ahead_ms: i64::MAX, n_shards: 2, ..Options::default() };
    let dir = Path::new("data");
    // A checkpoint of a newer version is refused.
    Store::open(&disk, &clock, &mut SeededRng::new(seed), dir, options, &Progress::default())
        .ok()
        .map(|(store, _)| store)
}

/// Reads everything. What a forger has written may be in any order.
fn read(store: &Store) {
    let hints = SelectHints { start_ms: i64::MIN, end_ms: i64::MAX, ..SelectHints::default() };
    let set = store.select(&[], &hints).expect("a head can be read");
    let mut reader = set.reader();
    let mut tile = Tile::default();
    for series in 0..set.len() {
        set.labels(series);
        reader.seek(series, i64::MIN);
        while reader.next_tile(&mut tile).expect("a head can be read") {}
    }
}
