//! Rounds of remote write, and what follows the last: a kill, a merge, reading everything back, and questions.

use std::io;
use std::path::Path;
use std::time::Duration;

use benches::payload::{Grid, Payload, SERIES_PER_HOST};
use model::{Clock, SystemClock};

use crate::arguments::{Arguments, target_dir};
use crate::peer::Peer;
use crate::queries::{self, Answers};
use crate::read_back::{ReadBack, read_back};
use crate::restart;
use crate::sender::Requests;
use crate::server::Server;
use crate::sizes::Sizes;
use crate::table::{Bar, Measured, Table, Unit};

/// Nothing is scraped meanwhile.
pub(crate) const NO_TARGETS: &str = "scrape_configs: []\n";

/// What a merge leaves to be tidied up is not to be measured with the questions.
const TO_SETTLE: Duration = Duration::from_secs(3);

/// What the rounds of one server gave.
#[derive(Debug)]
struct Rounds {
    peer: Peer,
    per_second: Vec<f64>,
    new_series_per_second: Vec<f64>,
    cpu_ns: Vec<f64>,
    p99_ms: Vec<f64>,
    resident: Vec<f64>,
    anonymous: Vec<f64>,
    last: Option<Last>,
}

/// What followed the last round.
#[derive(Debug)]
struct Last {
    restart: Option<Duration>,
    n_lost: f64,
    n_samples: f64,
    sizes: Sizes,
    read_back: ReadBack,
    answers: Answers,
}

/// Measures, and adds the rows. Answers whether narthex lost nothing, gave every bit back, and answered as Prometheus does.
pub(crate) fn measure(arguments: &Arguments, peers: &[Peer], table: &mut Table) -> io::Result<bool> {
    let dir = new_dir()?;
    let payload = Payload::new(1, arguments.n_hosts, Grid::until(SystemClock::new().now_ms(), arguments.n_steps));
    let requests = Requests::new(&payload);
    println!("requests of {} MB are ready", requests.n_bytes() >> 20);
    let mut all: Vec<Rounds> = peers.iter().map(|peer| Rounds::new(*peer)).collect();
    for round in 0..arguments.n_rounds {
        for turn in 0..all.len() {
            // Nobody is always the first.
            let at = (turn + round) % peers.len();
            let rounds = &mut all[at];
            let own = dir.path().join(format!("{}-{round}", rounds.peer.name()));
            let server = rounds.load(arguments, &own, &requests)?;
            if round + 1 == arguments.n_rounds {
                rounds.last = Some(follow(arguments, server, &payload, &requests)?);
            }
            if !arguments.keep {
                std::fs::remove_dir_all(&own)?;
            }
        }
    }
    if arguments.keep {
        println!("the data stay in {}", dir.keep().display());
    }
    add_rows(&all, table);
    Ok(is_right(&all))
}

/// A directory for the data, on the disk where everything is built.
pub(crate) fn new_dir() -> io::Result<tempfile::TempDir> {
    let parent = target_dir().join("tmp");
    std::fs::create_dir_all(&parent)?;
    tempfile::tempdir_in(parent.canonicalize()?)
}

/// Kills it, and what then can be asked. Who has lost something gets the load again, so that the rest is about all of it.
fn follow(arguments: &Arguments, mut server: Server, payload: &Payload, requests: &Requests) -> io::Result<Last> {
    let peer = server.peer;
    let n_samples = (payload.n_hosts() * SERIES_PER_HOST * arguments.n_steps) as f64;
    let restart = restart::kill_and_ask(&mut server, payload)?;
    let n_lost = n_samples - restart::count(&server, payload)?;
    println!("{peer}: killed, answered {restart:.3?} after its start, {n_lost} samples lost");
    if n_lost > 0.0 {
        let dir = server.dir.join("again");
        drop(server);
        server = Server::start(arguments, peer, &dir, NO_TARGETS)?;
        server.wait_until_ready()?;
        requests.send(server.address, 0..arguments.n_steps)?;
    }
    peer.merge(server.address)?;
    let sizes = Sizes::of(peer, &server.data())?;
    std::thread::sleep(TO_SETTLE);
    let answers = queries::ask(server.address, payload.grid(), arguments.n_repeats)?;
    let read_back = read_back(peer, server.address, payload)?;
    println!("{peer}: {sizes:?} {read_back:?}");
    Ok(Last { restart, n_lost, n_samples, sizes, read_back, answers })
}

impl Rounds {
    fn new(peer: Peer) -> Rounds {
        let none = Vec::new;
        Rounds {
            peer,
            per_second: none(),
            new_series_per_second: none(),
            cpu_ns: none(),
            p99_ms: none(),
            resident: none(),
            anonymous: none(),
            last: None,
        }
    }

