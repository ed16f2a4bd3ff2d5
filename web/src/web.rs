//! The handler of all requests: finds the route, waits for the storage, asks the endpoint, counts.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use http::header::{ALLOW, ORIGIN, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use model::Rng;
use net::server::{Handler, Request, Response};

use crate::access;
use crate::alertmanager;
use crate::api;
use crate::federate;
use crate::gate::Gate;
use crate::lifecycle;
use crate::metrics::{self, Format, HttpMetrics, negotiated};
use crate::pages::Pages;
use crate::remote_read;
use crate::remote_write::{self, Known, WriteCounts};
use crate::route::{self, Endpoint, Found, ROUTES, Route};
use crate::state::{Host, Parts, Settings, Snapshot};

/// The web server's side of narthex: a [`Handler`] for a [`net::server::Server`]. Clones are the same.
#[derive(Clone, Debug)]
pub struct Web {
    pub(crate) shared: Arc<Shared>,
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) queries: Gate,
    pub(crate) writes: Gate,
    pub(crate) reads: Gate,
    pub(crate) write_counts: WriteCounts,
    /// The series that remote writes have named before.
    pub(crate) known: Known,
    pub(crate) http: HttpMetrics,
    pages: Pages,
    parts: OnceLock<Parts>,
    stage: AtomicU8,
}

const STARTING: u8 = 0;
const READY: u8 = 1;
const STOPPING: u8 = 2;

impl Web {
    /// A handler that serves what needs no storage, until [`Web::open`] is called. `rng` gives what senders of samples must
    /// not be able to guess.
    pub fn new(settings: Settings, host: Arc<dyn Host>, rng: &mut dyn Rng) -> Web {
        let limits = &settings.limits;
        let shared = Shared {
            host,
            snapshot: ArcSwap::default(),
            queries: Gate::new(limits.query_concurrency),
            writes: Gate::new(limits.remote_write_concurrency),
            reads: Gate::new(limits.remote_read_concurrency),
            write_counts: WriteCounts::default(),
            known: Known::new(rng),
            http: HttpMetrics::new(ROUTES.iter().map(|route| route.path)),
            pages: Pages::new(&settings.page_title),
            parts: OnceLock::new(),
            stage: AtomicU8::new(STARTING),
            settings,
        };
        Web { shared: Arc::new(shared) }
    }

    /// The storage is open and all else is running: everything is served from now on.
    pub fn open(&self, parts: Parts) {
        if self.shared.parts.set(parts).is_ok() {
            self.shared.stage.store(READY, Ordering::Release);
        }
    }

    /// narthex is stopping: nothing that needs the storage is begun any more.
    pub fn stop(&self) {
        self.shared.stage.store(STOPPING, Ordering::Release);
    }

    /// A configuration is in force.
    pub fn load(&self, snapshot: Snapshot) {
        self.shared.snapshot.store(Arc::new(snapshot));
    }

    /// A configuration could not be loaded; the old one stays in force.
    pub fn load_failed(&self, error: &str) {
        let mut snapshot = Snapshot::clone(&self.shared.snapshot.load());
        snapshot.error = Some(error.to_owned());
        self.load(snapshot);
    }
}

impl Shared {
    /// What is there once the storage is open, unless narthex is stopping.
    pub(crate) fn parts(&self) -> Option<Parts> {
        (self.stage.load(Ordering::Acquire) == READY).then(|| self.parts.get().cloned())?
    }

    /// Whether narthex is ready to answer everything.
    pub(crate) fn is_ready(&self) -> bool {
        self.stage.load(Ordering::Acquire) == READY
    }

    /// The path without the prefix; `None` for a path that is not below it.
    fn path_below_prefix<'path>(&self, path: &'path str) -> Option<&'path str> {
        let prefix = &self.settings.route_prefix;
        if prefix == "/" { Some(path) } else { path.strip_prefix(prefix.as_str()).filter(|rest| rest.starts_with('/')) }
    }

    /// The path under which others see a path of ours.
    pub(crate) fn external_path(&self, path: &str) -> String {
        format!("{}{path}", self.settings.external_url.path().trim_end_matches('/'))
    }
}

