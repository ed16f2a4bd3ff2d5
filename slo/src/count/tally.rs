//! Counting: rows of committed samples in, counts of all objectives out. No I/O but for chunks of old counts.
//!
//! The same code counts what is committed, what was committed before an objective was there, and what comes late, so that all
//! of them agree. Rows of a batch are taken in the order of their times; within a time first what tells when a process began,
//! then the series, then `up`: whether a first value counts depends on the scrapes before.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::HashTable;
use model::storage::{FeedNumber, FeedRow};
use model::{Histogram, Labels};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::book::{Book, Follow, Reading, Seen};
use super::chunk::Bodies;
use super::roles::SharedRoles;
use super::router::Router;
use super::target::{Heard, NEVER, Target};

const UP: &str = "up";
const PROCESS_START: &str = "process_start_time_seconds";
/// Series of targets that have left are forgotten after a day: one that comes back later begins anew.
const FORGET_AFTER_MS: i64 = 86_400_000;

/// All objectives, and all that they are counted from.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// By number; numbers of objectives that have gone are free.
    pub(super) books: Vec<Option<Book>>,
    by_id: HashTable<u32>,
    /// Those that count slices, and those that are sampled: each tick looks after them.
    sliced: Vec<u32>,
    sampled: Vec<u32>,
    router: Router,
    /// Numbers in `listed`, by labels.
    entries: HashTable<u32>,
    /// All series that the feed has named, by its numbers, in one of its numberings.
    numbered: Vec<Option<Entry>>,
    numbering: u32,
    /// What stood in `numbered` is forgotten, and series have to be named once more.
    has_forgotten: bool,
    listed: Vec<Listed>,
    /// The labels of those in `listed` that no objective counts.
    lone: FxHashMap<u32, Labels>,
    roles: SharedRoles,
    pub(super) targets: Vec<Target>,
    pub(super) target_keys: FxHashMap<Labels, u32>,
    pending: Vec<Pending>,
    /// What a scrape interval is taken for while a target was scraped once.
    interval_ms: i64,
    /// The newest sample of any `up`, or of any series that is counted.
    pub(super) newest_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nobody's.
    Nothing,
    /// That of a number in `listed`.
    Listed(u32),
}

/// What a series tells besides what objectives count of it. In the order in which rows of one time are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tells {
    ProcessStart,
    Nothing,
    Up,
}

/// Objectives, and their numbers of a series: mostly one.
type Takers = SmallVec<[(u32, u32); 1]>;

/// A series that somebody listens to.
#[derive(Clone, Debug)]
struct Listed {
    tells: Tells,
    target: u32,
    takers: Takers,
}

#[derive(Debug)]
struct Pending {
    at_ms: i64,
    tells: Tells,
    listed: u32,
    start_ms: i64,
    value: PendingValue,
}

#[derive(Clone, Debug)]
pub(super) enum PendingValue {
    Float(f64),
    Histogram(Arc<Histogram>),
}

fn hash_of(what: impl Hash) -> u64 {
    FxBuildHasher.hash_one(what)
}

/// The labels that name a target.
fn key_of(labels: &Labels) -> Labels {
    let of_target = |(name, _): &(&str, &str)| matches!(*name, "job" | "instance");
    Labels::from_pairs(labels.iter().filter(of_target))
}

impl Tally {
    /// One without objectives.
    pub(super) fn new(interval_ms: i64) -> Tally {
        Tally { interval_ms, newest_ms: NEVER, ..Tally::default() }
    }

    /// The book of an objective.
    pub(super) fn book(&self, id: &str) -> Option<&Book> {
        self.books[self.number(id)?].as_ref()
    }

    pub(super) fn book_mut(&mut self, id: &str) -> Option<&mut Book> {
        let number = self.number(id)?;
        self.books[number].as_mut()
    }