    /// One round: a fresh server takes the whole load. The first step, in which every series is new, has a row of its own.
    fn load(&mut self, arguments: &Arguments, dir: &Path, requests: &Requests) -> io::Result<Server> {
        let mut server = Server::start(arguments, self.peer, dir, NO_TARGETS)?;
        server.wait_until_ready()?;
        let first = requests.send(server.address, 0..1)?;
        let before = server.cpu_seconds()?;
        let sent = requests.send(server.address, 1..arguments.n_steps)?;
        let cpu_seconds = server.cpu_seconds()? - before;
        let memory = server.memory()?;
        self.new_series_per_second.push(first.n_samples / first.seconds);
        self.per_second.push(sent.n_samples / sent.seconds);
        self.cpu_ns.push(cpu_seconds * 1e9 / sent.n_samples);
        self.p99_ms.push(sent.p99.as_secs_f64() * 1000.0);
        self.resident.push(memory.resident);
        self.anonymous.push(memory.anonymous);
        println!(
            "{:15} {:.2} M samples/s, {:.0} ns CPU a sample, {:.0} MB",
            self.peer,
            sent.n_samples / sent.seconds / 1e6,
            cpu_seconds * 1e9 / sent.n_samples,
            memory.resident / 1e6
        );
        Ok(server)
    }
}

fn add_rows(all: &[Rounds], table: &mut Table) {
    let rounds = |of: fn(&Rounds) -> &Vec<f64>| -> Vec<Measured> {
        all.iter().map(|rounds| Measured { peer: rounds.peer, rounds: of(rounds).clone() }).collect()
    };
    table.push("remote write, samples acknowledged", Unit::Millions, Bar::AtLeast(1.5), rounds(|r| &r.per_second));
    table.push("the same while each series is new", Unit::Millions, Bar::None, rounds(|r| &r.new_series_per_second));
    table.push("99 % of requests are acknowledged within", Unit::Milliseconds, Bar::None, rounds(|r| &r.p99_ms));
    table.push("server CPU per sample, remote write", Unit::Nanoseconds, Bar::AtMost(0.5), rounds(|r| &r.cpu_ns));
    table.push("RSS after the load", Unit::Mebibytes, Bar::AtMost(0.6), rounds(|r| &r.resident));
    table.push("of it anonymous, without mapped files", Unit::Mebibytes, Bar::None, rounds(|r| &r.anonymous));
    let last = |of: fn(&Last) -> f64| -> Vec<Measured> {
        let measured = |rounds: &Rounds| rounds.last.as_ref().map(|last| Measured::once(rounds.peer, of(last)));
        all.iter().filter_map(measured).collect()
    };
    let restart = last(|last| last.restart.map_or(f64::NAN, |restart| restart.as_secs_f64()));
    table.push("kill -9, from its start to the first right answer", Unit::Seconds, Bar::Below(0.3), restart);
    table.push("acknowledged samples lost by that", Unit::Count, Bar::Exactly(0.0), last(|last| last.n_lost));
    let samples = last(|last| last.sizes.samples / last.n_samples);
    table.push("sealed bytes per sample, values and timestamps", Unit::Bytes, Bar::AtMost(0.7), samples);
    let all_in = last(|last| last.sizes.with_indexes / last.n_samples);
    table.push("the same with all indexes", Unit::Bytes, Bar::AtMost(0.75), all_in);
    let different = last(|last| last.read_back.n_different as f64);
    table.push("samples read back with other bits", Unit::Count, Bar::Exactly(0.0), different);
    let missing = last(|last| last.read_back.n_missing as f64);
    table.push("samples not read back", Unit::Count, Bar::Exactly(0.0), missing);
    let answers: Vec<(Peer, &Answers)> =
        all.iter().filter_map(|rounds| Some((rounds.peer, &rounds.last.as_ref()?.answers))).collect();
    queries::add_rows(&answers, table);
}

fn is_right(all: &[Rounds]) -> bool {
    let find = |peer| all.iter().find(|rounds| rounds.peer == peer).and_then(|rounds| rounds.last.as_ref());
    let Some(own) = find(Peer::Narthex) else { return false };
    let is_whole = own.n_lost == 0.0 && own.read_back.n_different == 0 && own.read_back.n_missing == 0;
    let differences = find(Peer::Prometheus).map_or_else(Vec::new, |other| own.answers.differences(&other.answers));
    for difference in &differences {
        println!("narthex and Prometheus answer differently: {difference}");
    }
    is_whole && differences.is_empty()
}
