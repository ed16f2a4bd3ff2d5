//! The task of a shard: sends its batches one after the other, each until it is taken or refused for good.
//!
//! A receiver of version 1.0 takes all of a request or nothing, and a Prometheus refuses a sample that it has already, or that is
//! older than its newest. After this process was killed, what is sent again begins with such samples. So a request that is
//! refused is sent again in halves, the earlier half first, until what is refused is a single sample: no other pays for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use model::Clock;
use tokio::time::sleep;

use super::counts::QueueCounts;
use super::lane::Emptying;
use super::marks::Settled;
use super::prepare::{Row, is_too_old};
use super::settings::QueueSettings;
use super::written::Written;
use crate::client::{Channel, Request};
use crate::remote_write::{Version, compress, encode};

const VERSION: HeaderName = HeaderName::from_static("x-prometheus-remote-write-version");
const RETRY_ATTEMPT: HeaderName = HeaderName::from_static("retry-attempt");
/// So much of what a receiver says of an error is read.
const MAX_ERROR_BYTES: usize = 1 << 10;
/// So often in a row a receiver that has taken nothing of the batch before is sent parts of the next; then all of it is dropped.
const MAX_REFUSED: usize = 16;

/// What a shard works with.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) settings: Arc<QueueSettings>,
    pub(super) counts: Arc<QueueCounts>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) shard: usize,
    pub(super) settled: Settled,
}

/// What became of a request.
#[derive(Debug)]
enum Outcome {
    Taken,
    /// For good, with what was taken nevertheless.
    Refused(Refusal),
    /// To be repeated; after so long, if the receiver says that.
    Later(String, Option<Duration>),
}

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    text: String,
    /// What was taken, where the receiver says it.
    written: Option<Written>,
}

impl Refusal {
    /// Whether parts of the request may be taken: something in it is wrong, or there is too much of it.
    fn may_be_of_a_part(&self) -> bool {
        self.status == StatusCode::PAYLOAD_TOO_LARGE
            || (self.status == StatusCode::BAD_REQUEST && self.written.is_none())
    }
}

/// How a receiver has been with the last requests.
#[derive(Debug, Default)]
struct Mood {
    /// It has refused each row of the last batch.
    took_nothing: bool,
    /// Requests it has refused since it took one.
    n_refused: usize,
}

impl Delivery {
    /// Sends until the lane ends.
    pub(super) async fn run(self, mut lane: Emptying) {
        let mut channel = self.settings.client.channel();
        let mut mood = Mood::default();
        while let Some(rows) = lane.next(self.settings.batch_send_deadline).await {
            let n_rows = rows.len() as u64;
            self.deliver(&mut channel, &mut mood, rows).await;
            self.counts.pending.fetch_sub(n_rows, Ordering::Relaxed);
            self.settled[self.shard].fetch_add(n_rows, Ordering::AcqRel);
        }
    }

    async fn deliver(&self, channel: &mut Channel, mood: &mut Mood, rows: Vec<Row>) {
        mood.n_refused = 0;
        // What may have been sent by the process before is refused by right.
        let may_be_repeated = rows.iter().any(|row| row.may_be_repeated);
        let is_patient = !mood.took_nothing || may_be_repeated;
        let mut took_nothing = true;
        let mut parts = vec![rows];
        while let Some(mut rows) = parts.pop() {
            let Some(refusal) = self.repeat(channel, &mut rows).await else {
                (took_nothing, mood.n_refused) = (false, 0);
                continue;
            };
            mood.n_refused += 1;
            took_nothing &= refusal.written.is_none_or(Written::is_nothing);
            let goes_on = is_patient || mood.n_refused < MAX_REFUSED;
            if rows.len() > 1 && goes_on && refusal.may_be_of_a_part() {
                let later = rows.split_off(rows.len() / 2);
                parts.extend([later, rows]);
            } else {
                self.drop_refused(&refusal, &rows);
            }
        }
        mood.took_nothing = took_nothing && !may_be_repeated;
    }

    /// Sends a request until it is taken, or refused for good, which is the answer.
    async fn repeat(&self, channel: &mut Channel, rows: &mut Vec<Row>) -> Option<Refusal> {
        let mut backoff = *self.settings.backoff.start();
        for attempt in 0u64.. {
            // What has become too old while the receiver was away is dropped now.
            self.drop_old(rows);
            let newest_ms = rows.iter().map(|row| row.timestamp_ms).max()?;
            let message = encode(self.settings.version, rows.iter().map(Row::outgoing));
            let Ok(body) = compress(&message) else {
                // No configuration makes a request of 4 GiB; it could be sent by nobody.
                let (status, text) = (StatusCode::PAYLOAD_TOO_LARGE, "too much for one request".to_owned());
                return Some(Refusal { status, text, written: None });
            };
            let n_bytes = body.len();
            let began = self.clock.elapsed();
            match self.send(channel, body, attempt).await {
                Outcome::Taken => {
                    let took = self.clock.elapsed().saturating_sub(began);
                    self.counts.note_request(Written::all(rows), n_bytes, took);
                    self.counts.highest_sent_ms.fetch_max(newest_ms, Ordering::Relaxed);
                    return None;
                }
                Outcome::Refused(refusal) => return Some(refusal),
                Outcome::Later(error, after) => {
                    self.counts.retried.fetch_add(rows.len() as u64, Ordering::Relaxed);
                    if attempt == 0 {
                        let queue = &self.settings.name;
                        tracing::warn!(queue, error, "remote write: the receiver takes nothing; it is tried again");
                    }
                    sleep(after.unwrap_or(backoff)).await;
                    backoff = (backoff * 2).min(*self.settings.backoff.end());
                }
            }
        }
        None
    }

