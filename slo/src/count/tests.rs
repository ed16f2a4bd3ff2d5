//! Counting over a store: the divergence vectors of the suites to the event, and what the specification says case by case.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::storage::{Append, Batch, LabelRequest, Listing, Select, SelectError, SelectHints, SeriesSet, Timestamps};
use model::{Labels, Matcher};
use query::syntax::series::{SequenceValue, parse};
use serde::Deserialize;

use super::Counting;
use super::test_kit::{Bench, DAY, MINUTE, catalog, events, labels, objective};
use crate::history::{Counts, History};
use crate::spec::{Budgeting, Catalog, Comparison, Counted, Indicator, NoData, Objective, RatioSide, Share};

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<DivergenceVector>,
}

#[derive(Deserialize)]
struct DivergenceVector {
    id: String,
    input_series: Vec<InputSeries>,
    exact: Exact,
    budgeting_5m: Slices,
    budgeting_1m: Slices,
    sloth_on_prometheus_2_42: OfSloth,
}

#[derive(Deserialize)]
struct InputSeries {
    series: String,
    values: String,
}

#[derive(Deserialize)]
struct Exact {
    bad: f64,
    total: f64,
    error_ratio: f64,
    bad_last_1h: f64,
    total_last_1h: f64,
}

#[derive(Deserialize)]
struct Slices {
    slice_minutes: i64,
    slices_with_traffic: f64,
    bad_slices: f64,
    ratio_timeslices_error_ratio_over_measured: f64,
}

#[derive(Deserialize)]
struct OfSloth {
    sloth_sli30d: f64,
}

/// The vectors, if they are there.
fn vectors() -> Vec<DivergenceVector> {
    let Some(text) = crate::suites::text("sloth/divergence/vectors.yaml") else { return Vec::new() };
    let (read, problems) = model::yaml::Document::parse(&text).unwrap().read::<Vectors>();
    read.unwrap_or_else(|| panic!("{problems:?}")).vectors
}

impl DivergenceVector {
    /// Commits minute by minute, with what the note says of targets: each was up in every scrape that brought anything, and its
    /// process began within the interval before the first.
    fn commit(&self, bench: &Bench, first_ms: i64, mut every_hour: impl FnMut()) {
        let target = [("job", "myservice")];
        let series: Vec<_> = self
            .input_series
            .iter()
            .map(|input| parse(&format!("{} {}", input.series, input.values)).unwrap())
            .collect();
        for minute in 0..=1440 {
            let at_ms = first_ms + minute as i64 * MINUTE;
            bench.set_now(at_ms);
            let mut samples: Vec<(Labels, f64)> = Vec::new();
            for of_series in &series {
                if let Some(SequenceValue::Float(value)) = of_series.values.get(minute) {
                    samples.push((of_series.labels.clone(), *value));
                }
            }
            let is_up = !samples.is_empty();
            samples.push((labels("up", &target), f64::from(u8::from(is_up))));
            if is_up {
                let start_ms = first_ms - MINUTE / 2;
                samples.push((labels("process_start_time_seconds", &target), start_ms as f64 / 1000.0));
            }
            bench.commit(at_ms, &samples);
            if minute % 60 == 7 {
                every_hour();
            }
        }
    }
}

const FIRST_MS: i64 = 1_700_000_000_000 / DAY * DAY;

fn of_vectors(budgeting: Budgeting) -> Objective {
    let bad = "sum(rate(http_request_duration_seconds_count{job=\"myservice\",code=~\"(5..|429)\"}[{{.window}}]))";
    let total = "sum(rate(http_request_duration_seconds_count{job=\"myservice\"}[{{.window}}]))";
    events(bad, total, budgeting)
}

/// Counts a vector as it is committed, and afterwards; both must agree.
fn counted(vector: &DivergenceVector, budgeting: Budgeting) -> [Counting; 2] {
    let bench = Bench::new();
    let catalog = catalog([of_vectors(budgeting)]);
    let live = bench.counting();
    live.apply(Arc::clone(&catalog)).unwrap();
    vector.commit(&bench, FIRST_MS, || drop(live.tick()));
    live.tick();
    let other = Bench { disk: journal::testkit::MemoryDisk::new(), ..bench };
    let afterwards = other.counting();
    afterwards.apply(catalog).unwrap();
    afterwards.tick();
    [live, afterwards]
}

