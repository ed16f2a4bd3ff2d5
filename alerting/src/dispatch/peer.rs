//! Alertmanager's acceptance scenarios on a real Alertmanager 0.34 in real time, beside narthex on its virtual clock: to each
//! collector the same batches, in the same order, with the same content, field by field.
//!
//! All scenarios run at once, each on a process of its own; the longest takes 13 seconds. On a busy machine something may
//! come so late that other things happen: a scenario differs where it does so in every one of a few runs.
//!
//! Needs the peers (`tests/peers/build alertmanager`) in the directory that `NARTHEX_PEERS` names, as CI does; where it
//! names none the test says that it was left out.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use tokio::sync::Barrier;
use tokio::time::{Instant, sleep, sleep_until};

use super::acceptance::{Act, LEFT_OUT, START_MS, acts, end_s, play, seconds};
use super::test_kit::{Received, World};
use crate::receivers::tests::fixture::{attempt, receiver};
use crate::receivers::tests::peer::Alertmanager;
use crate::receivers::tests::sink::{Asked, Reply, Sink};
use crate::suites::{list, suite, text};

/// How often a scenario may run until it is the same.
const MAX_RUNS: usize = 4;
/// When what fires ends.
const NEVER: &str = "0001-01-01T00:00:00Z";
/// How long is waited for what comes at no time in particular.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who is told by tries with random waits between them: their batches come at no time in particular.
const TRIED_AGAIN: [&str; 2] = ["TestRetry", "TestWebhookTimeout"];

/// A webhook that came.
#[derive(Clone, Debug)]
struct Came {
    /// After the start.
    at_ms: i64,
    /// What it said of alerts, with their times taken out.
    said: Json,
    /// When its alerts start and end after the start; nothing for what does not end.
    times_ms: Vec<Option<i64>>,
}

impl Came {
    fn new(at_ms: i64, body: &str, start_ms: i64) -> Came {
        let mut said: Json = serde_json::from_str(body).unwrap();
        let mut times_ms = Vec::new();
        for alert in said["alerts"].as_array_mut().unwrap() {
            for field in ["startsAt", "endsAt"] {
                let time = alert[field].take();
                let time = time.as_str().filter(|time| *time != NEVER).map(|time| time.parse::<Timestamp>().unwrap());
                times_ms.push(time.map(|time| time.as_millisecond() - start_ms));
            }
        }
        Came { at_ms, said, times_ms }
    }

    /// Whether another says the same, but for what came a little later.
    fn is_as(&self, other: &Came, tolerance_ms: i64) -> bool {
        let is_near = |(one, other): (&Option<i64>, &Option<i64>)| match (one, other) {
            (Some(one), Some(other)) => (one - other).abs() <= tolerance_ms,
            (one, other) => one == other,
        };
        self.said == other.said
            && self.times_ms.len() == other.times_ms.len()
            && self.times_ms.iter().zip(&other.times_ms).all(is_near)
    }
}

/// What each collector was told, in order.
type Told = Vec<Vec<Came>>;

/// When the peer was ready, by both clocks.
#[derive(Clone, Copy, Debug)]
struct Start {
    at: Instant,
    at_ms: i64,
}

/// A place where the peer's webhooks come in.
struct Collector {
    sink: Sink,
    came: Arc<Mutex<Vec<(i64, String)>>>,
}

impl Collector {
    /// The collector of one integration of a scenario. Before the start nothing comes.
    async fn start(name: String, index: usize, start: Arc<OnceLock<Start>>) -> Collector {
        let came = Arc::new(Mutex::new(Vec::new()));
        let for_sink = Arc::clone(&came);
        let answer = move |asked: &Asked| {
            let at = start.get().map_or(Duration::ZERO, |start| start.at.elapsed());
            if name == "TestRetry" && index == 1 && at < Duration::from_millis(4500) {
                return Reply(500, String::new(), String::new());
            }
            if name == "TestWebhookTimeout" && at < Duration::from_secs(3) {
                tokio::task::block_in_place(|| std::thread::sleep(Duration::from_secs(1)));
                return Reply(500, String::new(), String::new());
            }
            for_sink.lock().push((i64::try_from(at.as_millis()).unwrap(), asked.body.clone()));
            Reply(200, String::new(), String::new())
        };
        Collector { sink: Sink::start(answer).await, came }
    }
}

