//! `/api/v2/alerts`

use alerting::Alert;
use alerting::dispatch::Notifications;
use alerting::matcher::Grammar;
use model::Labels;
use model::name::quoted;
use net::form::Form;
use serde_json::Value;

use super::body::{Fields, parse};
use super::filter::{AlertFilter, ReceiverFilter};
use super::refusal::{Refusal, WRONG_TYPE};
use super::{Answer, write, written};

/// What the body is called.
const WHAT: &str = "alerts";

/// All alerts that are not over, by fingerprint, as far as they are wanted. Whether intervals mute them depends on the
/// group, and is told with the groups.
pub(super) fn get(notifications: &Notifications, query: &Form, now_ms: i64) -> Answer {
    let filter = AlertFilter::of(query)?;
    let loaded = notifications.loaded();
    let receivers = ReceiverFilter::of(query, &loaded)?;
    let views = notifications.alerts();
    Ok(Some(written(|json| {
        let wanted = views.iter().filter(|view| filter.takes(view)).filter_map(|view| {
            let routes = loaded.tree.matching(&view.alert.labels);
            let told: Vec<&str> = routes.iter().map(|route| &*route.options.receiver).collect();
            receivers.takes_any(told.iter().copied()).then_some((view, told))
        });
        json.list(wanted, |json, (view, told)| write::alert(json, view, &told, &[], now_ms));
    })))
}

/// Takes the alerts that are valid, and says what is wrong with the others.
pub(super) fn post(notifications: &Notifications, body: &[u8], now_ms: i64) -> Answer {
    let resolve_timeout_ms = notifications.loaded().config.global.resolve_timeout.as_millis();
    let (alerts, mistakes) = read(body, now_ms, resolve_timeout_ms)?;
    notifications.post(alerts).map_err(|error| Refusal::Internal(error.to_string()))?;
    if mistakes.is_empty() { Ok(None) } else { Err(Refusal::Bad(mistakes.join("\n"))) }
}

