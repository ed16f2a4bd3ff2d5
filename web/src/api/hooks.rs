//! `/api/v1/hooks/…`: webhooks of GitLab and Jenkins. They show a secret, which is compared in constant time, and are taken once.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::{HeaderName, StatusCode, header};
use net::Secret;
use net::server::{Request, Response, produce};
use serde_json::json;
use slo::deployment::Report;
use slo::gate::Gates;
use slo::hook::{self, Hints, HookError};

use super::deployments::deployment_json;
use super::gates::refused;
use super::respond;
use crate::reply::{ApiError, ApiResult, ErrorType, Reply};
use crate::route::HookSource;
use crate::state::Parts;
use crate::web::Shared;

/// The limit `hook_body`: bytes of a body. GitLab sends whole pipelines.
pub(crate) const MAX_BODY: usize = 1 << 20;

const GITLAB_TOKEN: HeaderName = HeaderName::from_static("x-gitlab-token");
const GITLAB_EVENT: HeaderName = HeaderName::from_static("x-gitlab-event-uuid");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const JENKINS_TOKEN: HeaderName = HeaderName::from_static("x-jenkins-token");

/// Reads what a webhook reports.
type Reader = fn(&[u8], &Hints) -> Result<Vec<Report>, HookError>;

/// Takes a webhook.
pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, source: HookSource, mut request: Request) -> Response {
    if let Some(refusal) = refuse(shared, source, &request) {
        return refusal;
    }
    let (encoding, query) = (request.accepted_encoding(), request.query());
    let id = id_of(source, &request);
    let body = match request.body(MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return Response::error(error.status(), error),
    };
    produce(encoding, move || {
        let (label, read): (&str, Reader) = match source {
            HookSource::Gitlab => ("gitlab", hook::gitlab),
            HookSource::Jenkins => ("jenkins", hook::jenkins),
        };
        let mut hints = Hints::of(&parts.gates.catalog(), label);
        query.get("service").clone_into(&mut hints.service);
        query.get("environment").clone_into(&mut hints.environment);
        respond(
            read(&body, &hints).map_err(ApiError::bad_data).and_then(|reports| take(&parts.gates, label, &id, reports)),
        )
    })
    .await
}

/// Refuses whoever does not show the secret.
fn refuse(shared: &Shared, source: HookSource, request: &Request) -> Option<Response> {
    let snapshot = shared.snapshot.load();
    let (name, secret) = match source {
        HookSource::Gitlab => ("gitlab", &snapshot.hooks.gitlab),
        HookSource::Jenkins => ("jenkins", &snapshot.hooks.jenkins),
    };
    let Some(secret) = secret else {
        let message = format!("webhooks of {name} are not taken: narthex.hooks.{name} has no secret");
        return Some(ApiError::new(ErrorType::NotFound, message).respond());
    };
    if is_same(secret, &shown(source, request)) {
        return None;
    }
    Some(Response::error(StatusCode::UNAUTHORIZED, "the webhook does not show the secret"))
}

fn shown(source: HookSource, request: &Request) -> String {
    match source {
        HookSource::Gitlab => request.header(&GITLAB_TOKEN).to_owned(),
        HookSource::Jenkins => {
            let bearer = request.header(&header::AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
            let query = request.query();
            let texts = [bearer, request.header(&JENKINS_TOKEN), query.get("token")];
            texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned()
        }
    }
}

/// Whether a text is the secret. Hashes of both are compared, so that not even the length takes time that tells.
fn is_same(secret: &Secret, text: &str) -> bool {
    let (secret, text) = (digest(&SHA256, secret.expose().as_bytes()), digest(&SHA256, text.as_bytes()));
    verify_slices_are_equal(secret.as_ref(), text.as_ref()).is_ok()
}

/// By what a webhook is known again when it is sent once more; empty where there is nothing.
fn id_of(source: HookSource, request: &Request) -> String {
    let event = if source == HookSource::Gitlab { request.header(&GITLAB_EVENT) } else { "" };
    let id = if event.is_empty() { request.header(&IDEMPOTENCY_KEY) } else { event };
    id.chars().take(128).collect()
}

fn take(gates: &Gates, source: &str, id: &str, reports: Vec<Report>) -> ApiResult {
    let taken = gates.report_hook(source, id, reports).map_err(refused)?;
    let is_replay = taken.is_none();
    let deployments: Vec<_> = taken.unwrap_or_default().iter().map(deployment_json).collect();
    let told = json!({ "replayed": is_replay, "deployments": deployments }).to_string();
    Reply::data(move |json| json.raw(&told))
}
