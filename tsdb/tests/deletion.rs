//! Deletion: at once, exactly what there was, for a day with a way back; through restarts, sealing and merging.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use journal::Disk;
use journal::testkit::{Fault, MemoryDisk};
use model::histogram::{Histogram, ResetHint, Span};
use model::rng::SeededRng;
use model::storage::{Append, Batch, HistogramRow, HistogramValue, LabelRequest, Select, SelectHints, Timestamps};
use model::{Clock, Labels, MatchOp, Matcher};
use support::{Contents, commit, contents, labels, options, resolve, select};
use tsdb::{Maintained, OpenError, Options, Progress, Replayed, Store, UndeleteError, Undo};

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

#[derive(Debug, Default)]
struct ToldClock(AtomicI64);

impl Clock for ToldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now_ms() as u64)
    }
}

/// A store, its disk and its clock.
struct Case {
    disk: MemoryDisk,
    clock: Arc<ToldClock>,
    run: u64,
    store: Option<Store>,
}

impl Case {
    fn new() -> Case {
        let mut case = Case { disk: MemoryDisk::new(), clock: Arc::default(), run: 0, store: None };
        case.open();
        case
    }

    fn try_open(&mut self) -> Result<Replayed, OpenError> {
        self.run += 1;
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let options = Options { late_window_ms: 30 * MINUTE_MS, ..options() };
        let mut rng = SeededRng::new(self.run);
        let (store, replayed) = Store::open(&disk, &clock, &mut rng, Path::new("data"), options, &Progress::default())?;
        self.store = Some(store);
        Ok(replayed)
    }

    fn open(&mut self) -> Replayed {
        self.try_open().unwrap()
    }

