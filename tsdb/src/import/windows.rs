//! Series of any length, cut into windows of time, each of which becomes a block.

use std::collections::BTreeMap;

use model::Labels;

use super::{Importer, Origin, Samples};
use crate::block::{BlockError, BlockSpec, BlockWriter, SeriesSamples};
use crate::codec::Effort;

/// The shortest blocks, as they are sealed.
const SHORT_MS: i64 = 2 * 3_600_000;
/// So long blocks are as if they had been compacted.
const LONG_MS: i64 = 24 * 3_600_000;
/// What is longer is cut into long ones.
const MAX_OF_SHORT_MS: i64 = 12 * 3_600_000;

/// How long the blocks become that hold samples between two times.
pub fn window_for(first_ms: i64, last_ms: i64) -> i64 {
    if last_ms.saturating_sub(first_ms) <= MAX_OF_SHORT_MS { SHORT_MS } else { LONG_MS }
}

/// What an import wrote, and what it found to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Blocks written.
    pub n_blocks: u64,
    /// Samples in them.
    pub n_samples: u64,
    /// Series in them, counted in each.
    pub n_series: u64,
    /// Their length in bytes.
    pub n_bytes: u64,
    /// Blocks that were there already.
    pub n_known_blocks: u64,
    /// Samples that belong to those.
    pub n_known_samples: u64,
    /// Times of the first and the last sample written, in milliseconds since the Unix epoch.
    pub interval: Option<(i64, i64)>,
}

impl Written {
    /// Adds what another import wrote.
    pub fn add(&mut self, other: Written) {
        self.n_blocks += other.n_blocks;
        self.n_samples += other.n_samples;
        self.n_series += other.n_series;
        self.n_bytes += other.n_bytes;
        self.n_known_blocks += other.n_known_blocks;
        self.n_known_samples += other.n_known_samples;
        self.interval = match (self.interval, other.interval) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }
}

/// Writes series to the blocks of their windows. Dropping it unfinished leaves none.
#[derive(Debug)]
pub struct Windows<'a> {
    importer: &'a Importer,
    origin: Origin,
    window_ms: i64,
    /// By the number of the window; `None` for a block that is there already.
    writers: BTreeMap<i64, Option<BlockWriter>>,
    written: Written,
}

impl<'a> Windows<'a> {
    pub(super) fn new(importer: &'a Importer, origin: Origin, window_ms: i64) -> Windows<'a> {
        Windows { importer, origin, window_ms, writers: BTreeMap::new(), written: Written::default() }
    }

    /// Adds a series, which comes once; its samples are in order.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn series(&mut self, labels: &Labels, samples: &Samples) -> Result<(), BlockError> {
        let mut rest = samples.as_written();
        while let Some(first_ms) = first_of(&rest) {
            let number = first_ms.div_euclid(self.window_ms);
            let end_ms = number.saturating_add(1).saturating_mul(self.window_ms);
            let n_floats = rest.timestamps.partition_point(|&timestamp_ms| timestamp_ms < end_ms);
            let n_histograms = rest.histograms.partition_point(|&(timestamp_ms, _)| timestamp_ms < end_ms);
            if n_floats + n_histograms == 0 {
                // The end of time.
                break;
            }
            let (timestamps, later) = rest.timestamps.split_at(n_floats);
            let (bits, later_bits) = rest.bits.split_at(n_floats);
            let (histograms, later_histograms) = rest.histograms.split_at(n_histograms);
            // Of the starts the writer takes those of its samples.
            let part = SeriesSamples { timestamps, bits, histograms, ..rest };
            rest = SeriesSamples { timestamps: later, bits: later_bits, histograms: later_histograms, ..rest };
            match self.writer(number)? {
                Some(writer) => writer.series(labels, &part)?,
                None => self.written.n_known_samples += (n_floats + n_histograms) as u64,
            }
        }
        Ok(())
    }

    /// The writer of a window; `None` where its block is there.
    fn writer(&mut self, number: i64) -> Result<Option<&mut BlockWriter>, BlockError> {
        if !self.writers.contains_key(&number) {
            let id = self.origin.block(self.window_ms, number);
            let Importer { disk, dir, known, .. } = self.importer;
            let is_long = self.window_ms >= LONG_MS;
            let spec = BlockSpec {
                level: u8::from(is_long),
                effort: if is_long { Effort::Small } else { Effort::Fast },
                ..BlockSpec::default()
            };
            let writer = if known.contains(&id) { None } else { Some(BlockWriter::create(disk, dir, id, spec)?) };
            self.writers.insert(number, writer);
        }
        Ok(self.writers.get_mut(&number).and_then(Option::as_mut))
    }

    /// Finishes the blocks, one after the other: whenever that is interrupted, some of them stand and the others do not.
    ///
    /// # Errors
    /// When a block cannot be written. Those before it stand.
    pub fn finish(mut self) -> Result<Written, BlockError> {
        for writer in std::mem::take(&mut self.writers).into_values() {
            let Some(writer) = writer else {
                self.written.n_known_blocks += 1;
                continue;
            };
            let meta = writer.finish()?;
            self.written.add(Written {
                n_blocks: 1,
                n_samples: meta.n_samples,
                n_series: meta.n_series,
                n_bytes: meta.n_bytes,
                interval: Some((meta.min_ms, meta.max_ms)),
                ..Written::default()
            });
        }
        Ok(self.written)
    }
}

fn first_of(samples: &SeriesSamples<'_>) -> Option<i64> {
    let float = samples.timestamps.first().copied();
    let histogram = samples.histograms.first().map(|&(timestamp_ms, _)| timestamp_ms);
    float.into_iter().chain(histogram).min()
}
