//! Which blocks are to become one.
//!
//! Windows of time have widths that each is a multiple of the one before: two hours, as they are sealed, a day, and a tenth of
//! what is kept. The blocks in a window become one when nothing more is sealed into it; what comes late makes a block of its own,
//! which is merged in the same way. So a sample is rewritten once for each width, and a long query opens few blocks.

use std::collections::BTreeMap;

use crate::block::{BlockId, BlockMeta};

const DAY_MS: i64 = 24 * 3_600_000;
/// No block is longer.
const MAX_WIDTH_MS: i64 = 31 * DAY_MS;
/// So many of the longest blocks make what is kept: deleting one of them does not delete much too early or too late.
const N_LONGEST: i64 = 10;

/// The widths of windows, the shortest first, for what is kept so long; `None` for ever.
pub(super) fn widths(kept_ms: Option<i64>) -> Vec<i64> {
    let longest_ms = kept_ms.map_or(MAX_WIDTH_MS, |kept_ms| (kept_ms / N_LONGEST).min(MAX_WIDTH_MS));
    let n_days = longest_ms / DAY_MS;
    if n_days > 1 { vec![DAY_MS, n_days * DAY_MS] } else { vec![DAY_MS] }
}

/// The blocks that are to become one, if there are such; `floor_ms` is the time up to which the head has been sealed.
pub(super) fn due(metas: &[&BlockMeta], floor_ms: i64, widths: &[i64]) -> Option<Vec<BlockId>> {
    widths.iter().find_map(|&width_ms| {
        let mut by_window: BTreeMap<i64, Vec<BlockId>> = BTreeMap::new();
        for meta in metas.iter().filter(|meta| meta.resolution_ms == 0) {
            let window = meta.min_ms.div_euclid(width_ms);
            let is_over = window.saturating_add(1).saturating_mul(width_ms) <= floor_ms;
            if is_over && meta.max_ms.div_euclid(width_ms) == window {
                by_window.entry(window).or_default().push(meta.id);
            }
        }
        by_window.into_values().find(|blocks| blocks.len() > 1)
    })
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// Blocks between these hours, numbered in this order.
    fn due_of(hours: &[(i64, i64)], floor_hours: i64, widths: &[i64]) -> Option<Vec<usize>> {
        let mut rng = SeededRng::new(1);
        let meta = |&(from, to): &(i64, i64)| BlockMeta {
            id: BlockId::new(0, &mut rng),
            min_ms: from * HOUR_MS,
            max_ms: to * HOUR_MS - 1,
            n_series: 1,
            n_samples: 2,
            n_chunks: 1,
            n_bytes: 100,
            level: 0,
            sealed_to_ms: None,
            sealed_log: None,
            sources: Vec::new(),
            resolution_ms: 0,
            parts: Vec::new(),
        };
        let metas: Vec<BlockMeta> = hours.iter().map(meta).collect();
        let due = due(&metas.iter().collect::<Vec<_>>(), floor_hours * HOUR_MS, widths)?;
        Some(due.iter().filter_map(|id| metas.iter().position(|meta| meta.id == *id)).collect())
    }

    #[test]
    fn days_become_one_block_when_they_are_over() {
        let check = |hours: &[(i64, i64)], floor, want: Option<&[usize]>| {
            assert_eq!(due_of(hours, floor, &[DAY_MS, 3 * DAY_MS]).as_deref(), want, "{hours:?} to {floor}");
        };
        check(&[], 100, None);
        check(&[(0, 2), (2, 4), (22, 24)], 23, None);
        check(&[(0, 2), (2, 4), (22, 24)], 24, Some(&[0, 1, 2]));
        // One that stands alone is as it should be, until its days are over.
        check(&[(0, 24), (24, 48), (48, 72)], 71, None);
        check(&[(0, 24), (24, 48), (48, 72)], 72, Some(&[0, 1, 2]));
        // What came late is merged into its day, and the shorter windows come first.
        check(&[(0, 24), (24, 48), (30, 31), (48, 72)], 72, Some(&[1, 2]));
        // What reaches over the end of a day is left for the longer window.
        check(&[(0, 2), (23, 25), (30, 32)], 72, Some(&[0, 1, 2]));
        check(&[(0, 2), (71, 73)], 96, None);
        check(&[(-24, -22), (-2, 0)], 0, Some(&[0, 1]));
    }

    #[test]
    fn the_longest_window_is_a_tenth_of_what_is_kept() {
        assert_eq!(widths(None), [DAY_MS, 31 * DAY_MS]);
        assert_eq!(widths(Some(15 * DAY_MS)), [DAY_MS]);
        assert_eq!(widths(Some(45 * DAY_MS)), [DAY_MS, 4 * DAY_MS]);
        assert_eq!(widths(Some(3_650 * DAY_MS)), [DAY_MS, 31 * DAY_MS]);
        assert_eq!(widths(Some(1)), [DAY_MS]);
    }
}
