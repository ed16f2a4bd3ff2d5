//! Tokens by the client-credentials grant (RFC 6749, section 4.4), kept until shortly before they expire.
//!
//! The client shows itself in an `Authorization` header first and, where the server refuses that, in the body, and
//! remembers which of the two was taken. Absent: all other grants.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::auth::{basic, text_of};
use super::error::CredentialsError;
use super::{Channel, Request};
use crate::form;
use crate::percent::{self, Place};
use crate::secret::Secret;
use crate::tls::Source;
use crate::url::Url;

/// A token is not used in the last seconds of its life.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);
/// The answer of a token endpoint is refused beyond this.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Gets tokens and keeps the last one.
#[derive(Debug)]
pub(super) struct TokenSource {
    pub(super) token_url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Source>,
    pub(super) scopes: Vec<String>,
    pub(super) endpoint_params: Vec<(String, String)>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    channel: Channel,
    token: Option<Token>,
    /// What the last token was got with.
    secret: Secret,
    shows_itself: Showing,
}

/// Where the client's name and secret stand in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    Unknown,
    InHeader,
    InBody,
}

#[derive(Debug)]
struct Token {
    authorization: Secret,
    expires: Option<Instant>,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    token_type: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

impl TokenSource {
    pub(super) fn new(
        token_url: Url,
        client_id: String,
        client_secret: Option<Source>,
        scopes: Vec<String>,
        endpoint_params: Vec<(String, String)>,
        channel: Channel,
    ) -> TokenSource {
        let state = State { channel, token: None, secret: Secret::default(), shows_itself: Showing::Unknown };
        TokenSource { token_url, client_id, client_secret, scopes, endpoint_params, state: Mutex::new(state) }
    }

    /// The value of an `Authorization` header with a token that is still good.
    pub(super) async fn authorization(&self, deadline: Instant) -> Result<String, CredentialsError> {
        let secret = Secret::from(text_of(self.client_secret.as_ref(), "oauth2 client secret").await?);
        // Held while a token is fetched, so that a thousand targets ask for one token, not for a thousand.
        let mut state = self.state.lock().await;
        if let Some(token) = &state.token
            && state.secret == secret
            && token.expires.is_none_or(|expires| expires > Instant::now() + EXPIRY_MARGIN)
        {
            return Ok(token.authorization.expose().to_owned());
        }
        let token = self.fetch(&mut state, secret.expose(), deadline).await?;
        let authorization = token.authorization.expose().to_owned();
        (state.token, state.secret) = (Some(token), secret);
        Ok(authorization)
    }

    async fn fetch(&self, state: &mut State, secret: &str, deadline: Instant) -> Result<Token, CredentialsError> {
        let first = if state.shows_itself == Showing::InBody { Showing::InBody } else { Showing::InHeader };
        let outcome = self.ask(state, secret, first, deadline).await;
        if outcome.is_ok() || state.shows_itself != Showing::Unknown {
            state.shows_itself = first;
            return outcome;
        }
        let token = self.ask(state, secret, Showing::InBody, deadline).await?;
        state.shows_itself = Showing::InBody;
        Ok(token)
    }

    async fn ask(
        &self,
        state: &mut State,
        secret: &str,
        showing: Showing,
        deadline: Instant,
    ) -> Result<Token, CredentialsError> {
        let failed = |error: &dyn std::fmt::Display| CredentialsError::Token(error.to_string());
        let request = self.request(secret, showing)?;
        let timeout = deadline.saturating_duration_since(Instant::now());
        let response = state.channel.send(&request, timeout).await.map_err(|error| failed(&error))?;
        let (status, status_text) = (response.status(), response.status_text());
        let mut body = Vec::new();
        response.read_into(MAX_ANSWER_BYTES, &mut body).await.map_err(|error| failed(&error))?;
        if !status.is_success() {
            // The body is the server's and may repeat what it was sent; only its status is shown.
            return Err(CredentialsError::Token(format!("cannot fetch token: {status_text}")));
        }
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|_| failed(&"cannot parse json in the token answer"))?;
        Token::from_answer(answer)
    }

    fn request(&self, secret: &str, showing: Showing) -> Result<Request, CredentialsError> {
        let mut pairs = vec![("grant_type", "client_credentials")];
        let scope = self.scopes.join(" ");
        if !scope.is_empty() {
            pairs.push(("scope", &scope));
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(form::MEDIA_TYPE));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if showing == Showing::InBody {
            pairs.extend([("client_id", self.client_id.as_str()), ("client_secret", secret)]);
        } else {
            let user = percent::encode(&self.client_id, Place::Query);
            let password = percent::encode(secret, Place::Query);
            let mut value = HeaderValue::try_from(basic(&user, &password))
                .map_err(|_| CredentialsError::NotAHeader(AUTHORIZATION.to_string()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        pairs.extend(self.endpoint_params.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let body = Bytes::from(form::encode(pairs));
        Ok(Request { method: Method::POST, url: self.token_url.clone(), headers, body })
    }
}

impl Token {
    fn from_answer(answer: Answer) -> Result<Token, CredentialsError> {
        if answer.access_token.is_empty() {
            return Err(CredentialsError::Token("server response missing access_token".to_owned()));
        }
        // Some servers send the number as a text.
        let n_seconds = match answer.expires_in {
            Some(serde_json::Value::Number(number)) => number.as_f64(),
            Some(serde_json::Value::String(text)) => text.parse().ok(),
            _ => None,
        };
        let life = n_seconds.and_then(|n| Duration::try_from_secs_f64(n).ok()).filter(|life| !life.is_zero());
        let scheme = match answer.token_type.to_ascii_lowercase().as_str() {
            "" | "bearer" => "Bearer".to_owned(),
            "mac" => "MAC".to_owned(),
            "basic" => "Basic".to_owned(),
            _ => answer.token_type,
        };
        let expires = life.and_then(|life| Instant::now().checked_add(life));
        Ok(Token { authorization: format!("{scheme} {}", answer.access_token).into(), expires })
    }
}
