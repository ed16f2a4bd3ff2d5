//! Remote-write requests on their way: made before the clock runs, sent by two senders.

use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::payload::{Payload, SERIES_PER_HOST};

use crate::http;

/// Connections, each with one request under way.
const N_SENDERS: usize = 2;
/// 1,500 samples a request: Prometheus sends up to 2,000.
const HOSTS_PER_REQUEST: usize = 5;

/// All requests of a load, step by step: one sample of each series a step.
#[derive(Debug)]
pub(crate) struct Requests {
    steps: Vec<Vec<Vec<u8>>>,
    n_hosts: usize,
}

/// What became of some steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) n_samples: f64,
    pub(crate) seconds: f64,
    /// How long all but one of a hundred requests took to be acknowledged, at most.
    pub(crate) p99: Duration,
}

impl Requests {
    /// Makes the requests of a payload, on all cores.
    pub(crate) fn new(payload: &Payload) -> Requests {
        let next = AtomicUsize::new(0);
        let n_steps = payload.grid().n_steps;
        let mut numbered: Vec<(usize, Vec<Vec<u8>>)> = thread::scope(|scope| {
            let n_threads = thread::available_parallelism().map_or(1, usize::from);
            let make = || {
                let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                numbers.take_while(|&step| step < n_steps).map(|step| (step, requests(payload, step))).collect()
            };
            let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(make)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|_| Vec::new())).collect()
        });
        numbered.sort_unstable_by_key(|(step, _)| *step);
        let steps = numbered.into_iter().map(|(_, requests)| requests).collect();
        Requests { steps, n_hosts: payload.n_hosts() }
    }

    /// Bytes of all requests.
    pub(crate) fn n_bytes(&self) -> usize {
        self.steps.iter().flatten().map(Vec::len).sum()
    }

    /// Sends the requests of some steps. A host's requests all go over the same connection, in order.
    pub(crate) fn send(&self, address: SocketAddr, steps: Range<usize>) -> io::Result<Sent> {
        let n_samples = (self.n_hosts * SERIES_PER_HOST * steps.len()) as f64;
        let steps = &self.steps[steps];
        let started = Instant::now();
        let all: Vec<io::Result<Vec<Duration>>> = thread::scope(|scope| {
            let send = |number| {
                let own = steps.iter().flat_map(move |step| step.iter().skip(number).step_by(N_SENDERS));
                scope.spawn(move || send_all(address, own))
            };
            let threads: Vec<_> = (0..N_SENDERS).map(send).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|_| Err(io::Error::other("a sender panicked")))
            };
            threads.into_iter().map(join).collect()
        });
        let seconds = started.elapsed().as_secs_f64();
        let mut latencies: Vec<Duration> = all.into_iter().collect::<io::Result<Vec<_>>>()?.concat();
        latencies.sort_unstable();
        let p99 = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or_default();
        Ok(Sent { n_samples, seconds, p99 })
    }
}

fn requests(payload: &Payload, step: usize) -> Vec<Vec<u8>> {
    let hosts = (0..payload.n_hosts()).step_by(HOSTS_PER_REQUEST);
    let range = |from: usize| from..(from + HOSTS_PER_REQUEST).min(payload.n_hosts());
    hosts.map(|from| payload.request(range(from), step..step + 1)).collect()
}

fn send_all<'a>(address: SocketAddr, requests: impl Iterator<Item = &'a Vec<u8>>) -> io::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut latencies = Vec::new();
    for body in requests {
        let head = format!(
            "POST /api/v1/write HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-protobuf\r\n\
             Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let started = Instant::now();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let answer = http::read_answer(&mut answers)?;
        latencies.push(started.elapsed());
        if !(200..300).contains(&answer.status) {
            let text = String::from_utf8_lossy(&answer.body);
            return Err(io::Error::other(format!("a write was refused: {} {text}", answer.status)));
        }
    }
    Ok(latencies)
}
