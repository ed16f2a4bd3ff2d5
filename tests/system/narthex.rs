//! The process: started, ready, killed.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::http;
use crate::memory_group::MemoryGroup;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_narthex");

/// A running narthex. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Narthex {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first `/-/ready` that says yes.
    pub(crate) time_to_ready: Duration,
}

/// How long a start may take on a busy machine.
const LONGEST_START: Duration = Duration::from_secs(180);

/// A port that is free, and stays so: below those that the kernel gives to connections and to whoever asks for any port, and
/// given to nobody else by this process. Another run of the tests begins elsewhere.
pub(crate) fn free_address() -> SocketAddr {
    const PORTS: std::ops::Range<u16> = 12_000..32_000;
    static N_GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 150) as u16 * 128;
    let mut ports = std::iter::repeat_with(|| {
        PORTS.start + first.wrapping_add(N_GIVEN.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start)
    });
    let mut listeners = ports.by_ref().take(PORTS.len()).filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    listeners.next().expect("no port is free").local_addr().unwrap()
}

impl Narthex {
    /// Starts it in a directory of its own, and waits until it is ready.
    pub(crate) fn start(dir: &Path, address: SocketAddr, flags: &[&str]) -> Narthex {
        Starting::new(dir, address, flags).wait_until_ready(dir)
    }

    /// The same, in a control group.
    pub(crate) fn start_in(group: &MemoryGroup, dir: &Path, address: SocketAddr) -> Narthex {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]).arg(group.entrance()).arg(PROGRAM);
        Starting::with(shell, dir, address, &[]).wait_until_ready(dir)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Bytes of the process that are in memory.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    /// Waits for the process to end by itself.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks and takes the `data` of the answer, which must be a success.
    pub(crate) fn api(&self, path: &str) -> serde_json::Value {
        let response = http::get(self.address, path).unwrap();
        let mut document = response.json();
        assert_eq!(document["status"], "success", "{path}: {document}");
        document["data"].take()
    }

    /// All samples of the series that a selector names, as (labels, time in ms, value).
    pub(crate) fn samples(&self, selector: &str) -> Vec<(serde_json::Value, Vec<(i64, String)>)> {
        let data = self.api(&format!("/api/v1/query?query={}", http::encoded(&format!("{selector}[1d]"))));
        let point = |pair: &serde_json::Value| {
            let time_ms = (pair[0].as_f64().unwrap() * 1000.0).round() as i64;
            (time_ms, pair[1].as_str().unwrap().to_owned())
        };
        let series = data["result"].as_array().unwrap().iter();
        series
            .map(|one| (one["metric"].clone(), one["values"].as_array().unwrap().iter().map(point).collect()))
            .collect()
    }
}

impl Drop for Narthex {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that is not known to be ready.
#[derive(Debug)]
pub(crate) struct Starting {
    child: Child,
    address: SocketAddr,
    started: Instant,
}

impl Starting {
    /// Starts it with its data in `dir/data` and its log in `dir/log`.
    pub(crate) fn new(dir: &Path, address: SocketAddr, flags: &[&str]) -> Starting {
        Starting::with(Command::new(PROGRAM), dir, address, flags)
    }

    /// The same by way of another program, which becomes it.
    fn with(mut program: Command, dir: &Path, address: SocketAddr, flags: &[&str]) -> Starting {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap();
        let started = Instant::now();
        let child = program
            .current_dir(dir)
            .arg(format!("--web.listen-address={address}"))
            .arg("--web.enable-remote-write-receiver")
            .args(flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Starting { child, address, started }
    }

    fn wait_until_ready(mut self, dir: &Path) -> Narthex {
        while !self.is_ready() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("narthex ended: {status}: {}", std::fs::read_to_string(dir.join("log")).unwrap_or_default());
            }
            assert!(self.started.elapsed() < LONGEST_START, "not ready within {LONGEST_START:?}");
            std::thread::yield_now();
        }
        Narthex { child: self.child, address: self.address, time_to_ready: self.started.elapsed() }
    }

    fn is_ready(&self) -> bool {
        http::get(self.address, "/-/ready").is_ok_and(|response| response.status == 200)
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }
}
