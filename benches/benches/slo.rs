//! What error budgets cost: a tick of 10,000 objectives of seven series each, which have a past of thirty days.
//!
//! Of a hundred of them there are samples of every fifteen seconds, of the others of every five minutes; one of a hundred
//! burns. 200 targets of 700 series are scraped every 15 s then; half of the series belong to an objective each, fifty a target.
//! Ingestion is not in the figures. A tick reads all of it back from the feed, counts what belongs to somebody, and then each
//! objective is asked for eight windows, as burn rates do. CPU time is that of the thread.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench prints, and stops when it cannot go on"
)]

use std::sync::Arc;
use std::time::Duration;

use benches::disk::HastyDisk;
use benches::past::Past;
use benches::shop::{DAY_MS, STEP_MS, Shop, Target, promise};
use journal::Disk;
use model::Clock;
use rustix::time::{ClockId, clock_gettime};
use slo::history::History;
use slo::spec::{SpecFile, load};

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
            past.add_counter(&instance(route / PER_TARGET), (&format!("/r{route}"), code), per_s, step_ms);
        }
    }
    past
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

fn specs(n_objectives: usize) -> Vec<SpecFile> {
    // Files have a limit of documents.
    let numbers: Vec<usize> = (0..n_objectives).collect();
    let document = |number: &usize| promise(*number, "30d", "code=~\"5..\"");
    let file = |numbers: &[usize]| SpecFile {
        path: format!("slo/{}.yml", numbers[0]),
        text: numbers.iter().map(document).collect::<Vec<_>>().join("---\n"),
    };
    numbers.chunks(100).map(file).collect()
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(HastyDisk::default());
    let shop = Shop::open(&disk, dir.path(), NOW_MS, Some(Arc::new(past())));
    let mut targets: Vec<Target> = (0..N_TARGETS).map(|number| target(&shop, number)).collect();
    let began = cpu();
    shop.promise(&Arc::new(load(&specs(N_WHOLE))));
    let whole = (cpu() - began) / u32::try_from(N_WHOLE).unwrap();
    println!("counting one back over 30 days of {N_SERIES} series at 15 s: {whole:?} of CPU");
    println!("it takes {} bytes of memory", shop.counting.standing().n_bytes / N_WHOLE);
    let catalog = Arc::new(load(&specs(N_OBJECTIVES)));
    assert_eq!((catalog.objectives.len(), catalog.errors.len()), (N_OBJECTIVES, 0), "{:?}", catalog.errors.first());
    let began = cpu();
    shop.promise(&catalog);
    println!("the others of {N_OBJECTIVES}, at 5 min: {:?} of CPU", cpu() - began);

    let counting = &shop.counting;
    let (mut ticking, mut reading, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let n_rows: usize = targets.iter().map(Target::n_series).sum();
    for round in 0..N_WARM + N_ROUNDS {
        let now_ms = shop.clock.now_ms() + STEP_MS;
        shop.clock.tell(now_ms);
        targets.iter_mut().for_each(|target| scrape(&shop, target, now_ms));
        let began = cpu();
        counting.tick();
        let ticked = cpu();
        let mut n_bad = 0.0;
        for id in catalog.objectives.keys() {
            for window_min in WINDOWS_MIN {
                n_bad += counting.counts(id, now_ms - window_min * 60_000, now_ms).bad;
            }
        }
        assert!(round < 2 || n_bad > 0.0);
        if round >= N_WARM {
            ticking += ticked - began;
            slowest = slowest.max(ticked - began);
            reading += cpu() - ticked;
        }
    }
    let n_rounds = u32::try_from(N_ROUNDS).unwrap();
    let tick = ticking / n_rounds;
    println!("a tick that reads {n_rows} rows: {tick:?} of CPU, the slowest {slowest:?} (it writes everything)");
    println!("that is {} ns a row", tick.as_nanos() / n_rows as u128);
    println!("eight windows of each objective: {:?} of CPU", reading / n_rounds);
    let standing = counting.standing();
    println!("{} bytes of memory an objective, {} series", standing.n_bytes / standing.n_objectives, standing.n_series);
    assert_eq!((standing.n_series, standing.n_failures), (N_OBJECTIVES * N_SERIES, 0));
}
