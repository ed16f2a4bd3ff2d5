//! All routes: paths, methods, and what stands behind them.

use http::Method;

use crate::access::Role;
use crate::alertmanager::{self, Resource};

/// What stands behind a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Query,
    QueryRange,
    QueryExemplars,
    FormatQuery,
    ParseQuery,
    Labels,
    LabelValues,
    Series,
    Metadata,
    Targets,
    TargetsMetadata,
    RelabelSteps,
    ScrapePools,
    ScrapePoolConfig,
    Alertmanagers,
    BackTests,
    ReceiverTest,
    Gates,
    OneGate,
    Gate(GateAction),
    Deployments,
    ProductLedger,
    Hook(HookSource),
    Rules,
    Alerts,
    Deliveries,
    ExplainDelivery,
    Slos,
    Slo,
    SloBurndown,
    Trial,
    Suggestions,
    Products,
    Product,
    ProductBudget,
    ReportSchedules,
    Report,
    StatusConfig,
    StatusFlags,
    StatusBuildInfo,
    StatusRuntimeInfo,
    StatusTsdb,
    StatusBlocks,
    StatusStorage,
    StatusLimits,
    Features,
    WalReplay,
    Notifications,
    LiveNotifications,
    Admin(AdminAction),
    Alertmanager(Resource),
    Search,
    RemoteWrite,
    RemoteRead,
    Otlp,
    Federate,
    Metrics,
    Version,
    Healthy,
    Ready,
    Reload,
    Quit,
    Graph,
    NewSlo,
    Page,
    Asset,
}

/// What may be done to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdminAction {
    DeleteSeries,
    CleanTombstones,
    Deletions,
    Undelete,
    Snapshot,
    Seal,
}

/// What is asked of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GateAction {
    Evaluations,
    Evaluation,
    Overrides,
}

/// Who sends webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookSource {
    Gitlab,
    Jenkins,
}

/// The methods of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Methods {
    Get,
    GetHead,
    GetPost,
    GetDelete,
    Post,
    PostPut,
    /// Others than these are named in a text of their own.
    GetPostPut,
}

impl Methods {
    fn list(self) -> &'static [Method] {
        match self {
            Methods::Get => &[Method::GET],
            Methods::GetHead => &[Method::GET, Method::HEAD],
            Methods::GetPost => &[Method::GET, Method::POST],
            Methods::GetDelete => &[Method::DELETE, Method::GET],
            Methods::Post => &[Method::POST],
            Methods::PostPut => &[Method::POST, Method::PUT],
            Methods::GetPostPut => &[Method::GET, Method::POST, Method::PUT],
        }
    }

    pub(crate) fn allow(self, method: &Method) -> bool {
        self.list().contains(method)
    }

    /// Their names.
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.list().iter().map(Method::as_str).collect()
    }

    /// The value of an `Allow` header.
    pub(crate) fn allow_header(self) -> String {
        let mut names: Vec<&str> = self.names().into_iter().chain(["OPTIONS"]).collect();
        names.sort_unstable();
        names.join(", ")
    }
}

/// One route. The path is the label of its metrics, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) methods: Methods,
    pub(crate) endpoint: Endpoint,
    /// Whether it answers only once the storage is open.
    pub(crate) needs_parts: bool,
    /// Whom it obeys where it is asked by another method than `GET` and `HEAD`; these are for all who read.
    pub(crate) obeys: Role,
}

impl Route {
    const fn obeying(mut self, role: Role) -> Route {
        self.obeys = role;
        self
    }

    /// What a request must be allowed to do.
    pub(crate) fn role_of(&self, method: &Method) -> Role {
        if method == Method::GET || method == Method::HEAD { Role::Viewer } else { self.obeys }
    }
}

/// Where the API begins.
pub(crate) const API_PREFIX: &str = "/api/v1/";
/// What begins the place of a name in a route's path; it ends at the next slash. A path has at most two, the second at its end.
const NAME_MARK: &str = "/:";
const LABEL_VALUES: &str = "/api/v1/label/:name/values";
/// The files of the page.
const ASSET: &str = "/assets/*filepath";
const ASSET_PREFIX: &str = "/assets/";

const fn ready(path: &'static str, methods: Methods, endpoint: Endpoint) -> Route {
    Route { path, methods, endpoint, needs_parts: true, obeys: Role::Admin }
}

/// A route that only reads, by whatever method.
const fn reading(path: &'static str, methods: Methods, endpoint: Endpoint) -> Route {
    ready(path, methods, endpoint).obeying(Role::Viewer)
}

