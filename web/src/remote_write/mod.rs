//! `/api/v1/write`: remote write 1.0, one batch for each request.
//!
//! The request is decoded whole before anything is stored. Series that were named before are known by a hash of their
//! labels as they come, and their labels are not read. Series with impossible labels are left out and counted, as
//! in Prometheus; samples that storage refuses are named in the answer (400) while the others of the request are kept,
//! so that sending them again, which senders do not do after a 400, would change nothing.

mod known;
mod rows;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use model::storage::{AppendError, Refusal};
use net::remote_write::{MAX_DECODED_BYTES, check_headers, decompress};
use net::server::{BodyError, Encoding, Request, Response, produce};

pub(crate) use known::Known;
use rows::{Message, Rows, Stored, name_row};

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
    /// Samples that storage refused.
    pub(crate) refused: AtomicU64,
}

pub(crate) async fn receive(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    if !shared.settings.enable_remote_write {
        let text = "remote write receiver needs to be enabled with --web.enable-remote-write-receiver";
        return Response::error(StatusCode::NOT_FOUND, text);
    }
    if let Err(error) = check_headers(request.headers()) {
        return Response::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
    }
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
        store(&shared, &parts, &body)
    })
    .await
}

fn try_later(text: impl std::fmt::Display) -> Response {
    Response::error(StatusCode::SERVICE_UNAVAILABLE, text).with(RETRY_AFTER, HeaderValue::from_static("5"))
}

fn store(shared: &Shared, parts: &Parts, body: &[u8]) -> Response {
    let bad = |error: &dyn std::fmt::Display| Response::error(StatusCode::BAD_REQUEST, error);
    let message = match decompress(body, MAX_DECODED_BYTES) {
        Ok(message) => message,
        Err(error) => return bad(&error),
    };
    let message = Message { bytes: &message, limits: &shared.settings.limits.remote_write };
    let rows = match Rows::read(message, &shared.known, true) {
        Ok(rows) => rows,
        Err(error) => return bad(&error),
    };
    let counts = &shared.write_counts;
    counts.invalid_labels.fetch_add(rows.n_invalid, Ordering::Relaxed);
    counts.exemplars_dropped.fetch_add(rows.n_exemplars, Ordering::Relaxed);
    match rows.commit(message, &shared.known, &*parts.append, || parts.storage.head().n_series) {
        Ok(stored) => {
            counts.samples.fetch_add(stored.n_samples, Ordering::Relaxed);
            counts.histograms.fetch_add(stored.n_histograms, Ordering::Relaxed);
            counts.refused.fetch_add(stored.refused.len() as u64, Ordering::Relaxed);
            refused(message, &stored).unwrap_or(Response::new(StatusCode::NO_CONTENT))
        }
        Err(AppendError::NotSupported(what)) => bad(&format_args!("{what} not supported yet")),
        Err(error) => try_later(error),
    }
}

/// Names one of the samples that were refused, and how many there were in all: what a limit refuses before others.
fn refused(message: Message<'_>, stored: &Stored) -> Option<Response> {
    let is_limit = |refusal: &Refusal| matches!(refusal, Refusal::SeriesLimit { .. });
    let by_limit = stored.refused.iter().find(|refused| is_limit(&refused.refusal));
    let shown = by_limit.or(stored.refused.first())?;
    let (prefix, status) = match shown.refusal {
        // What is too far ahead is out of bounds to Prometheus, and so its senders know it.
        Refusal::TooFarAhead { .. } => ("out of bounds: ", StatusCode::BAD_REQUEST),
        Refusal::SeriesLimit { .. } => ("", StatusCode::TOO_MANY_REQUESTS),
        _ => ("", StatusCode::BAD_REQUEST),
    };
    let refusal = &shown.refusal;
    let of = name_row(message, shown.row, stored.n_floats)
        .map_or(String::new(), |named| format!(" for series {} at {} ms", named.series, named.timestamp_ms));
    let others = match stored.refused.len().saturating_sub(1) {
        0 => String::new(),
        n_others => format!(", and {n_others} more"),
    };
    Some(Response::error(status, format_args!("{prefix}{refusal}{of}{others}")))
}
