//! What pictures beside alerts show: the engine's answers, under its limits, and what was left of error budgets.

use std::sync::Arc;
use std::time::Duration;

use alerting::Alert;
use alerting::delivery::{PictureQuery, PictureSeries, SeriesFuture, SeriesSource};
use chart::Chart;
use model::name::quoted;
use model::storage::Select;
use parking_lot::{Condvar, Mutex};
use query::{Engine, QueryOptions, Series, Value};
use slo::budget::Budgets;
use slo::spec::BurnPair;
use slo::window::duration_text;

/// A picture is not worth a longer wait than this.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the engine, and budgets as soon as they are there: what was on its way at a kill is sent before they are.
#[derive(Debug)]
pub(super) struct EngineSeries {
    engine: Arc<Engine>,
    select: Arc<dyn Select>,
    budgets: Mutex<Option<Arc<Budgets>>>,
    are_there: Condvar,
}

impl EngineSeries {
    pub(super) fn new(engine: Arc<Engine>, select: Arc<dyn Select>) -> EngineSeries {
        EngineSeries { engine, select, budgets: Mutex::default(), are_there: Condvar::new() }
    }

    /// From now on alerts of budgets have pictures.
    pub(super) fn set_budgets(&self, budgets: Arc<Budgets>) {
        *self.budgets.lock() = Some(budgets);
        self.are_there.notify_all();
    }

    /// Waits until there are budgets, but not for ever.
    fn budgets(&self) -> Option<Arc<Budgets>> {
        let mut budgets = self.budgets.lock();
        if budgets.is_none() {
            self.are_there.wait_for(&mut budgets, TIMEOUT);
        }
        budgets.clone()
    }
}

impl SeriesSource for EngineSeries {
    fn series(&self, query: PictureQuery) -> SeriesFuture {
        let (engine, select) = (Arc::clone(&self.engine), Arc::clone(&self.select));
        Box::pin(async move {
            let answered = tokio::task::spawn_blocking(move || answer(&engine, &*select, &query)).await;
            answered.map_err(|error| error.to_string())?
        })
    }

    fn burn_expr(&self, alert: &Alert) -> Option<String> {
        let label = |name| alert.labels.get(name);
        let (id, long, short) = (label("slo")?, label("long")?, label("short")?);
        let catalog = self.budgets()?.catalog();
        let pairs = &catalog.objectives.get(id)?.burn.pairs;
        let is_told = |pair: &&BurnPair| duration_text(pair.long_ms) == long && duration_text(pair.short_ms) == short;
        let factor = pairs.iter().find(is_told)?.factor;
        Some(format!("slo_burn_rate{{slo={},window=~\"{long}|{short}\"}} > {factor}", quoted(id)))
    }

    fn budget(&self, alert: &Alert, at_ms: i64) -> Option<Chart> {
        self.budgets()?.picture(alert.labels.get("slo")?, at_ms)
    }
}

fn answer(engine: &Engine, select: &dyn Select, query: &PictureQuery) -> Result<Vec<PictureSeries>, String> {
    let n_after_first = i64::try_from(query.n_steps).unwrap_or(i64::MAX).saturating_sub(1);
    let to_ms = query.from_ms.saturating_add(query.step_ms.saturating_mul(n_after_first));
    let options = QueryOptions { timeout: Some(TIMEOUT), ..QueryOptions::default() };
    let outcome = engine.range(select, &query.expr, (query.from_ms, to_ms), query.step_ms, &options);
    match outcome.map_err(|error| error.to_string())?.value {
        Value::Matrix(series) => Ok(series.iter().map(|series| on_grid(series, query)).collect()),
        Value::Scalar { .. } | Value::String { .. } | Value::Vector(_) => Ok(Vec::new()),
    }
}

/// A value for each step, or none.
fn on_grid(series: &Series, query: &PictureQuery) -> PictureSeries {
    let mut values = vec![None; query.n_steps];
    for &(at_ms, value) in &series.floats {
        let step = usize::try_from((at_ms - query.from_ms) / query.step_ms);
        if let Some(place) = step.ok().and_then(|step| values.get_mut(step)) {
            *place = Some(value);
        }
    }
    PictureSeries { labels: series.labels.clone(), values }
}
