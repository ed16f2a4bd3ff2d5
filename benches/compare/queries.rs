//! The same questions to all, with caches of answers off.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use benches::payload::{Grid, instance};
use serde_json::Value;

use crate::http;
use crate::peer::Peer;
use crate::table::{Bar, Measured, Table, Unit};

/// How a question is asked.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// At the end of the load.
    Instant(&'static str),
    /// For the whole load, every 15 s.
    Range(&'static str),
    /// The values of a label.
    LabelValues(&'static str),
    /// The series that a selector names.
    Series(&'static str),
}

/// What is asked, and whether VictoriaMetrics means the same by it: its functions over windows do not extrapolate and keep
/// names, so only what has none of them can be compared.
const QUESTIONS: [(&str, Kind, bool); 14] = [
    ("one series, now", Kind::Instant("node_load_8{instance=\"HOST\"}"), true),
    ("one series, an hour", Kind::Range("node_load_8{instance=\"HOST\"}"), true),
    ("all 300 series of a host, now", Kind::Instant("{instance=\"HOST\"}"), true),
    ("count by a regex of hosts, now", Kind::Instant("count({instance=~\"host-000[0-4].*\"})"), true),
    ("count by name of every series, now", Kind::Instant("count by (__name__) ({job=\"node\"})"), true),
    ("sum(rate(…[5m])) over 1,075 series, now", Kind::Instant("sum(rate(REQUESTS[5m]))"), false),
    ("sum(rate(…[5m])) over 1,075 series, an hour", Kind::Range("sum(rate(REQUESTS[5m]))"), false),
    (
        "histogram_quantile over 2,150 series, an hour",
        Kind::Range("histogram_quantile(0.99, sum by (le) (rate(http_request_3_duration_seconds_bucket[5m])))"),
        false,
    ),
    (
        "topk(5, rate(…)) over 1,290 series, now",
        Kind::Instant("topk(5, rate(node_network_transmit_2_total[5m]))"),
        false,
    ),
    ("max by host over 10,750 series, now", Kind::Instant("max by (instance) ({__name__=~\"node_memory.*\"})"), true),
    ("avg of 215 series, an hour", Kind::Range("avg(node_memory_area_3_bytes)"), true),
    (
        "max_over_time(…[30m]) of 215 full doubles, an hour",
        Kind::Range("sum(max_over_time(jvm_requests_4_one_minute_rate[30m]))"),
        false,
    ),
    ("values of a label", Kind::LabelValues("instance"), true),
    ("series by a regex of names, of one host", Kind::Series("{__name__=~\"node_cpu.*\",instance=\"HOST\"}"), true),
];

/// What one server answered, and how fast.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    median_ms: Vec<f64>,
    documents: Vec<Value>,
}

/// Asks each question so many times.
pub(crate) fn ask(address: SocketAddr, grid: Grid, n_repeats: usize) -> io::Result<Answers> {
    let mut answers = Answers { median_ms: Vec::new(), documents: Vec::new() };
    for (_, kind, _) in QUESTIONS {
        let path = kind.path(grid);
        let mut milliseconds = Vec::with_capacity(n_repeats);
        for _ in 0..n_repeats {
            let started = Instant::now();
            http::get(address, &path)?;
            milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        answers.median_ms.push(Measured { peer: Peer::Narthex, rounds: milliseconds }.median());
        answers.documents.push(sorted(http::api(address, &path)?));
    }
    Ok(answers)
}

impl Kind {
    fn path(self, grid: Grid) -> String {
        let (start_s, end_s) = (grid.first_ms / 1000, (grid.first_ms + grid.n_steps as i64 * grid.step_ms) / 1000);
        let requests = "http_request_3_duration_seconds_bucket{le=~\"0.1|0.25|0.5|1|2.5\"}";
        let text = |query: &str| http::encoded(&query.replace("HOST", &instance(7)).replace("REQUESTS", requests));
        match self {
            Kind::Instant(query) => format!("/api/v1/query?query={}&time={end_s}&nocache=1", text(query)),
            Kind::Range(query) => {
                format!("/api/v1/query_range?query={}&start={start_s}&end={end_s}&step=15&nocache=1", text(query))
            }
            Kind::LabelValues(name) => format!("/api/v1/label/{name}/values?start={start_s}&end={end_s}"),
            Kind::Series(selector) => {
                format!("/api/v1/series?match[]={}&start={start_s}&end={end_s}", text(selector))
            }
        }
    }
}

/// The answer with its series in one order.
fn sorted(mut data: Value) -> Value {
    if let Some(object) = data.as_object_mut() {
        // How it went, which some say and others do not.
        object.retain(|key, _| key == "result" || key == "resultType");
    }
    let series = if data.is_array() { Some(&mut data) } else { data.get_mut("result") };
    if let Some(series) = series.and_then(Value::as_array_mut) {
        series.sort_by_cached_key(|one| one.get("metric").unwrap_or(one).to_string());
    }
    data
}

impl Answers {
    /// The questions to which others answer something else.
    pub(crate) fn differences(&self, others: &Answers) -> Vec<String> {
        let pairs = self.documents.iter().zip(&others.documents).zip(QUESTIONS);
        let differs = pairs.filter(|((own, other), _)| own != other);
        differs.map(|((own, other), (name, ..))| format!("{name}: {}", first_difference(own, other))).collect()
    }

    /// How many of the questions that mean the same to VictoriaMetrics it answers the same, by up to a part in 10¹².
    fn n_nearly_equal(&self, others: &Answers) -> usize {
        let pairs = self.documents.iter().zip(&others.documents).zip(QUESTIONS);
        pairs.filter(|((own, other), (_, _, means_the_same))| *means_the_same && is_near(own, other)).count()
    }
}

/// A short piece of both texts, from where they part.
fn first_difference(own: &Value, other: &Value) -> String {
    let (own, other) = (own.to_string(), other.to_string());
    let at = own.bytes().zip(other.bytes()).take_while(|(one, two)| one == two).count().saturating_sub(60);
    let piece = |text: &str| text.chars().skip(at).take(160).collect::<String>();
    format!("{} / {}", piece(&own), piece(&other))
}

fn is_near(own: &Value, other: &Value) -> bool {
    let number = |value: &Value| value.as_str().map_or(value.as_f64(), |text| text.parse().ok());
    match (own, other) {
        (Value::Array(own), Value::Array(other)) => {
            own.len() == other.len() && own.iter().zip(other).all(|(own, other)| is_near(own, other))
        }
        (Value::Object(own), Value::Object(other)) => {
            own.len() == other.len()
                && own.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_near(value, other)))
        }
        _ => match (number(own), number(other)) {
            (Some(own), Some(other)) => (own - other).abs() <= own.abs() * 1e-12,
            _ => own == other,
        },
    }
}

/// A row for each question, and one that says who answered the same.
pub(crate) fn add_rows(all: &[(Peer, &Answers)], table: &mut Table) {
    for (number, (name, ..)) in QUESTIONS.iter().enumerate() {
        let measured = all.iter().map(|(peer, answers)| Measured::once(*peer, answers.median_ms[number])).collect();
        table.push(name, Unit::Milliseconds, Bar::None, measured);
    }
    let Some((_, own)) = all.iter().find(|(peer, _)| *peer == Peer::Narthex) else { return };
    let n_same = |(peer, answers): &(Peer, &Answers)| {
        let n_same = match peer {
            Peer::VictoriaMetrics => own.n_nearly_equal(answers),
            Peer::Narthex | Peer::Prometheus => QUESTIONS.len() - own.differences(answers).len(),
        };
        Measured::once(*peer, n_same as f64)
    };
    let n_comparable = QUESTIONS.iter().filter(|(_, _, means_the_same)| *means_the_same).count();
    let name = format!("of these {} answered as narthex does (VictoriaMetrics: of {n_comparable})", QUESTIONS.len());
    table.push(&name, Unit::Count, Bar::None, all.iter().map(n_same).collect());
}
