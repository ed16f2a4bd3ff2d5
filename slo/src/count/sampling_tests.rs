//! Queries that take their time, fail, or have to see several scrapes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use model::storage::{LabelRequest, Listing, Select, SelectError, SelectHints, SeriesSet};
use model::{Clock, Labels, Matcher};

use super::test_kit::{Bench, DAY, MINUTE, catalog, labels, objective};
use super::{Counting, SamplingChanges};
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
    longest_ms: AtomicI64,
}

impl Select for Slow {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        if matchers.iter().any(|matcher| matcher.matches("lag")) {
            self.bench.set_now(self.bench.clock.now_ms() + self.takes_ms);
            if hints.end_ms - hints.start_ms > self.longest_ms.load(Ordering::Relaxed) {
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
    let slow = Arc::new(Slow { bench, takes_ms, longest_ms: AtomicI64::new(longest_ms) });
    let counting = slow.bench.counting_over(Arc::clone(&slow) as _);
    let objectives: Vec<Objective> = ids.iter().map(|id| sampled(id, "max(lag)")).collect();
    counting.apply(catalog(objectives)).unwrap();
    (slow, counting)
}

/// An objective that samples a query in slices of two minutes.
fn sampled(id: &str, query: &str) -> Objective {
    let query = query.to_owned();
    let threshold = Indicator::Threshold { query, comparison: Comparison::Less, value: 5.0 };
    let slices = Budgeting::Timeslices { slice_ms: 2 * MINUTE, slice_target: Share::from_ratio("1").unwrap() };
    let mut objective = objective(threshold, slices);
    Arc::make_mut(&mut objective.options).no_data = NoData::Bad;
    id.clone_into(&mut objective.id);
    objective
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

/// Whoever looks hears whose query fails, since when and why; a tick says so once.
#[test]
fn a_query_that_fails_is_told_of_until_it_works_again() {
    let (slow, counting) = slow(0, i64::MAX, &["a", "b"]);
    let nothing = SamplingChanges::default();
    let at = |counting: &Counting, minutes: i64| {
        slow.bench.set_now(minute(N_SCRAPES + minutes));
        counting.tick()
    };
    assert_eq!(at(&counting, 0), nothing);
    slow.longest_ms.store(-1, Ordering::Relaxed);
    assert_eq!(at(&counting, 3), nothing, "it is asked for less first");
    let failing = at(&counting, 4).failing;
    let ids: Vec<&str> = failing.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let told = failing[0].1.clone();
    assert_eq!((told.query.as_str(), told.since_ms), ("max(lag)", minute(N_SCRAPES - 1)));
    assert!(told.error.contains("too much at once"), "{}", told.error);
    assert_eq!(at(&counting, 5), nothing, "once");
    assert_eq!(counting.sampling_error("a"), Some(told.clone()));
    counting.close();
    drop(counting);
    // After a restart it fails since the same time.
    let counting = slow.bench.counting_over(Arc::clone(&slow) as _);
    let [a, b] = ["a", "b"].map(|id| sampled(id, "max(lag)"));
    counting.apply(catalog([a.clone(), b])).unwrap();
    let again = (6..9).find_map(|minutes| at(&counting, minutes).failing.pop());
    assert_eq!(again.map(|(_, error)| error.since_ms), Some(told.since_ms));
    // Another query is another matter.
    counting.apply(catalog([a.clone(), sampled("b", "max(lag) * 1")])).unwrap();
    assert_eq!((counting.sampling_error("a"), counting.sampling_error("b")), (Some(told), None));
    counting.apply(catalog([a])).unwrap();
    slow.longest_ms.store(i64::MAX, Ordering::Relaxed);
    assert_eq!(at(&counting, 10), SamplingChanges { mended: vec!["a".to_owned()], ..nothing });
    assert_eq!(counting.sampling_error("a"), None);
}

/// A time at which the data cannot be matched is not measured, and keeps nothing back that comes behind it.
#[test]
fn a_time_at_which_a_query_fails_is_passed_over_once_it_works_again() {
    let bench = Bench::new();
    let counting = bench.counting();
    let query = "lag / on (job) max by (job) (lag)";
    let indicator = Indicator::Threshold { query: query.to_owned(), comparison: Comparison::Less, value: 5.0 };
    bench.set_now(minute(1));
    counting.apply(catalog([objective(indicator, Budgeting::Occurrences)])).unwrap();
    let mut n_minutes = 0;
    // A second series comes for some minutes, and is seen for five more.
    let mut at = |minutes: i64| {
        for number in n_minutes..=minutes {
            let series = |instance| (labels("lag", &[("job", "j"), ("instance", instance)]), 1.0);
            let both = [series("1"), series("2")];
            bench.commit(minute(number), if (10..15).contains(&number) { &both } else { &both[..1] });
        }
        n_minutes = minutes + 1;
        bench.set_now(minute(minutes));
        let changes = counting.tick();
        (changes.failing.len(), changes.mended.len(), counting.counts("o", minute(0), minute(28)).total)
    };
    assert_eq!(at(8), (0, 0, 6.0));
    let told = (10..16).find_map(|number| (at(number).0 > 0).then(|| counting.sampling_error("o").unwrap()));
    let told = told.unwrap();
    assert_eq!(told.since_ms, minute(10), "{told:?}");
    assert!(told.error.contains("matching"), "{}", told.error);
    assert_eq!(at(18), (0, 0, 9.0), "the newest fails, too");
    let mended: Vec<_> = (25..40).map(&mut at).collect();
    assert_eq!(mended.iter().map(|(_, n, _)| n).sum::<usize>(), 1, "{mended:?}");
    // Of the 28 minutes nine cannot be told.
    assert_eq!(mended.last(), Some(&(0, 0, 19.0)), "{mended:?}");
    assert_eq!(counting.sampling_error("o"), None);
}

/// What no smaller part helps is told at once.
#[test]
fn a_query_that_makes_no_sense_is_told_of_at_the_first_tick() {
    let bench = Bench::new();
    bench.commit(minute(0), &[(labels("lag", &[("job", "j"), ("instance", "1")]), 1.0)]);
    bench.set_now(minute(10));
    let counting = bench.counting();
    counting.apply(catalog([sampled("a", "max(lag[$window])")])).unwrap();
    let failing = counting.tick().failing;
    assert_eq!(failing.len(), 1);
    assert_eq!(failing[0].1.query, "max(lag[4m])", "as it was asked");
    assert!(failing[0].1.error.contains("expected type instant vector"), "{}", failing[0].1.error);
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
