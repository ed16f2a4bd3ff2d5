//! Sums, averages, counts, and the samples at the ends of a window.
//!
//! Sums of small whole numbers are exact in any order, so they are kept running; others are summed anew for each window,
//! so that rounding comes out as it does in Prometheus.

use super::cumulative::Cumulative;
use super::weights::Weights;
use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;
use crate::eval::kahan::{KahanSum, Mean};
use crate::eval::samples::Samples;

/// Running sums of a series as far as its values are small whole numbers.
#[derive(Debug, Default)]
struct WholeNumbers {
    sums: Cumulative,
    /// How many values are no small whole numbers.
    others: Cumulative,
}

/// Numbers up to this, and windows up to [`MAX_WINDOW`], have sums below 2^53.
const MAX_WHOLE: f64 = (1u64 << 31) as f64;
const MAX_WINDOW: usize = 1 << 21;

impl WholeNumbers {
    fn read(&mut self, samples: &Samples, from: usize) {
        for &value in &samples.floats.values[from..] {
            let whole = value as i64;
            // Minus zero is no whole number here: it shows in an average.
            let is_whole = value.abs() <= MAX_WHOLE && (whole as f64).to_bits() == value.to_bits();
            self.sums.push(if is_whole { whole } else { 0 });
            self.others.push(i64::from(!is_whole));
        }
    }

    /// The exact sum of a window, where all its values are small whole numbers.
    fn sum(&mut self, view: &View<'_>) -> Option<f64> {
        self.sums.forget_before(view.first);
        self.others.forget_before(view.first);
        let end = view.first + view.values.len();
        if view.values.len() > MAX_WINDOW || self.others.between(view.first, end) > 0 {
            return None;
        }
        Some(self.sums.between(view.first, end) as f64)
    }
}

/// `sum_over_time`
#[derive(Debug, Default)]
pub(super) struct Sum(WholeNumbers);

impl WindowFn for Sum {
    fn read(&mut self, samples: &Samples, from: usize) {
        self.0.read(samples, from);
    }

    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.is_mixed() {
            return Ok(context.warn_mixed());
        }
        if view.values.is_empty() {
            return context.unsupported();
        }
        if let Some(sum) = self.0.sum(view) {
            return Ok(Output::Float(sum));
        }
        context.tick(view.values.len())?;
        let mut sum = KahanSum::default();
        view.values.iter().for_each(|&value| sum.add(value));
        Ok(Output::Float(if sum.sum.is_infinite() { sum.sum } else { sum.total() }))
    }
}

/// `avg_over_time`
#[derive(Debug, Default)]
pub(super) struct Average(WholeNumbers);

impl WindowFn for Average {
    fn read(&mut self, samples: &Samples, from: usize) {
        self.0.read(samples, from);
    }

    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.is_mixed() {
            return Ok(context.warn_mixed());
        }
        let Some((&first, rest)) = view.values.split_first() else { return context.unsupported() };
        if let Some(sum) = self.0.sum(view) {
            return Ok(Output::Float(sum / view.values.len() as f64));
        }
        context.tick(view.values.len())?;
        let mut mean = Mean::new(first);
        rest.iter().for_each(|&value| mean.add(value));
        Ok(Output::Float(mean.value()))
    }
}

/// `count_over_time`
#[derive(Debug, Default)]
pub(super) struct Count(Weights);

impl WindowFn for Count {
    fn read(&mut self, samples: &Samples, from: usize) {
        self.0.read(samples, from);
    }

    fn value(&mut self, view: &View<'_>, _: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        let n_left_out = self.0.between(view.first, view.first + view.values.len());
        Ok(Output::Float(((view.values.len() + view.histograms.len()) as u64 + n_left_out) as f64))
    }
}

/// `present_over_time`
#[derive(Debug)]
pub(super) struct Present;

impl WindowFn for Present {
    fn value(&mut self, _: &View<'_>, _: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        Ok(Output::Float(1.0))
    }
}

/// `first_over_time`
#[derive(Debug)]
pub(super) struct First;

impl WindowFn for First {
    fn value(&mut self, view: &View<'_>, _: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        Ok(match (view.times.first(), view.histogram_times.first()) {
            (float, Some(histogram)) if float.is_none_or(|float| float >= histogram) => {
                Output::Histogram(view.histograms[0].clone())
            }
            _ => Output::Float(view.values[0]),
        })
    }
}

/// `last_over_time`
#[derive(Debug)]
pub(super) struct Last;

impl WindowFn for Last {
    fn value(&mut self, view: &View<'_>, _: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        Ok(match (view.times.last(), view.histogram_times.last()) {
            (float, Some(histogram)) if float.is_none_or(|float| histogram >= float) => {
                Output::Histogram(view.histograms[view.histograms.len() - 1].clone())
            }
            _ => Output::Float(view.values[view.values.len() - 1]),
        })
    }
}

/// `ts_of_first_over_time`
#[derive(Debug)]
pub(super) struct TimeOfFirst;

impl WindowFn for TimeOfFirst {
    fn value(&mut self, view: &View<'_>, _: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        let times = [view.times.first(), view.histogram_times.first()];
        let first_ms = times.into_iter().flatten().min().copied().unwrap_or(i64::MAX);
        Ok(Output::Float(first_ms as f64 / 1000.0))
    }
}

/// `ts_of_last_over_time`
#[derive(Debug)]
pub(super) struct TimeOfLast;

impl WindowFn for TimeOfLast {
    fn value(&mut self, view: &View<'_>, _: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        // Prometheus counts from zero, so that a time before the epoch beside another kind is zero; never beside none.
        let times = [view.times.last(), view.histogram_times.last()];
        let last_ms = times.map(|time| time.copied().unwrap_or(0)).into_iter().max().unwrap_or(0);
        Ok(Output::Float(last_ms as f64 / 1000.0))
    }
}
