//! `/api/v1/write`: remote write 1.0 and 2.0, one batch for each request.
//!
//! The request is decoded whole before anything is stored. Series that were named before are known by a hash of their
//! labels as they come, and their labels are not read. Series with impossible labels are left out and counted, as
//! in Prometheus; samples that storage refuses are named in the answer (400) while the others of the request are kept,
//! so that sending them again, which senders do not do after a 400, would change nothing.

mod explain;
mod known;
mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use model::storage::AppendError;
use net::remote_write::{MAX_DECODED_BYTES, Version, check_headers, decompress};
use net::server::{BodyError, Encoding, Request, Response, produce};

use explain::explain;
pub(crate) use known::Known;
use rows::{Message, Rows, Stored};

use crate::state::Parts;
use crate::web::Shared;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came in by remote write.
#[derive(Debug, Default)]
pub(crate) struct WriteCounts {
    pub(crate) samples: AtomicU64,
    pub(crate) histograms: AtomicU64,
    /// Exemplars, which are not stored yet.
    pub(crate) exemplars_dropped: AtomicU64,
    /// Samples of series with labels that cannot be.
    pub(crate) invalid_labels: AtomicU64,
    /// Native histograms that contradict themselves.
    pub(crate) invalid_histograms: AtomicU64,
    /// Samples that storage refused.
    pub(crate) refused: AtomicU64,
}

pub(crate) async fn receive(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    if !shared.settings.enable_remote_write {
        let text = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver";
        return Response::error(StatusCode::NOT_FOUND, text);
    }
    let version = match check_headers(request.headers()) {
        Ok(version) => version,
        Err(error) => return Response::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, error),
    };
    let limit = shared.settings.limits.remote_write_body;
    let body = match request.body(limit).await {
        Ok(body) => body,
        Err(BodyError::TooLarge { .. }) => {
            let text = format!("request body exceeds the {limit} bytes limit");
            return Response::error(StatusCode::PAYLOAD_TOO_LARGE, text);
        }
        Err(error) => return Response::error(error.status(), error),
    };
    let Ok(place) = shared.writes.enter(PATIENCE).await else {
        let limit = shared.writes.n_places();
        let text = format!("too many remote writes at the same time: limit remote_write_concurrency is {limit}");
        return try_later(text);
    };
    let shared = Arc::clone(shared);
    produce(Encoding::Identity, move || {
        let _place = place;
        store(&shared, &parts, version, &body)
    })
    .await
}

fn try_later(text: impl std::fmt::Display) -> Response {
    Response::error(StatusCode::SERVICE_UNAVAILABLE, text).with(RETRY_AFTER, HeaderValue::from_static("5"))
}

fn store(shared: &Shared, parts: &Parts, version: Version, body: &[u8]) -> Response {
    let bad = |error: &dyn std::fmt::Display| {
        with_counts(Response::error(StatusCode::BAD_REQUEST, error), version, &Stored::default())
    };
    let message = match decompress(body, MAX_DECODED_BYTES) {
        Ok(message) => message,
        Err(error) => return Response::error(StatusCode::BAD_REQUEST, error),
    };
    let message = Message { version, bytes: &message, limits: &shared.settings.limits.remote_write };
    let rows = match Rows::read(message, &shared.known, true) {
        Ok(rows) => rows,
        Err(error) => return bad(&error),
    };
    let counts = &shared.write_counts;
    counts.invalid_labels.fetch_add(rows.n_invalid, Ordering::Relaxed);
    counts.invalid_histograms.fetch_add(rows.n_bad_histograms, Ordering::Relaxed);
    counts.exemplars_dropped.fetch_add(rows.n_exemplars, Ordering::Relaxed);
    match rows.commit(message, &shared.known, &*parts.append, || parts.storage.head().n_series) {
        Ok(stored) => {
            counts.samples.fetch_add(stored.n_samples, Ordering::Relaxed);
            counts.histograms.fetch_add(stored.n_histograms, Ordering::Relaxed);
            counts.refused.fetch_add(stored.refused.len() as u64, Ordering::Relaxed);
            let response = if stored.is_whole() {
                Response::new(StatusCode::NO_CONTENT)
            } else {
                let (status, text) = explain(message, &stored);
                Response::error(status, text)
            };
            with_counts(response, version, &stored)
        }
        Err(AppendError::NotSupported(what)) => bad(&format_args!("{what} not supported yet")),
        Err(error) => with_counts(try_later(error), version, &Stored::default()),
    }
}

/// What was written, in the headers that version 2 has for it.
fn with_counts(response: Response, version: Version, stored: &Stored) -> Response {
    if version == Version::V1 {
        return response;
    }
    // Exemplars are not stored yet.
    let counts = [("samples", stored.n_samples), ("histograms", stored.n_histograms), ("exemplars", 0)];
    counts.into_iter().fold(response, |response, (kind, count)| {
        let name = match kind {
            "samples" => HeaderName::from_static("x-prometheus-remote-write-samples-written"),
            "histograms" => HeaderName::from_static("x-prometheus-remote-write-histograms-written"),
            _ => HeaderName::from_static("x-prometheus-remote-write-exemplars-written"),
        };
        response.with(name, HeaderValue::from(count))
    })
}
