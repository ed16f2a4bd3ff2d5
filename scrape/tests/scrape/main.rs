//! The room from outside. Other projects' suites are read from `NARTHEX_SUITES`, or from beside the checkout.

#![expect(clippy::unwrap_used, reason = "a test may")]

/// What `check metrics` says.
mod check_metrics;
/// Where the suites are.
mod data;
/// Captures of many systems, scraped as Prometheus scrapes them.
mod goldens;
/// Scrape loops, in a world where time passes only when everyone waits.
mod loops;
/// Captures of Mesos.
mod mesos;
/// The OpenMetrics project's cases for strict parsers.
mod openmetrics_strict;
/// Another parser as an oracle.
mod oracle;
/// Prometheus's cases for its text parsers and for the choice between them.
mod textparse;
/// Targets that say what a test writes down, a store in memory, and a clock that stands still.
mod world;
