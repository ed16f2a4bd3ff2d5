//! Queries made to hurt: what is refused is refused by a limit with a name, and nothing recurses.

use std::time::Duration;

use query::syntax::Options;
use query::{Engine, EngineOptions, ErrorKind, Limits, QueryOptions, Value};
use tsdb::Store;

use super::loaded::loaded;

/// The stack of threads that evaluate chains; recursion by node would need tens of times as much.
const STACK_BYTES: usize = 256 << 10;

fn store() -> Store {
    loaded(15_000, &["m{i=\"1\"} 1+1x40", "m{i=\"2\"} 2+2x40", "n 1x40"])
}

fn engine() -> Engine {
    let limits = Limits { timeout: Duration::from_secs(20), max_query_bytes: 64 << 20, ..Limits::default() };
    Engine::new(EngineOptions { parse: Options::all(), limits, ..EngineOptions::default() })
}

fn evaluate(query: &str) -> Result<Value, (ErrorKind, String)> {
    let (store, engine) = (store(), engine());
    let outcome = engine.range(&store, query, (300_000, 600_000), 60_000, &QueryOptions::default());
    let answer = outcome.map(|outcome| outcome.value).map_err(|error| (error.kind(), error.to_string()));
    assert_eq!(engine.used_bytes(), 0, "all memory is given back");
    answer
}

fn on_small_stack(query: String) -> Result<Value, (ErrorKind, String)> {
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || evaluate(&query)).unwrap().join().unwrap()
}

#[test]
fn chains_of_ten_thousand_terms_are_evaluated_without_recursion() {
    let chain = |operator: &str, term: &str| vec![term; 10_000].join(operator);
    for (query, want) in [
        (chain("+", "n"), 10_000.0),
        (chain("or ", "n "), 1.0),
        (chain("+", "1"), 10_000.0),
        (chain(">", "n") + " or n", 1.0),
    ] {
        let shown = &query[..20];
        let Value::Matrix(series) = on_small_stack(query.clone()).unwrap_or_else(|error| panic!("{shown}: {error:?}"))
        else {
            panic!("{shown}: no matrix")
        };
        let values: Vec<f64> = series[0].floats.iter().map(|(_, value)| *value).collect();
        assert_eq!((series.len(), values), (1, vec![want; 6]), "{shown}");
    }
    let nested = "-(".repeat(255) + "n" + &")".repeat(255);
    assert!(on_small_stack(nested).is_ok());
}

#[test]
fn what_grows_without_bound_meets_a_limit() {
    let doubling = (0..40).fold("m".to_owned(), |inner, _| format!("label_join({inner},'x','','x','x','i')"));
    for (query, kind, message) in [
        ("m[10y:1ms]", ErrorKind::BadData, "invalid expression type"),
        ("sum_over_time(m[10y:1ms])", ErrorKind::Execution, "(query_memory,"),
        (
            "sum_over_time(sum_over_time(sum_over_time(m[10y:1ms])[10y:1ms])[10y:1ms])",
            ErrorKind::Execution,
            "(query_memory,",
        ),
        ("m * on() group_left() m", ErrorKind::Execution, "many-to-many matching not allowed"),
        ("m + on() m", ErrorKind::Execution, "many-to-many matching not allowed"),
        (&*doubling, ErrorKind::Execution, "(query_label_value,"),
        ("topk(1e19, m)", ErrorKind::Execution, "overflows int64"),
        ("label_replace(m, 'x', '$1', 'i', '(.{1,1000}){1,1000}')", ErrorKind::Execution, "invalid regular expression"),
    ] {
        let (got, text) = evaluate(query).expect_err(query);
        assert!(got == kind && text.contains(message), "{query}: {text}");
    }
    for query in [
        "topk(1e9, m)",
        "count_values('v', m)",
        "{__name__=~\".+\"}",
        "m{i=~\"(a*)*b|.*\"}",
        "m @ 1e15",
        "m offset 290y",
    ] {
        assert!(evaluate(query).is_ok(), "{query}");
    }
}

#[test]
fn the_ends_of_time_are_times() {
    let (store, engine) = (store(), engine());
    let options = QueryOptions::default();
    for at_ms in [i64::MIN, i64::MIN + 1, -1, i64::MAX - 1, i64::MAX] {
        for query in [
            "m",
            "m offset 5m",
            "m offset -5m",
            "rate(m[5m])",
            "sum_over_time(m[5m:1m])",
            "time()",
            "year()",
            "m @ 0",
            "m smoothed",
            "rate(m[5m] anchored)",
            "timestamp(m)",
            "predict_linear(m[5m], 1)",
        ] {
            let outcome = engine.instant(&store, query, at_ms, &options);
            assert!(outcome.is_ok(), "{query} at {at_ms}: {outcome:?}");
        }
    }
    let error = engine.range(&store, "m", (i64::MIN, i64::MAX), i64::MAX, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadData, "{error}");
    for times in [(i64::MIN, -1), (0, i64::MAX)] {
        assert!(engine.range(&store, "m", times, i64::MAX / 4, &options).is_ok(), "{times:?}");
        let error = engine.range(&store, "time()", times, 1, &options).unwrap_err();
        assert!(error.to_string().contains("(query_memory,"), "{error}");
    }
}
