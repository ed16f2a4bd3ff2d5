//! Hours of a store's life, simulated: scrapes, remote writes and late samples under a clock that jumps, on a disk that fails
//! and runs full, with kills and power cuts; with deletions, some of which are undone, and snapshots, with some of which it goes
//! on; the same for the same seed.
//!
//! A naive model says after each step what must be there, what may be there (written to while the disk failed, so never
//! acknowledged) and what is safe from a power cut. A run that begins again must find all of the first, nothing beyond the
//! second, and go on without being told.
//!
//! 50 seeds by default; `NARTHEX_SEEDS` sets how many, `NARTHEX_SEED` the only one. A seed that has failed once stands in
//! `simulation-seeds.txt` and is always tried.

#![allow(clippy::print_stdout, reason = "says how much it did")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use journal::Disk;
use journal::testkit::{Fault, MemoryDisk};
use model::rng::SeededRng;
use model::storage::{Append, Batch, Refusal, SeriesRef, SourceRef, Timestamps};
use model::{Clock, Labels, Matcher, Rng};
use support::deleted::{Deleted, Wanted};
use support::windows::{FUNCTIONS, windows};
use support::{Contents, contents, labels, select_with_starts};
use tsdb::{Downsampling, Maintained, Options, Progress, Store, Undo};

/// How long each simulation lasts.
const LENGTH_MS: i64 = 4 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;
const SCRAPE_MS: i64 = 60_000;
const N_SOURCES: u64 = 3;
/// 2026-11-24, an hour before a block of two hours ends.
const START_MS: i64 = 1_795_564_800_000 + HOUR_MS;

#[test]
fn hours_of_anything_lose_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let mut seeds: Vec<u64> =
        include_str!("simulation-seeds.txt").lines().filter_map(|line| line.parse().ok()).collect();
    match number("NARTHEX_SEED") {
        Some(seed) => seeds = vec![seed],
        None => seeds.extend(0..number("NARTHEX_SEEDS").unwrap_or(50)),
    }
    let mut done = Counts::default();
    for &seed in &seeds {
        let told = Told(seed);
        let mut hour = Hour::begin(seed);
        while hour.clock.now_ms() < START_MS + LENGTH_MS {
            hour.step();
        }
        hour.begin_again(Ending::Killed);
        (0..5).for_each(|_| hour.check_windows());
        hour.a_day_later();
        (0..5).for_each(|_| hour.check_windows());
        done.add(&hour.counts);
        std::mem::forget(told);
    }
    if seeds.len() > 1 {
        assert!(done.spans_read > 0, "some of what was summed up was read");
    }
    println!("{} simulated hours: {done:?}", seeds.len() as i64 * LENGTH_MS / HOUR_MS);
}

/// Names the seed when a step panics.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        println!("seed {} fails: NARTHEX_SEED={0} runs it alone; add it to simulation-seeds.txt", self.0);
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    batches: u64,
    refused_batches: u64,
    samples: u64,
    kills: u64,
    power_cuts: u64,
    seals: u64,
    checkpoints: u64,
    compactions: u64,
    asked_again: u64,
    deletions: u64,
    undone: u64,
    cleanings: u64,
    snapshots: u64,
    downsampled: u64,
    spans_read: u64,
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        self.batches += other.batches;
        self.refused_batches += other.refused_batches;
        self.samples += other.samples;
        self.kills += other.kills;
        self.power_cuts += other.power_cuts;
        self.seals += other.seals;
        self.checkpoints += other.checkpoints;
        self.compactions += other.compactions;
        self.asked_again += other.asked_again;
        self.deletions += other.deletions;
        self.undone += other.undone;
        self.cleanings += other.cleanings;
        self.snapshots += other.snapshots;
        self.downsampled += other.downsampled;
        self.spans_read += other.spans_read;
    }
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Killed,
    PowerCut,
    Closed,
}

/// A clock that is told the time.
#[derive(Debug)]
struct ToldClock(AtomicI64);