    /// Kills the process and starts the next.
    fn restart(&mut self) -> Replayed {
        self.store = None;
        self.open()
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Writes a sample a minute of three series, from one hour to another.
    fn write(&self, from_hour: i64, to_hour: i64, want: &mut Contents) {
        for minute in from_hour * 60..to_hour * 60 {
            let sets: Vec<Labels> = (0..3).map(set).collect();
            let values = [minute as f64, 0.1 * minute as f64, f64::from_bits(0x7ff0_0000_0000_0002)];
            self.write_at(&sets, minute * MINUTE_MS, &values, want);
        }
    }

    fn write_at(&self, sets: &[Labels], timestamp_ms: i64, values: &[f64], want: &mut Contents) {
        self.clock.0.fetch_max(timestamp_ms, Ordering::Relaxed);
        let series = resolve(self.store(), None, sets);
        assert_eq!(commit(self.store(), None, &series, timestamp_ms, values), []);
        for (set, value) in sets.iter().zip(values) {
            want.entry(set.clone()).or_default().insert(timestamp_ms, value.to_bits());
        }
    }

    fn delete(&self, matcher: &Matcher, (start_ms, end_ms): (i64, i64)) -> Option<u64> {
        let deletion = self.store().delete_series(&[vec![matcher.clone()]], start_ms, end_ms).unwrap();
        deletion.map(|deletion| deletion.id)
    }

    fn maintain(&self) -> Vec<Maintained> {
        let next = || self.store().maintain().unwrap();
        std::iter::from_fn(|| Some(next()).filter(|done| *done != Maintained::Nothing)).collect()
    }

    fn blocks(&self) -> Vec<PathBuf> {
        self.disk.paths().into_iter().filter(|path| path.starts_with("data/blocks")).collect()
    }

    fn check(&self, want: &Contents, what: &str) {
        assert!(contents(self.store()) == *want, "{what}");
    }
}

fn set(i: usize) -> Labels {
    labels("m", &[("i", &i.to_string()), (&format!("own{i}"), "x")])
}

fn of(i: usize) -> Matcher {
    Matcher::equal("i", i.to_string())
}

/// What is left after a deletion.
fn without(all: &Contents, i: usize, (start_ms, end_ms): (i64, i64)) -> Contents {
    let mut left = all.clone();
    left.entry(set(i)).or_default().retain(|time_ms, _| !(start_ms..=end_ms).contains(time_ms));
    left.retain(|_, samples| !samples.is_empty());
    left
}

#[test]
fn what_is_deleted_is_gone_at_once_and_comes_back() {
    let mut case = Case::new();
    let mut all = Contents::new();
    // Some of it in blocks, some in the head, some of that late.
    case.write(0, 3, &mut all);
    case.store().seal(2 * HOUR_MS).unwrap();
    case.write(3, 5, &mut all);
    case.write_at(&[set(1)], 280 * MINUTE_MS + 7, &[1.5], &mut all);
    let part = (HOUR_MS + 1, 4 * HOUR_MS + 45 * MINUTE_MS);
    let id = case.delete(&of(1), part).unwrap();
    let left = without(&all, 1, part);
    case.check(&left, "deleted");
    let [deletion] = &*case.store().deletions() else { panic!("one deletion") };
    let n_hidden = all[&set(1)].len() - left[&set(1)].len();
    assert_eq!((deletion.id, deletion.n_series, deletion.n_samples), (id, 1, n_hidden as u64));
    assert_eq!(select(case.store(), &[of(1)], part.0, part.1), Contents::new());
    let hints = SelectHints { start_ms: part.0, end_ms: part.1, ..SelectHints::default() };
    assert_eq!(case.store().select(&[of(1)], &hints).unwrap().len(), 0, "not even its labels");
    for what in ["restarted", "maintained", "restarted again"] {
        match what {
            "maintained" => drop(case.maintain()),
            _ => drop(case.restart()),
        }
        case.check(&left, what);
    }
    let undone = case.store().undelete(&Undo::Id(id)).unwrap();
    assert_eq!(undone.len(), 1);
    case.check(&all, "undone");
    case.restart();
    case.check(&all, "undone and restarted");
    assert_eq!(case.store().deletions(), []);
    assert!(matches!(case.store().undelete(&Undo::Id(id)), Err(UndeleteError::Unknown)));
}

#[test]
fn a_series_with_nothing_left_is_not_listed() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    let every_i = vec![Matcher::new("i", MatchOp::Regex, ".+").unwrap()];
    let check = |case: &Case, names: &[&str], values: &[&str], what: &str| {
        for selectors in [Vec::new(), vec![every_i.clone()]] {
            let request = LabelRequest { selectors, start_ms: ALL.0, end_ms: ALL.1, limit: 0 };
            assert_eq!(case.store().label_names(&request).unwrap().entries, names, "{what}");
            assert_eq!(case.store().label_values("i", &request).unwrap().entries, values, "{what}");
        }
    };
    check(&case, &["__name__", "i", "own0", "own1", "own2"], &["0", "1", "2"], "all");
    let id = case.delete(&of(1), ALL).unwrap();
    check(&case, &["__name__", "i", "own0", "own2"], &["0", "2"], "deleted");
    case.maintain();
    check(&case, &["__name__", "i", "own0", "own2"], &["0", "2"], "freed");
    case.restart();
    check(&case, &["__name__", "i", "own0", "own2"], &["0", "2"], "restarted");
    // A part of it is enough to be listed.
    case.delete(&of(2), (0, 2 * HOUR_MS)).unwrap();
    check(&case, &["__name__", "i", "own0", "own2"], &["0", "2"], "deleted in part");
    case.store().undelete(&Undo::Id(id)).unwrap();
    check(&case, &["__name__", "i", "own0", "own1", "own2"], &["0", "1", "2"], "undone");
    case.delete(&of(1), ALL).unwrap();
    case.store().clean_tombstones().unwrap();
    case.restart();
    check(&case, &["__name__", "i", "own0", "own2"], &["0", "2"], "cleaned");
}

#[test]
fn what_is_written_after_a_deletion_is_seen() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    case.write_at(&[set(1)], 170 * MINUTE_MS + 1, &[1.5], &mut all);
    let id = case.delete(&of(1), ALL).unwrap();
    let mut left = without(&all, 1, ALL);
    case.check(&left, "deleted");
    // The very samples that were deleted: the newest, one before it and one that was late.
    for (timestamp_ms, value) in [(179 * MINUTE_MS, 17.9), (178 * MINUTE_MS, 17.8), (170 * MINUTE_MS + 1, 1.5)] {
        let value = if timestamp_ms % MINUTE_MS == 0 { 0.1 * (timestamp_ms / MINUTE_MS) as f64 } else { value };
        case.write_at(&[set(1)], timestamp_ms, &[value], &mut left);
    }
    // Others between them and behind them.
    case.write_at(&[set(1)], 175 * MINUTE_MS + 1, &[3.0], &mut left);
    case.write(3, 4, &mut left);
    for what in ["written", "restarted", "maintained", "sealed", "merged", "restarted again"] {
        match what {
            "maintained" => drop(case.maintain()),
            "sealed" => drop(case.store().seal(i64::MAX).unwrap()),
            "merged" => while case.store().compact_all().unwrap().is_some() {},
            "restarted" | "restarted again" => drop(case.restart()),
            _ => {}
        }
        case.check(&left, what);
    }
    case.store().undelete(&Undo::Id(id)).unwrap();
    let mut both = all.clone();
    left.into_iter().for_each(|(set, samples)| both.entry(set).or_default().extend(samples));
    case.check(&both, "undone");
}

