//! The window over which a promise holds.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A window of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// The last so many milliseconds.
    Rolling {
        /// Its length.
        length_ms: i64,
    },
    /// One period of a calendar after the other.
    Calendar {
        /// What is counted.
        unit: CalendarUnit,
        /// How many of them make a period; at least 1.
        count: u32,
        /// When a period began: it and the unit say when all others begin.
        anchor: DateTime,
        /// Whose clocks: days have 23 or 25 hours there, too.
        zone: TimeZone,
    },
}

/// What a calendar counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarUnit {
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `M`
    Month,
    /// `Q`: three months.
    Quarter,
    /// `Y`
    Year,
}
