//! Records what a real node_exporter says: scrapes it every second into a file that benches read.
//!
//! Usage: `record_node FILE [SECONDS [PORT]]`. Starts Debian's `prometheus-node-exporter` on a loopback port (19,100 if not
//! said), scrapes it on every full second for so many seconds (3,600 if not said), and ends it. The file is one record a
//! scrape: milliseconds since 1970 (8 bytes, little-endian), length (4 bytes), and so many bytes of the answer, without
//! comments. Each record is written whole, so that a recording that was cut off can be read as far as it goes.

#![allow(clippy::disallowed_methods, reason = "a program of the benches takes real time and writes a file of its own")]

use std::fs::File;
use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or_else(|| Error::other("usage: record_node FILE [SECONDS [PORT]]"))?;
    let n_seconds: u32 = args.next().map_or(Ok(3600), |arg| arg.parse()).map_err(Error::other)?;
    let port: u16 = args.next().map_or(Ok(19_100), |arg| arg.parse()).map_err(Error::other)?;
    let mut file = File::create(path)?;
    let mut exporter = start(port)?;
    let recorded = record(&mut file, port, n_seconds);
    exporter.kill()?;
    exporter.wait()?;
    recorded
}

fn start(port: u16) -> Result<Child> {
    let exporter = Command::new("prometheus-node-exporter")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    for _ in 0..100 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    Ok(exporter)
}

/// Scrapes on every full second; a scrape that fails leaves a gap.
fn record(file: &mut File, port: u16, n_seconds: u32) -> Result<()> {
    for _ in 0..n_seconds {
        let into_second_ms = now_ms() % 1000;
        sleep(Duration::from_millis(1000 - into_second_ms));
        let timestamp_ms = now_ms();
        let Ok(body) = scrape(port) else { continue };
        let mut entry = Vec::with_capacity(body.len() + 12);
        entry.extend(timestamp_ms.to_le_bytes());
        entry.extend((body.len() as u32).to_le_bytes());
        entry.extend(body.as_bytes());
        file.write_all(&entry)?;
    }
    Ok(())
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// The samples of an answer, one a line.
fn scrape(port: u16) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or_else(|| Error::other("no body"))?;
    let mut samples = String::with_capacity(body.len());
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        samples.push_str(line);
        samples.push('\n');
    }
    Ok(samples)
}
