//! The three, and how each is started, merged and measured.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::http;

/// One of those that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    Narthex,
    VictoriaMetrics,
    Prometheus,
}

impl Peer {
    /// All, in the order of the table's columns.
    pub(crate) const ALL: [Peer; 3] = [Peer::Narthex, Peer::VictoriaMetrics, Peer::Prometheus];

    /// narthex, and those that are named, separated by commas.
    pub(crate) fn parse(names: &str) -> Option<Vec<Peer>> {
        let mut peers = vec![Peer::Narthex];
        for name in names.split(',') {
            peers.push(*Peer::ALL[1..].iter().find(|peer| peer.name().eq_ignore_ascii_case(name))?);
        }
        Some(peers)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Narthex => "narthex",
            Peer::VictoriaMetrics => "VictoriaMetrics",
            Peer::Prometheus => "Prometheus",
        }
    }

    /// Its name and version, as the table's head says it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Peer::Narthex => "narthex",
            Peer::VictoriaMetrics => "VictoriaMetrics 1.150",
            Peer::Prometheus => "Prometheus 3.14",
        }
    }

    /// The command that starts it, with its data in `dir/data` and its configuration in `dir/config.yml`.
    ///
    /// Caches of answers are off, and what is newest is answered at once; for the rest these are everybody's defaults.
    pub(crate) fn command(self, program: &Path, dir: &Path, address: SocketAddr) -> Command {
        let (data, config) = (dir.join("data"), dir.join("config.yml"));
        let mut command = Command::new(program);
        command.current_dir(dir);
        match self {
            Peer::Narthex | Peer::Prometheus => command
                .arg(format!("--config.file={}", config.display()))
                .arg(format!("--storage.tsdb.path={}", data.display()))
                .arg(format!("--web.listen-address={address}"))
                .args(["--web.enable-remote-write-receiver", "--web.enable-admin-api", "--web.enable-lifecycle"]),
            Peer::VictoriaMetrics => command
                .arg(format!("-promscrape.config={}", config.display()))
                .arg(format!("-storageDataPath={}", data.display()))
                .arg(format!("-httpListenAddr={address}"))
                .args(["-search.disableCache", "-search.latencyOffset=0s", "-search.maxUniqueTimeseries=3000000"])
                .args(["-search.maxExportSeries=3000000", "-search.maxQueryDuration=3m"]),
        };
        command
    }

    /// Where it says that it is ready.
    pub(crate) fn ready_path(self) -> &'static str {
        match self {
            Peer::VictoriaMetrics => "/health",
            Peer::Narthex | Peer::Prometheus => "/-/ready",
        }
    }

    /// Makes it write everything to its most compact form on the disk, and waits until it has.
    pub(crate) fn merge(self, address: SocketAddr) -> io::Result<()> {
        match self {
            Peer::Narthex => http::post(address, "/api/v1/admin/tsdb/seal").map(drop),
            // Its compaction begins two hours later; what a snapshot writes is the same blocks.
            Peer::Prometheus => http::post(address, "/api/v1/admin/tsdb/snapshot").map(drop),
            Peer::VictoriaMetrics => {
                http::get(address, "/internal/force_flush")?;
                http::get(address, "/internal/force_merge")?;
                wait_for_merges(address)
            }
        }
    }
}

/// VictoriaMetrics merges in the background.
fn wait_for_merges(address: SocketAddr) -> io::Result<()> {
    let mut n_idle = 0;
    while n_idle < 5 {
        std::thread::sleep(std::time::Duration::from_millis(300));
        let metrics = http::get(address, "/metrics")?;
        let text = String::from_utf8_lossy(&metrics);
        let is_idle = |line: &str| line.split(' ').nth(1) == Some("0");
        let mut merges = text
            .lines()
            .filter(|line| line.starts_with("vm_active_merges") || line.starts_with("vm_active_force_merges"));
        n_idle = if merges.all(is_idle) { n_idle + 1 } else { 0 };
    }
    Ok(())
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
