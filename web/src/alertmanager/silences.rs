//! `/api/v2/silences` and `/api/v2/silence/{id}`

use std::cmp::Reverse;

use alerting::dispatch::{Notifications, SetSilenceError};
use alerting::matcher::{Matcher, Matchers};
use alerting::silence::{Silence, SilenceError, State, read_matcher};
use model::MatchOp;
use model::name::quoted;
use net::form::Form;
use serde_json::Value;

use super::body::{Fields, parse};
use super::filter::{matchers, switch};
use super::refusal::{Refusal, TOO_FEW, WRONG_TYPE};
use super::{Answer, write, written};
use crate::json::Json;

/// What the body is called.
const WHAT: &str = "silence";

/// All silences, as far as they are wanted: those that are active by their end, those that wait by their start, those that
/// ended last first.
pub(super) fn list(notifications: &Notifications, query: &Form, now_ms: i64) -> Answer {
    let filter = matchers(query, "filter").map_err(Refusal::Bad)?;
    let states = [(State::Active, "active"), (State::Pending, "pending"), (State::Expired, "expired")];
    let is_wanted = |state: State| states.iter().any(|(of, name)| *of == state && switch(query, name));
    let mut silences = notifications.silences();
    silences.retain(|silence| is_wanted(silence.state_at(now_ms)) && has_matchers(silence, &filter));
    silences.sort_by_key(|silence| order(silence, now_ms));
    Ok(Some(written(|json| json.list(&silences, |json, silence| write_silence(json, silence, now_ms)))))
}

fn order(silence: &Silence, now_ms: i64) -> (State, i64, Reverse<i64>) {
    match silence.state_at(now_ms) {
        state @ State::Active => (state, silence.ends_at_ms, Reverse(0)),
        state @ State::Pending => (state, silence.starts_at_ms, Reverse(0)),
        state @ State::Expired => (state, 0, Reverse(silence.ends_at_ms)),
    }
}

/// Whether a set of a silence has all of some matchers, as they are written.
fn has_matchers(silence: &Silence, filter: &[Matcher]) -> bool {
    silence.matcher_sets.iter().any(|set| filter.iter().all(|matcher| set.0.contains(matcher)))
}

/// One silence.
pub(super) fn get(notifications: &Notifications, id: &str, now_ms: i64) -> Answer {
    let silence = notifications.silence(&uuid(id)?).ok_or(Refusal::NotFound(None))?;
    Ok(Some(written(|json| write_silence(json, &silence, now_ms))))
}

/// Ends a silence.
pub(super) fn delete(notifications: &Notifications, id: &str) -> Answer {
    match notifications.expire_silence(&uuid(id)?) {
        Ok(()) => Ok(None),
        Err(SetSilenceError::Refused(SilenceError::NotFound)) => Err(Refusal::NotFound(None)),
        Err(error) => Err(Refusal::Internal(error.to_string())),
    }
}

/// Makes a silence, or changes one.
pub(super) fn post(notifications: &Notifications, body: &[u8], now_ms: i64) -> Answer {
    let silence = read(body, now_ms)?;
    match notifications.set_silence(silence) {
        Ok(id) => Ok(Some(written(|json| {
            json.raw("{\"silenceID\":");
            json.string(&id);
            json.raw("}");
        }))),
        Err(SetSilenceError::Refused(error @ SilenceError::NotFound)) => {
            Err(Refusal::NotFound(Some(error.to_string())))
        }
        Err(SetSilenceError::Refused(error)) => Err(Refusal::bad(error)),
        Err(error) => Err(Refusal::Internal(error.to_string())),
    }
}

/// A path's id, which must be a UUID.
fn uuid(id: &str) -> Result<String, Refusal> {
    let is_dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| if is_dash(at) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    let message = || format!("silenceID in path must be of type uuid: {}", quoted(id));
    if is_uuid { Ok(id.to_ascii_lowercase()) } else { Err(Refusal::Field(WRONG_TYPE, message())) }
}

/// The silence of a body.
fn read(body: &[u8], now_ms: i64) -> Result<Silence, Refusal> {
    let value = parse(body, WHAT)?;
    let fields = Fields::of(&value, WHAT)?;
    let (comment, created_by) = (fields.text("comment")?, fields.text("createdBy")?);
    let (ends_at_ms, starts_at_ms) = (fields.time_ms("endsAt")?, fields.time_ms("startsAt")?);
    let (list, id, annotations) = (fields.list("matchers")?, fields.text("id")?, fields.texts("annotations")?);
    let comment = comment.ok_or_else(|| Refusal::required("comment"))?;
    let created_by = created_by.ok_or_else(|| Refusal::required("createdBy"))?;
    let ends_at_ms = ends_at_ms.ok_or_else(|| Refusal::required("endsAt"))?;
    let list = list.ok_or_else(|| Refusal::required("matchers"))?;
    if list.is_empty() {
        return Err(Refusal::Field(TOO_FEW, "matchers in body should have at least 1 items".to_owned()));
    }
    let written: Result<Vec<_>, Refusal> =
        list.iter().enumerate().map(|(at, value)| written_matcher(value, at)).collect();
    let written = written?;
    let starts_at_ms = starts_at_ms.ok_or_else(|| Refusal::required("startsAt"))?;
    if starts_at_ms >= ends_at_ms {
        return Err(Refusal::bad("Failed to create silence: start time must be before end time"));
    }
    if ends_at_ms < now_ms {
        return Err(Refusal::bad("Failed to create silence: end time can't be in the past"));
    }
    let matchers = written.into_iter().enumerate().map(|(at, (name, op, value))| read_matcher(0, at, name, op, value));
    let matchers: Result<Vec<Matcher>, _> = matchers.collect();
    Ok(Silence {
        id: id.unwrap_or_default().to_owned(),
        matcher_sets: vec![Matchers(matchers.map_err(|flaw| Refusal::bad(SilenceError::from(flaw)))?)],
        starts_at_ms,
        ends_at_ms,
        updated_at_ms: now_ms,
        created_by: created_by.to_owned(),
        comment: comment.to_owned(),
        annotations: annotations
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    })
}

