//! The HTTP API from outside: the real store, engine, scraper and server, asked over loopback sockets.
//!
//! What is asked and answered stands in `cases/`, two lines a case: a path with its parameters, and the status with the
//! exact body. [`peer`] sends the same questions to a real Prometheus, so that nobody has to believe the files.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it cannot go on, and says what it saw"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "these tests are outside: they use files, threads and clocks as users do"
)]

/// Who may do what.
mod access;
/// What changes the store.
mod admin;
/// Every file of cases against a server that holds the fixture.
mod answers;
/// What is left of error budgets.
mod budgets;
/// Files of cases, read and checked.
mod cases;
/// Just enough HTTP to ask.
mod client;
/// `/metrics` and `/federate`.
mod exposition;
/// What is stored, and the remote writes that bring it there.
mod fixture;
/// Release gates, deployments, webhooks.
mod gates;
/// Reload and quit.
mod lifecycle;
/// Time, places, samples, points and bytes that a query may take.
mod limits;
/// Beside a real Prometheus.
mod peer;
/// A server to be tested.
mod server;
/// Starting and stopping.
mod stages;
/// `/api/v1/status/…`, which tell what they were given.
mod status;
/// What is scraped: targets, pools, metadata.
mod targets;
/// Methods, origins, encodings, paths.
mod transport;
/// What objectives would have done, and what metrics could become.
mod trials;
/// Remote write.
mod writes;
mod writes_v2;
