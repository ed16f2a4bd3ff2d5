//! `irate` and `idelta`: the change between the last two samples of a window.

use super::rate::Counted;
use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;

#[derive(Debug)]
pub(super) struct Instant {
    pub(super) is_rate: bool,
}

impl WindowFn for Instant {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        let n_floats = view.values.len();
        if n_floats + view.histograms.len() < 2 {
            return Ok(Output::None);
        }
        if !view.histograms.is_empty() {
            return match n_histograms_among_last_two(view) {
                0 => Ok(self.of_floats(view, n_floats)),
                1 => Ok(context.warn_mixed()),
                _ => context.unsupported(),
            };
        }
        Ok(self.of_floats(view, n_floats))
    }
}

impl Instant {
    fn of_floats(&self, view: &View<'_>, n_floats: usize) -> Output {
        let (before, last) = (Counted::at(view, n_floats - 2), Counted::at(view, n_floats - 1));
        let interval_ms = last.time_ms - before.time_ms;
        let has_restarted = self.is_rate && (last.value < before.value || last.began_anew_since(&before));
        let change = if has_restarted { last.value } else { last.value - before.value };
        Output::Float(if self.is_rate { change / (interval_ms as f64 / 1000.0) } else { change })
    }
}

fn n_histograms_among_last_two(view: &View<'_>) -> usize {
    let mut last: Vec<(i64, bool)> = view.times.iter().rev().take(2).map(|&time_ms| (time_ms, false)).collect();
    last.extend(view.histogram_times.iter().rev().take(2).map(|&time_ms| (time_ms, true)));
    last.sort_unstable_by(|one, other| other.cmp(one));
    last.iter().take(2).filter(|(_, is_histogram)| *is_histogram).count()
}
