//! Killed, and started again: how long until it answers right, and what it still has.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use benches::payload::{Payload, SERIES_PER_HOST};
use model::Labels;

use crate::http;
use crate::server::Server;

/// The series that is asked for.
const SERIES: usize = 0;
/// For how long wrong answers are taken for those of a server that is not done yet.
const PATIENCE: Duration = Duration::from_secs(5);

/// Kills the server (SIGKILL), starts it with the same data, and asks for a value of the middle of the load until the answer is
/// right: the time from the start of the process to that answer. None if it has answered wrong for long, as who has lost that
/// value does.
pub(crate) fn kill_and_ask(server: &mut Server, payload: &Payload) -> io::Result<Option<Duration>> {
    let step = payload.grid().n_steps / 2;
    let path = format!(
        "/api/v1/query?query={}&time={:.3}",
        http::encoded(&selector(&payload.labels(0, SERIES))),
        payload.times(0)[step] as f64 / 1000.0
    );
    let right = payload.values(0, SERIES)[step];
    server.kill_and_start()?;
    let address = server.address;
    let mut first_answer = None;
    let mut is_right = false;
    server.wait_for("an answer", || {
        let Ok(data) = http::api(address, &path) else { return Ok(false) };
        let value = data["result"][0]["value"][1].as_str().and_then(|text| text.parse::<f64>().ok());
        is_right = value.is_some_and(|value| value.to_bits() == right.to_bits());
        let first_answer = *first_answer.get_or_insert_with(Instant::now);
        Ok(is_right || first_answer.elapsed() > PATIENCE)
    })?;
    Ok(is_right.then(|| server.started.elapsed()))
}

/// How many samples it says it has of the load: asked name by name, as series that differ in the name alone cannot be counted
/// at once.
pub(crate) fn count(server: &Server, payload: &Payload) -> io::Result<f64> {
    let grid = payload.grid();
    let end_ms = grid.first_ms + grid.n_steps as i64 * grid.step_ms;
    let window_s = (end_ms - grid.first_ms) / 1000 + 60;
    let name = |series| payload.labels(0, series).get("__name__").unwrap_or_default().to_owned();
    let names: BTreeSet<String> = (0..SERIES_PER_HOST).map(name).collect();
    let mut n_samples = 0.0;
    for name in names {
        let query = http::encoded(&format!("sum(count_over_time({name}[{window_s}s]))"));
        let path = format!("/api/v1/query?query={query}&time={}&timeout=2m&nocache=1", end_ms / 1000);
        let data = http::api(server.address, &path)?;
        let count = data["result"][0]["value"][1].as_str().and_then(|text| text.parse::<f64>().ok());
        n_samples += count.unwrap_or(0.0);
    }
    Ok(n_samples)
}

/// The selector of one series.
pub(crate) fn selector(labels: &Labels) -> String {
    let matchers: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", matchers.join(","))
}
