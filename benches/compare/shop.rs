//! A shop of many routes, of which each has an objective: its targets, its spec files, and what its counters say at any time.
//!
//! A counter is a function of time, so that what is sent of the past, what is scraped now, and what somebody asks later agree.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::exporter::{NOT_FOUND, response, serve};

/// Codes, and how many of each there are a second. Two of the seven are errors.
const CODES: [(&str, f64); SERIES_PER_ROUTE] =
    [("200", 9.7), ("201", 3.1), ("204", 1.9), ("302", 0.7), ("404", 0.3), ("500", 0.002), ("503", 0.001)];
/// The series of a route.
pub(crate) const SERIES_PER_ROUTE: usize = 7;
/// The routes of a target.
pub(crate) const ROUTES_PER_TARGET: usize = 50;
/// One route of so many burns its budget all the time.
const BURNING: usize = 100;
const BURNING_PER_S: f64 = 0.7;
/// What fails a second of a route that is broken.
const BROKEN_PER_S: f64 = 40.0;
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Counters began so long before they are first looked at.
const BEFORE_MS: i64 = 40 * DAY_MS;

/// The shop.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) n_routes: usize,
    began_ms: i64,
    /// The route that breaks, and when it did.
    broken_ms: AtomicI64,
}

/// The route that breaks.
pub(crate) const BROKEN: usize = 1;

/// What time it is, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Shop {
    pub(crate) fn new(n_routes: usize) -> Shop {
        Shop { n_routes, began_ms: now_ms() - BEFORE_MS, broken_ms: AtomicI64::new(i64::MAX) }
    }

    pub(crate) fn n_targets(&self) -> usize {
        self.n_routes.div_ceil(ROUTES_PER_TARGET)
    }

    /// From now on one route fails.
    pub(crate) fn break_one(&self) {
        self.broken_ms.store(now_ms(), Ordering::SeqCst);
    }

    /// What a counter says at a time.
    pub(crate) fn value(&self, route: usize, code: usize, at_ms: i64) -> f64 {
        let (name, per_s) = CODES[code];
        let per_s = match name {
            "500" if route % BURNING == BURNING - 1 => BURNING_PER_S,
            _ => per_s * (1 + route % 5) as f64,
        };
        let since_s = |began_ms: i64| at_ms.saturating_sub(began_ms).max(0) as f64 / 1000.0;
        let of_break = if route == BROKEN && name == "500" {
            since_s(self.broken_ms.load(Ordering::SeqCst)) * BROKEN_PER_S
        } else {
            0.0
        };
        (since_s(self.began_ms) * per_s + of_break).floor()
    }

    /// The labels of a series, sorted by name, as they are stored.
    pub(crate) fn labels(route: usize, code: usize) -> [(&'static str, String); 5] {
        [
            ("__name__", "http_requests_total".to_owned()),
            ("code", CODES[code].0.to_owned()),
            ("instance", format!("shop-{}:8080", route / ROUTES_PER_TARGET)),
            ("job", "shop".to_owned()),
            ("route", format!("/r{route}")),
        ]
    }

    /// Serves each target at `/target/NUMBER`, as long as the program runs.
    pub(crate) fn serve(self: &Arc<Shop>) -> io::Result<SocketAddr> {
        let shop = Arc::clone(self);
        serve(move |path, writer| {
            let number = path.strip_prefix("/target/").and_then(|number| number.parse::<usize>().ok());
            match number {
                Some(number) => writer.write_all(&response(&shop.exposition(number))),
                None => writer.write_all(NOT_FOUND),
            }
        })
    }

    fn exposition(&self, target: usize) -> String {
        let at_ms = now_ms();
        let mut text = String::from("# TYPE http_requests_total counter\n");
        let first = target * ROUTES_PER_TARGET;
        for route in first..(first + ROUTES_PER_TARGET).min(self.n_routes) {
            for (number, (code, _)) in CODES.iter().enumerate() {
                let value = self.value(route, number, at_ms);
                // Writing to a string does not fail.
                let _ = writeln!(text, "http_requests_total{{code=\"{code}\",route=\"/r{route}\"}} {value}");
            }
        }
        text
    }

    /// The part of a configuration that says how it is scraped.
    pub(crate) fn scrape_configs(&self, address: SocketAddr) -> String {
        let mut text = "scrape_configs:\n- job_name: shop\n  static_configs:\n".to_owned();
        for target in 0..self.n_targets() {
            let _ = writeln!(
                text,
                "  - targets: ['{address}']\n    labels: {{instance: 'shop-{target}:8080', __metrics_path__: '/target/{target}'}}"
            );
        }
        text
    }

    /// Writes the objectives of the first routes into files, some to a file: `slo-0`, `slo-1` and so on.
    pub(crate) fn write_specs(dir: &Path, n_routes: usize) -> io::Result<()> {
        const PER_FILE: usize = 100;
        std::fs::create_dir_all(dir)?;
        let routes: Vec<usize> = (0..n_routes).collect();
        for routes in routes.chunks(PER_FILE) {
            let documents: Vec<String> = routes.iter().map(|route| spec(*route)).collect();
            std::fs::write(dir.join(format!("{}.yml", routes[0])), documents.join("---\n"))?;
        }
        Ok(())
    }
}

fn spec(route: usize) -> String {
    format!(
        "apiVersion: openslo/v1
kind: SLO
metadata: {{name: slo-{route}}}
spec:
  service: shop
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 30d, isRolling: true}}]
  objectives: [{{displayName: answered, target: 0.999}}]
  indicator:
    metadata: {{name: route-{route}}}
    spec:
      ratioMetric:
        counter: true
        bad: {{metricSource: {{type: Prometheus, spec: {{query: 'http_requests_total{{route=\"/r{route}\",code=~\"5..\"}}'}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: 'http_requests_total{{route=\"/r{route}\"}}'}}}}}}
"
    )
}
