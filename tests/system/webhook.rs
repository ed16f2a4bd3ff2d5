//! A receiver of webhooks that writes down what it is told, with the ids.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// One alert of one notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// `Idempotency-Key`
    pub(crate) id: String,
    /// `alertname`
    pub(crate) name: String,
    /// The label `lamp`; empty where there is none.
    pub(crate) lamp: String,
    /// The annotation `episode`; empty where there is none.
    pub(crate) episode: String,
    pub(crate) is_firing: bool,
}

/// A receiver.
pub(crate) struct Webhook {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    told: Mutex<Vec<Told>>,
    came: Condvar,
    /// Hears of each alert as it comes.
    hears: Box<dyn Fn(&Told) + Send + Sync>,
}

impl Webhook {
    pub(crate) fn start() -> Webhook {
        Webhook::start_with(|_| {})
    }

    /// One that also hands over each alert as it comes.
    pub(crate) fn start_with(hears: impl Fn(&Told) + Send + Sync + 'static) -> Webhook {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { told: Mutex::default(), came: Condvar::new(), hears: Box::new(hears) });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&for_thread);
                // Connections of killed processes end in errors, which concern nobody.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared)));
            }
        });
        Webhook { address, shared }
    }

    /// What it has been told.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.shared.told.lock().unwrap().clone()
    }

    /// Waits until what it has been told is as it should be.
    pub(crate) fn wait_until(&self, patience: Duration, is_there: impl Fn(&[Told]) -> bool) {
        let started = Instant::now();
        let mut told = self.shared.told.lock().unwrap();
        while !is_there(&told) {
            let left = patience.checked_sub(started.elapsed()).unwrap_or_else(|| panic!("not told in time: {told:#?}"));
            told = self.shared.came.wait_timeout(told, left).unwrap().0;
        }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut id, mut length) = (String::new(), 0);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => value.trim().clone_into(&mut id),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let message: serde_json::Value = serde_json::from_slice(&body)?;
        let told = message["alerts"].as_array().unwrap().iter().map(|alert| Told {
            id: id.clone(),
            name: text(&alert["labels"]["alertname"]),
            lamp: text(&alert["labels"]["lamp"]),
            episode: text(&alert["annotations"]["episode"]),
            is_firing: alert["status"] == "firing",
        });
        let told: Vec<Told> = told.collect();
        told.iter().for_each(|told| (shared.hears)(told));
        shared.told.lock().unwrap().extend(told);
        shared.came.notify_all();
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

fn text(json: &serde_json::Value) -> String {
    json.as_str().unwrap_or_default().to_owned()
}
