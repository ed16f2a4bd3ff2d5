//! What narthex does otherwise than Alertmanager, on purpose.

use journal::testkit::Fault;

use super::core::SetSilenceError;
use super::quiet::Quiet;
use super::test_kit::{World, brief, firing, over, takes_all};
use super::views::{AlertState, DeliveryState, DeliveryView};
use crate::matcher::{Matcher, Matchers};
use crate::silence::Silence;
use crate::{Fingerprint, Notification};

/// A second of 2023, in milliseconds.
const T: i64 = 1_700_000_000_000;

/// One receiver: a webhook that hears what is over, and one that does not.
const TWO_WEBHOOKS: &str = "
route: {receiver: team, group_by: [], group_wait: 1s, group_interval: 10s, repeat_interval: 1h}
receivers:
  - name: team
    webhook_configs:
      - {url: 'http://127.0.0.1:9/'}
      - {url: 'http://127.0.0.1:9/', send_resolved: false}
inhibit_rules:
  - {source_matchers: [alertname=Down], target_matchers: [alertname=Slow]}
";

/// What an integration received, as [`brief`] has it, without the integration, in seconds after the start.
fn heard(world: &World, index: usize) -> Vec<String> {
    let received = world.received.iter().filter(|received| received.notification.integration.index == index);
    let texts = brief(&received.cloned().collect::<Vec<_>>());
    let short = |text: String| {
        let (at_ms, rest) = text.split_once(' ').unwrap();
        let (_, rest) = rest.split_once(' ').unwrap();
        let at_s = (at_ms.parse::<i64>().unwrap() - T) as f64 / 1000.0;
        format!("{at_s} {rest}")
    };
    texts.into_iter().map(short).collect()
}

/// What kept an alert quiet, and since when in seconds after the start.
fn quiet(world: &World, name: &str) -> Vec<(f64, Quiet)> {
    let fingerprint = firing(name, 0, 0).fingerprint();
    let records = world.core.deliveries.quiet_of(fingerprint);
    records.map(|record| ((record.at_ms - T) as f64 / 1000.0, record.quiet.clone())).collect()
}

fn silence_of(name: &str, until_ms: i64) -> Silence {
    let matcher_sets = vec![Matchers(vec![Matcher::equal("alertname", name)])];
    Silence { matcher_sets, ends_at_ms: until_ms, created_by: "me".to_owned(), ..Silence::default() }
}

fn first_never_takes(notification: &Notification, _: i64) -> (bool, i64) {
    (notification.integration.index != 0, 0)
}

#[test]
fn an_integration_that_takes_nothing_holds_up_no_other() {
    let mut world = World::new(TWO_WEBHOOKS, T, first_never_takes);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 4000);
    world.report(vec![firing("b", T + 4000, T + 4000)]);
    world.run_until(T + 30_000);
    assert_eq!(heard(&world, 0), [""; 0]);
    assert_eq!(heard(&world, 1), ["1 a: first notification", "11 a b: new alerts added"]);
}

/// Down until 15 seconds after the start.
fn is_down_at_first(_: &Notification, at_ms: i64) -> (bool, i64) {
    (at_ms > T + 15_000, 0)
}

#[test]
fn what_could_not_be_told_is_told_when_it_is_over() {
    let mut world = World::new(TWO_WEBHOOKS, T, is_down_at_first);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 9000);
    world.report(vec![over("a", T, T + 9000)]);
    world.run_until(T + 60_000);
    // The first notification fails at its deadline, 11 s after the start; the second arrives.
    let heard = heard(&world, 0);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].ends_with("~a: first notification"), "{heard:?}");
    assert_eq!(quiet(&world, "a").into_iter().map(|(_, quiet)| quiet).collect::<Vec<_>>(), [Quiet::ResolvedNotSent]);
    assert!(world.core.dispatcher.groups.is_empty());
}

