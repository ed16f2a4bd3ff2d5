//! An HTTP/1.1 client for those who ask the same few hosts again and again: scrapes, discovery, notifications, remote
//! write.
//!
//! A [`Client`] holds what a configuration's `http_config` says. A [`Channel`] made from it keeps one connection open
//! between requests, which is all that a target or a receiver needs. [`Channel::send`] covers name look-up, connecting,
//! TLS, proxies, credentials and redirects under one deadline; [`Response::read_into`] takes the body under the same
//! deadline, decompressed and capped. Absent: HTTP/2, cookies, caches, SOCKS proxies.

mod addresses;
mod auth;
mod connection;
mod dial;
mod error;
mod oauth2;
mod proxy;
mod redirect;
mod response;
mod settings;
mod stream;
#[cfg(test)]
mod tests;

pub use addresses::{Addresses, Network, NetworkError};
pub(crate) use error::io_text;
pub use error::{CredentialsError, DialError, ReadError, SendCause, SendError};
pub use response::Response;
pub use settings::{ClientOptions, ClientSetupError};
pub use stream::Dialer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use auth::{Authorization, ConfiguredHeader};
use connection::{Connection, Route, Via};
use proxy::ProxyRules;
use redirect::Journey;

use crate::tls::{ClientTls, TlsError};
use crate::url::Url;

/// A kept connection is not used again after this.
const MAX_IDLE: Duration = Duration::from_secs(300);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Headers beside those that the configuration and the protocol add. A `Host` replaces the URL's.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

impl Request {
    /// A `GET` without headers.
    pub fn get(url: Url) -> Request {
        Request { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
    }
}

/// What all channels to the targets of one configuration share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tls: Arc<ClientTls>,
    authorization: Authorization,
    headers: Vec<ConfiguredHeader>,
    proxy: ProxyRules,
    follow_redirects: bool,
    options: ClientOptions,
}

impl Client {
    /// A client without credentials that asks directly, follows redirects and trusts whom the system trusts.
    pub fn plain(options: ClientOptions) -> Client {
        let shared = Shared {
            tls: ClientTls::system(),
            authorization: Authorization::None,
            headers: Vec::new(),
            proxy: ProxyRules::default(),
            follow_redirects: true,
            options,
        };
        Client { shared: Arc::new(shared) }
    }

    #[cfg(test)]
    pub(crate) fn with_tls(tls: crate::tls::ClientSettings) -> Result<Client, ClientSetupError> {
        settings::Settings { tls, ..settings::Settings::default() }.build(ClientOptions::default())
    }

    /// A channel to whatever its requests name.
    pub fn channel(&self) -> Channel {
        Channel { client: self.clone(), socket: None, kept: None }
    }

    /// A channel that reaches its targets through a Unix socket.
    pub fn channel_through(&self, socket: PathBuf) -> Channel {
        Channel { client: self.clone(), socket: Some(socket), kept: None }
    }
}

/// Sends one request after the other, over one kept connection while they go to the same host.
#[derive(Debug)]
pub struct Channel {
    client: Client,
    socket: Option<PathBuf>,
    kept: Option<Connection>,
}

impl Channel {
    /// Sends a request and waits for the head of the response, following redirects. The body is read from what is
    /// returned, within the same `timeout`.
    ///
    /// A request that meets a kept connection which the other side has just closed is sent once more over a new one,
    /// provided that it cannot have been acted upon.
    ///
    /// # Errors
    /// When there is no response; a response that says so itself (`500`) is none.
    pub async fn send(&mut self, request: &Request, timeout: Duration) -> Result<Response<'_>, SendError> {
        let deadline = Instant::now() + timeout;
        let mut journey = Journey::new(request);
        let outcome = match timeout_at(deadline, self.travel(&mut journey, deadline)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(SendCause::Deadline),
        };
        let Request { method, url, .. } = journey.request;
        match outcome {
            Ok((response, connection)) => Ok(Response::new(response, url, connection, &mut self.kept, deadline)),
            Err(cause) => Err(SendError { method, url, cause }),
        }
    }

    /// Closes the kept connection.
    pub fn close(&mut self) {
        self.kept = None;
    }

    async fn travel(
        &mut self,
        journey: &mut Journey,
        deadline: Instant,
    ) -> Result<(http::Response<Incoming>, Connection), SendCause> {
        loop {
            let (response, connection) = self.round_trip(journey, deadline).await?;
            if !self.client.shared.follow_redirects {
                return Ok((response, connection));
            }
            let (parts, body) = response.into_parts();
            if !journey.step(&parts)? {
                return Ok((http::Response::from_parts(parts, body), connection));
            }
        }
    }

    async fn round_trip(
        &mut self,
        journey: &Journey,
        deadline: Instant,
    ) -> Result<(http::Response<Incoming>, Connection), SendCause> {
        let shared = self.client.shared.clone();
        let route = shared.route(&journey.request.url, self.socket.as_ref()).await?;
        let mut message = shared.message(journey, &route, deadline).await?;
        if let Some(mut connection) = self.take_kept(&route).await {
            match connection.send(message.clone()).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => message = unsent,
                    None if is_repeatable(&journey.request) && is_closed(error.error()) => {}
                    None => return Err(send_cause(&error.into_error(), &connection.name, &shared)),
                },
            }
        }
        let connect_headers = &shared.proxy.connect_headers;
        let mut connection = Connection::open(route, &shared.tls, connect_headers, &shared.options, deadline).await?;
        match connection.send(message).await {
            Ok(response) => Ok((response, connection)),
            Err(error) => Err(send_cause(&error.into_error(), &connection.name, &shared)),
        }
    }

    async fn take_kept(&mut self, route: &Route) -> Option<Connection> {
        let mut connection = self.kept.take()?;
        let is_usable = connection.route == *route && connection.idle_since.elapsed() < MAX_IDLE;
        (is_usable && connection.is_open().await).then_some(connection)
    }
}

