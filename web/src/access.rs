//! Who may do what.
//!
//! Where the server asks nobody for a name, everybody may do everything, as in Prometheus and Alertmanager. Users of the web
//! configuration file may do everything, too; tokens what their roles say. A page of another site may change nothing, whoever
//! looks at it: browsers send names and passwords along by themselves.

use std::collections::BTreeMap;

use http::header::{HOST, ORIGIN};
use http::{HeaderName, Method, StatusCode};
use net::server::{Caller, Request, Response};
use serde::{Deserialize, Serialize};

use crate::reply::{ApiError, ErrorType};
use crate::route::Route;
use crate::web::Shared;

/// What someone may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read. Every other role includes it.
    Viewer,
    /// Record deployments and ask gates.
    Deployer,
    /// Silence and override.
    Operator,
    /// Everything.
    Admin,
}

impl Role {
    /// Its name in files and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Deployer => "deployer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }

    fn includes(self, other: Role) -> bool {
        self == other || self == Role::Admin || other == Role::Viewer
    }
}

/// The roles of tokens, by their names.
pub type Roles = BTreeMap<String, Vec<Role>>;

/// The products that tokens' roles are for, by their names; a token without any is for all.
pub type Scopes = BTreeMap<String, Vec<String>>;

/// Refuses what a caller would do to a product that its token is not for. What is of no product is of none of them.
pub(crate) fn refuse_product(shared: &Shared, caller: &Caller, product: Option<&str>) -> Result<(), ApiError> {
    let Caller::Token(name) = caller else { return Ok(()) };
    let snapshot = shared.snapshot.load();
    let Some(products) = snapshot.scopes.get(name).filter(|products| !products.is_empty()) else { return Ok(()) };
    if product.is_some_and(|product| products.iter().any(|own| own == product)) {
        return Ok(());
    }
    let what = product.map_or("a service of no product".to_owned(), |product| format!("the product {product}"));
    let message = format!("the token {name} is for {}, and this is of {what}", products.join(", "));
    Err(ApiError::new(ErrorType::Forbidden, message))
}

/// Who asks, by name; empty for somebody whom nobody asked.
pub(crate) fn caller_name(caller: &Caller) -> &str {
    match caller {
        Caller::Anybody => "",
        Caller::User(name) | Caller::Token(name) => name,
    }
}

/// Where a browser says from which site's page a request comes.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request that its caller may not make.
pub(crate) fn refuse(shared: &Shared, route: &Route, request: &Request) -> Option<Response> {
    let needed = route.role_of(request.method());
    let is_change = *request.method() != Method::GET && *request.method() != Method::HEAD && needed != Role::Viewer;
    if is_change && is_of_another_site(shared, request) {
        return Some(Response::error(StatusCode::FORBIDDEN, "requests from pages of other origins are refused"));
    }
    let Caller::Token(name) = request.caller() else { return None };
    let roles = shared.snapshot.load().roles.get(name).cloned().unwrap_or_default();
    if roles.iter().any(|role| role.includes(needed)) {
        return None;
    }
    let has = roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    let has = if has.is_empty() { "none" } else { &has };
    let message = format_args!("this needs the role {}; the token {name} has: {has}", needed.as_str());
    Some(ApiError::new(ErrorType::Forbidden, message).respond())
}

/// Whether a browser sends this from a page that is neither ours nor one that is named as trusted. Clients that are no browsers
/// send no origin.
fn is_of_another_site(shared: &Shared, request: &Request) -> bool {
    let origin = request.header(&ORIGIN);
    if !request.headers().contains_key(ORIGIN) {
        return request.header(&SEC_FETCH_SITE) == "cross-site";
    }
    let place = origin.split_once("://").map_or("", |(_, place)| place);
    let is_ours = place == request.header(&HOST) || place == shared.settings.external_url.authority();
    !is_ours && !shared.settings.cors.trusts(origin)
}
