//! An objective that is new, over days of samples that are there already, and its back-test over these days.

use std::io::{self, Write};
use std::time::Instant;

use benches::routes::{SERIES_PER_ROUTE, labels};
use benches::shop::{DAY_MS, STEP_MS};
use jiff::Timestamp;

use crate::arguments::Arguments;
use crate::budgets::Load;
use crate::http;
use crate::importing::import;
use crate::load::new_dir;
use crate::peer::Peer;
use crate::server::Server;
use crate::shop::{Shop, now_ms};
use crate::table::{Bar, Measured, Table, Unit};

/// How many are made, one after the other.
const N_ROUNDS: usize = 3;
/// A target says what it has so long after a scrape began, at most.
const ANSWER_MS: i64 = 3000;
/// So strict that it would have been told of: who finds nothing is fast.
const STRICT: &str = "99.99";
/// What is imported is kept, and nothing is scraped.
const CONFIG: &str =
    "scrape_configs: []\nstorage: {tsdb: {retention: {time: 60d}}}\nnarthex: {slo_files: ['slo/*.yml']}\n";

/// Measures how long it takes from a reload that finds the objective to its budget.
pub(crate) fn measure(arguments: &Arguments, load: Load, table: &mut Table) -> io::Result<()> {
    let dir = new_dir()?;
    let shop = Shop::new(N_ROUNDS, load.days_made);
    import(arguments, &dir.path().join("data"), |text| write_history(text, &shop))?;
    std::fs::create_dir_all(dir.path().join("slo"))?;
    let mut server = Server::start(arguments, Peer::Narthex, dir.path(), CONFIG)?;
    server.wait_until_ready()?;
    let mut making = Rounds::default();
    for number in 0..N_ROUNDS {
        // One more than before: each round makes one.
        Shop::write_specs(&dir.path().join("slo"), number + 1)?;
        making.time(&server, || http::post(server.address, "/-/reload").map(drop))?;
        check_total(&server, &shop, number, STEP_MS)?;
    }
    let days = load.days_made;
    making.push(table, &format!("making an objective over {days} days of {SERIES_PER_ROUTE} series at 15 s"), 200.0);
    let mut trying = Rounds::default();
    for route in 0..N_ROUNDS {
        trying.time(&server, || try_out(&server, route, days))?;
    }
    trying.push(table, &format!("back-test of it with another target over these {days} days, four pairs"), 100.0);
    Ok(())
}

/// How long something took, and what it cost the server, each time, in milliseconds.
#[derive(Default)]
struct Rounds {
    took: Vec<f64>,
    cpu: Vec<f64>,
}

impl Rounds {
    fn time(&mut self, server: &Server, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let (began, before) = (Instant::now(), server.cpu_seconds()?);
        work()?;
        self.took.push(began.elapsed().as_secs_f64() * 1000.0);
        self.cpu.push((server.cpu_seconds()? - before) * 1000.0);
        Ok(())
    }

    fn push(self, table: &mut Table, name: &str, bar: f64) {
        let ours = |rounds| vec![Measured { peer: Peer::Narthex, rounds }];
        table.push(name, Unit::Milliseconds, Bar::Below(bar), ours(self.took));
        table.push("server CPU of that", Unit::Milliseconds, Bar::None, ours(self.cpu));
    }
}

/// Asks what an objective would have done if it were stricter.
fn try_out(server: &Server, route: usize, days: i64) -> io::Result<()> {
    let start_s = now_ms() / 1000 - days * DAY_MS / 1000;
    let path = format!("/api/v1/slos/whatif?id=slo-{route}&objective={STRICT}&start={start_s}");
    let answer: serde_json::Value = serde_json::from_slice(&http::post(server.address, &path)?)?;
    let is_told = answer["data"]["alerts"].as_array().is_some_and(|alerts| !alerts.is_empty());
    let text = || format!("nobody would have been told: {:.200}", answer.to_string());
    if is_told { Ok(()) } else { Err(io::Error::other(text())) }
}

/// Who counts nothing is fast: whether a budget of thirty days has all that came up to its newest scrape. The samples in which
/// it begins are `step_ms` apart.
pub(crate) fn check_total(server: &Server, shop: &Shop, route: usize, step_ms: i64) -> io::Result<()> {
    let slo = http::api(server.address, &format!("/api/v1/slos/slo-{route}"))?;
    let at = slo["at"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    let at_ms = at.ok_or_else(|| io::Error::other(format!("slo-{route} has no scrape")))?.as_millisecond();
    let from_ms = (at_ms - 30 * DAY_MS).div_euclid(step_ms) * step_ms;
    let events = |at_ms| (0..SERIES_PER_ROUTE).map(|code| shop.value(route, code, at_ms)).sum::<f64>();
    let (has, want) = (slo["total"].as_f64().unwrap_or(0.0), events(at_ms) - events(from_ms));
    let is_all = (has - want).abs() <= events(at_ms) - events(at_ms - ANSWER_MS);
    if is_all { Ok(()) } else { Err(io::Error::other(format!("slo-{route} has {has} events, not {want}"))) }
}

fn write_history(text: &mut dyn Write, shop: &Shop) -> io::Result<()> {
    let end_ms = now_ms() / STEP_MS * STEP_MS;
    writeln!(text, "# TYPE http_requests counter")?;
    for route in 0..shop.n_routes {
        for code in 0..SERIES_PER_ROUTE {
            let labels = labels(route, code);
            let labels: Vec<String> = labels[1..].iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            for at_ms in (shop.began_ms..=end_ms).step_by(STEP_MS as usize) {
                let value = shop.value(route, code, at_ms);
                writeln!(text, "http_requests_total{{{}}} {value} {}", labels.join(","), at_ms / 1000)?;
            }
        }
    }
    Ok(())
}
