//! Reading the samples of a series.
#![allow(clippy::todo, unused_variables, reason = "the shape, for those who build on it; the body follows")]

use model::storage::Tile;

use super::Block;

/// Goes through the samples of a series between two times.
#[derive(Debug)]
pub struct BlockCursor<'a> {
    block: &'a Block,
}

impl<'a> BlockCursor<'a> {
    /// Goes to another series, keeping what was decoded of the timestamps they share.
    pub fn seek(&mut self, series: u32, start_ms: i64, end_ms: i64) {
        todo!()
    }

    /// Replaces the tile by the next samples, in time order, at most [`model::storage::TILE_SAMPLES`] of one kind;
    /// answers `false` where there are no more. Damaged chunks are left out.
    pub fn next_tile(&mut self, tile: &mut Tile) -> bool {
        let block = self.block;
        todo!()
    }
}
