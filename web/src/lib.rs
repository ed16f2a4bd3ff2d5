//! The HTTP APIs (Prometheus v1, Alertmanager v2) and the pages.
//!
//! [`Web`] is the handler for a [`net::server::Server`]: it is made with [`Settings`] and a [`Host`], given its
//! [`Parts`] once the storage is open, and a [`Snapshot`] of the configuration at each reload. What stands behind a
//! path is listed in `route`; the endpoints are functions from parameters to answers in `api`, whose JSON is written
//! piece by piece as it is sent.

mod access;
mod alertmanager;
mod api;
mod federate;
mod gate;
pub mod json;
mod lifecycle;
mod limits;
pub mod metrics;
mod pages;
mod params;
mod remote_read;
mod remote_write;
mod render;
mod reply;
mod route;
mod state;
mod time;
mod web;

pub use access::{Role, Roles, Scopes};
pub use state::{
    BuildInfo, DiskSpace, Hooks, Host, LimitStatus, Parts, Reloading, ReplayProgress, Settings, Snapshot,
    StorageStatus, Targets, WebLimits,
};
pub use web::Web;

/// The paths of all routes; one with a name in it has `:name` there.
pub fn paths() -> impl Iterator<Item = &'static str> {
    route::ROUTES.iter().map(|route| route.path)
}
