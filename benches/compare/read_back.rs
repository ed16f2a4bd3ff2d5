//! Every bit, read back: what a server answers beside what it was sent.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;

use benches::payload::{Payload, SERIES_PER_HOST, instance};
use serde::Deserialize;

use crate::http;
use crate::peer::Peer;

type Metric = BTreeMap<String, String>;
/// Time in milliseconds, and value.
type Samples = Vec<(i64, f64)>;

/// How many of the samples that were sent came back, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReadBack {
    /// Every bit is the same.
    pub(crate) n_equal: u64,
    /// There, with another value.
    pub(crate) n_different: u64,
    /// Not there.
    pub(crate) n_missing: u64,
}

/// Asks for all samples of each host, and compares them.
pub(crate) fn read_back(peer: Peer, address: SocketAddr, payload: &Payload) -> io::Result<ReadBack> {
    let mut counts = ReadBack::default();
    for host in 0..payload.n_hosts() {
        let answered = match peer {
            Peer::VictoriaMetrics => export(address, host)?,
            Peer::Narthex | Peer::Prometheus => select(address, host, payload)?,
        };
        let mut by_metric: HashMap<Metric, Samples> = answered.into_iter().collect();
        for series in 0..SERIES_PER_HOST {
            let labels = payload.labels(host, series);
            let metric = labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Metric>();
            let samples = by_metric.remove(&metric).unwrap_or_default();
            counts.add(&samples, payload.times(host), payload.values(host, series));
        }
        if let Some(metric) = by_metric.into_keys().next() {
            return Err(io::Error::other(format!("{peer} has a series that nobody sent: {metric:?}")));
        }
    }
    Ok(counts)
}

impl ReadBack {
    fn add(&mut self, answered: &[(i64, f64)], times_ms: &[i64], values: &[f64]) {
        let mut answered = answered.iter().peekable();
        for (time_ms, value) in times_ms.iter().zip(values) {
            while answered.next_if(|(at_ms, _)| at_ms < time_ms).is_some() {}
            match answered.next_if(|(at_ms, _)| at_ms == time_ms) {
                Some((_, found)) if found.to_bits() == value.to_bits() => self.n_equal += 1,
                Some(_) => self.n_different += 1,
                None => self.n_missing += 1,
            }
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Matrix,
}

#[derive(Deserialize)]
struct Matrix {
    result: Vec<Selected>,
}

#[derive(Deserialize)]
struct Selected {
    metric: Metric,
    values: Vec<(f64, String)>,
}

/// All samples of a host by a range selector, which Prometheus and narthex answer as they are stored.
fn select(address: SocketAddr, host: usize, payload: &Payload) -> io::Result<Vec<(Metric, Samples)>> {
    let grid = payload.grid();
    let seconds = grid.n_steps as i64 * grid.step_ms / 1000;
    let query = format!("{{instance={:?}}}[{}s]", instance(host), seconds + 60);
    let end_s = grid.first_ms / 1000 + seconds;
    let body = http::get(address, &format!("/api/v1/query?query={}&time={end_s}", http::encoded(&query)))?;
    let answer: Answer = serde_json::from_slice(&body)?;
    let sample = |(seconds, text): (f64, String)| {
        let value = text.parse::<f64>().map_err(|error| io::Error::other(format!("{text}: {error}")))?;
        Ok(((seconds * 1000.0).round() as i64, value))
    };
    let series = |Selected { metric, values }| {
        io::Result::Ok((metric, values.into_iter().map(sample).collect::<io::Result<Samples>>()?))
    };
    answer.data.result.into_iter().map(series).collect()
}

#[derive(Deserialize)]
struct Exported {
    metric: Metric,
    values: Vec<f64>,
    timestamps: Vec<i64>,
}

/// All samples of a host by VictoriaMetrics's export: a line of JSON for each block of a series.
fn export(address: SocketAddr, host: usize) -> io::Result<Vec<(Metric, Samples)>> {
    let matcher = format!("{{instance={:?}}}", instance(host));
    let body = http::get(address, &format!("/api/v1/export?match[]={}", http::encoded(&matcher)))?;
    let mut by_metric: HashMap<Metric, Samples> = HashMap::new();
    for line in body.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let Exported { metric, values, timestamps } = serde_json::from_slice(line)?;
        by_metric.entry(metric).or_default().extend(timestamps.into_iter().zip(values));
    }
    by_metric.values_mut().for_each(|samples| samples.sort_unstable_by_key(|(time_ms, _)| *time_ms));
    Ok(by_metric.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_equal_different_or_missing() {
        let (times_ms, values) = ([10, 20, 30, 40], [1.0, 0.0, f64::NAN, 4.0]);
        let check = |answered: &[(i64, f64)], n_equal, n_different, n_missing| {
            let mut counts = ReadBack::default();
            counts.add(answered, &times_ms, &values);
            assert_eq!(counts, ReadBack { n_equal, n_different, n_missing }, "{answered:?}");
        };
        check(&[(10, 1.0), (20, 0.0), (30, f64::NAN), (40, 4.0)], 4, 0, 0);
        check(&[(10, 1.5), (20, -0.0), (30, -f64::NAN), (40, 4.0)], 1, 3, 0);
        check(&[(5, 1.0), (20, 0.0), (25, 1.0), (41, 4.0)], 1, 0, 3);
        check(&[], 0, 0, 4);
    }
}
