//! From a question to its answer.

use std::collections::BTreeMap;

use query::Cancel;

use super::candidate::Candidate;
use super::ladder::ladder;
use super::periods::periods;
use super::replay::Replay;
use super::ticks::{Grid, Ticks, Windows};
use super::{AlertAnswer, Answer, CurrentAnswer, Lint, MAX_TICKS, PeriodAnswer, Question, Step, TrialError};
use crate::budget::{Amount, Evaluation, KeptSlices, Moment, Status, Versions, share_of};
use crate::history::{Counts, History};
use crate::spec::{Budgeting, Catalog, CompositionMethod, Indicator, Objective};
use crate::window::{Span, duration_text};

/// So far back is looked where nobody says how far, in milliseconds; less far where ticks are so near to one another that they
/// would be too many.
const DEFAULT_REACH_MS: i64 = 90 * 86_400_000;
/// No composite lies deeper in another.
const MAX_DEPTH: usize = 8;
/// A series has so many steps at most.
const MAX_STEPS: i64 = 300;

/// What is in force.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) versions: &'a BTreeMap<String, Versions>,
    pub(crate) history: &'a dyn History,
    /// How far ticks are apart, in milliseconds.
    pub(crate) interval_ms: i64,
    pub(crate) now_ms: i64,
}

/// Tries an objective.
///
/// # Errors
/// See [`TrialError`].
pub(crate) fn answered(ground: &Ground<'_>, question: &Question, cancel: &Cancel) -> Result<Answer, TrialError> {
    let candidate = Candidate::of(question, ground.catalog)?;
    let Some(objective) = candidate.objective() else { return Err(TrialError::Empty) };
    let counted_back = match candidate.is_new {
        true => Some(ground.history.rehearsed(&candidate.catalog, &candidate.id, cancel).map_err(TrialError::Counting)),
        false => None,
    };
    if cancel.is_canceled() {
        return Err(TrialError::Canceled);
    }
    let counted_back = counted_back.transpose()?;
    let history = counted_back.as_deref().unwrap_or(ground.history);
    let (slices, always) = (KeptSlices::default(), BTreeMap::new());
    let evaluation = Evaluation { catalog: &candidate.catalog, history, versions: &always, slices: &slices };
    let time = time(question, ground, evaluation.objective_began_ms(objective), objective)?;
    let versions = Versions::always(objective.target, &objective.percent);
    let trial = Trial::new(evaluation, objective, time, ground.interval_ms)?;
    let replay = Replay::new(objective, &versions).run(trial.windows(), cancel);
    let status = evaluation.status(objective, Some(time.to_ms), time.to_ms);
    let counts = evaluation.objective_counts(objective, time);
    let periods = trial.periods();
    let suggestions = ladder(objective, trial.windows(), &periods, cancel);
    let current = current(ground, &objective.id, time, cancel)?;
    if cancel.is_canceled() {
        return Err(TrialError::Canceled);
    }
    let mut lints = candidate.lints.clone();
    lints.extend((counts.total <= 0.0).then(|| Lint {
        text: "nothing was counted: no series match, or they have not grown".to_owned(),
        place: String::new(),
    }));
    Ok(Answer {
        id: objective.id.clone(),
        title: objective.title.clone(),
        objective: objective.percent.clone(),
        window: objective.window.length_text(),
        unit: status.unit,
        evaluation: evaluation_word(&status),
        start: Moment(time.from_ms),
        end: Moment(time.to_ms),
        coverage: counts.coverage(),
        good: Amount(counts.good()),
        bad: Amount(counts.bad),
        total: Amount(counts.total),
        sli: sli(counts),
        budget: status.budget,
        series: trial.series(),
        suggestions,
        periods,
        alerts: trial.alerts(&replay),
        n_alerts_left_out: replay.n_left_out,
        pages: replay.n_pages,
        tickets: replay.n_tickets,
        current,
        lints,
        yaml: candidate.yaml.clone(),
    })
}

/// The time that is looked at. Before there were events there is nothing to be seen.
fn time(
    question: &Question,
    ground: &Ground<'_>,
    began_ms: Option<i64>,
    objective: &Objective,
) -> Result<Span, TrialError> {
    // Nothing is stored from before 1970.
    let to_ms = question.end_ms.unwrap_or(ground.now_ms).min(ground.now_ms).max(0);
    if question.start_ms.is_some_and(|start_ms| start_ms > to_ms) {
        return Err(TrialError::Times);
    }
    let interval_ms = ground.interval_ms.max(1);
    let default_ms = to_ms.saturating_sub(DEFAULT_REACH_MS.min(MAX_TICKS / 2 * interval_ms));
    let reach_ms = match began_ms {
        Some(began_ms) => before_first(began_ms, interval_ms),
        None => to_ms.saturating_sub(objective.window.nominal_ms()).max(default_ms),
    };
    let from_ms = question.start_ms.unwrap_or(default_ms).max(reach_ms).min(to_ms);
    Ok(Span { from_ms, to_ms })
}

/// The last edge of ticks ahead of the first event.
pub(super) fn before_first(began_ms: i64, interval_ms: i64) -> i64 {
    (began_ms - 1).div_euclid(interval_ms) * interval_ms
}