#[test]
fn divergence_vectors_are_hit_to_the_event() {
    for vector in vectors() {
        for counting in counted(&vector, Budgeting::Occurrences) {
            let end_ms = FIRST_MS + DAY;
            let all = counting.counts("o", end_ms - 30 * DAY, end_ms);
            let last_hour = counting.counts("o", end_ms - 60 * MINUTE, end_ms);
            let exact = &vector.exact;
            assert_eq!((all.bad, all.total), (exact.bad, exact.total), "{}", vector.id);
            assert_eq!((last_hour.bad, last_hour.total), (exact.bad_last_1h, exact.total_last_1h), "{}", vector.id);
            assert!((all.error_ratio().unwrap() - exact.error_ratio).abs() < 1e-15, "{}", vector.id);
            let coverage = if vector.id.starts_with('F') { 1410.0 / 1440.0 } else { 1.0 };
            assert_eq!(all.coverage(), Some(coverage), "{}", vector.id);
            assert_eq!(counting.uncounted("o", 0, i64::MAX), [], "{}", vector.id);
        }
    }
}

#[test]
fn slices_of_the_divergence_vectors_are_hit() {
    for vector in vectors() {
        for slices in [&vector.budgeting_5m, &vector.budgeting_1m] {
            let slice_ms = slices.slice_minutes * MINUTE;
            let end_ms = FIRST_MS + DAY;
            let slice_target = Share::from_ratio("0.95").unwrap();
            // The first values of G are seen at the window's very beginning, which ends a slice of its own.
            let n_before = f64::from(u8::from(vector.id.starts_with('G')));
            for counting in counted(&vector, Budgeting::Timeslices { slice_ms, slice_target }) {
                let Counts { bad, total, .. } = counting.counts("o", 0, end_ms);
                assert_eq!((bad, total), (slices.bad_slices, slices.slices_with_traffic + n_before), "{}", vector.id);
            }
            for counting in counted(&vector, Budgeting::RatioTimeslices { slice_ms }) {
                let ratio = counting.counts("o", 0, end_ms).error_ratio().unwrap();
                let want = slices.ratio_timeslices_error_ratio_over_measured;
                assert!((ratio - want).abs() < 1e-12, "{}: {ratio} {want}", vector.id);
                let agrees_with_sloth = slices.slice_minutes == 5 && vector.id.starts_with(['D', 'E', 'F', 'G', 'H']);
                let of_sloth = vector.sloth_on_prometheus_2_42.sloth_sli30d;
                assert!(!agrees_with_sloth || (ratio - of_sloth).abs() < 1e-4, "{}: {ratio} {of_sloth}", vector.id);
            }
        }
    }
}

/// Commits `up` of a target and a series with it, at minutes; `x` for a failed scrape, `-` for one without the series.
fn scrapes(bench: &Bench, series: &Labels, samples: &[&str]) {
    let instance = series.get("instance").unwrap_or_default();
    for (minute, sample) in samples.iter().enumerate() {
        let up = labels("up", &[("job", "j"), ("instance", instance)]);
        let mut row = vec![(up, f64::from(u8::from(*sample != "x")))];
        row.extend(sample.parse().ok().map(|value: f64| (series.clone(), value)));
        bench.commit(FIRST_MS + minute as i64 * MINUTE, &row);
    }
    bench.set_now(FIRST_MS + samples.len() as i64 * MINUTE);
}

fn tallied(bench: &Bench, objective: Objective) -> Counting {
    let counting = bench.counting();
    counting.apply(catalog([objective])).unwrap();
    counting.tick();
    counting
}

fn minute(minute: i64) -> i64 {
    FIRST_MS + minute * MINUTE
}

