//! Alertmanager's API, version 2: what amtool, Prometheus, karma and Grafana speak.
//!
//! Answers are bare JSON, without Prometheus's envelope; the texts of errors are Alertmanager 0.34's as far as they say more
//! than where a Go program choked. Bodies must be called `application/json`: no page of another origin can send such a one
//! unasked.

mod alerts;
mod body;
mod filter;
mod groups;
mod receivers;
mod refusal;
mod silences;
mod status;
mod times;
mod write;

use std::sync::Arc;

use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, StatusCode};
use net::server::{Request, Response, produce};

use self::refusal::{Refusal, refused_method};
use crate::json::Json;
use crate::reply::JSON_TYPE;
use crate::route::Methods;
use crate::state::Parts;
use crate::web::Shared;

/// Where this API begins.
pub(crate) const PREFIX: &str = "/api/v2/";

/// What stands behind a path of this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Status,
    Receivers,
    Alerts,
    Groups,
    Silences,
    Silence,
}

/// What a handler comes to: a body, or nothing.
type Answer = Result<Option<Vec<u8>>, Refusal>;

/// Answers a request whose method the resource has.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    parts: Parts,
    resource: Resource,
    name: &str,
    mut request: Request,
) -> Response {
    let encoding = request.accepted_encoding();
    let is_get = request.method() == Method::GET;
    let body = if request.method() == Method::POST {
        match body::read(&mut request, shared.settings.limits.alertmanager_body).await {
            Ok(body) => body,
            Err(refusal) => return responded(Err(refusal)),
        }
    } else {
        Vec::new()
    };
    let (shared, query, name) = (Arc::clone(shared), request.query(), name.to_owned());
    produce(encoding, move || {
        let notifications = &parts.notifications;
        let now_ms = shared.settings.clock.now_ms();
        responded(match resource {
            Resource::Status => status::get(&shared, notifications),
            Resource::Receivers => receivers::get(notifications, &query),
            Resource::Alerts if is_get => alerts::get(notifications, &query, now_ms),
            Resource::Alerts => alerts::post(notifications, &body, now_ms),
            Resource::Groups => groups::get(notifications, &query, now_ms),
            Resource::Silences if is_get => silences::list(notifications, &query, now_ms),
            Resource::Silences => silences::post(notifications, &body, now_ms),
            Resource::Silence if is_get => silences::get(notifications, &name, now_ms),
            Resource::Silence => silences::delete(notifications, &name),
        })
    })
    .await
}

/// The answer to a path that is not there.
pub(crate) fn no_route(path: &str) -> Response {
    responded(Err(Refusal::NoPath(path.to_owned())))
}

/// The answer to a method that a path does not have.
pub(crate) fn not_allowed(methods: Methods, method: &Method) -> Response {
    refused_method(methods, method).with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

fn responded(answer: Answer) -> Response {
    let response = match answer {
        Ok(Some(body)) => Response::with_body(StatusCode::OK, JSON_TYPE, body),
        Ok(None) => Response::new(StatusCode::OK),
        Err(refusal) => refusal.respond(),
    };
    response.with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// A body: what is written, and a newline.
fn written(write: impl FnOnce(&mut Json<'_>)) -> Vec<u8> {
    let mut body = Vec::new();
    let mut json = Json::new(&mut body);
    write(&mut json);
    json.raw("\n");
    json.finish().expect("writing into memory cannot fail");
    body
}
