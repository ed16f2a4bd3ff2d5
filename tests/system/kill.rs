//! SIGKILL at random moments, while targets are scraped, a sender writes and checkpoints are made; also while the log is being
//! read.
//!
//! The ledger is this test's memory. A batch whose 204 was read must be there, whole and right, for ever after; one that
//! was under way may be there, whole or not at all. A scrape must be there when the same process has asked for the next
//! one since, unless `up` says that it failed; every scrape that is there must be whole. Nothing else may be there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Rng;
use model::rng::SeededRng;

use crate::exporter::Exporter;
use crate::narthex::{Narthex, Starting, free_address};
use crate::remote_write;

const SCRAPED_SERIES: usize = 40;
const WRITTEN_SERIES: usize = 25;
const SAMPLES_A_SERIES: usize = 4;

/// The batches by the time of their first sample: all that were sent, and those of them that were acknowledged.
#[derive(Debug, Default)]
struct Ledger {
    acknowledged: BTreeSet<i64>,
    under_way: BTreeSet<i64>,
}

#[test]
fn nothing_acknowledged_is_lost() {
    let n_kills: usize = std::env::var("NARTHEX_KILLS").map_or(5, |text| text.parse().unwrap());
    let seed = crate::seed();
    println!("{n_kills} kills, seed {seed}");
    let mut rng = SeededRng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let exporter = Exporter::start(SCRAPED_SERIES);
    let configuration = format!(
        "global: {{scrape_interval: 100ms, scrape_timeout: 100ms}}\nnarthex: {{checkpoint_interval: 50ms}}\n\
         scrape_configs:\n- job_name: exporter\n  static_configs: [{{targets: ['{}']}}]\n",
        exporter.address
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();

    let ledger = Mutex::new(Ledger::default());
    let mut certain_scrapes: BTreeSet<u64> = BTreeSet::new();
    let mut times_to_ready = Vec::new();
    let address = free_address();
    for kill in 0..n_kills {
        if kill % 5 == 4 {
            // While the log is being read.
            let starting = Starting::new(dir.path(), address, &[]);
            std::thread::sleep(Duration::from_millis(rng.below(30)));
            starting.kill();
        }
        let narthex = Narthex::start(dir.path(), address, &[]);
        times_to_ready.push(narthex.time_to_ready);
        let first_scrape = exporter.n_scrapes() + 1;
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| write_until(&narthex, &ledger, &stop));
            std::thread::sleep(Duration::from_millis(200 + rng.below(800)));
            // The writer goes on while the process dies.
            narthex.signal("KILL");
            stop.store(true, Ordering::SeqCst);
        });
        narthex.wait();
        // The last one asked for may not have been committed.
        certain_scrapes.extend(first_scrape..exporter.n_scrapes());
    }

    let narthex = Narthex::start(dir.path(), address, &[]);
    times_to_ready.push(narthex.time_to_ready);
    let ledger = ledger.into_inner().unwrap();
    let n_written = check_written(&narthex, &ledger);
    let n_scraped = check_scraped(&narthex, &certain_scrapes, &exporter);
    times_to_ready.sort_unstable();
    let n_checkpoints = std::fs::read_dir(dir.path().join("data/checkpoint")).unwrap().count();
    assert!(n_checkpoints > 0, "checkpoints are made");
    println!(
        "{} batches acknowledged, {} under way, {n_written} samples of them read back; {} scrapes certain, {n_scraped} \
         samples of them read back; ready after {:?} (median), {:?} (longest)",
        ledger.acknowledged.len(),
        ledger.under_way.len(),
        certain_scrapes.len(),
        times_to_ready[times_to_ready.len() / 2],
        times_to_ready.last().unwrap(),
    );
    assert!(!ledger.acknowledged.is_empty() && !certain_scrapes.is_empty());
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// The value that a sample must have.
fn value_of(series: usize, time_ms: i64) -> f64 {
    (time_ms % 1_000_003) as f64 + series as f64 / 1000.0
}

