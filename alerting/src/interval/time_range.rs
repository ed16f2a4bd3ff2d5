//! A range of the clock.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// From one minute of a day up to, and without, another. None goes over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    /// Minutes since midnight.
    pub start_minute: u32,
    /// Minutes since midnight; 1440 for the end of the day.
    pub end_minute: u32,
}

impl TimeRange {
    /// Whether a minute of the day is in it.
    pub fn contains(self, minute: u32) -> bool {
        (self.start_minute..self.end_minute).contains(&minute)
    }
}

/// As it is written.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename = "timeinterval.yamlTimeRange", default, deny_unknown_fields)]
struct Written {
    start_time: String,
    end_time: String,
}

/// `hh:mm`, up to 24:00, in minutes.
fn minute_of(text: &str) -> Result<u32, String> {
    let invalid = || format!("couldn't parse timestamp {text}, invalid format");
    let is_pair = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) =
        text.split_once(':').filter(|(hour, minute)| is_pair(hour) && is_pair(minute)).ok_or_else(invalid)?;
    let (hour, minute): (u32, u32) = (hour.parse().map_err(|_| invalid())?, minute.parse().map_err(|_| invalid())?);
    if (hour < 24 && minute < 60) || (hour, minute) == (24, 0) { Ok(hour * 60 + minute) } else { Err(invalid()) }
}

impl<'de> Deserialize<'de> for TimeRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TimeRange, D::Error> {
        let written = Written::deserialize(deserializer)?;
        if written.start_time.is_empty() || written.end_time.is_empty() {
            return Err(D::Error::custom("both start and end times must be provided"));
        }
        let start_minute = minute_of(&written.start_time).map_err(D::Error::custom)?;
        let end_minute = minute_of(&written.end_time).map_err(D::Error::custom)?;
        if start_minute >= end_minute {
            return Err(D::Error::custom("start time cannot be equal or greater than end time"));
        }
        Ok(TimeRange { start_minute, end_minute })
    }
}

impl Serialize for TimeRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        Written { start_time: written(self.start_minute), end_time: written(self.end_minute) }.serialize(serializer)
    }
}
