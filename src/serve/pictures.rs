//! The series of pictures beside alerts: the engine's answers, under its limits.

use std::sync::Arc;
use std::time::Duration;

use alerting::delivery::{PictureQuery, PictureSeries, SeriesFuture, SeriesSource};
use model::storage::Select;
use query::{Engine, QueryOptions, Series, Value};

/// A picture is not worth a longer wait than this.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the engine.
#[derive(Debug)]
pub(super) struct EngineSeries {
    pub(super) engine: Arc<Engine>,
    pub(super) select: Arc<dyn Select>,
}

impl SeriesSource for EngineSeries {
    fn series(&self, query: PictureQuery) -> SeriesFuture {
        let (engine, select) = (Arc::clone(&self.engine), Arc::clone(&self.select));
        Box::pin(async move {
            let answered = tokio::task::spawn_blocking(move || answer(&engine, &*select, &query)).await;
            answered.map_err(|error| error.to_string())?
        })
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
