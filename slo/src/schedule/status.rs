//! How schedules stand, for who asks: when the next report goes out, to whom, and what is in its way.

use serde::Serialize;

use crate::budget::Moment;
use crate::report::Language;
use crate::spec::{Due, ReportSchedule};

/// A schedule of reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleStatus {
    /// Its name.
    pub name: String,
    /// About which product.
    pub product: String,
    /// `week`, `month` or `quarter`.
    pub every: &'static str,
    /// When in it: `Mon 09:00`.
    pub at: String,
    /// By whose clocks.
    pub zone: String,
    /// In which language.
    pub language: Language,
    /// Files beside the mail: `html`, `png`, `json`.
    pub formats: Vec<String>,
    /// To whom.
    pub to: Vec<String>,
    /// When the next one goes out.
    pub next: Option<NextReport>,
    /// Why none can be written or sent as things are.
    pub error: Option<String>,
    /// Mails that no server has taken yet, the oldest first.
    pub waiting: Vec<WaitingStatus>,
}

/// The next report of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextReport {
    /// When it is due.
    pub due: Moment,
    /// What it is about: `2026-W47`.
    pub period: String,
}

/// A mail that no server has taken yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingStatus {
    /// What it is about.
    pub period: String,
    /// When it was due.
    pub due: Moment,
    /// What came of the last attempt; `None` where there was none in this run of narthex.
    pub error: Option<String>,
    /// When it is tried again; `None` for at once.
    pub again: Option<Moment>,
}

impl ScheduleStatus {
    pub(super) fn of(
        schedule: &ReportSchedule,
        language: Language,
        now_ms: i64,
        error: Option<String>,
        waiting: Vec<WaitingStatus>,
    ) -> ScheduleStatus {
        let next = |Due { at_ms, period }: Due| NextReport { due: Moment(at_ms), period };
        ScheduleStatus {
            name: schedule.name.clone(),
            product: schedule.product.clone(),
            every: schedule.every.as_str(),
            at: schedule.at.to_string(),
            zone: schedule.zone.iana_name().unwrap_or("UTC").to_owned(),
            language: schedule.language.unwrap_or(language),
            formats: schedule.formats.clone(),
            to: schedule.to.clone(),
            next: schedule.next(now_ms).map(next),
            error,
            waiting,
        }
    }
}
