//! Time, places, samples, points and bytes that a query may take, and what becomes of queries that want more.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use model::storage::{
    LabelRequest, Listing, Select, SelectError, SelectHints, SeriesReader, SeriesSet, TILE_SAMPLES, Tile,
};
use model::{Labels, Matcher};

use crate::client::{Answer, ask, encoded, get, request, send};
use crate::server::Setup;

/// A store that holds one series, with a sample every millisecond, and does something whenever it is asked.
struct Acting {
    act: Box<dyn Fn() -> Result<(), SelectError> + Send + Sync>,
    n_readers: Arc<AtomicUsize>,
}

impl Acting {
    fn new(act: impl Fn() -> Result<(), SelectError> + Send + Sync + 'static) -> Acting {
        Acting { act: Box::new(act), n_readers: Arc::default() }
    }
}

impl fmt::Debug for Acting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Acting")
    }
}

impl Select for Acting {
    fn select(&self, _: &[Matcher], hints: &SelectHints) -> Result<Box<dyn SeriesSet>, SelectError> {
        (self.act)()?;
        Ok(Box::new(One { n_readers: Arc::clone(&self.n_readers), end_ms: hints.end_ms }))
    }

    fn label_names(&self, _: &LabelRequest) -> Result<Listing, SelectError> {
        (self.act)().map(|()| Listing::default())
    }

    fn label_values(&self, _: &str, _: &LabelRequest) -> Result<Listing, SelectError> {
        (self.act)().map(|()| Listing::default())
    }
}

#[derive(Debug)]
struct One {
    n_readers: Arc<AtomicUsize>,
    end_ms: i64,
}

impl SeriesSet for One {
    fn len(&self) -> usize {
        1
    }

    fn labels(&self, _: usize) -> Labels {
        Labels::from_pairs([("__name__", "x")])
    }

    fn reader(&self) -> Box<dyn SeriesReader + '_> {
        self.n_readers.fetch_add(1, Ordering::SeqCst);
        Box::new(Ones { next_ms: 0, end_ms: self.end_ms })
    }
}

struct Ones {
    next_ms: i64,
    end_ms: i64,
}

impl SeriesReader for Ones {
    fn seek(&mut self, _: usize, start_ms: i64) {
        self.next_ms = start_ms;
    }

    fn next_tile(&mut self, tile: &mut Tile) -> Result<bool, SelectError> {
        tile.clear();
        let last_ms = self.end_ms.min(self.next_ms + TILE_SAMPLES as i64 - 1);
        tile.timestamps.extend(self.next_ms..=last_ms);
        tile.values.resize(tile.timestamps.len(), 1.0);
        self.next_ms = last_ms + 1;
        Ok(!tile.timestamps.is_empty())
    }
}

/// A door before the store, closed until the test opens it.
#[derive(Clone, Debug, Default)]
struct Door(Arc<(Mutex<DoorState>, Condvar)>);

#[derive(Debug, Default)]
struct DoorState {
    n_waiting: usize,
    is_open: bool,
}

impl Door {
    fn pass(&self) -> Result<(), SelectError> {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.n_waiting += 1;
        changed.notify_all();
        drop(changed.wait_while(state, |state| !state.is_open).unwrap());
        Ok(())
    }

    fn wait_for_one(&self) {
        let (state, changed) = &*self.0;
        drop(changed.wait_while(state.lock().unwrap(), |state| state.n_waiting == 0).unwrap());
    }

    fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap().is_open = true;
        changed.notify_all();
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(180), "not within three minutes: {what}");
        std::thread::yield_now();
    }
}

fn error(kind: &str, message: &str) -> String {
    format!("{{\"status\":\"error\",\"errorType\":\"{kind}\",\"error\":\"{message}\"}}")
}

fn assert_answer(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text().as_str()), (status, body));
    assert_eq!(answer.header("content-type"), "application/json");
}

