//! Slices of time that are good or bad: events gathered by slice, and what each slice is worth once it has ended.
//!
//! Slices are aligned to the Unix epoch, open on the left and closed on the right. A slice stands in the log at its end. Late
//! events change it there for a while; what comes later than that is counted anew from the raw samples.

use std::collections::BTreeMap;

use super::bytes::{In, Out};
use super::chunk::Bodies;
use super::events::Events;
use super::log::Log;
use super::target::NEVER;
use crate::spec::{Budgeting, NoData, Share};

/// Slices stay open to late events for so many of them, and at least for [`OPEN_MS`].
const N_OPEN: i64 = 2;
const OPEN_MS: i64 = 600_000;

/// The slices of an objective.
#[derive(Clone, Debug)]
pub(super) struct Slicer {
    slice_ms: i64,
    /// The share of good events that a slice needs; `None` where it is good to the share that it has.
    target: Option<Share>,
    no_data: NoData,
    /// The events of the newest slices, by their ends.
    open: BTreeMap<i64, Events>,
    /// Slices that ended until here are in the log.
    closed_ms: i64,
}

impl Slicer {
    /// That of a budgeting; `None` where events are counted.
    pub(super) fn of(budgeting: Budgeting, no_data: NoData) -> Option<Slicer> {
        let (slice_ms, target) = match budgeting {
            Budgeting::Occurrences => return None,
            Budgeting::Timeslices { slice_ms, slice_target } => (slice_ms, Some(slice_target)),
            Budgeting::RatioTimeslices { slice_ms } => (slice_ms, None),
        };
        Some(Slicer { slice_ms: slice_ms.max(1), target, no_data, open: BTreeMap::new(), closed_ms: NEVER })
    }

    /// The end of the slice that a time lies in.
    pub(super) fn end_of(&self, at_ms: i64) -> i64 {
        -(-at_ms).div_euclid(self.slice_ms) * self.slice_ms
    }

    /// How long a slice is, in milliseconds.
    pub(super) fn slice_ms(&self) -> i64 {
        self.slice_ms
    }

    /// What a slice with these events is worth: one bad slice, one good one, or none.
    fn worth(&self, events: Events) -> Events {
        if events.total <= 0.0 {
            return match self.no_data {
                NoData::Ignore => Events::default(),
                NoData::Bad => Events { bad: 1.0, total: 1.0 },
                NoData::Good => Events { bad: 0.0, total: 1.0 },
            };
        }
        let bad = match self.target {
            Some(target) => f64::from(u8::from(!is_reached(events, target))),
            None => events.bad / events.total,
        };
        Events { bad, total: 1.0 }
    }

    /// Takes events. Answers `false` where their slice is no longer open to them.
    pub(super) fn take(&mut self, at_ms: i64, events: Events, log: &mut Log, bodies: &dyn Bodies) -> bool {
        let end_ms = self.end_of(at_ms);
        if self.closed_ms != NEVER && end_ms <= self.closed_ms - self.open_ms() {
            return false;
        }
        let before = self.open.get(&end_ms).copied().unwrap_or_default();
        self.open.insert(end_ms, before + events);
        if end_ms <= self.closed_ms {
            let change = self.worth(before + events) - self.worth(before);
            if !change.is_none() {
                log.add(end_ms, change, bodies);
            }
        }
        true
    }

    fn open_ms(&self) -> i64 {
        OPEN_MS.max(N_OPEN * self.slice_ms)
    }

    /// Puts the slices into the log that ended up to a time. Those before the first with events are none.
    pub(super) fn close(&mut self, until_ms: i64, log: &mut Log, bodies: &dyn Bodies) {
        let last_ms = until_ms.div_euclid(self.slice_ms) * self.slice_ms;
        let Some(&oldest_ms) = self.open.keys().next() else { return };
        let first_ms = if self.closed_ms == NEVER { oldest_ms } else { self.closed_ms + self.slice_ms };
        if first_ms > last_ms {
            return;
        }
        if self.no_data == NoData::Ignore {
            for (&end_ms, &events) in self.open.range(first_ms..=last_ms) {
                log.add(end_ms, self.worth(events), bodies);
            }
        } else {
            let mut end_ms = first_ms;
            while end_ms <= last_ms {
                log.add(end_ms, self.worth(self.open.get(&end_ms).copied().unwrap_or_default()), bodies);
                end_ms += self.slice_ms;
            }
        }
        self.closed_ms = last_ms;
        let forgotten_ms = last_ms - self.open_ms();
        // One stays, to tell that there has been a first.
        while self.open.len() > 1 && self.open.first_key_value().is_some_and(|(&end_ms, _)| end_ms <= forgotten_ms) {
            self.open.pop_first();
        }
    }

