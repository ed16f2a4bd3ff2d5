//! What the sender is told.

use std::time::Duration;

use model::Labels;
use model::relabel::Rules;
use net::client::Client;

use super::SetId;

/// What does not change while narthex runs.
#[derive(Clone, Copy, Debug)]
pub struct SenderOptions {
    /// Alerts that wait for one Alertmanager at most (`--alertmanager.notification-queue-capacity`).
    pub queue_capacity: usize,
    /// Alerts of one request at most (`--alertmanager.notification-batch-size`).
    pub batch_size: usize,
    /// Whether what waits at the end is still sent (`--alertmanager.drain-notification-queue-on-shutdown`).
    pub drains: bool,
}

impl Default for SenderOptions {
    fn default() -> SenderOptions {
        SenderOptions { queue_capacity: 10_000, batch_size: 256, drains: true }
    }
}

/// What a configuration says of Alertmanagers.
#[derive(Clone, Debug, Default)]
pub struct SenderSettings {
    /// Labels that alerts get where they lack them.
    pub external_labels: Labels,
    /// Rules for all alerts, after the external labels.
    pub alert_relabel: Rules,
    /// The sets.
    pub sets: Vec<SetSettings>,
}

/// Alertmanagers that are found and talked to in the same way.
#[derive(Clone, Debug)]
pub struct SetSettings {
    /// The set before it that was configured the same: its Alertmanagers and queues become this one's.
    pub continues: Option<SetId>,
    /// `http` or `https`, where a target's labels say nothing else.
    pub scheme: String,
    /// What stands before `/api/v2/alerts`.
    pub path_prefix: String,
    /// How long a request may take.
    pub timeout: Duration,
    /// Rules for what discovery finds.
    pub relabel: Rules,
    /// Rules for alerts to this set.
    pub alert_relabel: Rules,
    /// Credentials, TLS, proxies.
    pub client: Client,
}
