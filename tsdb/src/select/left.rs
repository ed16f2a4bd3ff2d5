//! Label names and values of what is left: a deletion may have left nothing of a series that the head or a block still knows.
//!
//! Only what stands on such a series can have gone, so only that is looked at again.

use model::{MatchOp, Matcher};
use parking_lot::RwLock;
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

use super::pinned;
use crate::block::Block;
use crate::head::Head;
use crate::index::{Index, matching};
use crate::sealed::Sealed;

/// The label names of the series of the head that have samples, or had when the head was sealed last.
pub(super) fn names_in_head(head: &Head, index: &RwLock<Index>, sealed: &Sealed) -> Vec<String> {
    let gone = gone_in_head(head, index, sealed);
    let names = index.read().names().map(str::to_owned).collect();
    let on_gone = index.read().names_of(&gone);
    without_gone(names, on_gone, &gone, |name| {
        Matcher::new(name, MatchOp::NotEqual, "").map_or_else(|_| RoaringBitmap::new(), |any| matching(index, &[any]))
    })
}

/// The same for the values of a label.
pub(super) fn values_in_head(head: &Head, index: &RwLock<Index>, sealed: &Sealed, name: &str) -> Vec<String> {
    let gone = gone_in_head(head, index, sealed);
    let (values, on_gone) = {
        let index = index.read();
        let on_gone = gone.iter().map(|id| index.label(id, name).to_owned()).collect();
        (index.values(name).map(|(value, _)| value.to_owned()).collect(), on_gone)
    };
    without_gone(values, on_gone, &gone, |value| matching(index, &[Matcher::equal(name, value)]))
}

/// The label names of the series of a block of which something is left.
pub(super) fn names_in_block(block: &Block, sealed: &Sealed) -> Vec<String> {
    let names = block.label_names();
    let Some(gone) = gone_in_block(block, sealed) else { return names };
    without_gone(names, block.names_of(gone), gone, |name| {
        Matcher::new(name, MatchOp::NotEqual, "").map_or_else(|_| RoaringBitmap::new(), |any| block.matching(&[any]))
    })
}

/// The same for the values of a label.
pub(super) fn values_in_block(block: &Block, sealed: &Sealed, name: &str) -> Vec<String> {
    let values = block.label_values(name);
    let Some(gone) = gone_in_block(block, sealed) else { return values };
    let on_gone = block.labels_of(gone).filter_map(|labels| labels.get(name).map(str::to_owned)).collect();
    without_gone(values, on_gone, gone, |value| block.matching(&[Matcher::equal(name, value)]))
}

/// The series of a block of which nothing is left, if there are such.
fn gone_in_block<'a>(block: &Block, sealed: &'a Sealed) -> Option<&'a RoaringBitmap> {
    sealed.hidden(block).map(|hidden| hidden.gone(block)).filter(|gone| !gone.is_empty())
}

/// The series of the head that have no samples there. Where nothing has ever been deleted they are not looked for: what they
/// had stands in blocks.
fn gone_in_head(head: &Head, index: &RwLock<Index>, sealed: &Sealed) -> RoaringBitmap {
    let mut gone = RoaringBitmap::new();
    if sealed.has_deletions() {
        gone.insert_range(0..index.read().n_series() as u32);
        let left = pinned(head, index, &gone, sealed.sealing(), i64::MIN, i64::MAX);
        let left: RoaringBitmap = left.iter().map(|series| series.id).collect();
        gone -= left;
    }
    gone
}

/// The entries without those that stand on series that are gone only; `having` finds all series with an entry.
fn without_gone(
    mut entries: Vec<String>,
    on_gone: Vec<String>,
    gone: &RoaringBitmap,
    having: impl Fn(&str) -> RoaringBitmap,
) -> Vec<String> {
    let on_gone: FxHashSet<String> = on_gone.into_iter().collect();
    entries.retain(|entry| !on_gone.contains(entry) || !having(entry).is_subset(gone));
    entries
}
