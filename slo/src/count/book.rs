//! All that is counted for one objective, and the series that it is counted from.

use std::hash::BuildHasher;

use model::{Histogram, Labels};
use rustc_hash::FxBuildHasher;
use smallvec::{SmallVec, smallvec};

use super::bytes::{In, Out};
use super::chunk::Bodies;
use super::events::{Events, Increment};
use super::log::Log;
use super::members::Members;
use super::presence::{Presence, Shift};
use super::roles::Roles;
use super::rule::{self, Reached};
use super::slicer::Slicer;
use super::source::{self, Role, Source};
use super::target::{Before, NEVER, Target};
use super::uncounted::Uncounted;
use crate::history::UncountedFirstValue;
use crate::spec::{Budgeting, NoData, Objective};

/// An objective's raw increments are shown apart by series while this is asked for.
type BySeries = Vec<(u32, Increment)>;

/// The counts of one objective.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) id: String,
    pub(super) source: Source,
    pub(super) budgeting: Budgeting,
    pub(super) no_data: NoData,
    /// Of its words: most books that count something else are told apart by that.
    pub(super) hash_of_words: u64,
    pub(super) follows: Vec<Follow>,
    pub(super) log: Log,
    pub(super) presence: Presence,
    /// The targets that are counted on.
    pub(super) members: Members,
    pub(super) uncounted: Uncounted,
    pub(super) slicer: Option<Box<Slicer>>,
    /// The first and the newest sample.
    pub(super) began_ms: i64,
    pub(super) newest_ms: i64,
    /// Late samples were seen from here on: what is behind is to be counted anew.
    pub(super) late_ms: Option<i64>,
    /// What is sampled was sampled up to here.
    pub(super) sampled_ms: i64,
    pub(super) by_series: Option<BySeries>,
}

/// A series that an objective counts.
#[derive(Clone, Debug)]
pub(super) struct Follow {
    pub(super) labels: Labels,
    pub(super) roles: Roles,
    /// The last value that each role has read.
    lasts: SmallVec<[f64; 1]>,
    pub(super) target: u32,
    /// Its first and its newest sample; [`NEVER`] before there is one.
    pub(super) first_ms: i64,
    pub(super) newest_ms: i64,
}

/// A sample's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading<'a> {
    Float(f64),
    Histogram(&'a Histogram),
}

/// A sample of a series that is followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) at_ms: i64,
    /// Since when it counts; 0 where that is not known.
    pub(super) start_ms: i64,
    pub(super) value: Reading<'a>,
}

impl Seen<'_> {
    /// What a role reads of it; `None` where that is no number.
    fn read(&self, role: Role) -> Option<f64> {
        match (self.value, role) {
            (Reading::Float(value), Role::Gauge(_)) => Some(value),
            (Reading::Float(value), Role::Counter { reading: crate::spec::Reading::Value, .. }) => {
                (!value.is_nan()).then_some(value)
            }
            (Reading::Float(_), Role::Counter { .. }) | (Reading::Histogram(_), Role::Gauge(_)) => None,
            (Reading::Histogram(histogram), Role::Counter { reading, .. }) => {
                let value = source::read(reading, histogram);
                (!value.is_nan()).then_some(value)
            }
        }
    }

    fn is_stale(&self) -> bool {
        match self.value {
            Reading::Float(value) => model::sample::is_stale(value),
            Reading::Histogram(histogram) => histogram.is_stale(),
        }
    }
}

impl Book {
    /// An empty one.
    pub(super) fn new(objective: &Objective) -> Book {
        let source = Source::of(objective);
        let no_data = objective.options.no_data;
        let mut book = Book {
            id: objective.id.clone(),
            source,
            budgeting: objective.budgeting,
            no_data,
            hash_of_words: 0,
            follows: Vec::new(),
            log: Log::default(),
            presence: Presence::default(),
            members: Members::default(),
            uncounted: Uncounted::default(),
            slicer: Slicer::of(objective.budgeting, no_data).map(Box::new),
            began_ms: NEVER,
            newest_ms: NEVER,
            late_ms: None,
            sampled_ms: NEVER,
            by_series: None,
        };
        book.hash_of_words = FxBuildHasher.hash_one(book.words());
        book
    }

    /// What is counted, in words: a book of other words is another book. They are as long as all else that is kept of a book, and
    /// are made when somebody asks.
    fn words(&self) -> String {
        format!("{}{:?} {:?}", self.source.in_words(), self.budgeting, self.no_data)
    }

    /// Whether the same is counted in another.
    pub(super) fn counts_same(&self, other: &Book) -> bool {
        self.hash_of_words == other.hash_of_words && self.words() == other.words()
    }

    /// What tells it from all others: its id and its words.
    pub(super) fn key(&self) -> (String, String) {
        (self.id.clone(), self.words())
    }

