//! SIGKILL while budgets burn: afterwards they are the same to the event as those of a twin that was never killed.
//!
//! Two of us watch the same shop, which sells all the time, begins anew, is replaced by other versions, and fails in storms; a
//! sender writes the same samples to both, some of them late. One of the two is killed again and again. Whenever the shop
//! closes for a moment both must have counted what it has sold, exactly; what is sent, at every instant the same; and at any
//! instant of the past what the samples say that each of them keeps. Everybody is told of each storm and of its end, once.
//! `NARTHEX_BUDGET_KILLS` says how often is killed (default 5; 100 are some ten minutes).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Rng;
use model::rng::SeededRng;
use serde_json::Value;

use crate::exporter::Exporter;
use crate::narthex::{Narthex, free_address};
use crate::remote_write;
use crate::sales::{Shop, Sold, wait_until_scraped};
use crate::waiting::{LONGEST_WAIT, wait_until};
use crate::webhook::{Told, Webhook};

/// How long a slice is in which the queue must be short, in milliseconds.
const SLICE_MS: i64 = 2000;
/// The queue is short up to here.
const SHORT_QUEUE: f64 = 60.0;
/// How many instants of the past are looked at.
const N_INSTANTS: usize = 25;
/// How long both may take to have counted what has been committed.
const PATIENCE: Duration = Duration::from_secs(60);

const SLOS: &str = r#"
apiVersion: narthex/v1
kind: BurnRatePolicy
metadata: {name: fast}
spec:
  pairs: [{severity: page, factor: 2, long: 20s, short: 10s}]
  noData: {alertAfter: never, severity: page}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'orders_total{code="500"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'orders_total'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: accepted, targetPercent: 99.9}]
  alertPolicies: [{alertPolicyRef: fast}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: latency}
spec:
  service: shop
  indicator:
    metadata: {name: latency}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: 'order_seconds_bucket{le="0.5"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'order_seconds_count'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: fast, targetPercent: 90}]
  alertPolicies: []
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: queue}
spec:
  service: shop
  indicator:
    metadata: {name: queue}
    spec:
      thresholdMetric: {metricSource: {type: Prometheus, spec: {query: 'queue_length'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{displayName: short, op: lte, value: 60, targetPercent: 90, timeSliceTarget: 0.5, timeSliceWindow: 2s}]
  alertPolicies: []
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: parcels}
spec:
  service: shop
  indicator:
    metadata: {name: parcels}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'parcels_total{result="lost"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'parcels_total'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: delivered, targetPercent: 99}]
  alertPolicies: []
"#;

/// One of the two, with a webhook of its own.
struct Watcher {
    dir: tempfile::TempDir,
    address: std::net::SocketAddr,
    exporter: Exporter,
    webhook: Webhook,
    narthex: Narthex,
}

impl Watcher {
    fn start(shop: &Shop) -> Watcher {
        let (exporter, webhook) = (shop.exporter(), Webhook::start());
        let dir = tempfile::tempdir().unwrap();
        configure(dir.path(), &exporter, &webhook);
        let address = free_address();
        let narthex = Narthex::start(dir.path(), address, &[]);
        Watcher { dir, address, exporter, webhook, narthex }
    }

    /// SIGKILL, at times while it says goodbye; something happens while it is gone.
    fn kill(self, while_stopping: Option<Duration>, happens: impl FnOnce()) -> Watcher {
        let Watcher { dir, address, exporter, webhook, narthex } = self;
        if let Some(while_stopping) = while_stopping {
            narthex.signal("TERM");
            std::thread::sleep(while_stopping);
        }
        narthex.kill();
        happens();
        let narthex = Narthex::start(dir.path(), address, &[]);
        Watcher { dir, address, exporter, webhook, narthex }
    }

    fn slo(&self, id: &str, at_ms: Option<i64>) -> Value {
        let time = at_ms.map_or_else(String::new, |at_ms| format!("?time={:.3}", at_ms as f64 / 1000.0));
        self.narthex.api(&format!("/api/v1/slos/{id}{time}"))
    }

    /// Good, bad and all events or slices of an objective.
    fn counts(&self, id: &str, at_ms: Option<i64>) -> [f64; 3] {
        let slo = self.slo(id, at_ms);
        ["good", "bad", "total"].map(|name| slo[name].as_f64().unwrap_or_else(|| panic!("{slo}")))
    }

    /// Waits until it has counted what it must have; says what it has otherwise.
    fn check(&self, id: &str, at_ms: Option<i64>, want: [f64; 3], when: &str) {
        let started = Instant::now();
        while self.counts(id, at_ms) != want && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(self.counts(id, at_ms), want, "good, bad and all of {id} {when}");
    }

    /// Labels and beginnings of what fires.
    fn firing(&self) -> BTreeSet<String> {
        let data = self.narthex.api("/api/v1/alerts");
        let firing = data["alerts"].as_array().unwrap().iter().filter(|alert| alert["state"] == "firing");
        firing.map(|alert| format!("{} since {}", alert["labels"], alert["activeAt"])).collect()
    }

    fn samples(&self, selector: &str) -> BTreeMap<String, Samples> {
        let parsed = |(at_ms, value): (i64, String)| (at_ms, value.parse::<f64>().unwrap());
        let series = self.narthex.samples(selector).into_iter();
        series.map(|(labels, samples)| (labels.to_string(), samples.into_iter().map(parsed).collect())).collect()
    }
}

fn configure(dir: &Path, target: &Exporter, webhook: &Webhook) {
    let prometheus = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
         narthex: {{alertmanager_config_file: alertmanager.yml, slo_files: [slo.yml], self_alerts: false}}\n\
         scrape_configs:\n- job_name: shop\n  static_configs: [{{targets: ['{}']}}]\n",
        target.address
    );
    let alertmanager = format!(
        "route: {{receiver: hook, group_by: [slo], group_wait: 100ms, group_interval: 300ms, repeat_interval: 1h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{}/'}}]}}]\n",
        webhook.address
    );
    std::fs::write(dir.join("prometheus.yml"), prometheus).unwrap();
    std::fs::write(dir.join("alertmanager.yml"), alertmanager).unwrap();
    std::fs::write(dir.join("slo.yml"), SLOS).unwrap();
}