/// The objective in force of this id over the same time.
fn current(ground: &Ground<'_>, id: &str, time: Span, cancel: &Cancel) -> Result<Option<CurrentAnswer>, TrialError> {
    let Some(objective) = ground.catalog.objectives.get(id) else { return Ok(None) };
    let slices = KeptSlices::default();
    let Ground { catalog, versions, history, .. } = *ground;
    let evaluation = Evaluation { catalog, history, versions, slices: &slices };
    let always = Versions::always(objective.target, &objective.percent);
    let versions = versions.get(id).unwrap_or(&always);
    let trial = Trial::new(evaluation, objective, time, ground.interval_ms)?;
    let replay = Replay::new(objective, versions).run(trial.windows(), cancel);
    let status = evaluation.status(objective, Some(time.to_ms), time.to_ms);
    Ok(Some(CurrentAnswer {
        objective: objective.percent.clone(),
        window: objective.window.length_text(),
        sli: sli(evaluation.objective_counts(objective, time)),
        remaining_ratio: status.budget.remaining_ratio,
        pages: replay.n_pages,
        tickets: replay.n_tickets,
    }))
}

/// An objective over a time.
pub(super) struct Trial<'a> {
    evaluation: Evaluation<'a>,
    objective: &'a Objective,
    time: Span,
    interval_ms: i64,
    ticks: Ticks,
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        evaluation: Evaluation<'a>,
        objective: &'a Objective,
        time: Span,
        interval_ms: i64,
    ) -> Result<Trial<'a>, TrialError> {
        let grid = Grid::of(objective, time, interval_ms)?;
        let ticks = Ticks::of(grid, &evaluation.objective_steps(objective, grid.span, grid.step_ms));
        Ok(Trial { evaluation, objective, time, interval_ms: interval_ms.max(1), ticks })
    }

    pub(super) fn windows(&self) -> Windows<'_> {
        let is_asked = !adds_up(self.evaluation.catalog, self.objective, 0);
        Windows { ticks: &self.ticks, asked: is_asked.then_some((self.evaluation, self.objective)) }
    }

    /// The time in steps, the last of which ends with it. Each has a slice at least, where slices are counted.
    fn series(&self) -> Vec<Step> {
        let length_ms = self.time.length_ms();
        let slice_ms = match self.objective.budgeting {
            Budgeting::Occurrences => 0,
            Budgeting::Timeslices { slice_ms, .. } | Budgeting::RatioTimeslices { slice_ms } => slice_ms,
        };
        let least_ms = self.interval_ms.max(slice_ms);
        let step_ms = (length_ms / MAX_STEPS / least_ms + 1) * least_ms;
        let n_steps = length_ms / step_ms;
        let ends: Vec<i64> = (0..n_steps).rev().map(|step| self.time.to_ms - step * step_ms).collect();
        let from_ms = self.time.to_ms - n_steps * step_ms;
        let counts = self.evaluation.objective_steps(self.objective, Span { from_ms, ..self.time }, step_ms);
        let points = self.evaluation.objective_points(self.objective, &ends);
        let step = |(counts, point): (&Counts, &crate::budget::Point)| Step {
            time: point.at,
            good: Amount(counts.good()),
            bad: Amount(counts.bad),
            total: Amount(counts.total),
            sli: sli(*counts),
            remaining_ratio: point.remaining_ratio,
        };
        counts.iter().zip(&points).map(step).collect()
    }

    /// The windows of the time in which anything was counted.
    fn periods(&self) -> Vec<PeriodAnswer> {
        let mut answers = Vec::new();
        for period in periods(&self.objective.window, self.time) {
            let counts = self.evaluation.objective_counts(self.objective, period.span);
            if counts.total <= 0.0 {
                continue;
            }
            answers.push(PeriodAnswer {
                start: Moment(period.span.from_ms),
                end: Moment(period.span.to_ms),
                whole: period.is_whole,
                good: Amount(counts.good()),
                bad: Amount(counts.bad),
                total: Amount(counts.total),
                sli: sli(counts),
                kept: counts.bad <= share_of(self.objective.target.rest(), counts.total),
            });
        }
        answers
    }

    pub(super) fn alerts(&self, replay: &Replay<'_>) -> Vec<AlertAnswer> {
        let fired: Vec<i64> = replay.fired.iter().map(|fired| fired.fired_ms).collect();
        let points = self.evaluation.objective_points(self.objective, &fired);
        let mut alerts = Vec::with_capacity(fired.len());
        for (fired, point) in replay.fired.iter().zip(&points) {
            let pair = &self.objective.burn.pairs[fired.pair];
            let ended_ms = fired.resolved_ms.unwrap_or(self.time.to_ms);
            let burn = Span { from_ms: fired.began_ms - self.ticks.step_ms(), to_ms: ended_ms };
            let spent = self.evaluation.objective_counts(self.objective, burn).bad;
            alerts.push(AlertAnswer {
                severity: fired.severity.as_str().to_owned(),
                long: duration_text(pair.long_ms),
                short: duration_text(pair.short_ms),
                factor: pair.factor,
                fired_at: Moment(fired.fired_ms),
                resolved_at: fired.resolved_ms.map(Moment),
                peak_burn: fired.peak_burn.is_finite().then_some(fired.peak_burn),
                detection_delay_seconds: (fired.fired_ms - fired.began_ms) as f64 / 1000.0,
                spent_ratio: (point.allowed.0 > 0.0).then(|| spent / point.allowed.0),
            });
        }
        alerts
    }
}

/// Whether what was counted in steps adds up to what was counted in a window: not where burn rates are taken together.
pub(super) fn adds_up(catalog: &Catalog, objective: &Objective, depth: usize) -> bool {
    let Indicator::Composite(composition) = &objective.indicator else { return true };
    let mut components =
        composition.components.iter().filter_map(|component| catalog.objectives.get(&component.objective));
    composition.method != CompositionMethod::WeightedBurn
        && depth < MAX_DEPTH
        && components.all(|component| adds_up(catalog, component, depth + 1))
}

fn sli(counts: Counts) -> Option<f64> {
    (counts.total > 0.0).then(|| counts.good() / counts.total)
}

fn evaluation_word(status: &Status) -> &'static str {
    match status.evaluation {
        "exact" => "counted",
        other => other,
    }
}
