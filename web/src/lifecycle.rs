//! `/-/reload` and `/-/quit`: only where `--web.enable-lifecycle` allows them, only by `POST` and `PUT`, and never from
//! a page of another origin, whatever the browser sends along.

use http::header::{HOST, ORIGIN};
use http::{HeaderName, Method, StatusCode};
use net::server::{Request, Response};

use crate::web::Shared;

pub(crate) async fn reload(shared: &Shared, request: &Request) -> Response {
    if let Some(refusal) = refusal(shared, request) {
        return refusal;
    }
    match shared.host.reload().await {
        Ok(()) => Response::new(StatusCode::OK),
        Err(error) => {
            let text = format!("failed to reload config: {error}");
            Response::error(StatusCode::INTERNAL_SERVER_ERROR, text)
        }
    }
}

pub(crate) fn quit(shared: &Shared, request: &Request) -> Response {
    if let Some(refusal) = refusal(shared, request) {
        return refusal;
    }
    let is_first = shared.host.quit();
    let text = if is_first { "Requesting termination... Goodbye!" } else { "Termination already in progress." };
    Response::text(StatusCode::OK, text)
}

fn refusal(shared: &Shared, request: &Request) -> Option<Response> {
    if request.method() == Method::GET {
        return Some(Response::text(StatusCode::METHOD_NOT_ALLOWED, "Only POST or PUT requests allowed"));
    }
    if !shared.settings.enable_lifecycle {
        return Some(Response::text(StatusCode::FORBIDDEN, "Lifecycle API is not enabled."));
    }
    let text = "requests from pages of other origins are refused";
    (!is_same_origin(shared, request)).then(|| Response::error(StatusCode::FORBIDDEN, text))
}

/// Whether a request can not have been made by a page of somebody else. Clients that are no browsers send no origin.
pub(crate) fn is_same_origin(shared: &Shared, request: &Request) -> bool {
    if request.header(&HeaderName::from_static("sec-fetch-site")) == "cross-site" {
        return false;
    }
    if !request.headers().contains_key(ORIGIN) {
        return true;
    }
    let Some((_, origin)) = request.header(&ORIGIN).split_once("://") else { return false };
    origin == request.header(&HOST) || origin == shared.settings.external_url.authority()
}
