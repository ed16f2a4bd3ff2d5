//! A rule over thirty days of history, every 15 seconds, of a hundred series.
//!
//! The history is imported as text before the server starts, and is in sealed blocks then. Neither peer has a back-test; their
//! range queries end after 11,000 steps.

use std::io::{self, Write};

use model::{Clock, SystemClock};

use crate::arguments::Arguments;
use crate::http;
use crate::importing::import;
use crate::load::new_dir;
use crate::peer::Peer;
use crate::server::Server;
use crate::table::{Bar, Measured, Table, Unit};

const N_SERIES: usize = 100;
const STEP_S: i64 = 15;
/// Thirty days.
const N_STEPS: i64 = 30 * 86_400 / STEP_S;
/// Nothing is scraped, and what is imported is kept.
const CONFIG: &str = "scrape_configs: []\nstorage: {tsdb: {retention: {time: 60d}}}\n";
/// How often each rule is tested.
const N_ROUNDS: usize = 3;
/// What the rules ask. Both fire hundreds of times.
const EXPRESSIONS: [&str; 2] = ["x > 0.05", "avg_over_time(x[5m]) > 0.05"];

/// Measures, and adds the rows.
pub(crate) fn measure(arguments: &Arguments, table: &mut Table) -> io::Result<()> {
    let dir = new_dir()?;
    let end_s = SystemClock::new().now_ms() / 1000 / STEP_S * STEP_S;
    import(arguments, &dir.path().join("data"), |text| write_history(text, end_s))?;
    let mut server = Server::start(arguments, Peer::Narthex, dir.path(), CONFIG)?;
    server.wait_until_ready()?;
    for expression in EXPRESSIONS {
        let (mut took, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..N_ROUNDS {
            let before = server.cpu_seconds()?;
            took.push(seconds(&server, expression, end_s)?);
            cpu.push(server.cpu_seconds()? - before);
        }
        let ours = |rounds| vec![Measured { peer: Peer::Narthex, rounds }];
        let name = format!("back-test of 30 days at 15 s over {N_SERIES} series, {expression}");
        table.push(&name, Unit::Seconds, Bar::Below(5.0), ours(took));
        // On a busy machine this is what it would take on one at rest.
        table.push("server CPU of that", Unit::Seconds, Bar::None, ours(cpu));
    }
    Ok(())
}

/// Writes the history: ratios that swing below the threshold, and are above it for ten minutes every three and a half days.
fn write_history(text: &mut dyn Write, end_s: i64) -> io::Result<()> {
    writeln!(text, "# TYPE x gauge")?;
    for series in 0..N_SERIES {
        for step in 0..N_STEPS {
            let swing = 0.01 * (step as f64 / 500.0 + series as f64).sin();
            let noise = ((step * 7919 + series as i64 * 104_729) % 1000) as f64 * 5e-6;
            let is_burst = (step + series as i64 * 977) % 20_000 < 40;
            let value = 0.02 + swing + noise + if is_burst { 0.1 } else { 0.0 };
            writeln!(
                text,
                "x{{job=\"api\",instance=\"{series}\"}} {value:.4} {}",
                end_s - (N_STEPS - 1 - step) * STEP_S
            )?;
        }
    }
    Ok(())
}

/// How long a back-test takes, as it says itself.
fn seconds(server: &Server, expression: &str, end_s: i64) -> io::Result<f64> {
    let rule = format!("{{alert: A, expr: '{expression}', for: 5m, labels: {{severity: page}}}}");
    let start_s = end_s - (N_STEPS - 1) * STEP_S;
    let path = format!("/api/v1/backtests?rule={}&start={start_s}&end={end_s}&step={STEP_S}", http::encoded(&rule));
    let answer: serde_json::Value = serde_json::from_slice(&http::post(server.address, &path)?)?;
    let data = &answer["data"];
    // Who finds nothing is fast.
    let is_whole =
        data["n_steps"] == N_STEPS && data["n_firing"].as_u64().is_some_and(|n| n > 800) && data["n_failed"] == 0;
    let took = data["took"].as_f64().filter(|_| is_whole);
    took.ok_or_else(|| io::Error::other(format!("not a back-test of {N_STEPS} steps: {:.200}", answer.to_string())))
}
