//! Remote-write load for one server: how many samples it acknowledges in a second, and what a sample costs it.
//!
//! `write_load ADDRESS PATH PID HOSTS HOSTS_PER_REQUEST STEPS CONNECTIONS [TIMES_PER_REQUEST]`. All requests are made
//! before the clock runs. The first step, in which every series is new, is sent before it, too. CPU is that of process
//! PID by `/proc`; 0 for none.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::sync::Mutex;

use benches::payload::{Grid, Payload, SERIES_PER_HOST};
use model::{Clock, SystemClock};

/// Clock ticks in a second, on every Linux.
const TICKS: f64 = 100.0;

struct Load {
    address: String,
    path: String,
    pid: u32,
    n_hosts: usize,
    hosts_per_request: usize,
    n_steps: usize,
    n_connections: usize,
    times_per_request: usize,
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default);
    let word = |at: usize, default: &str| words.get(at).cloned().unwrap_or_else(|| default.to_owned());
    let load = Load {
        address: word(0, "127.0.0.1:9090"),
        path: word(1, "/api/v1/write"),
        pid: number(2, 0) as u32,
        n_hosts: number(3, 100),
        hosts_per_request: number(4, 10),
        n_steps: number(5, 100),
        n_connections: number(6, 2),
        times_per_request: number(7, 1).max(1),
    };
    load.run()
}

impl Load {
    fn run(&self) -> io::Result<()> {
        // The newest sample is as old as the clock says, or servers might refuse it.
        let clock = SystemClock::new();
        let n_times = self.n_steps * self.times_per_request;
        let payload = Payload::new(1, self.n_hosts, Grid::until(clock.now_ms(), 1 + n_times));
        self.send(&[self.step(&payload, 0..1)])?;
        let begins = (1..=n_times).step_by(self.times_per_request);
        let steps: Vec<_> = begins.map(|from| self.step(&payload, from..from + self.times_per_request)).collect();
        let n_bytes: usize = steps.iter().flatten().map(Vec::len).sum();
        let (cpu, start) = (self.cpu_seconds()?, clock.elapsed());
        self.send(&steps)?;
        let (cpu, seconds) = (self.cpu_seconds()? - cpu, (clock.elapsed() - start).as_secs_f64());
        let n_samples = (self.n_hosts * SERIES_PER_HOST * n_times) as f64;
        writeln!(
            io::stdout(),
            "{:.0} samples/s, {:.0} ns CPU a sample ({n_samples} samples in {seconds:.2} s, {:.1} bytes a sample)",
            n_samples / seconds,
            cpu * 1e9 / n_samples,
            n_bytes as f64 / n_samples
        )
    }

    fn step(&self, payload: &Payload, steps: Range<usize>) -> Vec<Vec<u8>> {
        let hosts = (0..self.n_hosts).step_by(self.hosts_per_request);
        let range = |from: usize| from..(from + self.hosts_per_request).min(self.n_hosts);
        hosts.map(|from| payload.request(range(from), steps.clone())).collect()
    }

    /// Sends the requests of each step over the connections. A host's requests all go over the same one, in order.
    fn send(&self, steps: &[Vec<Vec<u8>>]) -> io::Result<()> {
        let failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for number in 0..self.n_connections {
                let failure = &failure;
                scope.spawn(move || {
                    let own = steps.iter().flat_map(|step| step.iter().skip(number).step_by(self.n_connections));
                    if let (Err(error), Ok(mut failure)) = (self.send_all(own), failure.lock()) {
                        *failure = Some(error);
                    }
                });
            }
        });
        failure.into_inner().ok().flatten().map_or(Ok(()), Err)
    }

    fn send_all<'a>(&self, requests: impl Iterator<Item = &'a Vec<u8>>) -> io::Result<()> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        let mut answers = BufReader::new(stream.try_clone()?);
        for body in requests {
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: load\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
                 X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n",
                self.path,
                body.len()
            );
            stream.write_all(&[head.as_bytes(), body].concat())?;
            read_answer(&mut answers)?;
        }
        Ok(())
    }

    /// What the server's process has used so far.
    fn cpu_seconds(&self) -> io::Result<f64> {
        if self.pid == 0 {
            return Ok(0.0);
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name of the program, in parentheses, may have spaces in it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / TICKS)
    }
}

/// Reads an answer to its end; any status but a success is an error.
fn read_answer(answers: &mut impl BufRead) -> io::Result<()> {
    let mut status = String::new();
    answers.read_line(&mut status)?;
    let mut n_body = 0;
    loop {
        let mut line = String::new();
        answers.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            n_body = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; n_body];
    answers.read_exact(&mut body)?;
    if status.contains(" 204") || status.contains(" 200") {
        return Ok(());
    }
    Err(io::Error::other(format!("{}: {}", status.trim(), String::from_utf8_lossy(&body))))
}
