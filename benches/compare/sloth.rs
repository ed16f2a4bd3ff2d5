//! Sloth's rules for some of the objectives, evaluated by Prometheus over days of samples.
//!
//! The rules are those that `narthex slo export` makes, which are Sloth's. Prometheus is sent the counters of some days, every 15
//! seconds, and for the thirty days before the ratio that Sloth would have recorded every minute, for that is what its
//! rule of thirty days reads. Then it is given the rules.

use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use benches::payload::request;
use benches::routes::{SERIES_PER_ROUTE, labels};
use benches::shop::{DAY_MS, STEP_MS};

use crate::arguments::Arguments;
use crate::budgets::Load;
use crate::http;
use crate::load::new_dir;
use crate::peer::Peer;
use crate::server::Server;
use crate::shop::{Shop, now_ms};
use crate::table::{Bar, Measured, Table, Unit};

const RECORDED_STEP_MS: i64 = 60_000;
const RECORDED_DAYS: i64 = 30;
/// So much of all series is sent at once; what is older than half an hour behind the newest may be refused.
const SPAN_MS: i64 = 30 * 60_000;
/// What was sent is in blocks when nothing has changed for so long.
const QUIET: Duration = Duration::from_secs(10);
const LONGEST_COMPACTION: Duration = Duration::from_secs(60);

/// Measures the CPU of an evaluation of all rules of an objective.
pub(crate) fn measure(arguments: &Arguments, load: Load, table: &mut Table) -> io::Result<()> {
    let dir = new_dir()?;
    let shop = Shop::new(load.n_of_sloth, RECORDED_DAYS);
    let n_rules = write_rules(arguments, dir.path(), load.n_of_sloth)?;
    std::fs::rename(dir.path().join("rules.yml"), dir.path().join("later.yml"))?;
    let interval = load.interval_s;
    let config = format!(
        "global: {{evaluation_interval: {interval}s}}\nrule_files: [rules.yml]\nstorage: {{tsdb: {{retention: {{time: 60d}}}}}}\n"
    );
    let mut server = Server::start(arguments, Peer::Prometheus, dir.path(), &config)?;
    server.wait_until_ready()?;
    let middle_ms = now_ms() / SPAN_MS * SPAN_MS;
    println!("Prometheus is sent {} days of {} series", load.days, load.n_of_sloth * SERIES_PER_ROUTE);
    let mut sender = Sender::new(&server)?;
    sender.send(&shop, load, middle_ms - RECORDED_DAYS * DAY_MS, middle_ms)?;
    wait_until_compacted(&server)?;
    sender.send(&shop, load, middle_ms, now_ms())?;
    std::fs::rename(dir.path().join("later.yml"), dir.path().join("rules.yml"))?;
    http::post(server.address, "/-/reload")?;
    // Every group has been evaluated once: from then on all it needs is in memory, as it is all the time.
    thread::sleep(Duration::from_secs(interval + 2));
    let before = (server.cpu_seconds()?, n_evaluations(&server)?);
    thread::sleep(Duration::from_secs(load.n_ticks * interval));
    let after = (server.cpu_seconds()?, n_evaluations(&server)?);
    let n_ticks = (after.1 - before.1) / n_rules as f64;
    if n_ticks <= 0.0 || server.metric("prometheus_rule_evaluation_failures_total")? > 0.0 {
        return Err(io::Error::other(format!("Prometheus evaluated {n_ticks} times, or failed")));
    }
    let seconds = (after.0 - before.0) / n_ticks / load.n_of_sloth as f64;
    let name = format!("CPU of one evaluation of Sloth's rules for one of {} objectives", load.n_of_sloth);
    table.push(&name, Unit::Microseconds, Bar::None, vec![Measured::once(Peer::Prometheus, seconds)]);
    Ok(())
}

fn n_evaluations(server: &Server) -> io::Result<f64> {
    server.metric("prometheus_rule_evaluations_total")
}

