//! `/api/v1/deployments`: what went out, reported by pipelines, and asked for.

use std::sync::Arc;

use http::Method;
use net::form::Form;
use net::server::{Caller, Request, Response, produce};
use serde::Deserialize;
use serde_json::{Value, json};
use slo::deployment::{Deployment, DeploymentFilter, DeploymentState, Report, Source};
use slo::gate::Gates;

use super::gates::{read, refused};
use super::respond;
use crate::access;
use crate::params;
use crate::reply::{ApiError, ApiResult, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;
use crate::web::Shared;

/// The limit `deployment_body`: bytes of a body.
pub(crate) const MAX_BODY: usize = 64 << 10;
/// Entries in an answer where nothing is said, and at most.
const LIMITS: (usize, usize) = (100, 1000);

/// The body of a report.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Reported {
    service: String,
    version: String,
    environment: String,
    change: String,
    state: String,
    started_at: String,
    ended_at: String,
    committed_at: String,
    url: String,
    actor: String,
    run: String,
}

/// Takes a report, or lists what is known.
pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let encoding = request.accepted_encoding();
    if request.method() == Method::GET {
        let query = request.query();
        return produce(encoding, move || respond(listed(&parts.gates, &query))).await;
    }
    let body = match request.body(MAX_BODY).await {
        Ok(body) => body,
        Err(error) => return Response::error(error.status(), error),
    };
    let (shared, caller) = (Arc::clone(shared), request.caller().clone());
    produce(encoding, move || respond(report(&shared, &parts.gates, &caller, &body))).await
}

fn report(shared: &Shared, gates: &Gates, caller: &Caller, body: &[u8]) -> ApiResult {
    let reported: Reported = read(body)?;
    let time = |name: &str, text: &str| match text {
        "" => Ok(None),
        text => params::time(text).map(Some).map_err(|error| ApiError::parameter(name, error)),
    };
    let by = access::caller_name(caller);
    let report = Report {
        started_ms: time("started_at", &reported.started_at)?,
        ended_ms: time("ended_at", &reported.ended_at)?,
        committed_ms: time("committed_at", &reported.committed_at)?,
        state: state(&reported.state)?,
        service: reported.service,
        version: reported.version,
        environment: reported.environment,
        change: reported.change,
        url: reported.url,
        actor: if reported.actor.is_empty() { by.to_owned() } else { reported.actor },
        run: reported.run,
        source: Source::Api,
    };
    access::refuse_product(shared, caller, gates.product_of(&report.service).as_deref())?;
    let (deployment, _) = gates.report(report).map_err(refused)?;
    Reply::data(move |json| json.raw(&deployment_json(&deployment).to_string()))
}

fn state(text: &str) -> Result<DeploymentState, ApiError> {
    let known = DeploymentState::ALL.into_iter().find(|state| state.as_str() == text);
    known.ok_or_else(|| ApiError::parameter("state", "one of started, succeeded, failed, rolled_back"))
}

fn listed(gates: &Gates, query: &Form) -> ApiResult {
    super::strict(query)?;
    let text = |name: &str| Some(query.get(name).to_owned()).filter(|text| !text.is_empty());
    let time = |name: &str| match query.get(name) {
        "" => Ok(None),
        text => params::time(text).map(Some).map_err(|error| ApiError::parameter(name, error)),
    };
    let mut services: Vec<String> = query.all("service").map(str::to_owned).collect();
    if let Some(product) = text("product") {
        let of_product = gates.services_of(&product);
        services = if services.is_empty() {
            of_product
        } else {
            services.into_iter().filter(|service| of_product.contains(service)).collect()
        };
        if services.is_empty() {
            return Reply::data(|json| json.raw("[]"));
        }
    }
    let filter = DeploymentFilter {
        services,
        version: text("version"),
        environment: text("environment"),
        state: text("state").map(|text| state(&text)).transpose()?,
        after_ms: time("start")?,
        until_ms: time("end")?,
    };
    let limit = match params::limit(query)? {
        0 => LIMITS.0,
        limit => limit.min(LIMITS.1),
    };
    let mut found = gates.deployments(&filter);
    found.truncate(limit);
    Reply::data(move |json| json.list(&found, |json, one| json.raw(&deployment_json(one).to_string())))
}

/// A deployment as it is answered.
pub(super) fn deployment_json(deployment: &Deployment) -> Value {
    let time = |at_ms: Option<i64>| at_ms.map(format_rfc3339);
    json!({
        "id": deployment.id,
        "service": deployment.service,
        "version": deployment.version,
        "environment": deployment.environment,
        "change": deployment.change,
        "state": deployment.state.as_str(),
        "started_at": format_rfc3339(deployment.started_ms),
        "ended_at": time(deployment.ended_ms),
        "committed_at": time(deployment.committed_ms),
        "url": deployment.url,
        "actor": deployment.actor,
        "run": deployment.run,
        "source": deployment.source.as_str(),
    })
}