const fn always(path: &'static str, methods: Methods, endpoint: Endpoint) -> Route {
    Route { path, methods, endpoint, needs_parts: false, obeys: Role::Admin }
}

/// All routes.
pub(crate) const ROUTES: &[Route] = {
    use AdminAction as A;
    use Endpoint as E;
    use GateAction as G;
    use Methods as M;
    use Resource as R;
    &[
        reading("/api/v1/query", M::GetPost, E::Query),
        reading("/api/v1/backtests", M::Post, E::BackTests),
        reading("/api/v1/query_range", M::GetPost, E::QueryRange),
        reading("/api/v1/query_exemplars", M::GetPost, E::QueryExemplars),
        reading("/api/v1/format_query", M::GetPost, E::FormatQuery),
        reading("/api/v1/parse_query", M::GetPost, E::ParseQuery),
        reading("/api/v1/labels", M::GetPost, E::Labels),
        ready(LABEL_VALUES, M::Get, E::LabelValues),
        reading("/api/v1/series", M::GetPost, E::Series),
        ready("/api/v1/metadata", M::Get, E::Metadata),
        ready("/api/v1/targets", M::Get, E::Targets),
        ready("/api/v1/targets/metadata", M::Get, E::TargetsMetadata),
        ready("/api/v1/targets/relabel_steps", M::Get, E::RelabelSteps),
        ready("/api/v1/scrape_pools", M::Get, E::ScrapePools),
        ready("/api/v1/scrape_pools/config", M::Get, E::ScrapePoolConfig),
        ready("/api/v1/alertmanagers", M::Get, E::Alertmanagers),
        ready("/api/v1/rules", M::Get, E::Rules),
        ready("/api/v1/alerts", M::Get, E::Alerts),
        ready("/api/v1/deliveries", M::Get, E::Deliveries),
        ready("/api/v1/deliveries/explain", M::Get, E::ExplainDelivery),
        ready("/api/v1/slos", M::Get, E::Slos),
        ready("/api/v1/slos/:id", M::Get, E::Slo),
        ready("/api/v1/slos/:id/burndown", M::Get, E::SloBurndown),
        reading("/api/v1/slos/whatif", M::Post, E::Trial),
        ready("/api/v1/slos/suggestions", M::Get, E::Suggestions),
        ready("/api/v1/products", M::Get, E::Products),
        ready("/api/v1/products/:name", M::Get, E::Product),
        ready("/api/v1/products/:name/budget", M::Get, E::ProductBudget),
        ready("/api/v1/reports", M::Get, E::ReportSchedules),
        ready("/api/v1/reports/:name", M::Get, E::Report),
        ready("/api/v1/receivers/:name/test", M::Post, E::ReceiverTest).obeying(Role::Operator),
        ready("/api/v1/gates", M::Get, E::Gates),
        ready("/api/v1/gates/:gate", M::Get, E::OneGate),
        ready("/api/v1/gates/:gate/evaluations", M::GetPost, E::Gate(G::Evaluations)).obeying(Role::Deployer),
        ready("/api/v1/gates/:gate/evaluations/:id", M::Get, E::Gate(G::Evaluation)),
        ready("/api/v1/gates/:gate/overrides", M::GetPost, E::Gate(G::Overrides)).obeying(Role::Operator),
        ready("/api/v1/deployments", M::GetPost, E::Deployments).obeying(Role::Deployer),
        ready("/api/v1/products/:name/ledger", M::Get, E::ProductLedger),
        // They bear a secret of their own.
        reading("/api/v1/hooks/gitlab", M::Post, E::Hook(HookSource::Gitlab)),
        reading("/api/v1/hooks/jenkins", M::Post, E::Hook(HookSource::Jenkins)),
        ready("/api/v1/status/config", M::Get, E::StatusConfig),
        ready("/api/v1/status/flags", M::Get, E::StatusFlags),
        ready("/api/v1/status/buildinfo", M::Get, E::StatusBuildInfo),
        ready("/api/v1/status/runtimeinfo", M::Get, E::StatusRuntimeInfo),
        ready("/api/v1/status/tsdb", M::Get, E::StatusTsdb),
        ready("/api/v1/status/tsdb/blocks", M::Get, E::StatusBlocks),
        ready("/api/v1/status/storage", M::Get, E::StatusStorage),
        ready("/api/v1/status/limits", M::Get, E::StatusLimits),
        ready("/api/v1/features", M::Get, E::Features),
        always("/api/v1/status/walreplay", M::Get, E::WalReplay),
        always("/api/v1/notifications", M::Get, E::Notifications),
        always("/api/v1/notifications/live", M::Get, E::LiveNotifications),
        ready("/api/v1/admin/tsdb/delete_series", M::PostPut, E::Admin(A::DeleteSeries)),
        ready("/api/v1/admin/tsdb/clean_tombstones", M::PostPut, E::Admin(A::CleanTombstones)),
        ready("/api/v1/admin/tsdb/deletions", M::Get, E::Admin(A::Deletions)),
        ready("/api/v1/admin/tsdb/undelete", M::PostPut, E::Admin(A::Undelete)),
        ready("/api/v1/admin/tsdb/snapshot", M::PostPut, E::Admin(A::Snapshot)),
        ready("/api/v1/admin/tsdb/seal", M::PostPut, E::Admin(A::Seal)),
        reading("/api/v1/search/metric_names", M::GetPost, E::Search),
        reading("/api/v1/search/label_names", M::GetPost, E::Search),
        reading("/api/v1/search/label_values", M::GetPost, E::Search),
        ready("/api/v1/write", M::Post, E::RemoteWrite),
        reading("/api/v1/read", M::Post, E::RemoteRead),
        ready("/api/v1/otlp/v1/metrics", M::Post, E::Otlp),
        ready("/api/v2/status", M::Get, E::Alertmanager(R::Status)),
        ready("/api/v2/receivers", M::Get, E::Alertmanager(R::Receivers)),
        ready("/api/v2/alerts", M::GetPost, E::Alertmanager(R::Alerts)),
        ready("/api/v2/alerts/groups", M::Get, E::Alertmanager(R::Groups)),
        ready("/api/v2/silences", M::GetPost, E::Alertmanager(R::Silences)).obeying(Role::Operator),
        ready("/api/v2/silence/:id", M::GetDelete, E::Alertmanager(R::Silence)).obeying(Role::Operator),
        ready("/federate", M::Get, E::Federate),
        always("/metrics", M::Get, E::Metrics),
        always("/version", M::Get, E::Version),
        always("/-/healthy", M::GetHead, E::Healthy),
        ready("/-/ready", M::GetHead, E::Ready),
        always("/-/reload", M::GetPostPut, E::Reload),
        always("/-/quit", M::GetPostPut, E::Quit),
        always("/graph", M::GetHead, E::Graph),
        always("/", M::GetHead, E::Page),
        always("/query", M::GetHead, E::Page),
        always("/targets", M::GetHead, E::Page),
        always("/status", M::GetHead, E::Page),
        always("/config", M::GetHead, E::Page),
        always("/flags", M::GetHead, E::Page),
        always("/service-discovery", M::GetHead, E::Page),
        always("/tsdb-status", M::GetHead, E::Page),
        always("/rules", M::GetHead, E::Page),
        always("/alerts", M::GetHead, E::Page),
        always("/slos", M::GetHead, E::Page),
        always("/slos/new", M::GetHead, E::NewSlo),
        always("/products", M::GetHead, E::Page),
        always("/gates", M::GetHead, E::Page),
        always("/reports", M::GetHead, E::Page),
        always("/silences", M::GetHead, E::Page),
        always("/notifications", M::GetHead, E::Page),
        always(ASSET, M::GetHead, E::Asset),
        always("/favicon.svg", M::GetHead, E::Asset),
        always("/theme.js", M::GetHead, E::Asset),
        always("/THIRD-PARTY.txt", M::GetHead, E::Asset),
    ]
};

