//! A range query is an instant query at each step, bit for bit.

use std::collections::BTreeMap;

use model::Labels;
use model::sample::{Value as SampleValue, stale_marker};
use proptest::prelude::*;
use query::syntax::Options;
use query::{Engine, EngineOptions, QueryError, QueryOptions, Value};
use tsdb::Store;

use super::loaded::{append, empty};

/// Queries over the series of [`store`].
const QUERIES: [&str; 62] = [
    "c_total",
    "c_total offset 90s",
    "c_total offset -2m",
    "g @ 600",
    "g @ end()",
    "{__name__=~'c_total|g'}",
    "-g",
    "g * 2 + 1",
    "2 ^ g",
    "g > 3",
    "3 > bool g",
    "g % 3",
    "g / on(i) c_total",
    "c_total - on(i) group_left(k) g",
    "c_total == ignoring(j, k) group_right g",
    "c_total + on(i) fill(7) g",
    "c_total and on(i) (g > 2)",
    "g or c_total",
    "c_total unless on(i) (g > 2)",
    "rate(c_total[4m])",
    "rate(c_total[37s])",
    "increase(c_total[3m] offset 1m)",
    "irate(c_total[5m])",
    "delta(g[4m])",
    "idelta(g[4m])",
    "changes(g[5m])",
    "resets(c_total[5m])",
    "deriv(g[5m])",
    "predict_linear(g[5m], 600)",
    "avg_over_time(g[5m])",
    "sum_over_time(g[5m])",
    "min_over_time(g[5m])",
    "max_over_time(g[150s])",
    "count_over_time(g[5m])",
    "stddev_over_time(g[5m])",
    "quantile_over_time(0.7, g[5m])",
    "last_over_time(g[3m])",
    "first_over_time(g[3m])",
    "present_over_time(g[1m])",
    "absent_over_time(g{i='1'}[1m])",
    "mad_over_time(g[5m])",
    "ts_of_max_over_time(g[5m])",
    "double_exponential_smoothing(g[5m], 0.4, 0.3)",
    "rate(c_total[3m] anchored)",
    "increase(c_total[3m] smoothed)",
    "g smoothed",
    "sum(c_total)",
    "sum by (i) (rate(c_total[4m]))",
    "avg without (i) (g)",
    "stddev(g)",
    "topk(1, g)",
    "bottomk by (j) (1, c_total)",
    "quantile(0.3, g)",
    "count_values('v', round(g))",
    "max_over_time(sum(g)[5m:30s])",
    "avg_over_time(rate(c_total[2m])[6m:])",
    "rate(c_total[6m:45s] offset 1m)",
    "absent(g{i='1'})",
    "scalar(g{i='1'}) + time()",
    "timestamp(g) - hour(g)",
    "label_replace(g, 'z', '$1', 'i', '(.*)')",
    "histogram_quantile(0.9, label_replace(g, 'le', '$1', 'i', '(.*)'))",
];

/// Series with gaps, stale markers, falls and the values that arithmetic stumbles over.
#[derive(Clone, Debug)]
struct Data(Vec<Series>);

/// A series: its name, the labels `i` and `j`, and its samples.
type Series = (&'static str, &'static str, &'static str, Vec<(i64, f64)>);

fn data() -> impl Strategy<Value = Data> {
    let value = prop_oneof![
        8 => (-20i32..100).prop_map(f64::from),
        4 => -10.0..10.0f64,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, -0.0, stale_marker()]),
    ];
    let samples = prop::collection::vec((1i64..90_000, value), 0..60).prop_map(|gaps| {
        let mut at_ms = 0;
        let placed = gaps.into_iter().map(|(gap_ms, value)| {
            at_ms += gap_ms;
            (at_ms, value)
        });
        placed.collect::<Vec<_>>()
    });
    let names = [("c_total", "1", "a"), ("c_total", "2", "a"), ("c_total", "3", "b"), ("g", "1", "b"), ("g", "2", "a")];
    prop::collection::vec(samples, names.len()).prop_map(move |samples| {
        let with_names = names.iter().zip(samples).map(|(&(name, i, j), samples)| (name, i, j, samples));
        Data(with_names.collect())
    })
}

fn store(data: &Data) -> Store {
    let store = empty();
    for (name, i, j, samples) in &data.0 {
        if !samples.is_empty() {
            append(&store, &Labels::from_pairs([("__name__", *name), ("i", *i), ("j", *j)]), samples);
        }
    }
    store
}

/// Values by series, as bits; all NaNs are one.
type Step = BTreeMap<Labels, u64>;

fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn instant(engine: &Engine, store: &Store, query: &str, at_ms: i64) -> Result<Step, QueryError> {
    let outcome = engine.instant(store, query, at_ms, &QueryOptions::default())?;
    Ok(match outcome.value {
        Value::Scalar { value, .. } => BTreeMap::from([(Labels::empty(), bits(value))]),
        Value::Vector(samples) => samples
            .into_iter()
            .map(|sample| match sample.value {
                SampleValue::Float(value) => (sample.labels, bits(value)),
                SampleValue::Histogram(_) => panic!("a histogram"),
            })
            .collect(),
        other => panic!("{query}: {other:?}"),
    })
}

fn range(engine: &Engine, store: &Store, query: &str, times: &[i64]) -> Result<Vec<Step>, QueryError> {
    let (start_ms, step_ms) = (times[0], times[1] - times[0]);
    let ends = (start_ms, times[times.len() - 1]);
    let outcome = engine.range(store, query, ends, step_ms, &QueryOptions::default())?;
    let Value::Matrix(all) = outcome.value else { panic!("no matrix") };
    let mut steps = vec![Step::new(); times.len()];
    for series in all {
        for (time_ms, value) in series.floats {
            let step = usize::try_from((time_ms - start_ms) / step_ms).unwrap();
            assert!(steps[step].insert(series.labels.clone(), bits(value)).is_none(), "{query}: a series twice");
        }
    }
    Ok(steps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_range_is_an_instant_at_each_step(
        data in data(),
        start_ms in -60_000i64..1_200_000,
        step_ms in 1i64..200_000,
        n_steps in 2i64..90,
        delayed_name_removal in any::<bool>(),
    ) {
        let store = store(&data);
        let options = EngineOptions { parse: Options::all(), delayed_name_removal, ..EngineOptions::default() };
        let engine = Engine::new(options);
        let times: Vec<i64> = (0..n_steps).map(|step| start_ms + step * step_ms).collect();
        for query in QUERIES {
            // What the query itself knows of its range is pinned.
            let at_end = query.replace("end()", &format!("{}.{:03}", times[times.len() - 1] / 1000, times[times.len() - 1].rem_euclid(1000)));
            if query.contains("end()") && times[times.len() - 1] < 0 {
                continue;
            }
            let steps: Result<Vec<Step>, QueryError> =
                times.iter().map(|&at_ms| instant(&engine, &store, &at_end, at_ms)).collect();
            match (range(&engine, &store, query, &times), steps) {
                (Ok(range), Ok(instants)) => {
                    for (step, (range, instant)) in range.iter().zip(&instants).enumerate() {
                        prop_assert_eq!(range, instant, "{} at {}", query, times[step]);
                    }
                }
                (Err(_), Err(_)) => {}
                (range, instants) => prop_assert!(false, "{query}: {range:?} but {instants:?}"),
            }
        }
    }
}