#[test]
fn late_samples_do_not_come_back_with_an_old_checkpoint() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    case.write_at(&[set(1)], 170 * MINUTE_MS + 1, &[1.5], &mut all);
    // One checkpoint before the deletion, and behind it more of the log.
    case.store().checkpoint().unwrap();
    case.write_at(&[set(1)], 171 * MINUTE_MS + 1, &[2.5], &mut all);
    case.delete(&of(1), ALL).unwrap();
    let left = without(&all, 1, ALL);
    let killed = case.disk.copy();
    case.restart();
    case.check(&left, "the old checkpoint and the log behind it");
    // Another before what was sealed has been freed; the one before it is damaged.
    case.disk = killed;
    case.restart();
    let mut left = left;
    case.write_at(&[set(1)], 172 * MINUTE_MS + 1, &[4.5], &mut left);
    let second = case.store().checkpoint().unwrap().number;
    case.restart();
    case.check(&left, "a checkpoint behind the deletion");
    let path = PathBuf::from(format!("data/checkpoint/{second:08}.ckpt"));
    let mut bytes = case.disk.get(&path).unwrap();
    bytes[40] ^= 1;
    case.disk.put(&path, bytes);
    let replayed = case.restart();
    assert_eq!(replayed.damaged_checkpoints.len(), 1);
    case.check(&left, "the one before it");
    // Without any it is all in the log.
    for path in case.disk.paths().into_iter().filter(|path| path.starts_with("data/checkpoint")) {
        case.disk.remove(&path).unwrap();
    }
    case.restart();
    case.check(&left, "the log alone");
}

#[test]
fn a_run_that_wrote_nothing_deletes_what_the_one_before_wrote() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    case.write_at(&[set(1)], 170 * MINUTE_MS + 1, &[1.5], &mut all);
    case.restart();
    case.delete(&of(1), ALL).unwrap();
    let left = without(&all, 1, ALL);
    case.check(&left, "deleted");
    case.restart();
    case.check(&left, "restarted");
}

#[test]
fn native_histograms_are_deleted_too() {
    let mut case = Case::new();
    let of_sum = |sum: i64| {
        HistogramValue::Float(Arc::new(Histogram {
            reset_hint: ResetHint::Unknown,
            schema: 3,
            zero_threshold: 0.0,
            zero_count: 0.0,
            count: 2.5,
            sum: sum as f64,
            positive_spans: vec![Span { offset: -3, length: 1 }],
            positive: vec![2.5],
            negative_spans: Vec::new(),
            negative: Vec::new(),
            custom_bounds: Vec::new(),
        }))
    };
    let [series] = resolve(case.store(), None, &[set(1)])[..] else { panic!("one series") };
    let write = |case: &Case, minutes: std::ops::Range<i64>| {
        let row =
            |minute| HistogramRow { series, timestamp_ms: minute * MINUTE_MS, start_ms: 0, value: of_sum(minute) };
        let rows: Vec<HistogramRow> = minutes.map(row).collect();
        let timestamps = Timestamps::All(0);
        let batch = Batch { source: None, series: &[], timestamps, values: &[], starts: &[], histograms: &rows };
        assert_eq!(case.store().commit(&batch).unwrap(), []);
    };
    write(&case, 0..150);
    let all = contents(case.store());
    assert_eq!(all[&set(1)].len(), 150);
    let part = (50 * MINUTE_MS, 140 * MINUTE_MS);
    let id = case.delete(&of(1), part).unwrap();
    case.check(&without(&all, 1, part), "deleted");
    assert_eq!(case.store().deletions()[0].n_samples, 91);
    case.store().undelete(&Undo::Id(id)).unwrap();
    case.check(&all, "undone");
    case.delete(&of(1), part).unwrap();
    case.store().clean_tombstones().unwrap();
    write(&case, 150..160);
    let left = contents(case.store());
    assert_eq!(left[&set(1)].len(), 69);
    case.restart();
    case.check(&left, "cleaned and restarted");
}

