//! Serde for [`Labels`] as a mapping from names to values. Any non-empty UTF-8 is a name.

use std::fmt;

use model::{Labels, LabelsBuilder};
use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serializer};

/// Reads a mapping.
///
/// # Errors
/// When a name or a value is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    deserializer.deserialize_map(LabelsVisitor)
}

/// Writes a mapping.
///
/// # Errors
/// When the serializer has one.
pub fn serialize<S: Serializer>(labels: &Labels, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in labels {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

struct LabelsVisitor;

impl<'de> Visitor<'de> for LabelsVisitor {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping from label names to values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut labels = LabelsBuilder::new();
        while let Some(name) = map.next_key_seed(Text("name"))? {
            labels.set(&name, &map.next_value_seed(Text("value"))?);
        }
        Ok(labels.build())
    }
}

/// A name or a value; the bytes of a `!!binary` are neither.
struct Text(&'static str);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a label {}", self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        match str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() || self.0 == "value" => Ok(text.to_owned()),
            _ => Err(E::custom(format_args!("\"{}\" is not a valid label {}", bytes.escape_ascii(), self.0))),
        }
    }
}
