//! Vectors that are not there yet: a source of columns, and what happens to each on its way.
//!
//! An aggregation over a selector never has all its series in memory: each is read, changed and handed on by itself.
//! Where there is enough to do, several threads do it; each takes some series at a time, and hands their columns on in
//! turn, so that whoever consumes them sees them in the same order whatever the number of threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use model::storage::{SeriesReader, SeriesSet};

use super::evaluation::Evaluation;
use super::map::Mapping;
use super::samples::{ColumnSource, TileSource};
use super::select::{Wanted, select};
use super::smooth::smoothed;
use super::window::{Named, WindowCall};
use super::worker::Worker;
use crate::column::Column;
use crate::engine::QueryError;
use crate::plan::{Grid, Selection};

/// A vector: columns, there or to be made.
#[derive(Debug)]
pub(crate) struct Pipeline<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) stages: Vec<Stage>,
    /// The times of what comes out.
    pub(crate) grid: Grid,
    /// Samples that the limit counts for as long as this is not consumed.
    pub(crate) n_counted: u64,
    /// Names are dropped on the way, of series that all have the same one.
    pub(crate) drops_names: bool,
}

/// Where columns come from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// They are there.
    Columns(Vec<Column>),
    /// They are made of series.
    Series(SeriesSource<'a>),
}

/// Series of a selection, and what is made of them.
#[derive(Debug)]
pub(crate) struct SeriesSource<'a> {
    pub(crate) set: Box<dyn SeriesSet>,
    pub(crate) selection: &'a Selection,
    pub(crate) grid: Grid,
    pub(crate) kind: SeriesKind,
}

/// What is made of a series.
#[derive(Debug)]
pub(crate) enum SeriesKind {
    /// Its newest samples.
    Newest(Wanted),
    /// Values interpolated between its samples.
    Smoothed,
    /// A function of windows over it.
    Window(WindowCall),
}

/// What happens to a column.
#[derive(Debug)]
pub(crate) enum Stage {
    Map(Mapping),
    /// Its one value counts at all times of a grid.
    Spread(Grid),
    /// A function of windows over its values, which are at the times of `from`.
    Window {
        call: WindowCall,
        from: Grid,
        to: Grid,
    },
}

/// Takes columns, one after the other.
pub(crate) type Sink<'s> = dyn FnMut(Column) -> Result<(), QueryError> + Send + 's;

impl<'a> Pipeline<'a> {
    /// Columns that are there.
    pub(crate) fn of(columns: Vec<Column>, grid: Grid) -> Pipeline<'a> {
        Pipeline { source: Source::Columns(columns), stages: Vec::new(), grid, n_counted: 0, drops_names: false }
    }

    /// Whether the columns are there, as they will be handed on.
    pub(crate) fn is_there(&self) -> bool {
        matches!(self.source, Source::Columns(_)) && self.stages.is_empty()
    }

    /// Hands the columns on, in order. Those without any value are left out.
    ///
    /// # Errors
    /// When columns that differed in their type or unit alone have come to the same labels.
    pub(crate) fn run(self, evaluation: &Evaluation<'_>, sink: &mut Sink<'_>) -> Result<(), QueryError> {
        if !self.drops_names {
            return self.run_unchecked(evaluation, sink);
        }
        let mut fingerprints = Vec::new();
        self.run_unchecked(evaluation, &mut |column| {
            fingerprints.push(column.labels.fingerprint(0));
            sink(column)
        })?;
        if !evaluation.has_dropped_metadata() {
            return Ok(());
        }
        fingerprints.sort_unstable();
        let has_equals = fingerprints.windows(2).any(|pair| pair[0] == pair[1]);
        if has_equals { Err(QueryError::same_labelset()) } else { Ok(()) }
    }

    fn run_unchecked(self, evaluation: &Evaluation<'_>, sink: &mut Sink<'_>) -> Result<(), QueryError> {
        let Pipeline { source, stages, .. } = self;
        match source {
            Source::Columns(columns) => {
                let mut worker = evaluation.worker()?;
                let result = columns.into_iter().try_for_each(|column| match through(&stages, &mut worker, column)? {
                    Some(column) => sink(column),
                    None => Ok(()),
                });
                evaluation.absorb(worker);
                result
            }
            Source::Series(source) => {
                let making = Making { evaluation, source: &source, stages: &stages };
                let result = making.run(sink);
                evaluation.note_storage_warnings(source.set.warnings());
                result
            }
        }
    }
}

