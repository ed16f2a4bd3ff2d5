//! Thousands of objectives at work: what a tick of the whole server costs, how soon an alert fires, what a kill changes.
//!
//! Two servers scrape the same shop at the same time, one with objectives and one without, and both have its past. What the one
//! uses beyond the other is what objectives cost: counting, looking at budgets, and writing some forty series of each, which is
//! done by one thread; syncing and checkpoints of what is written; and what they add to the threads that scrape and store.
//! Prometheus is asked the same by [`crate::sloth`].

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use benches::past::step_ms;
use benches::routes::{ROUTES_PER_TARGET, SERIES_PER_ROUTE};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::http;
use crate::load::new_dir;
use crate::making;
use crate::past;
use crate::peer::Peer;
use crate::server::Server;
use crate::shop::{BROKEN, Shop, now_ms};
use crate::sloth;
use crate::table::{Bar, Measured, Table, Unit};

/// The thread of a server that counts, looks and writes.
const COUNTING: [&str; 1] = ["slo"];
/// Those that keep what others have stored: the log is synced, checkpoints are made, memory goes back. The others fetch, parse and
/// store what is scraped; some of them live only as long as there is something to do, and are found by what is left.
const KEEPING: [&str; 3] = ["journal-sync", "maintenance", "jemalloc_bg_thd"];
/// Ticks before the clock runs: the first has to make the series.
const N_BEFORE: f64 = 3.0;
/// How many budgets are looked at, before and after a kill.
const N_LOOKED_AT: usize = 20;

/// How much is measured of objectives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) n_objectives: usize,
    /// So many days lie behind them,
    pub(crate) days_before: i64,
    /// and of so many all samples of these.
    pub(crate) n_whole: usize,
    /// Seconds between two scrapes, and between two ticks.
    pub(crate) interval_s: u64,
    pub(crate) n_ticks: u64,
    /// Of so many Prometheus evaluates Sloth's rules.
    pub(crate) n_of_sloth: usize,
    /// Over so many days of samples.
    pub(crate) days: i64,
    /// Over so many days of samples an objective is made.
    pub(crate) days_made: i64,
}

impl Load {
    pub(crate) const FULL: Load = Load {
        n_objectives: 10_000,
        days_before: 30,
        n_whole: 100,
        interval_s: 15,
        n_ticks: 8,
        n_of_sloth: 100,
        days: 3,
        days_made: 30,
    };
    pub(crate) const QUICK: Load = Load {
        n_objectives: 200,
        days_before: 1,
        n_whole: 10,
        interval_s: 3,
        n_ticks: 3,
        n_of_sloth: 10,
        days: 1,
        days_made: 1,
    };
}

/// Measures, and adds the rows. Answers whether a kill changed no budget.
pub(crate) fn measure(arguments: &Arguments, peers: &[Peer], table: &mut Table) -> io::Result<bool> {
    let dir = new_dir()?;
    let load = arguments.objectives;
    let n_routes = load.n_objectives.next_multiple_of(ROUTES_PER_TARGET);
    let shop = Arc::new(Shop::new(n_routes, load.days_before));
    let mut server = at_work(arguments, &shop, dir.path(), load, table)?;
    latency(&server, &shop, load, table)?;
    let is_right = restart(&mut server, load, table)?;
    drop(server);
    making::measure(arguments, load, table)?;
    if peers.contains(&Peer::Prometheus) {
        sloth::measure(arguments, load, table)?;
    }
    Ok(is_right)
}

fn ours(value: f64) -> Vec<Measured> {
    in_rounds(vec![value])
}

fn in_rounds(rounds: Vec<f64>) -> Vec<Measured> {
    vec![Measured { peer: Peer::Narthex, rounds }]
}

/// The CPU that a server has used, in seconds.
struct Used {
    all: f64,
    counting: f64,
    keeping: f64,
}

impl Used {
    fn so_far(server: &Server) -> io::Result<Used> {
        let (counting, keeping) = (server.thread_seconds(&COUNTING)?, server.thread_seconds(&KEEPING)?);
        Ok(Used { all: server.cpu_seconds()?, counting, keeping })
    }

    fn since(&self, before: &Used) -> Used {
        let (counting, keeping) = (self.counting - before.counting, self.keeping - before.keeping);
        Used { all: self.all - before.all, counting, keeping }
    }

    fn ingesting(&self) -> f64 {
        self.all - self.counting - self.keeping
    }
}

fn n_ticks(server: &Server) -> io::Result<f64> {
    server.metric("narthex_slo_ticks_total")
}

