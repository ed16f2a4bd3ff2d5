//! `/federate`: the newest sample of each series that is selected, for another server to scrape. Always in the text
//! format, as in Prometheus: types are not kept with the samples.

use std::sync::Arc;

use http::StatusCode;
use model::labels::METRIC_NAME;
use model::sample::is_stale;
use model::storage::{SelectHints, Tile};
use model::{Labels, Matcher};
use net::server::{Request, Response, produce};

use crate::api::form_of;
use crate::metrics::{Exposition, Format, Kind, Names, negotiated_names};
use crate::params;
use crate::state::Parts;
use crate::web::Shared;

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let (names, encoding) = (negotiated_names(request.headers()), request.accepted_encoding());
    let form = match form_of(&mut request).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let selectors = match params::selectors(&form) {
        Ok(selectors) => selectors,
        Err(error) => return Response::error(StatusCode::BAD_REQUEST, error),
    };
    let shared = Arc::clone(shared);
    produce(encoding, move || match newest(&shared, &parts, &selectors) {
        Ok(samples) => {
            let text = text(&shared, names, &samples);
            Response::written(StatusCode::OK, content_type(names), move |out| out.write_all(text.as_bytes()))
        }
        Err(error) => Response::error(StatusCode::INTERNAL_SERVER_ERROR, error),
    })
    .await
}

struct Newest {
    labels: Labels,
    timestamp_ms: i64,
    value: f64,
}

/// The newest float of each series that is not older than the engine looks back; those that have ended are left out.
fn newest(
    shared: &Shared,
    parts: &Parts,
    selectors: &[Vec<Matcher>],
) -> Result<Vec<Newest>, model::storage::SelectError> {
    let end_ms = shared.settings.clock.now_ms();
    let start_ms = end_ms - parts.engine.options().lookback_ms;
    let hints = SelectHints { start_ms, end_ms, ..SelectHints::default() };
    let mut samples = Vec::new();
    let mut tile = Tile::default();
    for matchers in selectors {
        let set = parts.select.select(matchers, &hints)?;
        let mut reader = set.reader();
        for series in 0..set.len() {
            reader.seek(series, start_ms);
            let mut last = None;
            while reader.next_tile(&mut tile)? {
                last = tile.timestamps.last().copied().zip(tile.values.last().copied());
            }
            if let Some((timestamp_ms, value)) = last.filter(|(_, value)| !is_stale(*value)) {
                samples.push(Newest { labels: set.labels(series), timestamp_ms, value });
            }
        }
    }
    samples.sort_by(|one, other| {
        let (name, other_name) = (one.labels.metric_name(), other.labels.metric_name());
        name.cmp(other_name).then_with(|| one.labels.cmp(&other.labels))
    });
    samples.dedup_by(|one, other| one.labels == other.labels);
    Ok(samples)
}

fn content_type(names: Names) -> &'static str {
    match names {
        Names::Underscores => Format::Text.content_type(),
        Names::Utf8 => "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8",
    }
}

fn text(shared: &Shared, names: Names, samples: &[Newest]) -> String {
    let external = shared.snapshot.load().external_labels.clone();
    let mut out = Exposition::with_names(Format::Text, names);
    let mut family = None;
    for sample in samples {
        let name = sample.labels.metric_name();
        if name.is_empty() {
            continue;
        }
        if family != Some(name) {
            out.family(name, Kind::Unknown, "");
            family = Some(name);
        }
        let own = sample.labels.iter().filter(|(name, _)| *name != METRIC_NAME);
        let added = external.iter().filter(|(name, _)| sample.labels.get(name).is_none());
        let mut labels: Vec<(&str, &str)> = own.chain(added).collect();
        if !labels.iter().any(|(name, _)| *name == "instance") {
            // So that whoever scrapes this does not put our own address there.
            labels.push(("instance", ""));
        }
        out.sample_at(&labels, sample.value, sample.timestamp_ms);
    }
    out.finish()
}
