//! Going through the nodes of a plan.

use std::sync::{Arc, Mutex, PoisonError};

use model::Matcher;
use model::storage::{Select, SelectHints, SeriesSet};

use super::map::Mapping;
use super::pipeline::{Pipeline, SeriesKind, SeriesSource, Source, Stage};
use super::select::Wanted;
use super::window::WindowCall;
use super::worker::{Counts, Worker};
use super::{absent, aggregate, arithmetic, classic, date, info, labels, matching, order, ranges};
use crate::column::{Column, Scalars, are_distinct_without_metadata, merged};
use crate::engine::{Annotations, Budget, EngineOptions, NodeStatistics, QueryError, Series, Watch};
use crate::plan::{Grid, MapOp, Op, Plan, PlanNode, Selection, Slot, Window, WindowFunction, WindowSource};
use crate::syntax::{Border, Span};

/// The evaluation of a plan over a store.
#[derive(Debug)]
pub(crate) struct Evaluation<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) storage: &'a dyn Select,
    pub(crate) settings: &'a EngineOptions,
    pub(crate) lookback_ms: i64,
    pub(crate) budget: Arc<Budget>,
    pub(crate) watch: &'a Watch,
    /// What threads have noted and counted so far.
    gathered: Mutex<Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    notes: Annotations,
    counts: Counts,
    live: LiveSamples,
}

/// Samples in memory, as the limit counts them.
#[derive(Clone, Copy, Debug, Default)]
struct LiveSamples {
    n: u64,
    peak: u64,
}

