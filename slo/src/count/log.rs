//! The increments of one objective in the order of their times, with sums, so that any span is two lookups.
//!
//! The newest stand as they are; those before them are chunks of bytes ([`super::group`]), of which each knows the sum of all
//! that came before. Old chunks lie on disk ([`Bodies`]); then only their heads are in memory. A late increment is put where it
//! belongs.

use super::bytes::{In, Out};
use super::chunk::{Bodies, Body, Chunk, HELD_LEN, Place};
use super::edges::{Ahead, Edge, Edges};
use super::events::{Events, Increment};
use super::group::{self, Found, GROUP_LEN};

/// So many of the newest increments are never packed: those of several targets come in any order.
const N_LOOSE: usize = 16;
/// Room for loose increments is made for so many at a time: of thousands of objectives each has some.
const LOOSE_STEP: usize = 16;
/// Chunks go to disk when they have so many increments together, so that memory holds no more than the newest hours,
const SHORT_LEN: u32 = HELD_LEN;
/// and those that lie there become one when they have so many, for each has a head in memory: six hours of them, 15 s apart.
const LONG_LEN: u32 = 1440;

/// All increments of an objective.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    chunks: Vec<Chunk>,
    /// When the last of their increments was.
    packed_ms: Option<i64>,
    /// In order of time, each time once.
    loose: Vec<Increment>,
    /// The sum of all increments before those.
    before: Events,
    /// The sum of the loose ones but the newest.
    but_newest: Events,
    edges: Edges,
}

fn sum(increments: &[Increment]) -> Events {
    increments.iter().fold(Events::default(), |sum, increment| sum + increment.events)
}

/// Makes room for another increment.
fn make_room(increments: &mut Vec<Increment>) {
    if increments.len() == increments.capacity() {
        increments.reserve_exact(LOOSE_STEP);
    }
}

/// Adds an increment to those of its time, or puts it in its place.
fn put(increments: &mut Vec<Increment>, increment: Increment) {
    let at = increments.partition_point(|other| other.at_ms < increment.at_ms);
    match increments.get_mut(at) {
        Some(other) if other.at_ms == increment.at_ms => other.events += increment.events,
        _ => {
            make_room(increments);
            increments.insert(at, increment);
        }
    }
}

impl Log {
    /// Adds events at a time.
    pub(super) fn add(&mut self, at_ms: i64, events: Events, bodies: &dyn Bodies) {
        let increment = Increment { at_ms, events };
        match self.packed_ms {
            Some(packed_ms) if at_ms <= packed_ms => self.add_to_chunk(increment, bodies),
            _ => self.add_loose(increment),
        }
        if self.loose.len() >= GROUP_LEN + N_LOOSE {
            self.pack();
        }
    }

    fn add_loose(&mut self, increment: Increment) {
        // Mostly it is the newest, or as new as the newest.
        match self.loose.last_mut() {
            Some(last) if last.at_ms > increment.at_ms => {
                put(&mut self.loose, increment);
                self.edges.forget_from(increment.at_ms);
                self.add_up();
            }
            Some(last) if last.at_ms == increment.at_ms => last.events += increment.events,
            last => {
                self.but_newest += last.map(|last| last.events).unwrap_or_default();
                make_room(&mut self.loose);
                self.loose.push(increment);
            }
        }
    }

    /// Other chunks stand before other loose increments now.
    fn note_packed(&mut self) {
        self.packed_ms = self.chunks.last().map(|last| last.last_ms);
        self.add_up();
    }

    /// Adds up the loose increments but the newest.
    fn add_up(&mut self) {
        self.but_newest = self.loose.split_last().map(|(_, others)| sum(others)).unwrap_or_default();
    }

    fn pack(&mut self) {
        let packed: Vec<Increment> = self.loose.drain(..GROUP_LEN).collect();
        if !self.chunks.last_mut().is_some_and(|last| last.take(&packed)) {
            self.chunks.extend(Chunk::of(&packed, self.before));
        }
        self.before += sum(&packed);
        // Edges among them lie in a chunk now.
        self.edges.forget_from(self.packed_ms.unwrap_or(i64::MIN));
        self.note_packed();
    }

