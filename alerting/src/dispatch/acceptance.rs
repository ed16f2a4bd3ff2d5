//! Alertmanager's acceptance scenarios on a virtual clock: the same batches, in the same order, with the same content, and
//! none besides.

use std::collections::BTreeMap;

use model::Labels;
use serde_json::{Map, Value};

use super::test_kit::{Received, World, takes_all};
use crate::matcher::Matchers;
use crate::silence::Silence;
use crate::suites::{labels, list, matcher, suite, text};
use crate::{Alert, Notification};

/// Any time will do.
pub(super) const START_MS: i64 = 1_700_000_000_000;
const DEFAULT_RESOLVE_TIMEOUT_S: f64 = 300.0;
/// Three Alertmanagers that know of each other; narthex is one.
pub(super) const LEFT_OUT: &str = "TestClusterDeduplication";
/// What it expects of starts is not what it pushes, and is not compared there either.
const WITHOUT_STARTS: &str = "TestColdStart";

/// Something that happens in a scenario.
pub(super) enum Act<'s> {
    Push(&'s [Value]),
    Silence(&'s Value),
    Delete(&'s Value),
    Reload,
}

fn at_ms(seconds: f64) -> i64 {
    START_MS + (seconds * 1000.0).round() as i64
}

pub(super) fn seconds(json: &Value) -> f64 {
    json.as_f64().unwrap()
}

/// Plays a scenario on the virtual clock, to its end.
pub(super) fn play(scenario: &Value) -> World {
    let yaml = text(&scenario["config_template"]).replace("%s", "127.0.0.1:9");
    let receives = match text(&scenario["name"]) {
        "TestRetry" => second_fails_at_first,
        "TestWebhookTimeout" => is_slow_at_first,
        _ => takes_all,
    };
    let delay_ms = if list(&scenario["flags"]).is_empty() { 0 } else { 5000 };
    let mut world = World::with_delay(&yaml, START_MS, receives, delay_ms);
    let mut silences = BTreeMap::new();
    for (at_s, act) in acts(scenario) {
        world.run_until(at_ms(at_s));
        do_it(&mut world, &act, &yaml, &mut silences);
    }
    world.run_until(at_ms(end_s(scenario)));
    world
}

/// What each collector is to receive.
fn wants(scenario: &Value) -> &Map<String, Value> {
    let of_narthex = scenario["narthex_want"].as_object();
    of_narthex.or(scenario["want"].as_object()).unwrap()
}

/// When the last of it must have come, in seconds after the start.
pub(super) fn end_s(scenario: &Value) -> f64 {
    wants(scenario).values().flat_map(list).map(|want| seconds(&want["between"][1])).fold(0.0, f64::max)
}

fn run(scenario: &Value) {
    let world = play(scenario);
    for (index, (collector, wants)) in wants(scenario).iter().enumerate() {
        let received = world.received_by(index).collect::<Vec<_>>();
        compare(&format!("{} {collector}", text(&scenario["name"])), list(wants), &received);
    }
}

/// What happens, in order, each with its seconds after the start.
pub(super) fn acts(scenario: &Value) -> Vec<(f64, Act<'_>)> {
    let pushes = list(&scenario["push"]).iter().map(|push| (seconds(&push["at"]), Act::Push(list(&push["alerts"]))));
    let silences = list(&scenario["silences"]).iter().map(|silence| {
        let act = match &silence["create"] {
            Value::Null => Act::Delete(&silence["delete"]),
            create => Act::Silence(create),
        };
        (seconds(&silence["at"]), act)
    });
    let actions = list(&scenario["actions"]).iter().map(|action| (seconds(&action["at"]), Act::Reload));
    let mut acts: Vec<_> = pushes.chain(silences).chain(actions).collect();
    acts.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    acts
}

fn do_it(world: &mut World, act: &Act<'_>, yaml: &str, silences: &mut BTreeMap<String, String>) {
    match act {
        Act::Push(alerts) => {
            let timeout_s = if yaml.contains("resolve_timeout: 10s") { 10.0 } else { DEFAULT_RESOLVE_TIMEOUT_S };
            let alerts = alerts.iter().map(|json| pushed(json, world.now_ms, timeout_s)).collect();
            world.report(alerts);
        }
        Act::Silence(json) => {
            let matchers = Matchers(list(&json["matchers"]).iter().map(matcher).collect());
            let silence = Silence {
                matcher_sets: vec![matchers],
                starts_at_ms: at_ms(seconds(&json["silence"]["starts_at"])),
                ends_at_ms: at_ms(seconds(&json["silence"]["ends_at"])),
                ..Silence::default()
            };
            let id = format!("00000000-0000-4000-8000-{:012}", silences.len());
            let id = world.core.set_silence(silence, id, world.now_ms).unwrap();
            silences.insert(json["matchers"].to_string(), id);
        }
        Act::Delete(json) => {
            let id = &silences[&json["matchers"].to_string()];
            world.core.expire_silence(id, world.now_ms).unwrap();
        }
        Act::Reload => world.reload(yaml),
    }
}

/// An alert as the API takes it in.
fn pushed(json: &Value, now_ms: i64, resolve_timeout_s: f64) -> Alert {
    let at = |field: &str| json[field].as_f64().map(at_ms);
    let (starts_at_ms, ends_at_ms) = (at("starts_at"), at("ends_at"));
    Alert {
        labels: labels(&json["labels"]),
        annotations: if json["annotations"].is_null() { Labels::empty() } else { labels(&json["annotations"]) },
        starts_at_ms: starts_at_ms.or(ends_at_ms).unwrap_or(now_ms),
        ends_at_ms: ends_at_ms.or(Some(now_ms + (resolve_timeout_s * 1000.0) as i64)),
        generator_url: String::new(),
        updated_at_ms: now_ms,
        is_timeout: ends_at_ms.is_none(),
    }
}

fn second_fails_at_first(notification: &Notification, at_ms: i64) -> (bool, i64) {
    (notification.integration.index == 0 || at_ms >= START_MS + 4500, 0)
}

fn is_slow_at_first(_: &Notification, at_ms: i64) -> (bool, i64) {
    // It answers after a second; the integration waits for half of one.
    if at_ms < START_MS + 3000 { (false, 500) } else { (true, 0) }
}

/// Each window has received just the batches that it is to, and nothing came besides.
fn compare(what: &str, wants: &[Value], received: &[&Received]) {
    let n_alerts = |want: &Value| list(&want["alerts"]).len();
    // An empty list of alerts says that nothing may come.
    let expected: Vec<&Value> = wants.iter().filter(|want| want["alerts"].is_null() || n_alerts(want) > 0).collect();
    let got: Vec<String> = super::test_kit::brief(&received.iter().map(|one| (*one).clone()).collect::<Vec<_>>());
    assert_eq!(received.len(), expected.len(), "{what}: {got:#?}");
    for (want, Received { at_ms: got_ms, notification }) in expected.into_iter().zip(received) {
        let [from, to] = [0, 1].map(|of| at_ms(seconds(&want["between"][of])));
        assert!((from..=to).contains(got_ms), "{what}: at {} instead of {}", got_ms - START_MS, want["between"]);
        if !want["alerts"].is_null() {
            compare_alerts(what, list(&want["alerts"]), notification);
        }
    }
}

fn compare_alerts(what: &str, wants: &[Value], notification: &Notification) {
    assert_eq!(notification.alerts.len(), wants.len(), "{what}");
    for want in wants {
        let labels = labels(&want["labels"]);
        let found = notification.alerts.iter().find(|alert| alert.labels == labels);
        let alert = found.unwrap_or_else(|| panic!("{what}: {want} is missing"));
        let want_ms = |field: &str| want[field].as_f64().map(at_ms);
        if !what.starts_with(WITHOUT_STARTS) {
            assert_eq!(Some(alert.starts_at_ms), want_ms("starts_at"), "{what}: {want}");
        }
        assert_eq!(alert.ends_at_ms, want_ms("ends_at"), "{what}: {want}");
        if !want["annotations"].is_null() {
            assert_eq!(alert.annotations, crate::suites::labels(&want["annotations"]), "{what}: {want}");
        }
    }
}

#[test]
fn the_scenarios_of_alertmanager_go_the_same_way() {
    let Some(suite) = suite("acceptance.json") else { return };
    let scenarios = list(&suite["scenarios"]);
    assert_eq!(scenarios.len(), 17);
    let run_here = scenarios.iter().filter(|scenario| text(&scenario["name"]) != LEFT_OUT);
    run_here.for_each(run);
}