#[test]
fn a_checkpoint_with_no_log_behind_it_brings_nothing_back() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    case.write_at(&[set(1)], 170 * MINUTE_MS + 1, &[1.5], &mut all);
    case.store().checkpoint().unwrap();
    for path in case.disk.paths().into_iter().filter(|path| path.starts_with("data/wal")) {
        case.disk.remove(&path).unwrap();
    }
    case.restart();
    case.check(&all, "the checkpoint has it all");
    case.delete(&of(1), ALL).unwrap();
    case.restart();
    case.check(&without(&all, 1, ALL), "restarted");
}

#[test]
fn what_the_head_has_nothing_of_is_deleted_without_sealing() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 5, &mut all);
    case.store().seal(4 * HOUR_MS).unwrap();
    let n_blocks = case.blocks().len();
    let old = (0, 3 * HOUR_MS);
    case.delete(&of(2), old).unwrap();
    let mut left = without(&all, 2, old);
    assert_eq!(case.blocks().len(), n_blocks);
    case.check(&left, "deleted");
    case.write(5, 6, &mut left);
    case.restart();
    case.check(&left, "restarted");
    // Twice is not more than once, and nothing is nothing.
    assert_eq!(case.delete(&of(2), old), None);
    assert_eq!(case.delete(&of(7), ALL), None);
    assert_eq!(case.delete(&of(2), (10, 5)), None);
    assert_eq!(case.store().deletions().len(), 1);
}

#[test]
fn merged_blocks_stay_as_they_were_deleted() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 6, &mut all);
    case.store().seal(6 * HOUR_MS).unwrap();
    case.maintain();
    assert_eq!(case.blocks().len(), 3);
    let parts = [(1, (0, 3 * HOUR_MS)), (2, (HOUR_MS, 6 * HOUR_MS))];
    let ids = parts.map(|(i, part)| case.delete(&of(i), part).unwrap());
    let left = parts.iter().fold(all.clone(), |left, &(i, part)| without(&left, i, part));
    // Of the first two blocks the same is deleted.
    let compacted = case.store().compact_all().unwrap().unwrap();
    assert_eq!((compacted.n_blocks, case.blocks().len()), (2, 2));
    assert_eq!(case.store().compact_all().unwrap(), None);
    for what in ["merged", "restarted"] {
        case.check(&left, what);
        case.restart();
    }
    case.store().undelete(&Undo::Id(ids[0])).unwrap();
    case.check(&without(&all, 2, parts[1].1), "undone in the merged block");
    let id = case.delete(&of(1), parts[0].1).unwrap();
    // After a day it is applied.
    case.clock.0.fetch_add(24 * HOUR_MS + 1, Ordering::Relaxed);
    let undo = case.store().undelete(&Undo::Id(id));
    assert!(matches!(undo, Err(UndeleteError::TooLate { .. })));
    let compacted = case.store().compact_all().unwrap().unwrap();
    let n_left: usize = left.values().map(std::collections::BTreeMap::len).sum();
    assert_eq!((compacted.n_samples, case.blocks().len()), (n_left as u64, 1));
    assert_eq!(case.store().deletions(), []);
    case.check(&left, "applied");
    case.restart();
    case.check(&left, "applied and restarted");
}

#[test]
fn after_a_day_blocks_are_written_anew_by_themselves() {
    let case = Case::new();
    let mut all = Contents::new();
    case.write(0, 6, &mut all);
    case.store().seal(6 * HOUR_MS).unwrap();
    case.maintain();
    case.delete(&of(1), ALL).unwrap();
    case.clock.0.fetch_add(24 * HOUR_MS, Ordering::Relaxed);
    case.maintain();
    assert_eq!(case.store().deletions().len(), 1);
    case.clock.0.fetch_add(1, Ordering::Relaxed);
    let n_cleaned = case.maintain().iter().filter(|done| matches!(done, Maintained::Cleaned(_))).count();
    assert_eq!((n_cleaned, case.store().deletions().len()), (3, 0));
    case.check(&without(&all, 1, ALL), "applied");
}

