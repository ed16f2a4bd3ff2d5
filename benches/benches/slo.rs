//! What error budgets cost: a tick of 10,000 objectives of seven series each, which have a past of thirty days.
//!
//! Of a hundred of them there are samples of every fifteen seconds, of the others of every five minutes; one of a hundred
//! burns. 200 targets of 700 series are scraped every 15 s then; half of the series belong to an objective each, fifty a target.
//! Ingestion is not in the figures. A tick reads all of it back from the feed, counts what belongs to somebody, and then each
//! objective is asked for eight windows, as burn rates do. CPU time is that of the thread.
//!
//! Then a thousand others come in the place of the first thousand: these have twenty groups each, that is twenty budgets of two
//! series.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use benches::disk::HastyDisk;
use benches::past::{Past, SPARSE_MS};
use benches::routes::{CODES, ROUTES_PER_TARGET, SERIES_PER_ROUTE, instance, promise_of_month, spec_files};
use benches::shop::{DAY_MS, STEP_MS, Shop, Target};
use journal::Disk;
use model::{Clock, Labels};
use rustix::time::{ClockId, clock_gettime};
use slo::grouping::{Groups, discover, split};
use slo::history::History;
use slo::spec::{Catalog, load};

const N_OBJECTIVES: usize = 10_000;
const N_TARGETS: usize = N_OBJECTIVES / ROUTES_PER_TARGET;
/// Of so many there are all samples of the past.
const N_WHOLE: usize = 100;
const NOW_MS: i64 = 1_700_000_000_000 / SPARSE_MS * SPARSE_MS;
const N_WARM: i64 = 20;
const N_ROUNDS: i64 = 20;
const WINDOWS_MIN: [i64; 8] = [5, 30, 60, 120, 360, 1440, 4320, 43_200];

/// So many have groups in the second part.
const N_GROUPED: usize = 1000;
const N_GROUPS: usize = 20;
/// Codes of a group, and how many of each there are a second.
const GROUP_CODES: [(&str, f64); 2] = [("200", 1.3), ("500", 0.001)];

fn past() -> Past {
    let mut past = Past::of_routes(N_OBJECTIVES, N_WHOLE, NOW_MS - 30 * DAY_MS, NOW_MS);
    for number in 0..N_GROUPED {
        let (instance, route) = (instance_of_groups(number), route_of_groups(number));
        let of_route =
            [("__name__", "http_requests_total"), ("job", "shop"), ("instance", &*instance), ("route", &*route)];
        for (handler, (code, per_s)) in groups() {
            let of_series = [("handler", &*handler), ("code", code)];
            past.add_counter(Labels::from_pairs(of_route.into_iter().chain(of_series)), per_s, SPARSE_MS);
        }
    }
    past
}

