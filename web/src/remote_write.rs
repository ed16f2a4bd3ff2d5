//! `/api/v1/write`: remote write 1.0, one batch for each request.
//!
//! The request is decoded whole before anything is stored. Series with impossible labels are left out and counted, as
//! in Prometheus; samples that storage refuses are named in the answer (400) while the others of the request are kept,
//! so that sending them again, which senders do not do after a 400, would change nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use model::Labels;
use model::storage::{Append, AppendError, Batch, HistogramRow, Refusal, Refused, SeriesRef, Timestamps};
use net::remote_write::{
    HistogramSample, MAX_DECODED_BYTES, RequestVisitor, Sample, TimeSeries, check_headers, decode, decompress,
};
use net::server::{BodyError, Encoding, Request, Response, produce};

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
        store(&shared, &*parts.append, &body)
    })
    .await
}

fn try_later(text: impl std::fmt::Display) -> Response {
    Response::error(StatusCode::SERVICE_UNAVAILABLE, text).with(RETRY_AFTER, HeaderValue::from_static("5"))
}

fn store(shared: &Shared, append: &dyn Append, body: &[u8]) -> Response {
    let bad = |error: &dyn std::fmt::Display| Response::error(StatusCode::BAD_REQUEST, error);
    let message = match decompress(body, MAX_DECODED_BYTES) {
        Ok(message) => message,
        Err(error) => return bad(&error),
    };
    let mut rows = Rows::default();
    if let Err(error) = decode(&message, &shared.settings.limits.remote_write, &mut rows) {
        return bad(&error);
    }
    drop(message);
    let counts = &shared.write_counts;
    counts.invalid_labels.fetch_add(rows.n_invalid, Ordering::Relaxed);
    counts.exemplars_dropped.fetch_add(rows.n_exemplars, Ordering::Relaxed);
    match rows.commit(append) {
        Ok(stored) => {
            counts.samples.fetch_add(stored.n_samples, Ordering::Relaxed);
            counts.histograms.fetch_add(stored.n_histograms, Ordering::Relaxed);
            counts.refused.fetch_add(stored.n_refused, Ordering::Relaxed);
            stored
                .first_refused
                .as_ref()
                .map_or(Response::new(StatusCode::NO_CONTENT), |first| refused(first, stored.n_refused))
        }
        Err(AppendError::NotSupported(what)) => bad(&format_args!("{what} not supported yet")),
        Err(error) => try_later(error),
    }
}

/// Names the first sample that was refused, and how many there were in all.
fn refused(first: &RefusedSample, n_refused: u64) -> Response {
    let (prefix, status) = match first.refusal {
        // What is too far ahead is out of bounds to Prometheus, and so its senders know it.
        Refusal::TooFarAhead { .. } => ("out of bounds: ", StatusCode::BAD_REQUEST),
        Refusal::SeriesLimit { .. } => ("", StatusCode::TOO_MANY_REQUESTS),
        _ => ("", StatusCode::BAD_REQUEST),
    };
    let RefusedSample { refusal, series, timestamp_ms } = first;
    let others = match n_refused.saturating_sub(1) {
        0 => String::new(),
        n_others => format!(", and {n_others} more"),
    };
    Response::error(status, format_args!("{prefix}{refusal} for series {series} at {timestamp_ms} ms{others}"))
}

/// A request as rows, their series by position.
#[derive(Debug, Default)]
struct Rows {
    series: Vec<Labels>,
    /// The series of each float.
    of_floats: Vec<u32>,
    timestamps: Vec<i64>,
    values: Vec<f64>,
    histograms: Vec<(u32, HistogramSample)>,
    n_invalid: u64,
    n_exemplars: u64,
}

impl RequestVisitor for Rows {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        let n_samples = series.samples.len() + series.histograms.len();
        self.n_exemplars += series.exemplars.len() as u64;
        if series.fault.is_some() {
            self.n_invalid += n_samples as u64;
            return;
        }
        if n_samples == 0 {
            return;
        }
        let number = self.series.len() as u32;
        self.series.push(Labels::from_sorted(series.labels.iter().copied()));
        for Sample { timestamp_ms, value } in &series.samples {
            self.of_floats.push(number);
            self.timestamps.push(*timestamp_ms);
            self.values.push(*value);
        }
        self.histograms.extend(series.histograms.iter().map(|sample| (number, sample.clone())));
    }
}

/// What became of a request.
#[derive(Debug, Default)]
struct Stored {
    n_samples: u64,
    n_histograms: u64,
    n_refused: u64,
    first_refused: Option<RefusedSample>,
}