#[test]
fn clean_tombstones_takes_out_what_is_deleted_for_good() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 6, &mut all);
    let id = case.delete(&of(1), ALL).unwrap();
    assert_eq!(case.store().clean_tombstones().unwrap(), 3);
    let left = without(&all, 1, ALL);
    case.check(&left, "cleaned");
    assert!(matches!(case.store().undelete(&Undo::Id(id)), Err(UndeleteError::Unknown)));
    assert_eq!(case.store().clean_tombstones().unwrap(), 0);
    case.restart();
    case.check(&left, "restarted");
    // Nothing is left of these blocks, and they go; the log still has it all and must not bring it back.
    case.delete(&Matcher::equal("__name__", "m"), ALL).unwrap();
    assert_eq!(case.store().clean_tombstones().unwrap(), 3);
    assert_eq!(case.blocks(), Vec::<PathBuf>::new());
    case.check(&Contents::new(), "all is gone");
    case.restart();
    case.check(&Contents::new(), "all is gone for good");
    let mut new = Contents::new();
    case.write(6, 7, &mut new);
    case.restart();
    case.check(&new, "and it goes on");
}

#[test]
fn where_the_disk_refuses_nothing_is_deleted_by_half() {
    let mut n_failed = 0;
    for first in 0..40 {
        let mut case = Case::new();
        let mut all = Contents::new();
        case.write(0, 3, &mut all);
        case.disk.fail(first, 2, Fault::Error);
        let outcome = case.store().delete_series(&[vec![of(1)]], ALL.0, ALL.1);
        case.disk.fail(0, 0, Fault::Error);
        let deleted = without(&all, 1, ALL);
        let want = if outcome.is_ok() { &deleted } else { &all };
        n_failed += usize::from(outcome.is_err());
        case.check(want, "at once");
        case.maintain();
        case.check(want, "maintained");
        case.restart();
        case.check(want, "restarted");
        case.store().clean_tombstones().unwrap();
        case.check(want, "cleaned");
    }
    assert!((5..40).contains(&n_failed), "{n_failed} failed");
}

#[test]
fn where_the_disk_refuses_cleaning_goes_on_later() {
    let mut n_failed = 0;
    loop {
        let mut case = Case::new();
        let mut all = Contents::new();
        case.write(0, 4, &mut all);
        case.delete(&of(1), ALL).unwrap();
        let left = without(&all, 1, ALL);
        case.disk.fail(n_failed, 1, Fault::Error);
        let is_clean = case.store().clean_tombstones().is_ok();
        case.disk.fail(0, 0, Fault::Error);
        case.check(&left, "at once");
        case.restart();
        case.check(&left, "restarted");
        case.store().clean_tombstones().unwrap();
        case.restart();
        case.check(&left, "cleaned");
        assert_eq!(case.store().deletions(), []);
        if is_clean {
            break;
        }
        n_failed += 1;
    }
    assert!(n_failed > 20, "{n_failed} operations can fail");
}

#[test]
fn a_damaged_file_is_named_and_undoes_nothing() {
    let mut case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    case.delete(&of(1), ALL).unwrap();
    let left = without(&all, 1, ALL);
    let path = Path::new("data/deletions");
    let whole = case.disk.get(path).unwrap();
    let kept = case.disk.copy();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        case.disk = kept.copy();
        case.disk.put(path, bytes.clone());
        let replayed = case.restart();
        let named = replayed.damaged_deletions.unwrap();
        assert!(named.contains("deletions") && named.contains("copy"), "{named}");
        case.check(&left, "one copy is enough");
        // It is mended with the first look.
        case.maintain();
        assert_eq!(case.restart().damaged_deletions, None);
        // Both damaged at the same place.
        bytes[(at + whole.len() / 2) % whole.len()] ^= 1;
        case.disk.put(path, bytes);
        case.store = None;
        assert!(
            matches!(case.try_open(), Err(OpenError::Deletions(error)) if error.to_string().contains("both copies"))
        );
    }
    for len in 0..whole.len() {
        case.store = None;
        case.disk.put(path, whole[..len].to_vec());
        assert!(matches!(case.try_open(), Err(OpenError::Deletions(_))), "{len}");
    }
}

