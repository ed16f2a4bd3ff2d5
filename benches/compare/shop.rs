//! A shop of many routes, of which each has an objective: its targets, its spec files, and what its counters say at any time.
//!
//! A counter is a function of time, so that what is stored of the past, what is scraped now, and what somebody asks later agree.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use benches::past::{Past, SPARSE_MS};
use benches::routes::{CODES, ROUTES_PER_TARGET, grown, instance, per_s, promise_of_month, spec_files};
use benches::shop::DAY_MS;
use slo::spec::SpecFile;

use crate::exporter::{NOT_FOUND, response, serve};

/// So many fail at once when a route breaks: more than any budget has room for, whatever lies behind it.
const N_BROKEN: f64 = 100_000.0;

/// The shop.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) n_routes: usize,
    /// When its counters began.
    pub(crate) began_ms: i64,
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
    /// A shop whose counters began so many days ago.
    pub(crate) fn new(n_routes: usize, days: i64) -> Shop {
        let began_ms = (now_ms() - days * DAY_MS) / SPARSE_MS * SPARSE_MS;
        Shop { n_routes, began_ms, broken_ms: AtomicI64::new(i64::MAX) }
    }

    /// All of it up to a time, of the first routes as they were scraped.
    pub(crate) fn past(&self, n_whole: usize, end_ms: i64) -> Past {
        Past::of_routes(self.n_routes, n_whole, self.began_ms, end_ms)
    }

    pub(crate) fn n_targets(&self) -> usize {
        self.n_routes.div_ceil(ROUTES_PER_TARGET)
    }

    /// Now one route fails.
    pub(crate) fn break_one(&self) {
        self.broken_ms.store(now_ms(), Ordering::SeqCst);
    }

    /// What a counter says at a time.
    pub(crate) fn value(&self, route: usize, code: usize, at_ms: i64) -> f64 {
        let breaks = route == BROKEN && CODES[code].0 == "500";
        let of_break = if breaks && at_ms >= self.broken_ms.load(Ordering::SeqCst) { N_BROKEN } else { 0.0 };
        grown(at_ms - self.began_ms, per_s(route, code)) + of_break
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
                "  - targets: ['{address}']\n    labels: {{instance: '{}', __metrics_path__: '/target/{target}'}}",
                instance(target)
            );
        }
        text
    }

    /// The objectives of the first routes, some to a file: `slo-0`, `slo-1` and so on.
    pub(crate) fn specs(n_routes: usize) -> Vec<SpecFile> {
        spec_files(0..n_routes, promise_of_month)
    }

    /// Writes these into files of a directory.
    pub(crate) fn write_specs(dir: &Path, n_routes: usize) -> io::Result<()> {
        std::fs::create_dir_all(dir)?;
        Shop::specs(n_routes).iter().try_for_each(|file| std::fs::write(dir.join(&file.path), &file.text))
    }
}
