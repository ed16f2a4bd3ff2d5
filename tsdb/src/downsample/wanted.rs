//! What of the spans answers a question exactly, if anything does.

use model::storage::SelectHints;

use super::Resolution;

/// A column of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Count,
    Last,
    Least,
    Greatest,
}

/// What can be read in place of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(super) column: Column,
    /// All borders of windows are multiples of this, in milliseconds.
    alignment_ms: i64,
}

impl Wanted {
    /// What serves the function of these hints; `None` where that needs the samples.
    pub(crate) fn of(hints: &SelectHints) -> Option<Wanted> {
        let column = match hints.function? {
            "min_over_time" => Column::Least,
            "max_over_time" => Column::Greatest,
            "last_over_time" => Column::Last,
            "count_over_time" | "present_over_time" | "absent_over_time" => Column::Count,
            _ => return None,
        };
        let wanted = Wanted { column, alignment_ms: hints.alignment_ms };
        wanted.is_served_by(Resolution::FiveMinutes).then_some(wanted)
    }

    /// Whether no span of this length lies partly in a window.
    pub(crate) fn is_served_by(&self, resolution: Resolution) -> bool {
        self.alignment_ms > 0 && self.alignment_ms % resolution.as_millis() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_exact() {
        let wanted = |function, alignment_ms| {
            Wanted::of(&SelectHints { function: Some(function), alignment_ms, ..SelectHints::default() })
        };
        let serving = |alignment_ms| {
            let wanted = wanted("max_over_time", alignment_ms);
            Resolution::ALL.map(|resolution| wanted.is_some_and(|wanted| wanted.is_served_by(resolution)))
        };
        assert_eq!(serving(0), [false, false]);
        assert_eq!(serving(1), [false, false]);
        assert_eq!(serving(300_000), [true, false]);
        assert_eq!(serving(450_000), [false, false]);
        assert_eq!(serving(5_400_000), [true, false]);
        assert_eq!(serving(7_200_000), [true, true]);
        for function in ["sum_over_time", "avg_over_time", "quantile_over_time", "first_over_time", "sum", "series"] {
            assert_eq!(wanted(function, 3_600_000), None, "{function}");
        }
        assert_eq!(Wanted::of(&SelectHints { alignment_ms: 3_600_000, ..SelectHints::default() }), None);
    }
}
