//! What dispatch may cost, each with the name under which `/api/v1/status/limits` lists it.

/// Limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchLimits {
    /// Alerts that are known at the same time (`alerting_alerts`).
    pub alerts: usize,
    /// Groups at the same time (`alerting_groups`).
    pub groups: usize,
    /// Silences, and how large they are (`silences`, `silence_size`).
    pub silences: crate::silence::Limits,
    /// Notifications in the delivery log (`alerting_deliveries`).
    pub deliveries: usize,
    /// Bytes of the delivery log (`alerting_delivery_bytes`).
    pub delivery_bytes: usize,
    /// How long the delivery log goes back, in milliseconds (`alerting_delivery_age`).
    pub delivery_age_ms: i64,
}

impl Default for DispatchLimits {
    fn default() -> DispatchLimits {
        DispatchLimits {
            alerts: 200_000,
            groups: 50_000,
            silences: crate::silence::Limits::default(),
            deliveries: 50_000,
            delivery_bytes: 64 << 20,
            delivery_age_ms: 30 * 24 * 3_600_000,
        }
    }
}