/// A route, by its index in [`ROUTES`], and the name in its path; of two the first, what is between them, and the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found<'path> {
    pub(crate) index: usize,
    /// The name in the path, still escaped.
    pub(crate) name: &'path str,
}

/// The route of a path without the prefix: the one that is this path, or else the first that has a name in it and fits.
pub(crate) fn find(path: &str) -> Option<Found<'_>> {
    if path.starts_with(ASSET_PREFIX) {
        return ROUTES.iter().position(|route| route.path == ASSET).map(|index| Found { index, name: "" });
    }
    let is_path = |route: &Route| route.path == path && !route.path.contains(NAME_MARK);
    if let Some(index) = ROUTES.iter().position(is_path) {
        return Some(Found { index, name: "" });
    }
    let named = |(index, route): (usize, &Route)| name_in(route.path, path).map(|name| Found { index, name });
    ROUTES.iter().enumerate().find_map(named)
}

/// What stands in a path where a route's path has `:name`.
fn name_in<'path>(route: &str, path: &'path str) -> Option<&'path str> {
    let (before, behind) = route.split_once(NAME_MARK)?;
    if let Some((between, _)) = behind.rsplit_once(NAME_MARK) {
        let between = &between[between.find('/')?..];
        let names = path.strip_prefix(before)?.strip_prefix('/')?;
        let (first, second) = names.split_once('/')?;
        let second = second.strip_prefix(&between[1..])?.strip_prefix('/')?;
        let is_name = |name: &str| !name.is_empty() && !name.contains('/');
        return (is_name(first) && is_name(second)).then_some(names);
    }
    let suffix = behind.find('/').map_or("", |slash| &behind[slash..]);
    let name = path.strip_prefix(before)?.strip_prefix('/')?.strip_suffix(suffix)?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

