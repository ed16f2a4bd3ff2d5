//! What a report costs: a product of ten objectives over 90 days, as a page and as a picture.
//!
//! One target of forty series is scraped every 15 s for 90 days, through the store and the counting, and two of a thousand
//! requests fail. Then the report is made as the API makes it, with the ledger, the periods before, and the burn-down as SVG and
//! PNG; once for a product whose budget is that of all events, once for one whose users need all of it (`series`), which is
//! counted in slices of a minute. Times are the best of five.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use journal::{Disk, OsDisk};
use model::rng::SeededRng;
use model::storage::{Append, Batch, SeriesRef, SourceRef, Timestamps};
use model::{Clock, Labels, SystemClock};
use query::{Engine, EngineOptions};
use slo::budget::{Budgets, BudgetsOptions, InForce};
use slo::count::{Counting, Options};
use slo::report::{Delivery, Language, Period, Report, html, png};
use slo::spec::{SpecFile, load};
use tsdb::{Options as StoreOptions, Progress, Store};

const N_OBJECTIVES: usize = 10;
const STEP_MS: i64 = 15_000;
const DAY_MS: i64 = 86_400_000;
const N_DAYS: i64 = 90;
const BEGIN_MS: i64 = 1_700_000_000_000;
const N_ROUNDS: usize = 5;

#[derive(Debug)]
struct ToldClock(AtomicI64);

impl Clock for ToldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now_ms().unsigned_abs())
    }
}

struct Target {
    source: SourceRef,
    series: Vec<SeriesRef>,
    values: Vec<f64>,
}

fn target(store: &Store) -> Target {
    let of_target = |name: &str, pairs: &[(&str, &str)]| {
        let own = [("__name__", name), ("job", "shop"), ("instance", "10.0.0.1:8080")];
        Labels::from_pairs(pairs.iter().copied().chain(own))
    };
    let mut series = vec![of_target("up", &[])];
    for route in 0..N_OBJECTIVES {
        let route = format!("/r{route}");
        for code in ["200", "201", "404", "500"] {
            series.push(of_target("http_requests_total", &[("route", &route), ("code", code)]));
        }
    }
    let source = store.open_source(&of_target("", &[]));
    let values = vec![1.0; series.len()];
    let series = store.resolve(Some(source), &series).unwrap().into_iter().map(Result::unwrap).collect();
    Target { source, series, values }
}

fn scrape(store: &Store, target: &mut Target, at_ms: i64) {
    let round = at_ms / STEP_MS;
    for (number, value) in target.values.iter_mut().enumerate().skip(1) {
        let is_bad = number % 4 == 0;
        *value += if is_bad { f64::from(u8::from(round % 10 == number as i64 % 10)) } else { 150.0 };
    }
    let batch = Batch {
        source: Some(target.source),
        series: &target.series,
        timestamps: Timestamps::All(at_ms),
        values: &target.values,
        starts: &[],
        histograms: &[],
    };
    assert_eq!(store.commit(&batch).unwrap(), []);
}