#[test]
fn what_fires_again_is_news_also_to_who_does_not_hear_that_it_was_over() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("a", T, T), firing("b", T, T)]);
    world.run_until(T + 2000);
    world.report(vec![over("a", T, T + 2000)]);
    world.run_until(T + 12_000);
    world.report(vec![firing("a", T + 12_000, T + 12_000)]);
    world.run_until(T + 30_000);
    let first = ["1 a b: first notification", "11 ~a b: some alerts resolved", "21 a b: new alerts added"];
    assert_eq!(heard(&world, 0), first);
    assert_eq!(heard(&world, 1), ["1 a b: first notification", "21 a b: new alerts added"]);
    assert_eq!(quiet(&world, "a"), [(11.0, Quiet::ResolvedNotSent)]);
}

#[test]
fn what_is_over_while_it_is_silenced_leaves_with_a_reason_and_is_news_again() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 2000);
    let id = world.core.set_silence(silence_of("a", T + 25_000), "s".to_owned(), T + 2000).unwrap();
    world.run_until(T + 12_000);
    world.report(vec![over("a", T, T + 12_000)]);
    world.run_until(T + 22_000);
    assert_eq!(quiet(&world, "a"), [(11.0, Quiet::Silenced(vec![id]))]);
    assert!(world.core.dispatcher.groups.is_empty());
    world.run_until(T + 26_000);
    world.report(vec![firing("a", T + 26_000, T + 26_000)]);
    world.run_until(T + 30_000);
    assert_eq!(heard(&world, 0), ["1 a: first notification", "27 a: first notification"]);
}

#[test]
fn what_was_over_is_not_told_again_when_it_is_reported_again() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("a", T, T), firing("b", T, T)]);
    world.run_until(T + 2000);
    let is_over = over("a", T, T + 2000);
    for second in 2..60 {
        world.run_until(T + 1000 * second);
        world.report(vec![is_over.clone(), firing("b", T, T + 1000 * second)]);
    }
    assert_eq!(heard(&world, 0), ["1 a b: first notification", "11 ~a b: some alerts resolved"]);
}

#[test]
fn inhibited_alerts_say_by_whom() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("Down", T, T), firing("Slow", T, T)]);
    world.run_until(T + 2000);
    assert_eq!(heard(&world, 0), ["1 Down: first notification"]);
    let down = firing("Down", T, T).fingerprint();
    assert_eq!(quiet(&world, "Slow"), [(1.0, Quiet::Inhibited(vec![down]))]);
    let views = world.core.dispatcher.alert_views(T + 2000);
    let slow = views.iter().find(|view| view.alert.name() == "Slow").unwrap();
    assert_eq!((slow.state, &slow.inhibited_by[..]), (AlertState::Suppressed, &[down][..]));
    let slow = firing("Slow", T, T).fingerprint();
    let explanation = world.core.dispatcher.explain(slow, &world.core.deliveries);
    assert_eq!(explanation.groups[0].quiet, Some(Quiet::Inhibited(vec![down])));
    assert_eq!(explanation.steps.iter().map(|step| step.what).collect::<Vec<_>>(), ["quiet"]);
    let told = world.core.dispatcher.explain(down, &world.core.deliveries);
    assert_eq!(told.steps.iter().map(|step| step.what).collect::<Vec<_>>(), ["told", "told"]);
}

#[test]
fn a_receiver_without_integrations_is_a_reason() {
    let yaml = "{route: {receiver: nobody, group_wait: 1s}, receivers: [{name: nobody}]}";
    let mut world = World::new(yaml, T, takes_all);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 2000);
    assert_eq!(quiet(&world, "a"), [(1.0, Quiet::NoIntegrations)]);
}

#[test]
fn timers_go_with_a_clock_that_jumps() {
    for jump_ms in [-3_600_000, 3_600_000, 86_400_000] {
        let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
        world.report(vec![firing("a", T, T)]);
        world.run_until(T + 2000);
        world.report(vec![firing("b", T + 2000, T + 2000)]);
        world.core.dispatcher.shift(jump_ms);
        assert_eq!(world.core.dispatcher.next_at_ms(), Some(T + 11_000 + jump_ms));
    }
}

