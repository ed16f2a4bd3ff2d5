//! A queue against a receiver that answers what it is told to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderMap;
use model::relabel::Rules;
use model::storage::{Feed, FeedCursor, FeedError, FeedHold, FeedNumber, FeedPosition, FeedRow};
use model::{Clock, Labels, SystemClock};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::client::{Client, ClientOptions};
use crate::remote_write::{DecodeLimits, RequestVisitor, TimeSeries, Version, decode, decode_v2, decompress};

/// Batches that were committed; a position is the number of batches before it.
#[derive(Debug, Default)]
struct Batches(Mutex<Vec<Vec<(Labels, i64, f64)>>>);

#[derive(Debug)]
struct Cursor {
    batches: Arc<Batches>,
    at: FeedPosition,
}

#[derive(Debug)]
struct NoHold;

impl FeedHold for NoHold {
    fn move_to(&self, _position: FeedPosition) {}
}

#[derive(Debug)]
struct Committed(Arc<Batches>);

impl Feed for Committed {
    fn follow(&self, at: FeedPosition) -> Result<Box<dyn FeedCursor>, FeedError> {
        Ok(Box::new(Cursor { batches: Arc::clone(&self.0), at }))
    }

    fn newest(&self) -> FeedPosition {
        FeedPosition { offset: self.0.0.lock().len() as u64, ..FeedPosition::default() }
    }

    fn hold(&self, _position: FeedPosition) -> Box<dyn FeedHold> {
        Box::new(NoHold)
    }
}

impl FeedCursor for Cursor {
    fn name_once(&mut self) {
        panic!("queues want all labels");
    }

    fn leave_out_derived(&mut self) {
        panic!("queues want all samples");
    }

    fn next_batch(&mut self, take: &mut dyn FnMut(FeedRow<'_>)) -> Result<bool, FeedError> {
        let batches = self.batches.0.lock();
        let Some(batch) = batches.get(self.at.offset as usize) else { return Ok(false) };
        for (labels, timestamp_ms, value) in batch {
            let number = FeedNumber::default();
            take(FeedRow::Float { number, labels, timestamp_ms: *timestamp_ms, start_ms: 0, value: *value });
        }
        self.at.offset += 1;
        Ok(true)
    }

    fn position(&self) -> FeedPosition {
        self.at
    }

    fn n_lost(&self) -> u64 {
        0
    }
}

/// The positions that were kept.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<u64>>);

impl Progress for Kept {
    fn keep(&self, position: FeedPosition) {
        self.0.lock().push(position.offset);
    }
}

/// A request as a receiver sees it: the head, and each sample as a line.
#[derive(Debug)]
struct Received {
    head: String,
    lines: Vec<String>,
}

#[derive(Default)]
struct Lines(Vec<String>);

impl RequestVisitor for Lines {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        let labels = Labels::from_pairs(series.labels.iter().copied());
        self.0.extend(series.samples.iter().map(|sample| format!("{labels} {} {}", sample.timestamp_ms, sample.value)));
    }
}