fn specs() -> SpecFile {
    let slo = |number: usize| {
        format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: slo-{number}}}\nspec:\n  service: shop\n  budgetingMethod: Occurrences\n  \
             timeWindow: [{{duration: 28d, isRolling: true}}]\n  objectives: [{{target: 0.999}}]\n  indicator:\n    metadata: {{name: i-{number}}}\n    \
             spec:\n      ratioMetric:\n        counter: true\n        bad: {{metricSource: {{type: Prometheus, spec: {{query: 'http_requests_total{{route=\"/r{number}\",code=\"500\"}}'}}}}}}\n        \
             total: {{metricSource: {{type: Prometheus, spec: {{query: 'http_requests_total{{route=\"/r{number}\"}}'}}}}}}\n"
        )
    };
    let components: Vec<String> = (0..N_OBJECTIVES).map(|number| format!("{{slo: slo-{number}}}")).collect();
    let product = |method: &str| {
        format!(
            "apiVersion: narthex/v1\nkind: Product\nmetadata: {{name: {method}}}\nspec:\n  \
             objective: {{targetPercent: 99.5, timeWindow: {{duration: 28d, isRolling: true}}}}\n  \
             composition: {{method: {method}, components: [{}]}}\n",
            components.join(", ")
        )
    };
    let documents = (0..N_OBJECTIVES).map(slo).chain(["events", "series"].map(product));
    SpecFile { path: "slo.yml".to_owned(), text: documents.collect::<Vec<_>>().join("---\n") }
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let told = Arc::new(ToldClock(AtomicI64::new(BEGIN_MS)));
    let clock = Arc::clone(&told) as Arc<dyn Clock>;
    let options = StoreOptions { max_ahead_ms: i64::MAX, ..StoreOptions::default() };
    let opened =
        Store::open(&disk, &clock, &mut SeededRng::new(1), Path::new(dir.path()), options, &Progress::default());
    let store = Arc::new(opened.unwrap().0);
    let mut target = target(&store);
    let catalog = Arc::new(load(&[specs()]));
    assert_eq!((catalog.objectives.len(), catalog.products.len(), catalog.errors.len()), (N_OBJECTIVES, 2, 0));
    let counting = Counting::open(Options {
        disk: Arc::clone(&disk),
        dir: dir.path().join("slo/history"),
        clock: Arc::clone(&clock),
        salt: 7,
        select: Arc::clone(&store) as _,
        feed: Arc::clone(&store) as _,
        engine: Arc::new(Engine::new(EngineOptions::default())),
        retention_ms: 400 * DAY_MS,
        raw_retention_ms: 15 * DAY_MS,
        scrape_interval_ms: STEP_MS,
        sample_every_ms: 60_000,
    });
    let counting = Arc::new(counting.unwrap());
    counting.apply(Arc::clone(&catalog)).unwrap();
    for round in 1..=N_DAYS * DAY_MS / STEP_MS {
        let now_ms = BEGIN_MS + round * STEP_MS;
        told.0.store(now_ms, Ordering::Relaxed);
        scrape(&store, &mut target, now_ms);
        if round % 20 == 0 {
            counting.tick();
        }
    }
    let (budgets, _) = Budgets::open(BudgetsOptions {
        disk,
        dir: dir.path().join("slo/budget"),
        salt: 7,
        clock: Arc::clone(&clock),
        history: counting,
        append: Arc::clone(&store) as _,
        external_url: String::new(),
    })
    .unwrap();
    budgets.apply(InForce { catalog, interval_ms: 30_000, ..InForce::default() }).unwrap();
    for product in ["events", "series"] {
        report(&budgets, product, clock.now_ms());
    }
}

fn report(budgets: &Budgets, product: &str, now_ms: i64) {
    let watch = SystemClock::new();
    let period = Period::of("90d", &TimeZone::UTC, now_ms).unwrap();
    let [mut made, mut written, mut drawn] = [Duration::MAX; 3];
    let (mut n_bytes, mut n_pixels) = (0, 0);
    for _ in 0..N_ROUNDS {
        let began = watch.elapsed();
        let report = Report::of(budgets, product, &period, Language::English, &Delivery::default(), now_ms).unwrap();
        assert!(report.status.budget.spent.0 > 0.0);
        let at_report = watch.elapsed();
        let page = html(&report, &period).unwrap();
        let at_page = watch.elapsed();
        let picture = png(&report, &period).unwrap();
        let at_picture = watch.elapsed();
        made = made.min(at_report - began);
        written = written.min(at_page - at_report);
        drawn = drawn.min(at_picture - at_page);
        (n_bytes, n_pixels) = (page.len(), picture.len());
    }
    println!(
        "{product}: {:?} (counting {made:?}, page of {n_bytes} bytes {written:?}, picture of {n_pixels} bytes {drawn:?})",
        made + written + drawn
    );
}