/// Writes the rules, and says how many there are.
fn write_rules(arguments: &Arguments, dir: &Path, n_objectives: usize) -> io::Result<usize> {
    Shop::write_specs(&dir.join("slo"), n_objectives)?;
    let output = Command::new(arguments.program(Peer::Narthex))
        .args(["slo", "export", "--as", "prometheus-rules"])
        .arg(dir.join("slo/0.yml"))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("no rules: {}", output.status)));
    }
    std::fs::write(dir.join("rules.yml"), &output.stdout)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let is_rule = |line: &&str| {
        let line = line.trim_start().trim_start_matches("- ");
        line.starts_with("record: ") || line.starts_with("alert: ")
    };
    Ok(text.lines().filter(is_rule).count())
}

/// Waits until Prometheus has no more to compact.
fn wait_until_compacted(server: &Server) -> io::Result<()> {
    let n_compacted = || server.metric("prometheus_tsdb_compactions_total");
    let mut waited = Duration::ZERO;
    let mut last = n_compacted()?;
    while waited < LONGEST_COMPACTION {
        thread::sleep(QUIET);
        waited += QUIET;
        let now = n_compacted()?;
        if now <= last {
            break;
        }
        last = now;
    }
    Ok(())
}

/// A connection over which samples are sent, in the order of their times.
struct Sender {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Sender {
    fn new(server: &Server) -> io::Result<Sender> {
        let stream = TcpStream::connect(server.address)?;
        stream.set_nodelay(true)?;
        let answers = BufReader::new(stream.try_clone()?);
        Ok(Sender { stream, answers })
    }

    /// Sends what lies between two times, the first of them included.
    fn send(&mut self, shop: &Shop, load: Load, from_ms: i64, to_ms: i64) -> io::Result<()> {
        let mut at_ms = from_ms;
        while at_ms < to_ms {
            let end_ms = (at_ms + SPAN_MS).min(to_ms);
            for route in 0..shop.n_routes {
                self.post(&of_route(shop, load, route, at_ms, end_ms))?;
            }
            at_ms = end_ms;
        }
        Ok(())
    }

    fn post(&mut self, body: &[u8]) -> io::Result<()> {
        let head = format!(
            "POST /api/v1/write HTTP/1.1\r\nHost: prometheus\r\nContent-Type: application/x-protobuf\r\n\
             Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), body].concat())?;
        let answer = http::read_answer(&mut self.answers)?;
        let text = || String::from_utf8_lossy(&answer.body).into_owned();
        if (200..300).contains(&answer.status) { Ok(()) } else { Err(io::Error::other(text())) }
    }
}

/// A request with what a route has within a span.
fn of_route(shop: &Shop, load: Load, route: usize, from_ms: i64, to_ms: i64) -> Vec<u8> {
    let times = |step_ms: i64| (from_ms..to_ms).step_by(step_ms as usize);
    let id = format!("shop-slo-{route}");
    let recorded: [(&str, String); 5] = [
        ("__name__", "slo:sli_error:ratio_rate5m".to_owned()),
        ("sloth_id", id),
        ("sloth_service", "shop".to_owned()),
        ("sloth_slo", format!("slo-{route}")),
        ("sloth_window", "5m".to_owned()),
    ];
    // It was recorded until the rules themselves record it.
    let ratio = |at_ms: i64| 0.0002 + 0.0001 * ((at_ms / RECORDED_STEP_MS) % 7) as f64;
    let mut series = vec![(recorded, times(RECORDED_STEP_MS).map(|at_ms| (at_ms, ratio(at_ms))).collect::<Vec<_>>())];
    if to_ms > now_ms() - load.days * DAY_MS {
        for code in 0..SERIES_PER_ROUTE {
            let samples = times(STEP_MS).map(|at_ms| (at_ms, shop.value(route, code, at_ms))).collect();
            series.push((labels(route, code), samples));
        }
    }
    request(series.iter().map(|(labels, samples)| (pairs(labels), samples.iter().copied())))
}

fn pairs<'l>(labels: &'l [(&'static str, String)]) -> impl Iterator<Item = (&'l str, &'l str)> {
    labels.iter().map(|(name, value)| (*name, value.as_str()))
}
