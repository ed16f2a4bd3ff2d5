//! What a function sees of a window.

use std::sync::Arc;

use model::float::plain;
use model::name::quoted;
use model::{Histogram, Labels};

use super::{Bounds, WindowCall};
use crate::engine::{Annotations, QueryError, Ticker};
use crate::eval::samples::Samples;

/// The samples of a window, and its times. The window is open on the left.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) times: &'a [i64],
    pub(crate) values: &'a [f64],
    /// When the series began to count, for each float; empty where nobody asks.
    pub(crate) starts: &'a [i64],
    /// The number of the first float; see [`Samples`].
    pub(crate) first: usize,
    pub(crate) histogram_times: &'a [i64],
    pub(crate) histograms: &'a [Arc<Histogram>],
    pub(crate) histogram_starts: &'a [i64],
    /// The start of the range, in milliseconds. `anchored` and `smoothed` see samples before it.
    pub(crate) start_ms: i64,
    /// The end of the range, in milliseconds. `smoothed` sees samples behind it.
    pub(crate) end_ms: i64,
    /// The time of the evaluation, in milliseconds.
    pub(crate) at_ms: i64,
}

impl<'a> View<'a> {
    #[inline]
    pub(super) fn new(
        samples: &'a Samples,
        low: Bounds,
        high: Bounds,
        start_ms: i64,
        end_ms: i64,
        at_ms: i64,
    ) -> View<'a> {
        let (floats, histograms) = (low.floats..high.floats, low.histograms..high.histograms);
        let starts =
            |starts: &'a [i64], range: std::ops::Range<usize>| if starts.is_empty() { starts } else { &starts[range] };
        View {
            times: &samples.floats.times[floats.clone()],
            values: &samples.floats.values[floats.clone()],
            starts: starts(&samples.floats.starts, floats),
            first: samples.floats.n_forgotten + low.floats,
            histogram_times: &samples.histograms.times[histograms.clone()],
            histograms: &samples.histograms.values[histograms.clone()],
            histogram_starts: starts(&samples.histograms.starts, histograms),
            start_ms,
            end_ms,
            at_ms,
        }
    }

    /// Whether the window has floats and histograms.
    pub(crate) fn is_mixed(&self) -> bool {
        !self.values.is_empty() && !self.histograms.is_empty()
    }
}

/// The value of a window.
#[derive(Debug)]
pub(crate) enum Output {
    None,
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// What a function may use beside its window.
#[derive(Debug)]
pub(crate) struct Context<'a, 'w> {
    pub(super) call: &'a WindowCall,
    pub(super) step: usize,
    pub(super) labels: &'a Labels,
    pub(super) notes: &'a mut Annotations,
    pub(super) scratch: &'a mut Vec<f64>,
    pub(super) ticker: &'a mut Ticker<'w>,
}

impl Context<'_, '_> {
    /// An argument that is a number, at this step.
    pub(super) fn scalar(&self, position: usize) -> f64 {
        self.call.scalars[position].at(self.step)
    }

    /// Counts work on a whole window.
    pub(super) fn tick(&mut self, n_samples: usize) -> Result<(), QueryError> {
        self.ticker.tick(n_samples)
    }

    /// A window with floats and histograms has no value.
    pub(super) fn warn_mixed(&mut self) -> Output {
        let name = quoted(self.labels.metric_name());
        let message = format!("encountered a mix of histograms and floats for metric name {name}");
        self.notes.warn(&message, self.call.first_arg_span);
        Output::None
    }

    /// Histograms beside floats are left out.
    pub(super) fn inform_ignored(&mut self, view: &View<'_>) {
        if view.histograms.is_empty() {
            return;
        }
        let name = quoted(self.labels.metric_name());
        let message =
            format!("ignored histograms in a range containing both floats and histograms for metric name {name}");
        self.notes.inform(&message, self.call.first_arg_span);
    }

    pub(super) fn warn_quantile(&mut self, quantile: f64) {
        if !(0.0..=1.0).contains(&quantile) {
            let shown = crate::syntax::percent_g(quantile);
            let message = format!("quantile value should be between 0 and 1, got {shown}");
            self.notes.warn(&message, self.call.first_arg_span);
        }
    }

    /// Fails where native histograms would have to be worked with.
    pub(super) fn unsupported<T>(&self) -> Result<T, QueryError> {
        Err(QueryError::Unsupported(format!("{}()", self.call.function.name())))
    }

    /// An argument that is out of bounds, as messages show it.
    pub(super) fn shown(number: f64) -> String {
        if number.is_finite() { format!("{number:.6}") } else { plain(number) }
    }
}
