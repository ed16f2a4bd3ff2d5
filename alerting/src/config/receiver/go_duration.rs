//! Durations as Go reads them: `1h30m`, `500ms`, `1.5s`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::template::duration_text;

/// A duration that is not negative. A plain number in YAML means nanoseconds, as in Go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

impl GoDuration {
    /// Whole seconds, as some receivers want them.
    pub fn whole_seconds(self) -> u64 {
        self.0.as_secs()
    }

    fn parse(text: &str) -> Option<GoDuration> {
        if text == "0" {
            return Some(GoDuration::default());
        }
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        let mut seconds = 0.0;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let number: f64 = rest[..end].parse().ok()?;
            let unit_end = rest[end..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |n| end + n);
            seconds += number * unit_seconds(&rest[end..unit_end])?;
            rest = &rest[unit_end..];
        }
        // Go's durations end at 292 years.
        let nanos = (seconds * 1e9).round();
        (nanos <= i64::MAX as f64).then(|| GoDuration(Duration::from_nanos(nanos as u64)))
    }
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&duration_text(i64::try_from(self.0.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
        deserializer.deserialize_any(AsDuration)
    }
}

struct AsDuration;

impl Visitor<'_> for AsDuration {
    type Value = GoDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration")
    }

    fn visit_unit<E: de::Error>(self) -> Result<GoDuration, E> {
        Ok(GoDuration::default())
    }

    fn visit_i64<E: de::Error>(self, nanos: i64) -> Result<GoDuration, E> {
        let nanos = u64::try_from(nanos).map_err(|_| E::custom("a duration cannot be negative"))?;
        self.visit_u64(nanos)
    }

    fn visit_u64<E: de::Error>(self, nanos: u64) -> Result<GoDuration, E> {
        Ok(GoDuration(Duration::from_nanos(nanos)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
        GoDuration::parse(text).ok_or_else(|| E::custom(format_args!("time: invalid duration {text:?}")))
    }
}
