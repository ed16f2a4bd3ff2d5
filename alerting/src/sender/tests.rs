//! The sender against Alertmanagers that answer what they are told to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use model::name::ValidationScheme;
use model::relabel::{RelabelConfig, Rules};
use model::yaml::Document;
use model::{Labels, SystemClock};
use net::client::{Client, ClientOptions};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;

/// What it says to the next requests; when there is nothing more to say, `200 OK`. An empty text: nothing, ever.
type Answers = Arc<Mutex<VecDeque<&'static str>>>;

#[derive(Clone, Debug)]
struct Alertmanager {
    address: String,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    news: Arc<Notify>,
    answers: Answers,
}

impl Alertmanager {
    async fn start(answers: &[&'static str]) -> Alertmanager {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let one = Alertmanager {
            address: listener.local_addr().unwrap().to_string(),
            requests: Arc::default(),
            news: Arc::default(),
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
        };
        let accepting = one.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().talk(stream));
            }
        });
        one
    }

    async fn talk(self, mut stream: TcpStream) {
        while let Some((head, body)) = read_request(&mut stream).await {
            self.requests.lock().push((head, serde_json::from_slice(&body).unwrap()));
            self.news.notify_one();
            let answer = self.answers.lock().pop_front().unwrap_or("200 OK");
            if answer.is_empty() {
                return std::future::pending().await;
            }
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    /// The names of the alerts of the first requests, once there are so many.
    async fn names(&self, n_requests: usize) -> Vec<Vec<String>> {
        loop {
            {
                let requests = self.requests.lock();
                if requests.len() >= n_requests {
                    let name = |alert: &Value| alert["labels"]["alertname"].as_str().unwrap().to_owned();
                    let names = |body: &Value| body.as_array().unwrap().iter().map(name).collect();
                    return requests.iter().map(|(_, body)| names(body)).collect();
                }
            }
            self.news.notified().await;
        }
    }

    fn group(&self) -> Group {
        Group { targets: vec![Labels::from_pairs([("__address__", self.address.as_str())])], labels: Labels::empty() }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn rules(yaml: &str) -> Rules {
    let (configs, problems) = Document::parse(yaml).unwrap().read::<Vec<RelabelConfig>>();
    assert_eq!(problems, []);
    Rules::new(&configs.unwrap(), ValidationScheme::Utf8).unwrap()
}

fn set(alert_relabel: &str) -> SetSettings {
    SetSettings {
        continues: None,
        scheme: "http".to_owned(),
        path_prefix: "/am".to_owned(),
        timeout: Duration::from_secs(60),
        relabel: Rules::default(),
        alert_relabel: rules(alert_relabel),
        client: Client::plain(ClientOptions::default()),
    }
}

fn sender(options: SenderOptions) -> Sender {
    Sender::new(tokio::runtime::Handle::current(), Arc::new(SystemClock::new()), options)
}

fn alert(name: &str) -> Outgoing {
    Outgoing {
        labels: Labels::from_pairs([("alertname", name)]),
        annotations: Labels::empty(),
        starts_at_ms: 0,
        ends_at_ms: 1,
        generator_url: String::new(),
    }
}

fn named(n_alerts: std::ops::Range<usize>) -> Vec<Outgoing> {
    n_alerts.map(|n| alert(&n.to_string())).collect()
}

fn names(n_alerts: std::ops::Range<usize>) -> Vec<String> {
    n_alerts.map(|n| n.to_string()).collect()
}

/// Sent, errors, dropped, waiting.
fn counted(sender: &Sender) -> Vec<[u64; 4]> {
    let read = |(_, n_waiting, counts): (String, usize, Arc<SendCounts>)| {
        let [sent, errors, dropped] =
            [&counts.sent, &counts.errors, &counts.dropped].map(|n| n.load(Ordering::Relaxed));
        [sent, errors, dropped, n_waiting as u64]
    };
    sender.counts().into_iter().map(read).collect()
}

#[tokio::test]
async fn alerts_are_posted_in_batches_with_the_external_labels_they_lack() {
    let one = Alertmanager::start(&[]).await;
    let sender = sender(SenderOptions { batch_size: 2, ..SenderOptions::default() });
    let external_labels = Labels::from_pairs([("dc", "eu"), ("alertname", "never")]);
    let alert_relabel = rules("[{source_labels: [alertname], regex: '1', action: drop}]");
    let settings = SenderSettings { external_labels, alert_relabel, sets: vec![set("[]")] };
    let ids = sender.apply(settings);
    assert_eq!(sender.set_targets(ids[0], &[one.group(), one.group()]), []);
    sender.post(named(0..4));
    assert_eq!(one.names(2).await, [vec!["0", "2"], vec!["3"]]);
    let (head, body) = one.requests.lock()[0].clone();
    assert!(head.starts_with("POST /am/api/v2/alerts HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("\r\ncontent-type: application/json\r\n"), "{head}");
    assert_eq!(body[0]["labels"], serde_json::json!({"alertname": "0", "dc": "eu"}));
    assert_eq!(sender.found().active, [format!("http://{}/am/api/v2/alerts", one.address)]);
    assert!(sender.close(Duration::from_secs(60)).await);
    sender.post(named(0..4));
    assert_eq!(one.requests.lock().len(), 2, "a closed sender takes nothing");
}

#[tokio::test]
async fn each_set_relabels_for_itself() {
    let (one, other) = (Alertmanager::start(&[]).await, Alertmanager::start(&[]).await);
    let sender = sender(SenderOptions::default());
    let sets = vec![
        set("[{source_labels: [alertname], regex: a, action: drop}]"),
        set("[{source_labels: [alertname], regex: b, target_label: alertname, replacement: c}]"),
    ];
    let ids = sender.apply(SenderSettings { sets, ..SenderSettings::default() });
    assert_eq!(sender.set_targets(ids[0], &[one.group()]), []);
    assert_eq!(sender.set_targets(ids[1], &[other.group()]), []);
    sender.post([alert("a"), alert("b")]);
    assert_eq!(
        (one.names(1).await, other.names(1).await),
        (vec![vec!["b".into()]], vec![vec!["a".into(), "c".into()]])
    );
}

#[tokio::test]
async fn what_is_not_taken_is_dropped_and_counted_and_a_hanging_one_delays_no_other() {
    let hanging = Alertmanager::start(&[""]).await;
    let other = Alertmanager::start(&["500 No", "200 OK"]).await;
    let sender = sender(SenderOptions { queue_capacity: 3, batch_size: 2, drains: true });
    let ids = sender.apply(SenderSettings { sets: vec![set("[]")], ..SenderSettings::default() });
    assert_eq!(sender.set_targets(ids[0], &[hanging.group(), other.group()]), []);
    sender.post(named(0..2));
    assert_eq!((hanging.names(1).await, other.names(1).await), (vec![names(0..2)], vec![names(0..2)]));
    sender.post(named(2..4));
    assert_eq!(other.names(2).await[1], names(2..4));
    // Nothing is taken out in between: three are left in each queue.
    sender.post(named(4..6));
    sender.post(named(6..10));
    assert_eq!(counted(&sender)[0], [0, 0, 5, 3]);
    assert_eq!(other.names(4).await[2..], [names(7..9), names(9..10)]);
    let [_, errors, dropped, _] = counted(&sender)[1];
    assert_eq!((errors, dropped), (2, 5), "the first batch, once, and three for which there was no room");
}

#[tokio::test]
async fn the_end_waits_for_what_is_queued_unless_it_is_told_not_to() {
    for (drains, want) in [(true, 3), (false, 1)] {
        let one = Alertmanager::start(&[]).await;
        let sender = sender(SenderOptions { batch_size: 1, drains, ..SenderOptions::default() });
        let ids = sender.apply(SenderSettings { sets: vec![set("[]")], ..SenderSettings::default() });
        sender.set_targets(ids[0], &[one.group()]);
        // The task runs only when this one waits: nothing is sent before the end is told.
        sender.post(named(0..3));
        let counts = Arc::clone(&sender.counts()[0].2);
        assert!(sender.close(Duration::from_secs(60)).await);
        let n_sent = one.requests.lock().len();
        if drains {
            assert_eq!((n_sent, counts.dropped.load(Ordering::Relaxed)), (want, 0));
        } else {
            assert!(n_sent <= want && counts.dropped.load(Ordering::Relaxed) >= 2, "{n_sent}");
        }
    }
}

#[tokio::test]
async fn one_that_hangs_at_the_end_is_not_waited_for() {
    let hanging = Alertmanager::start(&[""]).await;
    let sender = sender(SenderOptions::default());
    let ids = sender.apply(SenderSettings { sets: vec![set("[]")], ..SenderSettings::default() });
    sender.set_targets(ids[0], &[hanging.group()]);
    sender.post(named(0..1));
    hanging.names(1).await;
    assert!(!sender.close(Duration::from_millis(1)).await);
}

#[tokio::test]
async fn a_reload_keeps_what_is_the_same_and_lets_the_rest_go() {
    let (one, other) = (Alertmanager::start(&[]).await, Alertmanager::start(&[]).await);
    let sender = sender(SenderOptions::default());
    let ids = sender.apply(SenderSettings { sets: vec![set("[]"), set("[]")], ..SenderSettings::default() });
    sender.set_targets(ids[0], &[one.group()]);
    sender.set_targets(ids[1], &[other.group()]);
    sender.post(named(0..1));
    one.names(1).await;
    other.names(1).await;
    let kept = SetSettings { continues: Some(ids[1]), ..set("[]") };
    let again = sender.apply(SenderSettings { sets: vec![set("[]"), kept], ..SenderSettings::default() });
    assert!(again[1] == ids[1] && !ids.contains(&again[0]));
    assert_eq!(sender.found().active.len(), 1);
    // Discovery of the configuration before may still have something to say.
    sender.set_targets(ids[0], &[one.group()]);
    sender.post(named(1..2));
    assert_eq!(other.names(2).await, [names(0..1), names(1..2)]);
    assert_eq!(one.requests.lock().len(), 1);
    // What is no longer found is no longer sent to.
    sender.set_targets(again[1], &[]);
    sender.post(named(2..3));
    assert_eq!((sender.found(), other.requests.lock().len()), (Found::default(), 2));
}
