//! Sends alerts to Alertmanagers elsewhere, as Prometheus's notifier does.
//!
//! Alertmanagers come in sets, one for each element of `alerting.alertmanagers`; discovery tells which there are
//! ([`Sender::set_targets`]). Each has a queue and a task of its own ([`lane`]), so that one that hangs delays no other. An
//! alert gets the external labels that it lacks, is relabelled, and enters the queue of each; where a queue is full the
//! oldest alerts go. A batch that an Alertmanager does not take is dropped and counted, never sent again: rules tell an alert
//! that goes on again every minute, and the next time heals it.
//!
//! Absent: `sigv4`, and versions of the API other than 2.

mod address;
mod body;
mod counts;
mod lane;
mod queue;
mod sets;
mod settings;
#[cfg(test)]
mod tests;

pub use address::{AddressError, Group};
pub use counts::{Latencies, SendCounts};
pub use sets::{Found, Sender, SetId};
pub use settings::{SenderOptions, SenderSettings, SetSettings};

use model::Labels;

/// An alert on its way to Alertmanagers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What is wrong.
    pub labels: Labels,
    /// What is said of it.
    pub annotations: Labels,
    /// Since when, in milliseconds since the Unix epoch.
    pub starts_at_ms: i64,
    /// When it ended, or is to be taken for ended unless it is told again; milliseconds since the Unix epoch.
    pub ends_at_ms: i64,
    /// Where one can see what is wrong; empty where there is no such place.
    pub generator_url: String,
}
