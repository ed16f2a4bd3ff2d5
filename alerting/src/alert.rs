//! An alert as it is handed from rules and senders to routing.

use std::fmt;

use model::Labels;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names an alert by its labels: FNV-1a of 64 bits over names and values in order, each followed by 0xff, as Prometheus and
/// Alertmanager have it. It is shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
/// What stands behind each name and value: no byte of a text in UTF-8.
const SEPARATOR: u8 = 0xff;

impl Fingerprint {
    /// The fingerprint of labels.
    pub fn of(labels: &Labels) -> Fingerprint {
        let texts = labels.iter().flat_map(|(name, value)| [name, value]);
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        Fingerprint(texts.fold(FNV_OFFSET, |hash, text| text.bytes().chain([SEPARATOR]).fold(hash, step)))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    /// From 16 hexadecimal digits, or fewer.
    fn from_str(text: &str) -> Result<Fingerprint, Self::Err> {
        u64::from_str_radix(text, 16).map(Fingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Something that is, or was, wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// What is wrong, `alertname` included; two reports with the same labels are of the same alert.
    pub labels: Labels,
    /// What is said of it.
    pub annotations: Labels,
    /// Since when, in milliseconds since the Unix epoch.
    pub starts_at_ms: i64,
    /// When it ended, or will be taken for ended unless it is reported again; `None` for an alert of our own rules that
    /// fires until they say otherwise.
    pub ends_at_ms: Option<i64>,
    /// Where one can see what is wrong.
    pub generator_url: String,
    /// When it was last reported.
    pub updated_at_ms: i64,
    /// Whether `ends_at_ms` is a guess, made because the sender gave no end.
    pub is_timeout: bool,
}

impl Alert {
    /// Its name among alerts.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.labels)
    }

    /// Whether it is over at a time.
    pub fn is_resolved_at(&self, at_ms: i64) -> bool {
        self.ends_at_ms.is_some_and(|ends_at_ms| ends_at_ms <= at_ms)
    }

    /// `alertname`
    pub fn name(&self) -> &str {
        self.labels.get("alertname").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_those_of_alertmanager() {
        let check = |pairs: &[(&str, &str)], want: &str| {
            let labels = Labels::from_pairs(pairs.iter().copied());
            assert_eq!(Fingerprint::of(&labels).to_string(), want, "{pairs:?}");
        };
        check(&[], "cbf29ce484222325");
        check(&[("name", "garland, briggs"), ("fear", "love is not enough")], "507a62d79ee76c9a");
    }
}