/// What narthex tells, as its webhooks say it.
async fn ours(world: &World, n_collectors: usize) -> Told {
    let sink = Sink::start(|_| Reply(200, String::new(), String::new())).await;
    let file = "receivers: [{name: any, webhook_configs: [{url: 'http://SINK/'}]}]";
    let receiver = receiver(file, &sink.address);
    let (_, _, config) = receiver.integrations().next().unwrap();
    let mut told = Vec::new();
    for index in 0..n_collectors {
        let mut came = Vec::new();
        for Received { at_ms, notification } in world.received_by(index) {
            let sent = attempt(config, notification).await.unwrap();
            came.push(Came::new(at_ms - START_MS, &sent.body, START_MS));
        }
        told.push(came);
    }
    told
}

/// What the peer tells, in real time, of as many as `wanted` tells. Processes that are started wait for one another.
async fn theirs(scenario: &Json, wanted: &Told, others: Option<&Barrier>) -> Told {
    let name = text(&scenario["name"]);
    let flags: Vec<&str> = list(&scenario["flags"]).iter().map(text).collect();
    let start = Arc::new(OnceLock::new());
    let mut yaml = text(&scenario["config_template"]).to_owned();
    let mut collectors = Vec::new();
    while yaml.contains("%s") {
        let collector = Collector::start(name.to_owned(), collectors.len(), Arc::clone(&start)).await;
        yaml = yaml.replacen("%s", &format!("{}/", collector.sink.address), 1);
        collectors.push(collector);
    }
    let begin = || tokio::task::block_in_place(|| Alertmanager::start(&yaml, &flags)).unwrap();
    // A delay after the start of the process begins with the process.
    let early = flags.is_empty().then(begin);
    if let Some(others) = others {
        others.wait().await;
    }
    let peer = early.unwrap_or_else(begin);
    let begun = *start.get_or_init(|| Start { at: Instant::now(), at_ms: Timestamp::now().as_millisecond() });
    let mut silences = BTreeMap::new();
    for (at_s, act) in acts(scenario) {
        sleep_until(begun.at + Duration::from_secs_f64(at_s)).await;
        act_on(&peer, &act, begun.at_ms, &mut silences).await;
    }
    if TRIED_AGAIN.contains(&name) {
        let has_come =
            || collectors.iter().zip(wanted).all(|(collector, want)| collector.came.lock().len() >= want.len());
        while !has_come() && begun.at.elapsed() < PATIENCE {
            sleep(Duration::from_millis(50)).await;
        }
    } else {
        sleep_until(begun.at + Duration::from_secs_f64(end_s(scenario))).await;
    }
    let came = |collector: Collector| {
        let came = std::mem::take(&mut *collector.came.lock());
        came.into_iter().map(|(at_ms, body)| Came::new(at_ms, &body, begun.at_ms)).collect()
    };
    collectors.into_iter().take(wanted.len()).map(came).collect()
}

