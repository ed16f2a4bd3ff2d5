//! The counts of all objectives, kept up with the store.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use journal::{Disk, JournalError};
use model::Clock;
use model::storage::{Feed, FeedCursor, FeedError, FeedHold, FeedPosition, Select, SelectError};
use parking_lot::{Mutex, RwLock};
use query::{Engine, QueryOptions};

use super::book::Book;
use super::bytes::{In, Out};
use super::failing::{Failing, SamplingChanges};
use super::files::{Files, OpenError, Shelf};
use super::past::Past;
use super::rewriting::Rewriting;
use super::sampling::{self, Allowance, Storage};
use super::slicer::Slicer;
use super::tally::Tally;
use super::target::{NEVER, Target};
use crate::history::Standing;
use crate::spec::{Catalog, Objective};

/// Everything is written so often: after a kill the feed is read again from there.
const WRITE_EVERY: Duration = Duration::from_secs(120);
/// Queries that are sampled take half of the time between ticks, but no less and no more than this: burn alerts wait for them.
const SAMPLED_FOR: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// Counts that are younger may change by late samples, and stay in memory.
const LATE_MS: i64 = 3_600_000;
/// Samples may be so far ahead of the clock.
const MAX_AHEAD_MS: i64 = 3_600_000;
/// Batches that are taken while others wait.
const BATCHES_AT_ONCE: usize = 256;
/// Counts older than the raw samples are kept by five minutes, and after 90 days by the hour.
const COARSE: [(i64, i64); 2] = [(0, 300_000), (90 * 86_400_000, 3_600_000)];
/// Books of objectives that have gone or changed are kept, up to so many.
const MAX_SHELVED: usize = 20_000;

/// What counting stands on.
#[derive(Clone, Debug)]
pub struct Options {
    /// The disk of the history files.
    pub disk: Arc<dyn Disk>,
    /// Their directory.
    pub dir: PathBuf,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Random: tells this run's records from those of others.
    pub salt: u32,
    /// The store, to be read.
    pub select: Arc<dyn Select>,
    /// The store, to be followed.
    pub feed: Arc<dyn Feed>,
    /// For objectives that are sampled by a query.
    pub engine: Arc<Engine>,
    /// How long counts are kept, in milliseconds.
    pub retention_ms: i64,
    /// How long raw samples are kept, in milliseconds.
    pub raw_retention_ms: i64,
    /// What a target's scrape interval is taken for until two scrapes were seen, in milliseconds.
    pub scrape_interval_ms: i64,
    /// How often queries are sampled, in milliseconds.
    pub sample_every_ms: i64,
}

/// Counts events of all objectives; see [`crate::history::History`] for what it answers.
#[derive(Debug)]
pub struct Counting {
    pub(super) options: Options,
    pub(super) files: Files,
    pub(super) tally: RwLock<Tally>,
    pub(super) catalog: RwLock<Arc<Catalog>>,
    /// [`Options::raw_retention_ms`] as it is now.
    raw_retention_ms: AtomicI64,
    turn: Mutex<Turn>,
    pub(super) failing: RwLock<Failing>,
    n_failures: AtomicU64,
}

/// What only whoever follows the feed has in hand.
#[derive(Debug)]
struct Turn {
    cursor: Option<Box<dyn FeedCursor>>,
    hold: Option<Box<dyn FeedHold>>,
    /// How far the feed was read; `None` before anything was to be counted.
    position: Option<FeedPosition>,
    /// Books of the last run that go on from the position.
    going_on: Shelf,
    /// Books that nobody counts at the moment.
    shelf: Shelf,
    pub(super) rewriting: Rewriting,
    written: Duration,
    /// The objective whose queries were asked last.
    asked: Option<String>,
    /// Steps of an objective's queries where they are fewer than otherwise, by its id.
    n_steps: HashMap<String, i64>,
}

/// Books that are about to be counted on.
#[derive(Debug, Default)]
struct Made {
    /// Those that go on where the last run left them.
    books: Vec<Book>,
    /// Those that were counted over raw samples.
    counted: Vec<Tally>,
    /// What is known of targets that nobody counts on yet, where nothing was known of any.
    targets: Option<Tally>,
}