/// A matcher as it is sent.
fn written_matcher(value: &Value, at: usize) -> Result<(&str, MatchOp, &str), Refusal> {
    let fields = Fields::of(value, WHAT)?;
    let required = |field: &str| Refusal::required(format_args!("matchers.{at}.{field}"));
    let is_equal = fields.boolean("isEqual")?.unwrap_or(true);
    let is_regex = fields.boolean("isRegex")?.ok_or_else(|| required("isRegex"))?;
    let name = fields.text("name")?.ok_or_else(|| required("name"))?;
    let value = fields.text("value")?.ok_or_else(|| required("value"))?;
    let op = match (is_equal, is_regex) {
        (true, false) => MatchOp::Equal,
        (false, false) => MatchOp::NotEqual,
        (true, true) => MatchOp::Regex,
        (false, true) => MatchOp::NotRegex,
    };
    Ok((name, op, value))
}

fn write_silence(json: &mut Json<'_>, silence: &Silence, now_ms: i64) {
    json.raw("{\"id\":");
    json.string(&silence.id);
    json.raw(",\"status\":{\"state\":");
    json.string(silence.state_at(now_ms).as_str());
    json.raw("},");
    write::time(json, "updatedAt", silence.updated_at_ms);
    if !silence.annotations.is_empty() {
        json.raw(",\"annotations\":");
        write::pairs(json, silence.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    }
    json.raw(",\"comment\":");
    json.string(&silence.comment);
    json.raw(",\"createdBy\":");
    json.string(&silence.created_by);
    json.raw(",");
    write::time(json, "endsAt", silence.ends_at_ms);
    json.raw(",\"matchers\":");
    json.list(silence.matcher_sets.iter().flat_map(|set| &set.0), |json, matcher| {
        json.raw("{\"isEqual\":");
        json.boolean(!matcher.op().is_negative());
        json.raw(",\"isRegex\":");
        json.boolean(matcher.is_regex());
        json.raw(",\"name\":");
        json.string(matcher.name());
        json.raw(",\"value\":");
        json.string(matcher.value());
        json.raw("}");
    });
    json.raw(",");
    write::time(json, "startsAt", silence.starts_at_ms);
    json.raw("}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_that_make_no_silence() {
        let check = |change: Value, want: Refusal| {
            let mut body = json!({
                "matchers": [{ "name": "a", "value": "b", "isRegex": false }],
                "startsAt": "1970-01-01T00:00:01Z", "endsAt": "1970-01-01T00:00:09Z", "createdBy": "me", "comment": "",
            });
            body.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
            assert_eq!(read(body.to_string().as_bytes(), 5_000).unwrap_err(), want, "{change}");
        };
        let required = |field: &str| Refusal::required(field);
        check(json!({ "comment": null, "createdBy": null }), required("comment"));
        check(json!({ "createdBy": null }), required("createdBy"));
        check(json!({ "endsAt": null }), required("endsAt"));
        check(json!({ "startsAt": null }), required("startsAt"));
        check(json!({ "matchers": null }), required("matchers"));
        check(json!({ "matchers": [] }), Refusal::Field(612, "matchers in body should have at least 1 items".into()));
        check(json!({ "matchers": [{ "name": "a" }] }), required("matchers.0.isRegex"));
        check(json!({ "matchers": [{ "isRegex": false, "value": "" }] }), required("matchers.0.name"));
        check(
            json!({ "endsAt": "1970-01-01T00:00:01Z" }),
            Refusal::bad("Failed to create silence: start time must be before end time"),
        );
        check(
            json!({ "endsAt": "1970-01-01T00:00:04Z" }),
            Refusal::bad("Failed to create silence: end time can't be in the past"),
        );
        check(
            json!({ "matchers": [{ "name": "a", "value": "(", "isRegex": true }] }),
            Refusal::bad(
                "invalid silence: invalid label matcher 0 in set 0: invalid regular expression \"(\": error parsing \
                 regexp: missing closing ): `(`",
            ),
        );
    }

    #[test]
    fn ids_are_uuids() {
        assert_eq!(uuid("43B390a2-1ce2-439c-bf08-61283741171b"), Ok("43b390a2-1ce2-439c-bf08-61283741171b".to_owned()));
        for id in ["", "nope", "43b390a2-1ce2-439c-bf08-61283741171", "43b390a2x1ce2-439c-bf08-61283741171b"] {
            assert!(matches!(uuid(id), Err(Refusal::Field(601, _))), "{id}");
        }
    }
}
