//! One request to a server, and why it has no answer.

use http::Method;
use net::form;
use net::percent::{self, Place};
use serde_json::Value;

use crate::cli::server::{Answered, ServerArgs};

/// The server cannot be reached.
pub(super) const EXIT_UNREACHABLE: u8 = 3;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Nobody is there, or somebody who cannot answer.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// The server says what is wrong with the question.
    #[error("{0}")]
    Refused(String),
}

impl Unanswered {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Unanswered::Unreachable(_) => EXIT_UNREACHABLE,
            Unanswered::Refused(_) => super::EXIT_USAGE,
        }
    }
}

/// The path of something of a gate.
pub(super) fn path(gate: &str, rest: &str) -> String {
    format!("/api/v1/gates/{}/{rest}", percent::encode(gate, Place::Path))
}

/// Asks.
pub(crate) fn get(server: &ServerArgs, path: &str) -> Result<Value, Unanswered> {
    read(server.ask(Method::GET, path, "application/json", Vec::new()))
}

/// Asks with a form.
pub(crate) fn post_form(server: &ServerArgs, path: &str, pairs: &[(&str, &str)]) -> Result<Value, Unanswered> {
    read(server.ask(Method::POST, path, form::MEDIA_TYPE, form::encode(pairs.iter().copied())))
}

/// Tells something; what the server says of it.
pub(crate) fn post(server: &ServerArgs, path: &str, body: &Value) -> Result<Value, Unanswered> {
    read(server.ask(Method::POST, path, "application/json", body.to_string()))
}

/// The data of an answer. A server that fails, or that is another program, is not reached.
fn read(answered: Result<Answered, crate::cli::server::AskError>) -> Result<Value, Unanswered> {
    use crate::cli::server::AskError;
    let answered = match answered {
        Ok(answered) => answered,
        Err(error @ (AskError::Server(_) | AskError::Token)) => return Err(Unanswered::Refused(error.to_string())),
        Err(error) => return Err(Unanswered::Unreachable(error.to_string())),
    };
    let document: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
    let is_ours = document["status"].is_string();
    if answered.is_success() && document["status"] == "success" {
        return Ok(document["data"].clone());
    }
    let error = document["error"].as_str().map_or_else(|| answered.beginning(), str::to_owned);
    let message = format!("{}: {error}", answered.status);
    let is_refusal = answered.status.starts_with('4') && (is_ours || answered.status.starts_with("401"));
    Err(if is_refusal { Unanswered::Refused(message) } else { Unanswered::Unreachable(message) })
}
