//! A receiver that hangs, its neighbour in the same receiver, and one that has nothing to do with them.

use std::fmt;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http;
use crate::waiting::LONGEST_WAIT;
use crate::webhook::{Told, Webhook};

/// Takes requests and never answers.
struct Hanging {
    address: SocketAddr,
    /// Whoever asked has given up waiting.
    is_left: Arc<AtomicBool>,
}

impl Hanging {
    fn start() -> Hanging {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_left = Arc::new(AtomicBool::new(false));
        let by_thread = Arc::clone(&is_left);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let is_left = Arc::clone(&by_thread);
                thread::spawn(move || {
                    let mut asked = Vec::new();
                    // It ends with whoever asks, one way or the other.
                    let _ = stream.and_then(|mut stream| stream.read_to_end(&mut asked));
                    is_left.store(true, Ordering::SeqCst);
                });
            }
        });
        Hanging { address, is_left }
    }
}

/// The three receivers.
pub(crate) struct Stage {
    hanging: Hanging,
    neighbour: Webhook,
    alone: Webhook,
}

/// When the second news were heard, after the first ones were posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeardAfter {
    pub(crate) neighbour: Duration,
    pub(crate) alone: Duration,
    /// Whether the hanging receiver was still waited for a moment after its neighbour heard them.
    pub(crate) hangs_still: bool,
}

impl fmt::Display for HeardAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeardAfter { neighbour, alone, hangs_still } = self;
        let rest = if *hangs_still { "which hangs still" } else { "which is waited for no more" };
        write!(f, "heard after {neighbour:?} beside a receiver that hangs, {rest}, and after {alone:?} without one")
    }
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage { hanging: Hanging::start(), neighbour: Webhook::start(), alone: Webhook::start() }
    }

    /// News after a second, and more after another three.
    pub(crate) fn routing(&self) -> String {
        let url = |address| format!("url: 'http://{address}/'");
        format!(
            "route:\n  receiver: alone\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 3s\n  \
             routes: [{{receiver: both, matchers: ['way=\"both\"']}}]\nreceivers:\n\
             - {{name: alone, webhook_configs: [{{{}}}]}}\n- {{name: both, webhook_configs: [{{{}}}, {{{}}}]}}\n",
            url(self.alone.address),
            url(self.hanging.address),
            url(self.neighbour.address),
        )
    }

    /// Posts alerts, and more of them when the first have been told.
    pub(crate) fn play(&self, address: SocketAddr) -> HeardAfter {
        let began = Instant::now();
        post(address, "first");
        for webhook in [&self.neighbour, &self.alone] {
            webhook.wait_until(LONGEST_WAIT, |told| knows(told, "first"));
        }
        post(address, "second");
        thread::scope(|scope| {
            let neighbour = scope.spawn(|| {
                self.neighbour.wait_until(LONGEST_WAIT, |told| knows(told, "second"));
                let heard = began.elapsed();
                // The end of a connection may be noticed a moment after what came of it.
                thread::sleep(Duration::from_secs(1));
                (heard, !self.hanging.is_left.load(Ordering::SeqCst))
            });
            self.alone.wait_until(LONGEST_WAIT, |told| knows(told, "second"));
            let alone = began.elapsed();
            let (neighbour, hangs_still) = neighbour.join().unwrap();
            HeardAfter { neighbour, alone, hangs_still }
        })
    }
}

fn knows(told: &[Told], lamp: &str) -> bool {
    told.iter().any(|told| told.lamp == lamp)
}

fn post(address: SocketAddr, lamp: &str) {
    let alert = |way: &str| json!({"labels": {"alertname": "Alert", "lamp": lamp, "way": way}});
    let body = json!([alert("both"), alert("alone")]).to_string();
    let headers = [("Content-Type", "application/json")];
    let answer = http::request(address, "POST", "/api/v2/alerts", &headers, body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}
