//! Alerts for Alertmanagers elsewhere, as Prometheus sends them.
