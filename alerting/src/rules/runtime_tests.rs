//! Rules at work on a virtual clock: slots, reloads, restarts, clocks that jump, disks that fail.

use std::path::Path;
use std::sync::Arc;

use journal::Disk;
use journal::testkit::{Fault, MemoryDisk};
use model::Clock;
use model::Labels;
use model::storage::{Append, Select};
use parking_lot::Mutex;

use super::testkit::{Bench, groups};
use super::*;

/// Remembers what it is told, as `TIME NAME LABELS STATE`.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<String>>);

impl AlertSink for Heard {
    fn take(&self, now_ms: i64, alerts: &[RuleAlert]) {
        let told = alerts.iter().map(|RuleAlert { alert, .. }| {
            let state = alert.ends_at_ms.map_or("firing".to_owned(), |ended_ms| format!("over {}", ended_ms / 1000));
            format!("{} {} since {} {state}", now_ms / 1000, alert.labels, alert.starts_at_ms / 1000)
        });
        self.0.lock().extend(told);
    }
}

/// From when on all is fresh, as it is told.
#[derive(Debug)]
struct ToldFreshness(Mutex<i64>);

impl Freshness for ToldFreshness {
    fn is_fresh(&self, _: &Labels, at_ms: i64) -> bool {
        *self.0.lock() <= at_ms
    }
}

/// Rules over a bench, which may be killed and started again.
#[derive(Debug)]
struct Run {
    rules: Rules,
    heard: Arc<Heard>,
    freshness: Arc<ToldFreshness>,
}

impl Run {
    fn start(bench: &Bench, disk: &MemoryDisk, text: &str) -> Run {
        let freshness = Arc::new(ToldFreshness(Mutex::new(i64::MIN)));
        let rules = Rules::open(RulesOptions {
            disk: Arc::new(disk.clone()) as Arc<dyn Disk>,
            dir: Path::new("data/alerting/rules").to_owned(),
            salt: 7,
            clock: Arc::clone(&bench.clock) as Arc<dyn Clock>,
            engine: Arc::clone(&bench.engine),
            select: Arc::clone(&bench.store) as Arc<dyn Select>,
            append: Arc::clone(&bench.store) as Arc<dyn Append>,
            freshness: Arc::clone(&freshness) as Arc<dyn Freshness>,
            external_url: "http://here".to_owned(),
            resend_delay_ms: 60_000,
            outage_tolerance_ms: 3_600_000,
        })
        .unwrap();
        let heard = Arc::new(Heard::default());
        rules.add_sink(Arc::clone(&heard) as Arc<dyn AlertSink>);
        rules.apply(groups(text), &Labels::empty());
        Run { rules, heard, freshness }
    }

    /// Lets time pass in steps of a second.
    fn until(&self, bench: &Bench, from_s: i64, to_s: i64) -> Vec<String> {
        for second in from_s..=to_s {
            bench.clock.set(second * 1000);
            self.rules.evaluate_due();
        }
        std::mem::take(&mut self.heard.0.lock())
    }

    /// All instances, as `LABELS STATE since ACTIVE fired FIRED keep SINCE`.
    fn instances(&self) -> Vec<String> {
        let groups = self.rules.groups(true);
        let rules = groups.iter().flat_map(|group| &group.rules);
        let alerts = rules.flat_map(|rule| match &rule.kind {
            RuleKind::Alerting(alerting) => alerting.alerts.clone(),
            RuleKind::Recording => Vec::new(),
        });
        let shown = |alert: Instance| {
            let seconds = |ms: Option<i64>| ms.map_or("-".to_owned(), |ms| (ms / 1000).to_string());
            let (fired, keep) = (seconds(alert.fired_at_ms), seconds(alert.keep_firing_since_ms));
            format!("{} {} {} {fired} {keep}", alert.labels, alert.state.as_str(), alert.active_at_ms / 1000)
        };
        alerts.map(shown).collect()
    }
}

/// Where the only group of [`file`] has its slots, in seconds: for an interval of 10 s.
fn offset_s(text: &str) -> i64 {
    groups(text)[0].slots().after(0) / 1000 + 1
}

fn file(rules: &str) -> String {
    format!("groups:\n- name: g\n  interval: 10s\n  rules:\n{rules}")
}

/// `a` has a value each 10 s.
fn load(bench: &Bench, values: &str) {
    bench.load(10_000, &format!("a {values}"));
}