impl Counting {
    /// Opens the history in a directory. Nothing is counted before the first [`Counting::apply`].
    ///
    /// # Errors
    /// When the files cannot be opened or read.
    pub fn open(options: Options) -> Result<Counting, OpenError> {
        let (files, restored) = Files::open(&options.disk, &options.clock, &options.dir, options.salt)?;
        let mut tally = Tally::new(options.scrape_interval_ms);
        let mut turn = Turn {
            cursor: None,
            hold: None,
            position: None,
            going_on: Shelf::new(),
            shelf: Shelf::new(),
            rewriting: Rewriting::default(),
            written: options.clock.elapsed(),
            asked: None,
            n_steps: HashMap::new(),
        };
        if let Some(restored) = restored {
            for (key, target) in restored.targets {
                let number = tally.target(key);
                tally.targets[number as usize] = target;
            }
            tally.newest_ms = restored.newest_ms;
            turn.hold = Some(options.feed.hold(restored.position));
            turn.position = Some(restored.position);
            (turn.going_on, turn.shelf) = (restored.books, restored.shelved);
        }
        let (tally, catalog, turn) = (RwLock::new(tally), RwLock::default(), Mutex::new(turn));
        let (raw_retention_ms, n_failures) = (AtomicI64::new(options.raw_retention_ms), AtomicU64::new(0));
        let failing = RwLock::default();
        Ok(Counting { options, files, tally, catalog, raw_retention_ms, turn, failing, n_failures })
    }

    /// For how long raw samples are kept, in milliseconds.
    pub fn raw_retention_ms(&self) -> i64 {
        self.raw_retention_ms.load(Ordering::Relaxed)
    }

    /// From now on raw samples are kept for so long.
    pub fn set_raw_retention_ms(&self, raw_retention_ms: i64) {
        self.raw_retention_ms.store(raw_retention_ms, Ordering::Relaxed);
    }

    /// Counts what a catalog says from now on. Objectives that are new, or are counted otherwise than before, are counted back
    /// over the raw samples as far as these reach; those that have gone are kept in case they come back.
    ///
    /// # Errors
    /// When raw samples cannot be read: nothing has changed then, and it can be tried again.
    pub fn apply(&self, catalog: Arc<Catalog>) -> Result<(), SelectError> {
        let mut turn = self.turn.lock();
        if turn.going_on.is_empty() {
            // What was committed before is not to be counted twice, nor lost.
            self.follow(&mut turn);
        } else if self.cursor(&mut turn).is_err() {
            let going_on = std::mem::take(&mut turn.going_on);
            turn.shelf.extend(going_on);
        }
        let mut wanted = Vec::new();
        let mut kept = Vec::new();
        for objective in catalog.objectives.values() {
            let book = Book::new(objective);
            let is_counted = !book.source.terms.is_empty() || !book.source.sampled.is_empty();
            let is_same = |known: &Book| known.counts_same(&book);
            if self.tally.read().book(&objective.id).is_some_and(is_same) {
                kept.push(objective.id.clone());
            } else if is_counted {
                wanted.push((objective, book));
            }
        }
        let was_followed = turn.position.is_some();
        let made = self.make(&mut turn, wanted).inspect_err(|_| {
            turn.position = turn.position.filter(|_| was_followed);
        })?;
        let has_made = !made.books.is_empty() || !made.counted.is_empty();
        let going_on = std::mem::take(&mut turn.going_on);
        turn.shelf.extend(going_on);
        let counted_budgets = self.tally.read().counts_budgets();
        self.failing.write().keep(&kept);
        self.install(&mut turn, made, kept);
        if self.tally.read().counts_budgets() != counted_budgets {
            // A cursor that has left something out cannot go on with it.
            turn.cursor = None;
        }
        *self.catalog.write() = catalog;
        if has_made {
            // Books of the last run stand where it wrote them: whoever asks before the next tick is to hear of all since.
            self.follow(&mut turn);
        }
        self.tally.write().pass(&self.files);
        let is_left = self.tally.read().books.iter().flatten().next().is_some();
        if has_made || (!is_left && turn.position.is_some()) {
            // A kill must not find less than what was made here.
            self.write(&mut turn);
        }
        if !is_left {
            // Nobody counts: the feed need not be kept, and what is known of targets grows old.
            (turn.cursor, turn.hold, turn.position) = (None, None, None);
            *self.tally.write() = Tally::new(self.options.scrape_interval_ms);
        }
        Ok(())
    }

    /// The books of objectives that are not counted yet: those of the last run go on, others are counted back.
    fn make(&self, turn: &mut Turn, wanted: Vec<(&Objective, Book)>) -> Result<Made, SelectError> {
        let mut made = Made::default();
        if wanted.is_empty() {
            return Ok(made);
        }
        if turn.position.is_none() {
            // What is committed while the past is read comes from the feed once more, and is counted once.
            turn.position = Some(self.options.feed.newest());
            made.targets = Some(self.past().targets(self.options.clock.now_ms())?);
        }
        for (objective, book) in wanted {
            let key = book.key();
            match turn.going_on.get(&key).and_then(|bytes| read(&book, bytes)) {
                Some(book) => made.books.push(book),
                None => made.counted.push(self.count_back(objective, turn.shelf.get(&key))?),
            }
        }
        Ok(made)
    }

