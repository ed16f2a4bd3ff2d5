//! Joining what blocks and the head have of the same series.

use model::{Labels, Matcher};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::head::Selected;
use crate::index::Index;
use crate::sealed::Sealed;

/// A series of a selection: its parts, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    /// Block, by its place in the set, and series in it.
    pub(super) in_blocks: Vec<(u32, u32)>,
    pub(super) in_head: Option<Selected>,
    /// Whether no part begins before the one before it ends.
    pub(super) is_disjoint: bool,
}

impl Joined {
    pub(super) fn labels(&self, index: &RwLock<Index>, sealed: &Sealed) -> Labels {
        match (&self.in_head, self.in_blocks.first()) {
            (Some(selected), _) => index.read().labels(selected.id),
            (None, Some(&(block, series))) => sealed.blocks()[block as usize].labels(series),
            (None, None) => Labels::default(),
        }
    }

    fn note_overlap(&mut self, sealed: &Sealed) {
        let mut last_ms = None;
        self.is_disjoint = self.in_blocks.iter().all(|&(block, series)| {
            let Some((oldest_ms, newest_ms)) = sealed.blocks()[block as usize].interval(series) else { return true };
            let begins_after = last_ms.is_none_or(|last_ms| last_ms < oldest_ms);
            last_ms = Some(newest_ms);
            begins_after
        });
        if let (Some(selected), Some(last_ms)) = (&self.in_head, last_ms) {
            self.is_disjoint &= last_ms < sealed.floor_ms().min(selected.oldest_late_ms);
        }
    }
}

/// The series that match in the blocks or were found in the head, in the order in which they were first seen.
pub(super) fn join(
    sealed: &Sealed,
    index: &RwLock<Index>,
    in_head: Vec<Selected>,
    matchers: &[Matcher],
    start_ms: i64,
    end_ms: i64,
) -> Vec<Joined> {
    let mut blocks = sealed.numbered_overlapping(start_ms, end_ms).peekable();
    if blocks.peek().is_none() {
        let alone = |selected| Joined { in_blocks: Vec::new(), in_head: Some(selected), is_disjoint: true };
        return in_head.into_iter().map(alone).collect();
    }
    let mut joined: Vec<Joined> = Vec::new();
    let mut by_labels: FxHashMap<Labels, usize> = FxHashMap::default();
    for (number, block) in blocks {
        let found = sealed.within(block, &block.matching(matchers), start_ms, end_ms);
        for (series, labels) in found.iter().zip(block.labels_of(found.iter())) {
            let at = *by_labels.entry(labels).or_insert(joined.len());
            if at == joined.len() {
                joined.push(Joined::default());
            }
            joined[at].in_blocks.push((number, series));
        }
    }
    let index = index.read();
    for selected in in_head {
        match by_labels.get(&index.labels(selected.id)) {
            Some(&at) => joined[at].in_head = Some(selected),
            None => joined.push(Joined { in_head: Some(selected), ..Joined::default() }),
        }
    }
    joined.iter_mut().for_each(|series| series.note_overlap(sealed));
    joined
}
