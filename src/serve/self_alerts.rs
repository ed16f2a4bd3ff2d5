//! Alerts about narthex itself. They need no rule, no scrape and no room on the disk: the disk may be what is wrong.
//!
//! They enter the route tree like any other, with `job="narthex"` and the name of the machine as `instance`. Whoever watches
//! narthex from elsewhere turns them off: `narthex.self_alerts`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alerting::Alert;
use alerting::rules::{AlertSink, RuleAlert};
use model::{Clock, Labels};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tsdb::WalStats;
use web::{DiskSpace, StorageStatus};

use super::settings::hostname;
use super::storage::OpenStore;
use crate::config::NarthexConfig;

/// How often is looked whether something is wrong.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// An alert that is not told again for so long is over, for Alertmanagers elsewhere and after a start.
const VALID_FOR_MS: i64 = 60_000;
/// With less than this, a disk is full: the next checkpoint or block has no room.
const FULL_BYTES: u64 = 16 << 20;
/// A disk with less than one part in so many is nearly full.
const NEARLY_FULL_PART: u64 = 20;
/// However small the part is, a disk with more than this is not nearly full.
const ENOUGH_BYTES: u64 = 10 << 30;

/// What can be wrong with narthex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    DiskFull,
    DiskNearlyFull,
    WritesFail,
}

impl Trouble {
    const ALL: [Trouble; 3] = [Trouble::DiskFull, Trouble::DiskNearlyFull, Trouble::WritesFail];

    fn name(self) -> &'static str {
        match self {
            Trouble::DiskFull => "NarthexDiskFull",
            Trouble::DiskNearlyFull => "NarthexDiskNearlyFull",
            Trouble::WritesFail => "NarthexWritesFail",
        }
    }

    fn severity(self) -> &'static str {
        if self == Trouble::DiskNearlyFull { "warning" } else { "critical" }
    }

    fn summary(self) -> &'static str {
        match self {
            Trouble::DiskFull => "narthex's disk is full: samples are not taken until there is room",
            Trouble::DiskNearlyFull => "narthex's disk is nearly full",
            Trouble::WritesFail => "narthex cannot write its log: samples are refused",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Trouble::DiskFull | Trouble::DiskNearlyFull => {
                "Make room, enlarge the disk, or keep less (--storage.tsdb.retention.time and .size). \
                 Nothing that was acknowledged is lost; writing goes on by itself."
            }
            Trouble::WritesFail => "Look at the disk and at narthex's log, which names the file and the error.",
        }
    }
}

/// Looks after narthex until it is dropped.
#[derive(Debug)]
pub(super) struct SelfAlerts {
    task: JoinHandle<()>,
    is_on: Arc<AtomicBool>,
}

impl SelfAlerts {
    /// Tells what is wrong to all of these.
    pub(super) fn start(
        store: Arc<OpenStore>,
        sinks: Vec<Arc<dyn AlertSink>>,
        clock: Arc<dyn Clock>,
        config: &NarthexConfig,
    ) -> SelfAlerts {
        let is_on = Arc::new(AtomicBool::new(is_wanted(config)));
        let is_still_on = Arc::clone(&is_on);
        let task = tokio::spawn(async move {
            let mut watch = Watch::new(store.wal());
            let mut ticks = interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let now_ms = clock.now_ms();
                let alerts = match is_still_on.load(Ordering::Relaxed) {
                    true => watch.look(store.wal(), store.disk_space(), now_ms),
                    false => watch.end_all(now_ms),
                };
                // Sinks write to the disk.
                tokio::task::block_in_place(|| sinks.iter().for_each(|sink| sink.take(now_ms, &alerts)));
            }
        });
        SelfAlerts { task, is_on }
    }

    /// What is told from now on.
    pub(super) fn apply(&self, config: &NarthexConfig) {
        self.is_on.store(is_wanted(config), Ordering::Relaxed);
    }
}

fn is_wanted(config: &NarthexConfig) -> bool {
    config.self_alerts.unwrap_or(true)
}

impl Drop for SelfAlerts {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What was wrong when it was looked last, and since when.
#[derive(Debug)]
struct Watch {
    seen: WalStats,
    since_ms: BTreeMap<Trouble, i64>,
}

impl Watch {
    fn new(seen: WalStats) -> Watch {
        Watch { seen, since_ms: BTreeMap::new() }
    }

