//! What is kept of schedules and their mails. `docs/format/reports.md` draws it.

use std::collections::BTreeMap;

use alerting::receivers::SealedMail;
use serde::{Deserialize, Serialize};

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "what")]
pub(super) enum Record {
    /// What a schedule had due up to a time is dealt with.
    Dealt {
        /// Its name.
        schedule: String,
        /// The times that it had: with others it begins anew.
        times: String,
        /// Up to when.
        until_ms: i64,
    },
    /// A mail that is to be sent; with it what was due up to its time is dealt with.
    Written(Box<Written>),
    /// Nothing more is done about a mail.
    Ended {
        /// Its id.
        id: String,
    },
    /// There is no such schedule any more: its mails are not sent any more.
    Gone {
        /// Its name.
        schedule: String,
    },
}

/// A mail that is to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Written {
    /// What its `Message-ID` begins with.
    pub(super) id: String,
    pub(super) schedule: String,
    pub(super) times: String,
    pub(super) period: String,
    pub(super) due_ms: i64,
    /// From then on the next one is due, and this one is not sent any more.
    pub(super) expires_ms: i64,
    pub(super) mail: SealedMail,
}

/// All that the journal has.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// By schedule: its times, and up to when it is dealt with.
    pub(super) dealt: BTreeMap<String, (String, i64)>,
    /// Mails that have not arrived, by id.
    pub(super) waiting: BTreeMap<String, Written>,
}

impl Kept {
    pub(super) fn take(&mut self, record: Record) {
        match record {
            Record::Dealt { schedule, times, until_ms } => {
                self.dealt.insert(schedule, (times, until_ms));
            }
            Record::Written(written) => {
                self.dealt.insert(written.schedule.clone(), (written.times.clone(), written.due_ms));
                self.waiting.insert(written.id.clone(), *written);
            }
            Record::Ended { id } => {
                self.waiting.remove(&id);
            }
            Record::Gone { schedule } => {
                self.dealt.remove(&schedule);
                self.waiting.retain(|_, written| written.schedule != schedule);
            }
        }
    }

    pub(super) fn records(&self) -> Vec<Record> {
        let written = self.waiting.values().cloned().map(|written| Record::Written(Box::new(written)));
        let dealt = self.dealt.iter().map(|(schedule, (times, until_ms))| Record::Dealt {
            schedule: schedule.clone(),
            times: times.clone(),
            until_ms: *until_ms,
        });
        written.chain(dealt).collect()
    }
}
