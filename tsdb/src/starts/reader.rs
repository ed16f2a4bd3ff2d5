//! The starts of a series while its samples are read.

use model::storage::Tile;

use super::{Run, Starts};

/// The runs of the series that is being read, and how far they have been read.
#[derive(Debug, Default)]
pub(crate) struct StartsReader {
    runs: Vec<Run>,
    at: usize,
}

impl StartsReader {
    /// A reader of a series with these runs.
    pub(crate) fn of(runs: Vec<Run>) -> StartsReader {
        StartsReader { runs, at: 0 }
    }

    /// Nothing is known of the series that comes.
    pub(crate) fn clear(&mut self) {
        self.runs.clear();
        self.at = 0;
    }

    /// Goes to a series of a shard, between two times.
    pub(crate) fn seek(&mut self, starts: &Starts, slot: usize, first_ms: i64, last_ms: i64) {
        self.at = 0;
        starts.read(slot, first_ms, last_ms, &mut self.runs);
    }

    /// All runs of the series.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The start of a sample that is not before the last one that was asked for; 0 where it is not known.
    pub(crate) fn start_of(&mut self, timestamp_ms: i64) -> i64 {
        while self.runs.get(self.at).is_some_and(|&(from_ms, _)| from_ms <= timestamp_ms) {
            self.at += 1;
        }
        self.at.checked_sub(1).map_or(0, |last| self.runs[last].1)
    }

    /// Adds the starts of a tile's samples, where any is known.
    pub(crate) fn fill(&mut self, tile: &mut Tile) {
        tile.start_timestamps.clear();
        if self.runs.is_empty() {
            return;
        }
        for at in 0..tile.timestamps.len() {
            let start_ms = self.start_of(tile.timestamps[at]);
            tile.start_timestamps.push(start_ms);
        }
        if tile.start_timestamps.iter().all(|&start_ms| start_ms == 0) {
            tile.start_timestamps.clear();
        }
    }
}
