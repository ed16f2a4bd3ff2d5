//! Limits: samples, memory, time, and a flag; each ends the query with its own error and leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::Clock;
use query::syntax::Options;
use query::{Cancel, Engine, EngineOptions, ErrorKind, Limits, QueryError, QueryOptions, Value};
use tsdb::Store;

use super::loaded::loaded;

fn store() -> Store {
    loaded(10_000, &["metric 1+1x100", "bigmetric{a=\"1\"} 1+1x100", "bigmetric{a=\"2\"} 1+1x100"])
}

fn engine(limits: Limits) -> Engine {
    Engine::new(EngineOptions { parse: Options::all(), delayed_name_removal: true, limits, ..EngineOptions::default() })
}

/// The times of a query in seconds: one, or from, to and step.
#[derive(Clone, Copy, Debug)]
enum Times {
    At(i64),
    Range(i64, i64, i64),
}

fn run(engine: &Engine, store: &Store, query: &str, times: Times) -> Result<u64, QueryError> {
    let options = QueryOptions::default();
    let outcome = match times {
        Times::At(at) => engine.instant(store, query, at * 1000, &options),
        Times::Range(from, to, step) => engine.range(store, query, (from * 1000, to * 1000), step * 1000, &options),
    };
    outcome.map(|outcome| outcome.stats.peak_samples)
}

#[test]
fn samples_are_counted_up_to_the_limit() {
    use Times::{At, Range};
    let store = store();
    for (query, times, n_samples) in [
        ("metric", At(1), 1),
        ("metric[20s]", At(10), 2),
        ("metric[20s] @ 10", At(0), 2),
        ("bigmetric", At(100), 2),
        ("metric", Range(0, 2, 1), 3),
        ("metric", Range(0, 10, 5), 3),
        ("metric[1000s]", At(1000), 100),
        ("sort(bigmetric)", Range(0, 10, 5), 6),
    ] {
        let limited = |max_samples| engine(Limits { max_samples, ..Limits::default() });
        let peak = run(&limited(n_samples), &store, query, times);
        assert!(matches!(peak, Ok(peak) if peak == n_samples), "{query} {times:?}: {peak:?}");
        let error = run(&limited(n_samples - 1), &store, query, times).unwrap_err();
        let wanted = "query processing would load too many samples into memory in query execution";
        assert_eq!((error.to_string().as_str(), error.kind()), (wanted, ErrorKind::Execution), "{query} {times:?}");
    }
    let error = run(&engine(Limits { max_samples: 50, ..Limits::default() }), &store, "rate(metric[1000s])", At(1000));
    assert!(matches!(error, Err(QueryError::TooManySamples)), "a window counts: {error:?}");
}

#[test]
fn memory_is_limited_and_given_back() {
    let store = store();
    let engine = engine(Limits { max_query_bytes: 100 << 10, ..Limits::default() });
    for query in [
        "bigmetric",
        "bigmetric + on(a) bigmetric",
        "sum by (a) (bigmetric)",
        "quantile(0.5, bigmetric)",
        "topk(2, bigmetric)",
        "time()",
        "rate(bigmetric[5m])",
    ] {
        let few = run(&engine, &store, query, Times::Range(0, 1000, 10));
        assert!(few.is_ok(), "{query}: {few:?}");
        let error = run(&engine, &store, query, Times::Range(0, 1_000_000, 10)).unwrap_err();
        assert!(error.to_string().contains("limit 102400 (query_memory, raised by"), "{query}: {error}");
        assert_eq!((error.kind(), engine.used_bytes()), (ErrorKind::Execution, 0), "{query}");
    }
}

#[test]
fn an_answer_counts_until_it_is_dropped() {
    let (store, engine) = (store(), engine(Limits { max_queries_bytes: 60 << 10, ..Limits::default() }));
    let ask = || engine.range(&store, "bigmetric", (0, 1_000_000), 1000, &QueryOptions::default());
    let outcome = ask().unwrap();
    let n_bytes = outcome.memory.n_bytes();
    assert_eq!(engine.used_bytes(), n_bytes as u64);
    assert!((32_000..40_000).contains(&n_bytes), "two series of a thousand points: {n_bytes}");
    let error = ask().map(|outcome| outcome.stats).unwrap_err().to_string();
    assert!(error.contains("(query_memory_total, raised by"), "{error}");
    drop(outcome);
    assert!(ask().is_ok());
}

