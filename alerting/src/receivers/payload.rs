//! JSON of the user's own: a tree whose texts are templates.

use std::collections::BTreeMap;

use model::yaml::Document;

use super::SendFailure;
use super::message::Message;
use crate::config::Payload;

/// The tree, filled in. A text that is YAML once it is filled in becomes what that YAML says; what it says is text, and
/// neither filled in nor read again.
pub(super) fn filled_in(payload: &Payload, message: &mut Message<'_>) -> Result<Payload, SendFailure> {
    map(payload, &mut |text| message.text(text))
}

/// The tree with each of its texts and keys replaced.
fn map(
    payload: &Payload,
    fill_in: &mut impl FnMut(&str) -> Result<String, SendFailure>,
) -> Result<Payload, SendFailure> {
    Ok(match payload {
        Payload::Text(text) => read(fill_in(text)?),
        Payload::List(items) => Payload::List(items.iter().map(|item| map(item, fill_in)).collect::<Result<_, _>>()?),
        Payload::Map(entries) => {
            let mut filled_in = BTreeMap::new();
            for (key, value) in entries {
                filled_in.insert(fill_in(key)?, map(value, fill_in)?);
            }
            Payload::Map(filled_in)
        }
        other => other.clone(),
    })
}

/// What a text says as YAML, where it is YAML and says more than a text.
fn read(text: String) -> Payload {
    let read = Document::parse(&text).ok().map(|document| document.read::<Payload>());
    match read {
        Some((Some(Payload::Text(_)) | None, _)) | None => Payload::Text(text),
        Some((Some(read), problems)) if problems.is_empty() => read,
        Some(_) => Payload::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::suites::suite;

    /// YAML's keys may be numbers, which JSON's cannot.
    fn payload(json: &Json) -> Payload {
        match json {
            Json::Object(entries) => {
                let is_text = |key: &str| key.parse::<i64>().is_err();
                let entries = entries.iter().filter(|(key, _)| is_text(key));
                Payload::Map(entries.map(|(key, value)| (key.clone(), payload(value))).collect())
            }
            Json::Array(items) => Payload::List(items.iter().map(payload).collect()),
            other => serde_json::from_value(other.clone()).unwrap(),
        }
    }

    #[test]
    fn cases_of_alertmanager() {
        let Some(suite) = suite("templates.json") else { return };
        let cases = suite["payload_deep_copy"].as_array().unwrap();
        for case in cases {
            let suffix = if case["fn"] == "identity" { "" } else { "-templated" };
            let got = map(&payload(&case["input"]), &mut |text| Ok(format!("{text}{suffix}"))).unwrap();
            assert_eq!(serde_json::to_value(&got).unwrap(), case["want"], "{case}");
        }
        assert_eq!(cases.len(), 9);
    }

    #[test]
    fn keys_that_are_numbers_are_left_out() {
        assert_eq!(read("{1: a, b: c}".to_owned()), Payload::Map([("b".into(), Payload::Text("c".into()))].into()));
        assert_eq!(read("2026-01-01".to_owned()), Payload::Text("2026-01-01".to_owned()));
        assert_eq!(read("a: [".to_owned()), Payload::Text("a: [".to_owned()));
        assert_eq!(read(String::new()), Payload::Null);
    }
}
