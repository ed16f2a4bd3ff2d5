//! `GET /api/v1/slos/suggestions`: what a metric could become an objective of.
//!
//! Parameters: `metric`, its name or that of a histogram without what its parts add; `match[]`, which of its series are meant;
//! `lang` (`en`, `zh-CN`), in which language drafts say what they are and why.
//! It takes one of the places of queries, and asks several.

use std::sync::Arc;

use model::labels::METRIC_NAME;
use model::sample::Value as SampleValue;
use model::storage::{SelectHints, SeriesSet};
use model::{MatchOp, Matcher};
use net::form::Form;
use net::server::{Request, Response};
use query::syntax::parse_selector;
use query::{Cancel, QueryOptions, Value};
use slo::draft::{MAX_SERIES, Metric, Stored, drafts};
use slo::report::Language;

use super::listing::storage_error;
use super::query::{api_error, in_turn};
use super::{form_of, spoken, strict};
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::state::Parts;
use crate::web::Shared;

/// The time that is looked at, in milliseconds: drafts look at the last day, too.
const LATELY_MS: i64 = 86_400_000;

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let metric = match strict(&form).and_then(|()| asked(&form)) {
        Ok(metric) => metric,
        Err(error) => return error.respond(),
    };
    let now_ms = shared.settings.clock.now_ms();
    in_turn(shared, &request, move |cancel| suggested(&parts, metric, now_ms, cancel)).await
}

/// The metric that is asked for, of which nothing but the name is known.
fn asked(form: &Form) -> Result<Metric, ApiError> {
    let name = form.get("metric");
    if name.is_empty() {
        return Err(ApiError::parameter("metric", "the name of a metric is needed"));
    }
    let mut matchers: Vec<Matcher> = Vec::new();
    for text in form.all("match[]").filter(|text| !text.is_empty()) {
        matchers.extend(parse_selector(text).map_err(|error| ApiError::parameter("match[]", error))?);
    }
    if matchers.iter().any(|matcher| matcher.name() == METRIC_NAME && !matcher.matches(name)) {
        return Err(ApiError::parameter("match[]", "it selects series of another name"));
    }
    matchers.retain(|matcher| matcher.name() != METRIC_NAME);
    let mut metric = Metric::new(name, matchers);
    metric.language = spoken(form.get("lang"), Language::English)?;
    Ok(metric)
}

fn suggested(parts: &Parts, mut metric: Metric, now_ms: i64, cancel: &Cancel) -> ApiResult {
    let options = QueryOptions { cancel: cancel.clone(), ..QueryOptions::default() };
    let mut past = Past { parts, now_ms, options, failure: None };
    past.tell_kind(&mut metric);
    let name = metric.name.clone();
    past.note_series(&mut metric, &name)?;
    if metric.n_series == 0 {
        // Of a histogram whose name is asked for the parts are stored.
        past.note_series(&mut metric, &format!("{name}_bucket"))?;
        if metric.n_series > 0 {
            "histogram".clone_into(&mut metric.told_kind);
        }
    }
    let found = drafts(metric, &mut past);
    // What came of half of the answers is not told.
    match past.failure {
        Some(failure) => Err(failure),
        None => Reply::serialized(&found),
    }
}

/// What is stored up to now.
struct Past<'a> {
    parts: &'a Parts,
    now_ms: i64,
    options: QueryOptions,
    /// Why something could not be asked, the first time.
    failure: Option<ApiError>,
}

impl Past<'_> {
    /// Notes what targets say of a metric.
    fn tell_kind(&self, metric: &mut Metric) {
        let pools = self.parts.targets.status();
        let mut targets = pools.iter().flat_map(|pool| &pool.active);
        let told = targets
            .find_map(|target| target.metadata.get(&metric.name).or_else(|| target.metadata.get(metric.family())));
        if let Some(told) = told {
            told.metric_type.as_str().clone_into(&mut metric.told_kind);
            metric.help = told.help;
        }
    }

    /// Notes the series of a name that a metric means.
    fn note_series(&self, metric: &mut Metric, name: &str) -> Result<(), ApiError> {
        let found = self.series(name, &metric.matchers, MAX_SERIES + 1)?;
        if found.len() > MAX_SERIES {
            let more = "choose some of them with match[]";
            let error = format_args!("{name} has more series than limit draft_series, {MAX_SERIES}: {more}");
            return Err(ApiError::new(ErrorType::Execution, error));
        }
        (0..found.len()).for_each(|series| metric.note(&found.labels(series)));
        Ok(())
    }

    fn series(&self, name: &str, matchers: &[Matcher], limit: usize) -> Result<Box<dyn SeriesSet>, ApiError> {
        let of_name = Matcher::new(METRIC_NAME, MatchOp::Equal, name).map_err(ApiError::bad_data)?;
        let matchers: Vec<Matcher> = std::iter::once(of_name).chain(matchers.iter().cloned()).collect();
        let (start_ms, end_ms) = (self.now_ms - LATELY_MS, self.now_ms);
        let hints = SelectHints { start_ms, end_ms, function: Some("series"), limit, ..SelectHints::default() };
        self.parts.select.select(&matchers, &hints).map_err(|error| storage_error(&error, ErrorType::Execution))
    }

    fn fail(&mut self, error: ApiError) {
        self.failure.get_or_insert(error);
    }
}

impl Stored for Past<'_> {
    fn number(&mut self, query: &str) -> Option<f64> {
        if self.failure.is_some() {
            return None;
        }
        let Parts { engine, select, .. } = self.parts;
        match engine.instant(&**select, query, self.now_ms, &self.options) {
            Ok(outcome) => single(&outcome.value),
            Err(error) => {
                self.fail(api_error(&error));
                None
            }
        }
    }

    fn has(&mut self, name: &str) -> bool {
        match self.series(name, &[], 1) {
            Ok(found) => !found.is_empty(),
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }
}

/// The only number of an answer.
fn single(value: &Value) -> Option<f64> {
    match value {
        Value::Scalar { value, .. } => Some(*value),
        Value::Vector(samples) => match &samples[..] {
            [sample] => match &sample.value {
                SampleValue::Float(value) => Some(*value),
                SampleValue::Histogram(_) => None,
            },
            _ => None,
        },
        Value::String { .. } | Value::Matrix(_) => None,
    }
}
