//! Anything that YAML can say: bodies and fields of the user's own.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A tree of values. Texts in it are templates.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Payload {
    /// Nothing.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that is too large for the other.
    Uint(u64),
    /// Another number.
    Float(f64),
    /// A template.
    Text(String),
    /// A list.
    List(Vec<Payload>),
    /// By keys, which are templates too.
    Map(BTreeMap<String, Payload>),
}

impl Payload {
    /// Whether there is none.
    pub fn is_null(&self) -> bool {
        *self == Payload::Null
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Payload::Null => serializer.serialize_none(),
            Payload::Bool(value) => serializer.serialize_bool(*value),
            Payload::Int(value) => serializer.serialize_i64(*value),
            Payload::Uint(value) => serializer.serialize_u64(*value),
            Payload::Float(value) => serializer.serialize_f64(*value),
            Payload::Text(value) => serializer.serialize_str(value),
            Payload::List(values) => values.serialize(serializer),
            Payload::Map(values) => values.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
        deserializer.deserialize_any(AsPayload)
    }
}

struct AsPayload;

impl<'de> Visitor<'de> for AsPayload {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Payload, E> {
        Ok(Payload::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Payload, E> {
        Ok(Payload::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Payload, E> {
        Ok(Payload::Int(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Payload, E> {
        Ok(i64::try_from(value).map_or(Payload::Uint(value), Payload::Int))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Payload, E> {
        if value.is_finite() { Ok(Payload::Float(value)) } else { Err(E::custom("JSON has no infinite numbers")) }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Payload, E> {
        Ok(Payload::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Payload, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Payload::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Payload, A::Error> {
        let mut map = BTreeMap::new();
        // Keys that are no texts are left out, as in Alertmanager.
        while let Some((key, value)) = entries.next_entry::<Payload, Payload>()? {
            if let Payload::Text(key) = key {
                map.insert(key, value);
            }
        }
        Ok(Payload::Map(map))
    }
}
