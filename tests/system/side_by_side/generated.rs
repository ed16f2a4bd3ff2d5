//! Questions made up over made-up data, which both have been sent: Prometheus and narthex must give equal answers.

use model::Rng;
use model::rng::SeededRng;

use super::answers::ask;
use super::{Prometheus, can_run, installed, wait_until};
use crate::narthex::{Narthex, free_address};
use crate::remote_write::{self, Series};

const N_QUESTIONS: usize = 400;
/// An hour of samples every 15 s.
const N_SAMPLES: i64 = 240;
const STEP_MS: i64 = 15_000;
/// Of the samples: noon of a Friday. On a step, so that looking back and ranges meet samples exactly.
const END_MS: i64 = 1_772_193_600_000;

#[test]
fn made_up_questions_get_equal_answers() {
    let peer = installed("peers/prometheus");
    if !can_run(std::slice::from_ref(&peer), "run tests/peers/build prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let configuration = dir.path().join("prometheus.yml");
    std::fs::write(&configuration, "scrape_configs: []\n").unwrap();
    let narthex = Narthex::start(dir.path(), free_address(), &["--enable-feature=promql-experimental-functions"]);
    let prometheus = Prometheus::start(dir.path(), free_address(), &configuration);

    let seed = crate::seed();
    println!("seed {seed}");
    let mut rng = SeededRng::new(seed);
    for part in data(&mut rng).chunks(50) {
        for address in [prometheus.address, narthex.address] {
            assert_eq!(remote_write::send(address, part).unwrap(), 204);
        }
    }
    wait_until("both have the data", || {
        [prometheus.address, narthex.address].iter().all(|&address| {
            ask(address, "/api/v1/query", &[("query", "count(counter)"), ("time", &seconds(END_MS))]).n_samples() == 1
        })
    });

    let mut n_samples = 0;
    let mut n_errors = 0;
    let mut differences = Vec::new();
    for _ in 0..N_QUESTIONS {
        let query = Questions { rng: &mut rng }.vector(3);
        let time_ms = END_MS - rng.below(50 * 60_000) as i64;
        let (time, start) = (seconds(time_ms), seconds(time_ms - 10 * 60_000));
        let step = ["15", "60", "7"][rng.below(3) as usize];
        for (path, parameters) in [
            ("/api/v1/query", vec![("query", query.as_str()), ("time", &time)]),
            ("/api/v1/query_range", vec![("query", &query), ("start", &start), ("end", &time), ("step", step)]),
        ] {
            let (one, other) = (ask(prometheus.address, path, &parameters), ask(narthex.address, path, &parameters));
            n_samples += one.n_samples();
            n_errors += usize::from(matches!(one, super::answers::Answer::Error(_)));
            if let Some(difference) = one.difference(&other) {
                differences.push(format!("{path} {parameters:?}\n    {difference}"));
            }
        }
    }
    println!("{N_QUESTIONS} questions, instant and range: {n_samples} samples, {n_errors} errors");
    let shown: Vec<_> = differences.iter().take(10).cloned().collect();
    assert!(differences.is_empty(), "{} differ (Prometheus / narthex):\n{}", differences.len(), shown.join("\n"));
    assert!(n_samples > 10_000, "the questions find something: {n_samples}");
}

fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Counters with resets, gauges, small sets of values, gaps, histograms, NaN and infinities.
fn data(rng: &mut SeededRng) -> Vec<Series> {
    let mut all = Vec::new();
    let start_ms = END_MS - (N_SAMPLES - 1) * STEP_MS;
    let mut add = |pairs: &[(&str, String)], rng: &mut SeededRng, mut next: Box<dyn FnMut(&mut SeededRng) -> f64>| {
        let mut labels: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        labels.sort();
        let has_gaps = rng.below(4) == 0;
        let samples = (0..N_SAMPLES).filter_map(|i| {
            let value = next(rng);
            // Scrapes are late by a few milliseconds.
            let late_ms = if i == 0 { 0 } else { rng.below(3) as i64 };
            (!has_gaps || rng.below(10) > 0).then_some((start_ms + i * STEP_MS + late_ms, value))
        });
        all.push((labels, samples.collect()));
    };
    for instance in ["a", "b", "c"] {
        for code in ["200", "404", "500"] {
            for method in ["get", "put"] {
                let pairs = [("__name__", "counter"), ("code", code), ("instance", instance), ("method", method)];
                let pairs = pairs.map(|(name, value)| (name, value.to_owned()));
                let mut total = 0.0;
                let count = move |rng: &mut SeededRng| {
                    total = if rng.below(80) == 0 { 0.0 } else { total + rng.below(30) as f64 };
                    total
                };
                add(&pairs, rng, Box::new(count));
            }
        }
        for zone in ["x", "y"] {
            let named = |name: &str| {
                [("__name__", name), ("instance", instance), ("zone", zone)].map(|(n, v)| (n, v.to_owned()))
            };
            let mut level = 100.0;
            let walk = move |rng: &mut SeededRng| {
                level += rng.unit() - 0.5;
                level
            };
            add(&named("gauge"), rng, Box::new(walk));
            add(&named("few"), rng, Box::new(|rng| rng.below(4) as f64 - 1.0));
            let odd = |rng: &mut SeededRng| {
                [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e308][rng.below(6) as usize]
            };
            add(&named("odd"), rng, Box::new(odd));
        }
        for (i, le) in ["0.1", "0.5", "1", "5", "+Inf"].into_iter().enumerate() {
            let pairs = [("__name__", "duration_bucket"), ("instance", instance), ("le", le)];
            let mut total = 0.0;
            let count = move |rng: &mut SeededRng| {
                total += (i as f64 + 1.0) * 3.0 + if i == 4 { 5.0 } else { rng.below(3) as f64 };
                total
            };
            add(&pairs.map(|(name, value)| (name, value.to_owned())), rng, Box::new(count));
        }
    }
    all
}

/// Makes up expressions.
struct Questions<'a> {
    rng: &'a mut SeededRng,
}

