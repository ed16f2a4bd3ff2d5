//! One connection: the way to the target, directly or through a proxy, and HTTP/1.1 on it.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::addresses::Addresses;
use super::error::SendCause;
use super::{ClientOptions, dial, proxy};
use crate::tls::ClientTls;
use crate::url::Url;
use http::HeaderMap;

/// Anything that bytes go through.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Where a connection leads and how. Two equal routes can share a connection.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) via: Via,
    /// The settings for sessions with the target or with a proxy; `None` where all is plain.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

/// What stands between us and the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// Nothing.
    Direct,
    /// A Unix socket, whatever the URL's host says.
    Socket(PathBuf),
    /// A proxy: for plain targets it is sent absolute URLs, for others it opens a tunnel.
    Proxy(Url),
}

impl PartialEq for Route {
    fn eq(&self, other: &Route) -> bool {
        let same_tls = match (&self.tls, &other.tls) {
            (None, None) => true,
            (Some(one), Some(another)) => Arc::ptr_eq(one, another),
            _ => false,
        };
        same_tls
            && (self.secure, &self.host, self.port, &self.via) == (other.secure, &other.host, other.port, &other.via)
    }
}

/// A connection that is ready for a request or busy with one.
pub(super) struct Connection {
    pub(super) route: Route,
    pub(super) idle_since: Instant,
    /// `tcp 10.0.0.1:5000->10.0.0.2:80`, for messages.
    pub(super) name: String,
    sender: http1::SendRequest<Full<Bytes>>,
    /// Moves the bytes; ends with the connection.
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects.
    pub(super) async fn open(
        route: Route,
        tls: &ClientTls,
        connect_headers: &HeaderMap,
        options: &ClientOptions,
        deadline: Instant,
    ) -> Result<Connection, SendCause> {
        let (stream, name) = route.open(tls, connect_headers, &options.addresses, deadline).await?;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(options.max_head_bytes)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| SendCause::Malformed(error.to_string()))?;
        // The error is also given to whoever waits for the response.
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Connection { route, idle_since: Instant::now(), name, sender, driver })
    }

    /// Whether another request can be sent, after what came before is through.
    pub(super) async fn is_open(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request. Where nothing of it was sent, it comes back with the error.
    pub(super) fn send(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> impl Future<Output = Result<http::Response<Incoming>, TrySendError<http::Request<Full<Bytes>>>>> {
        self.sender.try_send_request(request)
    }
}

impl Route {
    async fn open(
        &self,
        tls: &ClientTls,
        connect_headers: &HeaderMap,
        addresses: &Addresses,
        deadline: Instant,
    ) -> Result<(Box<dyn Stream>, String), SendCause> {
        let (mut stream, name): (Box<dyn Stream>, String) = match &self.via {
            Via::Direct => dial_tcp(&self.host, self.port, addresses, deadline).await?,
            Via::Socket(path) => (Box::new(dial::unix(path).await?), format!("unix @->{}", path.display())),
            Via::Proxy(proxy) => {
                let (stream, name) = dial_tcp(proxy.host(), proxy.port(), addresses, deadline).await?;
                if proxy.is_secure() { (self.secured(stream, tls, proxy.host()).await?, name) } else { (stream, name) }
            }
        };
        if let (Via::Proxy(proxy), true) = (&self.via, self.secure) {
            let address = crate::url::join_host_port(&self.host, self.port);
            proxy::open_tunnel(&mut stream, &address, proxy, connect_headers).await?;
        }
        if self.secure {
            stream = self.secured(stream, tls, &self.host).await?;
        }
        Ok((stream, name))
    }

    async fn secured(
        &self,
        stream: Box<dyn Stream>,
        tls: &ClientTls,
        host: &str,
    ) -> Result<Box<dyn Stream>, SendCause> {
        let config = self.tls.clone().expect("a route over TLS has its settings");
        Ok(Box::new(tls.handshake(config, host, stream).await?))
    }
}

async fn dial_tcp(
    host: &str,
    port: u16,
    addresses: &Addresses,
    deadline: Instant,
) -> Result<(Box<dyn Stream>, String), SendCause> {
    let stream = dial::tcp(host, port, addresses, deadline).await?;
    let name = match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => format!("tcp {local}->{peer}"),
        _ => "tcp".to_owned(),
    };
    Ok((Box::new(stream), name))
}