/// Answers requests with what is left of `answers`, then with 204; tells what came.
async fn receiver(answers: &[&'static str], version: Version) -> (String, mpsc::UnboundedReceiver<Received>) {
    let mut answers = answers.iter().copied().collect::<VecDeque<_>>();
    receiver_that(version, move |_| answers.pop_front().unwrap_or("204 No Content").to_owned()).await
}

/// Answers each request as `answer` says, given its samples; tells what came.
async fn receiver_that(
    version: Version,
    answer: impl FnMut(&[String]) -> String + Send + 'static,
) -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v1/write", listener.local_addr().unwrap());
    let answer = Arc::new(Mutex::new(answer));
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (answer, tell) = (Arc::clone(&answer), tell.clone());
            tokio::spawn(async move {
                let mut socket = BufReader::new(socket);
                while let Some((head, body)) = request(&mut socket).await {
                    let message = decompress(&body, 1 << 20).unwrap();
                    let mut lines = Lines::default();
                    match version {
                        Version::V1 => decode(&message, &DecodeLimits::default(), &mut lines).unwrap(),
                        Version::V2 => decode_v2(&message, &DecodeLimits::default(), &mut lines).unwrap(),
                    }
                    let answer = answer.lock()(&lines.0);
                    let _ = tell.send(Received { head, lines: lines.0 });
                    let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                    socket.get_mut().write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (url, told)
}

async fn request(socket: &mut BufReader<tokio::net::TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    socket.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn settings(url: &str) -> QueueSettings {
    QueueSettings {
        name: "test".to_owned(),
        url: url.parse().unwrap(),
        client: Client::plain(ClientOptions::default()),
        version: Version::V1,
        headers: HeaderMap::new(),
        timeout: Duration::from_secs(30),
        external_labels: Labels::empty(),
        relabel: Rules::default(),
        send_histograms: false,
        shards: Shards { min: 1, max: 1 },
        capacity: 10,
        max_samples_per_send: 2,
        batch_send_deadline: Duration::from_millis(10),
        backoff: Duration::from_millis(1)..=Duration::from_millis(4),
        retry_on_429: true,
        max_age: None,
    }
}

fn set(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

/// Batch `i` has one sample of each of three series.
fn batch(i: i64) -> Vec<(Labels, i64, f64)> {
    ["a", "b", "c"].map(|name| (set(&[("__name__", name)]), i, i as f64)).into()
}

struct World {
    batches: Arc<Batches>,
    kept: Arc<Kept>,
}

impl World {
    fn new(n_batches: i64) -> World {
        let batches = Arc::new(Batches(Mutex::new((0..n_batches).map(batch).collect())));
        World { batches, kept: Arc::default() }
    }

    fn start(&self, settings: QueueSettings, from: u64) -> Queue {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let feed = Arc::new(Committed(Arc::clone(&self.batches)));
        let from = FeedPosition { offset: from, ..FeedPosition::default() };
        Queue::start(settings, feed, clock, from, Arc::clone(&self.kept) as _).unwrap()
    }

    fn last_kept(&self) -> u64 {
        *self.kept.0.lock().last().unwrap()
    }
}

/// Longer than anything takes.
const LONG: Duration = Duration::from_secs(60);

fn all_lines(mut told: mpsc::UnboundedReceiver<Received>) -> Vec<String> {
    std::iter::from_fn(|| told.try_recv().ok()).flat_map(|received| received.lines).collect()
}

fn lines_of(batches: std::ops::Range<i64>) -> Vec<String> {
    let rows = batches.flat_map(batch);
    rows.map(|(labels, timestamp_ms, value)| format!("{labels} {timestamp_ms} {value}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_sent_in_order_and_the_place_is_kept() {
    let world = World::new(20);
    let (url, told) = receiver(&[], Version::V1).await;
    let queue = world.start(settings(&url), 5);
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    assert_eq!(all_lines(told), lines_of(5..20));
    assert_eq!(world.kept.0.lock().first(), Some(&5));
    assert_eq!(world.last_kept(), 20);
    assert_eq!(counts.samples.load(Ordering::Relaxed), 45);
    assert_eq!(counts.taken_in.load(Ordering::Relaxed), 45);
    assert_eq!(counts.pending.load(Ordering::Relaxed), 0);
    assert_eq!(counts.highest_sent_ms.load(Ordering::Relaxed), 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_shards_keep_the_order_of_each_series() {
    let world = World::new(50);
    let (url, told) = receiver(&["503 x", "500 x", "503 x"], Version::V2).await;
    let shards = Shards { min: 3, max: 3 };
    let queue = world.start(QueueSettings { shards, version: Version::V2, ..settings(&url) }, 0);
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    let lines = all_lines(told);
    for name in ["a", "b", "c"] {
        let of_series = |lines: &[String]| -> Vec<String> {
            let mut lines: Vec<String> =
                lines.iter().filter(|line| line.contains(&format!("\"{name}\""))).cloned().collect();
            // What was refused came again.
            lines.dedup();
            lines
        };
        let got = of_series(&lines);
        let first_of_each: Vec<String> = got
            .iter()
            .enumerate()
            .filter(|(at, line)| !got[..*at].contains(line))
            .map(|(_, line)| line.clone())
            .collect();
        assert_eq!(first_of_each, of_series(&lines_of(0..50)));
    }
    assert_eq!(counts.samples.load(Ordering::Relaxed), 150);
    assert_eq!(counts.shards.load(Ordering::Relaxed), 3);
    assert_eq!(world.last_kept(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_now_comes_again_and_what_is_refused_is_dropped() {
    let answers = ["500 a", "429 b\r\nRetry-After: 0", "204 c", "404 d", "503 e", "200 f"];
    let world = World::new(2);
    let (url, mut told) = receiver(&answers, Version::V1).await;
    let queue = world.start(settings(&url), 0);
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    let received: Vec<Received> = std::iter::from_fn(|| told.try_recv().ok()).collect();
    let want = lines_of(0..2);
    let requests: Vec<&[String]> = received.iter().map(|received| received.lines.as_slice()).collect();
    assert_eq!(requests, [&want[..2], &want[..2], &want[..2], &want[2..4], &want[4..], &want[4..]]);
    let attempts: Vec<bool> = received.iter().map(|received| received.head.contains("retry-attempt: ")).collect();
    assert_eq!(attempts, [false, true, true, false, false, true]);
    let head = &received[2].head;
    for header in [
        "post /api/v1/write http/1.1",
        "content-encoding: snappy",
        "content-type: application/x-protobuf\r",
        "x-prometheus-remote-write-version: 0.1.0",
        "retry-attempt: 2",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((read(&counts.samples), read(&counts.failed), read(&counts.retried)), (4, 2, 6));
    assert_eq!(world.last_kept(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_429_is_a_refusal() {
    let world = World::new(2);
    let (url, told) = receiver(&["429 a"], Version::V1).await;
    let queue = world.start(QueueSettings { retry_on_429: false, ..settings(&url) }, 0);
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    assert_eq!(all_lines(told), lines_of(0..2));
    assert_eq!(counts.failed.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_away_holds_nothing_up_and_the_next_queue_goes_on() {
    let world = World::new(200);
    // Nobody listens at the first port, nor is given it.
    let url = "http://127.0.0.1:1/api/v1/write";
    let queue = world.start(settings(url), 3);
    assert!(!queue.stop(Duration::from_millis(50)).await, "it does not wait for longer than it may");
    assert_eq!(*world.kept.0.lock(), [3]);

    let (url, told) = receiver(&[], Version::V1).await;
    assert!(world.start(settings(&url), world.last_kept()).stop(LONG).await);
    assert_eq!(all_lines(told), lines_of(3..200));
}

#[tokio::test(flavor = "multi_thread")]
async fn external_labels_relabelling_and_age() {
    let world = World::new(0);
    let now_ms = SystemClock::new().now_ms();
    let old_ms = now_ms - 100_000;
    *world.batches.0.lock() = vec![vec![
        (set(&[("__name__", "keep"), ("a", "1")]), now_ms, 1.0),
        (set(&[("__name__", "keep"), ("dc", "own")]), now_ms, 2.0),
        (set(&[("__name__", "drop")]), now_ms, 3.0),
        (set(&[("__name__", "keep")]), old_ms, 4.0),
    ]];
    let rules = "- {source_labels: [__name__], regex: drop, action: drop}\n- {regex: a, action: labeldrop}";
    let rules: Vec<model::relabel::RelabelConfig> = model::yaml::Document::parse(rules).unwrap().read().0.unwrap();
    let (url, told) = receiver(&[], Version::V1).await;
    let queue = world.start(
        QueueSettings {
            external_labels: set(&[("dc", "x")]),
            relabel: Rules::new(&rules, model::name::ValidationScheme::Utf8).unwrap(),
            max_age: Some(Duration::from_secs(50)),
            ..settings(&url)
        },
        0,
    );
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    let want = [("dc", "x", 1), ("dc", "own", 2)]
        .map(|(name, value, sample)| format!("{} {now_ms} {sample}", set(&[("__name__", "keep"), (name, value)])));
    assert_eq!(all_lines(told), want);
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((read(&counts.dropped_relabelled), read(&counts.dropped_old)), (1, 1));
}

/// Sends `n_batches` to a receiver that refuses each request whole which holds one of these lines, and checks what it takes.
async fn check_refused(refused: &[String], n_batches: i64, n_sent: usize, n_requests: Option<usize>) {
    let world = World::new(n_batches);
    let (taken, wrong) = (Arc::new(Mutex::new(Vec::new())), refused.to_vec());
    let taking = Arc::clone(&taken);
    let answer = move |lines: &[String]| {
        if lines.iter().any(|line| wrong.contains(line)) {
            return "400 Bad Request".to_owned();
        }
        taking.lock().extend_from_slice(lines);
        "204 No Content".to_owned()
    };
    let (url, mut told) = receiver_that(Version::V1, answer).await;
    let queue = world.start(QueueSettings { max_samples_per_send: 9, ..settings(&url) }, 0);
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    let want: Vec<String> =
        lines_of(0..n_batches).into_iter().filter(|line| !refused.contains(line)).take(n_sent).collect();
    assert_eq!(*taken.lock(), want);
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!(read(&counts.samples), n_sent as u64);
    assert_eq!(read(&counts.failed) + read(&counts.repeated), n_batches as u64 * 3 - n_sent as u64);
    assert_eq!(world.last_kept(), n_batches as u64);
    if let Some(n_requests) = n_requests {
        assert_eq!(std::iter::from_fn(|| told.try_recv().ok()).count(), n_requests);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_request_that_is_refused_all_comes_that_is_not_wrong_itself() {
    let all = lines_of(0..6);
    check_refused(&[], 6, 18, Some(2)).await;
    check_refused(&all[..1], 6, 17, None).await;
    check_refused(&all[..5], 6, 13, None).await;
    check_refused(&[all[3].clone(), all[8].clone(), all[17].clone()], 6, 15, None).await;
    // All of it was sent before: each sample is tried.
    check_refused(&all, 6, 0, Some(2 * 17)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refuses_everything_is_not_asked_for_each_sample() {
    let world = World::new(0);
    let (url, mut told) = receiver_that(Version::V1, |_| "400 Bad Request".to_owned()).await;
    let queue = world.start(QueueSettings { max_samples_per_send: 30, ..settings(&url) }, 0);
    world.batches.0.lock().extend((0..100).map(batch));
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    assert_eq!(counts.failed.load(Ordering::Relaxed), 300);
    // All parts of the first batch, some of each of the other nine.
    let n_requests = std::iter::from_fn(|| told.try_recv().ok()).count();
    assert!(n_requests < 59 + 9 * 59 / 2, "{n_requests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_what_was_written_is_not_asked_again() {
    let world = World::new(1);
    let answer = "400 Bad Request\r\nX-Prometheus-Remote-Write-Samples-Written: 2";
    let (url, mut told) = receiver(&[answer], Version::V2).await;
    let queue = world.start(QueueSettings { max_samples_per_send: 3, version: Version::V2, ..settings(&url) }, 0);
    let counts = Arc::clone(queue.counts());
    assert!(queue.stop(LONG).await);
    assert_eq!(std::iter::from_fn(|| told.try_recv().ok()).count(), 1);
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    assert_eq!((read(&counts.samples), read(&counts.repeated)), (2, 1));
}
