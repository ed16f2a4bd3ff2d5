//! Answering selections: find the series in the blocks and in the head, note what is committed to each, and decode outside
//! of all locks.
//!
//! A selection keeps the set of blocks that it began with, and reads the chunks of the head only from that set's floor on:
//! everything before stands in blocks. Series that several of them have are joined by their labels.

mod head;
mod join;
mod left;
mod reader;
mod resets;

use std::sync::Arc;

use model::storage::{LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader, SeriesSet};
use model::{Labels, Matcher};
use parking_lot::RwLock;
use roaring::RoaringBitmap;

pub(crate) use head::{HeadReader, Selected, pinned};
use join::{Joined, join};
use reader::Reader;

use crate::block::Block;
use crate::downsample::Wanted;
use crate::head::Head;
use crate::index::{Index, matching};
use crate::sealed::Sealed;
use crate::store::Store;

impl Select for Store {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        // The blocks first: what is sealed from now on is still in the head, until this selection is gone.
        let sealed = self.sealed();
        let (start_ms, end_ms) = (hints.start_ms, hints.end_ms);
        let index = self.head.index();
        let found = matching(&*index, matchers);
        let in_head = pinned(&self.head, &index, &found, sealed.sealing(), start_ms, end_ms);
        if !Arc::ptr_eq(&sealed, &self.sealed()) {
            // What was sealed meanwhile may have come again since, in other words.
            return self.select(matchers, hints);
        }
        let series = join(&sealed, &index, in_head, matchers, start_ms, end_ms);
        let (head, wanted) = (Arc::clone(&self.head), Wanted::of(hints));
        Ok(Box::new(Selection { head, index, sealed, series, start_ms, end_ms, wanted }))
    }

    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError> {
        let (sealed, index) = (self.sealed(), self.head.index());
        let mut names = Vec::new();
        if request.selectors.is_empty() {
            if self.holds(request) {
                names.extend(left::names_in_head(&self.head, &index, &sealed));
            }
            let blocks = sealed.overlapping(request.start_ms, request.end_ms);
            blocks.for_each(|block| names.extend(left::names_in_block(block, &sealed)));
        } else {
            let set = self.requested(&index, &sealed, request);
            names.extend(index.read().names_of(&set));
            for block in sealed.overlapping(request.start_ms, request.end_ms) {
                names.extend(block.names_of(&requested_of(block, &sealed, request)));
            }
        }
        Ok(listing(names, request.limit))
    }

    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError> {
        let (sealed, index) = (self.sealed(), self.head.index());
        let mut values = Vec::new();
        if request.selectors.is_empty() {
            if self.holds(request) {
                values.extend(left::values_in_head(&self.head, &index, &sealed, name));
            }
            let blocks = sealed.overlapping(request.start_ms, request.end_ms);
            blocks.for_each(|block| values.extend(left::values_in_block(block, &sealed, name)));
        } else {
            let set = self.requested(&index, &sealed, request);
            {
                let index = index.read();
                let found = set.iter().map(|id| index.label(id, name)).filter(|value| !value.is_empty());
                values.extend(found.map(str::to_owned));
            }
            for block in sealed.overlapping(request.start_ms, request.end_ms) {
                let found = requested_of(block, &sealed, request);
                values.extend(block.labels_of(found.iter()).filter_map(|labels| labels.get(name).map(str::to_owned)));
            }
        }
        Ok(listing(values, request.limit))
    }
}

impl Store {
    /// Whether there may be samples of the head in a request's interval at all. Without selectors a listing is as coarse as
    /// that.
    fn holds(&self, request: &LabelRequest) -> bool {
        let stats = self.head.interval();
        stats.is_some_and(|(oldest_ms, newest_ms)| newest_ms >= request.start_ms && oldest_ms <= request.end_ms)
    }

    /// The series of the head that a request describes.
    fn requested(&self, index: &RwLock<Index>, sealed: &Sealed, request: &LabelRequest) -> RoaringBitmap {
        let mut set = RoaringBitmap::new();
        for selector in &request.selectors {
            set |= matching(index, selector);
        }
        let found = pinned(&self.head, index, &set, sealed.sealing(), request.start_ms, request.end_ms);
        found.into_iter().map(|series| series.id).collect()
    }
}

/// The series of a block that a request describes.
fn requested_of(block: &Block, sealed: &Sealed, request: &LabelRequest) -> RoaringBitmap {
    let mut set = RoaringBitmap::new();
    for selector in &request.selectors {
        set |= block.matching(selector);
    }
    sealed.within(block, &set, request.start_ms, request.end_ms)
}

fn listing(mut entries: Vec<String>, limit: usize) -> Listing {
    entries.sort_unstable();
    entries.dedup();
    let truncated = limit > 0 && entries.len() > limit;
    if truncated {
        entries.truncate(limit);
    }
    Listing { entries, truncated }
}

/// The series that were found, as they were then.
#[derive(Debug)]
struct Selection {
    head: Arc<Head>,
    /// The one that has numbered the series.
    index: Arc<RwLock<Index>>,
    sealed: Arc<Sealed>,
    series: Vec<Joined>,
    start_ms: i64,
    end_ms: i64,
    /// What can be read in place of the samples.
    wanted: Option<Wanted>,
}

impl SeriesSet for Selection {
    fn len(&self) -> usize {
        self.series.len()
    }

    fn labels(&self, series: usize) -> Labels {
        self.series[series].labels(&self.index, &self.sealed)
    }

    fn reader(&self) -> Box<dyn SeriesReader + '_> {
        Box::new(Reader::new(self))
    }

    fn warnings(&self) -> Vec<String> {
        self.sealed.overlapping(self.start_ms, self.end_ms).flat_map(Block::quarantined).collect()
    }
}