#[test]
fn groups_are_evaluated_once_a_slot_and_what_is_late_is_counted() {
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "1x100");
    let run = Run::start(&bench, &disk, &file("  - {record: b, expr: a}\n"));
    let status = || run.rules.groups(false).remove(0);
    run.until(&bench, 0, 99);
    assert_eq!((status().n_iterations, status().n_missed), (10, 0));
    // An hour's jump: no evaluation is caught up.
    let before = status().last_slot_ms.unwrap();
    run.until(&bench, 3700, 3700);
    assert_eq!((status().n_iterations, status().n_missed), (10 + 360, 359));
    assert_eq!((status().last_slot_ms.unwrap() - before) % 10_000, 0);
    assert_eq!(status().n_evaluations, 11);
    // An hour back: evaluations go on at once, one a slot.
    run.until(&bench, 100, 149);
    assert_eq!(status().n_evaluations, 16);
    assert!(status().last_slot_ms.unwrap() <= 149_000);
}

#[test]
fn for_is_measured_on_slots_when_the_clock_is_set_back() {
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "1x1000");
    let run = Run::start(&bench, &disk, &file("  - {alert: b, expr: a, for: 60s}\n"));
    run.until(&bench, 4000, 4029);
    run.until(&bench, 400, 419);
    assert!(run.instances()[0].contains("pending"), "{:?}", run.instances());
    let told = run.until(&bench, 420, 449);
    assert_eq!(told.len(), 1, "{told:?} {:?}", run.instances());
    assert_eq!(run.rules.metrics().set_back.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[test]
fn a_restart_changes_nothing() {
    let rules = "  - {alert: short, expr: a > 1, for: 20s}\n  - {alert: long, expr: a > 1, for: 20m}\n  \
                 - {alert: kept, expr: a > 1, keep_firing_for: 5m}\n";
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "0 0 2x6 0x20");
    let run = Run::start(&bench, &disk, &file(rules));
    let at = offset_s(&file(rules));
    let first = run.until(&bench, 0, 60 + at);
    assert!(first.iter().any(|told| told.contains("short") && told.ends_with("firing")), "{first:?}");
    let before = run.instances();
    assert_eq!(before.len(), 3, "{before:?}");
    // Killed: nothing is closed, and what was not synced is lost.
    let disk_after = disk.after_power_cut(|| false);
    let again = Run::start(&bench, &disk_after, &file(rules));
    assert_eq!(again.instances(), before);
    // An uninterrupted twin and the one that was killed come to the same.
    let (on, after) = (run.until(&bench, 61 + at, 200), again.until(&bench, 61 + at, 200));
    assert_eq!(again.instances(), run.instances());
    let ends = |told: &[String]| -> Vec<String> { told.iter().filter(|told| told.contains("over")).cloned().collect() };
    assert_eq!(ends(&after), ends(&on));
    assert!(!ends(&on).is_empty());
}

#[test]
fn after_a_start_nothing_fires_or_ends_on_old_samples() {
    let rules = file("  - {alert: b, expr: a > 1}\n  - {alert: c, expr: a > 2}\n");
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "2 2 2 2 2 2 3 3");
    let run = Run::start(&bench, &disk, &rules);
    run.until(&bench, 0, 55);
    drop(run);
    // While it is down the one ends, and the other would begin on what was written before.
    let run = Run::start(&bench, &disk, &rules);
    *run.freshness.0.lock() = i64::MAX;
    let told = run.until(&bench, 100, 149);
    assert!(told.iter().all(|told| told.contains("\"b\"") && told.ends_with("firing")), "{told:?}");
    assert!(run.instances().iter().any(|shown| shown.contains("\"c\"") && shown.contains("pending")));
    for second in [150, 160, 170] {
        bench.append(&Labels::from_pairs([("__name__", "a")]), second * 1000, 0.0);
    }
    *run.freshness.0.lock() = 150_000;
    let told = run.until(&bench, 165, 179);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"b\"") && told[0].contains("over"), "{told:?}");
    assert_eq!(run.instances(), Vec::<String>::new(), "what never fired is not paged");
}

#[test]
fn what_others_record_is_waited_for_until_they_have_read_new_samples() {
    let text = "groups:\n- name: g\n  interval: 10s\n  rules:\n  - {alert: a1, expr: a > 1}\n  - {record: own, expr: a}\n  \
                - {alert: a2, expr: own > 1}\n  - {alert: a3, expr: other > 1}\n  - {alert: a4, expr: a > 1}\n\
                - {name: h, interval: 20s, rules: [{record: other, expr: a}]}\n\
                - {name: i, interval: 10s, query_offset: 5s, rules: [{alert: a5, expr: a > 1}]}\n";
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "2x100");
    let run = Run::start(&bench, &disk, text);
    *run.freshness.0.lock() = 60_000;
    let told = run.until(&bench, 0, 120);
    let first = |name: &str| {
        let told = told.iter().find(|told| told.contains(&format!("\"{name}\""))).unwrap();
        told.split(' ').next().unwrap().parse::<i64>().unwrap()
    };
    let at = first("a1");
    assert!((60..=70).contains(&at), "{told:?}");
    // One slot of an interval of 10 s after the other: two more for what is recorded every 20 s, none for what is in order.
    assert_eq!(["a2", "a3", "a4"].map(|name| first(name) - at), [0, 20, 0]);
    assert!((65..=75).contains(&first("a5")), "{told:?}");
}

