//! Aggregations: many series become one for each group, or a few of each group are chosen.
//!
//! Series come one by one and are gone when they have been added, but for quantiles, which need all values of a group.

mod choice;
mod fold;
mod groups;
mod sample_hash;
mod values;

use crate::column::Scalars;
use crate::engine::QueryError;
use crate::plan::{AggregateOf, Grid};
use crate::syntax::{AggregateOp, Span, percent_g};

use super::arithmetic::{go_max, go_min};
use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;

/// Aggregates a vector.
pub(super) fn aggregate<'a>(
    evaluation: &Evaluation<'a>,
    of: &AggregateOf,
    param: Option<(Scalars, Span)>,
    vector: Pipeline<'_>,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let (param, param_span) = param.unwrap_or((Scalars::Constant(0.0), of.input_span));
    let bounds = Bounds::of(&param);
    match of.op {
        AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk => {
            if !bounds.allow_choice()? {
                return nothing(evaluation, vector, grid);
            }
            choice::choose(evaluation, of, &param, vector, grid)
        }
        AggregateOp::LimitRatio => {
            if !bounds.allow_ratio(evaluation, param_span)? {
                return nothing(evaluation, vector, grid);
            }
            choice::sample(evaluation, &param, vector, grid)
        }
        AggregateOp::CountValues => {
            let label = of.value_label.as_deref().unwrap_or_default();
            values::count_values(evaluation, &of.grouping, label, vector, grid)
        }
        AggregateOp::Quantile => {
            bounds.warn_quantile(evaluation, param_span);
            values::quantile_of(evaluation, of, &param, vector, grid)
        }
        AggregateOp::Sum
        | AggregateOp::Avg
        | AggregateOp::Count
        | AggregateOp::Group
        | AggregateOp::Min
        | AggregateOp::Max
        | AggregateOp::Stddev
        | AggregateOp::Stdvar => fold::fold(evaluation, of, vector, grid),
    }
}

/// No series; the input is evaluated for what there is to be said about it.
fn nothing<'a>(evaluation: &Evaluation<'a>, vector: Pipeline<'_>, grid: Grid) -> Result<Evaluated<'a>, QueryError> {
    evaluation.consume(vector, &mut |_| Ok(()))?;
    evaluation.vector(Vec::new(), grid)
}

/// The least and the greatest value of a parameter over all steps.
struct Bounds {
    min: f64,
    max: f64,
    has_nan: bool,
}

/// What 64 bits can count.
const MAX_COUNT: f64 = 9_223_372_036_854_774_784.0;
const MIN_COUNT: f64 = -9_223_372_036_854_775_808.0;

impl Bounds {
    fn of(param: &Scalars) -> Bounds {
        let values = param.values();
        Bounds {
            min: values.iter().copied().fold(f64::MAX, go_min),
            max: values.iter().copied().fold(-f64::MAX, go_max),
            has_nan: values.iter().any(|value| value.is_nan()),
        }
    }

    /// Whether any series is chosen at all.
    fn allow_choice(&self) -> Result<bool, QueryError> {
        if self.max < 1.0 {
            return Ok(false);
        }
        if self.has_nan {
            return Err(QueryError::Execution("Parameter value is NaN".to_owned()));
        }
        let refused = |value: f64, how: &str| {
            Err(QueryError::Execution(format!("Scalar value {} {how} int64", percent_g(value))))
        };
        if self.min <= MIN_COUNT {
            return refused(self.min, "underflows");
        }
        if self.max >= MAX_COUNT { refused(self.max, "overflows") } else { Ok(true) }
    }

    fn allow_ratio(&self, evaluation: &Evaluation<'_>, span: Span) -> Result<bool, QueryError> {
        if self.max == 0.0 && self.min == 0.0 {
            return Ok(false);
        }
        if self.has_nan {
            return Err(QueryError::Execution("Ratio value is NaN".to_owned()));
        }
        for (is_beyond, value, border) in [(self.max > 1.0, self.max, 1.0), (self.min < -1.0, self.min, -1.0)] {
            if is_beyond {
                let (value, border) = (percent_g(value), percent_g(border));
                let message = format!("ratio value should be between -1 and 1, got {value}, capping to {border}");
                evaluation.note(|notes| notes.warn(&message, span));
            }
        }
        Ok(true)
    }

    fn warn_quantile(&self, evaluation: &Evaluation<'_>, span: Span) {
        let bad = [(self.has_nan, f64::NAN), (self.max > 1.0, self.max), (self.min < 0.0, self.min)];
        for (_, value) in bad.into_iter().filter(|(is_bad, _)| *is_bad) {
            let message = format!("quantile value should be between 0 and 1, got {}", percent_g(value));
            evaluation.note(|notes| notes.warn(&message, span));
        }
    }
}
