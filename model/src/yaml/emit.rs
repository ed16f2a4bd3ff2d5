//! Writing YAML. The text is `serde-saphyr`'s work; see [`super::serialize`] for what is done to values before.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::serialize::{FLOW_LIST, ToValue, Value};

/// A value as YAML, as Prometheus shows configurations: no line is folded, lists stand under their key.
///
/// Secrets are what their types make of themselves; `<secret>`, in this house.
///
/// # Errors
/// When the value holds what YAML cannot: bytes, keys that are not texts.
pub fn to_yaml<T: Serialize + ?Sized>(value: &T) -> Result<String, String> {
    let value = value.serialize(ToValue).map_err(|error| error.to_string())?;
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(&value, options).map_err(|error| error.to_string())
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(bool) => serializer.serialize_bool(*bool),
            Value::Int(int) => serializer.serialize_i128(*int),
            Value::Float(float) => serializer.serialize_f64(*float),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                elements.iter().try_for_each(|element| list.serialize_element(element))?;
                list.end()
            }
            Value::FlowList(elements) => serializer.serialize_newtype_struct(FLOW_LIST, elements),
            Value::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}
