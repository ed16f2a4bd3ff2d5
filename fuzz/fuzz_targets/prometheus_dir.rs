//! The readers of Prometheus's directories, on anything: index, chunks, tombstones, log, log of late samples, chunks of the
//! head. Each file is the input, or a part of it; once as it is, and once as what stands behind checksums that are made right.
//! Whatever is imported must open, and hold what was counted.

#![no_main]

use std::path::Path;
use std::sync::Arc;

use crc32c::crc32c;
use journal::Disk;
use journal::testkit::MemoryDisk;
use libfuzzer_sys::fuzz_target;
use tsdb::block::Block;
use tsdb::import::Importer;
use tsdb::prometheus::{ForeignBlock, ForeignHead, Outcome};

const META: &[u8] = br#"{"ulid":"01ARYZ6S41TSV4RRFFQ69G5FAV","minTime":0,"maxTime":7200000,"version":1}"#;

fuzz_target!(|bytes: &[u8]| {
    import(bytes, bytes, bytes, bytes);
    let Some((&[index_len, log_len, late_len], rest)) = bytes.split_first_chunk::<3>() else { return };
    let (index, rest) = rest.split_at(usize::from(index_len).min(rest.len()));
    let (log, rest) = rest.split_at(usize::from(log_len).min(rest.len()));
    let (late, chunks) = rest.split_at(usize::from(late_len).min(rest.len()));
    import(&right_index(index), &right_log(log), &right_log(late), &right_chunks(chunks));
});

fn import(index: &[u8], log: &[u8], late: &[u8], chunks: &[u8]) {
    let memory = MemoryDisk::new();
    for (path, contents) in [
        ("p/b/meta.json", META),
        ("p/b/index", index),
        ("p/b/chunks/000001", chunks),
        ("p/b/tombstones", chunks),
        ("p/wal/00000000", log),
        ("p/wbl/00000000", late),
        ("p/chunks_head/000001", chunks),
    ] {
        memory.put(Path::new(path), contents.to_vec());
    }
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let importer = Importer::open(&disk, Path::new("data")).expect("nobody else has it");
    let mut outcome = Outcome::default();
    let mut n_watched = 0;
    let mut watch = |_, n_samples| n_watched += n_samples;
    if let Ok(block) = ForeignBlock::open(&disk, Path::new("p/b")) {
        block.import(&importer, &mut outcome, &mut watch).expect("the disk takes everything");
    }
    let head = ForeignHead::open(&disk, Path::new("p"), None, None).expect("files can be read");
    head.import(&importer, &mut outcome, &mut watch).expect("the disk takes everything");
    assert!(outcome.written.n_samples <= n_watched);
    let mut n_samples = 0;
    for name in disk.list(Path::new("data/blocks")).expect("it is there") {
        let block = Block::open(&disk, &Path::new("data/blocks").join(name)).expect("what was written opens");
        block.verify();
        assert!(block.quarantined().is_empty(), "{:?}", block.quarantined());
        n_samples += block.meta().n_samples;
    }
    assert_eq!(n_samples, outcome.written.n_samples);
}

/// An index of a few strings whose series are the input, 32 bytes each.
fn right_index(series: &[u8]) -> Vec<u8> {
    let mut index = vec![0xba, 0xaa, 0xd7, 0x00, 2];
    let symbols = b"\0\0\0\x06\0\x08__name__\x01a\x01b\x03job\x01c";
    index.extend_from_slice(&(symbols.len() as u32).to_be_bytes());
    push_proven(&mut index, symbols);
    index.resize(index.len().next_multiple_of(16), 0);
    let series_at = index.len() as u64;
    for entry in series.chunks(32) {
        index.resize(index.len().next_multiple_of(16), 0);
        index.push(entry.len() as u8);
        push_proven(&mut index, entry);
    }
    let end = index.len() as u64;
    let toc: Vec<u8> = [5, series_at, end, end, end, end].into_iter().flat_map(u64::to_be_bytes).collect();
    push_proven(&mut index, &toc);
    index
}

/// Records: each has its length before it.
fn right_log(mut records: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    while let Some((&len, rest)) = records.split_first() {
        let (record, rest) = rest.split_at(usize::from(len).min(rest.len()));
        records = rest;
        log.push(1);
        log.extend_from_slice(&(record.len() as u16).to_be_bytes());
        log.extend_from_slice(&crc32c(record).to_be_bytes());
        log.extend_from_slice(record);
    }
    log
}

/// Chunks of the head: series, encoding, length, bytes.
fn right_chunks(mut chunks: &[u8]) -> Vec<u8> {
    let mut file = vec![0x01, 0x30, 0xbc, 0x91, 1, 0, 0, 0];
    while let Some((&[series, encoding, len], rest)) = chunks.split_first_chunk::<3>() {
        let (chunk, rest) = rest.split_at(usize::from(len).min(rest.len()).min(127));
        chunks = rest;
        let mut entry = u64::from(series).to_be_bytes().to_vec();
        entry.extend_from_slice(&[1; 16]);
        entry.extend_from_slice(&[encoding, chunk.len() as u8]);
        entry.extend_from_slice(chunk);
        push_proven(&mut file, &entry);
    }
    file
}

fn push_proven(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
    out.extend_from_slice(&crc32c(bytes).to_be_bytes());
}