#[test]
fn deletions_are_found_by_what_they_delete() {
    let case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    let name = Matcher::equal("__name__", "m");
    let selectors = [vec![of(0), name.clone()], vec![of(1)]];
    let first = case.store().delete_series(&selectors, 0, HOUR_MS).unwrap().unwrap();
    let second = case.store().delete_series(&selectors, 5, HOUR_MS).unwrap().unwrap();
    assert_eq!((first.n_series, first.n_samples), (2, 122));
    let turned = vec![vec![of(1)], vec![name, of(0)]];
    let like =
        |selectors: &[Vec<Matcher>], start_ms| Undo::Like { selectors: selectors.to_vec(), start_ms, end_ms: None };
    assert!(matches!(case.store().undelete(&like(&[vec![of(1)]], None)), Err(UndeleteError::Unknown)));
    let undone = case.store().undelete(&like(&turned, Some(5))).unwrap();
    assert_eq!(undone, [second]);
    // The first hides what both did.
    assert_eq!(contents(case.store())[&set(1)].len(), 119);
    assert_eq!(case.store().undelete(&like(&turned, None)).unwrap(), [first]);
    case.check(&all, "undone");
}

#[test]
fn a_snapshot_is_the_store() {
    let case = Case::new();
    let mut all = Contents::new();
    case.write(0, 5, &mut all);
    case.store().seal(2 * HOUR_MS).unwrap();
    case.write_at(&[set(1)], 280 * MINUTE_MS + 7, &[1.5], &mut all);
    let id = case.delete(&of(2), (HOUR_MS, 3 * HOUR_MS)).unwrap();
    let mut left = without(&all, 2, (HOUR_MS, 3 * HOUR_MS));
    case.write(5, 6, &mut left);
    let name = case.store().snapshot(true).unwrap();
    let blocks_only = case.store().snapshot(false).unwrap();
    // What comes later is not in it.
    case.write(6, 7, &mut all.clone());
    case.store().seal(i64::MAX).unwrap();
    case.store().clean_tombstones().unwrap();
    case.maintain();
    let open = |name: &str| {
        let mut other = Case { disk: MemoryDisk::new(), clock: Arc::default(), run: 100, store: None };
        let dir = Path::new("data/snapshots").join(name);
        for path in case.disk.paths().iter().filter(|path| path.starts_with(&dir)) {
            other.disk.put(&Path::new("data").join(path.strip_prefix(&dir).unwrap()), case.disk.get(path).unwrap());
        }
        other.clock.0.store(case.clock.now_ms(), Ordering::Relaxed);
        let replayed = other.open();
        assert_eq!((replayed.damage, replayed.unreadable), (Vec::new(), Vec::new()));
        other
    };
    let mut whole = open(&name);
    whole.check(&left, "all of it");
    whole.restart();
    whole.check(&left, "restarted");
    whole.store().undelete(&Undo::Id(id)).unwrap();
    let undone = contents(whole.store());
    assert_eq!(undone[&set(2)].len(), 360);
    // Without the head what has been sealed is there: all up to the deletion.
    let sealed = open(&blocks_only);
    left.values_mut().for_each(|samples| samples.retain(|&time_ms, _| time_ms < 5 * HOUR_MS));
    sealed.check(&left, "the blocks");
}

#[test]
fn where_the_disk_refuses_there_is_no_snapshot() {
    let case = Case::new();
    let mut all = Contents::new();
    case.write(0, 3, &mut all);
    case.store().seal(2 * HOUR_MS).unwrap();
    case.maintain();
    let (mut first, mut n_failed) = (0, 0);
    loop {
        case.disk.fail(first, 1, Fault::Short);
        let made = case.store().snapshot(true);
        case.disk.fail(0, 0, Fault::Error);
        first += 1;
        let in_snapshots = || {
            let paths = case.disk.paths().into_iter();
            paths.filter(|path| path.starts_with("data/snapshots")).collect::<Vec<_>>()
        };
        match made {
            Err(_) => {
                n_failed += 1;
                assert_eq!(in_snapshots(), Vec::<PathBuf>::new());
            }
            Ok(_) if n_failed > 10 => break,
            // It did not need what failed: old checkpoints are removed later.
            Ok(_) => in_snapshots().iter().for_each(|path| case.disk.remove(path).unwrap()),
        }
        assert!(first < 1000, "it never comes to an end");
    }
    case.check(&all, "and the store is as it was");
}