    /// Counts what is lost, and says why where it is not what was sent before.
    fn drop_refused(&self, refusal: &Refusal, rows: &[Row]) {
        let all = Written::all(rows);
        let written = refusal.written.unwrap_or_default();
        self.counts.samples.fetch_add(written.n_samples.min(all.n_samples), Ordering::Relaxed);
        self.counts.histograms.fetch_add(written.n_histograms.min(all.n_histograms), Ordering::Relaxed);
        let dropped = all.without(written);
        if rows.iter().all(|row| row.may_be_repeated) && refusal.status == StatusCode::BAD_REQUEST {
            self.counts.repeated.fetch_add(dropped.sum(), Ordering::Relaxed);
            return;
        }
        self.counts.failed.fetch_add(dropped.sum(), Ordering::Relaxed);
        let (queue, samples, error) = (&self.settings.name, dropped.sum(), &refusal.text);
        tracing::error!(queue, samples, error, "remote write: samples refused by the receiver are dropped");
    }

    fn drop_old(&self, rows: &mut Vec<Row>) {
        if self.settings.max_age.is_none() {
            return;
        }
        let (now_ms, n_before) = (self.clock.now_ms(), rows.len());
        rows.retain(|row| !is_too_old(&self.settings, row.timestamp_ms, now_ms));
        self.counts.dropped_old.fetch_add((n_before - rows.len()) as u64, Ordering::Relaxed);
    }

    async fn send(&self, channel: &mut Channel, body: Vec<u8>, attempt: u64) -> Outcome {
        let settings = &self.settings;
        let request = Request {
            method: Method::POST,
            url: settings.url.clone(),
            headers: headers(settings, attempt),
            body: Bytes::from(body),
        };
        let response = match channel.send(&request, settings.timeout).await {
            Ok(response) => response,
            Err(error) => return Outcome::Later(error.to_string(), None),
        };
        let status = response.status();
        if status.is_success() {
            // The body says nothing, but reading it keeps the connection.
            let _ = response.read_into(MAX_ERROR_BYTES, &mut Vec::new()).await;
            return Outcome::Taken;
        }
        let is_later = status.is_server_error() || (status == StatusCode::TOO_MANY_REQUESTS && settings.retry_on_429);
        let after = retry_after(response.headers(), self.clock.now_ms());
        let written = Written::in_headers(response.headers());
        let mut text = response.status_text();
        let mut said = Vec::new();
        // Where the text cannot be read, the status has to do.
        if response.read_into(MAX_ERROR_BYTES, &mut said).await.is_ok() {
            let said = String::from_utf8_lossy(&said);
            text = format!("{text}: {}", said.lines().next().unwrap_or_default());
        }
        if is_later { Outcome::Later(text, after) } else { Outcome::Refused(Refusal { status, text, written }) }
    }
}

fn headers(settings: &QueueSettings, attempt: u64) -> HeaderMap {
    let (content_type, version) = match settings.version {
        Version::V1 => ("application/x-protobuf", "0.1.0"),
        Version::V2 => ("application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"),
    };
    let mut headers = settings.headers.clone();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(VERSION, HeaderValue::from_static(version));
    if attempt > 0 {
        headers.insert(RETRY_ATTEMPT, HeaderValue::from(attempt));
    }
    headers
}

/// How long a receiver wants to be left alone: seconds, or until a date.
fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let ms = http_date_ms(text)?.checked_sub(now_ms)?;
    Some(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

/// A date as in `Sun, 06 Nov 1994 08:49:37 GMT`, in milliseconds since the Unix epoch.
fn http_date_ms(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.strip_suffix(" GMT")?.split(' ').skip(1);
    let number = |digits: &str| digits.parse::<i64>().ok();
    let day = number(words.next()?)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let year = number(words.next()?)?;
    let mut time = words.next()?.split(':');
    let (hour, minute, second) = (number(time.next()?)?, number(time.next()?)?, number(time.next()?)?);
    // Days from civil dates, with years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5;
    let days = days + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait() {
        let check = |text: &str, want: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let got = retry_after(&headers, 784_111_770_000);
            assert_eq!(got, want.map(Duration::from_secs), "{text}");
        };
        check("7", Some(7));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(7));
        check("Sun, 06 Nov 1994 08:49:00 GMT", Some(0));
        check("soon", None);
        check("", None);
        assert_eq!(http_date_ms("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date_ms("Tue, 29 Feb 2000 12:00:00 GMT"), Some(951_825_600_000));
    }
}
