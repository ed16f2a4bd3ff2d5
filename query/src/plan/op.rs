//! The nodes of plans.

use model::Labels;
use model::storage::Grouping;

use super::{Grid, Selection};
use crate::syntax::{AggregateOp, BinaryOp, Matching, NodeId, Span};

/// Names the result of a node: its number.
pub(crate) type Slot = usize;

/// What is to be evaluated.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The nodes, each behind its inputs; the last one is the answer.
    pub(crate) nodes: Vec<PlanNode>,
    /// The times of the answer.
    pub(crate) grid: Grid,
    /// Whether the query itself says in which order its series are.
    pub(crate) is_ordered: bool,
}

/// A step of an evaluation.
#[derive(Debug)]
pub(crate) struct PlanNode {
    /// The node of the expression.
    pub(crate) id: NodeId,
    /// Its place.
    pub(crate) span: Span,
    /// The times at which it is evaluated.
    pub(crate) grid: Grid,
    /// What is done.
    pub(crate) op: Op,
}

/// What a node does.
#[derive(Debug)]
pub(crate) enum Op {
    /// A number at each step.
    Number(f64),
    /// A string.
    Text(String),
    /// `time()`
    Time,
    /// An instant selector.
    Select(Selection),
    /// `timestamp(selector)`, `start_timestamp(selector)`
    Timestamps { selection: Selection, kind: TimestampKind },
    /// A range selector as the whole query.
    SelectRange(Selection),
    /// A subquery as the whole query.
    SubqueryRange { input: Slot },
    /// A function over windows of samples.
    Window(Box<Window>),
    /// A change of each series by itself.
    Map { map: MapOp, input: Slot, scalars: Vec<Slot> },
    /// What was evaluated at a single time, at each time of the grid.
    Spread { input: Slot },
    /// Two numbers.
    Scalars { op: BinaryOp, left: Slot, right: Slot },
    /// The sign of a number changed.
    NegateScalars { input: Slot },
    /// `max_of(a, b)`, `min_of(a, b)`
    ExtremeOf { is_max: bool, left: Slot, right: Slot },
    /// `scalar(vector)`
    ScalarOf { input: Slot },
    /// `vector(scalar)`
    VectorOf { input: Slot },
    /// `hour()` and its kin without an argument.
    DateNow(DateField),
    /// An aggregation.
    Aggregate(Box<AggregateOf>),
    /// An operator between vectors.
    Binary { op: BinaryOp, is_bool: bool, matching: Matching, left: Slot, right: Slot },
    /// `histogram_quantile(scalar, vector)`
    HistogramQuantile { quantile: Slot, quantile_span: Span, input: Slot, input_span: Span },
    /// `histogram_quantiles(vector, label, scalar, …)`
    HistogramQuantiles { input: Slot, input_span: Span, label: String, quantiles: Vec<(Slot, Span)> },
    /// `histogram_fraction(lower, upper, vector)`
    HistogramFraction { lower: Slot, upper: Slot, input: Slot, input_span: Span },
    /// `label_replace` and `label_join`
    Labels { input: Slot, change: LabelOp },
    /// `sort` and its kin.
    Sort { input: Slot, order: Order },
    /// `absent`, and `absent_over_time` of what is present over time.
    Absent { input: Slot, labels: Labels },
    /// `info(vector, selector)`
    Info { input: Slot, selection: Box<Selection> },
}

/// A function over windows.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) function: WindowFunction,
    pub(crate) source: WindowSource,
    /// Arguments that are numbers, in order.
    pub(crate) scalars: Vec<Slot>,
    /// The place of the first argument, which annotations blame.
    pub(crate) first_arg_span: Span,
}

/// Where a window's samples are from.
#[derive(Debug)]
pub(crate) enum WindowSource {
    /// Storage.
    Selection(Selection),
    /// A subquery: the results at its own times.
    Subquery {
        input: Slot,
        /// The times of the input.
        grid: Grid,
        at_ms: Option<i64>,
        offset_ms: i64,
        range_ms: i64,
    },
}