    fn add_to_chunk(&mut self, increment: Increment, bodies: &dyn Bodies) {
        let at = self.chunks.partition_point(|chunk| chunk.last_ms < increment.at_ms);
        let first_ms = self.chunks[at].first_ms;
        let mut increments = self.chunks[at].increments(self.after(at), bodies);
        put(&mut increments, increment);
        if let Some(chunk) = Chunk::of(&increments, self.chunks[at].before) {
            self.chunks[at] = chunk;
        }
        self.chunks[at + 1..].iter_mut().for_each(|chunk| chunk.before += increment.events);
        self.before += increment.events;
        // The chunk has other bytes now; what lies before it has not changed.
        self.edges.forget_from(first_ms.min(increment.at_ms));
    }

    /// The sum of all increments up to the end of a chunk.
    fn after(&self, chunk: usize) -> Events {
        self.chunks.get(chunk + 1).map_or(self.before, |next| next.before)
    }

    /// The sum of all increments up to a time, that time included.
    pub(super) fn upto(&self, at_ms: i64, bodies: &dyn Bodies) -> Events {
        match self.loose.last() {
            Some(newest) if newest.at_ms <= at_ms => self.before + (self.but_newest + newest.events),
            None if self.packed_ms.is_none_or(|packed_ms| packed_ms <= at_ms) => self.before,
            _ => self.edges.upto(at_ms, self, bodies),
        }
    }

    /// The sum of all increments up to a time behind which there are some; and where that is, if it could be read.
    pub(super) fn find(&self, at_ms: i64, bodies: &dyn Bodies) -> (Events, Option<Edge>) {
        let edge = |last_ms: Option<i64>, to_ms: i64, sum, ahead| {
            (sum, Some(Edge { from_ms: last_ms.unwrap_or(i64::MIN), to_ms, sum, ahead }))
        };
        let n_begun = self.chunks.partition_point(|chunk| chunk.first_ms <= at_ms);
        let last = self.chunks[..n_begun].last();
        if let Some(next) = self.chunks.get(n_begun)
            && last.is_none_or(|last| last.last_ms <= at_ms)
        {
            return edge(last.map(|last| last.last_ms), next.first_ms, next.before, Ahead::Unknown);
        }
        match last {
            Some(chunk) if chunk.last_ms > at_ms => {
                let Some(bytes) = chunk.bytes(bodies) else { return (chunk.before, None) };
                let Some(Found { sum, last_ms, next_ms, ahead }) = group::find(&bytes, at_ms) else {
                    return (chunk.before, None);
                };
                let ahead = ahead.filter(|_| group::is_whole(chunk.before)).map_or(Ahead::Unknown, |ahead| {
                    let group::Ahead { bytes: range, n_left, is_first } = ahead;
                    match &chunk.body {
                        Body::Held(_) => {
                            Ahead::Held { chunk: n_begun as u32 - 1, at: range.start as u32, n_left, is_first }
                        }
                        Body::Stored(_) => Ahead::Stored { bytes: bytes[range].into(), at: 0, n_left, is_first },
                    }
                });
                let sum = chunk.before + sum;
                next_ms.map_or((sum, None), |next_ms| edge(last_ms, next_ms, sum, ahead))
            }
            _ => {
                let (passed, to_come) =
                    self.loose.split_at(self.loose.partition_point(|increment| increment.at_ms <= at_ms));
                let (inside, last_ms) = (sum(passed), passed.last().map(|last| last.at_ms).or(self.packed_ms));
                let are_whole = group::is_whole(self.before) && passed.iter().all(|each| group::is_whole(each.events));
                let ahead = if are_whole { Ahead::Loose(passed.len() as u32) } else { Ahead::Unknown };
                let sum = self.before + inside;
                to_come.first().map_or((sum, None), |next| edge(last_ms, next.at_ms, sum, ahead))
            }
        }
    }

    /// A loose increment.
    pub(super) fn loose(&self, number: u32) -> Option<&Increment> {
        self.loose.get(number as usize)
    }

    /// The bytes of a chunk in memory.
    pub(super) fn held(&self, chunk: u32) -> Option<&[u8]> {
        match &self.chunks.get(chunk as usize)?.body {
            Body::Held(bytes) => Some(bytes),
            Body::Stored(_) => None,
        }
    }

