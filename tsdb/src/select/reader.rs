//! Reading one series after the other: its parts in turn, or, where they overlap, put in order first.

use std::collections::BTreeMap;

use model::storage::{HistogramValue, SelectError, SeriesReader, TILE_SAMPLES, Tile};

use super::head::HeadReader;
use super::resets::Resets;
use super::{Joined, Selection};
use crate::block::BlockCursor;
use crate::downsample::Part;

/// Reads the series of a selection.
pub(super) struct Reader<'a> {
    selection: &'a Selection,
    in_head: HeadReader<'a>,
    /// A cursor for each block of the set, made when it is first needed.
    cursors: Vec<Option<BlockCursor<'a>>>,
    start_ms: i64,
    series: usize,
    /// The part that is being read: blocks first, then the head.
    part: usize,
    /// The stretches of time of a block that are left to be read, the next one last: between them all is deleted.
    stretches: Vec<(i64, i64)>,
    /// Whether the part that is being read was summed up, and what is left of it then.
    is_summed_up: bool,
    spans: Part,
    /// The samples of a series whose parts overlap, that are left, oldest first, each with its start.
    in_order: Option<std::collections::btree_map::IntoIter<i64, (Value, i64)>>,
    /// The one of them that did not fit into the last tile.
    next: Option<(i64, (Value, i64))>,
    /// What histograms say of counter resets, and whether that has begun with the series.
    resets: Resets,
    is_begun: bool,
}

/// A sample on its way from an overlapping part.
#[derive(Clone, Debug)]
enum Value {
    Float(f64),
    Histogram(HistogramValue),
}

impl<'a> Reader<'a> {
    pub(super) fn new(selection: &'a Selection) -> Reader<'a> {
        Reader {
            selection,
            in_head: HeadReader::new(&selection.head),
            cursors: selection.sealed.blocks().iter().map(|_| None).collect(),
            start_ms: 0,
            series: 0,
            part: 0,
            stretches: Vec::new(),
            is_summed_up: false,
            spans: Part::default(),
            in_order: None,
            next: None,
            resets: Resets::default(),
            is_begun: false,
        }
    }

    fn joined(&self) -> &'a Joined {
        &self.selection.series[self.series]
    }

    /// Goes to the first sample of a part. Answers whether there is such a part.
    fn seek_part(&mut self, part: usize) -> bool {
        let (joined, end_ms) = (self.joined(), self.selection.end_ms);
        self.part = part;
        self.is_summed_up = false;
        if let Some(&(block, series)) = joined.in_blocks.get(part) {
            if self.seek_summed_up(block, series) {
                return true;
            }
            let sealed = &self.selection.sealed;
            self.stretches.clear();
            match sealed.hidden(&sealed.blocks()[block as usize]) {
                Some(hidden) => hidden.push_visible(series, self.start_ms, end_ms, &mut self.stretches),
                None => self.stretches.push((self.start_ms, end_ms)),
            }
            self.stretches.reverse();
            if !self.seek_stretch() {
                // It was found by what it has elsewhere.
                self.seek_in_block(block, series, i64::MAX, i64::MIN);
            }
            return true;
        }
        match &joined.in_head {
            Some(selected) if part == joined.in_blocks.len() => {
                self.in_head.seek(selected, self.start_ms, end_ms, self.selection.sealed.sealing());
                true
            }
            _ => false,
        }
    }

    /// Reads what was summed up of a series of a block, where that gives the same answer. Where samples of another part lie
    /// between these, or some are deleted, it may not.
    fn seek_summed_up(&mut self, block: u32, series: u32) -> bool {
        let Selection { sealed, wanted, end_ms, .. } = self.selection;
        let Some(wanted) = wanted.filter(|_| self.joined().is_disjoint) else { return false };
        let block = &sealed.blocks()[block as usize];
        if sealed.hidden(block).is_some_and(|hidden| hidden.touches(series)) {
            return false;
        }
        let interval = (self.start_ms, *end_ms);
        let serving = sealed.downsampled(block).iter().rev().filter(|file| wanted.is_served_by(file.resolution()));
        let mut part = std::mem::take(&mut self.spans);
        let is_read = serving.into_iter().any(|file| file.read(series, wanted, interval, &mut part));
        self.spans = part;
        self.is_summed_up = is_read;
        is_read
    }

    /// Goes to the next stretch of the block that is being read. Answers whether there is one.
    fn seek_stretch(&mut self) -> bool {
        let Some(&(block, series)) = self.joined().in_blocks.get(self.part) else { return false };
        let Some((start_ms, end_ms)) = self.stretches.pop() else { return false };
        self.seek_in_block(block, series, start_ms, end_ms);
        true
    }

