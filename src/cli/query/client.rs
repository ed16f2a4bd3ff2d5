//! One request to a server's API.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use net::client::{Client, ClientOptions, Request};
use net::form;
use net::url::Url;
use serde_json::Value;

use super::answer::Answer;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1 << 30;
/// The server has its own limit on a query's time; this one is for a server that does not answer at all.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) server: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) parameters: Vec<(&'a str, &'a str)>,
    pub(super) expression: &'a str,
}

/// What the server said.
#[derive(Debug)]
pub(super) struct Response {
    document: Value,
    pub(super) answer: Answer,
}

impl Response {
    /// The document as the server sent it, on one line.
    pub(super) fn json(&self) -> String {
        format!("{}\n", self.document)
    }

    /// Warnings and remarks.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let list = |key: &str| self.document[key].as_array().cloned().unwrap_or_default();
        let notes = list("warnings").into_iter().chain(list("infos"));
        notes.filter_map(|note| note.as_str().map(str::to_owned)).collect::<Vec<_>>().into_iter()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error("--server takes a URL such as http://localhost:9090: {0}")]
    Server(String),
    #[error("the token has characters that no header can carry")]
    Token,
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
    #[error("{0}")]
    Send(Box<net::client::SendError>),
    #[error("reading the answer: {0}")]
    Read(net::client::ReadError),
    #[error("the server does not speak Prometheus's API: {status}: {beginning}")]
    NotApi { status: String, beginning: String },
    #[error("{error_type}: {error}")]
    Refused { error_type: String, error: String },
}

impl ApiError {
    /// The expression with a caret under the place that an error names.
    pub(super) fn picture(&self, expression: &str) -> Option<String> {
        let ApiError::Refused { error, .. } = self else { return None };
        let place = error.split(": ").find_map(|part| {
            let (line, column) = part.split_once(':')?;
            Some((line.parse::<usize>().ok()?, column.parse::<usize>().ok()?))
        });
        let (line_number, column) = place?;
        let line = expression.lines().nth(line_number.checked_sub(1)?)?;
        let before = line.get(..column.checked_sub(1)?).unwrap_or(line);
        let blank: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        Some(format!("  {line}\n  {blank}^"))
    }
}

/// Asks, and waits for the answer.
pub(super) fn ask(asked: &Asked<'_>) -> Result<Response, ApiError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ApiError::Runtime)?;
    let (status, body) = runtime.block_on(send(asked))?;
    let not_api = || ApiError::NotApi {
        status: status.clone(),
        beginning: String::from_utf8_lossy(&body).lines().next().unwrap_or_default().chars().take(200).collect(),
    };
    let document: Value = serde_json::from_slice(&body).map_err(|_| not_api())?;
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    if text("status") == "error" {
        return Err(ApiError::Refused { error_type: text("errorType"), error: text("error") });
    }
    let answer = super::answer_of(&document).ok_or_else(not_api)?;
    Ok(Response { document, answer })
}

async fn send(asked: &Asked<'_>) -> Result<(String, Vec<u8>), ApiError> {
    let base = asked.server.trim_end_matches('/');
    let url: Url = format!("{base}{}", asked.path)
        .parse()
        .map_err(|error: net::url::UrlError| ApiError::Server(error.to_string()))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    if let Some(token) = asked.token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| ApiError::Token)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    let pairs = asked.parameters.iter().copied().chain([("query", asked.expression)]);
    let request = Request { method: Method::POST, url, headers, body: Bytes::from(form::encode(pairs)) };
    let mut channel = Client::plain(ClientOptions::default()).channel();
    let response = channel.send(&request, TIMEOUT).await.map_err(|error| ApiError::Send(Box::new(error)))?;
    let status = response.status_text();
    let mut body = Vec::new();
    response.read_into(MAX_ANSWER, &mut body).await.map_err(ApiError::Read)?;
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_the_place_that_an_error_names() {
        let check = |expression: &str, error: &str, want: Option<&str>| {
            let error = ApiError::Refused { error_type: "bad_data".to_owned(), error: error.to_owned() };
            assert_eq!(error.picture(expression).as_deref(), want);
        };
        check("sum(", "invalid parameter \"query\": 1:5: parse error: unclosed", Some("  sum(\n      ^"));
        check("up\n+ sum(", "1:7: parse error: x", Some("  up\n    ^"));
        check("up\n+ sum(", "2:3: parse error: x", Some("  + sum(\n    ^"));
        check("up", "query timed out", None);
        check("up", "9:1: x", None);
    }
}