#[test]
fn gaps_lower_coverage_and_no_count() {
    let bench = Bench::new();
    let series = labels("a_total", &[("job", "j"), ("instance", "1")]);
    scrapes(&bench, &series, &["5", "6", "x", "x", "9", "-", "11"]);
    let counting = tallied(&bench, events("a_total", "a_total", Budgeting::Occurrences));
    let check = |from, to, bad: f64, coverage: f64| {
        let counts = counting.counts("o", minute(from), minute(to));
        assert_eq!((counts.bad, counts.coverage()), (bad, Some(coverage)), "{from}..{to}");
    };
    check(0, 6, 6.0, 4.0 / 6.0);
    check(0, 1, 1.0, 1.0);
    check(1, 4, 3.0, 1.0 / 3.0);
    check(3, 4, 3.0, 0.0);
    check(4, 6, 2.0, 1.0);
    assert_eq!(counting.newest_ms("o"), Some(minute(6)));
    assert_eq!(counting.began_ms("o"), Some(minute(0)));
    let [first] = &counting.uncounted("o", 0, i64::MAX)[..] else { panic!("not one first value") };
    assert_eq!((first.timestamp_ms, first.value), (minute(0), 5.0));
    assert_eq!((counting.standing().n_uncounted, counting.n_uncounted_left_out("o", 0, i64::MAX)), (1, 0));
    // Nothing is heard any more: beyond one interval that is missing.
    assert_eq!(counting.counts("o", minute(4), minute(7)).coverage(), Some(1.0));
    assert_eq!(counting.counts("o", minute(4), minute(8)).coverage(), Some(0.5));
}

#[test]
fn sums_and_differences_are_counted_where_a_side_is_absent() {
    let bench = Bench::new();
    let count = labels("h_count", &[("job", "j"), ("instance", "1")]);
    scrapes(&bench, &count, &["0", "10", "30"]);
    let difference =
        tallied(&bench, events("h_count - h_bucket{le=\"1\"}", "h_count + nothing", Budgeting::Occurrences));
    let counts = difference.counts("o", 0, minute(9));
    assert_eq!((counts.bad, counts.total), (30.0, 30.0));
    let good = Indicator::Events {
        side: RatioSide::Good,
        counted: crate::spec::compile("h_bucket{le=\"1\"}").unwrap(),
        total: crate::spec::compile("h_count").unwrap(),
    };
    let bench = Bench { disk: journal::testkit::MemoryDisk::new(), ..bench };
    let of_good = tallied(&bench, objective(good, Budgeting::Occurrences));
    assert_eq!(of_good.counts("o", 0, minute(9)).bad, 30.0);
}

#[test]
fn gauges_make_slices_good_or_bad() {
    let slices = |slice_target: &str| Budgeting::Timeslices {
        slice_ms: 2 * MINUTE,
        slice_target: Share::from_ratio(slice_target).unwrap(),
    };
    let check = |query: &str, budgeting, no_data, want: (f64, f64)| {
        let bench = Bench::new();
        let series = labels("lag", &[("job", "j"), ("instance", "1")]);
        scrapes(&bench, &series, &["1", "1", "1", "9", "1", "-", "-", "-", "-", "-", "-", "9", "9", "1", "1"]);
        let threshold = Indicator::Threshold { query: query.to_owned(), comparison: Comparison::Less, value: 5.0 };
        let mut threshold = objective(threshold, budgeting);
        Arc::make_mut(&mut threshold.options).no_data = no_data;
        let counting = tallied(&bench, threshold);
        let counts = counting.counts("o", minute(0), minute(14));
        assert_eq!((counts.bad, counts.total), want, "{query} {budgeting:?} {no_data:?}");
    };
    // Slices end at minutes 2 (good), 4 (half bad), 6, 8, 10 (empty), 12 (bad), 14 (good).
    check("lag", slices("1"), NoData::Ignore, (2.0, 4.0));
    check("lag", slices("0.5"), NoData::Ignore, (1.0, 4.0));
    check("lag", slices("1"), NoData::Bad, (5.0, 7.0));
    check("lag", slices("1"), NoData::Good, (2.0, 7.0));
    check("lag", Budgeting::Occurrences, NoData::Ignore, (3.0, 8.0));
}

/// Thousands of pasts may be held at once.
#[test]
fn a_past_that_was_counted_keeps_no_room_for_its_samples() {
    let bench = Bench::new();
    let series = labels("a_total", &[("job", "j"), ("instance", "1")]);
    scrapes(&bench, &series, &["0", "1", "2", "3", "4", "x", "6"]);
    let objective = events("a_total", "a_total", Budgeting::Occurrences);
    let counted = bench.counting().past().all(&objective).unwrap();
    assert!(counted.book("o").is_some_and(|book| book.newest_ms > 0));
    assert_eq!(counted.room(), 0);
}