/// Both scrape; the one with objectives is handed on.
fn at_work(arguments: &Arguments, shop: &Arc<Shop>, dir: &Path, load: Load, table: &mut Table) -> io::Result<Server> {
    let address = shop.serve()?;
    let interval = load.interval_s;
    let global = format!(
        "global: {{scrape_interval: {interval}s, scrape_timeout: {interval}s, evaluation_interval: {interval}s}}\n\
         storage: {{tsdb: {{retention: {{time: 60d}}}}}}\n"
    );
    let config =
        |ours: &str| format!("{global}narthex: {{{ours}self_alerts: false}}\n{}", shop.scrape_configs(address));
    let (own, other) = (dir.join("with"), dir.join("without"));
    Shop::write_specs(&own.join("slo"), load.n_objectives)?;
    std::fs::create_dir_all(&other)?;
    past::prepare(shop, load, &own.join("data"), &other.join("data"))?;
    let mut with = Server::start(arguments, Peer::Narthex, &own, &config("slo_files: ['slo/*.yml'], "))?;
    let mut without = Server::start(arguments, Peer::Narthex, &other, &config(""))?;
    with.wait_until_ready()?;
    without.wait_until_ready()?;
    println!("{} targets are scraped by two servers, for {} s", shop.n_targets(), (load.n_ticks + 3) * interval);
    wait_for_ticks(&with, N_BEFORE)?;
    for route in looked_at(load) {
        making::check_total(&with, shop, route, step_ms(route, load.n_whole))?;
    }
    let used = || io::Result::Ok([Used::so_far(&with)?, Used::so_far(&without)?]);
    let first_tick = n_ticks(&with)?;
    let (mut marks, mut resident) = (vec![used()?], Vec::new());
    for _ in 0..load.n_ticks {
        // A tick needs room for a moment: memory is looked at all the time.
        for _ in 0..interval {
            thread::sleep(Duration::from_secs(1));
            resident.push((with.memory()?.resident - without.memory()?.resident) / load.n_objectives as f64);
        }
        marks.push(used()?);
    }
    add_rows(load, shop, n_ticks(&with)? - first_tick, &marks, table)?;
    add_memory([&with, &without], load, resident, table)?;
    Ok(with)
}

/// Adds what it is for each objective that the one server has in memory and the other has not.
fn add_memory([with, without]: [&Server; 2], load: Load, resident: Vec<f64>, table: &mut Table) -> io::Result<()> {
    let n = load.n_objectives as f64;
    let head = |server: &Server| server.metric("narthex_tsdb_head_bytes");
    let of_series = (head(with)? - head(without)?) / n;
    let resident = in_rounds(resident);
    // What is written is the store's, and would be as much if rules had written it.
    let of_slo = resident[0].median() - of_series;
    table.push("RSS for each, the series included that are written of it", Unit::Bytes, Bar::None, resident);
    table.push("of it these series", Unit::Bytes, Bar::None, ours(of_series));
    table.push("of it all else", Unit::Bytes, Bar::Below(16384.0), ours(of_slo));
    let of_counts = with.metric("narthex_slo_memory_bytes")? / n;
    table.push("of that counts", Unit::Bytes, Bar::None, ours(of_counts));
    Ok(())
}

/// Waits until so many ticks are over, and then for a quiet moment between two.
fn wait_for_ticks(server: &Server, n_more: f64) -> io::Result<()> {
    let first = n_ticks(server)?;
    while n_ticks(server)? < first + n_more {
        thread::sleep(Duration::from_millis(100));
    }
    thread::sleep(Duration::from_millis(500));
    Ok(())
}

