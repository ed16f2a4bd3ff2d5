//! What a selector reads.

use model::MatchOp;
use model::Matcher;
use model::labels::METRIC_NAME;
use model::storage::SelectHints;

use super::Grid;
use crate::syntax::{Border, Span};

/// A selector with everything that is known before it is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) matchers: Vec<Matcher>,
    /// What storage is told.
    pub(crate) hints: SelectHints,
    /// The time that `@` fixes, in milliseconds since the Unix epoch.
    pub(crate) at_ms: Option<i64>,
    pub(crate) offset_ms: i64,
    /// The range; 0 for an instant selector.
    pub(crate) range_ms: i64,
    pub(crate) border: Border,
    /// The place of the selector, with its range.
    pub(crate) span: Span,
}

impl Selection {
    /// The time of which samples are wanted at a time of the evaluation.
    #[inline]
    pub(crate) fn reference_ms(&self, at_ms: i64) -> i64 {
        self.at_ms.unwrap_or(at_ms).saturating_sub(self.offset_ms)
    }

    /// Sets the interval that is read on a grid.
    pub(super) fn set_interval(&mut self, grid: Grid, lookback_ms: i64) {
        let first_ms = self.reference_ms(grid.start_ms);
        let last_ms = self.reference_ms(grid.end_ms());
        let (before_ms, after_ms) = match (self.border, self.range_ms) {
            (Border::Plain | Border::Anchored, 0) => (lookback_ms, 0),
            (Border::Plain, range_ms) => (range_ms, 0),
            (Border::Anchored, range_ms) => (range_ms.saturating_add(lookback_ms), 0),
            (Border::Smoothed, range_ms) => (range_ms.saturating_add(lookback_ms), lookback_ms),
        };
        // Intervals are open on the left.
        self.hints.start_ms = first_ms.saturating_sub(before_ms).saturating_add(1);
        self.hints.end_ms = last_ms.saturating_add(after_ms);
        self.hints.step_ms = if grid.n_steps > 1 { grid.step_ms } else { 0 };
        self.hints.range_ms = self.range_ms;
    }

    /// Whether all series it can find have the same metric name.
    pub(crate) fn has_one_name(&self) -> bool {
        self.matchers.iter().any(|matcher| {
            matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal && !matcher.value().is_empty()
        })
    }

    /// The labels that `absent` gives: those that the matchers demand, each once.
    pub(crate) fn demanded_labels(matchers: &[Matcher]) -> model::Labels {
        let mut labels = model::LabelsBuilder::new();
        let mut seen: Vec<&str> = Vec::new();
        for matcher in matchers.iter().filter(|matcher| matcher.name() != METRIC_NAME) {
            if matcher.op() == MatchOp::Equal && !seen.contains(&matcher.name()) {
                labels.set(matcher.name(), matcher.value());
                seen.push(matcher.name());
            } else {
                labels.remove(matcher.name());
            }
        }
        labels.build()
    }
}