async fn act_on(peer: &Alertmanager, act: &Act<'_>, start_ms: i64, silences: &mut BTreeMap<String, String>) {
    let time = |after_s: &Json| {
        let at_ms = start_ms + (seconds(after_s) * 1000.0).round() as i64;
        Timestamp::from_millisecond(at_ms).unwrap().to_string()
    };
    match act {
        Act::Push(alerts) => {
            let pushed = |alert: &Json| {
                let mut out = json!({"labels": alert["labels"]});
                for (from, to) in [("starts_at", "startsAt"), ("ends_at", "endsAt")] {
                    if !alert[from].is_null() {
                        out[to] = time(&alert[from]).into();
                    }
                }
                if !alert["annotations"].is_null() {
                    out["annotations"] = alert["annotations"].clone();
                }
                out
            };
            peer.ask(Method::POST, "/api/v2/alerts", &alerts.iter().map(pushed).collect()).await;
        }
        Act::Silence(silence) => {
            let matcher = |matcher: &Json| {
                let op = text(&matcher["type"]);
                json!({
                    "name": matcher["name"], "value": matcher["value"],
                    "isRegex": op.ends_with('~'), "isEqual": op.starts_with('='),
                })
            };
            let body = json!({
                "matchers": list(&silence["matchers"]).iter().map(matcher).collect::<Json>(),
                "startsAt": time(&silence["silence"]["starts_at"]), "endsAt": time(&silence["silence"]["ends_at"]),
                "createdBy": "test", "comment": "",
            });
            let answer = peer.ask(Method::POST, "/api/v2/silences", &body).await;
            let answer: Json = serde_json::from_str(&answer).unwrap();
            silences.insert(silence["matchers"].to_string(), text(&answer["silenceID"]).to_owned());
        }
        Act::Delete(silence) => {
            let id = &silences[&silence["matchers"].to_string()];
            peer.ask(Method::DELETE, &format!("/api/v2/silence/{id}"), &Json::Null).await;
        }
        Act::Reload => {
            peer.ask(Method::POST, "/-/reload", &Json::Null).await;
        }
    }
}

/// How both differ, if they do.
fn difference(ours: &Told, theirs: &Told, tolerance_ms: i64) -> Option<String> {
    let is_same = |(ours, theirs): (&Vec<Came>, &Vec<Came>)| {
        ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(one, other)| one.is_as(other, tolerance_ms))
    };
    let is_same = ours.len() == theirs.len() && ours.iter().zip(theirs).all(is_same);
    (!is_same).then(|| format!("narthex: {ours:#?}\nAlertmanager: {theirs:#?}"))
}

/// Runs a scenario on both until they do the same; what to say of it, or how they differ.
async fn compare(scenario: Json, others: Arc<Barrier>) -> Result<String, String> {
    let name = text(&scenario["name"]);
    let n_collectors = scenario["want"].as_object().unwrap().len();
    let ours = ours(&play(&scenario), n_collectors).await;
    let tolerance_ms = (seconds(&scenario["tolerance_s"]) * 1000.0) as i64;
    let mut last = String::new();
    for run in 1..=MAX_RUNS {
        let theirs = theirs(&scenario, &ours, (run == 1).then_some(&*others)).await;
        match difference(&ours, &theirs, tolerance_ms) {
            None => {
                let pairs = ours.iter().flatten().zip(theirs.iter().flatten());
                let apart_ms = pairs.map(|(ours, theirs)| (ours.at_ms - theirs.at_ms).abs()).max().unwrap_or_default();
                let n_batches: usize = ours.iter().map(Vec::len).sum();
                return Ok(format!("{name}: {n_batches} batches, at most {apart_ms} ms apart, run {run}"));
            }
            Some(difference) => last = format!("{name}: {difference}"),
        }
    }
    Err(last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 32)]
async fn a_peer_tells_the_same_in_real_time() {
    let Some(suite) = suite("acceptance.json") else { return };
    if std::env::var_os("NARTHEX_PEERS").is_none() {
        return println!("left out: NARTHEX_PEERS does not say where alertmanager is");
    }
    let all = list(&suite["scenarios"]).iter().filter(|scenario| text(&scenario["name"]) != LEFT_OUT);
    let all: Vec<Json> = all.cloned().collect();
    assert_eq!(all.len(), 16);
    let barrier = Arc::new(Barrier::new(all.len()));
    let running: Vec<_> = all.into_iter().map(|one| tokio::spawn(compare(one, Arc::clone(&barrier)))).collect();
    let mut differences = Vec::new();
    for task in running {
        match task.await.unwrap() {
            Ok(said) => println!("{said}"),
            Err(difference) => differences.push(difference),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