    /// The increments in a span, in order.
    pub(super) fn span(&self, from_ms: i64, to_ms: i64, bodies: &dyn Bodies) -> Vec<Increment> {
        let mut increments = Vec::new();
        for (at, chunk) in self.chunks.iter().enumerate() {
            if chunk.last_ms > from_ms && chunk.first_ms <= to_ms {
                increments.extend(chunk.increments(self.after(at), bodies));
            }
        }
        increments.extend_from_slice(&self.loose);
        increments.retain(|increment| increment.at_ms > from_ms && increment.at_ms <= to_ms);
        increments
    }

    /// Forgets everything behind a time, which itself stays.
    pub(super) fn cut(&mut self, at_ms: i64, bodies: &dyn Bodies) {
        let n_begun = self.chunks.partition_point(|chunk| chunk.first_ms <= at_ms);
        self.loose.retain(|increment| increment.at_ms <= at_ms);
        if n_begun < self.chunks.len() {
            self.before = self.chunks[n_begun].before;
            self.chunks.truncate(n_begun);
            self.loose.clear();
        }
        if self.chunks.last().is_some_and(|chunk| chunk.last_ms > at_ms) {
            let after = self.before;
            let Some(chunk) = self.chunks.pop() else { return };
            self.before = chunk.before;
            self.loose = chunk.increments(after, bodies);
            self.loose.retain(|increment| increment.at_ms <= at_ms);
        }
        self.note_packed();
        self.edges.forget();
        while self.loose.len() >= GROUP_LEN + N_LOOSE {
            self.pack();
        }
    }

    /// Forgets the chunks that ended before a time. What they added up to stays known.
    pub(super) fn forget_before(&mut self, at_ms: i64) {
        let n_forgotten = self.chunks.partition_point(|chunk| chunk.last_ms < at_ms);
        if n_forgotten > 0 {
            self.chunks.drain(..n_forgotten);
            self.note_packed();
            self.edges.forget();
        }
    }

    /// Joins chunks to longer ones and puts them on disk with `store`, as long as it takes them; those that reach behind
    /// `until_ms` stay, because late samples may still change them.
    pub(super) fn store(&mut self, until_ms: i64, bodies: &dyn Bodies, store: &mut dyn FnMut(&[u8]) -> Option<Place>) {
        let is_old = |chunk: &Chunk| !chunk.is_stored() && chunk.last_ms <= until_ms;
        let n_on_disk = self.n_on_disk();
        // A late sample has brought some back.
        for at in 0..n_on_disk {
            if is_old(&self.chunks[at]) && !self.join(at, 1, bodies, store) {
                return;
            }
        }
        let mut at = n_on_disk;
        for least in [LONG_LEN, SHORT_LEN] {
            while let Some(n_joined) = self.n_together(at, least, is_old) {
                if !self.join(at, n_joined, bodies, store) {
                    return;
                }
                at += 1;
            }
        }
        self.join_stored(bodies, store);
    }

    /// Makes long chunks of short ones that are on disk, those that have become coarser among them.
    fn join_stored(&mut self, bodies: &dyn Bodies, store: &mut dyn FnMut(&[u8]) -> Option<Place>) {
        let is_short = |chunk: &Chunk| chunk.is_stored() && chunk.n_increments < LONG_LEN;
        let mut at = 0;
        while at < self.chunks.len() {
            match self.n_together(at, LONG_LEN, is_short) {
                Some(n_joined) if self.join(at, n_joined, bodies, store) => at += 1,
                Some(n_joined) => at += n_joined,
                None => at += self.chunks[at..].iter().take_while(|chunk| is_short(chunk)).count().max(1),
            }
        }
    }

    /// How many chunks there are up to the last that is on disk.
    fn n_on_disk(&self) -> usize {
        self.chunks.iter().rposition(Chunk::is_stored).map_or(0, |last| last + 1)
    }

