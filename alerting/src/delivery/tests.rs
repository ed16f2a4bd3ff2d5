//! Delivery to receivers that hang, fail, refuse and recover, in virtual time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::rng::SeededRng;
use model::{Clock, Labels};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::{AttemptFuture, Delivery, Integrations, Options};
use crate::receivers::{FailureKind, SendFailure, Sent};
use crate::{Alert, Attempt, Deliver, Integration, Notification, Outcome, Reason, Report};

const START_MS: i64 = 1_790_000_000_000;
const MINUTE_MS: i64 = 60_000;

/// Tokio's time, which is paused.
#[derive(Debug)]
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now_ms(&self) -> i64 {
        START_MS + self.elapsed().as_millis() as i64
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What a receiver does with an attempt.
#[derive(Clone, Debug)]
enum Act {
    Take,
    Hang,
    Fail,
    Refuse,
    AskForPeace(Duration),
    Panic,
}

type Script = Box<dyn Fn(&Notification, usize) -> Act + Send + Sync>;

/// Receivers that do as they are told, and remember when they were asked for what.
struct Receivers {
    script: Script,
    fallback: Vec<Integration>,
    asked: Mutex<Vec<(Integration, String, i64, usize)>>,
}

impl std::fmt::Debug for Receivers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receivers")
    }
}

impl Integrations for Receivers {
    fn attempt(&self, notification: Arc<Notification>, now_ms: i64, _: Duration) -> AttemptFuture {
        let mut asked = self.asked.lock();
        let n_before = asked.iter().filter(|(integration, ..)| *integration == notification.integration).count();
        let (integration, id) = (notification.integration.clone(), notification.id.clone());
        asked.push((integration, id, now_ms - START_MS, notification.alerts.len()));
        let act = (self.script)(&notification, n_before);
        Box::pin(async move {
            let failed = |reason: &str, kind, is_retryable, retry_after| {
                let (reason, body) = (reason.to_owned(), "body".to_owned());
                Err(SendFailure { reason, kind, is_retryable, is_refusal: false, retry_after, body })
            };
            match act {
                Act::Take => Ok(Sent { body: "body".to_owned() }),
                Act::Hang => std::future::pending().await,
                Act::Fail => failed("503", FailureKind::ServerError, true, None),
                Act::Refuse => failed("400", FailureKind::ClientError, false, None),
                Act::AskForPeace(time) => failed("429", FailureKind::RateLimited, true, Some(time)),
                Act::Panic => panic!("a receiver panics"),
            }
        })
    }

    fn fallback(&self) -> Vec<Integration> {
        self.fallback.clone()
    }
}

/// Remembers what became of notifications.
#[derive(Debug)]
struct Ledger {
    clock: Arc<PausedClock>,
    attempts: Mutex<Vec<(String, Attempt)>>,
    ends: Mutex<Vec<(String, i64, Outcome)>>,
}

impl Report for Ledger {
    fn attempt(&self, notification: &Notification, attempt: &Attempt) {
        self.attempts.lock().push((notification.id.clone(), attempt.clone()));
    }

    fn end(&self, notification: &Notification, outcome: &Outcome) {
        let at_ms = self.clock.now_ms() - START_MS;
        self.ends.lock().push((notification.id.clone(), at_ms, outcome.clone()));
    }
}

struct World {
    delivery: Delivery,
    receivers: Arc<Receivers>,
    ledger: Arc<Ledger>,
}

fn world(fallback: &[Integration], script: impl Fn(&Notification, usize) -> Act + Send + Sync + 'static) -> World {
    let clock = Arc::new(PausedClock(Instant::now()));
    let (script, fallback) = (Box::new(script), fallback.to_vec());
    let receivers = Arc::new(Receivers { script, fallback, asked: Mutex::default() });
    let delivery = Delivery::new(Options {
        clock: clock.clone(),
        rng: Box::new(SeededRng::new(7)),
        runtime: Handle::current(),
        integrations: receivers.clone(),
    });
    World {
        delivery,
        receivers,
        ledger: Arc::new(Ledger { clock, attempts: Mutex::default(), ends: Mutex::default() }),
    }
}

impl World {
    fn take(&self, notification: Notification) {
        self.delivery.take(Arc::new(notification), self.ledger.clone());
    }

    fn now_ms(&self) -> i64 {
        self.ledger.clock.now_ms()
    }

