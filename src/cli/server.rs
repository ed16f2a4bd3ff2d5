//! The server that a command talks to, and one request to it.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http::{HeaderMap, HeaderValue, Method, header};
use net::client::{Client, ClientOptions, Request};
use net::url::Url;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 1 << 30;
/// The server has its own limit on a request's time; this one is for a server that does not answer at all.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Where a server is, and who asks.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServerArgs {
    /// The server.
    #[arg(
        long,
        alias = "alertmanager.url",
        env = "NARTHEX_URL",
        default_value = "http://localhost:9090",
        hide_env_values = true
    )]
    pub(crate) server: String,
    /// A token for the server.
    #[arg(long, env = "NARTHEX_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answered {
    /// The status as it was sent: `404 Not Found`.
    pub(crate) status: String,
    pub(crate) body: Vec<u8>,
}

impl Answered {
    /// Whether the status is one of success.
    pub(crate) fn is_success(&self) -> bool {
        self.status.starts_with('2')
    }

    /// The beginning of the body, for messages.
    pub(crate) fn beginning(&self) -> String {
        String::from_utf8_lossy(&self.body).lines().next().unwrap_or_default().chars().take(200).collect()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("--server takes a URL such as http://localhost:9090: {0}")]
    Server(String),
    #[error("the token has characters that no header can carry")]
    Token,
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
    #[error("{0}")]
    Send(Box<net::client::SendError>),
    #[error("reading the answer: {0}")]
    Read(net::client::ReadError),
}

impl ServerArgs {
    /// Sends a request, and waits for the answer. `path` may have a query behind it.
    pub(crate) fn ask(
        &self,
        method: Method,
        path: &str,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Answered, AskError> {
        let base = self.server.trim_end_matches('/');
        let url: Url =
            format!("{base}{path}").parse().map_err(|error: net::url::UrlError| AskError::Server(error.to_string()))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(token) = &self.token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| AskError::Token)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let request = Request { method, url, headers, body: body.into() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(AskError::Runtime)?;
        runtime.block_on(send(&request))
    }
}

async fn send(request: &Request) -> Result<Answered, AskError> {
    let mut channel = Client::plain(ClientOptions::default()).channel();
    let response = channel.send(request, TIMEOUT).await.map_err(|error| AskError::Send(Box::new(error)))?;
    let status = response.status_text();
    let mut body = Vec::new();
    response.read_into(MAX_ANSWER, &mut body).await.map_err(AskError::Read)?;
    Ok(Answered { status, body })
}
