//! The answer of an evaluation as it is handed out.

use model::sample::Value as SampleValue;

use super::{Held, QueryError, Series, Value, VectorSample};
use crate::column::{Cell, Column, is_metadata, merged};
use crate::eval::{Evaluated, Evaluation};
use crate::plan::{Grid, QueryTimes};

/// Makes the answer, and says what memory it takes; metric names that were to be dropped at the end of the query are
/// dropped here.
///
/// # Errors
/// When series have come to the same labels, or when making what streams into the answer fails.
pub(super) fn answer(
    evaluation: &Evaluation<'_>,
    evaluated: Evaluated<'_>,
    times: QueryTimes,
) -> Result<(Value, Held), QueryError> {
    let (grid, is_instant, timestamp_ms) = (times.grid(), times.step_ms == 0, times.start_ms);
    let mut held = evaluation.budget.hold(0)?;
    let value = match evaluated {
        Evaluated::Text(text) => Value::String { timestamp_ms, value: text.to_owned() },
        Evaluated::Ranges(all) => {
            all.iter().try_for_each(|series| held.grow(series_bytes(series)))?;
            Value::Matrix(all)
        }
        Evaluated::Scalars(scalars) if is_instant => Value::Scalar { timestamp_ms, value: scalars.at(0) },
        Evaluated::Scalars(scalars) => {
            held.grow(grid.n_steps.saturating_mul(POINT_BYTES))?;
            let floats = (0..grid.n_steps).map(|step| (grid.at(step), scalars.at(step))).collect();
            let series = Series { floats, ..Series::default() };
            Value::Matrix(if series.floats.is_empty() { Vec::new() } else { vec![series] })
        }
        Evaluated::Vector(pipeline) => {
            let (columns, _) = evaluation.collected(pipeline)?;
            let columns = without_dropped_names(columns)?;
            if is_instant { vector(columns, timestamp_ms, &mut held)? } else { matrix(columns, grid, &mut held)? }
        }
    };
    Ok((value, held))
}

/// A time and a float.
const POINT_BYTES: usize = size_of::<(i64, f64)>();

fn series_bytes(series: &Series) -> usize {
    let n_points = series.floats.len() + series.histograms.len();
    size_of::<Series>() + series.labels.n_bytes() + n_points * POINT_BYTES
}

fn vector(columns: Vec<Column>, timestamp_ms: i64, held: &mut Held) -> Result<Value, QueryError> {
    let mut samples = Vec::with_capacity(columns.len());
    for column in columns {
        held.grow(size_of::<VectorSample>() + column.labels.n_bytes())?;
        samples.extend(sample(&column, timestamp_ms));
    }
    Ok(Value::Vector(samples))
}

fn matrix(columns: Vec<Column>, grid: Grid, held: &mut Held) -> Result<Value, QueryError> {
    let mut all = Vec::with_capacity(columns.len());
    for column in columns {
        held.grow(size_of::<Series>() + column.labels.n_bytes() + column.n_points() * POINT_BYTES)?;
        all.push(series(column, grid));
    }
    Ok(Value::Matrix(all))
}

fn without_dropped_names(mut columns: Vec<Column>) -> Result<Vec<Column>, QueryError> {
    let mut has_dropped = false;
    for column in columns.iter_mut().filter(|column| column.drop_name) {
        let labels = column.labels.without(is_metadata);
        has_dropped |= labels != column.labels;
        column.labels = labels;
        column.drop_name = false;
    }
    if has_dropped { merged(columns) } else { Ok(columns) }
}

fn sample(column: &Column, timestamp_ms: i64) -> Option<VectorSample> {
    let value = match column.cell(0) {
        Cell::None => return None,
        Cell::Float(value) => SampleValue::Float(value),
        Cell::Histogram(histogram) => SampleValue::Histogram(histogram.clone()),
    };
    Some(VectorSample { labels: column.labels.clone(), timestamp_ms, value })
}

fn series(column: Column, grid: Grid) -> Series {
    let mut floats = Vec::with_capacity(column.present.count());
    column.present.for_each(|step| floats.push((grid.at(step), column.floats[step])));
    let histograms = column.histograms.iter().map(|(step, histogram)| (grid.at(*step), histogram.clone())).collect();
    Series { labels: column.labels, floats, histograms }
}

impl Value {
    /// Sorts series by labels, unless they are a vector that is ordered already.
    pub(super) fn sort(&mut self, is_ordered: bool) {
        match self {
            Value::Vector(samples) if !is_ordered => samples.sort_by(|one, other| one.labels.cmp(&other.labels)),
            Value::Matrix(series) => series.sort_by(|one, other| one.labels.cmp(&other.labels)),
            Value::Vector(_) | Value::Scalar { .. } | Value::String { .. } => {}
        }
    }
}
