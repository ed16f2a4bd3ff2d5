//! Does a receiver hear us? One notification that says it is a test, through every integration, on the way that all take.

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Labels};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::id;
use crate::config::{Loaded, ReceiverConfig};
use crate::{Alert, Attempt, Deliver, Integration, Notification, Outcome, Reason, Report};

/// How long it is tried.
const DEADLINE_MS: i64 = 20_000;
/// How long an answer is waited for: what waits before the test may take its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of the test of one integration.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Which one.
    pub integration: Integration,
    /// What was tried.
    pub attempts: Vec<Attempt>,
    /// How it ended; `None` where it had not within half a minute.
    pub outcome: Option<Outcome>,
}

impl Trial {
    /// Whether the receiver has it.
    pub fn is_delivered(&self) -> bool {
        self.outcome == Some(Outcome::Delivered)
    }

    /// What went wrong, in the receiver's words.
    pub fn error(&self) -> Option<&str> {
        match &self.outcome {
            Some(Outcome::Delivered) => None,
            Some(Outcome::Failed { reason }) => Some(reason),
            None => Some("no answer yet: other notifications wait for this receiver, or it does not answer"),
        }
    }

    /// What to change, where that can be said.
    pub fn advice(&self) -> Option<&'static str> {
        let error = self.error()?.to_lowercase();
        ADVICE.iter().find(|(words, _)| words.iter().any(|word| error.contains(word))).map(|(_, advice)| *advice)
    }
}

/// What errors mean, by words in them; the first that fits counts.
const ADVICE: [(&[&str], &str); 10] = [
    (
        &["no such host", "server misbehaving"],
        "the name is unknown: check its spelling, and whether this machine has a name server",
    ),
    (&["connection refused"], "nothing listens there: check host and port, and whether the server runs"),
    (
        &["no route to host", "network is unreachable"],
        "this machine cannot reach that address: check the network and firewalls",
    ),
    (&["starttls"], "the mail server does not encrypt on this port: try port 587 or 465, or set require_tls: false"),
    (
        &["certificate", "x509"],
        "the server's certificate is not trusted: give its authority as tls_config.ca_file, or its name as server_name",
    ),
    (
        &["auth ", "401", "403", "unauthorized", "forbidden"],
        "the receiver does not let us in: check user, password or token",
    ),
    (&["404", "410"], "nothing is there: check the URL, and whether the webhook still exists"),
    (&["429", "rate"], "the receiver takes no more messages for now: wait a minute"),
    (&["rcpt to"], "the mail server does not know that address, or does not send mail there for us: check `to`"),
    (
        &["deadline", "no answer", "timed out", "timeout"],
        "the receiver does not answer: check host, port and firewalls, and whether its operator is unwell",
    ),
];

/// Tests all integrations of a receiver at the same time. `None` where there is no such receiver.
pub async fn try_receiver(
    name: &str,
    loaded: &Loaded,
    deliver: &dyn Deliver,
    clock: &dyn Clock,
    external_url: &str,
) -> Option<Vec<Trial>> {
    let receiver = loaded.config.receivers.iter().find(|receiver| receiver.name == name)?;
    let started: Vec<_> = integrations(receiver)
        .map(|integration| {
            let (report, ended) = Record::new();
            let notification = notification(&integration, clock.now_ms(), external_url);
            deliver.take(Arc::new(notification), Arc::clone(&report) as Arc<dyn Report>);
            (integration, report, ended)
        })
        .collect();
    let mut trials = Vec::with_capacity(started.len());
    for (integration, report, ended) in started {
        let outcome = timeout(PATIENCE, ended).await.ok().and_then(Result::ok);
        trials.push(Trial { integration, attempts: report.attempts.lock().clone(), outcome });
    }
    Some(trials)
}

fn integrations(receiver: &ReceiverConfig) -> impl Iterator<Item = Integration> {
    receiver.integrations().map(|(integration, ..)| integration)
}

fn notification(to: &Integration, now_ms: i64, external_url: &str) -> Notification {
    let external_url = external_url.trim_end_matches('/');
    let labels = Labels::from_pairs([("alertname", "NarthexTest"), ("receiver", &*to.receiver), ("severity", "none")]);
    let summary = "A test from narthex: if you can read this, notifications arrive.";
    let alert = Alert {
        labels,
        annotations: Labels::from_pairs([("summary", summary)]),
        starts_at_ms: now_ms,
        ends_at_ms: None,
        generator_url: format!("{external_url}/graph?g0.expr=up&g0.tab=1"),
        updated_at_ms: now_ms,
        is_timeout: false,
    };
    Notification {
        id: id::derived(&format!("test at {now_ms}"), &to.to_string()),
        integration: to.clone(),
        group_key: format!("{{}}:{{alertname=\"NarthexTest\", at=\"{now_ms}\"}}"),
        group_labels: Labels::from_pairs([("alertname", "NarthexTest")]),
        route_labels: Labels::empty(),
        alerts: vec![alert],
        reason: Reason::Test,
        at_ms: now_ms,
        deadline_ms: now_ms.saturating_add(DEADLINE_MS),
    }
}

/// Remembers attempts, and tells the end.
#[derive(Debug)]
struct Record {
    attempts: Mutex<Vec<Attempt>>,
    end: Mutex<Option<oneshot::Sender<Outcome>>>,
}

impl Record {
    fn new() -> (Arc<Record>, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Arc::new(Record { attempts: Mutex::default(), end: Mutex::new(Some(sender)) }), receiver)
    }
}

impl Report for Record {
    fn attempt(&self, _: &Notification, attempt: &Attempt) {
        self.attempts.lock().push(attempt.clone());
    }

    fn end(&self, _: &Notification, outcome: &Outcome) {
        if let Some(end) = self.end.lock().take() {
            // Nobody may be waiting any more.
            let _ = end.send(outcome.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_change() {
        let check = |reason: &str, want: Option<&str>| {
            let integration = Integration { receiver: "r".into(), kind: "webhook", index: 0 };
            let outcome = Some(Outcome::Failed { reason: reason.to_owned() });
            let advice = Trial { integration, attempts: Vec::new(), outcome }.advice();
            assert_eq!(advice.is_some(), want.is_some(), "{reason}");
            assert!(advice.unwrap_or_default().contains(want.unwrap_or_default()), "{reason}: {advice:?}");
        };
        check("Post \"http://h/\": dial tcp: lookup h: no such host", Some("spelling"));
        check("Post \"http://h/\": dial tcp 127.0.0.1:1: connect: connection refused", Some("nothing listens"));
        check("mail by h:25: 'require_tls' is true (default) but h:25 does not offer STARTTLS", Some("587"));
        check("mail by h:25: AUTH PLAIN: the server says: permanent error (535): no", Some("password"));
        check("mail by h:25: RCPT TO a@b: permanent error (550): no such user", Some("`to`"));
        check("unexpected status code 404: no hook", Some("URL"));
        check("something else", None);
    }
}