#[test]
fn what_fired_is_over_when_its_rule_is_no_more() {
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "1x100");
    let two = "  - {alert: b, expr: a}\n  - {alert: c, expr: a}\n";
    let run = Run::start(&bench, &disk, &file(two));
    run.until(&bench, 0, 20);
    // One rule goes, and the other moves into another group: it fires on.
    let moved = "groups:\n- name: other\n  interval: 10s\n  rules:\n  - {alert: c, expr: a > 0}\n";
    run.rules.apply(groups(moved), &Labels::empty());
    let told = std::mem::take(&mut *run.heard.0.lock());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\"b\"") && told[0].contains("over 20"), "{told:?}");
    assert!(run.instances()[0].contains("\"c\"") && run.instances()[0].contains("firing"));
    // The same where the file is changed while nobody runs.
    drop(run);
    let run = Run::start(&bench, &disk, &file("  - {alert: d, expr: a}\n"));
    let told = std::mem::take(&mut *run.heard.0.lock());
    assert!(told.len() == 1 && told[0].contains("\"c\"") && told[0].contains("over"), "{told:?}");
}

#[test]
fn series_of_a_removed_group_end_after_two_intervals() {
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "1x100");
    let text = "groups:\n- name: g\n  interval: 10s\n  rules: [{record: b, expr: a}, {record: c, expr: a}]\n\
                - {name: h, interval: 10s, rules: [{record: d, expr: a}]}\n";
    let run = Run::start(&bench, &disk, text);
    run.until(&bench, 0, 20);
    let left = "groups:\n- {name: h, interval: 10s, rules: [{record: d, expr: a}, {record: b, expr: a}]}\n";
    run.rules.apply(groups(left), &Labels::empty());
    run.until(&bench, 21, 60);
    assert_eq!(bench.ask("b", 60_000).len(), 1, "the other group writes it now");
    assert_eq!(bench.ask("c", 60_000).len(), 0, "nobody writes it");
}

#[test]
fn pending_begins_anew_after_a_long_outage() {
    let rules = file("  - {alert: b, expr: a, for: 50s}\n  - {alert: c, expr: a}\n");
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "1x1000");
    let run = Run::start(&bench, &disk, &rules);
    run.until(&bench, 0, 20);
    drop(run);
    bench.clock.set(20_000 + 3_700_000);
    let run = Run::start(&bench, &disk, &rules);
    let shown = run.instances();
    assert!(shown.len() == 1 && shown[0].contains("\"c\""), "{shown:?}");
}

#[test]
fn a_disk_that_refuses_keeps_no_alert_back_and_is_written_when_it_can() {
    let rules = file("  - {alert: b, expr: a > 1}\n");
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "0 0 2x50");
    let run = Run::start(&bench, &disk, &rules);
    run.until(&bench, 0, 15);
    disk.fail(0, 1000, Fault::Error);
    let told = run.until(&bench, 16, 35);
    assert!(!told.is_empty(), "it is told all the same");
    assert!(run.rules.metrics().journal_failures.load(std::sync::atomic::Ordering::Relaxed) > 0);
    disk.fail(0, 0, Fault::Error);
    run.until(&bench, 36, 60);
    let before = run.instances();
    let again = Run::start(&bench, &disk.after_power_cut(|| false), &rules);
    assert_eq!(again.instances(), before);
}

#[test]
fn the_journal_is_written_anew_now_and_then() {
    // A label that changes makes a new instance at each evaluation.
    let long = "x".repeat(4000);
    let rules = file(&format!("  - {{alert: b, expr: 'count_values(\"v\", a)', labels: {{long: {long}}}}}\n"));
    let (bench, disk) = (Bench::new(), MemoryDisk::new());
    load(&bench, "0+1x600");
    let run = Run::start(&bench, &disk, &rules);
    run.until(&bench, 0, 5999);
    let before = run.instances();
    let n_bytes: usize = disk.paths().iter().filter_map(|path| disk.get(path)).map(|bytes| bytes.len()).sum();
    assert!(n_bytes < 4 << 20, "{n_bytes}");
    let again = Run::start(&bench, &disk.after_power_cut(|| false), &rules);
    assert_eq!(again.instances(), before);
}
