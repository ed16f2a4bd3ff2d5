//! The targets that are scraped: one small HTTP server for all. Of a payload's it counts who asked how often.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::payload::{Payload, SERIES_PER_HOST};

use crate::peer::Peer;

/// Targets `/PEER/HOST`, whose values go on with time.
#[derive(Debug)]
pub(crate) struct Exporter {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Host by host and step by step, whole with the head of the response.
    responses: Vec<Vec<Vec<u8>>>,
    interval: Duration,
    started: Instant,
    n_scrapes: [AtomicU64; Peer::ALL.len()],
}

impl Exporter {
    /// Serves a payload, one step each interval; its last step is not left.
    pub(crate) fn start(payload: &Payload, interval: Duration) -> io::Result<Exporter> {
        let steps = |host| (0..payload.grid().n_steps).map(|step| response(&payload.exposition(host, step))).collect();
        let responses = (0..payload.n_hosts()).map(steps).collect();
        let n_scrapes = std::array::from_fn(|_| AtomicU64::new(0));
        let shared = Arc::new(Shared { responses, interval, started: Instant::now(), n_scrapes });
        let served = Arc::clone(&shared);
        let address = serve(move |path, writer| match served.find(path) {
            Some(response) => writer.write_all(response),
            None => writer.write_all(NOT_FOUND),
        })?;
        Ok(Exporter { address, shared })
    }

    /// How many samples a peer has been given.
    pub(crate) fn n_samples(&self, peer: Peer) -> f64 {
        let at = Peer::ALL.iter().position(|known| *known == peer).unwrap_or(0);
        self.shared.n_scrapes[at].load(Ordering::SeqCst) as f64 * SERIES_PER_HOST as f64
    }
}

/// Nothing is served there.
pub(crate) const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

/// Serves paths at an address of its own; `answer` writes a whole response.
///
/// Connections are served by threads of their own, which end with the program.
pub(crate) fn serve(
    answer: impl Fn(&str, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            // Connections of killed servers end in errors, which concern nobody.
            thread::spawn(move || stream.and_then(|stream| converse(&stream, &*answer)));
        }
    });
    Ok(address)
}

/// Answers the requests of a connection until it is closed.
fn converse(stream: &TcpStream, answer: &impl Fn(&str, &mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
        }
        answer(request.split(' ').nth(1).unwrap_or_default(), &mut writer)?;
    }
}

/// A whole response with an exposition.
pub(crate) fn response(body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head + body).into_bytes()
}

impl Shared {
    fn find(&self, path: &str) -> Option<&[u8]> {
        let (peer, host) = path.trim_start_matches('/').split_once('/')?;
        let steps = self.responses.get(host.parse::<usize>().ok()?)?;
        let at = Peer::ALL.iter().position(|known| known.name() == peer)?;
        self.n_scrapes[at].fetch_add(1, Ordering::SeqCst);
        let step = (self.started.elapsed().as_millis() / self.interval.as_millis()) as usize;
        steps.get(step.min(steps.len() - 1)).map(Vec::as_slice)
    }
}
