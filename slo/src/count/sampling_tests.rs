//! Queries that take their time, fail, or have to see several scrapes.

use std::sync::Arc;
use std::time::Duration;

use model::storage::{LabelRequest, Listing, Select, SelectError, SelectHints, SeriesSet};
use model::{Clock, Labels, Matcher};

use super::Counting;
use super::test_kit::{Bench, DAY, MINUTE, catalog, labels, objective};
use crate::history::History;
use crate::spec::{Budgeting, Comparison, Counted, Indicator, NoData, Objective, RatioSide, Share};

const FIRST_MS: i64 = 1_700_000_000_000 / DAY * DAY;

fn minute(minute: i64) -> i64 {
    FIRST_MS + minute * MINUTE
}

/// The samples of a bench; whoever looks for `lag` waits for it, or is told that it cannot be read where that is too much at once.
#[derive(Debug)]
struct Slow {
    bench: Bench,
    takes_ms: i64,
    longest_ms: i64,
}

impl Select for Slow {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        if matchers.iter().any(|matcher| matcher.matches("lag")) {
            self.bench.set_now(self.bench.clock.now_ms() + self.takes_ms);
            if hints.end_ms - hints.start_ms > self.longest_ms {
                return Err(SelectError::Unreadable("too much at once".to_owned()));
            }
        }
        self.bench.store.select(matchers, hints)
    }

    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.bench.store.label_names(request)
    }

    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.bench.store.label_values(name, request)
    }
}

const N_SCRAPES: i64 = 2500;

/// A sample of 1 a minute, seen through a [`Slow`] store, and objectives that sample it in slices of two minutes.
fn slow(takes_ms: i64, longest_ms: i64, ids: &[&str]) -> (Arc<Slow>, Counting) {
    let bench = Bench::new();
    for number in 0..N_SCRAPES {
        let target = [("job", "j"), ("instance", "1")];
        bench.commit(minute(number), &[(labels("lag", &target), 1.0), (labels("up", &target), 1.0)]);
    }
    bench.set_now(minute(N_SCRAPES));
    let slow = Arc::new(Slow { bench, takes_ms, longest_ms });
    let counting = slow.bench.counting_over(Arc::clone(&slow) as _);
    let sampled = |id: &&str| {
        let query = format!("max(lag) + 0 * {}", id.len());
        let threshold = Indicator::Threshold { query, comparison: Comparison::Less, value: 5.0 };
        let slices = Budgeting::Timeslices { slice_ms: 2 * MINUTE, slice_target: Share::from_ratio("1").unwrap() };
        let mut objective = objective(threshold, slices);
        objective.options.no_data = NoData::Bad;
        (*id).clone_into(&mut objective.id);
        objective
    };
    counting.apply(catalog(ids.iter().map(sampled).collect::<Vec<Objective>>())).unwrap();
    (slow, counting)
}

/// A tick lasts no longer than its allowance, everybody has a turn, and in the end all of the past is sampled.
#[test]
fn ticks_do_not_wait_for_a_long_past() {
    let ids = ["a", "b", "c"];
    let (slow, counting) = slow(2000, i64::MAX, &ids);
    let counted = |id: &str| counting.counts(id, minute(0), minute(N_SCRAPES - 2));
    let mut n_ticks = 0;
    while !ids.iter().all(|id| counted(id).total == (N_SCRAPES / 2 - 1) as f64) {
        let before = slow.bench.clock.elapsed();
        counting.tick();
        let took = slow.bench.clock.elapsed() - before;
        assert!(took <= Duration::from_secs(5), "{took:?}");
        n_ticks += 1;
        assert!(n_ticks < 100, "{:?}", ids.map(counted));
    }
    // Fifteen days are 22 queries of a thousand minutes for each, and a tick has time for two.
    assert!(n_ticks > 30, "{n_ticks}");
    assert!(ids.iter().all(|id| counted(id).bad == 0.0), "nothing is empty that was not asked yet");
    assert_eq!(counting.standing().n_failures, 0);
}

/// What is too much at once is asked for in smaller parts, and not taken for empty meanwhile.
#[test]
fn queries_that_fail_are_asked_for_less() {
    let (_slow, counting) = slow(0, 300 * MINUTE, &["a"]);
    for _ in 0..40 {
        counting.tick();
    }
    let counts = counting.counts("a", minute(0), minute(N_SCRAPES - 2));
    assert_eq!((counts.bad, counts.total), (0.0, (N_SCRAPES / 2 - 1) as f64));
    let n_failures = counting.standing().n_failures;
    assert!((1..40).contains(&n_failures), "{n_failures}");
}

/// A counter that is scraped as often as queries are sampled has a single sample between two ticks.
#[test]
fn a_window_that_is_put_in_has_several_scrapes() {
    let bench = Bench::new();
    let target = [("job", "j"), ("instance", "1")];
    for number in 0..100 {
        let row: [(Labels, f64); 2] =
            [(labels("a_total", &target), 10.0 * number as f64), (labels("up", &target), 1.0)];
        bench.commit(minute(number), &row);
    }
    bench.set_now(minute(100));
    let counted = |query: &str| Counted::Sampled { query: query.to_owned() };
    let events = Indicator::Events {
        side: RatioSide::Bad,
        counted: counted("sum(increase(a_total[{{.window}}])) * 0.1"),
        total: counted("sum(increase(a_total[$window]))"),
    };
    let counting = bench.counting();
    counting.apply(catalog([objective(events, Budgeting::Occurrences)])).unwrap();
    counting.tick();
    let counts = counting.counts("o", minute(4), minute(96));
    assert_eq!((counts.bad.round(), counts.total.round()), (92.0, 920.0));
}