    fn asked(&self, integration: &Integration) -> Vec<i64> {
        let asked = self.receivers.asked.lock();
        asked.iter().filter(|(other, ..)| other == integration).map(|(_, _, at_ms, _)| *at_ms).collect()
    }

    /// When a notification ended, and how.
    fn end(&self, id: &str) -> Option<(i64, Outcome)> {
        let ends = self.ledger.ends.lock();
        let mut of_id = ends.iter().filter(|(other, ..)| other == id).map(|(_, at_ms, end)| (*at_ms, end.clone()));
        let end = of_id.next();
        assert!(of_id.next().is_none(), "{id} ended twice");
        end
    }
}

fn integration(receiver: &str, kind: &'static str) -> Integration {
    Integration { receiver: receiver.into(), kind, index: 0 }
}

/// A notification of a group, which is to arrive within five minutes.
fn notification(world: &World, to: &Integration, id: &str, group: &str) -> Notification {
    let now_ms = world.now_ms();
    let labels = Labels::from_pairs([("alertname", "Down"), ("group", group)]);
    let alert = Alert {
        labels: labels.clone(),
        annotations: Labels::default(),
        starts_at_ms: now_ms,
        ends_at_ms: None,
        generator_url: String::new(),
        updated_at_ms: now_ms,
        is_timeout: false,
    };
    Notification {
        id: id.to_owned(),
        integration: to.clone(),
        group_key: format!("{{}}:{{group=\"{group}\"}}"),
        group_labels: labels,
        route_labels: Labels::default(),
        alerts: vec![alert],
        reason: Reason::First,
        at_ms: now_ms,
        deadline_ms: now_ms + 5 * MINUTE_MS,
    }
}