/// Adds what was used from mark to mark, a tick apart, by the server with objectives and by the one without.
fn add_rows(load: Load, shop: &Shop, n_ticks: f64, marks: &[[Used; 2]], table: &mut Table) -> io::Result<()> {
    let (Some(first), Some(last), true) = (marks.first(), marks.last(), n_ticks >= 1.0) else {
        return Err(io::Error::other("no tick in all that time"));
    };
    let [with, without] = [0, 1].map(|server: usize| last[server].since(&first[server]));
    let keeping = with.keeping - without.keeping;
    let of_tick = (with.counting + keeping) / n_ticks;
    let (n, days) = (load.n_objectives, load.days_before);
    let name = format!("server CPU of a tick of {n} objectives with {days} days behind them");
    table.push(&name, Unit::Seconds, Bar::Below(0.3), ours(of_tick));
    table.push("the same for each objective", Unit::Microseconds, Bar::None, ours(of_tick / n as f64));
    table.push("of it counting, looking and writing", Unit::Seconds, Bar::None, ours(with.counting / n_ticks));
    table.push(
        "of it syncing, checkpoints and memory, more than without",
        Unit::Seconds,
        Bar::None,
        ours(keeping / n_ticks),
    );
    let n_samples = (shop.n_routes * SERIES_PER_ROUTE) as f64;
    let of_sample = |server: usize| {
        let used = marks.windows(2).map(|pair| pair[1][server].since(&pair[0][server]).ingesting());
        in_rounds(used.map(|seconds| seconds * 1e9 / n_samples).collect())
    };
    let (beside, alone) = (of_sample(0), of_sample(1));
    let bar = Bar::Below((1.1 * alone[0].median()).round());
    let name = "CPU of the threads that scrape and store, per sample that nobody counts";
    table.push(name, Unit::Nanoseconds, Bar::None, alone);
    table.push("the same where an objective counts it", Unit::Nanoseconds, bar, beside);
    Ok(())
}

/// From the first sample that shows a failure to the alert.
fn latency(server: &Server, shop: &Shop, load: Load, table: &mut Table) -> io::Result<()> {
    wait_for_ticks(server, 1.0)?;
    shop.break_one();
    let alert = format!("ALERTS{{slo=\"slo-{BROKEN}\",alertstate=\"firing\"}}[5m]");
    while points(server, &alert)?.is_empty() {
        thread::sleep(Duration::from_millis(100));
    }
    // Its sample bears the time at which the tick was due, which took a while.
    let fired_s = now_ms() as f64 / 1000.0;
    let points = points(server, &format!("http_requests_total{{route=\"/r{BROKEN}\",code=\"500\"}}[5m]"))?;
    let breach = points.windows(2).find(|pair| pair[1].1 - pair[0].1 > 2.0).map(|pair| pair[1].0);
    let breach_s = breach.ok_or_else(|| io::Error::other(format!("it fires before anything fails: {points:?}")))?;
    let bar = Bar::Below(load.interval_s as f64 + 1.0);
    table.push("from the first sample that shows a failure to the alert", Unit::Seconds, bar, ours(fired_s - breach_s));
    Ok(())
}

/// The samples of a series, as (seconds since the Unix epoch, value).
fn points(server: &Server, query: &str) -> io::Result<Vec<(f64, f64)>> {
    let data = http::api(server.address, &format!("/api/v1/query?query={}", http::encoded(query)))?;
    let point = |pair: &Value| Some((pair[0].as_f64()?, pair[1].as_str()?.parse::<f64>().ok()?));
    Ok(data["result"][0]["values"].as_array().into_iter().flatten().filter_map(point).collect())
}

/// Routes whose budgets are looked at.
fn looked_at(load: Load) -> impl Iterator<Item = usize> {
    (0..load.n_objectives).step_by(load.n_objectives.div_ceil(N_LOOKED_AT))
}

/// Kills it and compares budgets with what they were, at the same instant.
fn restart(server: &mut Server, load: Load, table: &mut Table) -> io::Result<bool> {
    let newest = http::api(server.address, "/api/v1/slos/slo-0")?;
    let at = newest["at"].to_string().trim_matches('"').to_owned();
    let ids: Vec<String> = looked_at(load).map(|route| format!("slo-{route}")).collect();
    let budget = |server: &Server, id: &str| {
        let slo = http::api(server.address, &format!("/api/v1/slos/{id}?time={}", http::encoded(&at)))?;
        io::Result::Ok(["good", "bad", "total", "budget"].map(|name| slo[name].to_string()))
    };
    let all = |server: &Server| ids.iter().map(|id| budget(server, id)).collect::<io::Result<Vec<_>>>();
    let before = all(server)?;
    server.kill_and_start()?;
    let (address, first) = (server.address, ids[0].clone());
    let path = format!("/api/v1/slos/{first}");
    server.wait_for("a budget", || Ok(http::api(address, &path).is_ok()))?;
    let took = server.started.elapsed().as_secs_f64();
    let n_other = before.iter().zip(all(server)?).filter(|(before, after)| *before != after).count() as f64;
    table.push("kill -9, from its start to the first budget", Unit::Seconds, Bar::None, ours(took));
    table.push(&format!("of {} budgets changed by that", ids.len()), Unit::Count, Bar::Exactly(0.0), ours(n_other));
    Ok(n_other == 0.0)
}