#[test]
fn a_full_disk_keeps_no_notification_back_and_is_made_up_for() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.disk.fail(0, u64::MAX, Fault::Error);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 2000);
    assert_eq!(heard(&world, 0), ["1 a: first notification"]);
    let refused = world.core.set_silence(silence_of("a", T + 60_000), "s".to_owned(), world.now_ms);
    assert!(matches!(refused, Err(SetSilenceError::NotWritten(_))), "{refused:?}");
    assert!(world.core.dispatcher.silences.is_empty());
    // There is room again: the next change writes everything.
    world.disk.fail(0, 0, Fault::Error);
    world.report(vec![firing("b", T + 2000, T + 2000)]);
    world.kill();
    world.report(vec![firing("a", T, T + 2000), firing("b", T + 2000, T + 2000)]);
    world.run_until(T + 12_000);
    assert_eq!(heard(&world, 0), ["1 a: first notification", "11 a b: new alerts added"]);
}

#[test]
fn what_an_earlier_run_left_is_told_only_when_it_is_reported_again() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("a", T, T), firing("b", T, T)]);
    world.run_until(T + 500);
    // It comes back when the group should have been told long ago.
    world.kill();
    world.run_until(T + 5000);
    assert_eq!(heard(&world, 0), [""; 0]);
    world.report(vec![firing("a", T, T + 5000)]);
    world.run_until(T + 5500);
    assert_eq!(heard(&world, 0), [""; 0]);
    world.report(vec![over("b", T, T + 5500)]);
    world.run_until(T + 6000);
    assert_eq!(heard(&world, 0), ["5.5 a ~b: first notification"]);
}

#[test]
fn what_nobody_reports_again_is_over_after_a_while() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 2000);
    world.kill();
    world.run_until(T + 400_000);
    let heard = heard(&world, 0);
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[1].ends_with("~a: all alerts resolved"), "{heard:?}");
    assert_eq!(quiet(&world, "a")[0], (302.0, Quiet::NotReportedAgain));
}

/// The receiver needs three seconds for each.
fn is_slow(_: &Notification, _: i64) -> (bool, i64) {
    (true, 3000)
}

#[test]
fn what_was_on_its_way_is_sent_again_with_the_same_id() {
    let mut world = World::new(TWO_WEBHOOKS, T, is_slow);
    world.report(vec![firing("a", T, T)]);
    world.run_until(T + 2000);
    let waiting = |world: &World| -> Vec<String> {
        let states = world.core.deliveries.newest_first().filter(|one| one.state() == DeliveryState::Waiting);
        states.map(|one| one.intent.notification.id.clone()).collect()
    };
    let before = waiting(&world);
    assert_eq!(before.len(), 2);
    world.kill();
    assert_eq!(waiting(&world), before);
    world.run_until(T + 9000);
    let mut received: Vec<String> = world.received.iter().map(|one| one.notification.id.clone()).collect();
    received.reverse();
    assert_eq!(received, before);
    assert_eq!(waiting(&world), [""; 0]);
}

#[test]
fn the_log_is_found_by_what_is_in_it() {
    let mut world = World::new(TWO_WEBHOOKS, T, takes_all);
    world.report(vec![firing("Down", T, T), firing("Slow", T, T)]);
    world.run_until(T + 2000);
    let count = |filter: super::DeliveryFilter| {
        let found = world.core.find(&super::DeliveryFilter { limit: 100, ..filter });
        let n_told = found.iter().filter(|view| matches!(view, DeliveryView::Told { .. })).count();
        (n_told, found.len() - n_told)
    };
    let all = super::DeliveryFilter::default;
    assert_eq!(count(all()), (2, 1));
    assert_eq!(count(super::DeliveryFilter { receiver: Some("team".to_owned()), ..all() }), (2, 1));
    assert_eq!(count(super::DeliveryFilter { receiver: Some("other".to_owned()), ..all() }), (0, 0));
    assert_eq!(count(super::DeliveryFilter { alertname: Some("Slow".to_owned()), ..all() }), (0, 1));
    assert_eq!(count(super::DeliveryFilter { state: Some(DeliveryState::Delivered), ..all() }), (2, 0));
    assert_eq!(count(super::DeliveryFilter { state: Some(DeliveryState::Suppressed), ..all() }), (0, 1));
    assert_eq!(count(super::DeliveryFilter { since_ms: Some(T + 1001), ..all() }), (0, 0));
    assert_eq!(count(super::DeliveryFilter { fingerprint: Some(Fingerprint(7)), ..all() }), (0, 0));
}