#[tokio::test(start_paused = true)]
async fn nine_hanging_neighbours_delay_the_healthy_one_by_nothing() {
    let healthy = integration("healthy", "webhook");
    let world = world(&[], |notification, _| match &*notification.integration.receiver {
        "healthy" => Act::Take,
        _ => Act::Hang,
    });
    for round in 0..20 {
        for neighbour in 0..9 {
            let to = integration(&format!("hanging-{neighbour}"), "webhook");
            for group in 0..20 {
                let id = format!("{round}-{neighbour}-{group}");
                world.take(notification(&world, &to, &id, &group.to_string()));
            }
        }
        let taken_ms = world.now_ms() - START_MS;
        let id = format!("healthy-{round}");
        world.take(notification(&world, &healthy, &id, "one"));
        sleep(Duration::from_secs(17)).await;
        assert_eq!(world.end(&id), Some((taken_ms, Outcome::Delivered)), "round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_and_said_beforehand() {
    let to = integration("r", "webhook");
    let world = world(&[], |_, n_before| if n_before < 4 { Act::Fail } else { Act::Take });
    world.take(notification(&world, &to, "a", "g"));
    sleep(Duration::from_secs(60)).await;
    let asked = world.asked(&to);
    let waits: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 4);
    for (number, &wait) in waits.iter().enumerate() {
        let middle = 500.0 * 1.5f64.powi(number as i32);
        assert!((middle * 0.5 - 1.0..=middle * 1.5 + 2.0).contains(&(wait as f64)), "{waits:?}");
    }
    let attempts = world.ledger.attempts.lock();
    for (attempt, &next_ms) in attempts.iter().map(|(_, attempt)| attempt).zip(&asked[1..]) {
        assert_eq!(attempt.error.as_deref(), Some("503"));
        let said_ms = attempt.next_at_ms.unwrap() - START_MS;
        assert!((said_ms - next_ms).abs() <= 2, "said {said_ms}, was {next_ms}");
    }
    assert_eq!(attempts.last().map(|(_, attempt)| (&attempt.error, attempt.next_at_ms)), Some((&None, None)));
    assert_eq!(world.end("a"), Some((*asked.last().unwrap(), Outcome::Delivered)));
    let counts = &world.delivery.counts()["webhook"];
    assert_eq!((counts.n_notifications, counts.n_requests, counts.n_requests_failed), (1, 5, 4));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_it() {
    for act in [Act::Hang, Act::Fail, Act::AskForPeace(Duration::from_secs(900))] {
        let to = integration("r", "webhook");
        let script_act = act.clone();
        let world = world(&[], move |_, _| script_act.clone());
        world.take(notification(&world, &to, "a", "g"));
        sleep(Duration::from_secs(900)).await;
        let (at_ms, outcome) = world.end("a").unwrap();
        assert!((5 * MINUTE_MS..5 * MINUTE_MS + 5).contains(&at_ms), "{act:?}: {at_ms}");
        assert!(matches!(outcome, Outcome::Failed { ref reason } if reason.contains("deadline")), "{outcome:?}");
        assert!(world.asked(&to).iter().all(|&at_ms| at_ms < 5 * MINUTE_MS), "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn peace_is_kept_as_long_as_asked_for() {
    let to = integration("r", "webhook");
    let peace = Act::AskForPeace(Duration::from_secs(30));
    let world = world(&[], move |_, n_before| if n_before == 0 { peace.clone() } else { Act::Take });
    world.take(notification(&world, &to, "a", "g"));
    sleep(Duration::from_secs(5)).await;
    world.take(notification(&world, &to, "b", "other"));
    sleep(Duration::from_secs(60)).await;
    let asked = world.asked(&to);
    assert!(asked.len() == 3 && asked[1] >= 30_000 && asked[1] < 32_000, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_ends_at_once_and_the_fallback_is_told() {
    let (to, fallback) = (integration("r", "webhook"), integration("fallback", "email"));
    let world = world(std::slice::from_ref(&fallback), |notification, _| match notification.integration.kind {
        "email" => Act::Take,
        _ => Act::Refuse,
    });
    world.take(notification(&world, &to, "a", "g"));
    sleep(Duration::from_secs(1)).await;
    let (_, outcome) = world.end("a").unwrap();
    let reason = "400; the fallback receiver fallback was told instead".to_owned();
    assert_eq!(outcome, Outcome::Failed { reason });
    // The same again is no news for the fallback; another alert is; and a test is not passed on.
    world.take(notification(&world, &to, "b", "g"));
    let changed = notification(&world, &to, "c", "g");
    let more = notification(&world, &to, "", "another").alerts;
    sleep(Duration::from_secs(1)).await;
    world.take(Notification { alerts: [changed.alerts.clone(), more].concat(), ..changed });
    world.take(Notification { reason: Reason::Test, ..notification(&world, &to, "d", "h") });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.asked(&to).len(), 4);
    assert_eq!(world.asked(&fallback).len(), 2);
    assert_eq!(world.end("d").unwrap().1, Outcome::Failed { reason: "400".to_owned() });
    assert_eq!(world.delivery.counts()["webhook"].n_failed[&FailureKind::ClientError], 4);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_fails_is_not_its_own_fallback() {
    let (to, fallback) = (integration("r", "webhook"), integration("fallback", "email"));
    let world = world(&[fallback], |_, _| Act::Refuse);
    world.take(notification(&world, &to, "a", "g"));
    sleep(Duration::from_secs(1)).await;
    let reason = "400; the fallback receiver fallback could not be told either: 400".to_owned();
    assert_eq!(world.end("a").unwrap().1, Outcome::Failed { reason });
}

#[tokio::test(start_paused = true)]
async fn a_dead_receiver_is_asked_seldom_and_gets_all_when_it_lives() {
    let to = integration("r", "webhook");
    let world = world(&[], |_, n_before| if n_before < 12 { Act::Fail } else { Act::Take });
    for group in 0..100 {
        world.take(notification(&world, &to, &format!("a{group}"), &group.to_string()));
    }
    sleep(Duration::from_secs(290)).await;
    // Twelve attempts for a hundred notifications, further and further apart.
    let asked = world.asked(&to);
    assert!(asked[4] < 1000 && asked[12] > 40_000, "{asked:?}");
    assert_eq!(asked.len(), 112);
    assert!((0..100).all(|group| matches!(world.end(&format!("a{group}")), Some((_, Outcome::Delivered)))));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_not_taken_does_not_hold_up_the_others() {
    let to = integration("r", "webhook");
    let world = world(&[], |notification, _| match notification.group_labels.get("group") {
        Some("poison") => Act::Fail,
        _ => Act::Take,
    });
    for number in 0..10 {
        world.take(notification(&world, &to, &format!("poison-{number}"), "poison"));
        world.take(notification(&world, &to, &format!("good-{number}"), "good"));
        sleep(Duration::from_millis(10)).await;
        assert!(matches!(world.end(&format!("good-{number}")), Some((_, Outcome::Delivered))), "{number}");
    }
    // Of the poisoned group only the first is tried: its others wait for it.
    let asked = world.receivers.asked.lock();
    assert!(asked.iter().all(|(_, id, ..)| id.starts_with("good") || id == "poison-0"));
}

#[tokio::test(start_paused = true)]
async fn within_a_group_the_order_is_kept() {
    let to = integration("r", "webhook");
    let world = world(&[], |_, n_before| if n_before % 3 == 2 { Act::Take } else { Act::Fail });
    for number in 0..6 {
        world.take(notification(&world, &to, &number.to_string(), "g"));
    }
    sleep(Duration::from_secs(280)).await;
    let ends: Vec<_> = world.ledger.ends.lock().iter().map(|(id, ..)| id.clone()).collect();
    assert_eq!(ends, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn robots_get_no_more_than_they_take_and_a_storm_in_few_messages() {
    let to = integration("r", "dingtalk");
    let world = world(&[], |_, _| Act::Take);
    for group in 0..300 {
        world.take(notification(&world, &to, &group.to_string(), &group.to_string()));
    }
    sleep(Duration::from_secs(60)).await;
    let asked = world.receivers.asked.lock().clone();
    assert!(asked.len() <= 20, "{} messages in a minute", asked.len());
    assert_eq!(asked.iter().map(|(.., n_alerts)| n_alerts).sum::<usize>(), 300);
    assert!(asked.iter().all(|(.., n_alerts)| *n_alerts <= 100));
    for group in 0..300 {
        assert!(matches!(world.end(&group.to_string()), Some((_, Outcome::Delivered))), "{group}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_named() {
    let to = integration("r", "webhook");
    let world = world(&[], |_, _| Act::Hang);
    // One of them is being sent.
    for number in 0..10_000 {
        world.take(notification(&world, &to, &number.to_string(), &number.to_string()));
    }
    tokio::task::yield_now().await;
    for id in ["fits", "does not"] {
        world.take(notification(&world, &to, id, id));
        tokio::task::yield_now().await;
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(world.end("fits"), None);
    let (_, outcome) = world.end("does not").unwrap();
    assert!(matches!(outcome, Outcome::Failed { ref reason } if reason.contains("notification_queue")), "{outcome:?}");
    let other = integration("other", "webhook");
    let big = notification(&world, &other, "big", "big");
    let annotations = Labels::from_pairs([("text", "x".repeat(129 << 20).as_str())]);
    let alerts = big.alerts.iter().cloned().map(|alert| Alert { annotations: annotations.clone(), ..alert }).collect();
    world.take(Notification { alerts, ..big });
    sleep(Duration::from_millis(1)).await;
    let (_, outcome) = world.end("big").unwrap();
    assert!(matches!(outcome, Outcome::Failed { ref reason } if reason.contains("notification_queue_bytes")));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_failed_attempt() {
    let to = integration("r", "webhook");
    let world = world(&[], |_, n_before| if n_before == 0 { Act::Panic } else { Act::Take });
    world.take(notification(&world, &to, "a", "g"));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.end("a").unwrap().1, Outcome::Delivered);
    assert_eq!(world.ledger.attempts.lock()[0].1.error.as_deref(), Some("the attempt panicked"));
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_says_nothing_any_more() {
    let to = integration("r", "webhook");
    let world = world(&[], |_, n_before| if n_before == 0 { Act::Fail } else { Act::Take });
    world.take(notification(&world, &to, "a", "g"));
    sleep(Duration::from_millis(1)).await;
    world.delivery.close();
    world.take(notification(&world, &to, "b", "g"));
    sleep(Duration::from_secs(600)).await;
    assert_eq!(world.asked(&to).len(), 1);
    assert_eq!((world.end("a"), world.end("b")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_gives_its_memory_back() {
    let world = world(&[], |notification, n_before| match (notification.integration.kind, n_before % 3) {
        ("email", 0) => Act::Refuse,
        ("email", 1) => Act::Fail,
        _ => Act::Take,
    });
    for number in 0..100 {
        for kind in ["email", "webhook", "dingtalk"] {
            let id = format!("{kind}{number}");
            world.take(notification(&world, &integration("r", kind), &id, &id));
        }
    }
    sleep(Duration::from_secs(600)).await;
    assert_eq!(world.ledger.ends.lock().len(), 300);
    assert!(world.delivery.waiting().iter().all(|(_, n_waiting, _)| *n_waiting == 0));
    assert_eq!(world.delivery.queued_bytes(), 0);
    let by_kind: HashMap<_, _> =
        world.delivery.counts().into_iter().map(|(kind, n)| (kind, n.n_notifications)).collect();
    assert_eq!(by_kind, HashMap::from([("email", 100), ("webhook", 100), ("dingtalk", 100)]));
}