/// A sample that storage did not take.
#[derive(Debug)]
struct RefusedSample {
    refusal: Refusal,
    series: Labels,
    timestamp_ms: i64,
}

impl Rows {
    fn commit(mut self, append: &dyn Append) -> Result<Stored, AppendError> {
        if self.series.is_empty() {
            return Ok(Stored::default());
        }
        let mut stored = Stored::default();
        let mut known = append.resolve(None, &self.series)?;
        self.leave_out(&known, &mut stored);
        let mut refused = self.commit_rows(append, &known)?;
        // A series can be dropped between the two steps; then it is made anew, once.
        if refused.iter().any(|refused| refused.refusal == Refusal::UnknownSeries) {
            known = append.resolve(None, &self.series)?;
            refused = self.commit_rows(append, &known)?;
        }
        let n_refused_floats = refused.iter().filter(|refused| refused.row < self.values.len()).count();
        stored.n_samples = (self.values.len() - n_refused_floats) as u64;
        stored.n_histograms = (self.histograms.len() - (refused.len() - n_refused_floats)) as u64;
        stored.n_refused += refused.len() as u64;
        if stored.first_refused.is_none() {
            stored.first_refused = refused.into_iter().next().map(|refused| self.named(refused));
        }
        Ok(stored)
    }

    /// The sample of a row, floats before histograms.
    fn named(&self, refused: Refused) -> RefusedSample {
        let (number, timestamp_ms) = match self.timestamps.get(refused.row) {
            Some(timestamp_ms) => (self.of_floats[refused.row], *timestamp_ms),
            None => {
                let (number, sample) = &self.histograms[refused.row - self.timestamps.len()];
                (*number, sample.timestamp_ms)
            }
        };
        RefusedSample { refusal: refused.refusal, series: self.series[number as usize].clone(), timestamp_ms }
    }

    /// Drops the rows of series that storage did not take.
    fn leave_out(&mut self, known: &[Result<SeriesRef, Refusal>], stored: &mut Stored) {
        let is_refused = |number: u32| known[number as usize].is_err();
        let Some(first) = (0..known.len()).find(|number| known[*number].is_err()) else { return };
        if let Err(refusal) = &known[first] {
            let timestamp_ms = self.first_time_of(first as u32);
            let series = self.series[first].clone();
            stored.first_refused = Some(RefusedSample { refusal: refusal.clone(), series, timestamp_ms });
        }
        let n_before = self.values.len() + self.histograms.len();
        let refused: Vec<bool> = self.of_floats.iter().map(|number| is_refused(*number)).collect();
        retain_where_not(&mut self.timestamps, &refused);
        retain_where_not(&mut self.values, &refused);
        retain_where_not(&mut self.of_floats, &refused);
        self.histograms.retain(|(number, _)| !is_refused(*number));
        stored.n_refused = (n_before - self.values.len() - self.histograms.len()) as u64;
    }

    /// The time of the first sample of a series; each has one.
    fn first_time_of(&self, number: u32) -> i64 {
        let floats = self.of_floats.iter().zip(&self.timestamps).filter(|(of, _)| **of == number);
        let histograms = self.histograms.iter().filter(|(of, _)| *of == number);
        let mut times = floats.map(|(_, time)| *time).chain(histograms.map(|(_, sample)| sample.timestamp_ms));
        times.next().unwrap_or_default()
    }

    fn commit_rows(
        &self,
        append: &dyn Append,
        known: &[Result<SeriesRef, Refusal>],
    ) -> Result<Vec<Refused>, AppendError> {
        let nowhere = SeriesRef(u64::MAX);
        let of = |number: u32| known[number as usize].as_ref().copied().unwrap_or(nowhere);
        let series: Vec<SeriesRef> = self.of_floats.iter().map(|number| of(*number)).collect();
        let histograms: Vec<HistogramRow> = self
            .histograms
            .iter()
            .map(|(number, sample)| HistogramRow {
                series: of(*number),
                timestamp_ms: sample.timestamp_ms,
                value: sample.value.clone(),
            })
            .collect();
        append.commit(&Batch {
            source: None,
            series: &series,
            timestamps: Timestamps::Each(&self.timestamps),
            values: &self.values,
            histograms: &histograms,
        })
    }
}

/// Keeps the items that are not marked.
fn retain_where_not<T>(items: &mut Vec<T>, marked: &[bool]) {
    let mut marked = marked.iter();
    items.retain(|_| !marked.next().copied().unwrap_or(false));
}