/// The valid alerts of a body, and what is wrong with the others.
fn read(body: &[u8], now_ms: i64, resolve_timeout_ms: i64) -> Result<(Vec<Alert>, Vec<String>), Refusal> {
    let value = parse(body, WHAT)?;
    let Value::Array(items) = &value else {
        let error = "json: cannot unmarshal what is no array into a list of alerts";
        return Err(Refusal::Unreadable(format!("parsing {WHAT} body from \"\" failed, because {error}")));
    };
    // All of the body is read before any of it is judged.
    let posted: Result<Vec<Posted<'_>>, Refusal> = items.iter().map(Posted::of).collect();
    let posted = posted?;
    for (index, posted) in posted.iter().enumerate() {
        posted.check_fields(index)?;
    }
    let (mut alerts, mut mistakes) = (Vec::new(), Vec::new());
    for posted in posted {
        match posted.into_alert(now_ms, resolve_timeout_ms) {
            Ok(alert) => alerts.push(alert),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Ok((alerts, mistakes))
}

/// An alert as it is sent. A time of 0 was not given.
struct Posted<'v> {
    labels: Option<Vec<(&'v str, &'v str)>>,
    annotations: Vec<(&'v str, &'v str)>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    generator_url: &'v str,
}

impl<'v> Posted<'v> {
    fn of(value: &'v Value) -> Result<Posted<'v>, Refusal> {
        let fields = Fields::of(value, WHAT)?;
        Ok(Posted {
            labels: fields.texts("labels")?,
            annotations: fields.texts("annotations")?.unwrap_or_default(),
            starts_at_ms: fields.time_ms("startsAt")?.unwrap_or(0),
            ends_at_ms: fields.time_ms("endsAt")?.unwrap_or(0),
            generator_url: fields.text("generatorURL")?.unwrap_or_default(),
        })
    }

    /// What lets the whole body be refused.
    fn check_fields(&self, index: usize) -> Result<(), Refusal> {
        if !self.generator_url.is_empty() && !is_uri(self.generator_url) {
            let url = quoted(self.generator_url);
            return Err(Refusal::Field(WRONG_TYPE, format!("{index}.generatorURL in body must be of type uri: {url}")));
        }
        if self.labels.is_none() { Err(Refusal::required(format_args!("{index}.labels"))) } else { Ok(()) }
    }

    /// The alert, or what is wrong with it. Labels without a value are none; without a start it starts now, or when it ends;
    /// without an end it ends after a while.
    fn into_alert(self, now_ms: i64, resolve_timeout_ms: i64) -> Result<Alert, String> {
        let is_timeout = self.ends_at_ms == 0;
        let starts_at_ms = match (self.starts_at_ms, self.ends_at_ms) {
            (0, 0) => now_ms,
            (0, ends_at_ms) => ends_at_ms,
            (starts_at_ms, _) => starts_at_ms,
        };
        let ends_at_ms = if is_timeout { now_ms.saturating_add(resolve_timeout_ms) } else { self.ends_at_ms };
        if ends_at_ms < starts_at_ms {
            return Err("start time must be before end time".to_owned());
        }
        let mut labels = self.labels.unwrap_or_default();
        labels.retain(|(_, value)| !value.is_empty());
        if labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        check_names(&labels, "invalid label set")?;
        check_names(&self.annotations, "invalid annotations")?;
        Ok(Alert {
            labels: Labels::from_pairs(labels),
            annotations: Labels::from_pairs(self.annotations),
            starts_at_ms,
            ends_at_ms: Some(ends_at_ms),
            generator_url: self.generator_url.to_owned(),
            updated_at_ms: now_ms,
            is_timeout,
        })
    }
}

fn check_names(pairs: &[(&str, &str)], what: &str) -> Result<(), String> {
    match pairs.iter().find(|(name, _)| !Grammar::default().is_label_name(name)) {
        Some((name, _)) => Err(format!("{what}: invalid name {}", quoted(name))),
        None => Ok(()),
    }
}

/// Whether a text is a URI as a request may have it: a path, or with a scheme.
fn is_uri(text: &str) -> bool {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    });
    (has_scheme || text.starts_with('/')) && !text.contains(|c: char| c.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW_MS: i64 = 1_000_000;

    fn read(body: &Value) -> Result<(Vec<Alert>, Vec<String>), Refusal> {
        super::read(body.to_string().as_bytes(), NOW_MS, 300_000)
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        let check = |times: Value, want: (i64, i64, bool)| {
            let mut alert = json!({ "labels": { "alertname": "a", "b": "" } });
            alert.as_object_mut().unwrap().extend(times.as_object().cloned().unwrap());
            let (alerts, mistakes) = read(&json!([alert])).unwrap();
            let [alert] = &alerts[..] else { panic!("{mistakes:?}") };
            assert_eq!((alert.starts_at_ms, alert.ends_at_ms.unwrap(), alert.is_timeout), want, "{times}");
            assert_eq!((alert.updated_at_ms, alert.labels.to_string().as_str()), (NOW_MS, "{alertname=\"a\"}"));
        };
        let at = |seconds: u32| format!("1970-01-01T00:00:{seconds:02}Z");
        check(json!({}), (NOW_MS, NOW_MS + 300_000, true));
        check(json!({ "startsAt": at(5) }), (5_000, NOW_MS + 300_000, true));
        check(json!({ "endsAt": at(7) }), (7_000, 7_000, false));
        check(json!({ "startsAt": at(5), "endsAt": at(7) }), (5_000, 7_000, false));
        check(json!({ "startsAt": "0001-01-01T00:00:00.000Z", "endsAt": null }), (NOW_MS, NOW_MS + 300_000, true));
    }

    #[test]
    fn valid_alerts_are_taken_beside_others() {
        let body = json!([
            { "labels": {} },
            { "labels": { "a": "" } },
            { "labels": { "a": "b" }, "startsAt": "1970-01-02T00:00:00Z", "endsAt": "1970-01-01T00:00:01Z" },
            { "labels": { "": "b" } },
            { "labels": { "a": "b" }, "annotations": { "": "c" } },
            { "labels": { "中 文": "b" }, "annotations": { "x y": "" } },
        ]);
        let (alerts, mistakes) = read(&body).unwrap();
        assert_eq!(alerts.len(), 1);
        assert_eq!(
            mistakes,
            [
                "at least one label pair required",
                "at least one label pair required",
                "start time must be before end time",
                "invalid label set: invalid name \"\"",
                "invalid annotations: invalid name \"\"",
            ]
        );
    }

    #[test]
    fn bodies_that_are_none() {
        let check = |body: Value, want: Refusal| assert_eq!(read(&body).unwrap_err(), want, "{body}");
        let unreadable =
            |error: &str| Refusal::Unreadable(format!("parsing alerts body from \"\" failed, because {error}"));
        check(json!({}), unreadable("json: cannot unmarshal what is no array into a list of alerts"));
        check(
            json!([{ "labels": { "a": 1 } }]),
            unreadable("json: cannot unmarshal number into field labels of type string"),
        );
        check(json!([{ "labels": { "a": "b" } }, {}]), Refusal::Field(602, "1.labels in body is required".into()));
        check(
            json!([{ "labels": { "a": "b" }, "generatorURL": "not a url" }]),
            Refusal::Field(601, "0.generatorURL in body must be of type uri: \"not a url\"".into()),
        );
        assert_eq!(super::read(b"", NOW_MS, 0).unwrap_err(), Refusal::required("alerts"));
        assert!(matches!(super::read(b"nope", NOW_MS, 0), Err(Refusal::Unreadable(_))));
        // Nested without end, it is refused, and nothing overflows.
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(super::read(deep.as_bytes(), NOW_MS, 0), Err(Refusal::Unreadable(_))));
    }
}