impl Clock for ToldClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis((self.now_ms() - START_MS).max(0) as u64)
    }
}

/// A store in the middle of its hour, and what is known of it.
struct Hour {
    rng: SeededRng,
    clock: Arc<ToldClock>,
    disk: MemoryDisk,
    store: Option<Store>,
    sources: Vec<SourceRef>,
    /// References that were given in this run, as a sender would keep them.
    known: BTreeMap<Labels, SeriesRef>,
    run: u64,
    /// What was acknowledged and not lost to a power cut.
    acknowledged: Contents,
    /// What was refused because of the disk: it may be there, whole or in part.
    doubtful: Contents,
    /// What had been acknowledged when the disk was last synced.
    synced: Contents,
    deleted: Deleted,
    counts: Counts,
}

impl Hour {
    fn begin(seed: u64) -> Hour {
        let mut hour = Hour {
            rng: SeededRng::new(seed),
            clock: Arc::new(ToldClock(AtomicI64::new(START_MS))),
            disk: MemoryDisk::new(),
            store: None,
            sources: Vec::new(),
            known: BTreeMap::new(),
            run: 0,
            acknowledged: Contents::new(),
            doubtful: Contents::new(),
            synced: Contents::new(),
            deleted: Deleted::default(),
            counts: Counts::default(),
        };
        hour.open();
        hour
    }

    fn open(&mut self) {
        self.run += 1;
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let mut rng = SeededRng::new(self.rng.next_u64());
        let options = Options {
            // Nothing is synced behind the simulation's back.
            sync_interval: Duration::from_secs(1 << 30),
            min_segment_bytes: 1000 + self.rng.below(20_000),
            checkpoint_samples: 50 + self.rng.below(1000),
            n_shards: 4,
            ..Options::default()
        };
        let (store, replayed) =
            Store::open(&disk, &clock, &mut rng, Path::new("data"), options, &Progress::default()).unwrap();
        assert_eq!(replayed.unreadable, Vec::<String>::new());
        self.sources =
            (0..N_SOURCES).map(|i| store.open_source(&labels("", &[("instance", &i.to_string())]))).collect();
        self.known.clear();
        if self.rng.below(4) > 0 {
            let mut after_ms = || Some(self.rng.below(HOUR_MS as u64) as i64).filter(|ms| ms % 4 > 0);
            let (five_minutes_after_ms, one_hour_after_ms) = (after_ms(), after_ms());
            store.set_downsampling(Downsampling { five_minutes_after_ms, one_hour_after_ms });
        }
        self.store = Some(store);
    }

