//! Where values go: least-squares lines, and double exponential smoothing.

use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;
use crate::eval::kahan::KahanSum;

/// `deriv`
#[derive(Debug)]
pub(super) struct Derivative;

impl WindowFn for Derivative {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if !has_two(view, context)? {
            return Ok(Output::None);
        }
        Ok(Output::Float(line(view, view.times[0]).slope))
    }
}

/// `predict_linear`
#[derive(Debug)]
pub(super) struct Prediction;

impl WindowFn for Prediction {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if !has_two(view, context)? {
            return Ok(Output::None);
        }
        let Line { slope, intercept } = line(view, view.at_ms);
        Ok(Output::Float(slope * context.scalar(0) + intercept))
    }
}

/// Whether there are two floats, of which there must be so many for a line; says that histograms are left out.
fn has_two(view: &View<'_>, context: &mut Context<'_, '_>) -> Result<bool, QueryError> {
    context.tick(view.values.len())?;
    if !view.values.is_empty() {
        context.inform_ignored(view);
    }
    Ok(view.values.len() >= 2)
}

struct Line {
    slope: f64,
    intercept: f64,
}

/// The least-squares line through a window, with its value at `intercept_ms`.
fn line(view: &View<'_>, intercept_ms: i64) -> Line {
    let first = view.values[0];
    if view.values.iter().all(|&value| value == first) {
        let is_infinite = first.is_infinite();
        return Line {
            slope: if is_infinite { f64::NAN } else { 0.0 },
            intercept: if is_infinite { f64::NAN } else { first },
        };
    }
    let mut n = 0.0;
    let (mut xs, mut ys) = (KahanSum::default(), KahanSum::default());
    let (mut products, mut squares) = (KahanSum::default(), KahanSum::default());
    for (&time_ms, &y) in view.times.iter().zip(view.values) {
        let x = (time_ms - intercept_ms) as f64 / 1000.0;
        n += 1.0;
        xs.add(x);
        ys.add(y);
        products.add(x * y);
        squares.add(x * x);
    }
    let (xs, ys, products, squares) = (xs.total(), ys.total(), products.total(), squares.total());
    let covariance = products - xs * ys / n;
    let variance = squares - xs * xs / n;
    let slope = covariance / variance;
    Line { slope, intercept: ys / n - slope * xs / n }
}

/// `double_exponential_smoothing`
#[derive(Debug)]
pub(super) struct Smoothing;

impl WindowFn for Smoothing {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        let smoothing = factor(context, 0, "invalid smoothing factor. Expected: 0 < sf < 1")?;
        let trending = factor(context, 1, "invalid trend factor. Expected: 0 < tf < 1")?;
        if !has_two(view, context)? {
            return Ok(Output::None);
        }
        let mut before = 0.0;
        let mut smoothed = view.values[0];
        let mut trend = view.values[1] - view.values[0];
        for (at, &value) in view.values.iter().enumerate().skip(1) {
            let raw = smoothing * value;
            if at > 1 {
                trend = trending * (smoothed - before) + (1.0 - trending) * trend;
            }
            let rest = (1.0 - smoothing) * (smoothed + trend);
            (before, smoothed) = (smoothed, raw + rest);
        }
        Ok(Output::Float(smoothed))
    }
}

fn factor(context: &Context<'_, '_>, position: usize, message: &str) -> Result<f64, QueryError> {
    let factor = context.scalar(position);
    if factor <= 0.0 || factor >= 1.0 {
        return Err(QueryError::Execution(format!("{message}, got: {}", Context::shown(factor))));
    }
    Ok(factor)
}