    fn number(&self, id: &str) -> Option<usize> {
        let is_its = |number: &u32| self.books[*number as usize].as_ref().is_some_and(|book| book.id == id);
        self.by_id.find(hash_of(id), is_its).map(|number| *number as usize)
    }

    /// Those that are sampled.
    pub(super) fn sampled(&self) -> impl Iterator<Item = &Book> {
        self.sampled.iter().filter_map(|number| self.books.get(*number as usize)?.as_ref())
    }

    /// Puts books in the place of those of the same ids, and takes away those that are not wanted.
    pub(super) fn install(&mut self, books: Vec<Book>, is_wanted: impl Fn(&str) -> bool) {
        let ids: FxHashSet<&str> = books.iter().map(|book| book.id.as_str()).collect();
        for slot in &mut self.books {
            let replaced = |book: &Book| !is_wanted(&book.id) || ids.contains(book.id.as_str());
            if slot.as_ref().is_some_and(replaced) {
                *slot = None;
            }
        }
        let n_taken = self.books.iter().flatten().count();
        self.books.reserve_exact((n_taken + books.len()).saturating_sub(self.books.len()));
        let mut free = 0;
        for mut book in books {
            for follow in &mut book.follows {
                follow.roles = self.roles.shared(Arc::clone(&follow.roles));
            }
            while self.books.get(free).is_some_and(Option::is_some) {
                free += 1;
            }
            if free == self.books.len() {
                self.books.push(None);
            }
            self.books[free] = Some(book);
        }
        self.reindex();
    }

    /// Finds anew who listens to which series.
    fn reindex(&mut self) {
        let books = || (0u32..).zip(&self.books).filter_map(|(number, book)| Some((number, book.as_ref()?)));
        let hash = |number: &u32| self.books[*number as usize].as_ref().map_or(0, |book| hash_of(&book.id));
        self.by_id.clear();
        for (number, book) in books() {
            self.by_id.insert_unique(hash_of(&book.id), number, hash);
        }
        let terms = books()
            .flat_map(|(number, book)| (0u32..).zip(&book.source.terms).map(move |(at, term)| ((number, at), term)));
        self.router = Router::new(terms);
        let mut takers: FxHashMap<Labels, Takers> = FxHashMap::default();
        for (number, book) in books() {
            for (at, follow) in (0u32..).zip(&book.follows) {
                takers.entry(follow.labels.clone()).or_default().push((number, at));
            }
        }
        self.targets.iter_mut().for_each(|target| target.books.clear());
        for (number, book) in (0u32..).zip(&self.books) {
            for target in book.iter().flat_map(|book| book.members.numbers()) {
                if let Some(target) = self.targets.get_mut(target as usize) {
                    target.books.push(number);
                }
            }
        }
        let of_kind = |is_its: &dyn Fn(&Book) -> bool| {
            books().filter(|(_, book)| is_its(book)).map(|(number, _)| number).collect::<Vec<u32>>()
        };
        (self.sliced, self.sampled) =
            (of_kind(&|book| book.slicer.is_some()), of_kind(&|book| !book.source.sampled.is_empty()));
        self.forget_numbers();
        self.listed.clear();
        self.lone.clear();
        // A batch brings the series of an objective one behind the other: so they are listed.
        let mut known: Vec<(Labels, Takers)> = takers.into_iter().collect();
        known.sort_unstable_by_key(|(_, takers)| takers.first().copied());
        self.entries = HashTable::with_capacity(known.len());
        self.listed.reserve_exact(known.len());
        for (labels, of_series) in known {
            self.list(&labels, of_series);
        }
    }

    /// The number of a target.
    pub(super) fn target(&mut self, key: Labels) -> u32 {
        let next = self.targets.len() as u32;
        let number = *self.target_keys.entry(key).or_insert(next);
        if number == next {
            self.targets.push(Target::default());
        }
        number
    }

