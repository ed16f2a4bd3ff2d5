//! What budgets have to know over a restart: the targets along time, and the alerts. A journal of what has changed.
//!
//! `docs/format/slo_budgets.md` says what the records hold. What a record says replaces what earlier ones said of the same
//! objective or alert. At each start, and when much has been written, everything is written once more into a new segment, and
//! what came before is removed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use alerting::rules::{AlertState, Instance};
use journal::{Disk, Journal, JournalError, ReadError};
use model::{Clock, Labels};
use serde::{Deserialize, Serialize};

use super::alerts::{AlertChanges, Alerts, BudgetAlert};
use super::versions::{Version, Versions};
use crate::spec::Share;

/// A record of the targets of an objective or a product.
const TARGETS: u8 = 1;
/// A record of an alert.
const ALERT: u8 = 2;
/// A record that an alert is no more.
const GONE: u8 = 3;
/// So many bytes since everything was written are too few to write everything again.
const MIN_TO_REWRITE: u64 = 1 << 20;

/// Why the state of budgets cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The journal cannot be opened.
    #[error("state of budgets: {0}")]
    Open(#[from] JournalError),
    /// It cannot be read.
    #[error("state of budgets: {0}")]
    Read(#[from] ReadError),
    /// The directory cannot be read.
    #[error("state of budgets: {0}")]
    List(#[from] std::io::Error),
}

/// What is to be kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// By the id of an objective or the key of a product.
    pub(super) versions: Arc<BTreeMap<String, Versions>>,
    pub(super) alerts: Alerts,
    /// Records that could not be read.
    pub(super) n_damaged: usize,
}

/// Where it is kept.
#[derive(Debug)]
pub(super) struct StateJournal {
    journal: Journal,
    /// Bytes of everything there was, when that was last written.
    all_bytes: u64,
    /// Bytes since.
    since_bytes: u64,
    /// A record was not taken: everything must be written before it is complete again.
    is_incomplete: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct TargetsRecord {
    key: String,
    targets: Vec<TargetRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TargetRecord {
    /// Left out for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since_ms: Option<i64>,
    /// Parts per 10^9.
    parts: u64,
    percent: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct AlertRecord {
    objective: String,
    labels: Vec<(String, String)>,
    annotations: Vec<(String, String)>,
    /// The bits of the float: JSON knows no infinities.
    value_bits: u64,
    state: String,
    active_at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fired_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_at_ms: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct GoneRecord {
    labels: Vec<(String, String)>,
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
    ) -> Result<(StateJournal, Kept), StateError> {
        let journal = Journal::open(disk, clock, dir, salt, journal::Options::default())?;
        let segments: Vec<_> = journal.segments()?.into_iter().map(|(name, _)| name).collect();
        let mut reading = Reading::default();
        let mut reader = journal.reader();
        reader.read(&segments, |record| reading.take(record.kind, record.payload))?;
        reading.n_damaged += reader.damage().iter().filter(|damage| !damage.torn_tail).count();
        let state = StateJournal { journal, all_bytes: 0, since_bytes: 0, is_incomplete: true };
        Ok((state, reading.kept()))
    }

    /// Notes targets and changes of alerts. What was noted when this returns survives a power cut.
    ///
    /// # Errors
    /// When the disk refuses; everything is noted with the next change that it takes.
    pub(super) fn note(&mut self, keys: &[String], changes: &AlertChanges, kept: &Kept) -> Result<(), JournalError> {
        if self.is_incomplete || self.since_bytes > MIN_TO_REWRITE.max(4 * self.all_bytes) {
            return self.note_all(kept);
        }
        if keys.is_empty() && *changes == AlertChanges::default() {
            return Ok(());
        }
        let mut records: Vec<(u8, Vec<u8>)> = Vec::new();
        records.extend(keys.iter().filter_map(|key| Some(targets_record(key, kept.versions.get(key)?))));
        records.extend(changes.changed.iter().map(alert_record));
        records.extend(changes.gone.iter().map(|labels| (GONE, encoded(&GoneRecord { labels: pairs(labels) }))));
        let result = self.append(&records).and_then(|n_bytes| {
            self.since_bytes += n_bytes;
            self.journal.sync()
        });
        self.is_incomplete |= result.is_err();
        result
    }

    /// Writes everything into a new segment and removes those before it.
    fn note_all(&mut self, kept: &Kept) -> Result<(), JournalError> {
        self.is_incomplete = true;
        self.journal.roll()?;
        let first = self.journal.next_segment_number();
        let targets = kept.versions.iter().map(|(key, versions)| targets_record(key, versions));
        let records: Vec<(u8, Vec<u8>)> = targets.chain(kept.alerts.iter().map(alert_record)).collect();
        let n_bytes = self.append(&records)?;
        self.journal.sync()?;
        self.journal.remove_before(first)?;
        (self.all_bytes, self.since_bytes, self.is_incomplete) = (n_bytes, 0, false);
        Ok(())
    }

    fn append(&self, records: &[(u8, Vec<u8>)]) -> Result<u64, JournalError> {
        for (kind, payload) in records {
            self.journal.append(*kind, payload)?;
        }
        Ok(records.iter().map(|(_, payload)| payload.len() as u64).sum())
    }
}

fn targets_record(key: &str, versions: &Versions) -> (u8, Vec<u8>) {
    let targets = versions.iter().map(|version| TargetRecord {
        since_ms: Some(version.since_ms).filter(|since_ms| *since_ms != i64::MIN),
        parts: version.target.parts(),
        percent: version.percent.clone(),
    });
    (TARGETS, encoded(&TargetsRecord { key: key.to_owned(), targets: targets.collect() }))
}

fn alert_record(alert: &BudgetAlert) -> (u8, Vec<u8>) {
    let instance = &alert.instance;
    let record = AlertRecord {
        objective: alert.objective.clone(),
        labels: pairs(&instance.labels),
        annotations: pairs(&instance.annotations),
        value_bits: instance.value.to_bits(),
        state: instance.state.as_str().to_owned(),
        active_at_ms: instance.active_at_ms,
        fired_at_ms: instance.fired_at_ms,
        resolved_at_ms: instance.resolved_at_ms,
    };
    (ALERT, encoded(&record))
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

/// Records that are read one after the other.
#[derive(Debug, Default)]
struct Reading {
    versions: BTreeMap<String, Versions>,
    alerts: BTreeMap<Labels, BudgetAlert>,
    n_damaged: usize,
}

impl Reading {
    fn take(&mut self, kind: u8, payload: &[u8]) {
        let taken = match kind {
            TARGETS => serde_json::from_slice(payload).ok().and_then(|record| self.take_targets(record)),
            ALERT => serde_json::from_slice(payload).ok().and_then(|record| self.take_alert(&record)),
            GONE => serde_json::from_slice(payload).ok().map(|GoneRecord { labels: pairs }| {
                self.alerts.remove(&labels(&pairs));
            }),
            _ => None,
        };
        self.n_damaged += usize::from(taken.is_none());
    }

    fn take_targets(&mut self, record: TargetsRecord) -> Option<()> {
        let version = |target: TargetRecord| {
            let since_ms = target.since_ms.unwrap_or(i64::MIN);
            Some(Version { since_ms, target: Share::from_parts(target.parts)?, percent: target.percent })
        };
        let versions = record.targets.into_iter().map(version).collect::<Option<Vec<Version>>>()?;
        self.versions.insert(record.key, Versions::restored(versions)?);
        Some(())
    }

    fn take_alert(&mut self, record: &AlertRecord) -> Option<()> {
        let states = [AlertState::Inactive, AlertState::Pending, AlertState::Firing];
        let instance = Instance {
            labels: labels(&record.labels),
            annotations: labels(&record.annotations),
            value: f64::from_bits(record.value_bits),
            state: states.into_iter().find(|state| state.as_str() == record.state)?,
            active_at_ms: record.active_at_ms,
            fired_at_ms: record.fired_at_ms,
            keep_firing_since_ms: None,
            resolved_at_ms: record.resolved_at_ms,
            last_sent_ms: None,
            valid_until_ms: 0,
        };
        let alert = BudgetAlert { objective: record.objective.clone(), instance };
        self.alerts.insert(alert.instance.labels.clone(), alert);
        Some(())
    }

    fn kept(self) -> Kept {
        let alerts = Alerts::restored(self.alerts.into_values().collect());
        Kept { versions: Arc::new(self.versions), alerts, n_damaged: self.n_damaged }
    }
}
