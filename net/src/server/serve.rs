//! Accepting, handing requests to the handler, and stopping.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::access::Access;
use super::counts::ServerCounts;
use super::limits::ServerLimits;
use super::outgoing::{Busy, Outgoing};
use super::panics;
use super::request::Request;
use super::response::Response;
use super::slots::{Slot, Slots};
use super::watched::Watched;

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// The answer to one request. Dropped when the client goes away before it is done.
    fn handle(&self, request: Request) -> impl Future<Output = Response> + Send;

    /// Whether a request is served even when all ordinary connections are taken: a health check.
    fn is_vital(&self, request: &Request) -> bool {
        let _ = request;
        false
    }

    /// Whether a request is handed over whoever sends it, because the handler asks for a secret of its own: a webhook.
    fn asks_itself(&self, request: &Request) -> bool {
        let _ = request;
        false
    }
}

/// A server, before it is given listeners.
#[derive(Debug)]
pub struct Server<H> {
    handler: Arc<H>,
    access: Arc<Access>,
    limits: Arc<ServerLimits>,
    counts: Arc<ServerCounts>,
}

/// What each connection needs.
struct Shared<H> {
    handler: Arc<H>,
    access: Arc<Access>,
    limits: Arc<ServerLimits>,
    counts: Arc<ServerCounts>,
    slots: Arc<Slots>,
    stopping: watch::Receiver<bool>,
}

impl<H> Clone for Shared<H> {
    fn clone(&self) -> Shared<H> {
        Shared {
            handler: self.handler.clone(),
            access: self.access.clone(),
            limits: self.limits.clone(),
            counts: self.counts.clone(),
            slots: self.slots.clone(),
            stopping: self.stopping.clone(),
        }
    }
}

impl<H: Handler> Server<H> {
    /// A server for a handler. Who is let in may be changed through a clone of `access`.
    pub fn new(handler: Arc<H>, access: impl Into<Arc<Access>>, limits: ServerLimits) -> Server<H> {
        Server { handler, access: access.into(), limits: Arc::new(limits), counts: Arc::default() }
    }

    /// What the server has seen, also while it runs.
    pub fn counts(&self) -> Arc<ServerCounts> {
        self.counts.clone()
    }

    /// Serves on all listeners until `stop` is ready, then lets requests that are being answered end, for as long as
    /// the limits allow.
    pub async fn serve(self, listeners: Vec<TcpListener>, stop: impl Future<Output = ()>) {
        let (stopping, stopping_seen) = watch::channel(false);
        let shared = Shared {
            slots: Slots::new(&self.limits),
            handler: self.handler,
            access: self.access,
            limits: self.limits.clone(),
            counts: self.counts,
            stopping: stopping_seen,
        };
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(accept(listener, shared.clone()));
        }
        drop(shared);
        stop.await;
        let _ = stopping.send(true);
        let deadline = Instant::now() + self.limits.shutdown_timeout;
        while let Ok(Some(_)) = timeout_at(deadline, accepting.join_next()).await {}
        // Dropping the set cuts off what is left.
    }
}

