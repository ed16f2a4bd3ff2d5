//! Function calls in plans.

use model::Labels;
use model::storage::SelectHints;

use super::build::Builder;
use super::op::WindowFunction;
use super::places::at_ms;
use super::{DateField, Grid, LabelOp, MapOp, Op, Order, Selection, Slot, TimestampKind, Window, WindowSource};
use crate::engine::QueryError;
use crate::syntax::{At, Border, Function, NodeId, NodeKind, Span, ValueType};

impl Builder<'_> {
    pub(super) fn call(
        &mut self,
        id: NodeId,
        function: &'static Function,
        args: &[NodeId],
        grid: Grid,
    ) -> Result<Slot, QueryError> {
        if let Some(at) = args.iter().position(|&arg| self.bare(arg).value_type == ValueType::Matrix) {
            return self.window_call(id, function, args, at, grid);
        }
        let op = match self.vector_call(id, function, args, grid)? {
            Some(op) => op,
            None => self.map_call(function, args)?,
        };
        Ok(self.push(id, grid, op))
    }

    fn window_call(
        &mut self,
        id: NodeId,
        function: &'static Function,
        args: &[NodeId],
        at: usize,
        grid: Grid,
    ) -> Result<Slot, QueryError> {
        let range = self.bare_id(args[at]);
        let is_absent = function.name == "absent_over_time";
        // The last sample is there whenever any is, and series keep their names.
        let window_function = if is_absent { Some(WindowFunction::Last) } else { WindowFunction::find(function.name) };
        let window_function = window_function.ok_or_else(|| unknown(function))?;
        let mut labels = Labels::empty();
        let source = match &self.node(range).kind {
            NodeKind::MatrixSelector { selector, range: length } => {
                let selection = self.range_selection(range, *selector, *length, grid)?;
                check_border(selection.border, function)?;
                if is_absent {
                    labels = Selection::demanded_labels(&selection.matchers);
                }
                WindowSource::Selection(selection)
            }
            NodeKind::Subquery(subquery) => {
                let inner = self.grid_wanted(subquery.expr);
                let (input, at_ms, offset_ms, range_ms) = self.subquery_window(range)?;
                WindowSource::Subquery { input, grid: inner, at_ms, offset_ms, range_ms }
            }
            _ => return Err(unknown(function)),
        };
        let scalars = args.iter().enumerate().filter(|&(position, _)| position != at).map(|(_, &arg)| self.slot(arg));
        let window = Window {
            function: window_function,
            source,
            scalars: scalars.collect(),
            // Prometheus forgets where a subquery stands when it evaluates it.
            first_arg_span: match &self.bare(args[0]).kind {
                NodeKind::Subquery(_) => Span::default(),
                _ => self.bare(args[0]).span,
            },
        };
        let input = self.push(id, grid, Op::Window(Box::new(window)));
        Ok(if is_absent { self.push(id, grid, Op::Absent { input, labels }) } else { input })
    }

    /// Functions that look at more than one series, or at none.
    fn vector_call(
        &self,
        id: NodeId,
        function: &'static Function,
        args: &[NodeId],
        grid: Grid,
    ) -> Result<Option<Op>, QueryError> {
        let slot = |position: usize| self.slot(args[position]);
        let span = |position: usize| self.bare(args[position]).span;
        let millis = |millis: i64| Op::Number(millis as f64 / 1000.0);
        Ok(Some(match function.name {
            "time" => Op::Time,
            "pi" => Op::Number(std::f64::consts::PI),
            "start" => millis(self.times.start_ms),
            "end" => millis(self.times.end_ms),
            "range" => Op::Number(super::seconds(self.times.range_ms())),
            "step" if self.times.start_ms == self.times.end_ms => Op::Number(0.0),
            "step" => Op::Number(super::seconds(self.times.step_ms)),
            "max_of" | "min_of" => Op::ExtremeOf { is_max: function.name == "max_of", left: slot(0), right: slot(1) },
            "scalar" => Op::ScalarOf { input: slot(0) },
            "vector" => Op::VectorOf { input: slot(0) },
            "timestamp" | "start_timestamp" => match &self.bare(args[0]).kind {
                NodeKind::VectorSelector(selector) => {
                    let selection = self.selection(self.bare_id(args[0]), selector, None, grid)?;
                    let is_start = function.name == "start_timestamp";
                    let kind = if is_start { TimestampKind::Start } else { TimestampKind::Sample };
                    Op::Timestamps { selection, kind }
                }
                _ => return Ok(None),
            },
            "absent" => Op::Absent { input: slot(0), labels: self.absent_labels(args[0]) },
            "histogram_quantile" => {
                Op::HistogramQuantile { quantile: slot(0), quantile_span: span(0), input: slot(1), input_span: span(1) }
            }
            "histogram_quantiles" => Op::HistogramQuantiles {
                input: slot(0),
                input_span: span(0),
                label: self.text(args[1]),
                quantiles: (2..args.len()).map(|position| (slot(position), span(position))).collect(),
            },
            "histogram_fraction" => {
                Op::HistogramFraction { lower: slot(0), upper: slot(1), input: slot(2), input_span: span(2) }
            }
            "label_replace" | "label_join" => Op::Labels { input: slot(0), change: self.label_op(function, args)? },
            "sort" | "sort_desc" => {
                Op::Sort { input: slot(0), order: Order::Value { is_descending: function.name == "sort_desc" } }
            }
            "sort_by_label" | "sort_by_label_desc" => {
                let names = args[1..].iter().map(|&arg| self.text(arg)).collect();
                let is_descending = function.name == "sort_by_label_desc";
                Op::Sort { input: slot(0), order: Order::Labels { names, is_descending } }
            }
            "info" => self.info(id, args, grid),
            _ => match (date_field(function.name), args) {
                (Some(field), []) => Op::DateNow(field),
                _ => return Ok(None),
            },
        }))
    }

    /// Functions of each series by itself.
    fn map_call(&self, function: &'static Function, args: &[NodeId]) -> Result<Op, QueryError> {
        let map = match function.name {
            "clamp" => MapOp::Clamp,
            "clamp_min" => MapOp::ClampMin,
            "clamp_max" => MapOp::ClampMax,
            "round" => MapOp::Round,
            "timestamp" => MapOp::EvaluationTime,
            "start_timestamp" => MapOp::Nothing,
            "histogram_count" | "histogram_sum" | "histogram_avg" | "histogram_stddev" | "histogram_stdvar" => {
                MapOp::OfHistogram(function.name)
            }
            name => match (date_field(name), math(name)) {
                (Some(field), _) => MapOp::Date(field),
                (None, Some(math)) => MapOp::Math(math),
                (None, None) => return Err(unknown(function)),
            },
        };
        let scalars = args[1..].iter().map(|&arg| self.slot(arg)).collect();
        Ok(Op::Map { map, input: self.slot(args[0]), scalars })
    }

    fn label_op(&self, function: &Function, args: &[NodeId]) -> Result<LabelOp, QueryError> {
        let name = function.name;
        let target = self.text(args[1]);
        let invalid =
            |what: &str, label: &str| QueryError::Execution(format!("invalid {what} label name in {name}(): {label}"));
        let change = if name == "label_join" {
            let sources: Vec<String> = args[3..].iter().map(|&arg| self.text(arg)).collect();
            if let Some(source) = sources.iter().find(|source| source.is_empty()) {
                return Err(invalid("source", source));
            }
            LabelOp::Join { target: target.clone(), separator: self.text(args[2]), sources }
        } else {
            LabelOp::Replace {
                target: target.clone(),
                replacement: self.text(args[2]),
                source: self.text(args[3]),
                regex: self.text(args[4]),
            }
        };
        // Bytes that are no UTF-8 were read as this character.
        let is_valid = !target.is_empty() && !target.contains(char::REPLACEMENT_CHARACTER);
        if is_valid { Ok(change) } else { Err(invalid("destination", &target)) }
    }

    fn info(&self, id: NodeId, args: &[NodeId], grid: Grid) -> Op {
        let matchers = match args.get(1).map(|&arg| &self.bare(arg).kind) {
            Some(NodeKind::VectorSelector(selector)) => selector.matchers.clone(),
            _ => Vec::new(),
        };
        let (at, offset_ms) = self.reference_of_info(args[0]);
        let mut selection = Selection {
            matchers,
            hints: SelectHints { function: Some("info"), ..SelectHints::default() },
            at_ms: at_ms(at, self.times),
            offset_ms,
            range_ms: 0,
            border: Border::Plain,
            span: self.node(id).span,
        };
        selection.set_interval(grid, self.lookback_ms());
        Op::Info { input: self.slot(args[0]), selection: Box::new(selection) }
    }

    /// The time at which info series are looked at: that of the first selector of what is enriched. Subqueries around
    /// it shift it, until an `@` fixes it.
    fn reference_of_info(&self, arg: NodeId) -> (Option<At>, i64) {
        let mut pending = vec![(arg, None, 0)];
        while let Some((id, at, offset_ms)) = pending.pop() {
            let (mut inner_at, mut inner_offset_ms) = (at, offset_ms);
            match &self.node(id).kind {
                NodeKind::VectorSelector(selector) => {
                    let own_ms = self.signed(selector.offset);
                    return if selector.at.is_some() { (selector.at, own_ms) } else { (at, offset_ms + own_ms) };
                }
                NodeKind::Subquery(subquery) if subquery.at.is_some() => {
                    (inner_at, inner_offset_ms) = (subquery.at, self.signed(subquery.offset));
                }
                NodeKind::Subquery(subquery) => inner_offset_ms += self.signed(subquery.offset),
                _ => {}
            }
            let first_child = pending.len();
            self.node(id).kind.for_each_child(|child| pending.push((child, inner_at, inner_offset_ms)));
            pending[first_child..].reverse();
        }
        (None, 0)
    }

    fn absent_labels(&self, arg: NodeId) -> Labels {
        match &self.bare(arg).kind {
            NodeKind::VectorSelector(selector) => Selection::demanded_labels(&selector.matchers),
            _ => Labels::empty(),
        }
    }

    fn text(&self, id: NodeId) -> String {
        match &self.bare(id).kind {
            NodeKind::String(text) => text.clone(),
            _ => String::new(),
        }
    }
}

