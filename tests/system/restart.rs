//! Killed after many remote writes, it answers soon after the start, with everything.
//!
//! `NARTHEX_RESTART_SERIES` and `NARTHEX_RESTART_SAMPLES` (of each) set how much is written; by default it is little. What
//! the start took, and what a series costs in memory then, is printed: 64600 and 240 are the load of half a minute.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::narthex::{Narthex, free_address};
use crate::remote_write;

const STEP_MS: i64 = 15_000;
const SERIES_A_REQUEST: usize = 500;
const TIMES_A_REQUEST: i64 = 20;
const N_SENDERS: usize = 2;

fn number(name: &str, default: i64) -> i64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn series(number: usize, first_ms: i64, times: std::ops::Range<i64>) -> remote_write::Series {
    let (target, own) = (number / SERIES_A_REQUEST, number % SERIES_A_REQUEST);
    let labels = [
        ("__name__", format!("written_{}_total", own / 8)),
        ("device", format!("device{}", own % 8)),
        ("environment", "production".to_owned()),
        ("instance", format!("10.0.{}.{}:9100", target >> 8, target & 255)),
        ("job", "node".to_owned()),
        ("number", own.to_string()),
    ];
    let labels = labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    (labels, times.map(|i| (first_ms + i * STEP_MS, (i * (number as i64 % 7)) as f64)).collect())
}

/// Writes all samples of all series, in the order of time, from two senders with half of the series each.
fn write(narthex: &Narthex, n_series: usize, n_samples: i64, first_ms: i64) {
    std::thread::scope(|scope| {
        for sender in 0..N_SENDERS {
            scope.spawn(move || {
                for from in (0..n_samples).step_by(TIMES_A_REQUEST as usize) {
                    let times = from..(from + TIMES_A_REQUEST).min(n_samples);
                    for first in (0..n_series).step_by(SERIES_A_REQUEST).skip(sender).step_by(N_SENDERS) {
                        let numbers = first..(first + SERIES_A_REQUEST).min(n_series);
                        let request: Vec<_> = numbers.map(|number| series(number, first_ms, times.clone())).collect();
                        assert_eq!(remote_write::send(narthex.address, &request).unwrap(), 204);
                    }
                }
            });
        }
    });
}

fn value_of(narthex: &Narthex, query: &str) -> f64 {
    let data = narthex.api(&format!("/api/v1/query?query={}", crate::http::encoded(query)));
    data["result"][0]["value"][1].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_killed_process_answers_soon() {
    let n_series = number("NARTHEX_RESTART_SERIES", 2000) as usize;
    let n_samples = number("NARTHEX_RESTART_SAMPLES", 40);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), "").unwrap();
    let address = free_address();
    let narthex = Narthex::start(dir.path(), address, &[]);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let first_ms = now_ms - n_samples * STEP_MS;
    let started = Instant::now();
    write(&narthex, n_series, n_samples, first_ms);
    let (written, running) = (started.elapsed(), narthex.resident_bytes());
    narthex.kill();

    for _ in 0..3 {
        let started = Instant::now();
        let narthex = Narthex::start(dir.path(), address, &[]);
        let last_ms = first_ms + (n_samples - 1) * STEP_MS;
        let at = last_ms as f64 / 1000.0;
        let n_found = value_of(&narthex, &format!("count(written_0_total @ {at})"));
        let answered: Duration = started.elapsed();
        assert_eq!(n_found as usize, (0..n_series).filter(|number| number % SERIES_A_REQUEST < 8).count());
        let n_found = value_of(&narthex, "sum(count_over_time({job=\"node\"}[1d]))");
        assert_eq!(n_found as i64, n_series as i64 * n_samples);
        println!(
            "{n_series} series of {n_samples} samples written in {written:.2?}, {:.0} B a series resident; killed, ready \
             after {:.0?}, first answer after {answered:.0?}, {:.0} B a series resident",
            running as f64 / n_series as f64,
            narthex.time_to_ready,
            narthex.resident_bytes() as f64 / n_series as f64,
        );
        narthex.kill();
    }
}