fn through(stages: &[Stage], worker: &mut Worker<'_>, column: Column) -> Result<Option<Column>, QueryError> {
    let mut column = column;
    for stage in stages {
        if column.is_empty() {
            return Ok(None);
        }
        column = match stage {
            Stage::Map(mapping) => mapping.apply(worker, column)?,
            Stage::Spread(grid) => spread(worker, &column, *grid)?,
            Stage::Window { call, from, to } => {
                let mut source = ColumnSource::new(&column, *from);
                let series = Named { labels: &column.labels, drop_name: column.drop_name };
                call.evaluate(worker, &mut source, series, *to)?
            }
        };
    }
    Ok(if column.is_empty() { None } else { Some(column) })
}

fn spread(worker: &Worker<'_>, column: &Column, grid: Grid) -> Result<Column, QueryError> {
    let mut wide = Column::new(column.labels.clone(), grid.n_steps, worker.budget)?;
    wide.drop_name = column.drop_name;
    if column.present.get(0) {
        (0..grid.n_steps).for_each(|step| wide.set(step, column.floats[0]));
    } else if let Some((_, histogram)) = column.histograms.first() {
        (0..grid.n_steps).for_each(|step| wide.push_histogram(step, histogram.clone()));
    }
    Ok(wide)
}

/// Columns in the making.
struct Making<'m, 'a> {
    evaluation: &'m Evaluation<'m>,
    source: &'m SeriesSource<'a>,
    stages: &'m [Stage],
}

/// What is known of the order in which threads hand on.
struct Turn<'s, 'k> {
    next: usize,
    sink: &'s mut Sink<'k>,
    error: Option<QueryError>,
}

/// Points and samples below which a second thread is not worth its start.
const N_UNITS_FOR_THREADS: u64 = 200_000;
/// Points that a thread makes at a time.
const N_POINTS_AT_ONCE: usize = 32 << 10;

