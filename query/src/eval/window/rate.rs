//! `rate`, `increase` and `delta`: how much a counter or a gauge changed over a window, extrapolated to its borders.
//!
//! Falls of a counter are noted when samples are read, so that a window costs the difference between its ends and what
//! was lost at the few falls in it.

use std::collections::VecDeque;

use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;
use crate::eval::samples::Samples;
use crate::plan::seconds;

#[derive(Debug)]
pub(super) struct Rate {
    is_counter: bool,
    is_rate: bool,
    /// Numbers of samples that are less than the one before, and that one's value.
    falls: VecDeque<(usize, f64)>,
}

impl Rate {
    pub(super) fn new(is_counter: bool, is_rate: bool) -> Rate {
        Rate { is_counter, is_rate, falls: VecDeque::new() }
    }

    /// The change between the ends of the window, with what a counter lost at its falls.
    #[inline]
    fn change(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> f64 {
        let values = view.values;
        let mut change = values[values.len() - 1] - values[0];
        if !self.is_counter {
            return change;
        }
        if !view.starts.is_empty() {
            return with_restarts(view, context, change);
        }
        while self.falls.front().is_some_and(|&(number, _)| number <= view.first) {
            self.falls.pop_front();
        }
        let end = view.first + values.len();
        for &(_, lost) in self.falls.iter().take_while(|(number, _)| *number < end) {
            change += lost;
        }
        change
    }

    /// The time before the first sample that the change is extended over, in seconds.
    #[inline]
    fn to_start(&self, view: &View<'_>, change: f64, spacing: &Spacing) -> f64 {
        let to_start = spacing.extended((view.times[0] - view.start_ms) as f64 / 1000.0);
        if self.is_counter && change > 0.0 && view.values[0] >= 0.0 {
            // A counter is never negative: it is not extended beyond the time at which it would have been zero.
            let to_zero = spacing.sampled * (view.values[0] / change);
            return if to_zero < to_start { to_zero } else { to_start };
        }
        to_start
    }
}

/// How far apart samples are, in seconds.
struct Spacing {
    sampled: f64,
    average: f64,
}

impl Spacing {
    /// A distance to a border, where a sample may be missing. Where more than that is missing the series is taken to
    /// begin or end half a distance from its last sample.
    #[inline]
    fn extended(&self, distance: f64) -> f64 {
        if distance >= self.average * 1.1 { self.average / 2.0 } else { distance }
    }
}

impl WindowFn for Rate {
    fn read(&mut self, samples: &Samples, from: usize) {
        if !self.is_counter {
            return;
        }
        let values = &samples.floats.values;
        for at in from.max(1)..values.len() {
            if values[at] < values[at - 1] {
                self.falls.push_back((samples.floats.n_forgotten + at, values[at - 1]));
            }
        }
    }

    #[inline]
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.is_mixed() {
            return Ok(context.warn_mixed());
        }
        if view.values.is_empty() {
            let may_have_value = view.histograms.len() > 1 || !view.histogram_starts.is_empty();
            return if may_have_value { context.unsupported() } else { Ok(Output::None) };
        }
        let n_gaps = view.values.len() - 1;
        let (first_ms, last_ms) = (view.times[0], view.times[n_gaps]);
        let mut change = self.change(view, context);
        let sampled = (last_ms - first_ms) as f64 / 1000.0;
        let average = if n_gaps > 0 { sampled / n_gaps as f64 } else { 0.0 };
        let mut spacing = Spacing { sampled, average };
        let began_ms = if self.is_counter { view.starts.first().copied().unwrap_or(0) } else { 0 };
        let to_start = if began_ms != 0 && began_ms > view.start_ms && began_ms < first_ms {
            // The counter began with zero in the window: that is its first sample.
            spacing.sampled = (last_ms - began_ms) as f64 / 1000.0;
            change += view.values[0];
            0.0
        } else if n_gaps == 0 {
            return Ok(Output::None);
        } else {
            self.to_start(view, change, &spacing)
        };
        let to_end = spacing.extended((view.end_ms - last_ms) as f64 / 1000.0);
        let mut factor = 1.0;
        if spacing.sampled != 0.0 {
            factor = (spacing.sampled + to_start + to_end) / spacing.sampled;
        }
        if self.is_rate {
            factor /= seconds(view.end_ms - view.start_ms);
        }
        Ok(Output::Float(change * factor))
    }
}

/// The change of a counter that fell or began anew, sample by sample.
fn with_restarts(view: &View<'_>, context: &mut Context<'_, '_>, mut change: f64) -> f64 {
    let mut has_overlap = false;
    for at in 1..view.values.len() {
        let (before, now) = (Counted::at(view, at - 1), Counted::at(view, at));
        if !has_overlap && before.overlaps(&now) {
            context.notes.start_time_overlap(context.labels.metric_name(), context.call.first_arg_span);
            has_overlap = true;
        }
        if now.value < before.value || now.began_anew_since(&before) {
            change += before.value;
        }
    }
    change
}

/// A sample of a counter, and when that began to count, in milliseconds; 0 where it is not known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) time_ms: i64,
    pub(super) start_ms: i64,
    pub(super) value: f64,
}

impl Counted {
    pub(super) fn at(view: &View<'_>, at: usize) -> Counted {
        let start_ms = view.starts.get(at).copied().unwrap_or(0);
        Counted { time_ms: view.times[at], start_ms, value: view.values[at] }
    }

    /// Whether the counter began anew between a sample and this one, as its start times say.
    pub(super) fn began_anew_since(&self, before: &Counted) -> bool {
        if self.start_ms == 0 || self.start_ms >= self.time_ms || self.start_ms < before.time_ms {
            return false;
        }
        if self.start_ms > before.time_ms {
            return true;
        }
        // A counter that begins at each sample is one of differences; one whose beginning nobody knows says the same,
        // but said it of the sample before, too.
        before.start_ms <= before.time_ms && before.start_ms != 0 && before.start_ms != before.time_ms
    }

    /// Whether the next sample claims to have begun before this one was taken, though not when this one did.
    fn overlaps(&self, next: &Counted) -> bool {
        next.start_ms != 0 && next.start_ms < self.time_ms && next.start_ms != self.start_ms
    }
}
