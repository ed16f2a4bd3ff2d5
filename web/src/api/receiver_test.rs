//! `POST /api/v1/receivers/{name}/test`: sends a test through every integration of a receiver, and says what became of each.

use std::sync::Arc;

use alerting::Attempt;
use alerting::delivery::{Trial, try_receiver};
use http::StatusCode;
use net::percent::{self, Place};
use net::server::Response;

use crate::json::Json;
use crate::reply::{ApiError, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;
use crate::web::Shared;

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, name: &str) -> Response {
    let Ok(name) = percent::decode(name, Place::Path) else {
        return ApiError::bad_data("the receiver's name is not UTF-8").respond();
    };
    let loaded = parts.notifications.loaded();
    let clock = &*shared.settings.clock;
    let external_url = shared.settings.external_url.to_string();
    let Some(trials) = try_receiver(&name, &loaded, &*parts.delivery, clock, &external_url).await else {
        return unknown(&name);
    };
    match Reply::data(move |json| json.list(&trials, write_trial)) {
        Ok(reply) => reply.respond(),
        Err(error) => error.respond(),
    }
}

fn unknown(name: &str) -> Response {
    let error = format!("no receiver is called {name:?} in alertmanager.yml");
    let body = serde_json::json!({ "status": "error", "errorType": "not_found", "error": error }).to_string();
    Response::with_body(StatusCode::NOT_FOUND, "application/json", body)
}

fn write_trial(json: &mut Json<'_>, trial: &Trial) {
    json.raw("{\"integration\":");
    json.string(&trial.integration.to_string());
    json.raw(",\"delivered\":");
    json.raw(if trial.is_delivered() { "true" } else { "false" });
    json.raw(",\"attempts\":");
    json.list(&trial.attempts, write_attempt);
    json.raw(",\"error\":");
    text_or_null(json, trial.error());
    json.raw(",\"advice\":");
    text_or_null(json, trial.advice());
    json.raw("}");
}

fn write_attempt(json: &mut Json<'_>, attempt: &Attempt) {
    json.raw("{\"at\":");
    json.string(&format_rfc3339(attempt.at_ms));
    json.raw(",\"took\":");
    json.number(attempt.took.as_secs_f64());
    json.raw(",\"error\":");
    text_or_null(json, attempt.error.as_deref());
    json.raw(",\"body\":");
    json.string(&attempt.body);
    json.raw("}");
}

fn text_or_null(json: &mut Json<'_>, text: Option<&str>) {
    match text {
        Some(text) => json.string(text),
        None => json.raw("null"),
    }
}
