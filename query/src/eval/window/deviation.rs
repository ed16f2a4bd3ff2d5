//! How values are spread over a window: variance, quantiles, the median deviation.

use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;
use crate::eval::kahan::KahanSum;
use crate::eval::quantile::quantile;

/// `stddev_over_time`, `stdvar_over_time`
#[derive(Debug)]
pub(super) struct Deviation {
    pub(super) is_root: bool,
}

impl WindowFn for Deviation {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.values.is_empty() {
            return Ok(Output::None);
        }
        context.inform_ignored(view);
        context.tick(view.values.len())?;
        let mut n = 0.0;
        let (mut mean, mut squares) = (KahanSum::default(), KahanSum::default());
        for &value in view.values {
            n += 1.0;
            let delta = value - mean.total();
            mean.add(delta / n);
            squares.add(delta * (value - mean.total()));
        }
        let variance = squares.total() / n;
        Ok(Output::Float(if self.is_root { variance.sqrt() } else { variance }))
    }
}

/// `quantile_over_time`
#[derive(Debug)]
pub(super) struct Quantile;

impl WindowFn for Quantile {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.values.is_empty() {
            return Ok(Output::None);
        }
        let rank = context.scalar(0);
        context.warn_quantile(rank);
        context.inform_ignored(view);
        context.tick(view.values.len())?;
        context.scratch.clear();
        context.scratch.extend_from_slice(view.values);
        Ok(Output::Float(quantile(rank, context.scratch)))
    }
}

/// `mad_over_time`
#[derive(Debug)]
pub(super) struct MedianAbsolute;

impl WindowFn for MedianAbsolute {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        if view.values.is_empty() {
            return Ok(Output::None);
        }
        context.inform_ignored(view);
        context.tick(view.values.len())?;
        if view.values.iter().any(|value| value.is_nan()) {
            return Ok(Output::Float(f64::NAN));
        }
        context.scratch.clear();
        context.scratch.extend_from_slice(view.values);
        let median = quantile(0.5, context.scratch);
        context.scratch.iter_mut().for_each(|value| *value = (*value - median).abs());
        Ok(Output::Float(quantile(0.5, context.scratch)))
    }
}