#[test]
fn what_is_no_counter_is_sampled_by_the_minute() {
    let bench = Bench::new();
    let series = labels("lag", &[("job", "j"), ("instance", "1")]);
    scrapes(&bench, &series, &["1", "1", "9", "9", "1", "1", "1"]);
    let threshold = Indicator::Threshold { query: "max(lag)".to_owned(), comparison: Comparison::Less, value: 5.0 };
    let counting = tallied(&bench, objective(threshold, Budgeting::Occurrences));
    let counts = counting.counts("o", 0, minute(5));
    assert_eq!((counts.bad, counts.total, counts.coverage()), (2.0, 6.0, Some(1.0)));
    let sampled = |query: &str| Counted::Sampled { query: query.to_owned() };
    let events = Indicator::Events {
        side: RatioSide::Bad,
        counted: sampled("sum_over_time(lag[{{.window}}])"),
        total: sampled("sum_over_time(lag[{{.window}}]) * 2"),
    };
    let bench = Bench { disk: journal::testkit::MemoryDisk::new(), ..bench };
    let counting = tallied(&bench, objective(events, Budgeting::Occurrences));
    // A window has four scrapes: of minutes 1 to 4.
    let counts = counting.counts("o", minute(0), minute(5));
    assert_eq!((counts.bad, counts.total), (20.0, 40.0));
}

#[test]
fn exclusions_are_taken_out_and_come_back() {
    let bench = Bench::new();
    let series = labels("a_total", &[("job", "j"), ("instance", "1")]);
    scrapes(&bench, &series, &["0", "1", "2", "3", "4", "x", "6"]);
    let counting = tallied(&bench, events("a_total", "a_total", Budgeting::Occurrences));
    let spans = |counting: &Counting| {
        let steps = counting.steps("o", minute(0), minute(6), MINUTE);
        let many = counting.steps("o", minute(0), minute(6), MINUTE / 10);
        let all = counting.counts("o", minute(0), minute(6));
        let windows = counting.windows("o", &[minute(0), minute(3), minute(5)], minute(6));
        let each = [0, 3, 5].map(|from| counting.counts("o", minute(from), minute(6)));
        assert_eq!((windows[0], &windows[..]), (all, &each[..]));
        (all, steps, many)
    };
    let before = spans(&counting);
    let adjustment = crate::spec::Adjustment {
        name: "m".to_owned(),
        objectives: vec!["o".to_owned()],
        first: jiff::Timestamp::from_millisecond(minute(1)).unwrap().to_zoned(jiff::tz::TimeZone::UTC),
        length_ms: 4 * MINUTE + MINUTE / 2,
        rrule: None,
        reason: String::new(),
        source: crate::spec::SourcePlace::default(),
    };
    let without = counting.catalog.read().clone();
    let mut with = Catalog::clone(&without);
    with.adjustments.insert("m".to_owned(), adjustment);
    counting.apply(Arc::new(with)).unwrap();
    let (all, steps, many) = spans(&counting);
    assert_eq!((all.bad, all.total, all.measured_ms, all.expected_ms), (3.0, 3.0, 60_000.0, 90_000.0));
    assert_eq!(steps.iter().map(|step| step.bad).collect::<Vec<_>>(), [1.0, 0.0, 0.0, 0.0, 0.0, 2.0]);
    assert_eq!(steps.iter().copied().fold(Counts::default(), |sum, step| sum + step), all);
    assert_eq!(many.iter().copied().fold(Counts::default(), |sum, step| sum + step), all);
    counting.apply(without).unwrap();
    assert_eq!(spans(&counting), before);
}

