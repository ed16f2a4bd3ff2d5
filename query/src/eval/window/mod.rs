//! Functions over windows: at each step a function of the samples between two times.
//!
//! [`slide`] moves the window over the samples of a series, which are read while it moves. A function is told of samples
//! when they are read ([`WindowFn::read`]), so that it can keep sums or candidates, and is asked for its value at each
//! step. What it keeps must give the same bits as working through the window from its first sample, which is how
//! Prometheus does it; where that cannot be had, it works through the window.

mod changes;
mod cumulative;
mod deviation;
mod extended;
mod extremes;
mod instant;
mod rate;
mod sums;
mod trend;
mod view;
mod weights;

use model::Labels;

use super::samples::SampleSource;
use super::worker::Worker;
use crate::column::{Column, Scalars};
use crate::engine::QueryError;
use crate::plan::{Grid, WindowFunction};
use crate::syntax::{Border, Span};

pub(crate) use extended::{Borders, interpolated};
pub(crate) use view::{Context, Output, View};

/// A function over windows, ready to be called for any series.
#[derive(Debug)]
pub(crate) struct WindowCall {
    pub(crate) function: WindowFunction,
    /// Arguments that are numbers, in order.
    pub(crate) scalars: Vec<Scalars>,
    pub(crate) first_arg_span: Span,
    /// The time that `@` fixes.
    pub(crate) at_ms: Option<i64>,
    pub(crate) offset_ms: i64,
    pub(crate) range_ms: i64,
    pub(crate) border: Border,
}

/// A series whose samples are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) labels: &'a Labels,
    /// Its name is to be dropped at the end of the query.
    pub(crate) drop_name: bool,
}

/// What a function keeps and computes.
pub(super) trait WindowFn {
    /// Floats from the index `from` on were read.
    fn read(&mut self, samples: &super::samples::Samples, from: usize) {
        let _ = (samples, from);
    }

    /// The value of a window, which has at least one sample.
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError>;
}

impl WindowCall {
    /// The column of a series.
    pub(crate) fn evaluate(
        &self,
        worker: &mut Worker<'_>,
        source: &mut dyn SampleSource,
        series: Named<'_>,
        grid: Grid,
    ) -> Result<Column, QueryError> {
        let mut column = Column::new(series.labels.clone(), grid.n_steps, worker.budget)?;
        column.drop_name = series.drop_name;
        self.slide_function(worker, source, grid, &mut column)?;
        let is_renamed = !matches!(self.function, WindowFunction::Last | WindowFunction::First);
        self.note_non_counter(worker, &column);
        if is_renamed {
            worker.drop_metadata(&mut column);
        }
        Ok(column)
    }

    #[rustfmt::skip]
    fn slide_function(
        &self,
        worker: &mut Worker<'_>,
        source: &mut dyn SampleSource,
        grid: Grid,
        column: &mut Column,
    ) -> Result<(), QueryError> {
        use WindowFunction as F;
        macro_rules! slide { ($function:expr) => { slide(self, worker, source, grid, column, &mut $function) }; }
        let is_extended = self.border != Border::Plain;
        match self.function {
            F::Rate if is_extended => slide!(extended::Extended { is_counter: true, is_rate: true }),
            F::Increase if is_extended => slide!(extended::Extended { is_counter: true, is_rate: false }),
            F::Delta if is_extended => slide!(extended::Extended { is_counter: false, is_rate: false }),
            F::Rate => slide!(rate::Rate::new(true, true)),
            F::Increase => slide!(rate::Rate::new(true, false)),
            F::Delta => slide!(rate::Rate::new(false, false)),
            F::Irate => slide!(instant::Instant { is_rate: true }),
            F::Idelta => slide!(instant::Instant { is_rate: false }),
            F::Changes => slide!(changes::Changes::default()),
            F::Resets => slide!(changes::Resets::default()),
            F::Deriv => slide!(trend::Derivative),
            F::PredictLinear => slide!(trend::Prediction),
            F::DoubleExponentialSmoothing => slide!(trend::Smoothing),
            F::Avg => slide!(sums::Average::default()),
            F::Sum => slide!(sums::Sum::default()),
            F::Count => slide!(sums::Count::default()),
            F::Present => slide!(sums::Present),
            F::First => slide!(sums::First),
            F::Last => slide!(sums::Last),
            F::TsOfFirst => slide!(sums::TimeOfFirst),
            F::TsOfLast => slide!(sums::TimeOfLast),
            F::Min => slide!(extremes::Extreme::<extremes::Least>::value()),
            F::Max => slide!(extremes::Extreme::<extremes::Greatest>::value()),
            F::TsOfMin => slide!(extremes::Extreme::<extremes::Least>::time()),
            F::TsOfMax => slide!(extremes::Extreme::<extremes::Greatest>::time()),
            F::Stddev => slide!(deviation::Deviation { is_root: true }),
            F::Stdvar => slide!(deviation::Deviation { is_root: false }),
            F::Quantile => slide!(deviation::Quantile),
            F::Mad => slide!(deviation::MedianAbsolute),
        }
    }

