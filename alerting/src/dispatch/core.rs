//! Dispatch with its journal and its log, without a thread: what a restart must bring back.

use std::path::Path;
use std::sync::Arc;

use journal::{Disk, Journal, JournalError};
use model::Clock;

use super::change::{AttemptRecord, Change, SilenceRecord};
use super::deliveries::Deliveries;
use super::dispatcher::Dispatcher;
use super::ledger::{Ledger, OpenError};
use super::limits::DispatchLimits;
use super::plan::Plan;
use super::restore::Restored;
use crate::silence::{Silence, SilenceError};
use crate::{Attempt, Notification};

/// Dispatch, its journal and its log.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) dispatcher: Dispatcher,
    pub(super) deliveries: Deliveries,
    ledger: Ledger,
    /// What the disk said last, where it refused.
    pub(super) disk_error: Option<String>,
    /// Places of the journal that were damaged at the start.
    pub(super) n_damaged: usize,
}

/// Why a silence was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SetSilenceError {
    /// There is something wrong with it.
    #[error(transparent)]
    Refused(#[from] SilenceError),
    /// It could not be written down, and would be forgotten.
    #[error("the silence could not be written to the disk: {0}")]
    NotWritten(#[from] JournalError),
}

impl Core {
    /// Goes on where an earlier run ended. No group is looked at before `start_delay_ms` have passed.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: &Path,
        random: [u64; 3],
        plan: Arc<Plan>,
        limits: DispatchLimits,
        start_delay_ms: i64,
    ) -> Result<Core, OpenError> {
        let at_ms = clock.now_ms();
        let (ledger, back) = Ledger::open(disk, clock, dir, random[0] as u32)?;
        let mut deliveries = Deliveries::new(limits.clone());
        let mut restored = Restored::default();
        for change in back.changes {
            deliveries.take(&change);
            restored.take(change);
        }
        let salt = format!("{:016x}{:016x}", random[1], random[2]);
        let mut dispatcher = Dispatcher::restore(plan, limits, restored, salt, at_ms);
        dispatcher.held_until_ms = at_ms.saturating_add(start_delay_ms);
        let mut core = Core { dispatcher, deliveries, ledger, disk_error: None, n_damaged: back.n_damaged };
        core.commit(at_ms);
        Ok(core)
    }

    /// Writes down what has changed, and says whether that succeeded. Where it did not, all goes on, and is written down as
    /// soon as the disk takes something again: rather told twice after a crash than not told now.
    pub(super) fn commit(&mut self, at_ms: i64) -> bool {
        let changes = self.dispatcher.changes();
        if changes.is_empty() {
            return self.disk_error.is_none();
        }
        self.write(&changes, at_ms).is_ok()
    }

    fn write(&mut self, changes: &[Change], at_ms: i64) -> Result<(), JournalError> {
        changes.iter().for_each(|change| self.deliveries.take(change));
        self.deliveries.trim(at_ms);
        let Core { dispatcher, deliveries, ledger, .. } = self;
        let result = ledger.append(changes, || {
            let mut all = dispatcher.snapshot();
            all.extend(deliveries.snapshot());
            all
        });
        self.disk_error = result.as_ref().err().map(JournalError::to_string);
        result
    }

    /// The journal, for those who wait for it without holding everything up.
    pub(super) fn journal(&self) -> Arc<Journal> {
        self.ledger.journal()
    }

    /// Takes a silence; when this returns its id, it is on the disk.
    pub(super) fn set_silence(
        &mut self,
        silence: Silence,
        new_id: String,
        at_ms: i64,
    ) -> Result<String, SetSilenceError> {
        let planned = self.dispatcher.silences.plan(silence, at_ms, new_id)?;
        let id = planned.last().map_or_else(String::new, |silence| silence.id.clone());
        self.put(planned, at_ms)?;
        Ok(id)
    }

    /// Ends a silence; when this returns, that is on the disk.
    pub(super) fn expire_silence(&mut self, id: &str, at_ms: i64) -> Result<(), SetSilenceError> {
        let planned = self.dispatcher.silences.plan_expiry(id, at_ms)?;
        self.put(planned.into_iter().collect(), at_ms)?;
        Ok(())
    }

    fn put(&mut self, silences: Vec<Silence>, at_ms: i64) -> Result<(), JournalError> {
        let before = self.dispatcher.silences.clone();
        let changes: Vec<Change> =
            silences.iter().map(|silence| Change::Silence(SilenceRecord::from(silence))).collect();
        silences.into_iter().for_each(|silence| self.dispatcher.silences.put(silence));
        let result = self.write(&changes, at_ms).and_then(|()| self.ledger.sync());
        if result.is_err() {
            self.dispatcher.silences = before;
        }
        result
    }

    /// Records an attempt; it is written down with the next commit.
    pub(super) fn attempt(&mut self, notification: &Notification, attempt: &Attempt) {
        let record = AttemptRecord {
            id: notification.id.clone(),
            at_ms: attempt.at_ms,
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            body: attempt.body.clone(),
            error: attempt.error.clone(),
            next_at_ms: attempt.next_at_ms,
        };
        self.dispatcher.dirty.events.push(Change::Attempt(record));
    }
}
