//! `/-/reload` and `/-/quit`: only where `--web.enable-lifecycle` allows them, and only by `POST` and `PUT`.

use http::{Method, StatusCode};
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
    let is_enabled = shared.settings.enable_lifecycle;
    (!is_enabled).then(|| Response::text(StatusCode::FORBIDDEN, "Lifecycle API is not enabled."))
}
