//! Ranges of weekdays, days, months and years: `monday:friday`, `-7:-1`, `january`, `2020:2025`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a range is of.
pub trait Unit {
    /// The number of a text, which is in lower case.
    ///
    /// # Errors
    /// When the text names none, with Alertmanager's words.
    fn read(text: &str) -> Result<i32, String>;

    /// Writes a number.
    fn write(number: i32) -> String {
        number.to_string()
    }

    /// Whether the ends make sense; `text` is the whole range.
    ///
    /// # Errors
    /// When they do not, with Alertmanager's words.
    fn check(begin: i32, end: i32, text: &str) -> Result<(), String>;
}

/// From one to another, both included.
pub struct Range<U> {
    /// The first.
    pub begin: i32,
    /// The last.
    pub end: i32,
    unit: PhantomData<U>,
}

impl<U> Range<U> {
    /// From one to another.
    pub const fn new(begin: i32, end: i32) -> Range<U> {
        Range { begin, end, unit: PhantomData }
    }

    /// Whether a number is among them.
    pub fn contains(&self, number: i32) -> bool {
        (self.begin..=self.end).contains(&number)
    }
}

impl<U: Unit> Range<U> {
    /// Reads `begin:end`, or one that is both.
    ///
    /// # Errors
    /// When it is no range, with Alertmanager's words.
    pub fn read(text: &str) -> Result<Range<U>, String> {
        let text = text.to_lowercase();
        let (begin, end) = match text.split_once(':') {
            Some((_, end)) if end.contains(':') => {
                return Err(format!("couldn't parse range {text}, invalid format"));
            }
            Some((begin, end)) => (U::read(begin)?, U::read(end)?),
            None => (U::read(&text)?, U::read(&text)?),
        };
        U::check(begin, end, &text)?;
        Ok(Range::new(begin, end))
    }
}

/// A number as Go reads it.
fn number(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| format!("strconv.Atoi: parsing {}: invalid syntax", model::name::quoted(text)))
}

/// Sunday is 0.
#[derive(Clone, Copy, Debug)]
pub struct Weekday;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

impl Unit for Weekday {
    fn read(text: &str) -> Result<i32, String> {
        named(&WEEKDAYS, text).ok_or_else(|| format!("{text} is not a valid weekday"))
    }

    fn write(number: i32) -> String {
        name(&WEEKDAYS, number)
    }

    fn check(begin: i32, end: i32, _: &str) -> Result<(), String> {
        if begin > end { Err("start day cannot be before end day".to_owned()) } else { Ok(()) }
    }
}

/// From 1; from the end, the last is -1.
#[derive(Clone, Copy, Debug)]
pub struct DayOfMonth;

/// Every month has so many days: where the ends of a range count from different sides, more cannot be said.
const LEAST_DAYS: i32 = 28;

impl Unit for DayOfMonth {
    fn read(text: &str) -> Result<i32, String> {
        number(text)
    }

    fn check(begin: i32, end: i32, _: &str) -> Result<(), String> {
        if let Some(day) = [begin, end].into_iter().find(|day| *day == 0 || !(-31..=31).contains(day)) {
            return Err(format!("{day} is not a valid day of the month: out of range"));
        }
        if begin < 0 && end > 0 {
            return Err("end day must be negative if start day is negative".to_owned());
        }
        let from_start = |day: i32| if day < 0 { LEAST_DAYS + day } else { day };
        if from_start(begin) > from_start(end) {
            return Err(format!("end day {end} is always before start day {begin}"));
        }
        Ok(())
    }
}

/// From 1, by name or number.
#[derive(Clone, Copy, Debug)]
pub struct Month;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Unit for Month {
    fn read(text: &str) -> Result<i32, String> {
        let month = named(&MONTHS, text).map(|index| index + 1).or_else(|| number(text).ok());
        month.ok_or_else(|| format!("{text} is not a valid month"))
    }

    fn check(begin: i32, end: i32, _: &str) -> Result<(), String> {
        if begin > end {
            let (begin, end) = (name(&MONTHS, begin - 1), name(&MONTHS, end - 1));
            return Err(format!("end month {end} is before start month {begin}"));
        }
        Ok(())
    }
}

/// As they are counted since 1 BC.
#[derive(Clone, Copy, Debug)]
pub struct Year;

impl Unit for Year {
    fn read(text: &str) -> Result<i32, String> {
        number(text)
    }

    fn check(begin: i32, end: i32, _: &str) -> Result<(), String> {
        if begin > end { Err(format!("end year {end} is before start year {begin}")) } else { Ok(()) }
    }
}

fn named(names: &[&str], text: &str) -> Option<i32> {
    names.iter().position(|name| *name == text).and_then(|index| index.try_into().ok())
}

fn name(names: &[&str], index: i32) -> String {
    let known = usize::try_from(index).ok().and_then(|index| names.get(index));
    known.map_or_else(|| index.to_string(), |name| (*name).to_owned())
}

impl<U> Clone for Range<U> {
    fn clone(&self) -> Range<U> {
        *self
    }
}

impl<U> Copy for Range<U> {}

impl<U> PartialEq for Range<U> {
    fn eq(&self, other: &Range<U>) -> bool {
        (self.begin, self.end) == (other.begin, other.end)
    }
}

impl<U> Eq for Range<U> {}

impl<U: Unit> fmt::Display for Range<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&U::write(self.begin))?;
        if self.begin == self.end { Ok(()) } else { write!(f, ":{}", U::write(self.end)) }
    }
}

impl<U> fmt::Debug for Range<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.begin, self.end)
    }
}

impl<U: Unit> Serialize for Range<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, U: Unit> Deserialize<'de> for Range<U> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Range<U>, D::Error> {
        Range::read(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