    /// Who listens to a series.
    pub(super) fn entry(&mut self, labels: &Labels) -> Entry {
        let name = labels.metric_name();
        if name != UP && name != PROCESS_START && !self.router.may_match(name) {
            return Entry::Nothing;
        }
        let is_it = |listed: &u32| self.labels_of(*listed) == Some(labels);
        match self.entries.find(hash_of(labels), is_it) {
            Some(listed) => Entry::Listed(*listed),
            None => self.list(labels, Takers::new()),
        }
    }

    /// The labels of a series that is listed: those of an objective's, where one counts it.
    fn labels_of(&self, listed: u32) -> Option<&Labels> {
        match self.listed.get(listed as usize)?.takers.first() {
            Some((book, follow)) => {
                let book = self.books.get(*book as usize)?.as_ref()?;
                book.follows.get(*follow as usize).map(|follow| &follow.labels)
            }
            None => self.lone.get(&listed),
        }
    }

    /// Lists a series that some may know already.
    fn list(&mut self, labels: &Labels, mut takers: Takers) -> Entry {
        let tells = match labels.metric_name() {
            UP => Tells::Up,
            PROCESS_START => Tells::ProcessStart,
            _ => Tells::Nothing,
        };
        let mut target = None;
        for (number, _) in self.router.candidates(labels) {
            let is_known = takers.iter().any(|(other, _)| *other == number);
            let Some(Some(book)) = self.books.get(number as usize).filter(|_| !is_known) else { continue };
            let roles = book.source.roles_of(labels);
            if !roles.is_empty() {
                let target = *target.get_or_insert_with(|| self.target(key_of(labels)));
                let Some(Some(book)) = self.books.get_mut(number as usize) else { continue };
                takers.push((number, book.follows.len() as u32));
                let roles = self.roles.shared(roles.into());
                book.follows.push(Follow::new(labels, roles, target));
            }
        }
        if takers.is_empty() && tells == Tells::Nothing {
            return Entry::Nothing;
        }
        let target = self.target(key_of(labels));
        let number = self.listed.len() as u32;
        if takers.is_empty() {
            self.lone.insert(number, labels.clone());
        }
        self.listed.push(Listed { tells, target, takers });
        let mut entries = std::mem::take(&mut self.entries);
        entries.insert_unique(hash_of(labels), number, |listed| self.labels_of(*listed).map_or(0, hash_of));
        self.entries = entries;
        Entry::Listed(number)
    }

    /// Whether somebody may count series of budgets, which are written from what is counted here.
    pub(super) fn counts_budgets(&self) -> bool {
        self.router.may_match_budgets()
    }

    /// Another cursor gives other numbers.
    pub(super) fn forget_numbers(&mut self) {
        self.numbered.clear();
        self.has_forgotten = true;
    }

    /// Whether numbers were forgotten since this was asked the last time.
    pub(super) fn take_forgotten(&mut self) -> bool {
        std::mem::take(&mut self.has_forgotten)
    }

    /// Who listens to a series that the feed has given a number.
    fn numbered(&mut self, FeedNumber { numbering, number }: FeedNumber, labels: &Labels) -> Entry {
        if numbering != self.numbering {
            self.numbered.clear();
            self.numbering = numbering;
        }
        let at = number as usize;
        if let Some(Some(entry)) = self.numbered.get(at) {
            return *entry;
        }
        let entry = self.entry(labels);
        self.numbered.resize(self.numbered.len().max(at + 1), None);
        self.numbered[at] = Some(entry);
        entry
    }

    /// Notes a row of a batch.
    pub(super) fn note(&mut self, row: &FeedRow<'_>) {
        match *row {
            FeedRow::Float { number, labels, timestamp_ms, start_ms, value } => {
                let entry = self.numbered(number, labels);
                self.note_value(entry, timestamp_ms, start_ms, || PendingValue::Float(value));
            }
            FeedRow::Histogram { number, labels, timestamp_ms, start_ms, value } => {
                let entry = self.numbered(number, labels);
                self.note_value(entry, timestamp_ms, start_ms, || PendingValue::Histogram(value.to_float()));
            }
        }
    }