    /// How many chunks from one on have so many increments together, if they may all be taken.
    fn n_together(&self, from: usize, least: u32, may_be_taken: impl Fn(&Chunk) -> bool) -> Option<usize> {
        let mut n_increments = 0;
        let last = self.chunks[from..].iter().take_while(|chunk| may_be_taken(chunk)).position(|chunk| {
            n_increments += chunk.n_increments;
            n_increments >= least
        });
        last.map(|last| last + 1)
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.chunks.shrink_to_fit();
    }

    fn join(
        &mut self,
        at: usize,
        n_joined: usize,
        bodies: &dyn Bodies,
        store: &mut dyn FnMut(&[u8]) -> Option<Place>,
    ) -> bool {
        let joined = &self.chunks[at..at + n_joined];
        let (Some(first), Some(last)) = (joined.first(), joined.last()) else { return false };
        let mut bytes = Vec::new();
        for chunk in joined {
            let Some(of_chunk) = chunk.bytes(bodies) else { return false };
            bytes.extend_from_slice(&of_chunk);
        }
        let Some(place) = store(&bytes) else { return false };
        let n_increments = joined.iter().map(|chunk| chunk.n_increments).sum();
        let (first_ms, last_ms, before) = (first.first_ms, last.last_ms, first.before);
        let chunk = Chunk { first_ms, last_ms, before, n_increments, body: Body::Stored(place) };
        self.chunks.splice(at..at + n_joined, [chunk]);
        self.edges.forget();
        true
    }

    /// Adds up the increments of each `step_ms` in chunks that ended before a time. Answers whether there was anything to do.
    pub(super) fn coarsen(
        &mut self,
        until_ms: i64,
        step_ms: i64,
        bodies: &dyn Bodies,
        store: &mut dyn FnMut(&[u8]) -> Option<Place>,
    ) -> bool {
        let is_due = |chunk: &Chunk| {
            chunk.last_ms <= until_ms && i64::from(chunk.n_increments) > 2 + (chunk.last_ms - chunk.first_ms) / step_ms
        };
        let Some(first) = self.chunks.iter().position(is_due) else { return false };
        let mut coarse: Vec<Increment> = Vec::new();
        let mut behind = first;
        // Coarse chunks become as long as others.
        while behind < self.chunks.len() && is_due(&self.chunks[behind]) && coarse.len() < LONG_LEN as usize {
            for increment in self.chunks[behind].increments(self.after(behind), bodies) {
                let at_ms = increment.at_ms.saturating_add(step_ms - 1).div_euclid(step_ms) * step_ms;
                // No increment may move beyond its chunk.
                let at_ms = at_ms.min(self.chunks[behind].last_ms);
                put_last(&mut coarse, Increment { at_ms, ..increment });
            }
            behind += 1;
        }
        let Some(mut chunk) = Chunk::of(&coarse, self.chunks[first].before) else { return false };
        if let Body::Held(bytes) = &chunk.body {
            let Some(place) = store(bytes) else { return false };
            chunk.body = Body::Stored(place);
        }
        self.chunks.splice(first..behind, [chunk]);
        self.edges.forget();
        true
    }

    /// Where the stored chunks lie, to be put elsewhere.
    pub(super) fn places_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        self.chunks.iter_mut().filter_map(|chunk| match &mut chunk.body {
            Body::Stored(place) => Some(place),
            Body::Held(_) => None,
        })
    }

    /// The memory that it takes, in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        let held = |chunk: &Chunk| match &chunk.body {
            Body::Held(bytes) => bytes.len(),
            Body::Stored(_) => 0,
        };
        self.chunks.iter().map(held).sum::<usize>()
            + self.chunks.capacity() * size_of::<Chunk>()
            + self.loose.capacity() * size_of::<Increment>()
            + self.edges.n_bytes()
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.u64(self.chunks.len() as u64);
        self.chunks.iter().for_each(|chunk| chunk.write(out));
        self.before.write(out);
        out.bytes(&group::encode(&self.loose));
    }

    pub(super) fn read(input: &mut In<'_>) -> Option<Log> {
        let n_chunks = input.count()?;
        let chunks: Option<Vec<Chunk>> = (0..n_chunks).map(|_| Chunk::read(input)).collect();
        let (chunks, before) = (chunks?, Events::read(input)?);
        let mut log = Log { chunks, before, loose: group::decode(input.bytes()?)?, ..Log::default() };
        log.note_packed();
        Some(log)
    }
}

