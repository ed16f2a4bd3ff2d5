//! Why a request is refused, in the two forms that Alertmanager has for it.

use std::fmt;

use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use net::server::Response;

use super::written;
use crate::reply::JSON_TYPE;
use crate::route::Methods;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It was understood and makes no sense.
    Bad(String),
    /// There is no such thing; why, where something is said.
    NotFound(Option<String>),
    /// Something within failed.
    Internal(String),
    /// The body is no JSON, or JSON of something else.
    Unreadable(String),
    /// A field does not hold what it must: which number the rule has, and what is wrong.
    Field(u16, String),
    /// The body is called something else than JSON.
    MediaType(String),
    /// The body is too large, or broke off.
    Body(StatusCode, String),
    /// There is no such path.
    NoPath(String),
    /// The path has other methods.
    Method(String),
}

/// A field must be there.
pub(super) const REQUIRED: u16 = 602;
/// A field has the wrong form.
pub(super) const WRONG_TYPE: u16 = 601;
/// A list is too short.
pub(super) const TOO_FEW: u16 = 612;

impl Refusal {
    /// The request makes no sense.
    pub(super) fn bad(message: impl fmt::Display) -> Refusal {
        Refusal::Bad(message.to_string())
    }

    /// A field is missing.
    pub(super) fn required(field: impl fmt::Display) -> Refusal {
        Refusal::Field(REQUIRED, format!("{field} in body is required"))
    }

    fn status(&self) -> StatusCode {
        match self {
            Refusal::Bad(_) | Refusal::Unreadable(_) => StatusCode::BAD_REQUEST,
            Refusal::NotFound(_) | Refusal::NoPath(_) => StatusCode::NOT_FOUND,
            Refusal::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Refusal::Field(..) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Body(status, _) => *status,
            Refusal::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    pub(super) fn respond(&self) -> Response {
        let status = self.status();
        let coded = |code: u16, message: &str| {
            // Unlike all else this ends without a newline.
            let mut body = written(|json| {
                json.raw("{\"code\":");
                json.integer(i64::from(code));
                json.raw(",\"message\":");
                json.string(message);
                json.raw("}");
            });
            body.pop();
            body
        };
        let body = match self {
            Refusal::Bad(message) | Refusal::Internal(message) | Refusal::NotFound(Some(message)) => {
                written(|json| json.string(message))
            }
            Refusal::NotFound(None) => return Response::new(status),
            Refusal::Field(code, message) => coded(*code, message),
            Refusal::Unreadable(message) | Refusal::Body(_, message) => coded(status.as_u16(), message),
            Refusal::MediaType(media_type) => {
                let shown = model::name::quoted(media_type);
                coded(415, &format!("unsupported media type {shown}, only [application/json] are allowed"))
            }
            Refusal::NoPath(path) => coded(404, &format!("path {path} was not found")),
            Refusal::Method(message) => coded(405, message),
        };
        Response::with_body(status, JSON_TYPE, body)
    }
}

/// The answer to a method that a path does not have.
pub(super) fn refused_method(methods: Methods, method: &Method) -> Response {
    let names = methods.names().join(",");
    let response = Refusal::Method(format!("method {method} is not allowed, but [{names}] are")).respond();
    match HeaderValue::try_from(names) {
        Ok(names) => response.with(ALLOW, names),
        Err(_) => response,
    }
}
