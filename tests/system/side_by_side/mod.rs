//! Beside a real Prometheus 3.14: the same targets, the same samples, the same questions, and equal answers.
//!
//! Needs the peers (`tests/peers/build prometheus`) and the targets (`tests/targets/install`); where they are missing the
//! tests say that they were left out, and fail in CI.

/// Alertmanager and amtool.
mod alertmanager;
/// Alerts, sent to a real Alertmanager.
mod alertmanagers;
/// Answers, compared.
mod answers;
/// Questions made up over made-up data.
mod generated;
/// A data directory of Prometheus's, imported.
mod imported;
/// Since when imported series count.
mod imported_starts;
/// What is read from narthex.
mod read;
/// The same rules over the same target.
mod rules;
/// The same real targets, scraped by both.
mod scraped;
/// What is sent on to a Prometheus.
mod sent;
/// The same signals and the same kills as narthex has to stand.
mod signals;
/// Real targets: node_exporter, etcd, Spark, and captures of Mesos.
mod targets;
/// The command line beside amtool.
mod verbs;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http;
use crate::waiting::{LONGEST_WAIT, wait_until};

/// A directory below the target directory: where peers and targets are installed.
fn installed(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    target.join(name)
}

/// Whether a test can run; says what is missing, and fails in CI.
fn can_run(needed: &[PathBuf], advice: &str) -> bool {
    let missing: Vec<_> = needed.iter().filter(|path| !path.exists()).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("NARTHEX_CI").is_none(), "{missing:?} missing: {advice}");
    println!("left out: {missing:?} missing; {advice}");
    false
}

/// A process that is killed when dropped.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn start(command: &mut Command, log: &Path) -> Process {
        let log = std::fs::File::create(log).unwrap();
        let error = log.try_clone().unwrap();
        Process(command.stdin(Stdio::null()).stdout(log).stderr(error).spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running Prometheus.
#[derive(Debug)]
struct Prometheus {
    process: Process,
    address: SocketAddr,
}

impl Prometheus {
    fn start(dir: &Path, address: SocketAddr, configuration: &Path) -> Prometheus {
        Prometheus::start_with(dir, address, configuration, &[])
    }

    fn start_with(dir: &Path, address: SocketAddr, configuration: &Path, flags: &[&str]) -> Prometheus {
        let mut command = Command::new(installed("peers/prometheus"));
        command
            .arg(format!("--config.file={}", configuration.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("prometheus").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.enable-remote-write-receiver", "--query.lookback-delta=5m"])
            .arg("--enable-feature=promql-experimental-functions")
            .args(flags);
        let process = Process::start(&mut command, &dir.join("prometheus.log"));
        wait_until("Prometheus is ready", || {
            http::get(address, "/-/ready").is_ok_and(|response| response.status == 200)
        });
        Prometheus { process, address }
    }

    /// Sends a signal by its name, and waits for the end.
    fn stop(mut self, signal: &str) {
        let status = Command::new("kill").args(["-s", signal, &self.process.0.id().to_string()]).status().unwrap();
        assert!(status.success());
        self.process.0.wait().unwrap();
    }
}

/// Waits until nothing is missing; where that takes too long it says what is.
fn wait_until_all_are<T: std::fmt::Debug>(what: &str, missing: impl Fn() -> Vec<T>) {
    let started = Instant::now();
    loop {
        let missing = missing();
        if missing.is_empty() {
            return;
        }
        assert!(started.elapsed() < LONGEST_WAIT, "not within {LONGEST_WAIT:?}: {what}; missing: {missing:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
