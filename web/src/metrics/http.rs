//! Requests by route: how many, with which status, and how long they took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use parking_lot::Mutex;

use super::{Exposition, Kind};

/// Upper bounds of the durations, in seconds.
const BOUNDS: [f64; 11] = [0.001, 0.005, 0.025, 0.1, 0.2, 0.4, 1.0, 3.0, 8.0, 20.0, 60.0];

/// Requests of all routes.
#[derive(Debug)]
pub(crate) struct HttpMetrics {
    /// By the route's path.
    routes: Vec<(&'static str, RouteMetrics)>,
}

#[derive(Debug, Default)]
struct RouteMetrics {
    /// Few, so a list is as good as a map.
    by_status: Mutex<Vec<(StatusCode, u64)>>,
    /// Not cumulative; the last is for what is longer than all bounds.
    durations: [AtomicU64; BOUNDS.len() + 1],
    total_micros: AtomicU64,
}

impl HttpMetrics {
    /// Counts for these paths; each must be there once.
    pub(crate) fn new(paths: impl Iterator<Item = &'static str>) -> HttpMetrics {
        HttpMetrics { routes: paths.map(|path| (path, RouteMetrics::default())).collect() }
    }

    /// Notes a request to the route at an index.
    pub(crate) fn note(&self, route: usize, status: StatusCode, duration: Duration) {
        let Some((_, metrics)) = self.routes.get(route) else { return };
        let bucket = BOUNDS.iter().position(|bound| duration.as_secs_f64() <= *bound).unwrap_or(BOUNDS.len());
        metrics.durations[bucket].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        metrics.total_micros.fetch_add(micros, Ordering::Relaxed);
        let mut by_status = metrics.by_status.lock();
        match by_status.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => by_status.push((status, 1)),
        }
    }

    pub(crate) fn write(&self, out: &mut Exposition) {
        out.family("narthex_http_requests", Kind::Counter, "Requests by route and status.");
        for (path, metrics) in &self.routes {
            let mut by_status = metrics.by_status.lock().clone();
            by_status.sort_unstable_by_key(|(status, _)| *status);
            for (status, count) in by_status {
                out.sample(&[("handler", path), ("code", status.as_str())], count as f64);
            }
        }
        let help = "Time from the head of a request to the head of its response, by route.";
        out.family("narthex_http_request_duration_seconds", Kind::Histogram, help);
        for (path, metrics) in &self.routes {
            let mut total = 0;
            let counts = metrics.durations.iter().map(|count| {
                total += count.load(Ordering::Relaxed);
                total
            });
            let buckets: Vec<(f64, u64)> = BOUNDS.into_iter().chain([f64::INFINITY]).zip(counts).collect();
            if total > 0 {
                let sum = metrics.total_micros.load(Ordering::Relaxed) as f64 / 1e6;
                out.histogram(&[("handler", path)], &buckets, sum);
            }
        }
    }
}