/// What an objective was counted to be for once is what it is counted to be once it is in force, exclusions included, and by
/// whatever name.
#[test]
fn a_rehearsal_counts_what_will_be_counted() {
    let threshold =
        || Indicator::Threshold { query: "max(a_total)".to_owned(), comparison: Comparison::Less, value: 4.0 };
    let slices = Budgeting::Timeslices { slice_ms: 2 * MINUTE, slice_target: Share::from_ratio("0.9").unwrap() };
    let objectives = [
        events("a_total{code=\"500\"}", "a_total", Budgeting::Occurrences),
        events("a_total{code=\"500\"}", "a_total", slices),
        objective(threshold(), Budgeting::Occurrences),
    ];
    for of_catalog in objectives {
        let bench = Bench::new();
        let mut bad = 0.0;
        for number in 0..50i64 {
            bad = if number == 20 { 0.0 } else { bad + (number % 3) as f64 };
            let series = |code| labels("a_total", &[("job", "j"), ("code", code)]);
            let row =
                [(labels("up", &[("job", "j")]), 1.0), (series("200"), 10.0 * number as f64), (series("500"), bad)];
            bench.commit(minute(number), &row[..if number % 17 == 16 { 1 } else { 3 }]);
        }
        bench.set_now(minute(50));
        let counting = tallied(&bench, of_catalog.clone());
        let other = bench.counting();
        let catalog = catalog([of_catalog]);
        let never = query::Cancel::new();
        let check = |rehearsed: &dyn History, what: &str| {
            for (from, to) in [(0, 50), (3, 41), (10, 10), (-9, 99)] {
                let (from_ms, to_ms) = (minute(from), minute(to));
                assert_eq!(rehearsed.counts("o", from_ms, to_ms), counting.counts("o", from_ms, to_ms), "{what}");
                for step_ms in [MINUTE / 2, 7 * MINUTE] {
                    let steps = rehearsed.steps("o", from_ms, to_ms, step_ms);
                    assert_eq!(steps, counting.steps("o", from_ms, to_ms, step_ms), "{what} by {step_ms}");
                }
            }
            assert_eq!(
                (rehearsed.began_ms("o"), rehearsed.newest_ms("o")),
                (counting.began_ms("o"), counting.newest_ms("o"))
            );
            assert_eq!(rehearsed.uncounted("o", 0, i64::MAX), counting.uncounted("o", 0, i64::MAX), "{what}");
        };
        assert!(counting.counts("o", 0, i64::MAX / 2).bad > 0.0);
        // Counted back over the raw samples, and taken as it is where it is counted already.
        check(&*other.rehearsed(&catalog, "o", &never).unwrap(), "counted back");
        check(&*counting.rehearsed(&catalog, "o", &never).unwrap(), "known");
    }
}

#[test]
fn a_rehearsal_has_limits() {
    let bench = Bench::new();
    let series = |number: usize| (labels("wide_total", &[("pod", &number.to_string())]), 1.0);
    let rows: Vec<_> = (0..=super::MAX_SERIES / 2).map(series).collect();
    bench.commit(minute(0), &rows);
    bench.set_now(minute(1));
    let counting = bench.counting();
    let never = query::Cancel::new();
    let wide = catalog([events("wide_total", "wide_total", Budgeting::Occurrences)]);
    let error = counting.rehearsed(&wide, "o", &never).unwrap_err();
    assert_eq!(error, "it has 20002 series to count back: limit trial_series is 20000");
    let half = catalog([events("none_total", "wide_total{pod=~\"[0-4].*\"}", Budgeting::Occurrences)]);
    assert!(counting.rehearsed(&half, "o", &never).is_ok());
    let stopped = query::Cancel::new();
    stopped.cancel();
    assert!(counting.rehearsed(&half, "o", &stopped).is_err());
    let nothing = counting.rehearsed(&half, "unknown", &never).unwrap();
    assert_eq!(nothing.counts("unknown", 0, minute(9)), Counts::default());
}

#[test]
fn counts_are_told_apart_by_labels() {
    let bench = Bench::new();
    for minute_number in 0..5i64 {
        let mut row = vec![(labels("up", &[("job", "j")]), 1.0)];
        for (version, factor) in [("1", 1.0), ("2", 10.0)] {
            for code in ["200", "500"] {
                let series = labels("a_total", &[("job", "j"), ("version", version), ("code", code)]);
                row.push((series, minute_number as f64 * factor));
            }
        }
        bench.commit(minute(minute_number), &row);
    }
    bench.set_now(minute(5));
    let counting = tallied(&bench, events("a_total{code=\"500\"}", "a_total", Budgeting::Occurrences));
    let groups = counting.by_labels("o", &["version".to_owned()], minute(2), minute(4));
    let groups: Vec<_> =
        groups.iter().map(|(labels, counts)| (labels.get("version").unwrap(), counts.bad, counts.total)).collect();
    assert_eq!(groups, [("1", 2.0, 4.0), ("2", 20.0, 40.0)]);
}

