//! What a report costs: a product of ten objectives over 90 days, as a page and as a picture.
//!
//! One target of forty series is scraped every 15 s for 90 days, through the store and the counting, and two of a thousand
//! requests fail. Then the report is made as the API makes it, with the ledger, the periods before, and the burn-down as SVG and
//! PNG; once for a product whose budget is that of all events, once for one whose users need all of it (`series`), which is
//! counted in slices of a minute. The alerts of the 90 days are gone through again for it. Times are the best of five.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::sync::Arc;
use std::time::Duration;

use benches::disk::HastyDisk;
use benches::shop::{DAY_MS, STEP_MS, Shop, Target, promise};
use jiff::tz::TimeZone;
use journal::Disk;
use model::{Clock, SystemClock};
use slo::budget::{Budgets, BudgetsOptions, InForce};
use slo::report::{Delivery, Language, Period, Report, html, png};
use slo::spec::{SpecFile, load};

const N_OBJECTIVES: usize = 10;
const N_DAYS: i64 = 90;
const BEGIN_MS: i64 = 1_700_000_000_000;
const N_ROUNDS: usize = 5;

fn target(shop: &Shop) -> Target {
    let routes: Vec<String> = (0..N_OBJECTIVES).map(|route| format!("/r{route}")).collect();
    let codes = ["200", "201", "404", "500"];
    let counter = |route, code| ("http_requests_total", vec![("route", route), ("code", code)]);
    let counters: Vec<_> = routes.iter().flat_map(|route| codes.map(|code| counter(route.as_str(), code))).collect();
    Target::open(&shop.store, "10.0.0.1:8080", &counters)
}

/// Each fourth counter is of errors, of which one comes every tenth scrape.
fn growth(number: usize, round: i64) -> f64 {
    if number.is_multiple_of(4) { f64::from(u8::from(round % 10 == number as i64 % 10)) } else { 150.0 }
}

fn specs() -> SpecFile {
    let components: Vec<String> = (0..N_OBJECTIVES).map(|number| format!("{{slo: slo-{number}}}")).collect();
    let product = |method: &str| {
        format!(
            "apiVersion: narthex/v1\nkind: Product\nmetadata: {{name: {method}}}\nspec:\n  \
             objective: {{targetPercent: 99.5, timeWindow: {{duration: 28d, isRolling: true}}}}\n  \
             composition: {{method: {method}, components: [{}]}}\n",
            components.join(", ")
        )
    };
    let documents =
        (0..N_OBJECTIVES).map(|number| promise(number, "28d", "code=\"500\"")).chain(["events", "series"].map(product));
    SpecFile { path: "slo.yml".to_owned(), text: documents.collect::<Vec<_>>().join("---\n") }
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(HastyDisk::default());
    let watch = SystemClock::new();
    let shop = Shop::open(&disk, dir.path(), BEGIN_MS, None);
    let mut target = target(&shop);
    let catalog = Arc::new(load(&[specs()]));
    assert_eq!((catalog.objectives.len(), catalog.products.len(), catalog.errors.len()), (N_OBJECTIVES, 2, 0));
    shop.promise(&catalog);
    for round in 1..=N_DAYS * DAY_MS / STEP_MS {
        let now_ms = BEGIN_MS + round * STEP_MS;
        shop.clock.set(now_ms);
        target.scrape(&shop.store, now_ms, |number| growth(number, now_ms / STEP_MS));
        if round % 20 == 0 {
            shop.counting.tick();
        }
    }
    let Shop { clock, store, counting } = shop;
    let (budgets, _) = Budgets::open(BudgetsOptions {
        disk,
        dir: dir.path().join("slo/budget"),
        salt: 7,
        clock: Arc::clone(&clock) as _,
        history: counting,
        append: store as _,
        external_url: String::new(),
    })
    .unwrap();
    budgets.apply(InForce { catalog, interval_ms: 30_000, ..InForce::default() }).unwrap();
    println!("{N_DAYS} days of {N_OBJECTIVES} objectives prepared in {:?}", watch.elapsed());
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
