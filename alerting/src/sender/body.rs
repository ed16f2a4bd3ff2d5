//! The body of `POST /api/v2/alerts`.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use model::Labels;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::Outgoing;

#[derive(Serialize)]
struct Posted<'a> {
    #[serde(serialize_with = "map")]
    annotations: &'a Labels,
    #[serde(rename = "endsAt")]
    ends_at: String,
    #[serde(rename = "startsAt")]
    starts_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "str::is_empty")]
    generator_url: &'a str,
    #[serde(serialize_with = "map")]
    labels: &'a Labels,
}

fn map<S: Serializer>(labels: &&Labels, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(labels.len()))?;
    for (name, value) in *labels {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// Alerts as an Alertmanager reads them.
pub(super) fn of(alerts: &[Arc<Outgoing>]) -> Bytes {
    let posted: Vec<Posted<'_>> = alerts
        .iter()
        .map(|alert| Posted {
            annotations: &alert.annotations,
            ends_at: rfc3339(alert.ends_at_ms),
            starts_at: rfc3339(alert.starts_at_ms),
            generator_url: &alert.generator_url,
            labels: &alert.labels,
        })
        .collect();
    // Maps with keys that are texts cannot fail to be written.
    serde_json::to_vec(&posted).unwrap_or_default().into()
}

/// A time with milliseconds, in UTC; what no calendar has becomes the nearest that one has.
fn rfc3339(at_ms: i64) -> String {
    let nearest = if at_ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    format!("{:.3}", Timestamp::from_millisecond(at_ms).unwrap_or(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_written_as_prometheus_writes_them() {
        let alert = Outgoing {
            labels: Labels::from_pairs([("alertname", "Ä\"\n"), ("severity", "page")]),
            annotations: Labels::from_pairs([("summary", "<b>")]),
            starts_at_ms: 1_700_000_000_123,
            ends_at_ms: 1_700_000_240_000,
            generator_url: "http://a/graph?g0.expr=up".to_owned(),
        };
        let bare = Outgoing { labels: Labels::from_pairs([("a", "b")]), ends_at_ms: i64::MAX, ..empty() };
        let want = concat!(
            r#"[{"annotations":{"summary":"<b>"},"endsAt":"2023-11-14T22:17:20.000Z","#,
            r#""startsAt":"2023-11-14T22:13:20.123Z","generatorURL":"http://a/graph?g0.expr=up","#,
            r#""labels":{"alertname":"Ä\"\n","severity":"page"}},"#,
            r#"{"annotations":{},"endsAt":"9999-12-30T22:00:00.999Z","startsAt":"1970-01-01T00:00:00.000Z","labels":{"a":"b"}}]"#,
        );
        assert_eq!(of(&[Arc::new(alert), Arc::new(bare)]), want);
    }

    fn empty() -> Outgoing {
        Outgoing {
            labels: Labels::empty(),
            annotations: Labels::empty(),
            starts_at_ms: 0,
            ends_at_ms: 0,
            generator_url: String::new(),
        }
    }
}
