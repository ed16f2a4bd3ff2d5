//! The reader of blocks, on anything.
//!
//! The input is a file as it is, and once more as changes to a whole block whose checksums are then made right: so both the
//! refusal of damage and the decoding of what a forger wrote are reached. Whatever opens must answer every question, hand
//! out samples in the order of time, and never more than chunks promise.

#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock};

use crc32c::{crc32c, crc32c_append};
use journal::Disk;
use journal::testkit::MemoryDisk;
use libfuzzer_sys::fuzz_target;
use model::rng::SeededRng;
use model::storage::{TILE_SAMPLES, Tile};
use model::{Labels, MatchOp, Matcher};
use tsdb::block::{Block, BlockId, BlockSpec, BlockWriter, SeriesSamples, file_name};

const FOOTER_LEN: usize = 28;
const TABLE_ENTRY_LEN: usize = 20;
const N_SECTIONS: usize = 10;
const HEADER_LEN: usize = 16;

/// A whole block, and where the chunks and columns end, each with its checksum.
struct Whole {
    file: Vec<u8>,
    id: BlockId,
    ends: Vec<usize>,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(whole);

fuzz_target!(|bytes: &[u8]| {
    open_and_read(bytes.to_vec());
    // Six bytes each: where, counted from the end or the beginning, and what stands there instead.
    let mut file = WHOLE.file.clone();
    for change in bytes.chunks_exact(6) {
        let at = u16::from_le_bytes([change[0], change[1]]) as usize % file.len();
        for (place, byte) in file[at..].iter_mut().zip(&change[2..]) {
            *place = *byte;
        }
    }
    file.truncate(WHOLE.file.len());
    make_right(&mut file);
    open_and_read(file);
});

fn whole() -> Whole {
    let memory = MemoryDisk::new();
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let id = BlockId::new(1, &mut SeededRng::new(1));
    let mut writer =
        BlockWriter::create(&disk, Path::new("b"), id, BlockSpec::default()).expect("the disk takes everything");
    let mut ends = Vec::new();
    for target in 0..3i64 {
        for i in 0..30i64 {
            let (instance, number) = (target.to_string(), i.to_string());
            let labels = Labels::from_pairs([("instance", &*instance), ("i", &*number), ("job", "j")]);
            let times: Vec<i64> = (0..20).map(|at| at * 15_000 + target).collect();
            let bits: Vec<u64> = (0..20).map(|at| ((at * i) as f64 / 8.0).to_bits()).collect();
            // Every third series is a counter that began again on its way.
            let starts = [(times[0], times[0] - 1), (times[7], times[7] - 5)];
            let starts = if i % 3 == 0 { &starts[..] } else { &[] };
            writer
                .series(&labels, &SeriesSamples { timestamps: &times, bits: &bits, histograms: &[], starts })
                .expect("the disk takes everything");
            ends.push(writer.n_bytes() as usize);
        }
    }
    writer.finish().expect("the disk takes everything");
    let file = memory.get(&Path::new("b").join(file_name(id))).expect("it is finished");
    Whole { file, id, ends }
}

/// Gives chunks, sections, table and footer the checksums that they should have. A column and the chunk behind it are
/// taken for one chunk, so columns stay as they are or are damaged.
fn make_right(file: &mut [u8]) {
    let of_id = crc32c(&bytes_of(WHOLE.id));
    let mut start = HEADER_LEN;
    for &end in &WHOLE.ends {
        let crc = crc32c_append(crc32c_append(of_id, &(start as u64).to_le_bytes()), &file[start..end - 4]);
        file[end - 4..end].copy_from_slice(&crc.to_le_bytes());
        start = end;
    }
    let table_at = file.len() - FOOTER_LEN - N_SECTIONS * TABLE_ENTRY_LEN;
    for entry in (0..N_SECTIONS).map(|section| table_at + section * TABLE_ENTRY_LEN) {
        let number = |at: usize, file: &[u8]| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes"));
        let (place, len) = (number(entry, file) as usize, number(entry + 8, file) as usize);
        if let Some(section) = place.checked_add(len).and_then(|end| file.get(place..end)) {
            let crc = crc32c(section);
            file[entry + 16..entry + 20].copy_from_slice(&crc.to_le_bytes());
        }
    }
    let footer_at = file.len() - FOOTER_LEN;
    file[footer_at..footer_at + 8].copy_from_slice(&(table_at as u64).to_le_bytes());
    let table_crc = crc32c(&file[table_at..footer_at]);
    file[footer_at + 8..footer_at + 12].copy_from_slice(&table_crc.to_le_bytes());
    let crc = crc32c(&file[footer_at..footer_at + 16]);
    file[footer_at + 16..footer_at + 20].copy_from_slice(&crc.to_le_bytes());
}

/// The id as it stands in the file: five bits a letter.
fn bytes_of(id: BlockId) -> [u8; 16] {
    let digit = |letter| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".iter().position(|&known| known == letter);
    let text = id.to_string();
    let number = text.bytes().fold(0u128, |number, letter| number << 5 | digit(letter).expect("a letter") as u128);
    number.to_be_bytes()
}

fn open_and_read(file: Vec<u8>) {
    let n_bytes = file.len();
    let memory = MemoryDisk::new();
    let path = Path::new("b").join("x.nblk");
    memory.put(&path, file);
    let disk: Arc<dyn Disk> = Arc::new(memory);
    let Ok(block) = Block::open(&disk, &path) else { return };
    assert!(block.meta().n_series <= 64 * n_bytes as u64);
    for matchers in [
        vec![Matcher::equal("instance", "1"), Matcher::equal("i", "7")],
        vec![Matcher::new("i", MatchOp::Regex, "1.*").expect("a regex")],
        vec![Matcher::new("i", MatchOp::NotRegex, ".*2.*").expect("a regex"), Matcher::equal("job", "j")],
    ] {
        let found = block.matching(&matchers);
        assert!(found.max().is_none_or(|max| u64::from(max) < block.meta().n_series));
        block.names_of(&found);
        block.within(&found, 0, 100_000);
    }
    block.label_names().iter().for_each(|name| drop(block.label_values(name)));
    let mut tile = Tile::default();
    let n_series = block.meta().n_series.min(200) as u32;
    let mut cursor = block.cursor(0, i64::MIN, i64::MAX);
    for series in 0..n_series {
        block.find(&block.labels(series));
        block.interval(series);
        cursor.seek(series, i64::MIN, i64::MAX);
        let mut last_ms = None;
        while cursor.next_tile(&mut tile) {
            assert!((1..=TILE_SAMPLES).contains(&tile.timestamps.len()));
            assert_eq!(tile.timestamps.len(), tile.values.len() + tile.histograms.len());
            for &timestamp_ms in &tile.timestamps {
                assert!(last_ms.is_none_or(|last_ms| last_ms < timestamp_ms));
                last_ms = Some(timestamp_ms);
            }
        }
        block.raw(series).iter().for_each(|chunk| drop((chunk.bits(), chunk.histograms())));
    }
    block.quarantined();
}