    /// Says once for each series name that `rate` may be meant for something else.
    fn note_non_counter(&self, worker: &mut Worker<'_>, column: &Column) {
        let name = column.metric_name();
        let is_for_counters = matches!(self.function, WindowFunction::Rate | WindowFunction::Increase);
        if !is_for_counters || name.is_empty() || column.present.is_empty() {
            return;
        }
        let shown = model::name::quoted(name);
        if worker.settings.type_and_unit_labels {
            let kind = column.labels.get("__type__").unwrap_or_default();
            if kind != "counter" && kind != "histogram" {
                let kind = model::name::quoted(kind);
                let message =
                    "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\"";
                worker.notes.inform(&format!("{message}, got {kind}: {shown}"), self.first_arg_span);
            }
            return;
        }
        if !["_total", "_sum", "_count", "_bucket"].iter().any(|suffix| name.ends_with(suffix)) {
            let message = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:";
            worker.notes.inform(&format!("{message} {shown}"), self.first_arg_span);
        }
    }

    /// Whether the function asks when series began to count.
    pub(crate) fn wants_starts(&self) -> bool {
        use WindowFunction::{Increase, Irate, Rate, Resets};
        matches!(self.function, Rate | Irate | Increase | Resets)
    }

    /// How far a window reaches before and behind its time.
    fn reach_ms(&self, lookback_ms: i64) -> (i64, i64) {
        match self.border {
            Border::Plain => (self.range_ms, 0),
            Border::Anchored => (self.range_ms.saturating_add(lookback_ms), 0),
            Border::Smoothed => (self.range_ms.saturating_add(lookback_ms), lookback_ms),
        }
    }
}

/// Samples that no window can reach any more are forgotten when there are so many.
const N_FORGOTTEN_AT_ONCE: usize = 4096;

fn slide<F: WindowFn>(
    call: &WindowCall,
    worker: &mut Worker<'_>,
    source: &mut dyn SampleSource,
    grid: Grid,
    column: &mut Column,
    function: &mut F,
) -> Result<(), QueryError> {
    let mut samples = std::mem::take(&mut worker.samples);
    samples.begin(worker.settings.use_start_timestamps && call.wants_starts());
    let (before_ms, after_ms) = call.reach_ms(worker.lookback_ms);
    let (mut low, mut high) = (Bounds::default(), Bounds::default());
    let mut is_exhausted = false;
    for step in 0..grid.n_steps {
        let at_ms = grid.at(step);
        let end_ms = call.at_ms.unwrap_or(at_ms).saturating_sub(call.offset_ms);
        let (low_ms, high_ms) = (end_ms.saturating_sub(before_ms), end_ms.saturating_add(after_ms));
        while !is_exhausted && samples.last_ms() < high_ms {
            let from = samples.floats.times.len();
            is_exhausted = !source.read_more(&mut samples)?;
            function.read(&samples, from);
            let n_samples = samples.floats.times.len() + samples.histograms.times.len();
            worker.samples_held.reach(n_samples * SAMPLE_BYTES)?;
            worker.ticker.tick(samples.floats.times.len() - from)?;
        }
        low.advance(&samples, low_ms);
        high.advance(&samples, high_ms);
        if low.floats >= N_FORGOTTEN_AT_ONCE || low.histograms >= N_FORGOTTEN_AT_ONCE {
            samples.forget(low.floats, low.histograms);
            high = high.minus(low);
            low = Bounds::default();
        }
        worker.ticker.tick(1)?;
        let n_samples = (high.floats - low.floats) + (high.histograms - low.histograms);
        if n_samples == 0 {
            continue;
        }
        worker.counts.n_samples += n_samples as u64;
        worker.counts.max_window = worker.counts.max_window.max(n_samples as u64);
        if n_samples as u64 > worker.settings.limits.max_samples {
            return Err(QueryError::TooManySamples);
        }
        let view = View::new(&samples, low, high, end_ms.saturating_sub(call.range_ms), end_ms, at_ms);
        let mut context = Context {
            call,
            step,
            labels: &column.labels,
            notes: &mut worker.notes,
            scratch: &mut worker.scratch,
            ticker: &mut worker.ticker,
        };
        match function.value(&view, &mut context)? {
            Output::None => {}
            Output::Float(value) => column.set(step, value),
            Output::Histogram(histogram) => column.push_histogram(step, histogram),
        }
    }
    worker.samples = samples;
    Ok(())
}

/// A sample with its time and what functions keep of it.
const SAMPLE_BYTES: usize = 48;

/// Places in the samples of each kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    pub(super) floats: usize,
    pub(super) histograms: usize,
}

impl Bounds {
    /// Goes behind the samples up to `limit_ms`.
    #[inline]
    fn advance(&mut self, samples: &super::samples::Samples, limit_ms: i64) {
        self.floats = advanced(&samples.floats.times, self.floats, limit_ms);
        self.histograms = advanced(&samples.histograms.times, self.histograms, limit_ms);
    }

    fn minus(self, other: Bounds) -> Bounds {
        Bounds { floats: self.floats - other.floats, histograms: self.histograms - other.histograms }
    }
}

#[inline]
fn advanced(times: &[i64], mut at: usize, limit_ms: i64) -> usize {
    while at < times.len() && times[at] <= limit_ms {
        at += 1;
    }
    at
}