    /// Takes a sample of a series. Answers whether the series' target is to be counted on from now on.
    pub(super) fn take(
        &mut self,
        follow: u32,
        seen: Seen<'_>,
        target: &Target,
        interval_ms: i64,
        bodies: &dyn Bodies,
    ) -> bool {
        let Some(of_series) = self.follows.get_mut(follow as usize) else { return false };
        if seen.is_stale() {
            return false;
        }
        if seen.at_ms <= of_series.newest_ms {
            if seen.at_ms < of_series.newest_ms {
                self.note_late(seen.at_ms);
            }
            return false;
        }
        let is_first = of_series.first_ms == NEVER;
        let mut events = Events::default();
        let mut uncounted = None;
        let mut is_read = false;
        for (role, last) in of_series.roles.iter().zip(&mut of_series.lasts) {
            let Some(value) = seen.read(*role) else { continue };
            is_read = true;
            let now = Reached { at_ms: seen.at_ms, value, start_ms: seen.start_ms };
            match *role {
                Role::Gauge(judge) => events += judge.event(value),
                Role::Counter { weight, .. } if is_first => match rule::first(now, target, interval_ms) {
                    Some(grown) => events += weight * grown,
                    None => uncounted = Some(value),
                },
                Role::Counter { weight, .. } => {
                    events += weight * rule::next((of_series.newest_ms, *last), now, target);
                }
            }
            *last = value;
        }
        if !is_read {
            return false;
        }
        if is_first {
            of_series.first_ms = seen.at_ms;
        }
        of_series.newest_ms = seen.at_ms;
        let (labels, target_number) = (&of_series.labels, of_series.target);
        // A first value of nothing is known whatever it began with.
        if let Some(value) = uncounted.filter(|value| *value != 0.0) {
            let first = UncountedFirstValue { series: labels.clone(), timestamp_ms: seen.at_ms, value };
            self.uncounted.note(first);
        }
        if is_first && target.success_before(seen.at_ms) == Before::Forgotten {
            self.note_late(seen.at_ms);
        }
        if let Some(by_series) = self.by_series.as_mut().filter(|_| !events.is_none()) {
            by_series.push((follow, Increment { at_ms: seen.at_ms, events }));
        }
        self.note_time(seen.at_ms);
        self.add(seen.at_ms, events, bodies);
        self.members.until_ms(target_number).is_none()
    }

    pub(super) fn note_time(&mut self, at_ms: i64) {
        self.newest_ms = self.newest_ms.max(at_ms);
        self.began_ms = if self.began_ms == NEVER { at_ms } else { self.began_ms.min(at_ms) };
    }

    /// Adds events.
    pub(super) fn add(&mut self, at_ms: i64, events: Events, bodies: &dyn Bodies) {
        if events.is_none() {
            return;
        }
        match &mut self.slicer {
            None => self.log.add(at_ms, events, bodies),
            Some(slicer) => {
                if !slicer.take(at_ms, events, &mut self.log, bodies) {
                    self.note_late(at_ms);
                }
            }
        }
    }

    fn note_late(&mut self, at_ms: i64) {
        self.late_ms = Some(self.late_ms.map_or(at_ms, |late_ms| late_ms.min(at_ms)));
    }

    /// Counts on a target from now on.
    pub(super) fn join(&mut self, number: u32, target: &Target, at_ms: i64) {
        self.members.insert(number, NEVER);
        self.presence.shift(Shift { at_ms, expected: 1, measured: i64::from(target.is_measured()) });
    }

    /// The newest scrape of its targets.
    pub(super) fn newest_scrape_ms(&self, targets: &[Target]) -> Option<i64> {
        let scrapes = self.members.numbers().filter_map(|target| targets.get(target as usize)?.newest_ms());
        scrapes.chain((self.newest_ms != NEVER).then_some(self.newest_ms)).max()
    }

    /// The longest time between scrapes of its targets; 0 where that is not known.
    pub(super) fn interval_ms(&self, targets: &[Target], otherwise_ms: i64) -> i64 {
        let of_target = |target: u32| targets.get(target as usize).map(|target| target.interval_ms(otherwise_ms));
        self.members.numbers().filter_map(of_target).max().unwrap_or(otherwise_ms)
    }