/// The series of an objective with groups: handlers, codes and how many there are a second.
fn groups() -> impl Iterator<Item = (String, (&'static str, f64))> {
    (0..N_GROUPS).flat_map(|group| GROUP_CODES.map(|code| (format!("h{group}"), code)))
}

/// Objectives with groups have targets of their own.
fn instance_of_groups(number: usize) -> String {
    instance(N_TARGETS + number / (N_GROUPED / N_TARGETS))
}

/// Objectives with groups are numbered after the others.
fn route_of_groups(number: usize) -> String {
    format!("/r{}", N_OBJECTIVES + number)
}

fn target_of_groups(shop: &Shop, number: usize) -> Target {
    let per_target = N_GROUPED / N_TARGETS;
    let routes: Vec<String> = (number * per_target..(number + 1) * per_target).map(route_of_groups).collect();
    let series: Vec<(String, (&str, f64))> = groups().collect();
    let mut counters = Vec::new();
    for route in &routes {
        for (handler, (code, _)) in &series {
            let labels = vec![("route", route.as_str()), ("handler", handler.as_str()), ("code", *code)];
            counters.push(("http_requests_total", labels));
        }
    }
    Target::open(&shop.store, &instance_of_groups(number * per_target), &counters)
}

fn target(shop: &Shop, number: usize) -> Target {
    let routes: Vec<String> =
        (0..ROUTES_PER_TARGET).map(|route| format!("/r{}", number * ROUTES_PER_TARGET + route)).collect();
    let mut counters = Vec::new();
    for route in &routes {
        for (code, _) in CODES {
            for name in ["http_requests_total", "http_request_duration_seconds_sum"] {
                counters.push((name, vec![("route", route.as_str()), ("code", code)]));
            }
        }
    }
    Target::open(&shop.store, &instance(number), &counters)
}

fn scrape(shop: &Shop, target: &mut Target, at_ms: i64) {
    target.scrape(&shop.store, at_ms, |number| (number % 9) as f64);
}

fn document(number: usize) -> String {
    let promise = promise_of_month(number);
    if number < N_OBJECTIVES {
        return promise;
    }
    let options = "apiVersion: narthex/v1\nkind: SLOOptions";
    format!("{promise}---\n{options}\nmetadata: {{name: slo-{number}}}\nspec: {{groupBy: [handler]}}\n")
}

fn catalog(numbers: Range<usize>) -> Arc<Catalog> {
    let n_objectives = numbers.len();
    let catalog = load(&spec_files(numbers, document));
    assert_eq!((catalog.objectives.len(), catalog.errors.len()), (n_objectives, 0), "{:?}", catalog.errors.first());
    Arc::new(catalog)
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// What ticks cost in the mean, and the slowest.
struct Ticks {
    tick: Duration,
    slowest: Duration,
    windows: Duration,
    /// Of the windows what each took that has all samples.
    windows_of_whole: Option<Duration>,
    n_rows: usize,
}

fn tick(shop: &Shop, targets: &mut [Target], catalog: &Catalog) -> Ticks {
    let counting = &shop.counting;
    let n_rows = targets.iter().map(Target::n_series).sum();
    let whole: HashSet<String> = (0..N_WHOLE).map(|number| format!("slo-{number}")).collect();
    let (whole, others): (Vec<&String>, Vec<&String>) = catalog.objectives.keys().partition(|id| whole.contains(*id));
    let (mut ticking, mut slowest, mut windows) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut windows_of_whole = Duration::ZERO;
    for round in 0..N_WARM + N_ROUNDS {
        let now_ms = shop.clock.now_ms() + STEP_MS;
        shop.clock.set(now_ms);
        targets.iter_mut().for_each(|target| scrape(shop, target, now_ms));
        let began = cpu();
        counting.tick();
        let ticked = cpu();
        let mut n_bad = 0.0;
        let from_ms = WINDOWS_MIN.map(|window_min| now_ms - window_min * 60_000);
        let mut look = |ids: &[&String]| {
            for id in ids {
                n_bad += counting.windows(id, &from_ms, now_ms).iter().map(|counts| counts.bad).sum::<f64>();
            }
            cpu()
        };
        let looked_at_whole = look(&whole);
        let looked = look(&others);
        assert!(round < 2 || n_bad > 0.0);
        if round >= N_WARM {
            ticking += ticked - began;
            slowest = slowest.max(ticked - began);
            windows += looked - ticked;
            windows_of_whole += looked_at_whole - ticked;
        }
    }
    let mean = |sum: Duration| sum / N_ROUNDS as u32;
    Ticks {
        tick: mean(ticking),
        slowest,
        windows: mean(windows),
        windows_of_whole: mean(windows_of_whole).checked_div(whole.len() as u32),
        n_rows,
    }
}

impl Ticks {
    fn print(&self) {
        let Ticks { tick, slowest, windows, windows_of_whole, n_rows } = self;
        println!("a tick that reads {n_rows} rows: {tick:?} of CPU, the slowest {slowest:?} (it writes everything)");
        println!("that is {} ns a row", tick.as_nanos() / *n_rows as u128);
        println!("eight windows of each: {windows:?} of CPU");
        if let Some(windows) = windows_of_whole {
            println!("of each that has all samples: {windows:?}");
        }
    }
}

/// The same with groups: which there are is looked up in the stored series.
fn grouped(shop: &Shop, past: &Past, targets: &mut Vec<Target>) {
    targets.extend((0..N_TARGETS).map(|number| target_of_groups(shop, number)));
    let written = catalog(N_GROUPED..N_OBJECTIVES + N_GROUPED);
    let found = discover(&written, &Groups::default(), past, i64::MIN).unwrap();
    let catalog = Arc::new(split(&written, &found));
    let n_budgets = N_OBJECTIVES - N_GROUPED + N_GROUPED * N_GROUPS;
    assert_eq!((catalog.objectives.len(), catalog.errors.len()), (n_budgets, 0), "{:?}", catalog.errors.first());
    println!(
        "{N_GROUPED} of {N_OBJECTIVES} have {N_GROUPS} groups of {} series: {n_budgets} budgets",
        GROUP_CODES.len()
    );
    shop.promise(&catalog);
    tick(shop, targets, &catalog).print();
    let began = cpu();
    let again = discover(&written, &found, &*shop.store, shop.clock.now_ms() - DAY_MS).unwrap();
    println!("looking for groups: {:?} of CPU", cpu() - began);
    assert_eq!(again, found);
    let standing = shop.counting.standing();
    println!("{} bytes of memory a budget, {} series", standing.n_bytes / standing.n_objectives, standing.n_series);
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(HastyDisk::default());
    let past = Arc::new(past());
    let shop = Shop::open(&disk, dir.path(), NOW_MS, Some(Arc::clone(&past)));
    let mut targets: Vec<Target> = (0..N_TARGETS).map(|number| target(&shop, number)).collect();
    let began = cpu();
    shop.promise(&catalog(0..N_WHOLE));
    let whole = (cpu() - began) / N_WHOLE as u32;
    println!("counting one back over 30 days of {SERIES_PER_ROUTE} series at 15 s: {whole:?} of CPU");
    println!("it takes {} bytes of memory", shop.counting.standing().n_bytes / N_WHOLE);
    let catalog = catalog(0..N_OBJECTIVES);
    let began = cpu();
    shop.promise(&catalog);
    println!("the others of {N_OBJECTIVES}, at 5 min: {:?} of CPU", cpu() - began);
    tick(&shop, &mut targets, &catalog).print();
    let standing = shop.counting.standing();
    println!("{} bytes of memory an objective, {} series", standing.n_bytes / standing.n_objectives, standing.n_series);
    assert_eq!((standing.n_series, standing.n_failures), (N_OBJECTIVES * SERIES_PER_ROUTE, 0));
    grouped(&shop, &past, &mut targets);
}