#[test]
fn time() {
    let check = |parameters: &str, takes: Duration, is_in_time: bool| {
        let mut setup = Setup::new();
        let clock = setup.clock();
        setup.select = Some(Arc::new(Acting::new(move || {
            clock.advance(takes);
            Ok(())
        })));
        let answer = get(setup.start().address, &format!("/api/v1/query?query=x&time=0{parameters}"));
        if is_in_time {
            let one = r#"{"metric":{"__name__":"x"},"value":[0,"1"]}"#;
            let want = format!("{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{one}]}}}}");
            assert_answer(&answer, 200, &want);
        } else {
            let text = answer.text();
            assert!(
                text.starts_with(r#"{"status":"error","errorType":"timeout","error":"query timed out in "#),
                "{text}"
            );
            assert_eq!(answer.status, 503);
        }
    };
    check("", Duration::from_secs(100), true);
    check("", Duration::from_secs(200), false);
    check("&timeout=10s", Duration::from_secs(5), true);
    check("&timeout=10s", Duration::from_secs(11), false);
    check("&timeout=10", Duration::from_secs(11), false);
    check("&timeout=1h", Duration::from_secs(200), false);
}

#[test]
fn places() {
    let door = Door::default();
    let mut setup = Setup::new();
    setup.settings.limits.query_concurrency = 1;
    let passed = door.clone();
    setup.select = Some(Arc::new(Acting::new(move || passed.pass())));
    let server = setup.start();
    let address = server.address;
    let first = std::thread::spawn(move || get(address, "/api/v1/query?query=x&time=0"));
    door.wait_for_one();
    let late = get(address, "/api/v1/query?query=1&timeout=50ms");
    let text = "query timed out in query queue (limit query_concurrency: 1 at the same time, raised by \
                --query.max-concurrency)";
    assert_answer(&late, 503, &error("timeout", text));
    let limits = get(address, "/api/v1/status/limits").json()["data"].take();
    let concurrency = limits.as_array().unwrap().iter().find(|limit| limit["name"] == "query_concurrency").unwrap();
    assert_eq!((&concurrency["value"], &concurrency["use"]), (&1.into(), &1.into()));
    assert_eq!(get(address, "/-/healthy").status, 200);
    door.open();
    assert_eq!(first.join().unwrap().status, 200);
    assert_eq!(get(address, "/api/v1/query?query=1").status, 200);
}

#[test]
fn a_client_that_goes_away_stops_its_query() {
    let door = Door::default();
    let mut setup = Setup::new();
    let passed = door.clone();
    let select = Acting::new(move || passed.pass());
    let n_readers = Arc::clone(&select.n_readers);
    setup.select = Some(Arc::new(select));
    let server = setup.start();
    let connection = send(server.address, &request("GET", "/api/v1/query?query=sum(x)&time=0", &[], b""));
    door.wait_for_one();
    drop(connection);
    until("the server notices", || server.counts.connections_open.get() == 0);
    door.open();
    let is_idle = || get(server.address, "/metrics").text().contains("\nnarthex_queries_running 0\n");
    until("the query ends", is_idle);
    assert_eq!(n_readers.load(Ordering::SeqCst), 0, "it went on although nobody waited for it");
}

#[test]
fn samples_and_bytes() {
    let all = format!("/api/v1/query?query={}&time=6000", encoded(r#"{__name__=~".+"}[2h]"#));
    let mut setup = Setup::new();
    setup.engine.limits.max_samples = 500;
    let text = "query processing would load too many samples into memory in query execution";
    assert_answer(&get(setup.start_loaded().address, &all), 422, &error("execution", text));
    let mut setup = Setup::new();
    setup.engine.limits.max_query_bytes = 4096;
    let answer = get(setup.start_loaded().address, &all);
    let text = answer.text();
    assert!(text.contains(r#""errorType":"execution","error":"query needs too much memory: "#), "{text}");
    assert!(text.contains(", limit 4096 (query_memory, raised by "), "{text}");
    assert_eq!(answer.status, 422);
    assert_eq!(get(Setup::new().start_loaded().address, &all).status, 200);
}

#[test]
fn storage_that_fails() {
    let check = |failure: fn() -> SelectError, target: &str, status: u16, want: &str| {
        let mut setup = Setup::new();
        setup.select = Some(Arc::new(Acting::new(move || Err(failure()))));
        assert_answer(&get(setup.start().address, target), status, want);
    };
    let unreadable = || SelectError::Unreadable("disk".to_owned());
    let text = "storage cannot be read: disk";
    let expanding = error("internal", &format!("expanding series: {text}"));
    check(unreadable, "/api/v1/query?query=x", 500, &expanding);
    check(unreadable, "/api/v1/query_range?query=x&start=0&end=1&step=1", 500, &expanding);
    check(unreadable, "/api/v1/labels", 422, &error("execution", text));
    check(unreadable, "/api/v1/label/x/values", 422, &error("execution", text));
    check(unreadable, "/api/v1/series?match[]=x", 422, &error("execution", text));
    let not_ready = error("unavailable", "storage is not ready");
    check(|| SelectError::NotReady, "/api/v1/labels", 500, &not_ready);
    check(|| SelectError::NotReady, "/api/v1/series?match[]=x", 500, &not_ready);
}

#[test]
fn statistics() {
    let server = Setup::new().start_loaded();
    let ask = |stats: &str| {
        let target = format!("/api/v1/query?query=sum(test_metric1)&time=60&stats={stats}");
        get(server.address, &target)
    };
    let sum = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[60,"101"]}]"#;
    assert_answer(&ask(""), 200, &format!("{sum}}}}}"));
    for (stats, warning) in [("true", None), ("all", None), ("yes", Some("yes")), ("1", Some("1"))] {
        let answer = ask(stats);
        assert!(answer.text().starts_with(&format!("{sum},\"stats\":{{\"timings\":{{\"evalTotalTime\":")));
        let document = answer.json();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let timings = ["evalTotalTime", "execQueueTime", "execTotalTime", "innerEvalTime", "queryPreparationTime"];
        assert_eq!(keys(&document["data"]["stats"]["timings"])[..5], timings);
        assert_eq!(
            keys(&document["data"]["stats"]["samples"]),
            ["peakSamples", "samplesRead", "totalQueryableSamples"]
        );
        assert_eq!(document["data"]["stats"]["samples"]["totalQueryableSamples"], 2);
        // The samples before those that count are read, too.
        assert_eq!(document["data"]["stats"]["samples"]["samplesRead"], 4);
        let text = warning.map(|value| {
            format!(
                "value \"{value}\" for parameter \"stats\" is deprecated and will be rejected in the next major \
                 release, use \"true\" or \"all\""
            )
        });
        assert_eq!(document["warnings"][0].as_str(), text.as_deref());
    }
}

/// Asks by `POST`, as pages do for long queries.
fn post(address: SocketAddr, query: &str) -> Answer {
    let body = format!("query={}&time=6000&timeout=60s", encoded(query));
    ask(address, "POST", "/api/v1/query", &[("Content-Type", "application/x-www-form-urlencoded")], body.as_bytes())
}

#[test]
fn bombs() {
    let server = Setup::new().start_loaded();
    let many = |text: &str, n: usize| text.repeat(n);
    let bombs: [(&str, String, &[u16]); 14] = [
        ("parentheses", many("(", 100_000), &[400]),
        ("signs", many("-", 60_000) + "1", &[400]),
        ("nested sums", many("sum(", 10_000) + "x" + &many(")", 10_000), &[400]),
        ("arguments", format!("rate({})", many("x,", 20_000)), &[400]),
        ("a string of a mebibyte", format!("\"{}\"", many("a", 1 << 20)), &[400]),
        ("terms", "test_metric1".to_owned() + &many(" or x", 10_000), &[200]),
        ("a subquery", "vector(1)[10y:1ms]".to_owned(), &[422]),
        (
            "nested subqueries",
            "max_over_time(max_over_time(max_over_time(vector(1)[10y:1ms])[10y:1ms])[10y:1ms])".to_owned(),
            &[422, 503],
        ),
        ("counted values", "count_values(\"v\", {__name__=~\".+\"}[2h:1ms])".to_owned(), &[400]),
        ("topk", "topk(1e9, {__name__=~\".+\"})".to_owned(), &[200]),
        ("many to many", "{__name__=~\".+\"} * on () {__name__=~\".+\"}".to_owned(), &[422]),
        ("a regular expression that doubles", "{__name__=~\"(a*)*b\"}".to_owned(), &[200]),
        ("a regular expression that multiplies", "{__name__=~\"((.{1,1000}){1,1000}){1,1000}\"}".to_owned(), &[400]),
        ("a joined label that doubles", doubling(30), &[422]),
    ];
    for (name, query, statuses) in bombs {
        let answer = post(server.address, &query);
        let text: String = answer.text().chars().take(300).collect();
        assert!(statuses.contains(&answer.status), "{name}: {} {text}", answer.status);
        assert!(answer.json()["status"].is_string(), "{name}");
    }
    assert_eq!(server.counts.panics.get(), 0);
    assert_eq!(post(server.address, "1").status, 200, "it still answers");
}

/// `label_join` of a label with itself, again and again.
fn doubling(n: usize) -> String {
    let start = "label_replace(vector(1), \"l\", \"0123456789abcdef\", \"\", \"\")".to_owned();
    (0..n).fold(start, |inner, _| format!("label_join({inner}, \"l\", \"\", \"l\", \"l\")"))
}

#[test]
fn extreme_times() {
    let server = Setup::new().start_loaded();
    let check = |target: &str, status: u16| {
        let answer = get(server.address, target);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        assert!(answer.json()["status"].is_string());
    };
    let (min, max) = ("-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z");
    check(&format!("/api/v1/query?query=test_metric1&time={min}"), 200);
    check(&format!("/api/v1/query?query=test_metric1&time={max}"), 200);
    check(&format!("/api/v1/query?query=test_metric1[10y]%20offset%20-290y&time={max}"), 200);
    check(&format!("/api/v1/query?query=test_metric1%20offset%20290y&time={min}"), 200);
    check(&format!("/api/v1/query_range?query=test_metric1&start={min}&end={max}&step=1e9"), 400);
    check("/api/v1/query_range?query=test_metric1&start=9e15&end=9e15&step=9e9", 200);
    check(&format!("/api/v1/series?match[]=test_metric1&start={min}&end={max}"), 200);
    for target in ["query?query=test_metric1", "series?match[]=test_metric1", "labels?", "label/foo/values?"] {
        check(&format!("/api/v1/{target}&limit=1000000000000000000"), 200);
        check(&format!("/api/v1/{target}&limit=-1"), 400);
    }
}