    /// Notes a sample of a series whose listeners are known.
    pub(super) fn note_value(&mut self, entry: Entry, at_ms: i64, start_ms: i64, value: impl FnOnce() -> PendingValue) {
        let Entry::Listed(listed) = entry else { return };
        let tells = self.listed[listed as usize].tells;
        self.pending.push(Pending { at_ms, tells, listed, start_ms, value: value() });
    }

    /// Lets go of the room for noted rows. Of a past a million are noted at once, and thousands of pasts may be counted before the
    /// first is taken over.
    pub(super) fn let_room_go(&mut self) {
        self.pending.shrink_to_fit();
    }

    /// For how many noted rows there is room.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.pending.capacity()
    }

    /// Counts what was noted.
    pub(super) fn settle(&mut self, bodies: &dyn Bodies) {
        let mut pending = std::mem::take(&mut self.pending);
        if !pending.is_sorted_by_key(|row| (row.at_ms, row.tells)) {
            pending.sort_by_key(|row| (row.at_ms, row.tells));
        }
        for row in &pending {
            self.count(row, bodies);
        }
        pending.clear();
        self.pending = pending;
    }

    fn count(&mut self, row: &Pending, bodies: &dyn Bodies) {
        let Listed { tells, target: number, .. } = self.listed[row.listed as usize];
        self.newest_ms = self.newest_ms.max(row.at_ms);
        let value = match &row.value {
            PendingValue::Float(value) => Reading::Float(*value),
            PendingValue::Histogram(histogram) => Reading::Histogram(histogram),
        };
        if let (Tells::ProcessStart, Reading::Float(seconds)) = (tells, value)
            && seconds.is_finite()
        {
            self.targets[number as usize].process_start_ms = (seconds * 1000.0).round() as i64;
        }
        let unheard = self.targets[number as usize].unheard(row.at_ms);
        self.hear(number, row.at_ms, &unheard);
        let target = &mut self.targets[number as usize];
        let seen = Seen { at_ms: row.at_ms, start_ms: row.start_ms, value };
        for &(book_number, follow) in &self.listed[row.listed as usize].takers {
            let Some(Some(book)) = self.books.get_mut(book_number as usize) else { continue };
            if book.take(follow, seen, target, self.interval_ms, bodies) {
                book.join(number, target, row.at_ms);
                target.books.push(book_number);
            }
        }
        if let (Tells::Up, Reading::Float(value)) = (tells, value) {
            let heard = target.up(row.at_ms, value);
            self.hear(number, row.at_ms, &heard);
        }
    }

    /// Tells the objectives of a target what became of it.
    fn hear(&mut self, number: u32, at_ms: i64, heard: &Heard) {
        if heard.shifts.is_empty() {
            return;
        }
        let target = &mut self.targets[number as usize];
        for &book in &target.books {
            let Some(Some(book)) = self.books.get_mut(book as usize) else { continue };
            if book.members.until_ms(number).is_some_and(|until_ms| until_ms < at_ms) {
                heard.shifts.iter().for_each(|shift| book.presence.shift(*shift));
            }
            if heard.has_left {
                book.members.remove(number);
            }
        }
        if heard.has_left {
            target.books.clear();
        }
    }

    /// Until when a target was heard of, by the labels of one of its series.
    pub(super) fn heard_ms(&self, labels: &Labels) -> i64 {
        let number = self.target_keys.get(&key_of(labels));
        number.map_or(NEVER, |number| self.targets[*number as usize].up_ms)
    }

    /// Notes the time that has come: targets that are overdue, slices that have ended.
    pub(super) fn pass(&mut self, bodies: &dyn Bodies) {
        if self.newest_ms == NEVER {
            return;
        }
        let newest_ms = self.newest_ms;
        for number in 0..self.targets.len() as u32 {
            let heard = self.targets[number as usize].overdue(newest_ms);
            self.hear(number, newest_ms, &heard);
        }
        for number in &self.sliced {
            let Some(Some(Book { slicer: Some(slicer), log, members, newest_ms: seen_ms, .. })) =
                self.books.get_mut(*number as usize)
            else {
                continue;
            };
            // A failed scrape shows, too, that a slice has ended.
            let tried_ms = members.numbers().map(|number| self.targets[number as usize].up_ms).max();
            let until_ms = (*seen_ms).max(tried_ms.unwrap_or(NEVER)).max(newest_ms - super::target::LOOKBACK_MS);
            slicer.close(until_ms, log, bodies);
        }
    }

    /// Forgets series of targets that left long ago.
    pub(super) fn forget(&mut self) {
        let has_gone = |target: u32, targets: &[Target]| {
            let target = &targets[target as usize];
            target.books.is_empty() && target.up_ms != NEVER && target.up_ms < self.newest_ms - FORGET_AFTER_MS
        };
        let mut n_forgotten = 0;
        for book in self.books.iter_mut().flatten() {
            let n_before = book.follows.len();
            // Series without `up` are forgotten by their own age.
            let is_old = |follow: &Follow| {
                self.targets[follow.target as usize].up_ms == NEVER
                    && follow.newest_ms < self.newest_ms - FORGET_AFTER_MS
            };
            book.follows.retain(|follow| !has_gone(follow.target, &self.targets) && !is_old(follow));
            n_forgotten += n_before - book.follows.len();
        }
        if n_forgotten > 0 || self.target_keys.values().any(|number| has_gone(*number, &self.targets)) {
            let gone: Vec<bool> =
                (0..self.targets.len() as u32).map(|number| has_gone(number, &self.targets)).collect();
            self.renumber(&gone);
            self.reindex();
        }
    }

    /// Takes targets away.
    fn renumber(&mut self, gone: &[bool]) {
        let mut next = 0;
        let numbers: Vec<u32> = gone
            .iter()
            .map(|is_gone| {
                next += u32::from(!is_gone);
                next.wrapping_sub(1)
            })
            .collect();
        let mut at = 0;
        self.targets.retain(|_| {
            at += 1;
            !gone[at - 1]
        });
        self.target_keys.retain(|_, number| !gone[*number as usize]);
        self.target_keys.values_mut().for_each(|number| *number = numbers[*number as usize]);
        for book in self.books.iter_mut().flatten() {
            book.follows.iter_mut().for_each(|follow| follow.target = numbers[follow.target as usize]);
            book.members = book.members.iter().map(|(number, until_ms)| (numbers[number as usize], until_ms)).collect();
        }
    }

    /// Takes over a book that another tally counted, and what that one knows of targets.
    pub(super) fn adopt(&mut self, other: Tally) -> Vec<Book> {
        let mut numbers = vec![0; other.targets.len()];
        let mut heard_ms = vec![NEVER; other.targets.len()];
        let mut targets: Vec<Option<Target>> = other.targets.into_iter().map(Some).collect();
        for (key, number) in other.target_keys {
            let Some(theirs) = targets[number as usize].take() else { continue };
            let ours = self.target(key);
            numbers[number as usize] = ours;
            let until_ms = theirs.up_ms;
            let known = &mut self.targets[ours as usize];
            if known.up_ms == NEVER {
                *known = theirs;
            }
            heard_ms[number as usize] = until_ms;
        }
        self.newest_ms = self.newest_ms.max(other.newest_ms);
        let mut books: Vec<Book> = other.books.into_iter().flatten().collect();
        for book in &mut books {
            book.follows.iter_mut().for_each(|follow| follow.target = numbers[follow.target as usize]);
            let members = book.members.numbers().map(|number| (numbers[number as usize], heard_ms[number as usize]));
            book.members = members.collect();
        }
        books
    }
}