/// Sends batch after batch, and notes which were acknowledged.
fn write_until(narthex: &Narthex, ledger: &Mutex<Ledger>, stop: &AtomicBool) {
    let mut newest_ms = ledger.lock().unwrap().under_way.last().copied().unwrap_or(0);
    while !stop.load(Ordering::SeqCst) {
        // No batch is ahead of the clock, however fast the answers come.
        while now_ms() < newest_ms + SAMPLES_A_SERIES as i64 {
            std::thread::yield_now();
        }
        let start_ms = now_ms();
        newest_ms = start_ms;
        ledger.lock().unwrap().under_way.insert(start_ms);
        match remote_write::send(narthex.address, &batch(start_ms)) {
            Ok(204) => {
                ledger.lock().unwrap().acknowledged.insert(start_ms);
            }
            Ok(status) => panic!("remote write answers {status}"),
            // The process is dead: the batch may be there or not.
            Err(_) => return,
        }
    }
}

fn batch(start_ms: i64) -> Vec<remote_write::Series> {
    let one = |series: usize| {
        let labels = [("__name__", "written"), ("i", &series.to_string())];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let times = start_ms..start_ms + SAMPLES_A_SERIES as i64;
        (labels, times.map(|time_ms| (time_ms, value_of(series, time_ms))).collect())
    };
    (0..WRITTEN_SERIES).map(one).collect()
}

/// Every acknowledged batch is there, every other one is there whole or not at all, and nothing else is. Answers how many
/// samples there are.
fn check_written(narthex: &Narthex, ledger: &Ledger) -> usize {
    let mut samples_by_batch: BTreeMap<i64, usize> = BTreeMap::new();
    let mut n_samples = 0;
    for (labels, samples) in narthex.samples("written") {
        let series: usize = labels["i"].as_str().unwrap().parse().unwrap();
        for (time_ms, value) in samples {
            assert_eq!(value.parse(), Ok(value_of(series, time_ms)), "written{{i={series}}} at {time_ms}");
            let start_ms = ledger.under_way.range(..=time_ms).next_back().expect("nothing was sent so early");
            assert!(time_ms < start_ms + SAMPLES_A_SERIES as i64, "{time_ms} was never sent");
            *samples_by_batch.entry(*start_ms).or_default() += 1;
            n_samples += 1;
        }
    }
    for start_ms in &ledger.under_way {
        let n_found = samples_by_batch.get(start_ms).copied().unwrap_or(0);
        let is_acknowledged = ledger.acknowledged.contains(start_ms);
        let is_whole = n_found == WRITTEN_SERIES * SAMPLES_A_SERIES;
        assert!(is_whole || (n_found == 0 && !is_acknowledged), "batch {start_ms}: {n_found}, {is_acknowledged}");
    }
    n_samples
}

/// Every certain scrape is there, every one that is there is whole, and all its samples have one time. A scrape that took
/// longer than its timeout, on a busy machine, has an `up` of 0 in its place.
fn check_scraped(narthex: &Narthex, certain: &BTreeSet<u64>, exporter: &Exporter) -> usize {
    let mut times_by_scrape: BTreeMap<u64, BTreeMap<i64, usize>> = BTreeMap::new();
    let mut n_samples = 0;
    for (_, samples) in narthex.samples("scraped") {
        for (time_ms, value) in samples {
            let scrape = value.parse().unwrap_or_else(|_| panic!("{value} is no scrape"));
            *times_by_scrape.entry(scrape).or_default().entry(time_ms).or_default() += 1;
            n_samples += 1;
        }
    }
    let n_answered = exporter.n_scrapes();
    for (scrape, times) in &times_by_scrape {
        assert!((1..=n_answered).contains(scrape), "scrape {scrape} of {n_answered}");
        assert_eq!(times.values().copied().collect::<Vec<_>>(), [SCRAPED_SERIES], "scrape {scrape}: {times:?}");
    }
    let lost: Vec<_> = certain.iter().filter(|scrape| !times_by_scrape.contains_key(scrape)).collect();
    let n_failed = narthex.samples("up").iter().flat_map(|(_, samples)| samples).filter(|(_, up)| up == "0").count();
    assert!(lost.len() <= n_failed, "lost scrapes {lost:?}, {n_failed} failed");
    n_samples
}
