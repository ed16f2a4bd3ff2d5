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

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use benches::disk::HastyDisk;
use benches::past::Past;
use benches::shop::{DAY_MS, STEP_MS, Shop, Target, promise};
use journal::Disk;
use model::Clock;
use rustix::time::{ClockId, clock_gettime};
use slo::grouping::{Groups, discover, split};
use slo::history::History;
use slo::spec::{Catalog, SpecFile, load};

const N_TARGETS: usize = 200;
const N_OBJECTIVES: usize = 10_000;
const N_SERIES: usize = 7;
/// Of so many there are all samples of the past.
const N_WHOLE: usize = 100;
/// Samples of the others are so far apart.
const SPARSE_MS: i64 = 300_000;
/// One of so many burns its budget all the time.
const BURNING: usize = 100;
const NOW_MS: i64 = 1_700_000_000_000 / SPARSE_MS * SPARSE_MS;
/// Codes, and how many of each there are a second.
const CODES: [(&str, f64); N_SERIES] =
    [("200", 9.7), ("201", 3.1), ("204", 1.9), ("302", 0.7), ("404", 0.3), ("500", 0.002), ("503", 0.001)];
const N_WARM: i64 = 20;
const N_ROUNDS: i64 = 20;
const WINDOWS_MIN: [i64; 8] = [5, 30, 60, 120, 360, 1440, 4320, 43_200];

/// So many have groups in the second part.
const N_GROUPED: usize = 1000;
const N_GROUPS: usize = 20;
/// Codes of a group, and how many of each there are a second.
const GROUP_CODES: [(&str, f64); 2] = [("200", 1.3), ("500", 0.001)];

const PER_TARGET: usize = N_OBJECTIVES / N_TARGETS;

fn instance(target: usize) -> String {
    format!("10.0.{}.{}:8080", target / 250, target % 250)
}

fn past() -> Past {
    let mut past = Past::new(NOW_MS - 30 * DAY_MS, NOW_MS);
    (0..N_TARGETS).for_each(|target| past.add_target(&instance(target)));
    for route in 0..N_OBJECTIVES {
        let step_ms = if route < N_WHOLE { STEP_MS } else { SPARSE_MS };
        for (code, per_s) in CODES {
            let per_s = if code == "500" && route % BURNING == 0 { 0.7 } else { per_s };
            let at = (instance(route / PER_TARGET), format!("/r{route}"));
            past.add_counter((&at.0, &at.1), &[("code", code)], per_s, step_ms);
        }
    }
    for number in 0..N_GROUPED {
        for (handler, (code, per_s)) in groups() {
            let at = (instance_of_groups(number), route_of_groups(number));
            past.add_counter((&at.0, &at.1), &[("handler", &handler), ("code", code)], per_s, SPARSE_MS);
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
    let routes: Vec<String> = (0..PER_TARGET).map(|route| format!("/r{}", number * PER_TARGET + route)).collect();
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

fn specs(numbers: Range<usize>) -> Vec<SpecFile> {
    // Files have a limit of documents.
    let numbers: Vec<usize> = numbers.collect();
    let document = |number: &usize| {
        let promise = promise(*number, "30d", "code=~\"5..\"");
        if *number < N_OBJECTIVES {
            return promise;
        }
        let options = "apiVersion: narthex/v1\nkind: SLOOptions";
        format!("{promise}---\n{options}\nmetadata: {{name: slo-{number}}}\nspec: {{groupBy: [handler]}}\n")
    };
    let file = |numbers: &[usize]| SpecFile {
        path: format!("slo/{}.yml", numbers[0]),
        text: numbers.iter().map(document).collect::<Vec<_>>().join("---\n"),
    };
    numbers.chunks(100).map(file).collect()
}

fn catalog(numbers: Range<usize>) -> Arc<Catalog> {
    let n_objectives = numbers.len();
    let catalog = load(&specs(numbers));
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
    n_rows: usize,
}

fn tick(shop: &Shop, targets: &mut [Target], catalog: &Catalog) -> Ticks {
    let counting = &shop.counting;
    let n_rows = targets.iter().map(Target::n_series).sum();
    let (mut ticking, mut slowest, mut windows) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for round in 0..N_WARM + N_ROUNDS {
        let now_ms = shop.clock.now_ms() + STEP_MS;
        shop.clock.set(now_ms);
        targets.iter_mut().for_each(|target| scrape(shop, target, now_ms));
        let began = cpu();
        counting.tick();
        let ticked = cpu();
        let mut n_bad = 0.0;
        let from_ms = WINDOWS_MIN.map(|window_min| now_ms - window_min * 60_000);
        for id in catalog.objectives.keys() {
            n_bad += counting.windows(id, &from_ms, now_ms).iter().map(|counts| counts.bad).sum::<f64>();
        }
        assert!(round < 2 || n_bad > 0.0);
        if round >= N_WARM {
            ticking += ticked - began;
            slowest = slowest.max(ticked - began);
            windows += cpu() - ticked;
        }
    }
    Ticks { tick: ticking / N_ROUNDS as u32, slowest, windows: windows / N_ROUNDS as u32, n_rows }
}

impl Ticks {
    fn print(&self) {
        let Ticks { tick, slowest, windows, n_rows } = self;
        println!("a tick that reads {n_rows} rows: {tick:?} of CPU, the slowest {slowest:?} (it writes everything)");
        println!("that is {} ns a row", tick.as_nanos() / *n_rows as u128);
        println!("eight windows of each: {windows:?} of CPU");
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
    println!("counting one back over 30 days of {N_SERIES} series at 15 s: {whole:?} of CPU");
    println!("it takes {} bytes of memory", shop.counting.standing().n_bytes / N_WHOLE);
    let catalog = catalog(0..N_OBJECTIVES);
    let began = cpu();
    shop.promise(&catalog);
    println!("the others of {N_OBJECTIVES}, at 5 min: {:?} of CPU", cpu() - began);
    tick(&shop, &mut targets, &catalog).print();
    let standing = shop.counting.standing();
    println!("{} bytes of memory an objective, {} series", standing.n_bytes / standing.n_objectives, standing.n_series);
    assert_eq!((standing.n_series, standing.n_failures), (N_OBJECTIVES * N_SERIES, 0));
    grouped(&shop, &past, &mut targets);
}
