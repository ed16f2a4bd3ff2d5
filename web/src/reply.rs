//! What an endpoint of the API answers: data in Prometheus's envelope, nothing at all, or an error.

use std::fmt;
use std::io;

use http::StatusCode;
use net::server::Response;
use serde::Serialize;

use crate::json::Json;

/// Kinds of errors, by their names in the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    /// The request makes no sense.
    BadData,
    /// The query failed while it ran.
    Execution,
    /// The client has gone.
    Canceled,
    /// It took too long.
    Timeout,
    /// Something within failed.
    Internal,
    /// What is asked for is switched off or not ready.
    Unavailable,
    /// There is no such thing.
    NotFound,
    /// The caller may not do that.
    Forbidden,
}

impl ErrorType {
    fn as_str(self) -> &'static str {
        match self {
            ErrorType::BadData => "bad_data",
            ErrorType::Execution => "execution",
            ErrorType::Canceled => "canceled",
            ErrorType::Timeout => "timeout",
            ErrorType::Internal => "internal",
            ErrorType::Unavailable => "unavailable",
            ErrorType::NotFound => "not_found",
            ErrorType::Forbidden => "forbidden",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            ErrorType::BadData => StatusCode::BAD_REQUEST,
            ErrorType::Execution => StatusCode::UNPROCESSABLE_ENTITY,
            // 499, which nginx began: the client closed the connection.
            ErrorType::Canceled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
            ErrorType::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            ErrorType::NotFound => StatusCode::NOT_FOUND,
            ErrorType::Forbidden => StatusCode::FORBIDDEN,
            ErrorType::Internal | ErrorType::Unavailable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorType,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorType, message: impl fmt::Display) -> ApiError {
        ApiError { kind, message: message.to_string() }
    }

    /// The request makes no sense.
    pub(crate) fn bad_data(message: impl fmt::Display) -> ApiError {
        ApiError::new(ErrorType::BadData, message)
    }

    /// A parameter makes no sense.
    pub(crate) fn parameter(name: &str, message: impl fmt::Display) -> ApiError {
        ApiError::bad_data(format_args!("invalid parameter \"{name}\": {message}"))
    }

    /// The response that says so.
    pub(crate) fn respond(&self) -> Response {
        let mut body = Vec::new();
        let mut json = Json::new(&mut body);
        json.raw("{\"status\":\"error\",\"errorType\":\"");
        json.raw(self.kind.as_str());
        json.raw("\",\"error\":");
        json.string(&self.message);
        json.raw("}");
        json.finish().expect("writing into memory cannot fail");
        Response::with_body(self.kind.status(), JSON_TYPE, body)
    }
}

pub(crate) const JSON_TYPE: &str = "application/json";

/// Writes the data of an answer.
type WriteData = Box<dyn FnOnce(&mut Json<'_>) -> io::Result<()> + Send>;

/// What an endpoint answers.
pub(crate) enum Reply {
    /// Data, and what is to be said about it.
    Data(Answer),
    /// Nothing: 204.
    Empty,
}

/// Data, and what is to be said about it.
pub(crate) struct Answer {
    write: WriteData,
    pub(crate) warnings: Vec<String>,
    pub(crate) infos: Vec<String>,
    /// What stands beside the data, each under a key of its own, as JSON.
    beside: Vec<(&'static str, String)>,
}

/// What a handler of the API comes to.
pub(crate) type ApiResult = Result<Reply, ApiError>;

impl Answer {
    /// Data that is written once it is sent, without warnings.
    pub(crate) fn new(write: impl FnOnce(&mut Json<'_>) -> io::Result<()> + Send + 'static) -> Answer {
        Answer { write: Box::new(write), warnings: Vec::new(), infos: Vec::new(), beside: Vec::new() }
    }
}

impl Reply {
    /// Data that cannot fail half-way, without warnings.
    pub(crate) fn data(write: impl FnOnce(&mut Json<'_>) + Send + 'static) -> ApiResult {
        Ok(Reply::Data(Answer::new(move |json| {
            write(json);
            Ok(())
        })))
    }

    /// Data that write themselves, without warnings.
    pub(crate) fn serialized(data: &impl Serialize) -> ApiResult {
        let json = to_json(data)?;
        Reply::data(move |out| out.raw(&json))
    }

    /// The same with something beside the data, under a key of its own.
    pub(crate) fn beside(self, key: &'static str, data: &impl Serialize) -> ApiResult {
        let json = to_json(data)?;
        Ok(match self {
            Reply::Data(mut answer) => {
                answer.beside.push((key, json));
                Reply::Data(answer)
            }
            Reply::Empty => Reply::Empty,
        })
    }

    /// The response, its body still to be written.
    pub(crate) fn respond(self) -> Response {
        let Answer { write, warnings, infos, beside } = match self {
            Reply::Data(answer) => answer,
            Reply::Empty => return Response::new(StatusCode::NO_CONTENT),
        };
        Response::written(StatusCode::OK, JSON_TYPE, move |out| {
            let mut json = Json::new(out);
            json.raw("{\"status\":\"success\",\"data\":");
            write(&mut json)?;
            for (key, notes) in [(",\"warnings\":", warnings), (",\"infos\":", infos)] {
                if !notes.is_empty() {
                    json.raw(key);
                    json.strings(notes.iter().map(String::as_str));
                }
            }
            for (key, data) in &beside {
                json.raw(",");
                json.key(key);
                json.raw(data);
            }
            json.raw("}");
            json.finish()
        })
    }
}

fn to_json(data: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(data).map_err(|error| ApiError::new(ErrorType::Internal, error))
}

#[cfg(test)]
mod tests {
    use net::server::Body;

    use super::*;

    #[test]
    fn errors_and_their_statuses() {
        for (kind, name, status) in [
            (ErrorType::BadData, "bad_data", 400),
            (ErrorType::Execution, "execution", 422),
            (ErrorType::Canceled, "canceled", 499),
            (ErrorType::Timeout, "timeout", 503),
            (ErrorType::Internal, "internal", 500),
            (ErrorType::Unavailable, "unavailable", 500),
            (ErrorType::NotFound, "not_found", 404),
        ] {
            let response = ApiError::new(kind, "a \"<b>\"").respond();
            let Body::Bytes(body) = response.body else { panic!("no body") };
            let want =
                format!("{{\"status\":\"error\",\"errorType\":\"{name}\",\"error\":\"a \\\"\\u003cb\\u003e\\\"\"}}");
            assert_eq!((response.status.as_u16(), &body[..]), (status, want.as_bytes()));
        }
    }
}