/// Adds an increment that is not before the last.
fn put_last(increments: &mut Vec<Increment>, increment: Increment) {
    match increments.last_mut() {
        Some(last) if last.at_ms == increment.at_ms => last.events += increment.events,
        _ => increments.push(increment),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Bytes in memory, by offset.
    #[derive(Debug, Default)]
    struct Kept(RefCell<Vec<Vec<u8>>>);

    impl Bodies for Kept {
        fn body(&self, place: Place) -> Option<Vec<u8>> {
            self.0.borrow().get(usize::try_from(place.offset).ok()?).cloned()
        }
    }

    impl Kept {
        fn keep(&self, bytes: &[u8]) -> Option<Place> {
            self.0.borrow_mut().push(bytes.to_vec());
            let offset = self.0.borrow().len() as u64 - 1;
            Some(Place { segment: (1, 2), offset, n_bytes: bytes.len() as u32, crc: 0 })
        }
    }

    fn events(total: u8) -> Events {
        Events { bad: f64::from(total % 3), total: f64::from(total) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// In whatever order increments come, and whatever is packed, stored, cut and read back, sums are those of a plain list.
        #[test]
        fn sums_are_those_of_a_list(
            steps in prop::collection::vec((0u8..20, 0i64..40, any::<u8>()), 1..1500),
            asked in prop::collection::vec(-5i64..60_000, 20),
        ) {
            let (kept, mut log, mut list) = (Kept::default(), Log::default(), BTreeMap::<i64, Events>::new());
            let upto = |list: &BTreeMap<i64, Events>, at_ms: i64| {
                list.range(..=at_ms).fold(Events::default(), |sum, (_, events)| sum + *events)
            };
            let mut now_ms = 0;
            for (kind, step, total) in steps {
                now_ms += step;
                match kind {
                    0 => {
                        log.store(now_ms - i64::from(total) * 30, &kept, &mut |bytes| kept.keep(bytes));
                    }
                    1 if total < 20 => {
                        log.cut(now_ms - 1000, &kept);
                        list.retain(|&at_ms, _| at_ms <= now_ms - 1000);
                    }
                    2 => {
                        let mut out = Out::default();
                        log.write(&mut out);
                        log = Log::read(&mut In(&out.0)).unwrap();
                    }
                    3 => {
                        let late_ms = now_ms - i64::from(total) * 40;
                        log.add(late_ms, events(total), &kept);
                        *list.entry(late_ms).or_default() += events(total);
                    }
                    4 => {
                        log.forget_before(now_ms - 12_000);
                        log.shrink();
                    }
                    _ => {
                        for _ in 0..total % 8 {
                            now_ms += 1;
                            log.add(now_ms, events(total), &kept);
                            *list.entry(now_ms).or_default() += events(total);
                        }
                    }
                }
                if kind % 4 == 0 {
                    // Windows that move on, and one that goes back now and then.
                    for at_ms in [300, 1000, 4000, 10_000, i64::from(total) * 40].map(|length_ms| now_ms - length_ms) {
                        prop_assert_eq!(log.upto(at_ms, &kept), upto(&list, at_ms), "{} of {}", at_ms, now_ms);
                    }
                }
            }
            for at_ms in asked.into_iter().filter(|at_ms| *at_ms > now_ms - 11_000) {
                prop_assert_eq!(log.upto(at_ms, &kept), upto(&list, at_ms));
            }
            let newer = list.range(now_ms - 11_000..);
            let newer: Vec<_> = newer.map(|(&at_ms, &events)| Increment { at_ms, events }).collect();
            prop_assert_eq!(log.span(now_ms - 11_001, i64::MAX, &kept), newer);
        }
    }

    #[test]
    fn old_chunks_go_to_disk_and_become_coarser_and_sums_stay() {
        let (kept, mut log) = (Kept::default(), Log::default());
        for at in 1..=20_000 {
            log.add(at * 15_000, Events { bad: 1.0, total: 3.0 }, &kept);
        }
        let end_ms = 20_000 * 15_000;
        log.store(end_ms, &kept, &mut |bytes| kept.keep(bytes));
        log.shrink();
        let n_bytes = log.n_bytes();
        assert!(n_bytes < 16 << 10, "{n_bytes}");
        let check = |log: &Log, at_ms: i64, n: f64| {
            assert_eq!(log.upto(at_ms, &kept), Events { bad: n, total: 3.0 * n }, "{at_ms}");
        };
        check(&log, 307_000, 20.0);
        while log.coarsen(end_ms / 2, 300_000, &kept, &mut |bytes| kept.keep(bytes)) {}
        // What stood behind the edge has moved.
        check(&log, 330_000, 20.0);
        for at in [300_000, 600_000, end_ms / 2 + 15_000, end_ms] {
            check(&log, at, (at / 15_000) as f64);
        }
    }

    #[test]
    fn memory_holds_the_newest_and_heads_of_long_chunks() {
        let (kept, mut log) = (Kept::default(), Log::default());
        let n = |held: bool, log: &Log| -> u32 {
            let its = log.chunks.iter().filter(|chunk| chunk.is_stored() != held);
            its.map(|chunk| chunk.n_increments).sum()
        };
        for at in 1..=10_000 {
            log.add(at, Events { bad: 0.0, total: 1.0 }, &kept);
            if at % 10 == 0 {
                log.store(at - 100, &kept, &mut |bytes| kept.keep(bytes));
                assert!(n(true, &log) <= 100 + 2 * SHORT_LEN, "{at}: {} held", n(true, &log));
                let most = at as u32 / LONG_LEN + LONG_LEN / SHORT_LEN + 4;
                assert!(log.chunks.len() as u32 <= most, "{at}: {} chunks", log.chunks.len());
                assert_eq!((n(false, &log) + n(true, &log)) as usize + log.loose.len(), at as usize);
            }
            if at % 1000 == 0 {
                // One that comes late brings its chunk back, for a while.
                log.add(at - 700, Events { bad: 1.0, total: 0.0 }, &kept);
                assert_eq!(log.upto(at - 700, &kept), Events { bad: at as f64 / 1000.0, total: (at - 700) as f64 });
            }
        }
        assert_eq!(log.upto(10_000, &kept), Events { bad: 10.0, total: 10_000.0 });
    }

    #[test]
    fn what_becomes_coarser_day_by_day_has_few_heads() {
        const DAY_MS: i64 = 86_400_000;
        let (kept, mut log) = (Kept::default(), Log::default());
        for day in 1..=100 {
            for at in 1..=5760 {
                log.add((day - 1) * DAY_MS + at * 15_000, Events { bad: 0.0, total: 1.0 }, &kept);
            }
            let now_ms = day * DAY_MS;
            log.store(now_ms - 3_600_000, &kept, &mut |bytes| kept.keep(bytes));
            while log.coarsen(now_ms - 2 * DAY_MS, 300_000, &kept, &mut |bytes| kept.keep(bytes)) {}
            while log.coarsen(now_ms - 30 * DAY_MS, 3_600_000, &kept, &mut |bytes| kept.keep(bytes)) {}
            assert!(log.chunks.len() < 80, "{day}: {}", log.chunks.len());
        }
        for hours in [1, 24 * 40 + 7, 24 * 69, 24 * 80 + 3, 24 * 99 + 5, 2400] {
            assert_eq!(log.upto(hours * 3_600_000, &kept).total, (hours * 240) as f64, "{hours}");
        }
    }

    #[test]
    fn damage_costs_the_chunk_its_times_and_no_event() {
        #[derive(Debug)]
        struct Damaged;
        impl Bodies for Damaged {
            fn body(&self, _: Place) -> Option<Vec<u8>> {
                None
            }
        }
        let (kept, mut log) = (Kept::default(), Log::default());
        for at in 1..=2000 {
            log.add(at, Events { bad: 0.0, total: 1.0 }, &kept);
        }
        log.store(2000, &kept, &mut |bytes| kept.keep(bytes));
        assert_eq!(log.upto(2000, &Damaged).total, 2000.0);
        assert_eq!(log.upto(1536, &Damaged).total, 1536.0);
        assert_eq!(log.upto(100, &Damaged).total, 0.0);
    }
}
