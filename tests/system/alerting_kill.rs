//! SIGKILL while alerts fire and end: nobody is told less than without it, and nothing twice that can be told apart.
//!
//! A target says which of its alerts fire; a rule for each turns that into alerts; a webhook writes down what it is told,
//! with the ids. Between kills the test changes what fires, and waits until the webhook knows. `NARTHEX_CYCLES` says how
//! often (default 50).

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Rng;
use model::rng::SeededRng;

use crate::exporter::Exporter;
use crate::http;
use crate::narthex::{Narthex, free_address};
use crate::webhook::{Told, Webhook};

const N_ALERTS: u64 = 8;
/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const RULES: &str = "
groups:
  - name: lamps
    interval: 200ms
    rules:
      - {alert: Lamp, expr: lamp > 0, labels: {severity: page}}
";

/// A target with a lamp for each alert: it fires while the lamp's bit is set.
fn lamps() -> (Exporter, Arc<AtomicU64>) {
    let bits = Arc::new(AtomicU64::new(0));
    let of_target = Arc::clone(&bits);
    let body = move |_| {
        let bits = of_target.load(Ordering::SeqCst);
        (0..N_ALERTS).map(|lamp| format!("lamp{{lamp=\"{lamp}\"}} {}\n", bits >> lamp & 1)).collect()
    };
    (Exporter::serving(body), bits)
}

fn configure(dir: &std::path::Path, target: SocketAddr, webhook: SocketAddr) {
    let prometheus = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
         rule_files: [rules.yml]\nnarthex: {{alertmanager_config_file: alertmanager.yml}}\n\
         scrape_configs:\n- job_name: lamps\n  static_configs: [{{targets: ['{target}']}}]\n"
    );
    let alertmanager = format!(
        "route: {{receiver: hook, group_by: [lamp], group_wait: 100ms, group_interval: 300ms, repeat_interval: 1h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{webhook}/'}}]}}]\n"
    );
    std::fs::write(dir.join("prometheus.yml"), prometheus).unwrap();
    std::fs::write(dir.join("alertmanager.yml"), alertmanager).unwrap();
    std::fs::write(dir.join("rules.yml"), RULES).unwrap();
}

#[test]
fn nothing_is_lost_and_nothing_repeated_that_can_be_told_apart() {
    let n_cycles: u64 = std::env::var("NARTHEX_CYCLES").map_or(50, |text| text.parse().unwrap());
    let seed = crate::seed();
    println!("{n_cycles} cycles, seed {seed}");
    let mut rng = SeededRng::new(seed);
    let dir = tempfile::tempdir().unwrap();
    let (target, bits) = lamps();
    let webhook = Webhook::start();
    configure(dir.path(), target.address, webhook.address);
    let address = free_address();
    let mut silences = BTreeSet::new();
    // Each lamp's transitions, as the test made them.
    let mut made: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    let mut narthex = Narthex::start(dir.path(), address, &[]);
    for cycle in 0..n_cycles {
        let lamp = rng.below(N_ALERTS);
        bits.fetch_xor(1 << lamp, Ordering::SeqCst);
        let is_on = bits.load(Ordering::SeqCst) >> lamp & 1 == 1;
        made.entry(lamp.to_string()).or_default().push(is_on);
        silences.insert(add_silence(narthex.address, cycle));
        // At any moment on the way from the target to the webhook.
        std::thread::sleep(Duration::from_millis(rng.below(900)));
        narthex.kill();
        narthex = Narthex::start(dir.path(), address, &[]);
        webhook.wait_until(PATIENCE, |told| knows(told, &lamp.to_string(), is_on));
    }
    let mut told = webhook.told();
    // Of a disk that is nearly full narthex tells too.
    told.retain(|told| told.name == "Lamp");
    let distinct = distinct(&told);
    assert_eq!(transitions(&distinct), made, "what was told is what happened");
    let n_more = told.len() - distinct.len();
    assert!(n_more as u64 <= n_cycles, "{n_more} repetitions in {n_cycles} kills");
    let kept = silence_ids(narthex.address);
    assert!(silences.is_subset(&kept), "silences that were acknowledged are all there");
    println!(
        "{} transitions, {} told, {} of them distinct; {} silences",
        made.values().map(Vec::len).sum::<usize>(),
        told.len(),
        distinct.len(),
        silences.len()
    );
}

/// Whether the webhook has been told last that a lamp is on, or off.
fn knows(told: &[Told], lamp: &str, is_on: bool) -> bool {
    told.iter().rev().find(|told| told.lamp == lamp).map_or(!is_on, |told| told.is_firing == is_on)
}

/// What was told, each id once, in order.
fn distinct(told: &[Told]) -> Vec<&Told> {
    let mut ids = BTreeSet::new();
    told.iter().filter(|told| ids.insert(&told.id)).collect()
}

fn transitions(told: &[&Told]) -> BTreeMap<String, Vec<bool>> {
    let mut transitions: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for told in told {
        transitions.entry(told.lamp.clone()).or_default().push(told.is_firing);
    }
    transitions
}

/// A silence that matches nothing; the id that it was acknowledged with.
pub(crate) fn add_silence(address: SocketAddr, cycle: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ends = jiff::Timestamp::from_second(now.as_secs() as i64 + 86_400).unwrap();
    let starts = jiff::Timestamp::from_second(now.as_secs() as i64).unwrap();
    let body = serde_json::json!({
        "matchers": [{"name": "nothing", "value": cycle.to_string(), "isRegex": false, "isEqual": true}],
        "startsAt": starts.to_string(), "endsAt": ends.to_string(), "createdBy": "test", "comment": "kept",
    });
    let headers = [("Content-Type", "application/json")];
    let body = body.to_string();
    let answer = http::request(address, "POST", "/api/v2/silences", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["silenceID"].as_str().unwrap().to_owned()
}

/// The silences that there are.
pub(crate) fn silence_ids(address: SocketAddr) -> BTreeSet<String> {
    let all = http::get(address, "/api/v2/silences").unwrap().json();
    all.as_array().unwrap().iter().map(|silence| silence["id"].as_str().unwrap().to_owned()).collect()
}