/// A clock that goes on by a second each time it is asked.
#[derive(Debug, Default)]
struct Stepping(AtomicU64);

impl Clock for Stepping {
    fn now_ms(&self) -> i64 {
        0
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn time_is_limited() {
    let store = store();
    let limits = Limits { timeout: Duration::from_secs(20), ..Limits::default() };
    let options =
        EngineOptions { limits, clock: Arc::new(Stepping::default()), n_threads: 1, ..EngineOptions::default() };
    let engine = Engine::new(options);
    let error = run(&engine, &store, "avg_over_time(metric[10m])", Times::Range(0, 1_000_000, 1)).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.kind()),
        ("query timed out in expression evaluation", ErrorKind::Timeout)
    );
    let options = QueryOptions { timeout: Some(Duration::ZERO), ..QueryOptions::default() };
    let error = engine.instant(&store, "metric", 0, &options).unwrap_err();
    assert_eq!((error.kind(), engine.used_bytes()), (ErrorKind::Timeout, 0));
}

#[test]
fn a_flag_stops_a_query() {
    let cancel = Cancel::new();
    let options = QueryOptions { cancel: cancel.clone(), ..QueryOptions::default() };
    let (store, engine) = (store(), engine(Limits::default()));
    assert!(engine.instant(&store, "metric", 0, &options).is_ok());
    cancel.cancel();
    let error = engine.instant(&store, "metric", 0, &options).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.kind()),
        ("query was canceled in expression evaluation", ErrorKind::Canceled)
    );
}

#[test]
fn a_trace_has_each_part_of_a_query() {
    let (store, engine) = (store(), engine(Limits::default()));
    let options = QueryOptions { trace: true, ..QueryOptions::default() };
    let outcome = engine.instant(&store, "sum(rate(bigmetric[1m]) * 2)", 600_000, &options).unwrap();
    let parts: Vec<(usize, usize)> = outcome.stats.trace.iter().map(|part| (part.n_series, part.n_points)).collect();
    assert_eq!(parts, [(2, 2), (1, 1), (2, 2), (1, 1)], "the rates, the number, the products, their sum");
    assert!(engine.instant(&store, "1", 0, &QueryOptions::default()).unwrap().stats.trace.is_empty());
}

#[test]
fn a_range_without_times_has_an_empty_answer() {
    let (store, engine) = (store(), engine(Limits::default()));
    for query in [
        "1",
        "metric",
        "sum(rate(metric[1m]))",
        "topk(1, metric)",
        "quantile(0.5, metric)",
        "metric + on(a) bigmetric",
        "vector(scalar(metric @ 0))",
        "max_over_time(sum(metric)[5m:1m])",
        "absent(nothing)",
        "info(metric)",
        "sort(metric)",
        "count_values(\"v\", metric)",
    ] {
        let outcome = engine.range(&store, query, (1000, 0), 1000, &QueryOptions::default()).unwrap();
        assert_eq!(outcome.value, Value::Matrix(Vec::new()), "{query}");
    }
}

#[test]
fn what_makes_no_sense_is_bad_data() {
    let (store, engine) = (store(), engine(Limits::default()));
    let options = QueryOptions::default();
    for (query, message) in [
        ("metric[5m]", "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"),
        ("\"x\"", "invalid expression type \"string\" for range query, must be Scalar or instant Vector"),
        ("metric +", "1:9: parse error: unexpected end of input"),
    ] {
        let error = engine.range(&store, query, (0, 1000), 1000, &options).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.kind()), (message, ErrorKind::BadData));
    }
    assert_eq!(engine.range(&store, "1", (0, 1000), 0, &options).unwrap_err().kind(), ErrorKind::BadData);
}
