//! `POST /api/v1/backtests`: when would a rule have fired?
//!
//! Parameters: `rule`, an alerting rule in YAML as it stands in a rule file; `start`, `end` and `step` as for a range query; `limit`
//! and `query_offset` of its group, which are none and that of the configuration where they are left out. A
//! back-test takes one of the places of queries, and is stopped when nobody waits for its answer any more.

use std::sync::Arc;
use std::time::Duration;

use alerting::backtest::{BackTestError, GroupSetting, History, LEFT_OUT, Report, Setting, Times, run};
use alerting::rules::RuleConfig;
use model::duration::PromDuration;
use model::yaml::{Document, Problem};
use net::form::Form;
use net::server::{Request, Response};
use query::QueryOptions;

use super::form_of;
use super::metadata::optional_number;
use super::query::{api_error, in_turn};
use crate::json::Json;
use crate::params::{self, required_time};
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;
use crate::web::Shared;

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let asked = match asked(&form, shared.snapshot.load().rule_query_offset_ms) {
        Ok(asked) => asked,
        Err(error) => return error.respond(),
    };
    let here = Arc::clone(shared);
    in_turn(shared, &request, move |cancel| {
        let options = QueryOptions { cancel: cancel.clone(), ..QueryOptions::default() };
        tested(&here, &parts, &asked, options)
    })
    .await
}

/// What is asked.
struct Asked {
    rule: RuleConfig,
    times: Times,
    group: GroupSetting,
}

fn asked(form: &Form, default_offset_ms: i64) -> Result<Asked, ApiError> {
    let in_words = |problems: &[Problem]| {
        let texts: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        ApiError::parameter("rule", texts.join("; "))
    };
    let document = Document::parse(form.get("rule")).map_err(|problem| in_words(&[problem]))?;
    let rule = match document.read::<RuleConfig>() {
        (rule, problems) if problems.is_empty() => rule.unwrap_or_default(),
        (_, problems) => return Err(in_words(&problems)),
    };
    let step_nanos = params::duration(form.get("step")).map_err(|error| ApiError::parameter("step", error))?;
    let (start_ms, end_ms) = (required_time(form, "start")?, required_time(form, "end")?);
    let group = GroupSetting {
        limit: optional_number(form, "limit")?.unwrap_or(0),
        query_offset_ms: match form.get("query_offset") {
            "" => default_offset_ms,
            text => {
                text.parse().map(PromDuration::as_millis).map_err(|error| ApiError::parameter("query_offset", error))?
            }
        },
    };
    Ok(Asked { rule, times: Times { start_ms, end_ms, step_ms: step_nanos / 1_000_000 }, group })
}

fn tested(shared: &Shared, parts: &Parts, asked: &Asked, options: QueryOptions) -> ApiResult {
    let clock = &shared.settings.clock;
    let began = clock.elapsed();
    let snapshot = shared.snapshot.load();
    let external_url = shared.settings.external_url.to_string();
    let setting = Setting {
        engine: &parts.engine,
        select: &*parts.select,
        options,
        external_labels: &snapshot.external_labels,
        external_url: external_url.trim_end_matches('/'),
        routes: &parts.notifications.loaded().tree,
        group: asked.group,
    };
    match run(&asked.rule, asked.times, &setting, &mut |_, _| {}) {
        Ok(report) => reply(report, clock.elapsed().saturating_sub(began)),
        Err(BackTestError::Query(error)) => Err(api_error(&error)),
        Err(error) => Err(ApiError::bad_data(error)),
    }
}

fn reply(report: Report, took: Duration) -> ApiResult {
    Reply::data(move |json| {
        json.raw("{\"instances\":");
        json.list(&report.instances, write_history);
        for (key, number) in [
            ("n_firing", report.n_firing),
            ("n_notifications", report.n_notifications),
            ("n_steps", report.n_steps),
            ("n_failed", report.n_failed),
        ] {
            json.raw(",");
            json.key(key);
            json.integer(i64::try_from(number).unwrap_or(i64::MAX));
        }
        json.raw(",\"first_failure\":");
        match &report.first_failure {
            Some(failure) => json.string(failure),
            None => json.raw("null"),
        }
        json.raw(",\"left_out\":");
        json.list(LEFT_OUT, Json::string);
        json.raw(",\"took\":");
        json.number(took.as_secs_f64());
        json.raw("}");
    })
}

fn write_history(json: &mut Json<'_>, history: &History) {
    json.raw("{\"labels\":");
    json.labels(&history.labels);
    json.raw(",\"intervals\":");
    json.list(&history.intervals, |json, interval| {
        json.raw("{\"state\":");
        json.string(interval.state.as_str());
        json.raw(",\"start\":");
        json.string(&format_rfc3339(interval.start_ms));
        json.raw(",\"end\":");
        json.string(&format_rfc3339(interval.end_ms));
        json.raw("}");
    });
    json.raw("}");
}