/// A killed process wrote nothing since its objectives were made; who asks the next one before its first tick hears all.
#[test]
fn what_was_committed_before_a_kill_is_known_at_once() {
    let mut bench = Bench::new();
    let one = catalog([events("a_total", "a_total", Budgeting::Occurrences)]);
    let counting = bench.counting();
    counting.apply(Arc::clone(&one)).unwrap();
    let (series, up) = (labels("a_total", &[("job", "j")]), labels("up", &[("job", "j")]));
    for number in 0..3 {
        bench.set_now(minute(number));
        bench.commit(minute(number), &[(series.clone(), number as f64), (up.clone(), 1.0)]);
        counting.tick();
    }
    drop(counting);
    bench.restart();
    let counting = bench.counting();
    counting.apply(one).unwrap();
    assert_eq!(counting.counts("o", 0, i64::MAX).bad, 2.0);
}

/// The first error ever, of a target that was scraped before anybody counted on it.
#[test]
fn a_first_value_counts_where_the_scrape_before_it_was_nobodys() {
    let bench = Bench::new();
    let up = labels("up", &[("job", "j"), ("instance", "1")]);
    bench.set_now(minute(1));
    bench.commit(minute(0), &[(up.clone(), 1.0)]);
    let counting = bench.counting();
    counting.apply(catalog([events("a_total", "a_total", Budgeting::Occurrences)])).unwrap();
    let series = labels("a_total", &[("job", "j"), ("instance", "1")]);
    bench.commit(minute(1), &[(up.clone(), 1.0), (series.clone(), 3.0)]);
    counting.tick();
    assert_eq!(counting.counts("o", 0, i64::MAX).bad, 3.0);
    assert_eq!(counting.uncounted("o", 0, i64::MAX), []);
    // Without objectives nothing is followed; one that comes back counts what was committed meanwhile.
    counting.apply(Arc::default()).unwrap();
    bench.set_now(minute(3));
    bench.commit(minute(2), &[(up.clone(), 1.0), (series.clone(), 5.0)]);
    counting.apply(catalog([events("a_total", "a_total", Budgeting::Occurrences)])).unwrap();
    bench.commit(minute(3), &[(up, 1.0), (series, 6.0)]);
    counting.tick();
    assert_eq!(counting.counts("o", 0, i64::MAX).bad, 6.0);
}

/// Series of budgets are left out of what is followed, but where somebody counts them.
#[test]
fn series_of_budgets_can_be_counted() {
    let bench = Bench::new();
    let counting = bench.counting();
    let first = events("a_total", "a_total", Budgeting::Occurrences);
    let counts_budgets = events("slo_events_total", "slo_events_total", Budgeting::Occurrences);
    let second = Objective { id: "p".to_owned(), ..counts_budgets };
    let source = bench.store.open_derived_source(&labels("source", &[]));
    let (own, derived) = (labels("a_total", &[("job", "j")]), labels("slo_events_total", &[("slo", "o")]));
    let series = bench.store.resolve(Some(source), std::slice::from_ref(&derived)).unwrap()[0].clone().unwrap();
    let mut catalogs = vec![catalog([first.clone()]), catalog([first.clone(), second]), catalog([first])];
    let last = catalogs.pop().unwrap();
    let mut number = 0;
    let mut go_on = |catalog: &Arc<Catalog>| {
        counting.apply(Arc::clone(catalog)).unwrap();
        for _ in 0..3 {
            number += 1;
            bench.set_now(minute(number));
            bench.commit(minute(number), &[(own.clone(), number as f64)]);
            let (timestamps, values) = (Timestamps::All(minute(number)), [2.0 * number as f64]);
            let batch = Batch {
                source: Some(source),
                series: &[series],
                timestamps,
                values: &values,
                starts: &[],
                histograms: &[],
            };
            assert_eq!(bench.store.commit(&batch).unwrap(), []);
            counting.tick();
        }
        ["o", "p"].map(|id| counting.counts(id, 0, i64::MAX).bad)
    };
    let [of_first, of_both] = [0, 1].map(|at| go_on(&catalogs[at]));
    assert_eq!((of_first, of_both), ([2.0, 0.0], [5.0, 10.0]));
    assert_eq!(go_on(&last), [8.0, 0.0]);
    // Counted back over what was left out when it was committed.
    assert_eq!(go_on(&catalogs[1]), [11.0, 22.0]);
}

