//! Asking over HTTP, through [`net::client`].

use std::path::Path;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use net::body::DecodeError;
use net::client::{Channel, Client, ReadError, Request};
use net::url::Url;

use super::{Fetch, FetchError, FetchFrom, FetchRequest, Fetched, Fetching};

/// Tells a target how much time it has, so that exporters can give up in time.
const SCRAPE_TIMEOUT: HeaderName = HeaderName::from_static("x-prometheus-scrape-timeout-seconds");

impl FetchFrom for Client {
    fn fetcher(&self, socket: Option<&Path>) -> Box<dyn Fetch> {
        let channel = match socket {
            Some(path) => self.channel_through(path.to_owned()),
            None => self.channel(),
        };
        Box::new(HttpFetch { channel })
    }
}

/// Asks one target over one kept connection.
#[derive(Debug)]
struct HttpFetch {
    channel: Channel,
}

impl Fetch for HttpFetch {
    fn fetch<'a>(&'a mut self, request: &'a FetchRequest, body: &'a mut Vec<u8>) -> Fetching<'a> {
        Box::pin(self.exchange(request, body))
    }
}

impl HttpFetch {
    async fn exchange(&mut self, request: &FetchRequest, body: &mut Vec<u8>) -> Result<Fetched, FetchError> {
        let message = message(request)?;
        let response = self.channel.send(&message, request.timeout).await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status_text()));
        }
        let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let content_type = String::from_utf8_lossy(content_type).into_owned();
        let limit = request.body_limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        response.read_into(limit, body).await.map_err(|error| match error {
            ReadError::Decode(DecodeError::TooLarge { limit }) => FetchError::BodyTooLarge { limit: limit as u64 },
            error => failed(error),
        })?;
        Ok(Fetched { content_type })
    }
}

fn message(request: &FetchRequest) -> Result<Request, FetchError> {
    let url: Url = request.url.parse().map_err(|error| failed(format!("parse {:?}: {error}", request.url)))?;
    let value = |text: &str| HeaderValue::try_from(text).map_err(failed);
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, value(&request.accept)?);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(if request.compression { "gzip" } else { "identity" }));
    headers.insert(SCRAPE_TIMEOUT, value(&model::float::plain(request.timeout.as_secs_f64()))?);
    Ok(Request { headers, ..Request::get(url) })
}

#[expect(clippy::needless_pass_by_value, reason = "goes with map_err")]
fn failed(error: impl ToString) -> FetchError {
    FetchError::Failed(error.to_string())
}
