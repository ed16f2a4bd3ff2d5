//! Thousands of made-up queries, many of them senseless: none panics, none keeps memory, and where a range query has an
//! answer it is that of instant queries.

use std::collections::BTreeMap;

use model::Rng;
use model::rng::SeededRng;
use model::sample::Value as SampleValue;
use query::syntax::Options;
use query::{Engine, EngineOptions, ErrorKind, Limits, QueryError, QueryOptions, Value};
use tsdb::Store;

use super::loaded::loaded;

const N_QUERIES: usize = 2000;
const START_MS: i64 = 120_000;
const STEP_MS: i64 = 47_000;
const N_STEPS: i64 = 9;

fn store() -> Store {
    loaded(
        20_000,
        &[
            "c_total{i=\"1\",j=\"a\"} 1+3x12 0+5x20 _x3 7+1x9",
            "c_total{i=\"2\",j=\"a\"} 1+1x20 stale _ 5 8 NaN 9 12+2x8",
            "c_total{i=\"3\",j=\"b\"} _x7 100-3x30",
            "g{i=\"1\",j=\"b\"} 1 -2 3.5 -0.25 Inf 7 -Inf 0 1e300 1e-300 4x30",
            "g{i=\"2\",j=\"a\",k=\"x\"} 5 4 3 2 1 0 -1 _ _ _ 6+0.1x25",
            "b_bucket{i=\"1\",le=\"0.5\"} 0+1x40",
            "b_bucket{i=\"1\",le=\"1\"} 0+2x40",
            "b_bucket{i=\"1\",le=\"+Inf\"} 0+3x40",
            "info_info{i=\"1\",instance=\"x\",job=\"y\"} 1x40",
        ],
    )
}

/// Makes queries up.
struct Maker(SeededRng);

impl Maker {
    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.0.below(texts.len() as u64) as usize]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    fn selector(&mut self) -> String {
        let selectors =
            ["c_total", "g", "b_bucket", "nothing", "{__name__=~\".+\"}", "g{i=\"1\"}", "c_total{j!=\"a\"}"];
        self.of(&selectors).to_owned()
    }

    fn modifiers(&mut self) -> &'static str {
        self.of(&["", "", "", "", " offset 30s", " offset -1m", " @ 300", " @ 300 offset 1m"])
    }

    fn scalar(&mut self, depth: u32) -> String {
        match self.0.below(if depth == 0 { 3 } else { 6 }) {
            0 => self.of(&["0", "1", "-2", "0.5", "1e9"]).to_owned(),
            1 => self.of(&["NaN", "Inf", "-Inf", "3"]).to_owned(),
            2 => self.of(&["time()", "pi()", "1m", "0x1f"]).to_owned(),
            3 => format!("scalar({})", self.vector(depth - 1)),
            4 => format!("({} {} {})", self.scalar(depth - 1), self.arithmetic(), self.scalar(depth - 1)),
            _ => format!("-{}", self.scalar(depth - 1)),
        }
    }

    fn arithmetic(&mut self) -> &'static str {
        self.of(&["+", "-", "*", "/", "%", "^", "atan2"])
    }

    fn comparison(&mut self) -> &'static str {
        self.of(&["==", "!=", ">", "<", ">=", "<=", "> bool", "== bool", "!= bool"])
    }

    fn range(&mut self, depth: u32) -> String {
        if depth > 0 && self.chance(30) {
            let (inner, step) = (self.vector(depth - 1), self.of(&["", "13s", "1m"]));
            return format!("({inner})[{}:{step}]{}", self.of(&["1m", "3m", "5m30s"]), self.modifiers());
        }
        format!("{}[{}]{}", self.selector(), self.of(&["1ms", "20s", "50s", "2m", "10m"]), self.modifiers())
    }

    fn over_time(&mut self, depth: u32) -> String {
        let range = self.range(depth);
        match self.0.below(8) {
            0 => format!("quantile_over_time({}, {range})", self.scalar(0)),
            1 => format!("predict_linear({range}, {})", self.scalar(0)),
            2 => format!("double_exponential_smoothing({range}, 0.3, 0.6)"),
            3 => {
                let (function, border) = (self.of(&["rate", "increase", "delta"]), self.of(&["anchored", "smoothed"]));
                format!("{function}({}[2m] {border})", self.selector())
            }
            _ => {
                let functions = [
                    "rate",
                    "increase",
                    "delta",
                    "irate",
                    "idelta",
                    "changes",
                    "resets",
                    "deriv",
                    "avg_over_time",
                    "min_over_time",
                    "max_over_time",
                    "sum_over_time",
                    "count_over_time",
                    "stddev_over_time",
                    "last_over_time",
                    "first_over_time",
                    "mad_over_time",
                    "present_over_time",
                    "absent_over_time",
                    "ts_of_min_over_time",
                ];
                format!("{}({range})", self.of(&functions))
            }
        }
    }

    fn grouping(&mut self) -> String {
        format!("{} ({})", self.of(&["by", "without"]), self.of(&["", "i", "j", "i, j", "le", "nope"]))
    }

    fn aggregation(&mut self, depth: u32) -> String {
        let (grouping, inner) = (self.grouping(), self.vector(depth - 1));
        match self.0.below(4) {
            0 => {
                let (op, param) = (self.of(&["topk", "bottomk", "quantile", "limit_ratio"]), self.scalar(depth - 1));
                format!("{op} {grouping} ({param}, {inner})")
            }
            1 => format!("count_values {grouping} (\"v\", {inner})"),
            _ => {
                let ops = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
                format!("{} {grouping} ({inner})", self.of(&ops))
            }
        }
    }

    fn binary(&mut self, depth: u32) -> String {
        let (left, right) = (self.vector(depth - 1), self.vector(depth - 1));
        let matching = match self.0.below(3) {
            0 => String::new(),
            _ => format!("{} ({})", self.of(&["on", "ignoring"]), self.of(&["", "i", "j", "i, j", "i, j, k, le"])),
        };
        if self.chance(30) {
            return format!("({left}) {} {matching} ({right})", self.of(&["and", "or", "unless"]));
        }
        let operator = if self.chance(50) { self.arithmetic() } else { self.comparison() };
        let group =
            if matching.is_empty() { "" } else { self.of(&["", "", "group_left", "group_right", "group_left(k)"]) };
        let fill = self.of(&["", "", "", "fill(0)", "fill_left(1)", "fill_right(NaN)"]);
        format!("({left}) {operator} {matching} {group} {fill} ({right})")
    }

    fn vector(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.selector() + self.modifiers();
        }
        match self.0.below(12) {
            0 => self.selector() + self.modifiers(),
            1..=3 => self.over_time(depth - 1),
            4..=5 => self.aggregation(depth),
            6..=7 => self.binary(depth),
            8 => {
                let functions = [
                    "abs",
                    "ln",
                    "sqrt",
                    "sgn",
                    "exp",
                    "asin",
                    "hour",
                    "year",
                    "timestamp",
                    "absent",
                    "sort",
                    "-",
                    "info",
                    "ceil",
                    "round",
                    "start_timestamp",
                    "histogram_count",
                ];
                format!("{}({})", self.of(&functions), self.vector(depth - 1))
            }
            9 => {
                let operator = if self.chance(50) { self.arithmetic() } else { self.comparison() };
                let (vector, scalar) = (self.vector(depth - 1), self.scalar(depth - 1));
                if self.chance(50) {
                    format!("({vector}) {operator} {scalar}")
                } else {
                    format!("{scalar} {operator} ({vector})")
                }
            }
            10 => format!("histogram_quantile({}, {})", self.scalar(depth - 1), self.vector(depth - 1)),
            _ => {
                let vector = self.vector(depth - 1);
                match self.0.below(4) {
                    0 => format!("label_replace({vector}, \"i\", \"$1\", \"j\", \"(.*)\")"),
                    1 => format!("label_join({vector}, \"k\", \"-\", \"i\", \"j\")"),
                    2 => format!("clamp({vector}, {}, {})", self.scalar(0), self.scalar(0)),
                    _ => format!("vector({})", self.scalar(depth - 1)),
                }
            }
        }
    }
}

