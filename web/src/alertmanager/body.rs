//! Bodies: JSON, within a limit, and its fields.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use net::server::Request;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::times;

/// Reads the body of a request, which must be called JSON and no longer than the limit `alertmanager_body`.
pub(super) async fn read(request: &mut Request, max_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let content_type = request.header(&CONTENT_TYPE);
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media_type != "application/json" {
        return Err(Refusal::MediaType(media_type));
    }
    request.body(max_bytes).await.map_err(|error| {
        let limit = if error.status() == StatusCode::PAYLOAD_TOO_LARGE { " (limit alertmanager_body)" } else { "" };
        Refusal::Body(error.status(), format!("{error}{limit}"))
    })
}

/// The JSON of a body that is called `what`.
pub(super) fn parse(body: &[u8], what: &str) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Err(Refusal::required(what));
    }
    serde_json::from_slice(body).map_err(|error| unreadable(what, error))
}

fn unreadable(what: &str, error: impl std::fmt::Display) -> Refusal {
    Refusal::Unreadable(format!("parsing {what} body from \"\" failed, because {error}"))
}

/// What a JSON value is, as Go calls it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// An object of a body, and what the body is called.
#[derive(Clone, Copy)]
pub(super) struct Fields<'v> {
    what: &'static str,
    map: &'v Map<String, Value>,
}

impl<'v> Fields<'v> {
    /// The fields of a value.
    pub(super) fn of(value: &'v Value, what: &'static str) -> Result<Fields<'v>, Refusal> {
        match value {
            Value::Object(map) => Ok(Fields { what, map }),
            other => Err(misfit(what, what, other, "object")),
        }
    }

    /// A field that is there and not null.
    fn get(self, name: &str) -> Option<&'v Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// A text, if it is there.
    pub(super) fn text(self, name: &str) -> Result<Option<&'v str>, Refusal> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| misfit(self.what, name, value, "string"))).transpose()
    }

    /// A truth, if it is there.
    pub(super) fn boolean(self, name: &str) -> Result<Option<bool>, Refusal> {
        self.get(name).map(|value| value.as_bool().ok_or_else(|| misfit(self.what, name, value, "bool"))).transpose()
    }

    /// A list, if it is there.
    pub(super) fn list(self, name: &str) -> Result<Option<&'v [Value]>, Refusal> {
        let list = |value: &'v Value| match value {
            Value::Array(list) => Ok(list.as_slice()),
            other => Err(misfit(self.what, name, other, "array")),
        };
        self.get(name).map(list).transpose()
    }

    /// Texts by name, if they are there.
    pub(super) fn texts(self, name: &str) -> Result<Option<Vec<(&'v str, &'v str)>>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let Value::Object(map) = value else { return Err(misfit(self.what, name, value, "object")) };
        let pair = |(key, value): (&'v String, &'v Value)| match value {
            Value::String(text) => Ok((key.as_str(), text.as_str())),
            Value::Null => Ok((key.as_str(), "")),
            other => Err(misfit(self.what, name, other, "string")),
        };
        map.iter().map(pair).collect::<Result<_, _>>().map(Some)
    }

    /// A time in milliseconds since the Unix epoch, if it is there; 0 for the first of all years.
    pub(super) fn time_ms(self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        times::parse(text).map(Some).map_err(|error| unreadable(self.what, error))
    }
}

fn misfit(what: &str, field: &str, value: &Value, wanted: &str) -> Refusal {
    unreadable(what, format_args!("json: cannot unmarshal {} into field {field} of type {wanted}", kind(value)))
}
