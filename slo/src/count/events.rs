//! How many events there were.

use std::ops::{Add, AddAssign, Mul, Sub};

use super::bytes::{In, Out};

/// Bad events, and all events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Events {
    pub(super) bad: f64,
    /// Bad ones included.
    pub(super) total: f64,
}

/// Events and when they were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Increment {
    /// The time of the sample that showed them, in milliseconds since the Unix epoch.
    pub(super) at_ms: i64,
    pub(super) events: Events,
}

impl Events {
    #[inline]
    pub(super) fn is_none(self) -> bool {
        self.bad == 0.0 && self.total == 0.0
    }

    pub(super) fn write(self, out: &mut Out) {
        out.f64(self.bad);
        out.f64(self.total);
    }

    pub(super) fn read(input: &mut In<'_>) -> Option<Events> {
        Some(Events { bad: input.f64()?, total: input.f64()? })
    }
}

impl Add for Events {
    type Output = Events;

    #[inline]
    fn add(self, other: Events) -> Events {
        Events { bad: self.bad + other.bad, total: self.total + other.total }
    }
}

impl AddAssign for Events {
    #[inline]
    fn add_assign(&mut self, other: Events) {
        *self = *self + other;
    }
}

impl Sub for Events {
    type Output = Events;

    #[inline]
    fn sub(self, other: Events) -> Events {
        Events { bad: self.bad - other.bad, total: self.total - other.total }
    }
}

impl Mul<f64> for Events {
    type Output = Events;

    #[inline]
    fn mul(self, factor: f64) -> Events {
        Events { bad: self.bad * factor, total: self.total * factor }
    }
}
