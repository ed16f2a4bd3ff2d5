//! From types to a tree of values, by serde. The fields of a structure that is called [`INLINE`] go among the others.

use std::fmt;

use serde::ser::{self, Serialize};

use super::INLINE;

/// By this name for a newtype, `serde-saphyr` knows a list that is written in brackets.
pub(super) const FLOW_LIST: &str = "__yaml_flow_seq";

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    /// A list in brackets.
    FlowList(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(super) struct Unwritable(String);

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(message: T) -> Unwritable {
        Unwritable(message.to_string())
    }
}

type Result<T = Value> = std::result::Result<T, Unwritable>;

/// Makes a [`Value`].
#[derive(Clone, Copy)]
pub(super) struct ToValue;

macro_rules! serialize_int {
    ($($method:ident $type:ty)*) => {
        $(fn $method(self, int: $type) -> Result {
            Ok(Value::Int(int.into()))
        })*
    };
}

impl ser::Serializer for ToValue {
    type Ok = Value;
    type Error = Unwritable;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = ser::Impossible<Value, Unwritable>;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = ser::Impossible<Value, Unwritable>;

    serialize_int! {
        serialize_i8 i8
        serialize_i16 i16
        serialize_i32 i32
        serialize_i64 i64
        serialize_u8 u8
        serialize_u16 u16
        serialize_u32 u32
        serialize_u64 u64
    }

    fn serialize_bool(self, bool: bool) -> Result {
        Ok(Value::Bool(bool))
    }

    fn serialize_f32(self, float: f32) -> Result {
        Ok(Value::Float(float.into()))
    }

    fn serialize_f64(self, float: f64) -> Result {
        Ok(Value::Float(float))
    }

    fn serialize_char(self, c: char) -> Result {
        Ok(Value::Text(c.into()))
    }

    fn serialize_str(self, text: &str) -> Result {
        Ok(Value::Text(text.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result {
        Err(ser::Error::custom("bytes cannot be written as YAML"))
    }

    fn serialize_none(self) -> Result {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result {
        match value.serialize(self)? {
            Value::List(elements) if name == FLOW_LIST => Ok(Value::FlowList(elements)),
            value => Ok(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        Ok(Value::Map(vec![(variant.to_owned(), value.serialize(self)?)]))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<List> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(ser::Error::custom(format_args!("{variant} cannot be written as YAML")))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map> {
        Ok(Map::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Map> {
        Ok(Map::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(ser::Error::custom(format_args!("{variant} cannot be written as YAML")))
    }
}

pub(super) struct List(Vec<Value>);

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.0.push(value.serialize(ToValue)?);
        Ok(())
    }
}

impl ser::SerializeSeq for List {
    type Ok = Value;
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        Ok(Value::List(self.0))
    }
}

impl ser::SerializeTuple for List {
    type Ok = Value;
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        Ok(Value::List(self.0))
    }
}

impl ser::SerializeTupleStruct for List {
    type Ok = Value;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result {
        Ok(Value::List(self.0))
    }
}

#[derive(Default)]
pub(super) struct Map {
    entries: Vec<(String, Value)>,
    key: Option<String>,
}

impl ser::SerializeMap for Map {
    type Ok = Value;
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        match key.serialize(ToValue)? {
            Value::Text(key) => self.key = Some(key),
            _ => return Err(ser::Error::custom("a key must be a text")),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().unwrap_or_default();
        self.entries.push((key, value.serialize(ToValue)?));
        Ok(())
    }

    fn end(self) -> Result {
        Ok(Value::Map(self.entries))
    }
}

impl ser::SerializeStruct for Map {
    type Ok = Value;
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        match value.serialize(ToValue)? {
            Value::Map(inner) if name.starts_with(INLINE) => self.entries.extend(inner),
            value => self.entries.push((name.to_owned(), value)),
        }
        Ok(())
    }

    fn end(self) -> Result {
        Ok(Value::Map(self.entries))
    }
}
