//! Scraping the same targets, all at the same time.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use benches::payload::{Grid, Payload, instance};

use crate::arguments::Arguments;
use crate::exporter::Exporter;
use crate::load::new_dir;
use crate::peer::Peer;
use crate::server::Server;
use crate::table::{Bar, Measured, Table, Unit};

const INTERVAL_S: u64 = 5;
/// Scrapes of each target before the clock runs: the first has to make the series.
const N_BEFORE: u64 = 3;

/// Measures CPU for each scraped sample, from start-up apart.
pub(crate) fn measure(arguments: &Arguments, peers: &[Peer], table: &mut Table) -> io::Result<()> {
    let dir = new_dir()?;
    let n_steps = (arguments.scrape_seconds / INTERVAL_S + N_BEFORE + 3) as usize;
    let grid = Grid { first_ms: 0, step_ms: INTERVAL_S as i64 * 1000, n_steps };
    let payload = Payload::new(2, arguments.n_targets, grid);
    let exporter = Exporter::start(&payload, Duration::from_secs(INTERVAL_S))?;
    println!("{} targets are scraped by all, for {} s", arguments.n_targets, arguments.scrape_seconds);
    let start = |peer: &Peer| {
        let config = configuration(*peer, exporter.address, arguments.n_targets);
        Server::start(arguments, *peer, &dir.path().join(peer.name()), &config)
    };
    let mut servers = peers.iter().map(start).collect::<io::Result<Vec<Server>>>()?;
    servers.iter_mut().try_for_each(Server::wait_until_ready)?;
    std::thread::sleep(Duration::from_secs(INTERVAL_S * N_BEFORE));
    let now = |server: &Server| io::Result::Ok((server.cpu_seconds()?, exporter.n_samples(server.peer)));
    let before = servers.iter().map(now).collect::<io::Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_secs(arguments.scrape_seconds));
    let after = servers.iter().map(now).collect::<io::Result<Vec<_>>>()?;
    let mut cpu_ns = Vec::new();
    for (server, ((cpu_before, n_before), (cpu_after, n_after))) in servers.iter().zip(before.iter().zip(&after)) {
        if n_after - n_before < 1.0 {
            return Err(io::Error::other(format!("{} scraped nothing", server.peer)));
        }
        cpu_ns.push(Measured::once(server.peer, (cpu_after - cpu_before) * 1e9 / (n_after - n_before)));
    }
    table.push("server CPU per scraped sample", Unit::Nanoseconds, Bar::AtMostOfBest(0.35), cpu_ns);
    Ok(())
}

/// All targets are one server; each has a path of its own.
fn configuration(peer: Peer, address: SocketAddr, n_targets: usize) -> String {
    let mut text = format!(
        "global:\n  scrape_interval: {INTERVAL_S}s\n  scrape_timeout: {INTERVAL_S}s\nscrape_configs:\n  \
         - job_name: node\n    static_configs:\n"
    );
    for host in 0..n_targets {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "      - targets: ['{address}']\n        labels: {{instance: '{}', __metrics_path__: '/{}/{host}'}}",
            instance(host),
            peer.name()
        );
    }
    text
}
