//! The HTTP API (Prometheus v1) and the pages.
