//! Requests to `/api/v2`.

use http::Method;
use net::form;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::server::{Answered, ServerArgs};

const JSON: &str = "application/json";

/// Asks, and reads what the server says.
pub(super) fn get<T: DeserializeOwned>(server: &ServerArgs, path: &str, query: &[(&str, &str)]) -> Result<T, String> {
    let query = form::encode(query.iter().copied());
    let answered = ask(server, Method::GET, &format!("{path}?{query}"), Vec::new())?;
    read(&answered)
}

/// Tells the server something, and gives its answer back as it is.
pub(super) fn post(server: &ServerArgs, path: &str, body: &impl Serialize) -> Result<Answered, String> {
    let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
    ask(server, Method::POST, path, body)
}

/// Ends something.
pub(super) fn delete(server: &ServerArgs, path: &str) -> Result<(), String> {
    ask(server, Method::DELETE, path, Vec::new()).map(drop)
}

/// Reads a JSON document.
pub(super) fn read<T: DeserializeOwned>(answered: &Answered) -> Result<T, String> {
    serde_json::from_slice(&answered.body).map_err(|error| {
        format!("the server does not speak Alertmanager's API: {}: {} ({error})", answered.status, answered.beginning())
    })
}

fn ask(server: &ServerArgs, method: Method, path: &str, body: Vec<u8>) -> Result<Answered, String> {
    let answered = server.ask(method, &format!("/api/v2{path}"), JSON, body).map_err(|error| error.to_string())?;
    if answered.is_success() {
        return Ok(answered);
    }
    Err(format!("{}: {}", answered.status, message(&answered)))
}

/// What an error says: a text in JSON, an object with a message, or plain.
fn message(answered: &Answered) -> String {
    let document = serde_json::from_slice::<serde_json::Value>(&answered.body).unwrap_or_default();
    let text = [&document, &document["message"], &document["error"]].into_iter().find_map(|value| value.as_str());
    text.map_or_else(|| answered.beginning(), str::to_owned)
}