/// The result of a node.
#[derive(Debug)]
pub(crate) enum Evaluated<'a> {
    Scalars(Scalars),
    Vector(Pipeline<'a>),
    Text(&'a str),
    Ranges(Vec<Series>),
}

/// What an evaluation leaves behind.
#[derive(Debug)]
pub(crate) struct Costs {
    pub(crate) notes: Annotations,
    pub(crate) n_samples: u64,
    pub(crate) n_read: u64,
    pub(crate) peak_samples: u64,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        storage: &'a dyn Select,
        settings: &'a EngineOptions,
        lookback_ms: i64,
        budget: Arc<Budget>,
        watch: &'a Watch,
    ) -> Evaluation<'a> {
        Evaluation { plan, storage, settings, lookback_ms, budget, watch, gathered: Mutex::default() }
    }

    /// Evaluates the plan. A trace, where one is wanted, has an entry for each node; then every vector is made at its
    /// node instead of where it is used.
    pub(crate) fn run(&self, mut trace: Option<&mut Vec<NodeStatistics>>) -> Result<Evaluated<'a>, QueryError> {
        let mut results: Vec<Option<Evaluated<'a>>> = Vec::with_capacity(self.plan.nodes.len());
        for node in &self.plan.nodes {
            self.watch.check("expression evaluation")?;
            let began = self.watch.elapsed();
            let mut inputs = Inputs(&mut results);
            let mut result = self.evaluate(node, &mut inputs)?;
            if let Some(trace) = trace.as_deref_mut() {
                let (n_series, n_points);
                (result, n_series, n_points) = self.made(result, node.grid)?;
                let duration = self.watch.elapsed().saturating_sub(began);
                trace.push(NodeStatistics { node: node.id, duration, n_series, n_points });
            }
            results.push(Some(result));
        }
        results.pop().flatten().ok_or_else(|| QueryError::Execution("nothing to evaluate".to_owned()))
    }

    /// A result with its vector made.
    fn made(&self, result: Evaluated<'a>, grid: Grid) -> Result<(Evaluated<'a>, usize, usize), QueryError> {
        Ok(match result {
            Evaluated::Vector(pipeline) => {
                let (columns, n_counted) = self.collected(pipeline)?;
                let (n_series, n_points) = (columns.len(), columns.iter().map(Column::n_points).sum());
                let pipeline = Pipeline { n_counted, ..Pipeline::of(columns, grid) };
                (Evaluated::Vector(pipeline), n_series, n_points)
            }
            Evaluated::Ranges(series) => {
                let n_points = series.iter().map(|series| series.floats.len() + series.histograms.len()).sum();
                let n_series = series.len();
                (Evaluated::Ranges(series), n_series, n_points)
            }
            other => (other, 1, grid.n_steps),
        })
    }

    /// What there is to be said, and what it cost.
    pub(crate) fn costs(&self) -> Costs {
        let gathered = self.lock();
        Costs {
            notes: gathered.notes.clone(),
            n_samples: gathered.counts.n_samples,
            n_read: gathered.counts.n_read,
            peak_samples: gathered.live.peak,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread works with.
    pub(crate) fn worker(&self) -> Result<Worker<'_>, QueryError> {
        Ok(Worker {
            settings: self.settings,
            lookback_ms: self.lookback_ms,
            budget: &self.budget,
            ticker: self.watch.ticker(),
            notes: Annotations::default(),
            counts: Counts::default(),
            tile: Default::default(),
            samples: Default::default(),
            samples_held: self.budget.hold(0)?,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn n_threads(&self) -> usize {
        self.settings.n_threads
    }

    /// Takes over what a thread has noted and counted.
    pub(crate) fn absorb(&self, worker: Worker<'_>) {
        let mut gathered = self.lock();
        gathered.notes.merge(worker.notes);
        gathered.counts.add(worker.counts);
        gathered.live.peak = gathered.live.peak.max(gathered.live.n + worker.counts.max_window);
    }

    /// Whether types or units were dropped from labels so far.
    pub(crate) fn has_dropped_metadata(&self) -> bool {
        self.lock().counts.has_dropped_metadata
    }

    pub(crate) fn note(&self, add: impl FnOnce(&mut Annotations)) {
        add(&mut self.lock().notes);
    }

    pub(crate) fn note_storage_warnings(&self, warnings: Vec<String>) {
        if !warnings.is_empty() {
            self.note(|notes| warnings.into_iter().for_each(|warning| notes.warn_of_storage(warning)));
        }
    }

    /// Counts samples that come into memory.
    pub(crate) fn count_samples(&self, n: u64) -> Result<(), QueryError> {
        let live = &mut self.lock().live;
        live.n += n;
        live.peak = live.peak.max(live.n);
        if live.n > self.settings.limits.max_samples { Err(QueryError::TooManySamples) } else { Ok(()) }
    }

    /// Counts samples that are gone.
    pub(crate) fn forget_samples(&self, n: u64) {
        let live = &mut self.lock().live;
        live.n = live.n.saturating_sub(n);
    }

    /// Runs a pipeline into a sink; its samples count until it has run.
    pub(crate) fn consume(
        &self,
        pipeline: Pipeline<'_>,
        sink: &mut (dyn FnMut(Column) -> Result<(), QueryError> + Send),
    ) -> Result<(), QueryError> {
        let mut n_counted = pipeline.n_counted;
        let is_counted = pipeline.is_there();
        let result = pipeline.run(self, &mut |column| {
            if !is_counted {
                let n_points = column.n_points() as u64;
                n_counted += n_points;
                self.count_samples(n_points)?;
            }
            sink(column)
        });
        self.forget_samples(n_counted);
        result
    }

    /// The columns of a pipeline, and how many samples are counted for them.
    pub(crate) fn collected(&self, pipeline: Pipeline<'_>) -> Result<(Vec<Column>, u64), QueryError> {
        let mut n_counted = pipeline.n_counted;
        let is_counted = pipeline.is_there();
        let mut columns = Vec::new();
        pipeline.run(self, &mut |column| {
            if !is_counted {
                let n_points = column.n_points() as u64;
                n_counted += n_points;
                self.count_samples(n_points)?;
            }
            columns.push(column);
            Ok(())
        })?;
        Ok((columns, n_counted))
    }

    /// A vector of columns whose samples are counted now.
    pub(crate) fn vector(&self, columns: Vec<Column>, grid: Grid) -> Result<Evaluated<'a>, QueryError> {
        let columns: Vec<Column> = columns.into_iter().filter(|column| !column.is_empty()).collect();
        let n_counted = columns.iter().map(|column| column.n_points() as u64).sum();
        self.count_samples(n_counted)?;
        Ok(Evaluated::Vector(Pipeline { n_counted, ..Pipeline::of(columns, grid) }))
    }

    /// A vector of columns that may have the same labels, which is an error where they are there at the same time.
    ///
    /// At a single time that is found out at the end of the query where names are dropped there.
    pub(crate) fn merged_vector(&self, columns: Vec<Column>, grid: Grid) -> Result<Evaluated<'a>, QueryError> {
        let is_put_off = self.settings.delayed_name_removal && self.plan.grid.n_steps == 1 && grid.n_steps == 1;
        let columns = if is_put_off { columns } else { merged(columns)? };
        self.vector(columns, grid)
    }

    /// The series of a selection on a grid; none where the grid has no times.
    pub(crate) fn select(
        &self,
        matchers: &[Matcher],
        hints: &SelectHints,
        grid: Grid,
    ) -> Result<Option<Box<dyn SeriesSet>>, QueryError> {
        if grid.n_steps == 0 { Ok(None) } else { Ok(Some(self.storage.select(matchers, hints)?)) }
    }

    fn series(&self, selection: &'a Selection, grid: Grid, kind: SeriesKind) -> Result<Pipeline<'a>, QueryError> {
        let Some(set) = self.select(&selection.matchers, &selection.hints, grid)? else {
            return Ok(Pipeline::of(Vec::new(), grid));
        };
        let source = SeriesSource { set, selection, grid, kind };
        Ok(Pipeline { source: Source::Series(source), ..Pipeline::of(Vec::new(), grid) })
    }

    fn evaluate(&self, node: &'a PlanNode, inputs: &mut Inputs<'_, 'a>) -> Result<Evaluated<'a>, QueryError> {
        let PlanNode { grid, span, op, .. } = node;
        let (grid, span) = (*grid, *span);
        Ok(match op {
            Op::Number(value) => Evaluated::Scalars(Scalars::Constant(*value)),
            Op::Text(text) => Evaluated::Text(text),
            Op::Time => self.scalars(grid, |step| grid.at(step) as f64 / 1000.0)?,
            Op::Select(selection) => {
                let is_smoothed = selection.border == Border::Smoothed;
                let kind = if is_smoothed { SeriesKind::Smoothed } else { SeriesKind::Newest(Wanted::Value) };
                Evaluated::Vector(self.series(selection, grid, kind)?)
            }
            Op::Timestamps { selection, kind } => {
                if *kind == crate::plan::TimestampKind::Start && !self.settings.use_start_timestamps {
                    return Ok(Evaluated::Vector(Pipeline::of(Vec::new(), grid)));
                }
                let pipeline = self.series(selection, grid, SeriesKind::Newest(Wanted::Time(*kind)))?;
                self.renamed(pipeline, selection.has_one_name(), Duplicates::Merge)?
            }
            Op::SelectRange(selection) => Evaluated::Ranges(ranges::select(self, selection, grid)?),
            Op::SubqueryRange { input } => Evaluated::Ranges(ranges::of_subquery(self, inputs.vector(*input))?),
            Op::Window(window) => self.window(window, grid, inputs)?,
            Op::Map { map, input, scalars } => self.map(*map, *input, scalars, grid, span, inputs)?,
            Op::Spread { input } => match inputs.take(*input) {
                Evaluated::Vector(pipeline) => Evaluated::Vector(pipeline.with(Stage::Spread(grid), grid)),
                Evaluated::Scalars(scalars) => Evaluated::Scalars(Scalars::Constant(scalars.at(0))),
                other => other,
            },
            Op::Scalars { op, left, right } => {
                let (left, right) = (inputs.scalars(*left), inputs.scalars(*right));
                Evaluated::Scalars(left.zip(right, |left, right| arithmetic::float_op(*op, left, right)))
            }
            Op::NegateScalars { input } => Evaluated::Scalars(inputs.scalars(*input).map(|value| -value)),
            Op::ExtremeOf { is_max, left, right } => {
                let extreme = if *is_max { arithmetic::go_max } else { arithmetic::go_min };
                let (left, right) = (inputs.scalars(*left), inputs.scalars(*right));
                Evaluated::Scalars(left.zip(right, extreme))
            }
            Op::ScalarOf { input } => Evaluated::Scalars(absent::scalar_of(self, inputs.vector(*input), grid)?),
            Op::VectorOf { input } => {
                let scalars = inputs.scalars(*input);
                self.unlabelled(grid, |step| scalars.at(step))?
            }
            Op::DateNow(field) => self.unlabelled(grid, |step| date::field(*field, grid.at(step) / 1000))?,
            Op::Aggregate(of) => {
                let param = of.param.map(|(slot, span)| (inputs.scalars(slot), span));
                aggregate::aggregate(self, of, param, inputs.vector(of.input), grid)?
            }
            Op::Binary { op, is_bool, matching, left, right } => {
                let (left, right) = (inputs.vector(*left), inputs.vector(*right));
                let operation = matching::Operation { op: *op, is_bool: *is_bool, matching, span };
                matching::evaluate(self, &operation, left, right, grid)?
            }
            Op::HistogramQuantile { quantile, quantile_span, input, input_span } => {
                let quantiles = vec![(inputs.scalars(*quantile), *quantile_span)];
                classic::quantiles(self, &quantiles, None, inputs.vector(*input), *input_span, grid)?
            }
            Op::HistogramQuantiles { input, input_span, label, quantiles } => {
                let vector = inputs.vector(*input);
                let quantiles: Vec<_> = quantiles.iter().map(|(slot, span)| (inputs.scalars(*slot), *span)).collect();
                classic::quantiles(self, &quantiles, Some(label), vector, *input_span, grid)?
            }
            Op::HistogramFraction { lower, upper, input, input_span } => {
                let borders = (inputs.scalars(*lower), inputs.scalars(*upper));
                classic::fraction(self, &borders, inputs.vector(*input), *input_span, grid)?
            }
            Op::Labels { input, change } => labels::change(self, change, inputs.vector(*input), grid)?,
            Op::Sort { input, order } => order::sort(self, order, inputs.vector(*input), grid, span)?,
            Op::Absent { input, labels } => absent::absent(self, inputs.vector(*input), labels, grid)?,
            Op::Info { input, selection } => info::enrich(self, inputs.vector(*input), selection, grid)?,
        })
    }

    fn scalars(&self, grid: Grid, value: impl FnMut(usize) -> f64) -> Result<Evaluated<'a>, QueryError> {
        Ok(Evaluated::Scalars(Scalars::each(grid.n_steps, &self.budget, value)?))
    }

    /// A vector of one series without labels.
    fn unlabelled(&self, grid: Grid, value: impl Fn(usize) -> f64) -> Result<Evaluated<'a>, QueryError> {
        let mut column = Column::new(model::Labels::empty(), grid.n_steps, &self.budget)?;
        (0..grid.n_steps).for_each(|step| column.set(step, value(step)));
        self.vector(vec![column], grid)
    }

    fn window(&self, window: &'a Window, grid: Grid, inputs: &mut Inputs<'_, 'a>) -> Result<Evaluated<'a>, QueryError> {
        let scalars: Vec<Scalars> = window.scalars.iter().map(|&slot| inputs.scalars(slot)).collect();
        let keeps_name = matches!(window.function, WindowFunction::First | WindowFunction::Last);
        let call = |at_ms, offset_ms, range_ms, border| WindowCall {
            function: window.function,
            scalars,
            first_arg_span: window.first_arg_span,
            at_ms,
            offset_ms,
            range_ms,
            border,
        };
        match &window.source {
            WindowSource::Selection(selection) => {
                let Selection { at_ms, offset_ms, range_ms, border, .. } = selection;
                let call = call(*at_ms, *offset_ms, *range_ms, *border);
                let pipeline = self.series(selection, grid, SeriesKind::Window(call))?;
                if keeps_name {
                    return Ok(Evaluated::Vector(pipeline));
                }
                self.renamed(pipeline, selection.has_one_name(), Duplicates::Refuse)
            }
            WindowSource::Subquery { input, grid: from, at_ms, offset_ms, range_ms } => {
                let pipeline = inputs.vector(*input);
                let call = call(*at_ms, *offset_ms, *range_ms, Border::Plain);
                let has_one_name = pipeline.has_one_name();
                let pipeline = pipeline.with(Stage::Window { call, from: *from, to: grid }, grid);
                if keeps_name {
                    return Ok(Evaluated::Vector(pipeline));
                }
                self.renamed(pipeline, has_one_name, Duplicates::Refuse)
            }
        }
    }

    fn map(
        &self,
        map: MapOp,
        input: Slot,
        scalars: &[Slot],
        grid: Grid,
        span: Span,
        inputs: &mut Inputs<'_, 'a>,
    ) -> Result<Evaluated<'a>, QueryError> {
        let scalars = scalars.iter().map(|&slot| inputs.scalars(slot)).collect();
        let pipeline = inputs.vector(input);
        let has_one_name = pipeline.has_one_name();
        let pipeline = pipeline.with(Stage::Map(Mapping { map, scalars, grid, span }), grid);
        if !map.drops_name() {
            return Ok(Evaluated::Vector(pipeline));
        }
        self.renamed(pipeline, has_one_name, Duplicates::Merge)
    }

    /// A vector whose series have lost their names. Where they had more than one, series may have come to the same
    /// labels, and all must be seen before any is handed on.
    fn renamed(
        &self,
        pipeline: Pipeline<'a>,
        had_one_name: bool,
        duplicates: Duplicates,
    ) -> Result<Evaluated<'a>, QueryError> {
        if self.settings.delayed_name_removal || had_one_name {
            let drops_names = !self.settings.delayed_name_removal;
            return Ok(Evaluated::Vector(Pipeline { drops_names, ..pipeline }));
        }
        let grid = pipeline.grid;
        let (columns, n_counted) = self.collected(pipeline)?;
        self.forget_samples(n_counted);
        let n_columns = columns.len();
        let merged = merged(columns)?;
        if duplicates == Duplicates::Refuse && merged.len() < n_columns {
            return Err(QueryError::same_labelset());
        }
        self.vector(merged, grid)
    }
}

