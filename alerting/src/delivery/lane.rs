//! What waits for one integration, and what of it goes next. Knows no tasks and no clock: times are arguments, counted from
//! some instant of the process.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::Rng;

use super::backoff::Backoff;
use super::breaker::Breaker;
use super::bucket::{Bucket, Rate};
use super::merge;
use crate::receivers::SendFailure;
use crate::{Notification, Report};

/// A receiver may ask to be left alone for so long at most. (Limit `notification_retry_after`.)
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// What has never been tried is tried so long before its deadline at the latest.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// A notification that has been taken over.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) notification: Arc<Notification>,
    pub(super) report: Arc<dyn Report>,
    /// Nothing is begun after this.
    pub(super) deadline: Duration,
    /// What it takes in memory, about.
    pub(super) n_bytes: usize,
    /// Nothing is begun before this.
    pub(super) ready_at: Duration,
    pub(super) backoff: Backoff,
    pub(super) last_failure: Option<SendFailure>,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Step {
    /// To send these, which share one message.
    Send(Vec<Item>),
    /// To give this one up: its time is over.
    Expire(Item),
    /// To do nothing before then.
    Wait(Duration),
    /// Nothing.
    Idle,
}

/// The notifications of one integration, in the order in which they came.
#[derive(Debug)]
pub(super) struct Lane {
    waiting: VecDeque<Item>,
    bucket: Option<Bucket>,
    breaker: Breaker,
    /// Why the last attempt failed, until one succeeds.
    last_reason: Option<String>,
}

impl Lane {
    pub(super) fn new(kind: &str, now: Duration) -> Lane {
        let bucket = Rate::of(kind).map(|rate| Bucket::new(rate, now));
        Lane { waiting: VecDeque::new(), bucket, breaker: Breaker::default(), last_reason: None }
    }

    pub(super) fn push(&mut self, item: Item) {
        self.waiting.push_back(item);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the receiver counts as dead.
    pub(super) fn is_broken(&self) -> bool {
        self.breaker.is_open()
    }

    /// What goes next: the first whose time has come. A group's second notification waits for its first one; other groups
    /// do not wait for one that is tried again.
    pub(super) fn step(&mut self, now: Duration) -> Step {
        if let Some(place) = self.waiting.iter().position(|item| item.deadline <= now) {
            return self.waiting.remove(place).map_or(Step::Idle, Step::Expire);
        }
        let bucket = self.bucket.as_mut();
        let gate = self.breaker.quiet_until().max(bucket.map_or(Duration::ZERO, |bucket| bucket.ready_at(now)));
        // What has never been tried is tried before its time is over, however dead the receiver is.
        let last_chance = |item: &Item| item.last_failure.is_none().then(|| item.deadline.saturating_sub(LAST_CHANCE));
        let probe = |item: &Item| last_chance(item).unwrap_or(Duration::MAX).min(self.breaker.ready_at());
        let ready = |item: &Item| item.ready_at.max(gate).max(probe(item));
        let heads = self.heads();
        let Some(first) = heads.iter().copied().find(|&place| ready(&self.waiting[place]) <= now) else {
            let next_ready = heads.iter().map(|&place| ready(&self.waiting[place])).min();
            let next_deadline = self.waiting.iter().map(|item| item.deadline).min();
            return next_ready.into_iter().chain(next_deadline).min().map_or(Step::Idle, Step::Wait);
        };
        let places = self.companions(first, &heads, now);
        if let Some(bucket) = &mut self.bucket {
            bucket.take(now);
        }
        let items = places.into_iter().rev().filter_map(|place| self.waiting.remove(place));
        let mut items: Vec<Item> = items.collect();
        items.reverse();
        Step::Send(items)
    }

    /// The places of those that are the first of their group.
    fn heads(&self) -> Vec<usize> {
        let mut groups = HashSet::new();
        let numbered = self.waiting.iter().enumerate();
        numbered.filter(|(_, item)| groups.insert(&item.notification.group_key)).map(|(place, _)| place).collect()
    }

    /// Where a receiver's rate leaves room for one message only, all that is ready goes with it.
    fn companions(&mut self, first: usize, heads: &[usize], now: Duration) -> Vec<usize> {
        let is_last = self.bucket.as_mut().is_some_and(|bucket| {
            let mut after = bucket.clone();
            after.take(now);
            after.ready_at(now) > now
        });
        if !is_last {
            return vec![first];
        }
        let ready = heads.iter().copied().filter(|&place| place >= first && self.waiting[place].ready_at <= now);
        let mut n_alerts = 0;
        ready
            .take_while(|&place| {
                n_alerts += self.waiting[place].notification.alerts.len();
                place == first || n_alerts <= merge::MAX_ALERTS
            })
            .collect()
    }

    /// The receiver took what was sent, or will never take it.
    pub(super) fn answered(&mut self) {
        self.breaker.answered();
        self.last_reason = None;
    }

    /// Why the last attempt at anything failed.
    pub(super) fn last_reason(&self) -> Option<&str> {
        self.last_reason.as_deref()
    }

    /// What was sent is to be sent again; says when each goes. Those that shared a message stand where they were: at the
    /// front.
    pub(super) fn again(
        &mut self,
        items: Vec<Item>,
        failure: &SendFailure,
        now: Duration,
        rng: &mut dyn Rng,
    ) -> Duration {
        let retry_after = failure.retry_after.map(|wait| wait.min(MAX_RETRY_AFTER));
        self.breaker.failed(now, retry_after, rng);
        self.last_reason = Some(failure.reason.clone());
        let mut next_at = self.breaker.ready_at().max(self.breaker.quiet_until());
        for mut item in items.into_iter().rev() {
            item.ready_at = now + item.backoff.next(rng);
            item.last_failure = Some(failure.clone());
            next_at = next_at.max(item.ready_at);
            self.waiting.push_front(item);
        }
        next_at
    }
}