    /// Puts books in their place, and those that are no longer wanted on the shelf.
    fn install(&self, turn: &mut Turn, made: Made, mut kept: Vec<String>) {
        kept.sort_unstable();
        let is_kept = |id: &str| kept.binary_search_by(|kept| kept.as_str().cmp(id)).is_ok();
        let mut tally = self.tally.write();
        for book in tally.books.iter().flatten().filter(|book| !is_kept(&book.id)) {
            shelve(&mut turn.shelf, book);
        }
        let mut books = made.books;
        for counted in made.counted.into_iter().chain(made.targets) {
            books.extend(tally.adopt(counted));
        }
        for book in &books {
            turn.shelf.remove(&book.key());
        }
        tally.install(books, is_kept);
    }

    /// Counts what was committed since the last tick. Answers whose queries fail since then, and whose do no more.
    pub fn tick(&self) -> SamplingChanges {
        let mut turn = self.turn.lock();
        if self.tally.read().books.iter().flatten().next().is_none() {
            return SamplingChanges::default();
        }
        self.follow(&mut turn);
        self.tally.write().pass(&self.files);
        let changes = self.sample(&mut turn);
        self.count_late();
        if self.options.clock.elapsed().saturating_sub(turn.written) >= WRITE_EVERY {
            self.write(&mut turn);
        }
        changes
    }

    /// Files of chunks are rewritten whenever more than half of them is of no use, however short they are.
    #[cfg(test)]
    pub(super) fn rewrite_soon(&self) {
        self.turn.lock().rewriting.least = 0;
    }

    /// Writes everything, so that the next run goes on from here.
    pub fn close(&self) {
        self.write(&mut self.turn.lock());
    }

    /// How it stands, whoever counts meanwhile.
    pub(super) fn stands(&self) -> Standing {
        let tally = self.tally.read();
        let books = || tally.books.iter().flatten();
        Standing {
            n_objectives: books().count(),
            n_series: books().map(|book| book.follows.len()).sum(),
            n_targets: tally.targets.len(),
            n_bytes: books().map(Book::n_bytes).sum(),
            n_stored_bytes: self.files.stored_bytes(),
            n_uncounted: books().map(|book| book.uncounted.n_listed()).max().unwrap_or_default(),
            n_failures: self.n_failures.load(Ordering::Relaxed),
        }
    }

    fn note_failure(&self) {
        self.n_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn past(&self) -> Past<'_> {
        let Options { select, clock, scrape_interval_ms, .. } = &self.options;
        let raw_retention_ms = self.raw_retention_ms();
        let (now_ms, interval_ms) = (clock.now_ms(), *scrape_interval_ms);
        let (from_ms, to_ms) = (now_ms.saturating_sub(raw_retention_ms), now_ms.saturating_add(MAX_AHEAD_MS));
        Past { select: &**select, bodies: &self.files, from_ms, to_ms, interval_ms, cancel: None }
    }

    /// An objective counted over the raw samples, and before them as it was counted when there were some.
    fn count_back(&self, objective: &Objective, shelved: Option<&Vec<u8>>) -> Result<Tally, SelectError> {
        let mut counted = self.past().all(objective)?;
        let Some(book) = counted.book_mut(&objective.id) else { return Ok(counted) };
        if let Some(old) = shelved.and_then(|bytes| read(&Book::new(objective), bytes)) {
            let newest_ms = old.slicer.as_deref().map_or(old.newest_ms, Slicer::closed_ms);
            let mut joined = Book { follows: Vec::new(), members: Default::default(), ..old };
            joined.replace_behind(newest_ms, book, &self.files);
            joined.presence.replace_behind(newest_ms, &book.presence);
            (joined.follows, joined.members) = (std::mem::take(&mut book.follows), std::mem::take(&mut book.members));
            joined.newest_ms = joined.newest_ms.max(book.newest_ms);
            *book = joined;
        }
        if !book.source.sampled.is_empty() {
            book.sampled_ms = book.sampled_ms.max(self.past().from_ms);
        }
        // Thousands may be counted back before the first of them is written.
        self.pack(book, self.options.clock.now_ms());
        Ok(counted)
    }