fn unknown(function: &Function) -> QueryError {
    QueryError::Execution(format!("function {}() not supported yet", function.name))
}

fn check_border(border: Border, function: &Function) -> Result<(), QueryError> {
    let (modifier, allowed): (_, &[&str]) = match border {
        Border::Plain => return Ok(()),
        Border::Anchored => ("anchored", &["changes", "delta", "increase", "rate", "resets"]),
        Border::Smoothed => ("smoothed", &["delta", "increase", "rate"]),
    };
    if allowed.contains(&function.name) {
        return Ok(());
    }
    let allowed = allowed.join(", ");
    let message = format!("{modifier} modifier can only be used with: {allowed} - not with {}", function.name);
    Err(QueryError::Execution(message))
}

fn date_field(name: &str) -> Option<DateField> {
    Some(match name {
        "minute" => DateField::Minute,
        "hour" => DateField::Hour,
        "day_of_week" => DateField::DayOfWeek,
        "day_of_month" => DateField::DayOfMonth,
        "day_of_year" => DateField::DayOfYear,
        "days_in_month" => DateField::DaysInMonth,
        "month" => DateField::Month,
        "year" => DateField::Year,
        _ => return None,
    })
}

fn math(name: &str) -> Option<fn(f64) -> f64> {
    use std::f64::consts::PI;
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sgn" => |value| match value {
            value if value < 0.0 => -1.0,
            value if value > 0.0 => 1.0,
            value => value,
        },
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "deg" => |value| value * 180.0 / PI,
        "rad" => |value| value * PI / 180.0,
        _ => return None,
    })
}