    /// What is to be told: everything that is wrong, and what is so no more.
    fn look(&mut self, wal: WalStats, space: Option<DiskSpace>, now_ms: i64) -> Vec<RuleAlert> {
        let has_failed =
            wal.n_write_failures > self.seen.n_write_failures || wal.n_sync_failures > self.seen.n_sync_failures;
        // Where nothing was written since, nobody knows whether it would succeed now.
        let has_written = wal.n_records > self.seen.n_records;
        let was_failing = self.since_ms.contains_key(&Trouble::WritesFail);
        self.seen = wal;
        let alerts = Trouble::ALL.into_iter().filter_map(|trouble| {
            let is_wrong = match trouble {
                Trouble::DiskFull => space.is_some_and(is_full),
                Trouble::DiskNearlyFull => space.is_some_and(|space| is_nearly_full(space) && !is_full(space)),
                Trouble::WritesFail => has_failed || (was_failing && !has_written),
            };
            self.told(trouble, is_wrong, now_ms)
        });
        alerts.collect()
    }

    /// What was told is over, because nobody wants to hear of it.
    fn end_all(&mut self, now_ms: i64) -> Vec<RuleAlert> {
        Trouble::ALL.into_iter().filter_map(|trouble| self.told(trouble, false, now_ms)).collect()
    }

    fn told(&mut self, trouble: Trouble, is_wrong: bool, now_ms: i64) -> Option<RuleAlert> {
        let (starts_at_ms, ends_at_ms) = match is_wrong {
            true => (*self.since_ms.entry(trouble).or_insert(now_ms), None),
            false => (self.since_ms.remove(&trouble)?, Some(now_ms)),
        };
        let instance = hostname();
        let labels = [
            ("alertname", trouble.name()),
            ("instance", instance.as_str()),
            ("job", "narthex"),
            ("severity", trouble.severity()),
        ];
        let alert = Alert {
            labels: Labels::from_pairs(labels),
            annotations: Labels::from_pairs([("description", trouble.advice()), ("summary", trouble.summary())]),
            starts_at_ms,
            ends_at_ms,
            generator_url: String::new(),
            updated_at_ms: now_ms,
            is_timeout: false,
        };
        Some(RuleAlert { alert, valid_until_ms: now_ms.saturating_add(VALID_FOR_MS) })
    }
}

fn is_full(space: DiskSpace) -> bool {
    space.free_bytes < FULL_BYTES
}

fn is_nearly_full(space: DiskSpace) -> bool {
    space.free_bytes < (space.total_bytes / NEARLY_FULL_PART).min(ENOUGH_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn what_is_wrong_is_told_until_it_is_over() {
        let mut watch = Watch::new(WalStats::default());
        let mut n_looks = 0;
        let mut check = |n_records: u64, n_write_failures: u64, free_mib: u64, want: &[(&str, bool)]| {
            n_looks += 1;
            let wal = WalStats { n_records, n_write_failures, ..WalStats::default() };
            let space = DiskSpace { free_bytes: free_mib * MIB, total_bytes: 1000 * MIB };
            let alerts = watch.look(wal, Some(space), n_looks);
            let told: Vec<_> = alerts.iter().map(|told| (told.alert.name(), told.alert.ends_at_ms.is_none())).collect();
            assert_eq!(told, want, "look {n_looks}");
        };
        check(10, 0, 500, &[]);
        check(20, 0, 40, &[("NarthexDiskNearlyFull", true)]);
        check(30, 0, 40, &[("NarthexDiskNearlyFull", true)]);
        check(30, 3, 1, &[("NarthexDiskFull", true), ("NarthexDiskNearlyFull", false), ("NarthexWritesFail", true)]);
        check(30, 3, 1, &[("NarthexDiskFull", true), ("NarthexWritesFail", true)]);
        check(40, 3, 500, &[("NarthexDiskFull", false), ("NarthexWritesFail", false)]);
        check(50, 3, 500, &[]);
    }

    #[test]
    fn what_was_told_ends_when_nobody_wants_to_hear_of_it() {
        let mut watch = Watch::new(WalStats::default());
        let space = DiskSpace { free_bytes: MIB, total_bytes: 1000 * MIB };
        assert_eq!(watch.look(WalStats::default(), Some(space), 1).len(), 1);
        let ended = watch.end_all(2);
        assert_eq!((ended.len(), ended[0].alert.ends_at_ms), (1, Some(2)));
        assert_eq!(watch.end_all(3), []);
    }

    #[test]
    fn a_large_disk_is_not_nearly_full_with_ten_gibibytes() {
        let check = |free: u64, total: u64, want: bool| {
            let space = DiskSpace { free_bytes: free << 30, total_bytes: total << 30 };
            assert_eq!(is_nearly_full(space), want, "{free} of {total} GiB");
        };
        check(11, 4000, false);
        check(9, 4000, true);
        check(4, 100, true);
        check(6, 100, false);
    }
}