impl Making<'_, '_> {
    fn run(&self, sink: &mut Sink<'_>) -> Result<(), QueryError> {
        let n_threads = self.n_threads();
        if n_threads > 1 {
            return self.run_on(n_threads, sink);
        }
        let mut worker = self.evaluation.worker()?;
        let mut reader = self.source.set.reader();
        let mut result = Ok(());
        for series in 0..self.source.set.len() {
            result = match self.column(&mut worker, &mut *reader, series) {
                Ok(Some(column)) => sink(column),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if result.is_err() {
                break;
            }
        }
        self.evaluation.absorb(worker);
        result
    }

    fn column(
        &self,
        worker: &mut Worker<'_>,
        reader: &mut dyn SeriesReader,
        series: usize,
    ) -> Result<Option<Column>, QueryError> {
        let SeriesSource { set, selection, grid, kind } = self.source;
        let labels = set.labels(series);
        worker.ticker.tick(1)?;
        let column = match kind {
            SeriesKind::Newest(wanted) => {
                let mut column = select(worker, reader, series, labels, selection, *grid, *wanted)?;
                if matches!(wanted, Wanted::Time(_)) {
                    worker.drop_metadata(&mut column);
                }
                column
            }
            SeriesKind::Smoothed => smoothed(worker, reader, series, labels, selection, *grid)?,
            SeriesKind::Window(call) => {
                reader.seek(series, selection.hints.start_ms);
                let (mut tile, mut n_read) = (std::mem::take(&mut worker.tile), 0);
                let mut source = TileSource { reader, tile: &mut tile, n_read: &mut n_read };
                let named = Named { labels: &labels, drop_name: false };
                let column = call.evaluate(worker, &mut source, named, *grid);
                worker.tile = tile;
                worker.counts.n_read += n_read;
                column?
            }
        };
        through(self.stages, worker, column)
    }

    fn n_threads(&self) -> usize {
        let SeriesSource { set, selection, grid, .. } = self.source;
        // Nobody knows how many samples there are; every 15 s is usual.
        let span_ms = selection.hints.end_ms.saturating_sub(selection.hints.start_ms).max(0) as u64;
        let n_units_each = (grid.n_steps as u64).saturating_add(span_ms / 15_000).saturating_add(20);
        if n_units_each.saturating_mul(set.len() as u64) < N_UNITS_FOR_THREADS {
            return 1;
        }
        self.evaluation.n_threads().min(set.len())
    }

    fn run_on(&self, n_threads: usize, sink: &mut Sink<'_>) -> Result<(), QueryError> {
        let line = Line {
            n_series: self.source.set.len(),
            n_at_once: (N_POINTS_AT_ONCE / self.source.grid.n_steps.max(1)).clamp(1, 256),
            next_chunk: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            turn: Mutex::new(Turn { next: 0, sink, error: None }),
            changed: Condvar::new(),
        };
        std::thread::scope(|scope| {
            for _ in 1..n_threads {
                scope.spawn(|| self.work(&line));
            }
            self.work(&line);
        });
        let turn = line.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
        turn.error.map_or(Ok(()), Err)
    }

    /// Makes columns of one run of series after the other, until there are no more.
    fn work(&self, line: &Line<'_, '_>) {
        let mut worker = match self.evaluation.worker() {
            Ok(worker) => worker,
            Err(error) => return line.end(Some(error)),
        };
        // A panic here must not leave the others waiting for their turn.
        let mut guard = EndOnPanic { line, is_armed: true };
        let mut reader = self.source.set.reader();
        while let Some(chunk) = line.take_chunk() {
            let mut columns = Vec::new();
            let made = line.series_of(chunk).try_for_each(|series| {
                columns.extend(self.column(&mut worker, &mut *reader, series)?);
                Ok(())
            });
            line.hand_on(chunk, columns, made);
        }
        guard.is_armed = false;
        self.evaluation.absorb(worker);
    }
}

/// Threads that wait for their turn to hand columns on.
struct Line<'s, 'k> {
    n_series: usize,
    n_at_once: usize,
    next_chunk: AtomicUsize,
    is_over: AtomicBool,
    turn: Mutex<Turn<'s, 'k>>,
    changed: Condvar,
}

impl<'s, 'k> Line<'s, 'k> {
    fn take_chunk(&self) -> Option<usize> {
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        let chunk = self.next_chunk.fetch_add(1, Ordering::Relaxed);
        if chunk.saturating_mul(self.n_at_once) < self.n_series { Some(chunk) } else { None }
    }

    fn series_of(&self, chunk: usize) -> std::ops::Range<usize> {
        let first = chunk * self.n_at_once;
        first..(first + self.n_at_once).min(self.n_series)
    }

    /// Waits until all chunks before are handed on, and hands this one on.
    fn hand_on(&self, chunk: usize, columns: Vec<Column>, made: Result<(), QueryError>) {
        let mut turn = self.lock();
        while turn.next != chunk && turn.error.is_none() {
            turn = self.changed.wait(turn).unwrap_or_else(PoisonError::into_inner);
        }
        if turn.error.is_none() {
            let handed = columns.into_iter().try_for_each(|column| (turn.sink)(column)).and(made);
            if let Err(error) = handed {
                turn.error = Some(error);
                self.is_over.store(true, Ordering::Relaxed);
            }
            turn.next += 1;
        }
        drop(turn);
        self.changed.notify_all();
    }

    /// Ends the work of all threads.
    fn end(&self, error: Option<QueryError>) {
        self.is_over.store(true, Ordering::Relaxed);
        let mut turn = self.lock();
        turn.error = turn.error.take().or(error);
        drop(turn);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Turn<'s, 'k>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the threads that wait where the one that holds this panics.
struct EndOnPanic<'l, 's, 'k> {
    line: &'l Line<'s, 'k>,
    is_armed: bool,
}

impl Drop for EndOnPanic<'_, '_, '_> {
    fn drop(&mut self) {
        if self.is_armed {
            let message = "query evaluation panicked".to_owned();
            self.line.end(Some(QueryError::Execution(message)));
        }
    }
}
