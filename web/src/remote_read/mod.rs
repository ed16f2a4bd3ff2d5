//! `/api/v1/read`: remote read. Series are answered as samples in one message, or as chunks in frames that are written while
//! the store is read.
//!
//! External labels are on every series of the answer that has none of the name; a matcher that wants one of them with its value
//! is fulfilled by all series that have none, as in Prometheus.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_ENCODING;
use http::{HeaderValue, StatusCode};
use model::matcher::MatchOp;
use model::storage::{SelectError, SelectHints, SeriesSet, Tile};
use model::{Labels, Matcher};
use net::remote_read::{
    AnswerKind, ChunksAnswer, InvalidMatcher, ReadQuery, ReadRequest, SamplesAnswer, decode_request,
};
use net::remote_write::{MAX_DECODED_BYTES, compress};
use net::server::{Encoding, Request, Response, produce};
use tokio::sync::OwnedSemaphorePermit;

use crate::state::Parts;
use crate::web::Shared;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Matcher(#[from] InvalidMatcher),
    #[error(transparent)]
    Select(#[from] SelectError),
    #[error("exceeded sample limit ({0})")]
    TooManySamples(usize),
    #[error("{0}")]
    TooLarge(String),
}

impl ReadError {
    fn respond(&self) -> Response {
        let status = match self {
            ReadError::TooManySamples(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Response::error(status, self)
    }
}

pub(crate) async fn answer(shared: &Arc<Shared>, parts: Parts, mut request: Request) -> Response {
    let Ok(place) = shared.reads.enter(PATIENCE).await else {
        let limit = shared.reads.n_places();
        let text = format!("too many remote reads at the same time: limit remote_read_concurrency is {limit}");
        return Response::error(StatusCode::SERVICE_UNAVAILABLE, text);
    };
    let body = match request.body(MAX_DECODED_BYTES).await {
        Ok(body) => body,
        Err(error) => return Response::error(error.status(), error),
    };
    let shared = Arc::clone(shared);
    produce(Encoding::Identity, move || read(&shared, &parts, &body, place)).await
}

fn read(shared: &Shared, parts: &Parts, body: &[u8], place: OwnedSemaphorePermit) -> Response {
    let bad = |error: &dyn std::fmt::Display| Response::error(StatusCode::BAD_REQUEST, error);
    let request = match decode_request(body) {
        Ok(request) => request,
        Err(error) => return bad(&error),
    };
    let external = shared.snapshot.load().external_labels.clone();
    let limits = &shared.settings.limits;
    let response = match request.answer_kind() {
        Err(error) => return bad(&error),
        Ok(AnswerKind::Samples) => samples(parts, &request, &external, limits.remote_read_samples),
        Ok(AnswerKind::Chunks) => chunks(parts, &request, external, limits.remote_read_frame_bytes, place),
    };
    response.unwrap_or_else(|error| error.respond())
}

/// What a query has found.
#[derive(Debug)]
struct Found {
    set: Box<dyn SeriesSet>,
    start_ms: i64,
    end_ms: i64,
    /// Whether only the labels are wanted.
    is_listing: bool,
}

impl Found {
    fn select(parts: &Parts, query: &ReadQuery, external: &Labels) -> Result<Found, ReadError> {
        let matchers = query.matchers.iter().map(|matcher| Ok(without_external(matcher.to_matcher()?, external)));
        let matchers: Vec<Matcher> = matchers.collect::<Result<_, InvalidMatcher>>()?;
        let (mut start_ms, mut end_ms, mut is_listing) = (query.start_ms, query.end_ms, false);
        if let Some(hints) = &query.hints {
            start_ms = start_ms.max(hints.start_ms);
            end_ms = end_ms.min(hints.end_ms);
            is_listing = hints.function == "series";
        }
        let function = is_listing.then_some("series");
        let hints = SelectHints { start_ms, end_ms, function, ..SelectHints::default() };
        let set = parts.select.select(&matchers, &hints)?;
        Ok(Found { set, start_ms, end_ms, is_listing })
    }
}

/// The matcher, or that there is no such label where it wants what is added to the answer.
fn without_external(matcher: Matcher, external: &Labels) -> Matcher {
    let is_added = matcher.op() == MatchOp::Equal && external.get(matcher.name()) == Some(matcher.value());
    if is_added { Matcher::equal(matcher.name(), "") } else { matcher }
}

fn with_external(labels: &Labels, external: &Labels) -> Labels {
    let mut builder = labels.to_builder();
    for (name, value) in external {
        if labels.get(name).is_none() {
            builder.set(name, value);
        }
    }
    builder.build()
}

fn samples(parts: &Parts, request: &ReadRequest, external: &Labels, limit: usize) -> Result<Response, ReadError> {
    let mut answer = SamplesAnswer::new();
    for query in &request.queries {
        let found = Found::select(parts, query, external)?;
        let mut n_samples = 0;
        let mut reader = found.set.reader();
        let mut tile = Tile::default();
        for series in 0..found.set.len() {
            answer.begin_series(&with_external(&found.set.labels(series), external));
            reader.seek(series, found.start_ms);
            while !found.is_listing && reader.next_tile(&mut tile)? {
                n_samples += tile.timestamps.len();
                if limit > 0 && n_samples > limit {
                    return Err(ReadError::TooManySamples(limit));
                }
                add(&mut answer, &tile);
            }
            answer.end_series();
        }
        answer.end_query();
    }
    let body = compress(&answer.finish()).map_err(|error| ReadError::TooLarge(error.to_string()))?;
    Ok(Response::with_body(StatusCode::OK, "application/x-protobuf", body)
        .with(CONTENT_ENCODING, HeaderValue::from_static("snappy")))
}

fn add(answer: &mut SamplesAnswer, tile: &Tile) {
    for (&timestamp_ms, &value) in tile.timestamps.iter().zip(&tile.values) {
        answer.float(timestamp_ms, value);
    }
    for (&timestamp_ms, value) in tile.timestamps.iter().zip(&tile.histograms) {
        answer.histogram(timestamp_ms, value);
    }
}

/// All queries are selected before the first byte is sent, so that an error has its status.
fn chunks(
    parts: &Parts,
    request: &ReadRequest,
    external: Labels,
    max_frame_bytes: usize,
    place: OwnedSemaphorePermit,
) -> Result<Response, ReadError> {
    let found = request.queries.iter().map(|query| Found::select(parts, query, &external));
    let found: Vec<Found> = found.collect::<Result<_, _>>()?;
    let content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
    Ok(Response::written(StatusCode::OK, content_type, move |out| {
        let _place = place;
        let mut answer = ChunksAnswer::new(out, max_frame_bytes);
        found.iter().enumerate().try_for_each(|(query, found)| write_chunks(&mut answer, query, found, &external))
    }))
}

fn write_chunks(
    answer: &mut ChunksAnswer<&mut dyn Write>,
    query: usize,
    found: &Found,
    external: &Labels,
) -> io::Result<()> {
    let mut sorted: Vec<(Labels, usize)> = (0..found.set.len()).map(|at| (found.set.labels(at), at)).collect();
    sorted.sort_unstable();
    let mut reader = found.set.reader();
    let mut tile = Tile::default();
    for (labels, series) in sorted {
        answer.begin_series(query, &with_external(&labels, external));
        if found.is_listing {
            answer.no_samples(found.start_ms, found.end_ms)?;
        } else {
            reader.seek(series, found.start_ms);
            while reader.next_tile(&mut tile).map_err(io::Error::other)? {
                answer.floats(&tile.timestamps, &tile.values)?;
                answer.histograms(&tile.timestamps, &tile.histograms)?;
            }
        }
        answer.end_series()?;
    }
    Ok(())
}
