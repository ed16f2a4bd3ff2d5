//! `info`: labels of info series are added to the series that they are about.
//!
//! An info series is about all series with the same `instance` and `job`. Of several info series with the same name and
//! the same two labels the one with the newest sample counts, which may be another at each step; so a series may become
//! several.

use model::labels::METRIC_NAME;
use model::{Labels, LabelsBuilder, MatchOp, Matcher};
use rustc_hash::{FxHashMap, FxHashSet};

use super::evaluation::{Evaluated, Evaluation};
use super::pipeline::Pipeline;
use super::select::{Wanted, select};
use crate::column::{Cell, Column, Presence, merged};
use crate::engine::{Held, QueryError};
use crate::plan::{Grid, Selection};

/// The labels by which an info series is found.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

/// Adds the labels of info series. The selection has the matchers of the call's second argument, and the times at which
/// info series are looked at.
pub(super) fn enrich<'a>(
    evaluation: &Evaluation<'a>,
    vector: Pipeline<'_>,
    selection: &Selection,
    grid: Grid,
) -> Result<Evaluated<'a>, QueryError> {
    let (base, n_counted) = evaluation.collected(vector)?;
    let (name_matchers, wanted): (Vec<Matcher>, Vec<Matcher>) =
        selection.matchers.iter().cloned().partition(|matcher| matcher.name() == METRIC_NAME);
    let name_matchers = effective_names(name_matchers);
    let is_info = |column: &Column| name_matchers.iter().all(|matcher| matcher.matches(column.metric_name()));
    let (infos, n_infos) = match identities(&base.iter().filter(|column| !is_info(column)).collect::<Vec<&Column>>()) {
        Some(identities) => {
            let matchers: Vec<Matcher> =
                identities.into_iter().chain(wanted.clone()).chain(name_matchers.clone()).collect();
            info_series(evaluation, &matchers, selection, grid)?
        }
        None => (Vec::new(), 0),
    };
    let mut live = Presence::none(grid.n_steps);
    base.iter().for_each(|column| live.or(&column.occupied()));
    let enriching =
        Enriching { evaluation, grid, wanted, winners: Winners::of(evaluation, &infos, &live, grid)?, infos };
    let mut columns = Vec::with_capacity(base.len());
    let mut ticker = evaluation.watch.ticker();
    for column in base {
        ticker.tick(1 + grid.n_steps)?;
        if is_info(&column) { columns.push(column) } else { enriching.enrich(column, &mut columns)? }
    }
    evaluation.forget_samples(n_counted + n_infos);
    evaluation.vector(merged(columns)?, grid)
}

/// What an info series must be called.
fn effective_names(mut matchers: Vec<Matcher>) -> Vec<Matcher> {
    if matchers.is_empty() {
        return vec![Matcher::equal(METRIC_NAME, "target_info")];
    }
    if matchers.iter().all(|matcher| matcher.op().is_negative()) {
        matchers.extend(Matcher::new(METRIC_NAME, MatchOp::Regex, ".+_info"));
    }
    matchers
}

/// Matchers for the identifying labels that any of the series has; `None` where there are none.
fn identities(columns: &[&Column]) -> Option<Vec<Matcher>> {
    let matchers = IDENTIFYING.iter().filter_map(|name| {
        let values: FxHashSet<&str> = columns.iter().filter_map(|column| column.labels.get(name)).collect();
        let pattern: Vec<String> = values.into_iter().map(quoted_pattern).collect();
        if pattern.is_empty() { None } else { Matcher::new(*name, MatchOp::Regex, pattern.join("|")).ok() }
    });
    Some(matchers.collect::<Vec<Matcher>>()).filter(|matchers| !matchers.is_empty())
}

/// A regular expression that matches a text and nothing else.
fn quoted_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Info series, sorted by labels: their values are the times of their samples, in milliseconds.
fn info_series(
    evaluation: &Evaluation<'_>,
    matchers: &[Matcher],
    selection: &Selection,
    grid: Grid,
) -> Result<(Vec<Column>, u64), QueryError> {
    let Some(set) = evaluation.select(matchers, &selection.hints, grid)? else { return Ok((Vec::new(), 0)) };
    let mut worker = evaluation.worker()?;
    let mut reader = set.reader();
    let (mut columns, mut n_counted) = (Vec::new(), 0);
    for series in 0..set.len() {
        let labels = set.labels(series);
        let column = select(&mut worker, &mut *reader, series, labels, selection, grid, Wanted::Millis)?;
        if !column.histograms.is_empty() {
            let message = format!("this should be an info metric, with float samples: {}", column.labels);
            return Err(QueryError::Execution(message));
        }
        let n_points = column.n_points() as u64;
        evaluation.count_samples(n_points)?;
        n_counted += n_points;
        columns.extend(Some(column).filter(|column| !column.is_empty()));
    }
    evaluation.absorb(worker);
    evaluation.note_storage_warnings(set.warnings());
    columns.sort_by(|one, other| one.labels.cmp(&other.labels));
    Ok((columns, n_counted))
}

/// What an info series and those that it is about have in common.
fn identity(labels: &Labels) -> [String; 2] {
    IDENTIFYING.map(|name| labels.get(name).unwrap_or_default().to_owned())
}