impl Shared {
    async fn route(&self, url: &Url, socket: Option<&PathBuf>) -> Result<Route, SendCause> {
        let via = match (socket, self.proxy.proxy_for(url)) {
            (Some(path), _) => Via::Socket(path.clone()),
            (None, Some(proxy)) => Via::Proxy(proxy.clone()),
            (None, None) => Via::Direct,
        };
        if let (Via::Proxy(_), Some(ip)) = (&via, url.ip()) {
            self.options.addresses.check(ip)?;
        }
        let proxy_is_secure = matches!(&via, Via::Proxy(proxy) if proxy.is_secure());
        let tls = if url.is_secure() || proxy_is_secure { Some(self.tls.current().await?) } else { None };
        // All plain targets behind a proxy share a connection to it.
        let (host, port) = match &via {
            Via::Proxy(proxy) if !url.is_secure() => (proxy.host(), proxy.port()),
            _ => (url.host(), url.port()),
        };
        Ok(Route { secure: url.is_secure(), host: host.to_owned(), port, via, tls })
    }

    async fn message(
        &self,
        journey: &Journey,
        route: &Route,
        deadline: Instant,
    ) -> Result<http::Request<Full<Bytes>>, SendCause> {
        let Request { method, url, headers, body } = &journey.request;
        let mut headers = headers.clone();
        if !headers.contains_key(HOST) {
            let host = HeaderValue::try_from(url.authority()).map_err(|_| unusable("invalid Host header"))?;
            headers.insert(HOST, host);
        }
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, self.options.user_agent.clone());
        }
        if journey.trusted {
            for header in &self.headers {
                header.add_to(&mut headers).await?;
            }
            self.authorization.add_to(&mut headers, deadline).await?;
        } else {
            redirect::strip_credentials(&mut headers);
        }
        if let Some((user, password)) = url.credentials()
            && !headers.contains_key(http::header::AUTHORIZATION)
        {
            let value = HeaderValue::try_from(auth::basic(user, password)).map_err(|_| unusable("invalid user"))?;
            headers.insert(http::header::AUTHORIZATION, value);
        }
        let target = match &route.via {
            Via::Proxy(proxy) if !route.secure => {
                headers.extend(proxy::authorization(proxy).map(|value| (http::header::PROXY_AUTHORIZATION, value)));
                format!("{}{}", url.origin(), url.path_and_query())
            }
            _ => url.path_and_query().to_owned(),
        };
        let mut message = http::Request::new(Full::new(body.clone()));
        *message.method_mut() = method.clone();
        *message.uri_mut() = target.parse().map_err(|_| unusable("invalid URL"))?;
        *message.headers_mut() = headers;
        Ok(message)
    }
}

fn unusable(what: &str) -> SendCause {
    SendCause::Request(what.to_owned())
}

/// Whether sending twice is the same as sending once.
fn is_repeatable(request: &Request) -> bool {
    matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the other side had closed the connection before it answered.
fn is_closed(error: &hyper::Error) -> bool {
    error.is_incomplete_message() || error.is_closed() || error.is_canceled() || io_error(error).is_some()
}

fn send_cause(error: &hyper::Error, name: &str, shared: &Shared) -> SendCause {
    if error.is_parse_too_large() {
        SendCause::HeadTooLarge { limit: shared.options.max_head_bytes }
    } else if error.is_parse() {
        SendCause::Malformed(error.to_string())
    } else if let Some(io) = io_error(error) {
        // A server that verifies our certificate says no only after our side of the handshake is done.
        match TlsError::inside(io) {
            Some(tls) => SendCause::Tls(tls),
            None => SendCause::Broken { name: name.to_owned(), text: io_text(io) },
        }
    } else {
        SendCause::Eof
    }
}

fn io_error(error: &hyper::Error) -> Option<&std::io::Error> {
    std::error::Error::source(error).and_then(|source| source.downcast_ref())
}
