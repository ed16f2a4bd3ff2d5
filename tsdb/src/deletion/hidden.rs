//! What is deleted in one block.

use std::sync::OnceLock;

use roaring::RoaringBitmap;

use super::list::Deletion;
use crate::block::{Block, BlockCursor};

/// What is deleted in one block: of some series all samples between two times, for each deletion.
#[derive(Debug)]
pub(crate) struct Hidden {
    parts: Vec<Part>,
    /// The series of which something is.
    touched: RoaringBitmap,
    /// Those of them of which nothing is left, once that has been asked: it takes a look at each.
    gone: OnceLock<RoaringBitmap>,
}

/// What one deletion hides.
#[derive(Debug)]
struct Part {
    deletion: u64,
    series: RoaringBitmap,
    start_ms: i64,
    end_ms: i64,
}

impl Hidden {
    /// What some deletions hide in a block; `None` where there are none.
    pub(crate) fn of<'a>(block: &Block, deletions: impl Iterator<Item = &'a Deletion>) -> Option<Hidden> {
        let part = |deletion: &Deletion| Part {
            deletion: deletion.id,
            series: series_of(block, deletion),
            start_ms: deletion.start_ms,
            end_ms: deletion.end_ms,
        };
        let parts: Vec<Part> = deletions.map(part).collect();
        if parts.is_empty() {
            return None;
        }
        let touched = parts.iter().map(|part| &part.series).fold(RoaringBitmap::new(), |all, series| all | series);
        Some(Hidden { parts, touched, gone: OnceLock::new() })
    }

    /// Whether it is what these hide.
    pub(crate) fn is_of<'a>(&self, deletions: impl Iterator<Item = &'a Deletion>) -> bool {
        deletions.map(|deletion| deletion.id).eq(self.parts.iter().map(|part| part.deletion))
    }

    /// The series of the block of which nothing is left.
    pub(crate) fn gone(&self, block: &Block) -> &RoaringBitmap {
        self.gone.get_or_init(|| &self.touched - self.within(block, &self.touched, i64::MIN, i64::MAX))
    }

    /// Appends the stretches of time between two times, both included, in which the samples of a series are not deleted, in
    /// order.
    pub(crate) fn push_visible(&self, series: u32, start_ms: i64, end_ms: i64, stretches: &mut Vec<(i64, i64)>) {
        let mut hidden: Vec<(i64, i64)> = Vec::new();
        if self.touched.contains(series) {
            let of_series = self.parts.iter().filter(|part| part.series.contains(series));
            hidden.extend(of_series.map(|part| (part.start_ms, part.end_ms)));
            hidden.sort_unstable();
        }
        let mut next_ms = Some(start_ms);
        for (from_ms, to_ms) in hidden {
            let Some(start_ms) = next_ms else { return };
            if start_ms < from_ms && start_ms <= end_ms {
                stretches.push((start_ms, end_ms.min(from_ms - 1)));
            }
            next_ms = if to_ms < start_ms { next_ms } else { to_ms.checked_add(1) };
        }
        stretches.extend(next_ms.filter(|&start_ms| start_ms <= end_ms).map(|start_ms| (start_ms, end_ms)));
    }

    /// Those of the series that have samples between two times, both included, that are not deleted.
    pub(crate) fn within(&self, block: &Block, set: &RoaringBitmap, start_ms: i64, end_ms: i64) -> RoaringBitmap {
        let mut found = block.within(&(set - &self.touched), start_ms, end_ms);
        let (mut cursor, mut stretches) = (BlockCursor::new(block), Vec::new());
        for series in set & &self.touched {
            stretches.clear();
            self.push_visible(series, start_ms, end_ms, &mut stretches);
            let has_samples = stretches.iter().any(|&(start_ms, end_ms)| {
                cursor.seek(series, start_ms, end_ms);
                cursor.has_samples()
            });
            if has_samples {
                found.insert(series);
            }
        }
        found
    }

    /// Whether samples of a series may be deleted.
    pub(crate) fn touches(&self, series: u32) -> bool {
        self.touched.contains(series)
    }
}

/// The series of a block that a deletion describes, with samples or without.
pub(super) fn series_of(block: &Block, deletion: &Deletion) -> RoaringBitmap {
    let found = deletion.selectors.iter().map(|matchers| block.matching(matchers));
    found.fold(RoaringBitmap::new(), |all, series| all | series)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(intervals: &[(i64, i64)]) -> Hidden {
        let series: RoaringBitmap = [3].into_iter().collect();
        let part = |&(start_ms, end_ms): &_| Part { deletion: 0, series: series.clone(), start_ms, end_ms };
        let parts = intervals.iter().map(part).collect();
        Hidden { parts, touched: series, gone: OnceLock::new() }
    }

    #[test]
    fn stretches_lie_between_what_is_deleted() {
        let check = |intervals: &[(i64, i64)], (start_ms, end_ms): (i64, i64), want: &[(i64, i64)]| {
            let mut found = Vec::new();
            hidden(intervals).push_visible(3, start_ms, end_ms, &mut found);
            assert_eq!(found, want, "{intervals:?} between {start_ms} and {end_ms}");
        };
        check(&[(10, 20)], (0, 30), &[(0, 9), (21, 30)]);
        check(&[(10, 20)], (10, 20), &[]);
        check(&[(10, 20)], (15, 25), &[(21, 25)]);
        check(&[(10, 20)], (0, 9), &[(0, 9)]);
        check(&[(10, 20)], (20, 20), &[]);
        check(&[(10, 20)], (21, 40), &[(21, 40)]);
        check(&[(10, 20), (15, 16), (18, 25), (27, 27)], (0, 30), &[(0, 9), (26, 26), (28, 30)]);
        check(&[(i64::MIN, i64::MAX)], (i64::MIN, i64::MAX), &[]);
        check(&[(i64::MIN, 5), (5, i64::MAX)], (i64::MIN, i64::MAX), &[]);
        check(&[(5, 4)], (0, 10), &[(0, 4), (5, 10)]);
        check(&[(10, 20)], (30, 0), &[]);
        let mut of_another = Vec::new();
        hidden(&[(10, 20)]).push_visible(4, 0, 30, &mut of_another);
        assert_eq!(of_another, [(0, 30)]);
    }
}