impl Handler for Web {
    async fn handle(&self, request: Request) -> Response {
        let shared = &self.shared;
        let path = request.path().to_owned();
        let Some(below) = shared.path_below_prefix(&path) else { return outside(shared, &path) };
        let Some(found) = route::find(below) else { return no_route(shared, below, &request) };
        let started = shared.settings.clock.elapsed();
        let response = answer(shared, found, request).await;
        let duration = shared.settings.clock.elapsed().saturating_sub(started);
        shared.http.note(found.index, response.status, duration);
        response
    }

    fn is_vital(&self, request: &Request) -> bool {
        let below = self.shared.path_below_prefix(request.path());
        below.is_some_and(|path| matches!(path, "/-/healthy" | "/-/ready" | "/metrics"))
    }

    fn asks_itself(&self, request: &Request) -> bool {
        let found = self.shared.path_below_prefix(request.path()).and_then(route::find);
        let is_sent = *request.method() == Method::POST;
        is_sent && found.is_some_and(|found| matches!(ROUTES[found.index].endpoint, Endpoint::Hook(_)))
    }
}

/// Above the prefix there is only the way to it.
fn outside(shared: &Shared, path: &str) -> Response {
    if path == "/" || path == shared.settings.route_prefix {
        return Response::redirect(StatusCode::FOUND, &shared.external_path("/"));
    }
    not_found()
}

fn not_found() -> Response {
    Response::error(StatusCode::NOT_FOUND, "404 page not found")
}

fn no_route(shared: &Shared, path: &str, request: &Request) -> Response {
    match route::is_api(path) {
        true if request.method() == Method::OPTIONS => preflight(shared, request),
        true if route::is_alertmanager(path) => alertmanager::no_route(path),
        _ => not_found(),
    }
}

fn preflight(shared: &Shared, request: &Request) -> Response {
    let mut response = Response::new(StatusCode::NO_CONTENT);
    shared.settings.cors.answer(request.headers().get(ORIGIN), &mut response.headers);
    response
}

