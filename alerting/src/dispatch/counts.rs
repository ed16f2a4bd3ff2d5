//! How much there is of everything, for metrics and limits.

use super::core::Core;
use crate::silence::State;

/// Numbers of dispatch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Alerts that fire and that nothing keeps quiet.
    pub active_alerts: usize,
    /// Alerts that something keeps quiet.
    pub suppressed_alerts: usize,
    /// Alerts that are known, those that are over included.
    pub alerts: usize,
    /// Groups.
    pub groups: usize,
    /// Silences: active, pending, expired.
    pub silences: [usize; 3],
    /// Reports of alerts that fire.
    pub received_firing: u64,
    /// Reports of alerts that are over.
    pub received_resolved: u64,
    /// How often an alert was kept quiet at a look at its group, by what: Alertmanager's `reason` and the number.
    pub suppressed: [(&'static str, u64); 4],
    /// Notifications that are on their way.
    pub waiting: usize,
    /// Notifications in the delivery log.
    pub deliveries: usize,
    /// Bytes of the delivery log.
    pub delivery_bytes: usize,
    /// Places of the journal that were damaged at the start.
    pub n_damaged: usize,
    /// Whether the journal takes what is written to it.
    pub is_journal_fine: bool,
}

/// What counts suppressions, by Alertmanager's `reason`.
pub(super) const SUPPRESSIONS: [&str; 4] = ["inhibition", "active_time_interval", "mute_time_interval", "silence"];

impl Core {
    pub(super) fn counts(&self, at_ms: i64) -> Counts {
        let dispatcher = &self.dispatcher;
        let views = dispatcher.alert_views(at_ms);
        let active_alerts = views.iter().filter(|view| view.state == super::views::AlertState::Active).count();
        let mut silences = [0; 3];
        for silence in dispatcher.silences.iter() {
            silences[match silence.state_at(at_ms) {
                State::Active => 0,
                State::Pending => 1,
                State::Expired => 2,
            }] += 1;
        }
        let (delivery_bytes, deliveries) = self.deliveries.size();
        let [received_firing, received_resolved] = dispatcher.n_received;
        Counts {
            active_alerts,
            suppressed_alerts: views.len() - active_alerts,
            alerts: dispatcher.alerts.len(),
            groups: dispatcher.groups.len(),
            silences,
            received_firing,
            received_resolved,
            suppressed: [0, 1, 2, 3].map(|of| (SUPPRESSIONS[of], dispatcher.n_suppressed[of])),
            waiting: dispatcher.waiting.len(),
            deliveries,
            delivery_bytes,
            n_damaged: self.n_damaged,
            is_journal_fine: self.disk_error.is_none(),
        }
    }
}
