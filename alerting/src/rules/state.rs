//! The state of alerts on disk: a journal of what has changed, which a restart reads back.
//!
//! `docs/format/rule_state.md` says what the records hold. A record is of one evaluation of one rule; what it says of an
//! instance replaces what earlier ones said. Now and then everything there is is written once more into a new segment, and
//! what came before is removed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use journal::{Disk, Journal, JournalError, ReadError};
use model::{Clock, Labels};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::group::{Changes, Group, Orphans};
use super::instance::{AlertState, Instance};
use super::rule::RuleKey;

/// A record of changes.
const CHANGES: u8 = 1;
/// A record that says that evaluations were going on.
const ALIVE: u8 = 2;
/// How often that is said, in milliseconds.
const ALIVE_EVERY_MS: i64 = 15_000;
/// What was written since the last time that everything was, in bytes, before everything is written again: at least this,
/// and four times as much as everything is.
const MIN_TO_REWRITE: u64 = 1 << 20;
/// How many instances a record holds at most, so that it stays well below the limit of a record's length.
const INSTANCES_OF_RECORD: usize = 1000;

/// Why the state of alerts cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The journal cannot be opened.
    #[error("state of alerts: {0}")]
    Open(#[from] JournalError),
    /// It cannot be read.
    #[error("state of alerts: {0}")]
    Read(#[from] ReadError),
    /// The directory cannot be read.
    #[error("state of alerts: {0}")]
    List(#[from] std::io::Error),
}

/// What the last run left.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub(super) orphans: Vec<Orphans>,
    /// When it last evaluated rules; `None` where there was no last run.
    pub(super) alive_ms: Option<i64>,
    /// Records that could not be read.
    pub(super) n_damaged: usize,
}

/// Where the state of alerts is kept.
#[derive(Debug)]
pub(super) struct StateJournal {
    journal: Journal,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    alive_ms: i64,
    /// Bytes of everything there was, when that was last written.
    all_bytes: u64,
    /// Bytes since.
    since_bytes: u64,
    /// A record was not taken: everything must be written before it is complete again.
    is_incomplete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct ChangesRecord {
    file: String,
    group: String,
    rule: String,
    rule_labels: Vec<(String, String)>,
    number: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changed: Vec<InstanceRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<Vec<(String, String)>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct InstanceRecord {
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    /// The bits of the float: JSON knows no infinities.
    value_bits: u64,
    state: StateRecord,
    active_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keep_firing_since_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_at_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StateRecord {
    Inactive,
    Pending,
    Firing,
}

#[derive(Debug, Serialize, Deserialize)]
struct AliveRecord {
    at_ms: i64,
}

impl StateJournal {
    /// Opens the journal and reads what the last run left.
    ///
    /// # Errors
    /// When that cannot be done. Damage is no error: it costs the damaged record.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        dir: PathBuf,
        salt: u32,
    ) -> Result<(StateJournal, Restored), StateError> {
        let journal = Journal::open(disk, clock, dir, salt, journal::Options::default())?;
        let segments: Vec<_> = journal.segments()?.into_iter().map(|(name, _)| name).collect();
        let mut reading = Reading::default();
        let mut reader = journal.reader();
        reader.read(&segments, |record| reading.take(record.kind, record.payload))?;
        reading.restored.n_damaged += reader.damage().iter().filter(|damage| !damage.torn_tail).count();
        // The first record makes everything that was read superfluous, for everything is written anew.
        let written = Written { is_incomplete: true, ..Written::default() };
        Ok((StateJournal { journal, written: Mutex::new(written) }, reading.finished()))
    }

    /// Notes what changed in a group. What was noted when this returns survives a power cut. `all` are all groups there are.
    ///
    /// # Errors
    /// When the disk refuses; everything is noted with the next change that it takes.
    pub(super) fn note(
        &self,
        group: &Group,
        changes: &[Changes],
        now_ms: i64,
        all: &[Arc<Group>],
    ) -> Result<(), JournalError> {
        let mut written = self.written.lock();
        if (now_ms - written.alive_ms).abs() >= ALIVE_EVERY_MS {
            self.append_alive(now_ms, &mut written)?;
        }
        if written.is_incomplete || written.since_bytes > MIN_TO_REWRITE.max(4 * written.all_bytes) {
            return self.write_all(all, now_ms, &mut written);
        }
        if changes.is_empty() {
            return Ok(());
        }
        let result = self.append_changes(group, changes).and_then(|n_bytes| {
            written.since_bytes += n_bytes;
            self.journal.sync()
        });
        written.is_incomplete |= result.is_err();
        result
    }

    /// Notes that the instances of rules that are no more are gone: from now on everything is what `all` have.
    ///
    /// # Errors
    /// As [`StateJournal::note`].
    pub(super) fn note_all(&self, all: &[Arc<Group>], now_ms: i64) -> Result<(), JournalError> {
        self.write_all(all, now_ms, &mut self.written.lock())
    }

    fn append_alive(&self, now_ms: i64, written: &mut Written) -> Result<(), JournalError> {
        let payload = encoded(&AliveRecord { at_ms: now_ms });
        self.journal.append(ALIVE, &payload)?;
        written.alive_ms = now_ms;
        written.since_bytes += payload.len() as u64;
        Ok(())
    }

    fn append_changes(&self, group: &Group, changes: &[Changes]) -> Result<u64, JournalError> {
        let records: Vec<Vec<u8>> = records(group, changes);
        self.journal.append_all(CHANGES, records.iter().map(Vec::as_slice))?;
        Ok(records.iter().map(|record| record.len() as u64).sum())
    }

    /// Writes everything into a new segment and removes those before it.
    fn write_all(&self, all: &[Arc<Group>], now_ms: i64, written: &mut Written) -> Result<(), JournalError> {
        written.is_incomplete = true;
        self.journal.roll()?;
        let first = self.journal.next_segment_number();
        self.append_alive(now_ms, written)?;
        let mut n_bytes = 0;
        for group in all {
            n_bytes += self.append_changes(group, &group.all_as_changes())?;
        }
        self.journal.sync()?;
        self.journal.remove_before(first)?;
        *written = Written { all_bytes: n_bytes, since_bytes: 0, is_incomplete: false, alive_ms: now_ms };
        Ok(())
    }
}

/// Changes as records.
fn records(group: &Group, changes: &[Changes]) -> Vec<Vec<u8>> {
    let keys = group.keys();
    let mut records = Vec::new();
    for change in changes {
        let Some(key) = keys.get(change.rule) else { continue };
        let record = |changed: &[Instance], gone: &[Labels]| {
            encoded(&ChangesRecord {
                file: group.file().to_owned(),
                group: group.name().to_owned(),
                rule: key.name.clone(),
                rule_labels: pairs(&key.labels),
                number: key.number,
                changed: changed.iter().map(InstanceRecord::of).collect(),
                gone: gone.iter().map(pairs).collect(),
            })
        };
        records.extend(change.gone.chunks(INSTANCES_OF_RECORD).map(|gone| record(&[], gone)));
        records.extend(change.changed.chunks(INSTANCES_OF_RECORD).map(|changed| record(changed, &[])));
    }
    records
}

/// Records of strings and numbers can always be written.
fn encoded<T: Serialize>(record: &T) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

fn pairs(labels: &Labels) -> Vec<(String, String)> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn labels(pairs: &[(String, String)]) -> Labels {
    Labels::from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

impl InstanceRecord {
    fn of(instance: &Instance) -> InstanceRecord {
        InstanceRecord {
            labels: pairs(&instance.labels),
            annotations: pairs(&instance.annotations),
            value_bits: instance.value.to_bits(),
            state: match instance.state {
                AlertState::Inactive => StateRecord::Inactive,
                AlertState::Pending => StateRecord::Pending,
                AlertState::Firing => StateRecord::Firing,
            },
            active_at_ms: instance.active_at_ms,
            fired_at_ms: instance.fired_at_ms,
            keep_firing_since_ms: instance.keep_firing_since_ms,
            resolved_at_ms: instance.resolved_at_ms,
        }
    }

    fn instance(self) -> Instance {
        Instance {
            labels: labels(&self.labels),
            annotations: labels(&self.annotations),
            value: f64::from_bits(self.value_bits),
            state: match self.state {
                StateRecord::Inactive => AlertState::Inactive,
                StateRecord::Pending => AlertState::Pending,
                StateRecord::Firing => AlertState::Firing,
            },
            active_at_ms: self.active_at_ms,
            fired_at_ms: self.fired_at_ms,
            keep_firing_since_ms: self.keep_firing_since_ms,
            resolved_at_ms: self.resolved_at_ms,
            last_sent_ms: None,
            valid_until_ms: 0,
        }
    }
}

/// Records that are read one after the other.
#[derive(Debug, Default)]
struct Reading {
    rules: HashMap<(String, String, RuleKey), HashMap<Labels, Instance>>,
    restored: Restored,
}

impl Reading {
    fn take(&mut self, kind: u8, payload: &[u8]) {
        let is_read = match kind {
            CHANGES => serde_json::from_slice(payload).map(|record| self.take_changes(record)).is_ok(),
            ALIVE => serde_json::from_slice(payload)
                .map(|AliveRecord { at_ms }| self.restored.alive_ms = Some(at_ms))
                .is_ok(),
            _ => false,
        };
        self.restored.n_damaged += usize::from(!is_read);
    }

    fn take_changes(&mut self, record: ChangesRecord) {
        let key = RuleKey { name: record.rule, labels: labels(&record.rule_labels), number: record.number };
        let instances = self.rules.entry((record.file, record.group, key)).or_default();
        for gone in &record.gone {
            instances.remove(&labels(gone));
        }
        for changed in record.changed {
            let instance = changed.instance();
            instances.insert(instance.labels.clone(), instance);
        }
    }

    fn finished(mut self) -> Restored {
        let rules = self.rules.into_iter().filter(|(_, instances)| !instances.is_empty());
        let orphans = rules.map(|((file, group, rule), instances)| {
            let mut instances: Vec<Instance> = instances.into_values().collect();
            instances.sort_by(|one, other| one.labels.cmp(&other.labels));
            Orphans { file, group, rule, instances }
        });
        self.restored.orphans = orphans.collect();
        self.restored
            .orphans
            .sort_by(|one, other| (&one.file, &one.group, &one.rule).cmp(&(&other.file, &other.group, &other.rule)));
        self.restored
    }
}