/// Whether a path is an API's, so that `OPTIONS` gets the API's answer.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with(API_PREFIX) || is_alertmanager(path)
}

/// Whether a path is of Alertmanager's API, which says otherwise what is wrong.
pub(crate) fn is_alertmanager(path: &str) -> bool {
    path.starts_with(alertmanager::PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path: &str, want: Option<(&str, &str)>| {
            let got = find(path).map(|found| (ROUTES[found.index].path, found.name));
            assert_eq!(got, want, "{path}");
        };
        check("/", Some(("/", "")));
        check("/api/v1/query", Some(("/api/v1/query", "")));
        check("/api/v1/query/", None);
        check("/api/v1/label/a%2fb/values", Some((LABEL_VALUES, "a%2fb")));
        check("/api/v1/label//values", None);
        check("/api/v1/label/a/b/values", None);
        check("/api/v1/label/values", None);
        check("/api/v1/label/:name/values", Some((LABEL_VALUES, ":name")));
        check("/api/v2/silence/a-b", Some(("/api/v2/silence/:id", "a-b")));
        check("/api/v2/alerts/groups", Some(("/api/v2/alerts/groups", "")));
        check("/assets/index-1.js", Some((ASSET, "")));
        check("/assets/../../etc/passwd", Some((ASSET, "")));
        check("/assets/*filepath", Some((ASSET, "")));
        check("/api/v1/gates/a%2fb/evaluations", Some(("/api/v1/gates/:gate/evaluations", "a%2fb")));
        let two = "/api/v1/gates/:gate/evaluations/:id";
        check("/api/v1/gates/a/evaluations/7", Some((two, "a/evaluations/7")));
        check("/api/v1/gates/a/evaluations/", None);
        check("/api/v1/gates//evaluations/7", None);
        check("/api/v1/gates/a/evaluations/7/8", None);
        check("//", None);
        check("/nope", None);
        check("", None);
    }

    #[test]
    fn each_path_is_there_once() {
        for (n, route) in ROUTES.iter().enumerate() {
            assert!(ROUTES[..n].iter().all(|other| other.path != route.path), "{}", route.path);
        }
    }

    /// What changes something is for the administrator unless its route says otherwise; what only reads is for all.
    #[test]
    fn roles() {
        let check = |path: &str, method: &Method, want: Role| {
            let route = &ROUTES[find(path).expect(path).index];
            assert_eq!(route.role_of(method), want, "{method} {path}");
        };
        check("/api/v1/query", &Method::POST, Role::Viewer);
        check("/api/v1/read", &Method::POST, Role::Viewer);
        check("/api/v1/admin/tsdb/deletions", &Method::GET, Role::Viewer);
        check("/api/v1/write", &Method::POST, Role::Admin);
        check("/api/v2/silences", &Method::GET, Role::Viewer);
        check("/api/v2/silences", &Method::POST, Role::Operator);
        check("/api/v2/silence/x", &Method::DELETE, Role::Operator);
        check("/api/v2/alerts", &Method::POST, Role::Admin);
        check("/api/v1/admin/tsdb/delete_series", &Method::PUT, Role::Admin);
        check("/api/v1/gates/x/evaluations", &Method::POST, Role::Deployer);
        check("/api/v1/gates/x/overrides", &Method::POST, Role::Operator);
        check("/api/v1/deployments", &Method::POST, Role::Deployer);
        check("/-/reload", &Method::POST, Role::Admin);
        check("/-/quit", &Method::PUT, Role::Admin);
    }

    #[test]
    fn allowed_methods() {
        assert_eq!(Methods::GetPost.allow_header(), "GET, OPTIONS, POST");
        assert!(Methods::PostPut.allow(&Method::PUT) && !Methods::PostPut.allow(&Method::GET));
    }
}