    /// The cursor of the feed.
    fn cursor<'a>(&self, turn: &'a mut Turn) -> Result<&'a mut Box<dyn FeedCursor>, FeedError> {
        let position = *turn.position.get_or_insert_with(|| self.options.feed.newest());
        if turn.hold.is_none() {
            turn.hold = Some(self.options.feed.hold(position));
        }
        match &mut turn.cursor {
            Some(cursor) => Ok(cursor),
            cursor => {
                self.tally.write().forget_numbers();
                Ok(cursor.insert(self.options.feed.follow(position)?))
            }
        }
    }

    /// Reads the feed to its end.
    fn follow(&self, turn: &mut Turn) {
        if turn.position.is_none() {
            return;
        }
        match self.read_feed(turn) {
            Ok(()) => {}
            Err(FeedError::Gone(_)) => self.begin_anew(turn),
            Err(FeedError::Unreadable(_)) => {
                self.note_failure();
                turn.cursor = None;
            }
        }
    }

    fn read_feed(&self, turn: &mut Turn) -> Result<(), FeedError> {
        let cursor = self.cursor(turn)?;
        let mut is_more = true;
        while is_more {
            let mut tally = self.tally.write();
            if tally.take_forgotten() {
                cursor.name_once();
                if !tally.counts_budgets() {
                    cursor.leave_out_derived();
                }
            }
            for _ in 0..BATCHES_AT_ONCE {
                is_more = cursor.next_batch(&mut |row| tally.note(&row))?;
                tally.settle(&self.files);
                if !is_more {
                    break;
                }
            }
        }
        turn.position = Some(cursor.position());
        Ok(())
    }

    /// What lies between was deleted from the feed: everything is counted anew over the raw samples.
    fn begin_anew(&self, turn: &mut Turn) {
        (turn.cursor, turn.hold) = (None, None);
        // What is committed meanwhile is read again.
        turn.position = Some(self.options.feed.newest());
        let catalog = Arc::clone(&self.catalog.read());
        let mut made = Vec::new();
        let ids: BTreeSet<String> = self.tally.read().books.iter().flatten().map(|book| book.id.clone()).collect();
        for objective in ids.iter().filter_map(|id| catalog.objectives.get(id)) {
            let mut out = Out::default();
            if let Some(book) = self.tally.read().book(&objective.id) {
                book.write(&mut out);
            }
            let bytes = without_key(&out.0);
            match self.count_back(objective, bytes.as_ref()) {
                Ok(counted) => made.push(counted),
                Err(_) => self.note_failure(),
            }
        }
        match self.past().targets(self.options.clock.now_ms()) {
            Ok(targets) => made.push(targets),
            Err(_) => self.note_failure(),
        }
        let mut tally = self.tally.write();
        // What was known of targets misses what was deleted.
        tally.targets.iter_mut().for_each(|target| *target = Target::default());
        let books = made.into_iter().flat_map(|counted| tally.adopt(counted)).collect();
        tally.install(books, |id| ids.contains(id));
    }

    /// Evaluates what is no counter, in turn: those first for whom the time was not enough at the last tick.
    fn sample(&self, turn: &mut Turn) -> SamplingChanges {
        let mut changes = SamplingChanges::default();
        let mut due: Vec<Book> = self.tally.read().sampled().cloned().collect();
        due.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        turn.n_steps.retain(|id, _| due.binary_search_by(|book| book.id.as_str().cmp(id)).is_ok());
        let n_asked = due.partition_point(|book| turn.asked.as_ref().is_some_and(|asked| book.id <= *asked));
        due.rotate_left(n_asked);
        let newest_ms = self.tally.read().newest_ms;
        let Options { clock, sample_every_ms, scrape_interval_ms, .. } = &self.options;
        let half = Duration::from_millis(u64::try_from(sample_every_ms / 2).unwrap_or(0));
        let lasts = half.clamp(SAMPLED_FOR.0, SAMPLED_FOR.1);
        let until = clock.elapsed().saturating_add(lasts);
        for (number, mut book) in due.into_iter().enumerate() {
            let n_steps = turn.n_steps.remove(&book.id).unwrap_or(sampling::MAX_STEPS);
            let mut allowance = Allowance { clock: &**clock, until, least: lasts / 4, n_steps };
            if number > 0 && !allowance.is_enough() {
                turn.n_steps.insert(book.id, n_steps);
                break;
            }
            let step_ms = sampling::step_ms(&book, *sample_every_ms, *scrape_interval_ms);
            // What is committed a little later is still seen.
            let until_ms = newest_ms.max(clock.now_ms() - sample_every_ms) - sample_every_ms;
            let storage = Storage { engine: &self.options.engine, select: &*self.options.select, bodies: &self.files };
            let options = QueryOptions::default();
            let sampled = sampling::sample(&mut book, storage, until_ms, step_ms, &options, &mut allowance);
            if sampled.is_err() {
                self.note_failure();
            }
            self.failing.write().note(&book.id, book.sampled_ms, sampled, &mut changes);
            if let Some(slicer) = &mut book.slicer {
                // What was not asked yet is not empty.
                slicer.close(until_ms.min(book.sampled_ms), &mut book.log, &self.files);
            }
            turn.n_steps.insert(book.id.clone(), allowance.n_steps);
            turn.asked = Some(book.id.clone());
            let mut tally = self.tally.write();
            if let Some(known) = tally.book_mut(&book.id) {
                *known = book;
            }
        }
        changes
    }

    /// Counts anew where late samples came.
    fn count_late(&self) {
        let late = |book: &Book| book.late_ms.map(|late_ms| (book.id.clone(), late_ms));
        let late: Vec<(String, i64)> = self.tally.read().books.iter().flatten().filter_map(late).collect();
        let catalog = Arc::clone(&self.catalog.read());
        for (id, late_ms) in late {
            let Some(objective) = catalog.objectives.get(&id) else { continue };
            let counted = self.past().behind(objective, late_ms, &self.tally.read());
            let Ok((from_ms, counted)) = counted else {
                self.note_failure();
                continue;
            };
            let mut tally = self.tally.write();
            if let (Some(book), Some(anew)) = (tally.book_mut(&id), counted.book(&id)) {
                book.replace_behind(from_ms, anew, &self.files);
                book.late_ms = None;
                if !book.source.sampled.is_empty() {
                    book.sampled_ms = book.sampled_ms.min(from_ms);
                }
            }
        }
    }

    /// Writes everything; what cannot be written is written the next time.
    fn write(&self, turn: &mut Turn) {
        turn.written = self.options.clock.elapsed();
        let Some(position) = turn.position else { return };
        if !turn.going_on.is_empty() {
            // Nobody has taken up yet what the last run counted: what it wrote stands.
            return;
        }
        // A state does not say what came late: whoever reads it goes on behind that.
        self.count_late();
        if self.tally.read().books.iter().flatten().any(|book| book.late_ms.is_some()) {
            return;
        }
        let now_ms = self.options.clock.now_ms();
        let mut tally = self.tally.write();
        tally.forget();
        for book in tally.books.iter_mut().flatten() {
            self.pack(book, now_ms);
        }
        match self.write_all(&mut tally, turn, position) {
            Ok(()) => turn.hold.iter().for_each(|hold| hold.move_to(position)),
            Err(_) => self.note_failure(),
        }
    }

    /// Puts old counts on disk, makes older ones coarser, and forgets the oldest.
    fn pack(&self, book: &mut Book, now_ms: i64) {
        let mut store = |bytes: &[u8]| self.files.store(bytes);
        book.log.store(book.newest_ms.saturating_sub(LATE_MS), &self.files, &mut store);
        for (older_ms, step_ms) in COARSE {
            let until_ms = now_ms.saturating_sub(self.raw_retention_ms().max(older_ms));
            book.log.coarsen(until_ms, step_ms, &self.files, &mut store);
        }
        let kept_from_ms = now_ms.saturating_sub(self.options.retention_ms);
        book.log.forget_before(kept_from_ms);
        book.uncounted.forget_before(kept_from_ms);
        book.shrink();
    }

    fn write_all(&self, tally: &mut Tally, turn: &mut Turn, position: FeedPosition) -> Result<(), JournalError> {
        let rewritten = turn.rewriting.rewrite(&self.files, tally, &mut turn.shelf)?;
        self.files.write(tally, &turn.shelf, position)?;
        rewritten.map_or(Ok(()), |first| self.files.remove_chunks_before(first))
    }
}

/// Reads a book that counts the same as an empty one.
fn read(empty: &Book, bytes: &[u8]) -> Option<Book> {
    let mut book = empty.clone();
    book.read(&mut In(bytes))?;
    (book.newest_ms != NEVER || book.follows.is_empty()).then_some(book)
}

/// A written book without its id and words.
fn without_key(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut input = In(bytes);
    input.text()?;
    input.text()?;
    Some(input.0.to_vec())
}

fn shelve(shelf: &mut Shelf, book: &Book) {
    let mut out = Out::default();
    book.write(&mut out);
    if let Some(bytes) = without_key(&out.0).filter(|_| shelf.len() < MAX_SHELVED) {
        shelf.insert(book.key(), bytes);
    }
}