async fn answer(shared: &Arc<Shared>, found: Found<'_>, request: Request) -> Response {
    let route = &ROUTES[found.index];
    let is_api = route::is_api(route.path);
    if request.method() == Method::OPTIONS {
        return if is_api { preflight(shared, &request) } else { allowed(route, StatusCode::OK) };
    }
    if !route.methods.allow(request.method()) {
        if route::is_alertmanager(route.path) {
            return alertmanager::not_allowed(route.methods, request.method());
        }
        return allowed(route, StatusCode::METHOD_NOT_ALLOWED);
    }
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = match (access::refuse(shared, route, &request), route.needs_parts, shared.parts()) {
        (Some(refusal), ..) => refusal,
        (None, true, None) => not_ready(shared),
        (None, _, parts) => endpoint(shared, parts, route.endpoint, found.name, request).await,
    };
    if is_api {
        shared.settings.cors.answer(origin.as_ref(), &mut response.headers);
    }
    response.headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn allowed(route: &Route, status: StatusCode) -> Response {
    let allow = HeaderValue::try_from(route.methods.allow_header());
    let response = match status {
        StatusCode::OK => Response::new(status),
        _ => Response::error(status, "Method Not Allowed"),
    };
    allow.map_or(Response::new(status), |allow| response.with(ALLOW, allow))
}

/// Starting or stopping; while the log is read, how far that has come.
fn not_ready(shared: &Shared) -> Response {
    let is_stopping = shared.stage.load(Ordering::Acquire) == STOPPING;
    let stopping = HeaderValue::from_static(if is_stopping { "true" } else { "false" });
    let response = Response::text(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        .with(HeaderName::from_static("x-prometheus-stopping"), stopping);
    let progress = shared.host.replay_progress();
    if is_stopping || progress.total_bytes == 0 {
        return response;
    }
    match HeaderValue::try_from(format!("{}/{} bytes", progress.done_bytes, progress.total_bytes)) {
        Ok(progress) => response.with(HeaderName::from_static("x-narthex-replay"), progress),
        Err(_) => response,
    }
}

async fn endpoint(
    shared: &Arc<Shared>,
    parts: Option<Parts>,
    endpoint: Endpoint,
    name: &str,
    request: Request,
) -> Response {
    match (endpoint, parts) {
        (Endpoint::Page, _) => shared.pages.index(&request),
        (Endpoint::Asset, _) => {
            let path = shared.path_below_prefix(request.path()).unwrap_or_default();
            shared.pages.asset(path, &request).unwrap_or_else(not_found)
        }
        (Endpoint::Graph, _) => elsewhere(shared, "/query", request.query_text()),
        // A page's path has one segment, so that its files are beside it under any prefix.
        (Endpoint::NewSlo, _) => elsewhere(shared, "/slos", "view=new"),
        (Endpoint::Healthy, _) => Response::text(StatusCode::OK, "narthex is Healthy.\n"),
        (Endpoint::Ready, _) => Response::text(StatusCode::OK, "narthex is Ready.\n"),
        (Endpoint::Reload, _) => lifecycle::reload(shared, &request).await,
        (Endpoint::Quit, _) => lifecycle::quit(shared, &request),
        (Endpoint::Version, _) => api::version(shared),
        (Endpoint::Metrics, parts) => own_metrics(shared, parts, &request).await,
        (Endpoint::LiveNotifications, _) => Response::new(StatusCode::NO_CONTENT),
        (Endpoint::Otlp, _) => {
            let text = "otlp write receiver needs to be enabled with --web.enable-otlp-receiver";
            Response::error(StatusCode::NOT_FOUND, text)
        }
        (Endpoint::RemoteWrite, Some(parts)) => remote_write::receive(shared, parts, request).await,
        (Endpoint::RemoteRead, Some(parts)) => remote_read::answer(shared, parts, request).await,
        (Endpoint::Federate, Some(parts)) => federate::answer(shared, parts, request).await,
        (Endpoint::Admin(action), Some(parts)) => api::admin::answer(shared, &parts, action, request).await,
        (Endpoint::Alertmanager(resource), Some(parts)) => {
            alertmanager::answer(shared, parts, resource, name, request).await
        }
        (Endpoint::Query, Some(parts)) => api::query::instant(shared, parts, request).await,
        (Endpoint::BackTests, Some(parts)) => api::backtests::answer(shared, parts, request).await,
        (Endpoint::Trial, Some(parts)) => api::trials::answer(shared, parts, request).await,
        (Endpoint::Suggestions, Some(parts)) => api::suggestions::answer(shared, parts, request).await,
        (Endpoint::Hook(source), Some(parts)) => api::hooks::answer(shared, parts, source, request).await,
        (Endpoint::Gate(action), Some(parts)) => api::gates::answer(shared, parts, action, name, request).await,
        (Endpoint::Deployments, Some(parts)) => api::deployments::answer(shared, parts, request).await,
        (Endpoint::Report, Some(parts)) => api::reports::answer(shared, parts, name, request).await,
        (Endpoint::ReceiverTest, Some(parts)) => api::receiver_test::answer(shared, parts, name).await,
        (Endpoint::QueryRange, Some(parts)) => api::query::range(shared, parts, request).await,
        (other, parts) => api::answer(shared, parts, other, name, request).await,
    }
}

/// Where a page is now: `/graph` is the old address of queries, whose parameters are understood there.
fn elsewhere(shared: &Shared, path: &str, query: &str) -> Response {
    let separator = if query.is_empty() { "" } else { "?" };
    Response::redirect(StatusCode::FOUND, &format!("{}{separator}{query}", shared.external_path(path)))
}

async fn own_metrics(shared: &Arc<Shared>, parts: Option<Parts>, request: &Request) -> Response {
    let (format, encoding) = (negotiated(request.headers()), request.accepted_encoding());
    let shared = Arc::clone(shared);
    net::server::produce(encoding, move || {
        let text = metrics::write(&shared, parts.as_ref(), format);
        exposed(format, text)
    })
    .await
}

/// A response that holds an exposition.
fn exposed(format: Format, text: String) -> Response {
    Response::written(StatusCode::OK, format.content_type(), move |out| out.write_all(text.as_bytes()))
}
