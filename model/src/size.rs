//! Sizes in bytes as Prometheus's configuration writes them: `64MB` and `64MiB` are both 64 · 2^20.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Prefixes in ascending powers of 1024.
const PREFIXES: [char; 6] = ['K', 'M', 'G', 'T', 'P', 'E'];

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// So many mebibytes.
    pub const fn from_mib(mib: u64) -> ByteSize {
        ByteSize(mib << 20)
    }

    /// In bytes.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// Why a text is not a size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// There is no number, or something before it.
    #[error("units: invalid {0}")]
    Invalid(String),
    /// Behind a number there is no unit, or none that is known.
    #[error("units: unknown unit {unit} in {text}")]
    UnknownUnit {
        /// What stands there.
        unit: String,
        /// The whole text.
        text: String,
    },
}

impl FromStr for ByteSize {
    type Err = SizeError;

    /// One or more of number and unit (`1GB512MB`, `1.5GiB`); the number 0 needs no unit.
    fn from_str(text: &str) -> Result<ByteSize, SizeError> {
        let invalid = || SizeError::Invalid(text.to_owned());
        let mut rest = text.strip_prefix('+').unwrap_or(text);
        if rest == "0" {
            return Ok(ByteSize(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut bytes = 0.0f64;
        while !rest.is_empty() {
            let is_number = |c: char| c.is_ascii_digit() || c == '.';
            let (number, after) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
            let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
            rest = after;
            let number: f64 = number.parse().map_err(|_| invalid())?;
            let unknown = || SizeError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() };
            bytes += number * factor_of(unit).ok_or_else(unknown)?;
        }
        if bytes < i64::MAX as f64 { Ok(ByteSize(bytes as u64)) } else { Err(invalid()) }
    }
}

fn factor_of(unit: &str) -> Option<f64> {
    let prefix = unit.strip_suffix('B')?;
    let prefix = prefix.strip_suffix('i').filter(|prefix| !prefix.is_empty()).unwrap_or(prefix);
    if prefix.is_empty() {
        return Some(1.0);
    }
    let power = PREFIXES.iter().position(|known| prefix.chars().eq([*known]))?;
    Some(1024f64.powi(power as i32 + 1))
}

impl fmt::Display for ByteSize {
    /// Whole units from large to small: `1GiB512MiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0B");
        }
        for (power, prefix) in PREFIXES.iter().enumerate().rev() {
            let shift = 10 * (power + 1);
            let n_units = (self.0 >> shift) & if power == 5 { u64::MAX } else { 1023 };
            if n_units > 0 {
                write!(f, "{n_units}{prefix}iB")?;
            }
        }
        match self.0 & 1023 {
            0 => Ok(()),
            n_bytes => write!(f, "{n_bytes}B"),
        }
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    /// A field that is there and has no value is zero, as in Prometheus.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            Some(text) => text.parse().map_err(serde::de::Error::custom),
            None => Ok(ByteSize(0)),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_bytes() {
        for (text, bytes, printed) in [
            ("0", 0, "0B"),
            ("15MB", 15 << 20, "15MiB"),
            ("15MiB", 15 << 20, "15MiB"),
            ("1.5GB", 3 << 29, "1GiB512MiB"),
            ("1GB512MB", 3 << 29, "1GiB512MiB"),
            ("100B", 100, "100B"),
            ("7EB", 7 << 60, "7EiB"),
        ] {
            let size: ByteSize = text.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, printed), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_size() {
        for (text, want) in [
            ("", "invalid "),
            ("MB", "invalid MB"),
            ("-1MB", "invalid -1MB"),
            ("1..5MB", "invalid 1..5MB"),
            ("8EB", "invalid 8EB"),
            ("15", "unknown unit  in 15"),
            ("1kB", "unknown unit kB in 1kB"),
            ("1XB", "unknown unit XB in 1XB"),
            ("1iB", "unknown unit iB in 1iB"),
            ("1 MB", "unknown unit  MB in 1 MB"),
        ] {
            assert_eq!(text.parse::<ByteSize>().unwrap_err().to_string(), format!("units: {want}"), "{text}");
        }
    }
}