/// The info series that count at each step.
struct Winners {
    /// By the info metric's name.
    by_name: Vec<FxHashMap<[String; 2], Vec<Option<usize>>>>,
    _held: Held,
}

impl Winners {
    /// # Errors
    /// When two info series have samples of the same time, at a step at which there is something to enrich.
    fn of(evaluation: &Evaluation<'_>, infos: &[Column], live: &Presence, grid: Grid) -> Result<Winners, QueryError> {
        let mut held = evaluation.budget.hold(0)?;
        let mut names: FxHashMap<String, usize> = FxHashMap::default();
        let mut by_name: Vec<FxHashMap<[String; 2], Vec<Option<usize>>>> = Vec::new();
        let mut ticker = evaluation.watch.ticker();
        for (at, column) in infos.iter().enumerate() {
            ticker.tick(grid.n_steps)?;
            let name = *names.entry(column.metric_name().to_owned()).or_insert(by_name.len());
            if name == by_name.len() {
                by_name.push(FxHashMap::default());
            }
            held.grow(grid.n_steps.saturating_mul(size_of::<Option<usize>>()))?;
            let winners = by_name[name].entry(identity(&column.labels)).or_insert_with(|| vec![None; grid.n_steps]);
            let mut steps = column.present.clone();
            steps.and(live);
            for step in steps.iter() {
                winners[step] = Some(newer(infos, winners[step], at, step)?);
            }
        }
        Ok(Winners { by_name, _held: held })
    }
}

/// The info series with the newer sample at a step.
fn newer(infos: &[Column], before: Option<usize>, at: usize, step: usize) -> Result<usize, QueryError> {
    let Some(before) = before else { return Ok(at) };
    let (old, new) = (&infos[before], &infos[at]);
    let (old_ms, new_ms) = (old.floats[step], new.floats[step]);
    if old_ms == new_ms {
        return Err(QueryError::Execution(format!(
            "found duplicate series for info metric: existing {} @ {old_ms}, new {} @ {new_ms}",
            old.labels, new.labels
        )));
    }
    Ok(if old_ms > new_ms { before } else { at })
}

struct Enriching<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    grid: Grid,
    /// Matchers of the labels that are wanted; all are where there are none.
    wanted: Vec<Matcher>,
    infos: Vec<Column>,
    winners: Winners,
}

impl Enriching<'_, '_> {
    /// Adds labels to a series, which becomes one for each combination of info series it meets.
    fn enrich(&self, mut column: Column, columns: &mut Vec<Column>) -> Result<(), QueryError> {
        let identity = identity(&column.labels);
        let found: Vec<&Vec<Option<usize>>> =
            self.winners.by_name.iter().filter_map(|winners| winners.get(&identity)).collect();
        let mut by_winners: FxHashMap<Vec<usize>, Presence> = FxHashMap::default();
        let mut order: Vec<Vec<usize>> = Vec::new();
        for step in column.occupied().iter() {
            let winners: Vec<usize> = found.iter().filter_map(|winners| winners[step]).collect();
            let steps = by_winners.entry(winners).or_insert_with_key(|winners| {
                order.push(winners.clone());
                Presence::none(self.grid.n_steps)
            });
            steps.set(step);
        }
        for winners in &order {
            let Some(labels) = self.labels(&column.labels, winners)? else { continue };
            if order.len() == 1 {
                column.relabel(labels)?;
                columns.push(column);
                return Ok(());
            }
            columns.push(self.part(&column, labels, &by_winners[winners])?);
        }
        Ok(())
    }

    /// A series with the labels of info series; `None` where none was found and one must be.
    fn labels(&self, base: &Labels, winners: &[usize]) -> Result<Option<Labels>, QueryError> {
        if winners.is_empty() && self.wanted.iter().any(|matcher| !matcher.matches_empty()) {
            return Ok(None);
        }
        let is_wanted = |name: &str| self.wanted.is_empty() || self.wanted.iter().any(|matcher| matcher.name() == name);
        let mut added = LabelsBuilder::new();
        for &at in winners {
            for (name, value) in
                self.infos[at].labels.iter().filter(|(name, _)| *name != METRIC_NAME && is_wanted(name))
            {
                let before = added.get(name);
                if !before.is_empty() && before != value {
                    return Err(QueryError::Execution(format!("conflicting label: {name}")));
                }
                if base.get(name).is_none() {
                    added.set(name, value);
                }
            }
        }
        let mut labels = base.to_builder();
        added.iter().for_each(|(name, value)| {
            labels.set(name, value);
        });
        Ok(Some(labels.build()))
    }

    /// Some steps of a series, with other labels.
    fn part(&self, column: &Column, labels: Labels, steps: &Presence) -> Result<Column, QueryError> {
        let mut part = Column::new(labels, self.grid.n_steps, &self.evaluation.budget)?;
        part.drop_name = column.drop_name;
        for step in steps.iter() {
            match column.cell(step) {
                Cell::Float(value) => part.set(step, value),
                Cell::Histogram(histogram) => part.push_histogram(step, histogram.clone()),
                Cell::None => {}
            }
        }
        Ok(part)
    }
}