/// Values of a series by their times.
type Samples = BTreeMap<i64, f64>;

/// What counters grew by up to a time, sample by sample: what was less than before began anew. `first` says whether a series
/// that begins at some time began at zero.
fn grown<'s>(series: impl Iterator<Item = &'s Samples>, at_ms: i64, first: impl Fn(i64) -> bool) -> f64 {
    let of_series = |samples: &Samples| {
        let (mut grown, mut last) = (0.0, None);
        for (&sample_ms, &value) in samples.range(..=at_ms) {
            grown += match last {
                Some(last) if value >= last => value - last,
                Some(_) => value,
                None if first(sample_ms) => value,
                None => 0.0,
            };
            last = Some(value);
        }
        grown
    };
    series.map(of_series).sum()
}

/// The sender of parcels: counters that both are sent, with what was held back.
struct Sender {
    rng: SeededRng,
    newest_ms: i64,
    values: [f64; 2],
    sent: [Samples; 2],
    held_back: Vec<(usize, i64, f64)>,
}

const RESULTS: [&str; 2] = ["delivered", "lost"];

impl Sender {
    fn new(seed: u64) -> Sender {
        let (sent, held_back) = (Default::default(), Vec::new());
        Sender { rng: SeededRng::new(seed), newest_ms: 0, values: [0.0; 2], sent, held_back }
    }

    /// Sends some samples of each series to both, who must acknowledge them. Some are held back until a later time.
    fn send(&mut self, watchers: [&Watcher; 2]) {
        let mut sending = if self.rng.below(3) == 0 { std::mem::take(&mut self.held_back) } else { Vec::new() };
        for _ in 0..1 + self.rng.below(3) {
            self.newest_ms = now_ms().max(self.newest_ms + 1);
            for (series, value) in self.values.iter_mut().enumerate() {
                *value = if self.rng.below(10) == 0 { 0.0 } else { *value } + self.rng.below(50) as f64;
                let is_held_back = !self.sent[series].is_empty() && self.rng.below(4) == 0;
                let to = if is_held_back { &mut self.held_back } else { &mut sending };
                to.push((series, self.newest_ms, *value));
            }
        }
        for (series, at_ms, value) in sending {
            let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let labels = [("__name__", "parcels_total"), ("result", RESULTS[series])].map(pair).to_vec();
            for watcher in watchers {
                let status = remote_write::send(watcher.address, &[(labels.clone(), vec![(at_ms, value)])]).unwrap();
                assert!((200..300).contains(&status), "{status}");
            }
            self.sent[series].insert(at_ms, value);
        }
    }