#[test]
fn counts_outlive_the_raw_samples_the_objective_and_the_process() {
    let mut bench = Bench::new();
    let series = labels("a_total", &[("job", "j"), ("instance", "1")]);
    let one = events("a_total", "a_total", Budgeting::Occurrences);
    let counting = bench.counting();
    counting.apply(catalog([one.clone()])).unwrap();
    let mut value = 0.0;
    let scrape = |bench: &Bench, counting: &Counting, minutes: std::ops::Range<i64>, value: &mut f64| {
        for number in minutes {
            bench.set_now(minute(number));
            *value += 1.0;
            let up = labels("up", &[("job", "j"), ("instance", "1")]);
            bench.commit(minute(number), &[(series.clone(), *value), (up, 1.0)]);
            if number % 10 == 0 {
                counting.tick();
            }
        }
        counting.tick();
    };
    scrape(&bench, &counting, 0..3000, &mut value);
    let total = |counting: &Counting, from, to| counting.counts("o", minute(from), minute(to)).total;
    assert_eq!(total(&counting, 0, 2999), 2999.0);
    // It goes, and comes back.
    counting.apply(catalog([])).unwrap();
    assert_eq!(total(&counting, 0, 2999), 0.0);
    scrape(&bench, &counting, 3000..3010, &mut value);
    counting.apply(catalog([one.clone()])).unwrap();
    assert_eq!(total(&counting, 0, 3009), 3009.0);
    counting.close();
    drop(counting);
    // Twenty days later the raw samples are out of reach.
    bench.restart();
    let counting = bench.counting();
    counting.apply(catalog([one.clone()])).unwrap();
    scrape(&bench, &counting, 32_000..32_010, &mut value);
    assert_eq!(total(&counting, 0, 32_009), 3019.0);
    counting.apply(catalog([])).unwrap();
    counting.apply(catalog([one])).unwrap();
    assert_eq!(total(&counting, 0, 32_009), 3019.0);
    assert_eq!(total(&counting, 0, 1000), 1000.0);
    assert_eq!(counting.standing().n_failures, 0);
}

/// The samples of a bench, of which one more is committed whenever they have been looked up.
#[derive(Debug)]
struct Growing {
    bench: Bench,
    n_committed: AtomicI64,
}

impl Growing {
    fn commit(&self) {
        let at_ms = minute(self.n_committed.fetch_add(1, Ordering::Relaxed));
        self.bench.set_now(at_ms);
        let target = [("job", "j"), ("instance", "1")];
        self.bench.commit(at_ms, &[(labels("g", &target), 1.0), (labels("up", &target), 1.0)]);
    }
}

impl Select for Growing {
    fn select(&self, matchers: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        let found = self.bench.store.select(matchers, hints);
        self.commit();
        found
    }

    fn label_names(&self, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.bench.store.label_names(request)
    }

    fn label_values(&self, name: &str, request: &LabelRequest) -> Result<Listing, SelectError> {
        self.bench.store.label_values(name, request)
    }
}

#[test]
fn what_is_committed_while_the_past_is_counted_is_counted() {
    let growing = Arc::new(Growing { bench: Bench::new(), n_committed: AtomicI64::new(0) });
    growing.commit();
    let gauge = Indicator::Threshold { query: "g".to_owned(), comparison: Comparison::Less, value: 2.0 };
    let counting = growing.bench.counting_over(Arc::clone(&growing) as _);
    counting.apply(catalog([objective(gauge, Budgeting::Occurrences)])).unwrap();
    let n_committed = growing.n_committed.load(Ordering::Relaxed);
    assert!(n_committed > 1);
    counting.tick();
    assert_eq!(counting.counts("o", 0, i64::MAX).total, n_committed as f64);
}