    fn seek_in_block(&mut self, block: u32, series: u32, start_ms: i64, end_ms: i64) {
        let cursor = &mut self.cursors[block as usize];
        match cursor {
            Some(cursor) => cursor.seek(series, start_ms, end_ms),
            None => *cursor = Some(self.selection.sealed.blocks()[block as usize].cursor(series, start_ms, end_ms)),
        }
    }

    fn next_of_part(&mut self, tile: &mut Tile) -> bool {
        if self.is_summed_up {
            return self.spans.next_tile(tile);
        }
        let Some(&(block, _)) = self.joined().in_blocks.get(self.part) else {
            // Without a part there, it still stands where another series left it.
            return self.joined().in_head.is_some() && self.in_head.next_tile(tile);
        };
        loop {
            if self.cursors[block as usize].as_mut().is_some_and(|cursor| cursor.next_tile(tile)) {
                return true;
            }
            if !self.seek_stretch() {
                return false;
            }
        }
    }

    /// Reads all parts and puts their samples in order. Of two at the same time the older part's counts: the other came when
    /// it could no longer be compared.
    fn put_in_order(&mut self) {
        let mut samples = BTreeMap::new();
        let mut tile = Tile::default();
        // Names of blocks sort by their age; the head is the youngest.
        let blocks = self.selection.sealed.blocks();
        let in_blocks = &self.joined().in_blocks;
        let mut parts: Vec<usize> = (0..in_blocks.len()).collect();
        parts.sort_by_key(|&part| blocks[in_blocks[part].0 as usize].meta().id);
        for part in parts.into_iter().chain([in_blocks.len()]) {
            if !self.seek_part(part) {
                break;
            }
            while self.next_of_part(&mut tile) {
                for (at, &timestamp_ms) in tile.timestamps.iter().enumerate() {
                    samples.entry(timestamp_ms).or_insert_with(|| {
                        let value = match tile.values.get(at) {
                            Some(&value) => Value::Float(value),
                            None => Value::Histogram(tile.histograms[at].clone()),
                        };
                        (value, tile.start_timestamps.get(at).copied().unwrap_or(0))
                    });
                }
            }
        }
        self.in_order = Some(samples.into_iter());
    }

    fn next_in_order(&mut self, tile: &mut Tile) -> bool {
        tile.clear();
        while tile.timestamps.len() < TILE_SAMPLES {
            let in_order = self.in_order.as_mut().and_then(Iterator::next);
            let Some((timestamp_ms, (value, start_ms))) = self.next.take().or(in_order) else { break };
            match value {
                Value::Float(value) if tile.histograms.is_empty() => tile.values.push(value),
                Value::Histogram(histogram) if tile.values.is_empty() => tile.histograms.push(histogram),
                other => {
                    self.next = Some((timestamp_ms, (other, start_ms)));
                    break;
                }
            }
            tile.timestamps.push(timestamp_ms);
            if start_ms != 0 || !tile.start_timestamps.is_empty() {
                tile.start_timestamps.resize(tile.timestamps.len() - 1, 0);
                tile.start_timestamps.push(start_ms);
            }
        }
        !tile.timestamps.is_empty()
    }

    /// Goes through the parts in turn.
    fn next_in_turn(&mut self, tile: &mut Tile) -> bool {
        loop {
            if self.next_of_part(tile) {
                return true;
            }
            if self.part > self.joined().in_blocks.len() || !self.seek_part(self.part + 1) {
                tile.clear();
                return false;
            }
        }
    }

    /// With the first tile: the histogram that is stored before it, where one is known.
    fn take_before(&mut self) -> Option<HistogramValue> {
        let Some(&(block, series)) = self.joined().in_blocks.get(self.part) else { return self.in_head.take_before() };
        let sealed = &self.selection.sealed;
        let before = self.cursors[block as usize].as_mut()?.take_before();
        let hidden = sealed.hidden(&sealed.blocks()[block as usize]);
        before.filter(|_| hidden.is_none_or(|hidden| !hidden.touches(series)))
    }

    /// Says of the histograms of a tile, the next one of the series, what is known of counter resets.
    fn tell_resets(&mut self, tile: &mut Tile) {
        if !std::mem::replace(&mut self.is_begun, true) {
            let is_in_turn = self.in_order.is_none() && !tile.histograms.is_empty();
            let before = if is_in_turn { self.take_before() } else { None };
            self.resets.begin(before);
        }
        self.resets.tell(tile);
    }
}

impl SeriesReader for Reader<'_> {
    fn seek(&mut self, series: usize, start_ms: i64) {
        self.series = series;
        self.start_ms = start_ms.max(self.selection.start_ms);
        (self.in_order, self.next) = (None, None);
        self.is_begun = false;
        if self.joined().is_disjoint {
            self.seek_part(0);
        } else {
            self.put_in_order();
        }
    }

    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError> {
        let is_there = if self.in_order.is_some() { self.next_in_order(tile) } else { self.next_in_turn(tile) };
        self.tell_resets(tile);
        Ok(is_there)
    }
}
