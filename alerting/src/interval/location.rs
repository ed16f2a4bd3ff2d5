//! The zone whose calendar counts.

use jiff::tz::TimeZone;
use model::name;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A zone by its name in the IANA's database; `Local` is that of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    name: String,
    zone: TimeZone,
}

impl Location {
    /// The zone of a name.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(text: &str) -> Result<Location, String> {
        let zone = match text {
            "" | "UTC" => TimeZone::UTC,
            "Local" => TimeZone::system(),
            _ => TimeZone::get(text).map_err(|_| format!("unknown time zone {}", name::quoted(text)))?,
        };
        Ok(Location { name: text.to_owned(), zone })
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Location, D::Error> {
        Location::of(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}
