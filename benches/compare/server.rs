//! A running server: what it uses, and its end.

use std::fs::OpenOptions;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::http;
use crate::peer::Peer;

/// Clock ticks in a second, on every Linux.
const TICKS: f64 = 100.0;
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) peer: Peer,
    pub(crate) address: SocketAddr,
    pub(crate) dir: PathBuf,
    program: PathBuf,
    child: Child,
    /// When its process was started.
    pub(crate) started: Instant,
}

/// What of a process is in memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) resident: f64,
    /// Without files that are mapped.
    pub(crate) anonymous: f64,
}

impl Server {
    /// Starts it in `dir`, which may hold data of an earlier run; it may not be ready yet.
    pub(crate) fn start(arguments: &Arguments, peer: Peer, dir: &Path, config: &str) -> io::Result<Server> {
        std::fs::create_dir_all(dir)?;
        std::fs::write(dir.join("config.yml"), config)?;
        let program = arguments.program(peer);
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let (child, started) = spawn(peer, &program, dir, address)?;
        Ok(Server { peer, address, dir: dir.to_owned(), program, child, started })
    }

    /// Waits until it says that it is ready.
    pub(crate) fn wait_until_ready(&mut self) -> io::Result<()> {
        let (address, path) = (self.address, self.peer.ready_path());
        self.wait_for(path, || Ok(http::get(address, path).is_ok()))
    }

    /// Asks again and again until it is so.
    pub(crate) fn wait_for(&mut self, what: &str, mut is_so: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
        while !is_so()? {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("{} ended: {status}: {log}", self.peer)));
            }
            if self.started.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("{}: not within {PATIENCE:?}: {what}", self.peer)));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// SIGKILL, and the same again with the same data.
    pub(crate) fn kill_and_start(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        (self.child, self.started) = spawn(self.peer, &self.program, &self.dir, self.address)?;
        Ok(())
    }

    /// Seconds of CPU that all its threads have used so far.
    pub(crate) fn cpu_seconds(&self) -> io::Result<f64> {
        std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).map(|stat| seconds_of(&stat))
    }

    /// Seconds of CPU that its threads of some names have used so far, to the nanosecond.
    pub(crate) fn thread_seconds(&self, names: &[&str]) -> io::Result<f64> {
        let mut seconds = 0.0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // One that has ended meanwhile has no more.
            let path = thread?.path();
            let of = |file: &str| std::fs::read_to_string(path.join(file)).unwrap_or_default();
            if names.contains(&of("comm").trim_end()) {
                let on_cpu = of("schedstat");
                seconds += on_cpu.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9;
            }
        }
        Ok(seconds)
    }

    /// The sum of a family that it says of itself.
    pub(crate) fn metric(&self, name: &str) -> io::Result<f64> {
        let metrics = http::get(self.address, "/metrics")?;
        let text = String::from_utf8_lossy(&metrics);
        let of_family =
            text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
        Ok(of_family.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }

    /// What of it is in memory now.
    pub(crate) fn memory(&self) -> io::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) * 1024.0
        };
        Ok(Memory { resident: of("VmRSS:"), anonymous: of("RssAnon:") })
    }

    /// The directory of its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }
}

/// User and system time in a line of `/proc`.
fn seconds_of(stat: &str) -> f64 {
    // The name of the program, in parentheses, may have spaces in it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS
}

fn spawn(peer: Peer, program: &Path, dir: &Path, address: SocketAddr) -> io::Result<(Child, Instant)> {
    let program = program.canonicalize()?;
    let log = OpenOptions::new().create(true).append(true).open(dir.join("log"))?;
    let mut command = peer.command(&program, dir, address);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let started = Instant::now();
    Ok((command.spawn()?, started))
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