/// What becomes of series with the same labels that are not there at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duplicates {
    /// They are one series.
    Merge,
    /// The query fails, as in Prometheus's functions over ranges.
    Refuse,
}

impl<'a> Pipeline<'a> {
    /// One more stage.
    fn with(mut self, stage: Stage, grid: Grid) -> Pipeline<'a> {
        self.stages.push(stage);
        self.grid = grid;
        self
    }

    /// Whether all columns that come out have the same metric name, or none has one.
    fn has_one_name(&self) -> bool {
        match &self.source {
            Source::Columns(columns) => are_distinct_without_metadata(columns),
            Source::Series(source) => source.selection.has_one_name(),
        }
    }
}

/// The results of earlier nodes. Each is used once.
struct Inputs<'r, 'a>(&'r mut Vec<Option<Evaluated<'a>>>);

impl<'a> Inputs<'_, 'a> {
    fn take(&mut self, slot: Slot) -> Evaluated<'a> {
        self.0[slot].take().expect("the result of a node is used once, by the node around it")
    }

    fn scalars(&mut self, slot: Slot) -> Scalars {
        match self.take(slot) {
            Evaluated::Scalars(scalars) => scalars,
            // The type check sees to it that this does not happen.
            _ => Scalars::Constant(f64::NAN),
        }
    }

    fn vector(&mut self, slot: Slot) -> Pipeline<'a> {
        match self.take(slot) {
            Evaluated::Vector(pipeline) => pipeline,
            _ => Pipeline::of(Vec::new(), Grid::single(0)),
        }
    }
}
