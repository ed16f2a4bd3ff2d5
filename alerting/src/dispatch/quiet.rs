//! What keeps an alert quiet: the answers to "why was I not paged?".

use serde::{Deserialize, Serialize};

use crate::Fingerprint;

/// Which rule of the configuration, or which act of somebody, kept an alert from being told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", content = "by", rename_all = "snake_case")]
pub enum Quiet {
    /// Other alerts inhibit it.
    Inhibited(Vec<Fingerprint>),
    /// The time is outside of the route's `active_time_intervals`.
    OutsideActiveIntervals(Vec<String>),
    /// The time is in some of the route's `mute_time_intervals`.
    InMuteIntervals(Vec<String>),
    /// Silences, by their ids.
    Silenced(Vec<String>),
    /// The receiver has no integrations.
    NoIntegrations,
    /// It was over before there was anything to be told.
    OverBeforeTold,
    /// It is over, and the integration has `send_resolved: false`.
    ResolvedNotSent,
    /// It fired when narthex ended, and has not been reported since: it may be over.
    AwaitsReport,
    /// It fired when narthex ended, was not reported again in time, and is taken for over.
    NotReportedAgain,
    /// Nobody is configured any more to be told what was on its way when narthex ended.
    ReceiverGone,
    /// A limit of narthex, by its name.
    Limit(String),
}

impl Quiet {
    /// In words.
    pub fn what(&self) -> &'static str {
        match self {
            Quiet::Inhibited(_) => "inhibited by another alert",
            Quiet::OutsideActiveIntervals(_) => "outside of the route's active time intervals",
            Quiet::InMuteIntervals(_) => "inside of a mute time interval of the route",
            Quiet::Silenced(_) => "silenced",
            Quiet::NoIntegrations => "the receiver has no integrations",
            Quiet::OverBeforeTold => "over before anything was told of it",
            Quiet::ResolvedNotSent => "over, and send_resolved is false",
            Quiet::AwaitsReport => "not reported yet since narthex started",
            Quiet::NotReportedAgain => "not reported again since narthex started, and taken for over",
            Quiet::ReceiverGone => "the receiver is no longer configured",
            Quiet::Limit(_) => "a limit of narthex was reached",
        }
    }

    /// Its place among what Alertmanager counts as suppressions.
    pub(super) fn suppression(&self) -> Option<usize> {
        match self {
            Quiet::Inhibited(_) => Some(0),
            Quiet::OutsideActiveIntervals(_) => Some(1),
            Quiet::InMuteIntervals(_) => Some(2),
            Quiet::Silenced(_) => Some(3),
            _ => None,
        }
    }

    /// Who or what did it: silences, alerts, intervals, limits.
    pub fn by(&self) -> Vec<String> {
        match self {
            Quiet::Inhibited(fingerprints) => fingerprints.iter().map(Fingerprint::to_string).collect(),
            Quiet::OutsideActiveIntervals(names) | Quiet::InMuteIntervals(names) | Quiet::Silenced(names) => {
                names.clone()
            }
            Quiet::Limit(name) => vec![name.clone()],
            Quiet::NoIntegrations
            | Quiet::OverBeforeTold
            | Quiet::ResolvedNotSent
            | Quiet::AwaitsReport
            | Quiet::NotReportedAgain
            | Quiet::ReceiverGone => Vec::new(),
        }
    }
}
