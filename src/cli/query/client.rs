//! One request to a server's API.

use http::Method;
use net::form;
use serde_json::Value;

use super::answer::Answer;
use crate::cli::server::{AskError, ServerArgs};

/// What is asked.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) server: ServerArgs,
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
    #[error(transparent)]
    Ask(#[from] AskError),
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
    let pairs = asked.parameters.iter().copied().chain([("query", asked.expression)]);
    let answered = asked.server.ask(Method::POST, asked.path, form::MEDIA_TYPE, form::encode(pairs))?;
    let not_api = || ApiError::NotApi { status: answered.status.clone(), beginning: answered.beginning() };
    let document: Value = serde_json::from_slice(&answered.body).map_err(|_| not_api())?;
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    if text("status") == "error" {
        return Err(ApiError::Refused { error_type: text("errorType"), error: text("error") });
    }
    let answer = super::answer_of(&document).ok_or_else(not_api)?;
    Ok(Response { document, answer })
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
