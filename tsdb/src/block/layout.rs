//! What stands where in a block's file.
//!
//! ```text
//! header | chunks and timestamp columns, as they came | sections | section table | footer
//! ```
//!
//! The footer is written last and says where the table is, which says where the sections are: a file whose footer does not
//! verify is no block. `docs/format/block.md` draws it.

use std::ops::Range;
use std::path::Path;

use crc32c::{crc32c, crc32c_append};

use super::{BlockError, BlockId};

/// The version of blocks of which no series has a start: they have no section of starts.
const VERSION: u32 = 1;
/// The version of the others.
const VERSION_WITH_STARTS: u32 = 2;

const MAGIC: &[u8; 8] = b"NTXBLCK\n";
const VERSION_LEN: usize = 4;
pub(crate) const CRC_LEN: usize = 4;
/// Magic, version, four zero bytes. For people and `file`: nothing is read from it.
pub(crate) const HEADER_LEN: usize = MAGIC.len() + VERSION_LEN + 4;
/// Place u64, length u64, checksum.
const TABLE_ENTRY_LEN: usize = 8 + 8 + CRC_LEN;
/// Place of the table u64, its checksum, version, the checksum of all that, magic.
pub(crate) const FOOTER_LEN: usize = 8 + CRC_LEN + VERSION_LEN + CRC_LEN + MAGIC.len();

/// A section of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Where the chunks of each series are.
    Chunks,
    /// Where the timestamp columns are.
    Columns,
    /// Which two sets of labels each series has.
    Series,
    /// The sets of labels that neighbours share.
    SharedLabels,
    /// The sets of labels that tell neighbours apart.
    OwnLabels,
    /// Label names.
    Names,
    /// The values of each name.
    Values,
    /// The series of each value.
    Postings,
    /// All strings.
    Symbols,
    /// What is known of the block as a whole.
    Meta,
    /// Since when series count.
    Starts,
}

impl Section {
    /// All sections, in the order of the table.
    pub(crate) const ALL: [Section; 11] = [
        Section::Chunks,
        Section::Columns,
        Section::Series,
        Section::SharedLabels,
        Section::OwnLabels,
        Section::Names,
        Section::Values,
        Section::Postings,
        Section::Symbols,
        Section::Meta,
        Section::Starts,
    ];

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Section::Chunks => "chunk references",
            Section::Columns => "column references",
            Section::Series => "series",
            Section::SharedLabels => "shared label sets",
            Section::OwnLabels => "own label sets",
            Section::Names => "label names",
            Section::Values => "label values",
            Section::Postings => "postings",
            Section::Symbols => "symbols",
            Section::Meta => "meta",
            Section::Starts => "start timestamps",
        }
    }
}

/// How many sections a block has whose version is one that is known.
fn n_sections(version: u32) -> Option<usize> {
    match version {
        VERSION => Some(Section::Starts as usize),
        VERSION_WITH_STARTS => Some(Section::ALL.len()),
        _ => None,
    }
}

/// The first bytes of a file.
pub(crate) fn header() -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[MAGIC.len()..MAGIC.len() + VERSION_LEN].copy_from_slice(&VERSION.to_le_bytes());
    header
}

/// The sections, which begin at byte `at` of the file, with the table and the footer.
pub(crate) fn tail(sections: &[Vec<u8>; Section::ALL.len()], at: u64) -> Vec<u8> {
    let mut tail = Vec::new();
    let has_starts = !sections[Section::Starts as usize].is_empty();
    let version = if has_starts { VERSION_WITH_STARTS } else { VERSION };
    let n_sections = n_sections(version).unwrap_or_default();
    let mut table = Vec::with_capacity(n_sections * TABLE_ENTRY_LEN);
    for section in &sections[..n_sections] {
        table.extend_from_slice(&(at + tail.len() as u64).to_le_bytes());
        table.extend_from_slice(&(section.len() as u64).to_le_bytes());
        table.extend_from_slice(&crc32c(section).to_le_bytes());
        tail.extend_from_slice(section);
    }
    let table_at = at + tail.len() as u64;
    tail.extend_from_slice(&table);
    tail.extend_from_slice(&footer(table_at, &table, version));
    tail
}