impl Questions<'_> {
    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.rng.below(texts.len() as u64) as usize]
    }

    /// An expression whose value is a vector.
    fn vector(&mut self, depth: u32) -> String {
        if depth == 0 {
            return self.selector();
        }
        match self.rng.below(13) {
            0 => self.selector(),
            1..4 => self.over_range(depth),
            4..7 => self.aggregation(depth),
            7..10 => self.binary(depth),
            10 => {
                let function = self.one_of(&[
                    "abs",
                    "ceil",
                    "floor",
                    "sqrt",
                    "exp",
                    "ln",
                    "log2",
                    "log10",
                    "sgn",
                    "atan",
                    "deg",
                    "minute",
                    "hour",
                    "day_of_week",
                    "days_in_month",
                    "sort",
                    "sort_desc",
                    "absent",
                    "-",
                ]);
                format!("{function}({})", self.vector(depth - 1))
            }
            11 => {
                let (inner, n) = (self.vector(depth - 1), self.rng.below(20));
                match self.rng.below(6) {
                    0 => format!("clamp({inner}, -{n}, {n})"),
                    1 => format!("clamp_min({inner}, {n})"),
                    2 => format!("round({inner}, 0.{})", n + 1),
                    3 => format!("label_replace({inner}, \"new\", \"$1-x\", \"instance\", \"(.)\")"),
                    4 => format!("label_join({inner}, \"new\", \"-\", \"instance\", \"zone\")"),
                    _ => format!("vector(scalar({inner}))"),
                }
            }
            _ => {
                let (quantile, by) =
                    (self.one_of(&["0.5", "0.9", "0.99", "0", "1", "1.5"]), self.one_of(&["le", "le, instance"]));
                format!("histogram_quantile({quantile}, sum by ({by}) (rate(duration_bucket[{}])))", self.range())
            }
        }
    }

    fn selector(&mut self) -> String {
        let name = self.one_of(&["counter", "gauge", "few", "odd", "duration_bucket"]);
        let matcher = self.one_of(&[
            "",
            "",
            "{instance=\"a\"}",
            "{instance!=\"a\"}",
            "{instance=~\"a|b\"}",
            "{code!~\"4..\"}",
            "{zone=\"\"}",
            "{instance=~\".+\",method=\"get\"}",
        ]);
        let modifier =
            self.one_of(&["", "", "", "", " offset 1m", " offset -30s", " @ end()", " @ start() offset 45s"]);
        format!("{name}{matcher}{modifier}")
    }

    fn range(&mut self) -> &'static str {
        self.one_of(&["30s", "1m", "5m", "2m30s", "17s", "10m"])
    }

    fn over_range(&mut self, depth: u32) -> String {
        let range = if self.rng.below(4) == 0 {
            let (inner, range, step) = (self.vector(depth - 1), self.range(), self.one_of(&["", "15s", "20s", "1m"]));
            format!("({inner})[{range}:{step}]")
        } else {
            self.range_selector()
        };
        self.function_of(&range)
    }

    /// A vector without equal values: among those, each of the two chooses what it comes upon first.
    fn distinct(&mut self) -> String {
        let function = self.one_of(&["avg", "min", "max", "sum", "last", "stddev"]);
        match self.rng.below(3) {
            0 => "gauge".to_owned(),
            1 => format!("{function}_over_time(gauge[{}])", self.one_of(&["1m", "5m", "10m"])),
            _ => format!("deriv(gauge[{}])", self.one_of(&["2m30s", "5m"])),
        }
    }

    fn range_selector(&mut self) -> String {
        let name = self.one_of(&["counter", "gauge", "few", "odd", "counter{code=\"200\"}", "duration_bucket"]);
        let modifier = self.one_of(&["", "", " offset 1m", " @ end()"]);
        format!("{name}[{}]{modifier}", self.range())
    }

    fn function_of(&mut self, range: &str) -> String {
        let function = self.one_of(&[
            "rate",
            "increase",
            "delta",
            "irate",
            "idelta",
            "deriv",
            "changes",
            "resets",
            "avg_over_time",
            "min_over_time",
            "max_over_time",
            "sum_over_time",
            "count_over_time",
            "stddev_over_time",
            "stdvar_over_time",
            "last_over_time",
            "present_over_time",
            "first_over_time",
            "absent_over_time",
            "mad_over_time",
        ]);
        match self.rng.below(11) {
            0 => format!("quantile_over_time(0.{}, {range})", self.rng.below(10)),
            1 => format!("predict_linear({range}, {})", self.rng.below(600)),
            // How long ago: times themselves are too large for their variance to have many digits.
            10 => {
                let which = self.one_of(&["max", "min", "first", "last"]);
                format!("(time() - ts_of_{which}_over_time({range}))")
            }
            2 => format!("double_exponential_smoothing({range}, 0.{}, 0.6)", 1 + self.rng.below(9)),
            _ => format!("{function}({range})"),
        }
    }

    fn aggregation(&mut self, depth: u32) -> String {
        let inner = self.vector(depth - 1);
        let grouping = self.one_of(&[
            "",
            " by (instance)",
            " by (instance, code)",
            " without (instance)",
            " without (code, zone, le)",
            " by (absent)",
        ]);
        match self.rng.below(14) {
            0 => format!("topk{grouping} ({}, {})", self.rng.below(4), self.distinct()),
            1 => format!("bottomk{grouping} ({}, {})", self.rng.below(4), self.distinct()),
            2 => format!("quantile{grouping} (0.{}, {inner})", self.rng.below(10)),
            // Values become labels, whose last digit depends on whose sine was taken.
            3 => format!("count_values{grouping} (\"v\", {})", self.selector()),
            _ => {
                let operator = self.one_of(&["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]);
                format!("{operator}{grouping} ({inner})")
            }
        }
    }

    fn binary(&mut self, depth: u32) -> String {
        let (left, right) = (self.vector(depth - 1), self.vector(depth - 1));
        match self.rng.below(11) {
            0..2 => {
                let operator = self.one_of(&["+", "-", "*", "/", "^", "atan2"]);
                format!("({left} {operator} {})", self.rng.below(10))
            }
            // These show the last digits of large numbers, which nobody promises: they are asked of samples only.
            9 => format!("({} % {})", self.selector(), self.rng.below(10)),
            10 => format!("{}({})", self.one_of(&["sin", "cos", "tan", "time() - timestamp"]), self.selector()),
            2 => {
                let operator = self.one_of(&["==", "!=", ">", "<", ">= bool", "<= bool"]);
                format!("({left} {operator} {})", self.rng.below(20))
            }
            3..5 => {
                let operator = self.one_of(&["and", "or", "unless"]);
                let matching = self.one_of(&["", " on (instance)", " ignoring (code)"]);
                format!("({left} {operator}{matching} {right})")
            }
            5 => {
                let operator = self.one_of(&["+", "-", "*", "/"]);
                let (one, other) = (self.vector(depth - 1), self.vector(depth - 1));
                format!("(sum by (instance) ({one}) {operator} sum by (instance) ({other}))")
            }
            6 => {
                let operator = self.one_of(&["+", "*", "/", ">"]);
                format!("({left} {operator} on (instance) group_left () max by (instance) ({right}))")
            }
            7 => {
                let (operator, label) = (self.one_of(&["+", "*", "<"]), self.one_of(&["instance", "zone", "code"]));
                format!("({left} {operator} on ({label}) {right})")
            }
            _ => {
                let operator = self.one_of(&["+", "-", "*", "/", "==", ">"]);
                format!("({left} {operator} {right})")
            }
        }
    }
}
