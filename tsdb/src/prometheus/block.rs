//! A block of Prometheus's: a directory of `meta.json`, `index`, `chunks/` and `tombstones`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Disk;
use model::Labels;
use xxhash_rust::xxh3::xxh3_64;

use super::bytes::{CRC_LEN, map, numbered, proven};
use super::index::{ChunkPlace, Index};
use super::tombstones::Tombstones;
use super::{ForeignError, ForeignMeta, Malformed, Outcome, Watch, meta, read_chunk, tombstones};
use crate::block::Bytes;
use crate::import::{Importer, Origin, Samples, place_of_target, window_for};
use crate::wal::varint::Input;

/// A block of Prometheus's.
#[derive(Debug)]
pub struct ForeignBlock {
    dir: PathBuf,
    meta: ForeignMeta,
    index: Index,
    chunks: Vec<Bytes>,
    tombstones: Tombstones,
    /// Of the bytes of the tombstones.
    hash: u64,
}

impl ForeignBlock {
    /// Opens a block.
    ///
    /// # Errors
    /// When a file cannot be read or is of an unknown version, or the damaged part is one without which nothing can be found.
    pub fn open(disk: &Arc<dyn Disk>, dir: &Path) -> Result<ForeignBlock, ForeignError> {
        let meta = meta::read(disk, dir)?;
        let index = Index::open(disk, &dir.join("index"))?;
        let chunks = numbered(disk, &dir.join("chunks"))?;
        let chunks = chunks.iter().map(|(_, path)| map(disk, path)).collect::<Result<_, _>>()?;
        let (tombstones, bytes) = tombstones::open(disk, &dir.join("tombstones"))?;
        let hash = if tombstones.is_empty() { 0 } else { xxh3_64(&bytes) };
        Ok(ForeignBlock { dir: dir.into(), meta, index, chunks, tombstones, hash })
    }

    /// What it says of itself.
    pub fn meta(&self) -> &ForeignMeta {
        &self.meta
    }

    /// The bytes of its chunks.
    pub fn n_bytes(&self) -> u64 {
        self.chunks.iter().map(|chunks| chunks.len() as u64).sum()
    }

    /// Writes all of it to blocks of ours, as far as they are not there yet.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn import(
        &self,
        importer: &Importer,
        outcome: &mut Outcome,
        watch: Watch<'_>,
    ) -> Result<(), crate::block::BlockError> {
        let window_ms = window_for(self.meta.min_ms, self.meta.end_ms);
        let origin =
            Origin::new(self.meta.id.time_ms(), &[self.meta.id.to_string().as_bytes(), &self.hash.to_le_bytes()]);
        let mut windows = importer.begin(origin, window_ms);
        let mut samples = Samples::default();
        for series in self.by_target(outcome) {
            let Ok((labels, places)) = self.index.series(series) else { continue };
            samples.clear();
            let n_bytes = self.read(&labels, &places, &mut samples, outcome);
            outcome.n_repeated += samples.put_in_order() as u64;
            if let Some(intervals) = self.tombstones.get(&u64::from(series)) {
                outcome.n_deleted += samples.delete(intervals) as u64;
            }
            if !samples.is_empty() {
                outcome.note_series(&labels);
            }
            windows.series(&labels, &samples)?;
            watch(n_bytes, samples.len() as u64);
        }
        outcome.take(windows.finish()?);
        Ok(())
    }

    /// The series by their numbers, those of a target side by side: they share timestamps and labels.
    fn by_target(&self, outcome: &mut Outcome) -> Vec<u32> {
        let mut places: Vec<(u64, u32)> = Vec::new();
        self.index.for_each(|series, read| match read {
            Ok((labels, _)) => places.push((place_of_target(&labels), series)),
            Err(error) => {
                outcome.damage(format!("{}: series {series} is left out: {error}", self.index.path().display()));
            }
        });
        places.sort_unstable();
        places.into_iter().map(|(_, series)| series).collect()
    }

    /// Reads the chunks of a series; how many bytes they had.
    fn read(&self, labels: &Labels, places: &[ChunkPlace], samples: &mut Samples, outcome: &mut Outcome) -> u64 {
        let mut n_bytes = 0;
        for place in places {
            let read = self.chunk(place).and_then(|(encoding, chunk)| {
                n_bytes += chunk.len() as u64;
                read_chunk(encoding, chunk, samples)
            });
            match read {
                Ok(()) => {}
                Err(error) => {
                    let (dir, file, offset) = (self.dir.display(), place.file + 1, place.offset);
                    let chunk = format!("chunk of {labels} in chunks/{file:06} at byte {offset}");
                    outcome.damage(format!(
                        "{dir}: {chunk} ({} to {} ms) is left out: {error}",
                        place.min_ms, place.max_ms
                    ));
                }
            }
        }
        n_bytes
    }

    /// The encoding and the bytes of a chunk.
    fn chunk(&self, place: &ChunkPlace) -> Result<(u8, &[u8]), Malformed> {
        let file = self.chunks.get(place.file as usize).ok_or(Malformed::Missing)?;
        let mut input = Input::new(file.get(place.offset as usize..).ok_or(Malformed::Missing)?);
        let n_bytes = input.count("a length")?;
        let chunk = proven(input.bytes(1 + n_bytes + CRC_LEN, "a chunk").map_err(|_| Malformed::Cut)?)?;
        let (&encoding, chunk) = chunk.split_first().ok_or(Malformed::Cut)?;
        Ok((encoding, chunk))
    }
}
