//! What several answers hold.

use alerting::Fingerprint;
use alerting::dispatch::AlertView;
use model::Labels;

use super::times;
use crate::json::Json;

/// Labels, escaped as all of this API is.
pub(super) fn labels(json: &mut Json<'_>, labels: &Labels) {
    pairs(json, labels.iter());
}

/// An object of texts.
pub(super) fn pairs<'a>(json: &mut Json<'_>, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    json.raw("{");
    for (i, (name, value)) in pairs.enumerate() {
        if i > 0 {
            json.raw(",");
        }
        json.key(name);
        json.string(value);
    }
    json.raw("}");
}

/// A time under a key.
pub(super) fn time(json: &mut Json<'_>, key: &str, time_ms: i64) {
    json.key(key);
    json.string(&times::format(time_ms));
}

/// A receiver that is only named.
pub(super) fn receiver(json: &mut Json<'_>, name: &str) {
    json.raw("{\"name\":");
    json.string(name);
    json.raw("}");
}

/// An alert, with the receivers and the intervals that are to be told of it.
pub(super) fn alert(json: &mut Json<'_>, view: &AlertView, receivers: &[&str], muted_by: &[String], now_ms: i64) {
    let alert = &view.alert;
    json.raw("{\"annotations\":");
    labels(json, &alert.annotations);
    json.raw(",");
    // An alert of our own rules has no end while it fires; clients want one that has not come.
    time(json, "endsAt", alert.ends_at_ms.unwrap_or(now_ms + OPEN_END_MS));
    json.raw(",\"fingerprint\":");
    json.string(&view.fingerprint.to_string());
    json.raw(",\"receivers\":");
    json.list(receivers, |json, name| receiver(json, name));
    json.raw(",");
    time(json, "startsAt", alert.starts_at_ms);
    json.raw(",\"status\":{\"inhibitedBy\":");
    let inhibited_by: Vec<String> = view.inhibited_by.iter().map(Fingerprint::to_string).collect();
    json.strings(inhibited_by.iter().map(String::as_str));
    json.raw(",\"mutedBy\":");
    json.strings(muted_by.iter().map(String::as_str));
    json.raw(",\"silencedBy\":");
    json.strings(view.silenced_by.iter().map(String::as_str));
    let is_quiet = !(view.silenced_by.is_empty() && view.inhibited_by.is_empty() && muted_by.is_empty());
    json.raw(if is_quiet { ",\"state\":\"suppressed\"}," } else { ",\"state\":\"active\"}," });
    time(json, "updatedAt", alert.updated_at_ms);
    if !alert.generator_url.is_empty() {
        json.raw(",\"generatorURL\":");
        json.string(&alert.generator_url);
    }
    json.raw(",\"labels\":");
    labels(json, &alert.labels);
    json.raw("}");
}

/// The end that is shown of an alert that has none: as far away as Prometheus has it, four times its delay of a minute.
const OPEN_END_MS: i64 = 240_000;