    /// Slices that ended until here are in the log.
    pub(super) fn closed_ms(&self) -> i64 {
        self.closed_ms
    }

    /// Takes over where another has come to, which saw the same and more.
    pub(super) fn follow(&mut self, other: Slicer) {
        (self.open, self.closed_ms) = (other.open, other.closed_ms);
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.i64(self.closed_ms);
        out.u64(self.open.len() as u64);
        for (&end_ms, &events) in &self.open {
            out.i64(end_ms);
            events.write(out);
        }
    }

    /// Reads what [`Slicer::write`] wrote into one of the same budgeting.
    pub(super) fn read(&mut self, input: &mut In<'_>) -> Option<()> {
        self.closed_ms = input.i64()?;
        for _ in 0..input.count()? {
            let end_ms = input.i64()?;
            self.open.insert(end_ms, Events::read(input)?);
        }
        Some(())
    }
}

/// Whether the share of good events reaches a target; exact for whole numbers.
fn is_reached(events: Events, target: Share) -> bool {
    let good = events.total - events.bad;
    if good.trunc() == good && events.total.trunc() == events.total {
        return (good as i128) * 1_000_000_000 >= i128::from(target.parts()) * events.total as i128;
    }
    good / events.total >= target.as_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Nowhere;

    impl Bodies for Nowhere {
        fn body(&self, _: super::super::chunk::Place) -> Option<Vec<u8>> {
            None
        }
    }

    /// Takes (time, bad, total) in the order given, closes at the times given, and gives (end, bad, total) of slices of 10 ms.
    fn slices(target: Option<&str>, no_data: NoData, steps: &[(i64, f64, f64)], close: &[i64]) -> Vec<(i64, f64, f64)> {
        let budgeting = match target {
            Some(percent) => {
                Budgeting::Timeslices { slice_ms: 10, slice_target: Share::from_percent(percent).unwrap() }
            }
            None => Budgeting::RatioTimeslices { slice_ms: 10 },
        };
        let (mut slicer, mut log) = (Slicer::of(budgeting, no_data).unwrap(), Log::default());
        let half = steps.len() / 2;
        for (at, &(at_ms, bad, total)) in steps.iter().enumerate() {
            if at == half && close.len() > 1 {
                slicer.close(close[0], &mut log, &Nowhere);
            }
            assert!(slicer.take(at_ms, Events { bad, total }, &mut log, &Nowhere));
        }
        close.iter().for_each(|&until_ms| slicer.close(until_ms, &mut log, &Nowhere));
        let all = log.span(i64::MIN, i64::MAX, &Nowhere);
        all.into_iter().map(|increment| (increment.at_ms, increment.events.bad, increment.events.total)).collect()
    }

    #[test]
    fn slices_are_closed_on_the_right_and_stand_at_their_ends() {
        let steps = [(1, 1.0, 10.0), (10, 0.0, 10.0), (11, 3.0, 10.0), (35, 0.0, 1.0)];
        assert_eq!(slices(Some("95"), NoData::Ignore, &steps, &[39]), [(10, 0.0, 1.0), (20, 1.0, 1.0)]);
        let all = [(10, 0.0, 1.0), (20, 1.0, 1.0), (40, 0.0, 1.0)];
        assert_eq!(slices(Some("95"), NoData::Ignore, &steps, &[40]), all);
        assert_eq!(slices(None, NoData::Ignore, &steps, &[20]), [(10, 0.05, 1.0), (20, 0.3, 1.0)]);
        let with_bad = [(10, 0.0, 1.0), (20, 1.0, 1.0), (30, 1.0, 1.0), (40, 0.0, 1.0), (50, 1.0, 1.0)];
        assert_eq!(slices(Some("95"), NoData::Bad, &steps, &[50]), with_bad);
    }

    #[test]
    fn late_events_change_a_closed_slice() {
        let steps = [(1, 0.0, 10.0), (11, 0.0, 10.0), (5, 10.0, 10.0), (25, 0.0, 1.0)];
        let want = [(10, 1.0, 1.0), (20, 0.0, 1.0), (30, 0.0, 1.0)];
        assert_eq!(slices(Some("95"), NoData::Ignore, &steps, &[20, 30]), want);
        let ratios = [(10, 0.5, 1.0), (20, 0.0, 1.0), (30, 0.0, 1.0)];
        assert_eq!(slices(None, NoData::Ignore, &steps, &[20, 30]), ratios);
    }
}
