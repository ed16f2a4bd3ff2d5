//! Other projects' suites, read from `NARTHEX_SUITES` or from beside the checkout; see [`data`].

#![expect(clippy::unwrap_used, reason = "a test may")]

/// What `check metrics` says.
mod check_metrics;
/// Where the suites are.
mod data;
/// Captures of Mesos.
mod mesos;
/// The OpenMetrics project's cases for strict parsers.
mod openmetrics_strict;
/// Prometheus's cases for its text parsers and for the choice between them.
mod textparse;
