//! Classic histograms: series whose `le` label is the upper bound of a bucket, counting all observations up to it.

use model::Labels;
use model::labels::BUCKET_LABEL;
use model::name::quoted;
use rustc_hash::FxHashMap;

use super::buckets::{Bucket, Fixed, fraction_between, quantile_of};
use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;
use crate::column::{Column, Presence, Scalars};
use crate::engine::{Monotonicity, QueryError, with_metric};
use crate::plan::Grid;
use crate::syntax::{Span, percent_g};

/// `histogram_quantile`, and `histogram_quantiles` where the quantiles go into a label.
pub(super) fn quantiles<'a>(
    evaluation: &Evaluation<'a>,
    quantiles: &[(Scalars, Span)],
    label: Option<&str>,
    vector: Pipeline<'_>,
    vector_span: Span,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    for (quantile, span) in quantiles {
        let bad = quantile.values().iter().filter(|value| !(0.0..=1.0).contains(*value));
        for value in bad {
            let message = format!("quantile value should be between 0 and 1, got {}", percent_g(*value));
            evaluation.note(|notes| notes.warn(&message, *span));
        }
    }
    let histograms = Histograms::gather(evaluation, vector, vector_span, "histogram_quantile()")?;
    let mut columns = Vec::new();
    for (quantile, _) in quantiles {
        let mut labelled: FxHashMap<u64, usize> = FxHashMap::default();
        for histogram in &histograms.found {
            labelled.clear();
            let name = histograms.name_in_notes(histogram);
            histogram.for_each_step(evaluation, grid, |step, buckets| {
                let rank = quantile.at(step);
                let (value, fixed) = quantile_of(rank, buckets);
                if let Some(fixed) = fixed {
                    note_fixed(evaluation, name, fixed, grid.at(step), vector_span);
                }
                let place = match labelled.get(&rank.to_bits()) {
                    Some(&place) => place,
                    None => {
                        columns.push(histograms.column(evaluation, histogram, label, rank, grid)?);
                        labelled.insert(rank.to_bits(), columns.len() - 1);
                        columns.len() - 1
                    }
                };
                columns[place].set(step, value);
                Ok(())
            })?;
        }
    }
    evaluation.merged_vector(columns, grid)
}

/// `histogram_fraction`
pub(super) fn fraction<'a>(
    evaluation: &Evaluation<'a>,
    (lower, upper): &(Scalars, Scalars),
    vector: Pipeline<'_>,
    vector_span: Span,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let histograms = Histograms::gather(evaluation, vector, vector_span, "histogram_fraction()")?;
    let mut columns = Vec::with_capacity(histograms.found.len());
    for histogram in &histograms.found {
        let mut column = histograms.column(evaluation, histogram, None, 0.0, grid)?;
        histogram.for_each_step(evaluation, grid, |step, buckets| {
            column.set(step, fraction_between(lower.at(step), upper.at(step), buckets));
            Ok(())
        })?;
        columns.push(column);
    }
    evaluation.merged_vector(columns, grid)
}

fn note_fixed(evaluation: &Evaluation<'_>, name: &str, fixed: Fixed, at_ms: i64, span: Span) {
    let how = Monotonicity {
        first_ms: at_ms,
        last_ms: at_ms,
        min_bound: fixed.min_bound,
        max_bound: fixed.max_bound,
        max_fall: fixed.max_fall,
        n_samples: 1,
    };
    evaluation.note(|notes| notes.forced_monotonicity(name, how, span));
}

/// The classic histograms of a vector.
struct Histograms {
    found: Vec<ClassicHistogram>,
    is_delayed: bool,
}

/// The series that are the buckets of a histogram.
struct ClassicHistogram {
    /// What they have in common.
    labels: Labels,
    /// Upper bounds and counts.
    buckets: Vec<(f64, Column)>,
}

impl Histograms {
    fn gather(
        evaluation: &Evaluation<'_>,
        vector: Pipeline<'_>,
        span: Span,
        function: &str,
    ) -> Result<Histograms, QueryError> {
        let is_delayed = evaluation.settings.delayed_name_removal;
        let mut numbers: FxHashMap<Labels, usize> = FxHashMap::default();
        let mut found: Vec<ClassicHistogram> = Vec::new();
        evaluation.consume(vector, &mut |column| {
            if !column.histograms.is_empty() {
                return Err(QueryError::Unsupported(function.to_owned()));
            }
            let bound = column.labels.get(BUCKET_LABEL).unwrap_or_default();
            let Some(bound) = bound_of(bound) else {
                let name = if is_delayed { column.metric_name() } else { "" };
                let message = format!("bucket label \"le\" is missing or has a malformed value of {}", quoted(bound));
                let message = with_metric(&message, name);
                evaluation.note(|notes| notes.warn(&message, span));
                return Ok(());
            };
            let labels = column.labels.without(|name| name == BUCKET_LABEL);
            let number = *numbers.entry(labels.clone()).or_insert(found.len());
            if number == found.len() {
                found.push(ClassicHistogram { labels, buckets: Vec::new() });
            }
            found[number].buckets.push((bound, column));
            Ok(())
        })?;
        Ok(Histograms { found, is_delayed })
    }

    /// The metric's name as annotations show it: only where it is dropped at the end of the query.
    fn name_in_notes<'h>(&self, histogram: &'h ClassicHistogram) -> &'h str {
        if self.is_delayed { histogram.labels.metric_name() } else { "" }
    }

    /// An empty column for a number out of a histogram, with the quantile in a label where one is named.
    fn column(
        &self,
        evaluation: &Evaluation<'_>,
        histogram: &ClassicHistogram,
        label: Option<&str>,
        quantile: f64,
        grid: Grid,
    ) -> Result<Column, QueryError> {
        let mut column = Column::new(histogram.labels.clone(), grid.n_steps, &evaluation.budget)?;
        column.drop_metadata(self.is_delayed);
        if let Some(label) = label {
            let mut labels = column.labels.to_builder();
            labels.set(label, &open_metrics_float(quantile));
            column.relabel(labels.build())?;
        }
        Ok(column)
    }
}

impl ClassicHistogram {
    /// Calls `visit` with the buckets of each step that has any, sorted by bound.
    fn for_each_step(
        &self,
        evaluation: &Evaluation<'_>,
        grid: Grid,
        mut visit: impl FnMut(usize, &mut Vec<Bucket>) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let mut order: Vec<usize> = (0..self.buckets.len()).collect();
        order.sort_by(|&one, &other| self.buckets[one].0.total_cmp(&self.buckets[other].0));
        let mut occupied = Presence::none(grid.n_steps);
        self.buckets.iter().for_each(|(_, column)| occupied.or(&column.present));
        let mut ticker = evaluation.watch.ticker();
        let mut buckets = Vec::with_capacity(order.len());
        for step in occupied.iter() {
            ticker.tick(order.len())?;
            buckets.clear();
            let there = order.iter().map(|&at| &self.buckets[at]).filter(|(_, column)| column.present.get(step));
            buckets.extend(there.map(|(bound, column)| Bucket { bound: *bound, count: column.floats[step] }));
            visit(step, &mut buckets)?;
        }
        Ok(())
    }
}

/// The upper bound that a label says.
fn bound_of(label: &str) -> Option<f64> {
    label.parse().ok()
}

/// A float as OpenMetrics writes it in labels: `0.5`, `1.0`, `1e+20`.
fn open_metrics_float(value: f64) -> String {
    let mut text = percent_g(value);
    if !text.contains(['.', 'e', 'n', 'N']) {
        text.push_str(".0");
    }
    text
}