    /// Nothing can be undone any more, and what is deleted goes by itself.
    fn a_day_later(&mut self) {
        self.clock.0.fetch_add(25 * HOUR_MS, Ordering::Relaxed);
        self.maintain();
        assert_eq!(self.store().deletions(), []);
        self.check();
        self.deleted.clean();
        self.begin_again(Ending::Killed);
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn step(&mut self) {
        let passed_ms = match self.rng.below(200) {
            0 => -5 * SCRAPE_MS,
            1 => 10 * SCRAPE_MS,
            _ => SCRAPE_MS,
        };
        self.clock.0.fetch_add(passed_ms, Ordering::Relaxed);
        if self.rng.below(40) == 0 {
            let (first, count) = (self.rng.below(4), 1 + self.rng.below(12));
            self.disk.fail(first, count, if self.rng.below(2) == 0 { Fault::Error } else { Fault::Short });
        }
        for source in 0..N_SOURCES {
            if self.rng.below(10) > 0 {
                self.scrape(source);
            }
        }
        match self.rng.below(60) {
            0..15 => self.remote_write(),
            15..20 => self.passing_write(),
            20..25 => self.late_write(),
            25..35 => self.sync(),
            35 => self.begin_again(Ending::Killed),
            36 => self.begin_again(Ending::PowerCut),
            37 => self.begin_again(Ending::Closed),
            38 => self.check(),
            52..55 => self.check_windows(),
            39 => self.seal(),
            40..45 => self.maintain(),
            45..47 => self.checkpoint(),
            47 => self.compact(),
            48 => self.delete(),
            49 => self.undelete(),
            50 => self.snapshot(),
            51 if self.rng.below(3) == 0 => self.clean(),
            _ => {}
        }
    }

    fn scrape(&mut self, source: u64) {
        let now_ms = self.clock.now_ms();
        // Series come and go.
        let epoch = (now_ms - START_MS) / (HOUR_MS / 4);
        let n_series = 1 + (source + epoch as u64) % 6;
        let instance = source.to_string();
        let sets: Vec<_> =
            (0..n_series).map(|i| labels("scraped", &[("instance", &instance), ("i", &i.to_string())])).collect();
        let values: Vec<f64> = sets.iter().map(|_| self.value()).collect();
        self.commit(Some(self.sources[source as usize]), &sets, now_ms, &values);
    }

    fn remote_write(&mut self) {
        let n_series = 1 + self.rng.below(20);
        let sets: Vec<_> = (0..n_series).map(|i| labels("written", &[("i", &i.to_string())])).collect();
        let values: Vec<f64> = sets.iter().map(|_| self.value()).collect();
        let ahead_ms = self.rng.below(5000) as i64;
        self.commit(None, &sets, self.clock.now_ms() + ahead_ms, &values);
    }

    /// Series that are never heard of again after a while.
    fn passing_write(&mut self) {
        let now_ms = self.clock.now_ms();
        let epoch = ((now_ms - START_MS) / (HOUR_MS / 3)).to_string();
        let sets: Vec<_> =
            (0..1 + self.rng.below(12)).map(|i| labels("passing", &[("in", &epoch), ("i", &i.to_string())])).collect();
        let values: Vec<f64> = sets.iter().map(|_| self.value()).collect();
        self.commit(None, &sets, now_ms, &values);
    }

    fn late_write(&mut self) {
        let late_ms = self.rng.below(29 * 60_000) as i64;
        let set = labels("written", &[("i", &self.rng.below(20).to_string())]);
        let value = self.value();
        self.commit(None, &[set], self.clock.now_ms() - late_ms, &[value]);
    }

    fn value(&mut self) -> f64 {
        match self.rng.below(8) {
            0 => model::sample::stale_marker(),
            1 => self.rng.unit(),
            2 => f64::from_bits(self.rng.next_u64()),
            n => (n * self.rng.below(1000)) as f64 / 10.0,
        }
    }

    /// Commits one time of some series, and notes what became of it.
    fn commit(&mut self, source: Option<SourceRef>, sets: &[Labels], timestamp_ms: i64, values: &[f64]) {
        let store = self.store.as_ref().unwrap();
        if !sets.iter().all(|set| self.known.contains_key(set)) {
            // New series may be refused where the log cannot take them.
            let Ok(resolved) = store.resolve(source, sets) else { return };
            self.known.extend(sets.iter().cloned().zip(resolved.into_iter().map(Result::unwrap)));
        }
        let series: Vec<_> = sets.iter().map(|set| self.known[set]).collect();
        let starts = sets.iter().zip(values).map(|(set, value)| start_of(set, timestamp_ms, value.to_bits()));
        let starts: Vec<i64> = starts.collect();
        let timestamps = Timestamps::All(timestamp_ms);
        let batch = Batch { source, series: &series, timestamps, values, starts: &starts, histograms: &[] };
        let outcome = store.commit(&batch);
        self.counts.batches += 1;
        let (into, refused) = match outcome {
            Ok(refused) => (&mut self.acknowledged, refused),
            Err(_) => {
                self.counts.refused_batches += 1;
                (&mut self.doubtful, Vec::new())
            }
        };
        for (row, (set, value)) in sets.iter().zip(values).enumerate() {
            if self.deleted.take_loose(set, timestamp_ms, value.to_bits()) {
                continue;
            }
            if refused.iter().all(|refused| refused.row != row) {
                into.entry(set.clone()).or_default().entry(timestamp_ms).or_insert(value.to_bits());
                self.counts.samples += 1;
            }
        }
        // Those that have ended meanwhile are asked for again.
        let unknown = refused.iter().filter(|refused| refused.refusal == Refusal::UnknownSeries);
        let (sets, values): (Vec<_>, Vec<_>) = unknown.map(|row| (sets[row.row].clone(), values[row.row])).unzip();
        if !sets.is_empty() {
            self.counts.asked_again += sets.len() as u64;
            self.known.retain(|set, _| !sets.contains(set));
            self.commit(source, &sets, timestamp_ms, &values);
        }
    }

    fn sync(&mut self) {
        if self.store().sync().is_ok() {
            self.synced = self.acknowledged.clone();
        }
    }

    /// Seals up to some time, which need not be the end of a window.
    fn seal(&mut self) {
        let until_ms = self.clock.now_ms() - self.rng.below(40 * 60_000) as i64;
        if self.store().seal(until_ms).is_ok_and(|sealed| sealed.n_blocks > 0) {
            self.counts.seals += 1;
        }
    }

    /// Does what is due, as far as the disk lets it.
    fn maintain(&mut self) {
        while let Ok(done) = self.store().maintain() {
            match done {
                Maintained::Nothing => return,
                Maintained::Sealed(_) => self.counts.seals += 1,
                Maintained::Checkpointed(_) | Maintained::Freed(_) => self.counts.checkpoints += 1,
                Maintained::Compacted(_) | Maintained::Cleaned(_) => self.counts.compactions += 1,
                Maintained::Downsampled(_) => self.counts.downsampled += 1,
                Maintained::Expired(_) => {}
            }
        }
    }

    /// Makes one block of all.
    fn compact(&mut self) {
        if let Ok(Some(_)) = self.store().compact_all() {
            self.counts.compactions += 1;
        }
    }

    /// Deletes some time of some series.
    fn delete(&mut self) {
        let some = |rng: &mut SeededRng, name: &str, n: u64| Matcher::equal(name, rng.below(n).to_string());
        let matchers = match self.rng.below(4) {
            0 => vec![Matcher::equal("__name__", "written"), some(&mut self.rng, "i", 20)],
            1 => vec![some(&mut self.rng, "instance", N_SOURCES)],
            2 => vec![some(&mut self.rng, "i", 6)],
            _ => vec![Matcher::equal("__name__", ["scraped", "written", "passing"][self.rng.below(3) as usize])],
        };
        let now_ms = self.clock.now_ms();
        let start_ms =
            if self.rng.below(2) == 0 { i64::MIN } else { now_ms - self.rng.below(2 * HOUR_MS as u64) as i64 };
        let end_ms = if self.rng.below(2) == 0 { i64::MAX } else { now_ms - self.rng.below(HOUR_MS as u64) as i64 };
        let wanted = Wanted { matchers, start_ms, end_ms };
        match self.store().delete_series(std::slice::from_ref(&wanted.matchers), start_ms, end_ms) {
            Ok(Some(deletion)) => self.note_deleted(deletion.id, &wanted),
            Ok(None) => {}
            // Whether it is to be, the next start decides.
            Err(_) => self.begin_again_with(Ending::Killed, Some(&wanted)),
        }
    }

    fn note_deleted(&mut self, id: u64, wanted: &Wanted) {
        self.counts.deletions += 1;
        let Hour { deleted, acknowledged, synced, doubtful, .. } = self;
        deleted.delete(id, wanted, acknowledged, synced, doubtful);
    }

    /// Undoes one of the deletions.
    fn undelete(&mut self) {
        let deletions = self.store().deletions();
        if deletions.is_empty() {
            return;
        }
        let id = deletions[self.rng.below(deletions.len() as u64) as usize].id;
        if self.store().undelete(&Undo::Id(id)).is_ok() {
            self.note_undone(id);
        } else if deletions.iter().any(|deletion| deletion.id == id && !deletion.is_final) {
            self.begin_again(Ending::Killed);
        }
    }

    fn note_undone(&mut self, id: u64) {
        self.counts.undone += 1;
        let Hour { deleted, acknowledged, synced, doubtful, .. } = self;
        deleted.undelete(id, acknowledged, synced, doubtful);
    }

    /// Applies all deletions for good.
    fn clean(&mut self) {
        if self.store().clean_tombstones().is_ok() {
            self.counts.cleanings += 1;
            self.deleted.clean();
        }
    }

    /// Makes a snapshot, opens it elsewhere and compares; sometimes it goes on with that.
    fn snapshot(&mut self) {
        let Ok(name) = self.store().snapshot(true) else { return };
        self.counts.snapshots += 1;
        let dir = Path::new("data/snapshots").join(name);
        let elsewhere = MemoryDisk::new();
        for path in self.disk.paths() {
            if let Ok(file) = path.strip_prefix(&dir) {
                elsewhere.put(&Path::new("data").join(file), self.disk.get(&path).unwrap());
                let _ = self.disk.remove(&path);
            }
        }
        let everything = |store: &Store| select_with_starts(store, &[], i64::MIN, i64::MAX);
        let (here, deletions) = (everything(self.store()), self.store().deletions());
        self.disk.fail(0, 0, Fault::Error);
        let (store, disk) = (self.store.take(), std::mem::replace(&mut self.disk, elsewhere));
        self.open();
        assert!(everything(self.store()) == here, "the snapshot holds what the store does");
        assert_eq!(self.store().deletions(), deletions);
        if self.rng.below(2) == 0 {
            self.begin_again(Ending::Killed);
        } else {
            // Back to the store that it was made of.
            (self.store, self.disk) = (None, disk);
            drop(store);
            self.open();
            self.check();
        }
    }

    /// Makes a checkpoint, if the disk lets it, and sometimes damages it at once.
    fn checkpoint(&mut self) {
        if let Ok(stats) = self.store().checkpoint() {
            self.counts.checkpoints += 1;
            if self.rng.below(4) == 0 {
                let path = Path::new("data/checkpoint").join(format!("{:08}.ckpt", stats.number));
                let mut bytes = self.disk.get(&path).unwrap();
                let at = self.rng.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << self.rng.below(8);
                // Damaged, it must not count as one of the two that are kept: the run ends here, as it is.
                self.disk.put(&path, bytes);
                self.begin_again(Ending::Killed);
            }
        }
    }

    /// Ends the run in one way or another, and begins the next.
    fn begin_again(&mut self, ending: Ending) {
        self.begin_again_with(ending, None);
    }

    /// The same where something may have been deleted.
    fn begin_again_with(&mut self, ending: Ending, wanted: Option<&Wanted>) {
        let deletions = self.store().deletions();
        self.disk.fail(0, 0, Fault::Error);
        let store = self.store.take().unwrap();
        self.disk = match ending {
            Ending::Killed => {
                self.counts.kills += 1;
                self.disk.copy()
            }
            Ending::PowerCut => {
                self.counts.power_cuts += 1;
                let rng = &mut self.rng;
                let left = self.disk.after_power_cut(|| rng.below(4) > 0);
                // What the cut took is gone, and what it left stays.
                self.doubtful = joined(&self.doubtful, &self.acknowledged);
                self.acknowledged = self.synced.clone();
                left
            }
            Ending::Closed => {
                store.close().unwrap();
                self.disk.copy()
            }
        };
        drop(store);
        self.open();
        let left = self.store().deletions();
        for deletion in left.iter().filter(|left| deletions.iter().all(|deletion| deletion.id != left.id)) {
            self.note_deleted(deletion.id, wanted.expect("nothing else was going to be deleted"));
        }
        for deletion in deletions.iter().filter(|deletion| left.iter().all(|left| deletion.id != left.id)) {
            self.note_undone(deletion.id);
        }
        self.check();
        // What has survived a start is there for good; what was doubtful is decided.
        self.acknowledged = contents(self.store());
        for (set, samples) in &mut self.acknowledged {
            samples.retain(|&timestamp_ms, _| !self.deleted.is_loose(set, timestamp_ms));
        }
        self.doubtful.clear();
        if ending != Ending::Killed {
            self.synced = self.acknowledged.clone();
        }
    }

    /// Functions over windows say the same from what was summed up and from the samples.
    fn check_windows(&mut self) {
        let function = FUNCTIONS[self.rng.below(FUNCTIONS.len() as u64) as usize];
        let alignment_ms = [5, 10, 30, 60, 120][self.rng.below(5) as usize] * 60_000;
        let mut time_ms =
            || (START_MS + self.rng.below(5 * HOUR_MS as u64) as i64).div_euclid(alignment_ms) * alignment_ms;
        let (one_ms, other_ms) = (time_ms(), time_ms());
        let interval = (one_ms.min(other_ms) - alignment_ms, one_ms.max(other_ms));
        let of = |is_hinted| windows(self.store(), &[], function, interval, alignment_ms, is_hinted);
        let (summed_up, raw) = (of(true), of(false));
        assert!(summed_up.values == raw.values, "{function} over {alignment_ms} ms in {interval:?}");
        self.counts.spans_read += summed_up.n_summed_up;
    }

    /// Everything acknowledged is there, and nothing that was never written.
    fn check(&self) {
        let (found, starts) = select_with_starts(self.store(), &[], i64::MIN, i64::MAX);
        let none = BTreeMap::new();
        for (set, samples) in &self.acknowledged {
            let of_found = found.get(set).unwrap_or(&none);
            for (timestamp_ms, bits) in samples {
                assert_eq!(of_found.get(timestamp_ms), Some(bits), "{set} at {timestamp_ms} is lost or wrong");
            }
        }
        for (set, samples) in &found {
            let known = [&self.acknowledged, &self.doubtful].map(|known| known.get(set).unwrap_or(&none));
            for (timestamp_ms, bits) in samples {
                let is_known = known.iter().any(|known| known.get(timestamp_ms) == Some(bits));
                let is_loose = self.deleted.may_be(set, *timestamp_ms, *bits);
                let is_deleted = self.deleted.hides(set, *timestamp_ms, *bits);
                let why = if is_deleted { "is deleted" } else { "was never written" };
                assert!(is_known || is_loose, "{set} at {timestamp_ms} {why}");
                let start_ms = starts.get(set).and_then(|starts| starts.get(timestamp_ms)).copied().unwrap_or(0);
                assert_eq!(start_ms, start_of(set, *timestamp_ms, *bits), "{set} at {timestamp_ms} counts since");
            }
        }
    }
}

/// Since when a sample counts: of some series it is not known, some begin again now and then, of some each sample counts since
/// the one before, and some change their minds with each value.
fn start_of(set: &Labels, timestamp_ms: i64, bits: u64) -> i64 {
    let restarted_ms = timestamp_ms.div_euclid(HOUR_MS / 3) * (HOUR_MS / 3) - 700;
    match (set.get("__name__"), set.get("instance").or(set.get("i"))) {
        (Some("scraped"), Some("0")) => 0,
        (Some("scraped"), Some("1")) => restarted_ms,
        (Some("scraped"), _) => timestamp_ms - SCRAPE_MS,
        (Some("written"), Some("1" | "2" | "3")) => (bits % 3) as i64 * 1000,
        (Some("written"), Some("4" | "5")) => restarted_ms,
        (Some("passing"), Some("0")) => timestamp_ms,
        _ => 0,
    }
}

fn joined(one: &Contents, other: &Contents) -> Contents {
    let mut both = one.clone();
    for (set, samples) in other {
        both.entry(set.clone()).or_default().extend(samples);
    }
    both
}