fn footer(table_at: u64, table: &[u8], version: u32) -> Vec<u8> {
    let mut footer = Vec::with_capacity(FOOTER_LEN);
    footer.extend_from_slice(&table_at.to_le_bytes());
    footer.extend_from_slice(&crc32c(table).to_le_bytes());
    footer.extend_from_slice(&version.to_le_bytes());
    footer.extend_from_slice(&crc32c(&footer).to_le_bytes());
    footer.extend_from_slice(MAGIC);
    footer
}

/// Where the sections of a file are.
#[derive(Clone, Debug)]
pub(crate) struct Layout([Range<usize>; Section::ALL.len()]);

impl Layout {
    /// Verifies footer, table and sections.
    pub(crate) fn read(file: &[u8], path: &Path) -> Result<Layout, BlockError> {
        let damaged = |part: &str| BlockError::Damaged { path: path.into(), part: part.into() };
        let not_whole = || damaged("it has no footer");
        let footer_at = file.len().checked_sub(FOOTER_LEN).ok_or_else(not_whole)?;
        let (footer, magic) = file[footer_at..].split_at(FOOTER_LEN - MAGIC.len());
        let (proven, crc) = footer.split_at(footer.len() - CRC_LEN);
        if magic != MAGIC || crc != crc32c(proven).to_le_bytes() {
            return Err(not_whole());
        }
        let (place, rest) = proven.split_at(8);
        let (table_crc, version) = rest.split_at(CRC_LEN);
        let version = u32::from_le_bytes(version.try_into().unwrap_or_default());
        let Some(n_sections) = n_sections(version) else {
            return Err(BlockError::Version { path: path.into(), version });
        };
        let table = range(place, (n_sections * TABLE_ENTRY_LEN) as u64, footer_at).map(|range| &file[range]);
        let table = table.filter(|table| table_crc == crc32c(table).to_le_bytes());
        let table = table.ok_or_else(|| damaged("its section table"))?;
        let mut ranges = [const { 0..0 }; Section::ALL.len()];
        for (section, entry) in Section::ALL.into_iter().zip(table.chunks_exact(TABLE_ENTRY_LEN)) {
            let (place, rest) = entry.split_at(8);
            let (len, crc) = rest.split_at(8);
            let range = range(place, u64::from_le_bytes(len.try_into().unwrap_or_default()), footer_at);
            let range = range.filter(|range| crc == crc32c(&file[range.clone()]).to_le_bytes());
            ranges[section as usize] = range.ok_or_else(|| damaged(&format!("its section of {}", section.name())))?;
        }
        Ok(Layout(ranges))
    }

    /// Where a section is.
    pub(crate) fn range(&self, section: Section) -> Range<usize> {
        self.0[section as usize].clone()
    }
}

/// A place and a length, where that is in front of `end`.
fn range(place: &[u8], len: u64, end: usize) -> Option<Range<usize>> {
    let start = u64::from_le_bytes(place.try_into().ok()?);
    let stop = start.checked_add(len).filter(|&stop| stop <= end as u64)?;
    Some(start as usize..stop as usize)
}

/// Proves chunks and columns of a block: what stands in another place, or in another block, is not taken for them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prover {
    of_id: u32,
}

impl Prover {
    pub(crate) fn new(id: BlockId) -> Prover {
        Prover { of_id: crc32c(&id.to_bytes()) }
    }

    /// The checksum that stands behind `bytes`, which are at byte `offset` of the file.
    pub(crate) fn crc(self, offset: u64, bytes: &[u8]) -> [u8; CRC_LEN] {
        crc32c_append(crc32c_append(self.of_id, &offset.to_le_bytes()), bytes).to_le_bytes()
    }

    /// The `len` bytes at `offset`, if their checksum says that they are what was written there.
    pub(crate) fn proven(self, file: &[u8], offset: u64, len: u64) -> Option<&[u8]> {
        let bytes = &file[range(&offset.to_le_bytes(), len, file.len())?];
        let crc_at = offset as usize + bytes.len();
        (file.get(crc_at..crc_at + CRC_LEN)? == self.crc(offset, bytes)).then_some(bytes)
    }
}