    /// Good, bad and all at an instant. Nobody knows whether the first values began at zero.
    fn counts(&self, at_ms: i64) -> [f64; 3] {
        let [good, bad] = [0, 1].map(|series| grown(std::iter::once(&self.sent[series]), at_ms, |_| false));
        [good, bad, good + bad]
    }

    /// Instants from the first sample on.
    fn instants(&mut self) -> Vec<i64> {
        let first_ms = *self.sent[0].keys().next().unwrap();
        let length = (self.newest_ms - first_ms) as u64;
        (0..N_INSTANTS).map(|_| first_ms + self.rng.below(length) as i64).collect()
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// Good, bad and all of what was sold, as the two objectives count it.
fn of_orders(sold: Sold) -> [f64; 3] {
    [sold.all - sold.failed, sold.failed, sold.all].map(|n| n as f64)
}

fn of_latency(sold: Sold) -> [f64; 3] {
    [sold.all - sold.slow, sold.slow, sold.all].map(|n| n as f64)
}

/// The two, and what happens to them.
struct Stage {
    shop: Shop,
    sender: Sender,
    twin: Watcher,
    is_storm: bool,
    /// Storms that began and ended, as they must be told.
    made: Vec<bool>,
}

impl Stage {
    fn new(seed: u64) -> (Stage, Watcher) {
        let shop = Shop::build(seed);
        let (twin, killed) = (Watcher::start(&shop), Watcher::start(&shop));
        // What was sold before anybody looked is not counted: so nothing is sold before.
        wait_until_scraped(&[&twin.exporter, &killed.exporter]);
        shop.open();
        (Stage { shop, sender: Sender::new(seed), twin, is_storm: false, made: Vec::new() }, killed)
    }

    fn turn(&mut self) {
        self.is_storm = !self.is_storm;
        self.made.push(self.is_storm);
        self.shop.set_storm(self.is_storm);
    }

    /// Closes the shop for a moment: both must have counted all that it has sold.
    fn settle(&self, killed: &Watcher, when: &str) {
        let sold = self.shop.close();
        wait_until_scraped(&[&self.twin.exporter, &killed.exporter]);
        for (watcher, who) in [(&self.twin, "twin"), (killed, "killed")] {
            let when = format!("of the {who} {when}");
            watcher.check("orders", None, of_orders(sold), &when);
            watcher.check("latency", None, of_latency(sold), &when);
            let sent_ms = self.sender.newest_ms;
            watcher.check("parcels", Some(sent_ms), self.sender.counts(sent_ms), &when);
            let left = watcher.slo("orders", None)["budget"]["remaining_ratio"].as_f64().unwrap();
            let want = 1.0 - sold.failed as f64 * 1000.0 / sold.all as f64;
            assert!(
                (left - want).abs() <= 1e-9 * want.abs().max(1.0),
                "{left} of the budget is left {when}, not {want}"
            );
        }
        let budget = |watcher: &Watcher| watcher.slo("orders", None)["budget"].take();
        assert_eq!(budget(killed), budget(&self.twin), "{when}");
    }

    /// Closes the shop, replaces it or has it begin anew, and opens it again.
    fn renew(&mut self, killed: &Watcher, when: &str) {
        self.settle(killed, when);
        if self.sender.rng.below(2) == 0 {
            self.shop.replace();
        } else {
            self.shop.restart();
            // One that has sold more than before when somebody looks has not begun anew, as far as can be seen.
            wait_until_scraped(&[&self.twin.exporter, &killed.exporter]);
        }
        self.shop.open();
    }

    fn wait_until_told(&self, killed: &Watcher) {
        for watcher in [&self.twin, killed] {
            let is_storm = self.is_storm;
            let is_told = |told: &Told| told.is_firing == is_storm;
            watcher.webhook.wait_until(LONGEST_WAIT, |told| last(told).map_or(!is_storm, is_told));
        }
    }

    /// One kill, and what surrounds it.
    fn cycle(&mut self, number: u64, killed: Watcher) -> Watcher {
        let when = format!("before kill {number}");
        let has_turned = number.is_multiple_of(4);
        if has_turned {
            self.turn();
        }
        if number % 4 == 2 {
            self.renew(&killed, &when);
        }
        std::thread::sleep(Duration::from_millis(300 + self.sender.rng.below(2700)));
        let is_replaced = number % 4 == 3;
        if is_replaced {
            self.settle(&killed, &when);
        }
        self.sender.send([&self.twin, &killed]);
        let while_stopping = self.sender.rng.below(3) == 0;
        let while_stopping = while_stopping.then(|| Duration::from_millis(self.sender.rng.below(300)));
        let before = killed.firing();
        let killed = killed.kill(while_stopping, || {
            if is_replaced {
                self.shop.replace();
                self.shop.open();
            }
        });
        if has_turned {
            self.wait_until_told(&killed);
        } else {
            assert_eq!(killed.firing(), before, "after kill {number}");
        }
        killed
    }

    /// At any instant of the past both say what the samples say that they keep.
    fn check_past(&mut self, killed: &Watcher) {
        let instants = self.sender.instants();
        for (watcher, who) in [(&self.twin, "twin"), (killed, "killed")] {
            let (orders, queue) = (watcher.samples("orders_total"), watcher.samples("queue_length"));
            let first_scrape_ms = *queue.values().filter_map(|samples| samples.keys().next()).min().unwrap();
            for &at_ms in &instants {
                let when = format!("at {at_ms} of the {who}");
                let of_code = |code: &str| {
                    let code = format!("\"code\":\"{code}\"");
                    let series = orders.iter().filter(|(labels, _)| labels.contains(&code)).map(|(_, samples)| samples);
                    grown(series, at_ms, |sample_ms| sample_ms > first_scrape_ms)
                };
                let (good, bad) = (of_code("200"), of_code("500"));
                watcher.check("orders", Some(at_ms), [good, bad, good + bad], &when);
                watcher.check("queue", Some(at_ms), slices(queue.values(), at_ms), &when);
                watcher.check("parcels", Some(at_ms), self.sender.counts(at_ms), &when);
            }
        }
    }
}

/// Good, bad and all slices that have ended by an instant: good ones are those in which the queue was short half of the time.
fn slices<'s>(series: impl Iterator<Item = &'s Samples>, at_ms: i64) -> [f64; 3] {
    let mut slices: BTreeMap<i64, (u32, u32)> = BTreeMap::new();
    for (&sample_ms, &value) in series.flatten() {
        let end_ms = -(-sample_ms).div_euclid(SLICE_MS) * SLICE_MS;
        let (n_short, n_samples) = slices.entry(end_ms).or_default();
        *n_short += u32::from(value <= SHORT_QUEUE);
        *n_samples += 1;
    }
    let ended = || slices.range(..=at_ms).map(|(_, slice)| slice);
    let n_good = ended().filter(|(n_short, n_samples)| 2 * n_short >= *n_samples).count() as f64;
    let n_all = ended().count() as f64;
    [n_good, n_all - n_good, n_all]
}

/// The newest that was told of the budget.
fn last(told: &[Told]) -> Option<&Told> {
    told.iter().rev().find(|told| told.name == "SLOBurnRate")
}

/// What was told of the budget, each id once, and how often an id came again.
fn distinct(told: &[Told]) -> (Vec<bool>, usize) {
    let (mut ids, mut transitions, mut n_repeated) = (BTreeSet::new(), Vec::new(), 0);
    for told in told.iter().filter(|told| told.name == "SLOBurnRate") {
        if ids.insert(&told.id) {
            transitions.push(told.is_firing);
        } else {
            n_repeated += 1;
        }
    }
    (transitions, n_repeated)
}

#[test]
fn after_kills_budgets_are_those_of_a_twin_to_the_event() {
    let n_kills: u64 = std::env::var("NARTHEX_BUDGET_KILLS").map_or(5, |text| text.parse().unwrap());
    let seed = crate::seed();
    println!("{n_kills} kills, seed {seed}");
    let (mut stage, mut killed) = Stage::new(seed);
    for number in 0..n_kills {
        killed = stage.cycle(number, killed);
    }
    stage.sender.send([&stage.twin, &killed]);
    if stage.is_storm {
        stage.turn();
        stage.wait_until_told(&killed);
    }
    stage.settle(&killed, "at the end");
    stage.check_past(&killed);
    for (watcher, who) in [(&stage.twin, "twin"), (&killed, "killed")] {
        wait_until("nothing fires any more", || watcher.firing().is_empty());
        let (told, n_repeated) = distinct(&watcher.webhook.told());
        assert_eq!(told, stage.made, "what the {who} told is what happened");
        assert!(n_repeated as u64 <= n_kills, "{n_repeated} repetitions in {n_kills} kills");
        println!("the {who}: {} storms and ends told, {n_repeated} of them again", told.len());
    }
    let sold = stage.shop.close();
    println!(
        "{} orders, {} failed, {} slow; {:?} parcels",
        sold.all,
        sold.failed,
        sold.slow,
        stage.sender.counts(i64::MAX)
    );
}