/// Accepts until the server stops, then waits for its connections. Cutting this off cuts them off.
async fn accept<H: Handler>(listener: TcpListener, shared: Shared<H>) {
    let mut connections = JoinSet::new();
    let mut stopping = shared.stopping.clone();
    loop {
        tokio::select! {
            () = stop_is_asked(&mut stopping) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(stream, peer, &shared, &mut connections),
                Err(error) => pause_after(&error).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits until the server shall stop, or is gone.
async fn stop_is_asked(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Waits where accepting again at once would only fail again: without free file descriptors.
async fn pause_after(error: &io::Error) {
    tracing::warn!(%error, "cannot accept a connection");
    sleep(Duration::from_millis(50)).await;
}

fn admit<H: Handler>(stream: TcpStream, peer: SocketAddr, shared: &Shared<H>, connections: &mut JoinSet<()>) {
    let Some(slot) = shared.slots.take(&shared.counts) else {
        shared.counts.connections_refused.increment();
        return;
    };
    shared.counts.connections_accepted.increment();
    let shared = shared.clone();
    connections.spawn(async move {
        shared.counts.connections_open.increment();
        let _open = Open(shared.counts.clone());
        watch_over(connect(stream, peer, &slot, &shared), &slot, &shared).await;
    });
}

/// An open connection, for the count.
struct Open(Arc<ServerCounts>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connections_open.decrement();
    }
}

/// Runs a connection until it ends, is too slow, or must make room.
async fn watch_over<H>(connection: impl Future<Output = ()>, slot: &Slot, shared: &Shared<H>) {
    let shortest = shared.limits.head_timeout.min(shared.limits.read_timeout).min(shared.limits.write_pause);
    let mut ticks = interval((shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1)));
    tokio::pin!(connection);
    loop {
        tokio::select! {
            () = &mut connection => return,
            () = slot.progress.evicted.notified() => return,
            _ = ticks.tick() => if slot.progress.is_overdue(&shared.limits) {
                shared.counts.connections_timed_out.increment();
                return;
            },
        }
    }
}

async fn connect<H: Handler>(mut stream: TcpStream, peer: SocketAddr, slot: &Slot, shared: &Shared<H>) {
    let _ = stream.set_nodelay(true);
    if !shared.access.is_secure() {
        return talk(Watched { io: stream, progress: slot.progress.clone() }, peer, slot, shared).await;
    }
    if !begins_tls(&stream).await {
        let answer = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        let _ = stream.write_all(answer.as_bytes()).await;
        return;
    }
    let access = shared.access.clone();
    let config = match tokio::task::spawn_blocking(move || access.handshake()).await {
        Ok(Ok(config)) => config,
        Ok(Err(error)) => return tracing::error!(%error, "cannot begin a TLS session"),
        Err(_) => return,
    };
    let watched = Watched { io: stream, progress: slot.progress.clone() };
    match timeout(shared.limits.head_timeout, TlsAcceptor::from(config).accept(watched)).await {
        Ok(Ok(stream)) => talk(stream, peer, slot, shared).await,
        Ok(Err(error)) => {
            shared.counts.handshakes_failed.increment();
            tracing::debug!(%error, %peer, "TLS handshake error");
        }
        Err(_) => shared.counts.connections_timed_out.increment(),
    }
}

/// Whether the first byte is that of a handshake record; what begins with a letter is plain HTTP.
async fn begins_tls(stream: &TcpStream) -> bool {
    let mut first = [0];
    !matches!(stream.peek(&mut first).await, Ok(1) if first[0].is_ascii_alphabetic())
}

async fn talk<IO, H>(io: IO, peer: SocketAddr, slot: &Slot, shared: &Shared<H>)
where
    IO: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let service = service_fn(|request| async {
        let busy = Busy::new(slot.progress.clone());
        let response = answer(request, peer, slot, shared).await;
        Ok::<_, std::convert::Infallible>(outgoing(response, busy, shared.counts.clone()))
    });
    let connection = http1::Builder::new()
        // The watchdog keeps the time; hyper's own cannot tell a connection that waits from one that dawdles.
        .header_read_timeout(None)
        .max_buf_size(shared.limits.max_head_bytes)
        .max_header_size(shared.limits.max_head_bytes)
        .serve_connection(TokioIo::new(io), service);
    tokio::pin!(connection);
    let mut stopping = shared.stopping.clone();
    tokio::select! {
        _ = &mut connection => return,
        () = stop_is_asked(&mut stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

async fn answer<H: Handler>(
    request: http::Request<Incoming>,
    peer: SocketAddr,
    slot: &Slot,
    shared: &Shared<H>,
) -> Response {
    let limits = &shared.limits;
    if let Some(refusal) = refuse_without_host(&request) {
        return refusal;
    }
    let mut request = Request::new(request, Some(peer), limits.body_pause, limits.read_timeout);
    if slot.reserved && !shared.handler.is_vital(&request) {
        return too_many_connections(limits.max_connections);
    }
    let asks_itself = shared.handler.asks_itself(&request);
    let (own, admitted) = shared.access.admit(request.headers(), peer.ip(), &shared.counts, asks_itself).await;
    let mut response = match admitted {
        Ok(caller) => {
            request.set_caller(caller);
            handle(request, shared).await
        }
        Err(refusal) => refusal,
    };
    own.add_to(&mut response.headers);
    response
}

/// RFC 9112, 3.2: exactly one `Host`, or none can tell whom the client meant.
fn refuse_without_host(request: &http::Request<Incoming>) -> Option<Response> {
    let what = match request.headers().get_all(http::header::HOST).iter().count() {
        0 if request.version() == http::Version::HTTP_11 => "missing required Host header",
        0 | 1 => return None,
        _ => "too many Host headers",
    };
    let refusal = Response::text(StatusCode::BAD_REQUEST, format!("400 Bad Request: {what}"));
    Some(refusal.with(http::header::CONNECTION, HeaderValue::from_static("close")))
}

async fn handle<H: Handler>(request: Request, shared: &Shared<H>) -> Response {
    let (method, path) = (request.method().clone(), request.path().to_owned());
    match panics::contained(shared.handler.handle(request)).await {
        Ok(response) => response,
        Err(panic) => {
            shared.counts.panics.increment();
            let message = panics::message(&*panic);
            tracing::error!(%method, path, message, "panic while serving a request");
            Response::error(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

fn too_many_connections(limit: usize) -> Response {
    let text = format!("too many connections: {limit} are busy, raise --web.max-connections");
    Response::error(StatusCode::SERVICE_UNAVAILABLE, text)
        .with(http::header::CONNECTION, HeaderValue::from_static("close"))
        .with(http::header::RETRY_AFTER, HeaderValue::from_static("1"))
}

fn outgoing(response: Response, busy: Busy, counts: Arc<ServerCounts>) -> http::Response<Outgoing> {
    let Response { status, headers, body } = response;
    let mut message = http::Response::new(Outgoing::new(body, busy, counts));
    *message.status_mut() = status;
    *message.headers_mut() = headers;
    message
}
