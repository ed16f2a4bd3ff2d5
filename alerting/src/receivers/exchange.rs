//! Requests to receivers, and their answers.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method};
use net::client::{Channel, Request, SendCause, SendError};
use net::url::Url;
use serde::Serialize;

use super::answer::{Answer, Judge};
use super::message::Message;
use super::{FailureKind, SendFailure, json};

/// The limit `receiver_answer_bytes`: a longer answer is not read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// By which a receiver tells that it has a notification already.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What is asked of a receiver.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    /// Perhaps a secret.
    pub(super) url: String,
    /// Of the body; empty where there is none.
    pub(super) content_type: &'static str,
    /// More headers.
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Outgoing {
    /// A `POST` of JSON.
    pub(super) fn post(url: &str, body: String) -> Outgoing {
        let url = url.to_owned();
        Outgoing { method: Method::POST, url, content_type: "application/json", headers: HeaderMap::new(), body }
    }

    /// The same with another header, whose value is a secret.
    pub(super) fn with_secret(mut self, name: &'static str, value: &str) -> Result<Outgoing, SendFailure> {
        let invalid = |_| SendFailure::permanent(format_args!("the header {name} would hold what no header may hold"));
        let mut value = HeaderValue::try_from(value).map_err(invalid)?;
        value.set_sensitive(true);
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }
}

impl Message<'_> {
    /// Posts a message as JSON that makes the whole notification, and judges the answer by its status.
    pub(super) async fn post(
        &mut self,
        url: &str,
        value: &impl Serialize,
        judge: Judge,
    ) -> Result<Answer, SendFailure> {
        let outgoing = Outgoing::post(url, json::line(value)?);
        let answer = self.exchange_whole(outgoing).await?;
        answer.judge(judge)?;
        Ok(answer)
    }

    /// Sends what makes the whole notification: with its id, by which a receiver knows it again.
    pub(super) async fn exchange_whole(&mut self, mut outgoing: Outgoing) -> Result<Answer, SendFailure> {
        let id = HeaderValue::try_from(&self.notification.id).map_err(SendFailure::permanent)?;
        outgoing.headers.insert(IDEMPOTENCY_KEY, id);
        self.exchange(outgoing).await
    }

    /// Sends a request and waits for the answer, whatever it is.
    pub(super) async fn exchange(&mut self, outgoing: Outgoing) -> Result<Answer, SendFailure> {
        self.record(&outgoing.body);
        self.exchange_unrecorded(outgoing).await
    }

    /// The same with what is not to be read: a picture.
    pub(super) async fn exchange_unrecorded(&mut self, outgoing: Outgoing) -> Result<Answer, SendFailure> {
        let Outgoing { method, url, content_type, mut headers, body } = outgoing;
        let url: Url = url.parse().map_err(|error| SendFailure::permanent(format_args!("invalid URL: {error}")))?;
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let request = Request { method, url, headers, body: Bytes::from(body) };
        let no_client = || SendFailure::permanent("the integration is not reached over HTTP");
        let mut channel = self.context.session.take_channel().ok_or_else(no_client)?;
        let answer = self.answer(&mut channel, &request).await;
        if answer.is_ok() {
            self.context.session.keep_channel(channel);
        }
        answer
    }

    async fn answer(&self, channel: &mut Channel, request: &Request) -> Result<Answer, SendFailure> {
        let response = channel.send(request, self.time_left()).await.map_err(|error| self.unsent(&error, request))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        // An answer that cannot be read is judged by its status: asking again could tell twice.
        let body = match response.read_into(MAX_ANSWER_BYTES, &mut body).await {
            Ok(()) => String::from_utf8_lossy(&body).into_owned(),
            Err(_) => String::new(),
        };
        Ok(Answer { status, headers, body, at_ms: self.context.now_ms })
    }

    /// Of the URL only the host is told; the rest may be a secret.
    fn unsent(&self, error: &SendError, request: &Request) -> SendFailure {
        let (first, rest) = request.method.as_str().split_at(1);
        let (method, origin) = (rest.to_ascii_lowercase(), request.url.origin());
        let reason = format!("{first}{method} \"{origin}\": {}", error.cause());
        if let SendCause::Dial(dial) = error.cause() {
            return SendFailure::of_dial(reason, dial);
        }
        let failure = SendFailure::passing(reason);
        match error.cause() {
            SendCause::Deadline => {
                let reason = format!("{} (no answer within {:?})", failure.reason, self.timeout());
                SendFailure { reason, ..failure }.of_kind(FailureKind::ContextDeadlineExceeded)
            }
            _ => failure,
        }
    }
}
