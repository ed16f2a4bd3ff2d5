//! Speed next to safety: how a product was delivered, and what stood in the way.

use serde::Serialize;

use crate::budget::Moment;
use crate::gate::Speed;

/// How a product was delivered: the four keys of DORA, and what stood in the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpeedRow {
    /// How many deployments there were.
    pub n_deployments: usize,
    /// Of them within a day.
    pub per_day: f64,
    /// From a commit to its deployment's end, the median.
    pub lead_time_seconds: Option<f64>,
    /// How many failed, were taken back, or failed a gate.
    pub n_failed: usize,
    /// The share that failed.
    pub failure_ratio: Option<f64>,
    /// From a failure to the next success, the median.
    pub recovery_seconds: Option<f64>,
    /// For how long releases were frozen.
    pub frozen_seconds: f64,
    /// Who overrode a gate, and why.
    pub overrides: Vec<OverrideRow>,
}

/// An override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverrideRow {
    /// When.
    pub at: Moment,
    /// Which gate.
    pub gate: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What is told of it.
pub(super) fn speed_row(speed: &Speed) -> SpeedRow {
    let seconds = |duration_ms: i64| duration_ms as f64 / 1000.0;
    let overrides = speed.overrides.iter().map(|given| OverrideRow {
        at: Moment(given.created_ms),
        gate: given.gate.clone(),
        by: given.by.clone(),
        reason: given.reason.clone(),
    });
    SpeedRow {
        n_deployments: speed.dora.n_deployments,
        per_day: speed.dora.per_day,
        lead_time_seconds: speed.dora.lead_time_ms.map(seconds),
        n_failed: speed.dora.n_failed,
        failure_ratio: speed.dora.failure_ratio,
        recovery_seconds: speed.dora.recovery_ms.map(seconds),
        frozen_seconds: seconds(speed.frozen_ms),
        overrides: overrides.collect(),
    }
}
