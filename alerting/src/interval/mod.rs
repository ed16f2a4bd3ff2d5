//! Spans of the calendar in which routes are quiet, or the only ones in which they are not.
//!
//! A [`TimeInterval`] holds where all of its fields do, and a field does where any of its ranges does. Several make up an
//! interval that has a name; [`Intervals`] knows them all. Times are looked at in the interval's zone, to the minute.

mod intervals;
mod location;
mod range;
mod time_interval;
mod time_range;

#[cfg(test)]
mod suite;

pub use intervals::{Intervals, Quiet};
pub use location::Location;
pub use range::{DayOfMonth, Month, Range, Unit, Weekday, Year};
pub use time_interval::TimeInterval;
pub use time_range::TimeRange;
