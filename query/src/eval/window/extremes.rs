//! The least and the greatest value of a window, and when it was taken.
//!
//! A queue of candidates moves with the window: every sample enters and leaves it at most once. NaN is a value only where
//! there is no other.

use std::collections::VecDeque;
use std::marker::PhantomData;

use super::{Context, Output, View, WindowFn};
use crate::engine::QueryError;

/// What is looked for.
pub(super) trait Better {
    /// Whether `one` is strictly better than `other`.
    fn is_better(one: f64, other: f64) -> bool;
}

#[derive(Debug)]
pub(super) struct Least;

impl Better for Least {
    fn is_better(one: f64, other: f64) -> bool {
        one < other
    }
}

#[derive(Debug)]
pub(super) struct Greatest;

impl Better for Greatest {
    fn is_better(one: f64, other: f64) -> bool {
        one > other
    }
}

#[derive(Debug)]
pub(super) struct Extreme<B> {
    /// The time of the last of the best is wanted, instead of the value of the first of them.
    is_time: bool,
    /// Candidates, the best first, each better than what came after it.
    candidates: VecDeque<Candidate>,
    /// The number of the next sample that has not entered the window.
    next: usize,
    better: PhantomData<B>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    number: usize,
    time_ms: i64,
    value: f64,
}

impl<B> Extreme<B> {
    pub(super) fn value() -> Extreme<B> {
        Extreme { is_time: false, candidates: VecDeque::new(), next: 0, better: PhantomData }
    }

    pub(super) fn time() -> Extreme<B> {
        Extreme { is_time: true, ..Extreme::value() }
    }
}

impl<B: Better> Extreme<B> {
    fn enter(&mut self, candidate: Candidate) {
        if candidate.value.is_nan() {
            return;
        }
        // Of equals the first has the value, and the last has the time.
        let is_beaten = |before: &Candidate| {
            B::is_better(candidate.value, before.value) || self.is_time && candidate.value == before.value
        };
        while self.candidates.back().is_some_and(is_beaten) {
            self.candidates.pop_back();
        }
        self.candidates.push_back(candidate);
    }

    fn best(&mut self, view: &View<'_>) -> Option<Candidate> {
        while self.candidates.front().is_some_and(|candidate| candidate.number < view.first) {
            self.candidates.pop_front();
        }
        let end = view.first + view.values.len();
        for number in self.next.max(view.first)..end {
            let at = number - view.first;
            self.enter(Candidate { number, time_ms: view.times[at], value: view.values[at] });
        }
        self.next = end;
        self.candidates.front().copied()
    }
}

impl<B: Better> WindowFn for Extreme<B> {
    fn value(&mut self, view: &View<'_>, context: &mut Context<'_, '_>) -> Result<Output, QueryError> {
        let (Some(&last), Some(&last_ms)) = (view.values.last(), view.times.last()) else { return Ok(Output::None) };
        context.inform_ignored(view);
        // Where all are NaN, the last one stands.
        let (value, time_ms) = self.best(view).map_or((last, last_ms), |best| (best.value, best.time_ms));
        Ok(Output::Float(if self.is_time { time_ms as f64 / 1000.0 } else { value }))
    }
}