/// Values by labels and time. All NaNs are one.
type Points = BTreeMap<(String, i64), u64>;

fn add(points: &mut Points, labels: &model::Labels, time_ms: i64, value: f64) {
    let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
    assert!(points.insert((labels.to_string(), time_ms), bits).is_none(), "{labels} twice at {time_ms}");
}

fn points(value: Value) -> Points {
    let mut points = Points::new();
    match value {
        Value::Matrix(all) => all.iter().for_each(|series| {
            series.floats.iter().for_each(|&(time_ms, value)| add(&mut points, &series.labels, time_ms, value));
        }),
        Value::Vector(samples) => samples.iter().for_each(|sample| match sample.value {
            SampleValue::Float(value) => add(&mut points, &sample.labels, sample.timestamp_ms, value),
            SampleValue::Histogram(_) => panic!("nobody loaded a histogram"),
        }),
        other => panic!("{other:?}"),
    }
    points
}

#[test]
fn made_up_queries_are_answered_or_refused() {
    let store = store();
    let limits = Limits { max_query_bytes: 32 << 20, ..Limits::default() };
    let options = |delayed_name_removal| EngineOptions {
        parse: Options::all(),
        limits: limits.clone(),
        delayed_name_removal,
        ..EngineOptions::default()
    };
    let engines = [Engine::new(options(false)), Engine::new(options(true))];
    let mut maker = Maker(SeededRng::new(3));
    let (mut n_answered, mut n_refused) = (0, 0);
    for n in 0..N_QUERIES {
        let (query, engine) = (maker.vector(4), &engines[n % 2]);
        let times: Vec<i64> = (0..N_STEPS).map(|step| START_MS + step * STEP_MS).collect();
        let ends = (START_MS, times[times.len() - 1]);
        let range = engine.range(&store, &query, ends, STEP_MS, &QueryOptions::default()).map(|outcome| outcome.value);
        let instants: Result<Vec<Value>, QueryError> = times
            .iter()
            .map(|&at_ms| engine.instant(&store, &query, at_ms, &QueryOptions::default()).map(|outcome| outcome.value))
            .collect();
        assert_eq!(engine.used_bytes(), 0, "{query}");
        match (range, instants) {
            (Ok(range), Ok(instants)) => {
                let at_steps: Points = instants.into_iter().flat_map(points).collect();
                assert_eq!(points(range), at_steps, "{query}");
                n_answered += 1;
            }
            (Err(error), Err(_)) => {
                assert!(matches!(error.kind(), ErrorKind::BadData | ErrorKind::Execution), "{query}: {error}");
                n_refused += 1;
            }
            // The parameter of an aggregation is judged for all steps at once, as in Prometheus.
            (Err(error), Ok(_)) if error.to_string().contains(" value ") => n_refused += 1,
            (range, instants) => panic!("{query}: {range:?} but {instants:?}"),
        }
    }
    println!("made up: {n_answered} answered, {n_refused} refused");
    assert!(n_answered > N_QUERIES / 2, "{n_answered} answered");
}