macro_rules! window_functions {
    ($($name:literal => $variant:ident,)*) => {
        /// A function over windows of samples.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum WindowFunction { $($variant,)* }

        impl WindowFunction {
            /// The function of a name.
            pub(crate) fn find(name: &str) -> Option<WindowFunction> {
                Some(match name { $($name => WindowFunction::$variant,)* _ => return None })
            }

            /// Its name.
            pub(crate) fn name(self) -> &'static str {
                match self { $(WindowFunction::$variant => $name,)* }
            }
        }
    };
}

window_functions! {
    "rate" => Rate,
    "increase" => Increase,
    "delta" => Delta,
    "irate" => Irate,
    "idelta" => Idelta,
    "changes" => Changes,
    "resets" => Resets,
    "deriv" => Deriv,
    "predict_linear" => PredictLinear,
    "avg_over_time" => Avg,
    "min_over_time" => Min,
    "max_over_time" => Max,
    "sum_over_time" => Sum,
    "count_over_time" => Count,
    "stddev_over_time" => Stddev,
    "stdvar_over_time" => Stdvar,
    "last_over_time" => Last,
    "first_over_time" => First,
    "present_over_time" => Present,
    "quantile_over_time" => Quantile,
    "mad_over_time" => Mad,
    "double_exponential_smoothing" => DoubleExponentialSmoothing,
    "ts_of_first_over_time" => TsOfFirst,
    "ts_of_last_over_time" => TsOfLast,
    "ts_of_min_over_time" => TsOfMin,
    "ts_of_max_over_time" => TsOfMax,
}

/// A change of each series by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum MapOp {
    /// A function of each float.
    Math(fn(f64) -> f64),
    /// `-vector`
    Negate,
    /// `clamp(vector, min, max)`
    Clamp,
    /// `clamp_min(vector, min)`
    ClampMin,
    /// `clamp_max(vector, max)`
    ClampMax,
    /// `round(vector, to)`
    Round,
    /// `hour(vector)` and its kin.
    Date(DateField),
    /// `timestamp(expression)`: the time of the evaluation.
    EvaluationTime,
    /// `start_timestamp(expression)`: nothing.
    Nothing,
    /// `vector op scalar`, or `scalar op vector` where `is_swapped`.
    Scalar { op: BinaryOp, is_swapped: bool, is_bool: bool },
    /// A number out of a native histogram.
    OfHistogram(&'static str),
}

impl MapOp {
    /// Whether what comes out is another quantity, so that the metric name goes.
    pub(crate) fn drops_name(self) -> bool {
        match self {
            MapOp::Scalar { op, is_bool, .. } => op.is_arithmetic() || is_bool,
            _ => true,
        }
    }
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateField {
    Minute,
    Hour,
    DayOfWeek,
    DayOfMonth,
    DayOfYear,
    DaysInMonth,
    Month,
    Year,
}

/// Which time of a sample is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimestampKind {
    /// When it was taken.
    Sample,
    /// When its series began to count.
    Start,
}

/// An aggregation.
#[derive(Debug)]
pub(crate) struct AggregateOf {
    pub(crate) op: AggregateOp,
    pub(crate) input: Slot,
    /// The place of the whole.
    pub(crate) span: Span,
    /// The place of the input, which annotations blame.
    pub(crate) input_span: Span,
    pub(crate) param: Option<(Slot, Span)>,
    /// The label of `count_values`.
    pub(crate) value_label: Option<String>,
    pub(crate) grouping: Grouping,
}

/// A change of labels.
#[derive(Debug)]
pub(crate) enum LabelOp {
    /// `label_replace(vector, target, replacement, source, regex)`
    Replace { target: String, replacement: String, source: String, regex: String },
    /// `label_join(vector, target, separator, source, …)`
    Join { target: String, separator: String, sources: Vec<String> },
}

/// An order of series.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// By value.
    Value { is_descending: bool },
    /// By labels, as people order them.
    Labels { names: Vec<String>, is_descending: bool },
}
