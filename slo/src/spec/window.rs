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

impl CalendarUnit {
    /// Its length in milliseconds, where nothing better is known: months have 30 days, quarters 91, years 365.
    pub fn nominal_ms(self) -> i64 {
        let minutes = match self {
            CalendarUnit::Minute => 1,
            CalendarUnit::Hour => 60,
            CalendarUnit::Day => 1440,
            CalendarUnit::Week => 7 * 1440,
            CalendarUnit::Month => 30 * 1440,
            CalendarUnit::Quarter => 91 * 1440,
            CalendarUnit::Year => 365 * 1440,
        };
        minutes * 60_000
    }

    /// As specs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            CalendarUnit::Minute => "m",
            CalendarUnit::Hour => "h",
            CalendarUnit::Day => "d",
            CalendarUnit::Week => "w",
            CalendarUnit::Month => "M",
            CalendarUnit::Quarter => "Q",
            CalendarUnit::Year => "Y",
        }
    }
}

impl Window {
    /// Its length in milliseconds; of a calendar the nominal one ([`CalendarUnit::nominal_ms`]).
    pub fn nominal_ms(&self) -> i64 {
        match self {
            Window::Rolling { length_ms } => *length_ms,
            Window::Calendar { unit, count, .. } => unit.nominal_ms() * i64::from(*count),
        }
    }
}
