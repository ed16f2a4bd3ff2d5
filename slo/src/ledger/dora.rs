//! Speed next to safety: the four keys of DORA (Forsgren, Humble, Kim: "Accelerate", 2018).

use std::collections::BTreeSet;

use crate::deployment::{Deployment, DeploymentState};

/// How fast a product is delivered, and how safely.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dora {
    /// Deployments that began in the span.
    pub n_deployments: usize,
    /// Of them within a day, on average.
    pub per_day: f64,
    /// From a commit to its deployment's end: the median, in milliseconds; `None` where no commit's time is known.
    pub lead_time_ms: Option<i64>,
    /// Deployments that failed, were taken back, or failed a gate afterwards.
    pub n_failed: usize,
    /// Their share of those that have ended; `None` where none has.
    pub failure_ratio: Option<f64>,
    /// From a deployment that failed to the next of its service that succeeded: the median, in milliseconds.
    pub recovery_ms: Option<i64>,
}

const DAY_MS: f64 = 86_400_000.0;

/// The keys of a span. `failed_gates` are the ids of deployments that failed a gate afterwards.
pub fn dora(deployments: &[&Deployment], failed_gates: &BTreeSet<String>, (from_ms, to_ms): (i64, i64)) -> Dora {
    let is_in = |one: &&&Deployment| one.started_ms > from_ms && one.started_ms <= to_ms;
    let mut all: Vec<&Deployment> = deployments.iter().filter(is_in).copied().collect();
    all.sort_by_key(|one| one.started_ms);
    let failed = |one: &Deployment| {
        matches!(one.state, DeploymentState::Failed | DeploymentState::RolledBack) || failed_gates.contains(&one.id)
    };
    let n_ended = all.iter().filter(|one| one.state.is_end()).count();
    let n_failed = all.iter().filter(|one| failed(one)).count();
    let is_good = |one: &Deployment| one.state == DeploymentState::Succeeded && !failed(one);
    let lead_times = all.iter().filter(|one| one.state == DeploymentState::Succeeded);
    let lead_times = lead_times.filter_map(|one| Some((one.ended_ms? - one.committed_ms?).max(0)));
    let recoveries = all.iter().enumerate().filter(|(_, one)| failed(one)).filter_map(|(at, one)| {
        let next = all[at + 1..].iter().find(|next| next.service == one.service && is_good(next))?;
        Some((next.ended_ms? - one.ended_ms.unwrap_or(one.started_ms)).max(0))
    });
    Dora {
        n_deployments: all.len(),
        per_day: if to_ms > from_ms { all.len() as f64 / ((to_ms - from_ms) as f64 / DAY_MS) } else { 0.0 },
        lead_time_ms: median(lead_times.collect()),
        n_failed,
        failure_ratio: (n_ended > 0).then(|| (n_failed as f64 / n_ended as f64).min(1.0)),
        recovery_ms: median(recoveries.collect()),
    }
}

fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { i64::midpoint(values[middle - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deployment::Source;

    const HOUR_MS: i64 = 3_600_000;

    /// `service version state started ended committed`, times in hours, `-` for none.
    fn deployment(text: &str) -> Deployment {
        let words: Vec<&str> = text.split(' ').collect();
        let hours = |at: usize| words[at].parse::<i64>().ok().map(|hours| hours * HOUR_MS);
        Deployment {
            id: text.to_owned(),
            service: words[0].to_owned(),
            version: words[1].to_owned(),
            environment: "production".to_owned(),
            change: "feature".to_owned(),
            state: DeploymentState::ALL.into_iter().find(|state| state.as_str() == words[2]).unwrap(),
            started_ms: hours(3).unwrap(),
            ended_ms: hours(4),
            committed_ms: hours(5),
            url: None,
            actor: None,
            run: None,
            source: Source::Api,
        }
    }

    #[test]
    fn four_keys() {
        let all = [
            "api v1 succeeded 1 2 0",
            "api v2 failed 10 11 9",
            "web v1 succeeded 11 12 8",
            "api v3 succeeded 14 15 9",
            "api v4 rolled_back 20 22 -",
            "api v5 succeeded 30 31 -",
            "web v2 started 40 - -",
            "api v0 succeeded 200 201 -",
        ];
        let all: Vec<Deployment> = all.iter().map(|text| deployment(text)).collect();
        let all: Vec<&Deployment> = all.iter().collect();
        let failed_gates = BTreeSet::from(["web v1 succeeded 11 12 8".to_owned()]);
        let want = Dora {
            n_deployments: 7,
            per_day: 3.5,
            lead_time_ms: Some(4 * HOUR_MS),
            n_failed: 3,
            failure_ratio: Some(0.5),
            // 11 to 15 and 22 to 31; the web shop has not recovered.
            recovery_ms: Some(13 * HOUR_MS / 2),
        };
        assert_eq!(dora(&all, &failed_gates, (0, 48 * HOUR_MS)), want);
        assert_eq!(dora(&[], &failed_gates, (0, 48 * HOUR_MS)), Dora::default());
    }
}