    /// Puts what another has counted of the same behind a time in place of what it has itself.
    pub(super) fn replace_behind(&mut self, from_ms: i64, other: &Book, bodies: &dyn Bodies) {
        self.log.cut(from_ms, bodies);
        for increment in other.log.span(from_ms, i64::MAX, bodies) {
            self.log.add(increment.at_ms, increment.events, bodies);
        }
        self.uncounted.replace_behind(from_ms, &other.uncounted);
        if other.began_ms != NEVER {
            self.note_time(other.began_ms);
        }
        if let (Some(slicer), Some(other)) = (&mut self.slicer, &other.slicer) {
            slicer.follow(Slicer::clone(other));
        }
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.text(&self.id);
        out.text(&self.words());
        out.u64(self.follows.len() as u64);
        for follow in &self.follows {
            follow.write(out);
        }
        self.log.write(out);
        self.presence.write(out);
        out.u64(self.members.len() as u64);
        for (target, until_ms) in self.members.iter() {
            out.u64(target.into());
            out.i64(until_ms);
        }
        self.uncounted.write(out);
        for time_ms in [self.began_ms, self.newest_ms, self.sampled_ms] {
            out.i64(time_ms);
        }
        if let Some(slicer) = &self.slicer {
            slicer.write(out);
        }
        self.uncounted.write_left_out(out);
    }

    /// Reads what was counted into an empty book that counts the same; the id and the words have been read already.
    pub(super) fn read(&mut self, input: &mut In<'_>) -> Option<()> {
        for _ in 0..input.count()? {
            let follow = self.read_follow(input)?;
            self.follows.push(follow);
        }
        self.log = Log::read(input)?;
        self.presence = Presence::read(input)?;
        for _ in 0..input.count()? {
            self.members.insert(u32::try_from(input.u64()?).ok()?, input.i64()?);
        }
        self.uncounted.read(input)?;
        (self.began_ms, self.newest_ms, self.sampled_ms) = (input.i64()?, input.i64()?, input.i64()?);
        if let Some(slicer) = &mut self.slicer {
            slicer.read(input)?;
        }
        self.uncounted.read_left_out(input)
    }

    fn read_follow(&self, input: &mut In<'_>) -> Option<Follow> {
        let follow = Follow::read(input)?;
        let roles = self.source.roles_of(&follow.labels);
        (roles.len() == follow.lasts.len()).then(|| Follow { roles: roles.into(), ..follow })
    }

    /// Gives back memory that is not needed.
    pub(super) fn shrink(&mut self) {
        self.log.shrink();
        self.follows.shrink_to_fit();
    }

    /// The memory that it takes beside its series, in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        size_of::<Book>()
            + self.id.len()
            + self.log.n_bytes()
            + self.presence.n_bytes()
            + self.members.n_bytes()
            + self.slicer.as_ref().map_or(0, |_| size_of::<Slicer>())
            + self.follows.capacity() * size_of::<Follow>()
            + self.follows.iter().map(|follow| heap_of(&follow.lasts)).sum::<usize>()
    }
}

fn heap_of(lasts: &SmallVec<[f64; 1]>) -> usize {
    if lasts.spilled() { lasts.capacity() * size_of::<f64>() } else { 0 }
}

impl Follow {
    pub(super) fn new(labels: &Labels, roles: Roles, target: u32) -> Follow {
        let lasts = smallvec![0.0; roles.len()];
        Follow { labels: labels.clone(), roles, lasts, target, first_ms: NEVER, newest_ms: NEVER }
    }

    /// One that was written, without its roles.
    fn read(input: &mut In<'_>) -> Option<Follow> {
        let labels = input.labels()?;
        let target = u32::try_from(input.u64()?).ok()?;
        let (first_ms, newest_ms) = (input.i64()?, input.i64()?);
        let n_roles = input.count()?;
        let lasts = (0..n_roles).map(|_| input.f64()).collect::<Option<_>>()?;
        Some(Follow { labels, roles: Roles::default(), lasts, target, first_ms, newest_ms })
    }

    fn write(&self, out: &mut Out) {
        out.labels(&self.labels);
        out.u64(self.target.into());
        out.i64(self.first_ms);
        out.i64(self.newest_ms);
        out.u64(self.lasts.len() as u64);
        self.lasts.iter().for_each(|last| out.f64(*last));
    }
}

/// The log of a written book, and what stands before and behind it. Its id and its words have been read already.
pub(super) fn log_within(bytes: &[u8]) -> Option<(&[u8], Log, &[u8])> {
    let mut input = In(bytes);
    for _ in 0..input.count()? {
        Follow::read(&mut input)?;
    }
    let before = &bytes[..bytes.len() - input.0.len()];
    let log = Log::read(&mut input)?;
    Some((before, log, input.0))
}

impl Source {
    /// What a series adds; empty where it is none of the terms'. Readings that are the same are one.
    pub(super) fn roles_of(&self, labels: &Labels) -> Vec<Role> {
        let mut roles = Vec::new();
        for term in &self.terms {
            if !term.matchers.iter().all(|matcher| matcher.matches_labels(labels)) {
                continue;
            }
            let same = roles.iter_mut().find_map(|role| match (role, term.role) {
                (Role::Counter { reading, weight }, Role::Counter { reading: other, weight: more }) => {
                    (*reading == other).then_some((weight, more))
                }
                _ => None,
            });
            match same {
                Some((weight, more)) => *weight += more,
                None => roles.push(term.role),
            }
        }
        roles
    }
}
