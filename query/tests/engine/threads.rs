//! However many threads work on a query, its answer is the same, to the order of its series.

use model::Labels;
use query::syntax::Options;
use query::{Engine, EngineOptions, ErrorKind, Limits, QueryOptions};

use super::loaded::{append, empty};

/// So many that a range query over all steps is worth more than one thread.
const N_SERIES: i64 = 700;
const N_SAMPLES: i64 = 200;
const STEP_MS: i64 = 15_000;

#[test]
fn threads_change_nothing() {
    let store = empty();
    for series in 0..N_SERIES {
        let (i, j) = (series.to_string(), (series % 7).to_string());
        let samples = (0..N_SAMPLES).map(|n| (n * STEP_MS + series, ((n * (series + 3)) % 101) as f64 / 8.0));
        let labels = Labels::from_pairs([("__name__", "x_total"), ("i", &*i), ("j", &*j)]);
        append(&store, &labels, &samples.collect::<Vec<_>>());
    }
    let engine = |n_threads, limits| {
        Engine::new(EngineOptions { n_threads, limits, parse: Options::all(), ..EngineOptions::default() })
    };
    let ends = (0, N_SAMPLES * STEP_MS);
    let ask = |engine: &Engine, query: &str| engine.range(&store, query, ends, STEP_MS, &QueryOptions::default());
    let (one, four) = (engine(1, Limits::default()), engine(4, Limits::default()));
    for query in [
        "x_total",
        "sum by (j) (rate(x_total[5m]))",
        "topk by (j) (2, x_total)",
        "limitk(3, x_total)",
        "quantile(0.3, increase(x_total[2m]))",
        "max_over_time(x_total[3m:30s])",
        "x_total - on(i) x_total offset 1m",
    ] {
        let (alone, together) = (ask(&one, query).unwrap(), ask(&four, query).unwrap());
        assert_eq!(alone.value, together.value, "{query}");
        assert_eq!(alone.annotations, together.annotations, "{query}");
        assert_eq!(alone.stats.n_samples, together.stats.n_samples, "{query}");
    }
    // A limit that is reached by one thread ends the others.
    let small = engine(4, Limits { max_samples: 10_000, ..Limits::default() });
    for query in ["x_total", "sort(x_total)", "x_total + x_total"] {
        let error = ask(&small, query).unwrap_err();
        assert_eq!((error.kind(), small.used_bytes()), (ErrorKind::Execution, 0), "{query}: {error}");
    }
}
