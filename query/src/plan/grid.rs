//! The times of an evaluation.

/// Equally spaced times, from the first on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    /// The first time, in milliseconds since the Unix epoch.
    pub(crate) start_ms: i64,
    /// The distance between times; at least 1.
    pub(crate) step_ms: i64,
    /// How many times there are; there may be none.
    pub(crate) n_steps: usize,
}

impl Grid {
    /// A single time.
    pub(crate) fn single(at_ms: i64) -> Grid {
        Grid { start_ms: at_ms, step_ms: 1, n_steps: 1 }
    }

    /// The times from `start_ms` up to `end_ms`, which need not be one of them.
    pub(crate) fn new(start_ms: i64, end_ms: i64, step_ms: i64) -> Grid {
        let step_ms = step_ms.max(1);
        let n_steps = match end_ms.checked_sub(start_ms) {
            Some(span_ms @ 0..) => usize::try_from(span_ms / step_ms).map_or(usize::MAX, |n| n.saturating_add(1)),
            Some(_) => 0,
            None if end_ms < start_ms => 0,
            None => usize::MAX,
        };
        Grid { start_ms, step_ms, n_steps }
    }

    /// The time of a step.
    #[inline]
    pub(crate) fn at(&self, step: usize) -> i64 {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        self.start_ms.saturating_add(self.step_ms.saturating_mul(step))
    }

    /// The last time.
    pub(crate) fn end_ms(&self) -> i64 {
        self.at(self.n_steps.saturating_sub(1))
    }

    /// The times of a subquery on this grid: multiples of its step, not before the range of the first time.
    pub(crate) fn of_subquery(&self, window: SubqueryWindow) -> Grid {
        let SubqueryWindow { offset_ms, range_ms, step_ms } = window;
        let step_ms = step_ms.max(1);
        let end_ms = self.end_ms().saturating_sub(offset_ms);
        let border_ms = self.start_ms.saturating_sub(offset_ms).saturating_sub(range_ms);
        // The border itself is outside; division rounds towards zero, as in Prometheus.
        let mut start_ms = (border_ms / step_ms).saturating_mul(step_ms);
        if start_ms <= border_ms {
            start_ms = start_ms.saturating_add(step_ms);
        }
        Grid::new(start_ms, end_ms, step_ms)
    }
}

/// What a subquery covers, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SubqueryWindow {
    pub(crate) offset_ms: i64,
    pub(crate) range_ms: i64,
    pub(crate) step_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_and_their_extremes() {
        for (start_ms, end_ms, step_ms, n_steps) in [
            (0, 0, 1, 1),
            (0, 100, 10, 11),
            (0, 99, 10, 10),
            (5, 4, 1, 0),
            (i64::MIN, i64::MAX, 1, usize::MAX),
            (i64::MAX, i64::MIN, 1, 0),
        ] {
            assert_eq!(Grid::new(start_ms, end_ms, step_ms).n_steps, n_steps, "{start_ms}..{end_ms}:{step_ms}");
        }
        assert_eq!(Grid::new(i64::MIN, i64::MAX, 1).end_ms(), -1);
    }

    #[test]
    fn a_subquery_is_aligned_to_its_step() {
        let grid = Grid::new(100_000, 100_000, 1);
        let of = |offset_ms, range_ms, step_ms| grid.of_subquery(SubqueryWindow { offset_ms, range_ms, step_ms });
        assert_eq!(of(0, 30_000, 10_000), Grid::new(80_000, 100_000, 10_000));
        assert_eq!(of(0, 35_000, 10_000), Grid::new(70_000, 100_000, 10_000));
        assert_eq!(of(1000, 30_000, 10_000), Grid::new(70_000, 99_000, 10_000));
        assert_eq!(of(0, 1000, 60_000).n_steps, 0);
    }
}
