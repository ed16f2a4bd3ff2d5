//! From tree to types, by serde.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::INLINE;
use super::distance::nearest;
use super::document::{Content, Document, Entry, NodeId};
use super::problem::Problem;
use super::scalar::Scalar;

/// More mistakes than this are not looked for: each costs another reading.
const MAX_PROBLEMS: usize = 50;
/// The limit `yaml_nodes`: what aliases may let a document grow to.
const MAX_VISITS: usize = 1_000_000;
/// Fewer known names than this are listed after an unknown one.
const MAX_LISTED: usize = 12;

impl Document {
    /// Reads a value of a type, and tells all that does not fit. What does not fit is left out of the value, as if it
    /// had not been written; there is none where that is not possible.
    pub fn read<T: DeserializeOwned>(&self) -> (Option<T>, Vec<Problem>) {
        let reader = Reader {
            document: self,
            problems: RefCell::default(),
            left_out: RefCell::default(),
            n_visits: Cell::new(0),
        };
        loop {
            let at = At { reader: &reader, node: self.root, is_element: false, inline: None };
            let error = match T::deserialize(at) {
                Ok(value) => return (Some(value), reader.problems.into_inner()),
                Err(error) => error,
            };
            let node = error.node.or(self.root);
            let is_new = node.is_some_and(|node| reader.left_out.borrow_mut().insert(node));
            reader.report_at(node, error.message, None);
            if !is_new || node == self.root || reader.problems.borrow().len() >= MAX_PROBLEMS {
                return (None, reader.problems.into_inner());
            }
        }
    }
}

/// What is common to one reading.
struct Reader<'d> {
    document: &'d Document,
    problems: RefCell<Vec<Problem>>,
    /// Nodes that did not fit.
    left_out: RefCell<HashSet<NodeId>>,
    n_visits: Cell<usize>,
}

impl Reader<'_> {
    fn report_at(&self, node: Option<NodeId>, message: String, help: Option<String>) {
        let (span, path) = match node {
            Some(id) => (self.document.node(id).span, self.document.path_of(id)),
            None => Default::default(),
        };
        let problem = Problem { span, path, message, help };
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) && problems.len() < MAX_PROBLEMS {
            problems.push(problem);
        }
    }

    fn is_left_out(&self, node: NodeId) -> bool {
        self.left_out.borrow().contains(&node)
    }
}

/// Why a node does not fit.
#[derive(Debug)]
struct ReadError {
    /// The innermost node that does not fit, once it is known.
    node: Option<NodeId>,
    message: String,
}

impl ReadError {
    fn at(self, node: Option<NodeId>) -> ReadError {
        ReadError { node: self.node.or(node), ..self }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> ReadError {
        ReadError { node: None, message: message.to_string() }
    }
}

/// Names that structures within others have asked for, when those leave their fields among the others'.
#[derive(Default)]
struct Asked {
    names: RefCell<HashSet<&'static str>>,
}

/// A place in a reading.
#[derive(Clone, Copy)]
struct At<'r, 'd> {
    reader: &'r Reader<'d>,
    /// `None` for nothing at all.
    node: Option<NodeId>,
    /// Whether the node stands in a list.
    is_element: bool,
    /// The structure to be read leaves its fields among those of another.
    inline: Option<&'r Asked>,
}

impl<'r, 'd> At<'r, 'd> {
    fn content(self) -> Option<&'d Content> {
        self.node.map(|node| &self.reader.document.node(node).content)
    }

    fn visit(self) -> Result<(), ReadError> {
        let n_visits = self.reader.n_visits.get() + 1;
        self.reader.n_visits.set(n_visits);
        if n_visits > MAX_VISITS {
            let message = format!("aliases make more than {MAX_VISITS} nodes (limit yaml_nodes)");
            return Err(ReadError { node: self.reader.document.root, message });
        }
        Ok(())
    }

    fn scalar(self) -> Option<Scalar<'d>> {
        match self.content() {
            None => Some(Scalar::Null),
            Some(Content::Plain(text)) => Some(Scalar::of_plain(text)),
            Some(Content::Text(text)) => Some(Scalar::Text(text)),
            Some(Content::Bytes(_) | Content::List(_) | Content::Map { .. }) => None,
        }
    }

    fn is_null(self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    /// The node does not fit into `wanted`.
    fn mismatch(self, wanted: &str) -> ReadError {
        match (self.content(), self.scalar()) {
            (Some(Content::Plain(text) | Content::Text(text)), Some(scalar)) => {
                self.misfit(&format!("{} `{}`", scalar.tag(), shortened(text)), wanted)
            }
            _ => self.mismatched_kind(wanted),
        }
    }

    /// The same without the text of a scalar: one that stands in the place of a section may be a secret.
    fn mismatched_kind(self, wanted: &str) -> ReadError {
        let found = match (self.content(), self.scalar()) {
            (Some(Content::List(_)), _) => "!!seq",
            (Some(Content::Map { .. }), _) => "!!map",
            (_, Some(scalar)) => scalar.tag(),
            _ => "!!binary",
        };
        self.misfit(found, wanted)
    }

    fn misfit(self, found: &str, wanted: &str) -> ReadError {
        ReadError { node: self.node, message: format!("cannot unmarshal {found} into {wanted}") }
    }

    fn int(self, wanted: &str) -> Result<i128, ReadError> {
        match self.scalar() {
            Some(Scalar::Null) => Ok(0),
            Some(Scalar::Int(int)) => Ok(int),
            Some(Scalar::Float(float)) if float.fract() == 0.0 && float.abs() < 1e18 => Ok(float as i128),
            _ => Err(self.mismatch(wanted)),
        }
    }

    fn text(self) -> Result<&'d str, ReadError> {
        match self.content() {
            None => Ok(""),
            Some(Content::Plain(_)) if self.is_null() => Ok(""),
            Some(Content::Plain(text) | Content::Text(text)) => Ok(text),
            Some(_) => Err(self.mismatch("string")),
        }
    }

    fn entries(self, wanted: &str) -> Result<(&'d [Entry], &'d [NodeId]), ReadError> {
        match self.content() {
            Some(Content::Map { entries, repeated }) => Ok((entries, repeated)),
            _ if self.is_null() => Ok((&[], &[])),
            _ => Err(self.mismatched_kind(wanted)),
        }
    }
}

/// A text as messages quote it.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

macro_rules! deserialize_int {
    ($($method:ident $visit:ident $type:ty, $name:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let int = <$type>::try_from(self.int($name)?).map_err(|_| self.mismatch($name))?;
            visitor.$visit(int).map_err(|error: ReadError| error.at(self.node))
        })*
    };
}

impl<'de> de::Deserializer<'de> for At<'_, '_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.visit()?;
        match (self.content(), self.scalar()) {
            (_, Some(Scalar::Null)) => visitor.visit_unit(),
            (_, Some(Scalar::Bool(bool))) => visitor.visit_bool(bool),
            (_, Some(Scalar::Int(int))) => match (i64::try_from(int), u64::try_from(int)) {
                (Ok(int), _) => visitor.visit_i64(int),
                (_, Ok(int)) => visitor.visit_u64(int),
                _ => visitor.visit_f64(int as f64),
            },
            (_, Some(Scalar::Float(float))) => visitor.visit_f64(float),
            (_, Some(Scalar::Text(text))) => visitor.visit_str(text),
            (Some(Content::List(_)), _) => self.deserialize_seq(visitor),
            (Some(Content::Map { .. }), _) => self.deserialize_map(visitor),
            _ => Err(self.mismatch("string")),
        }
        .map_err(|error: ReadError| error.at(self.node))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.scalar() {
            Some(Scalar::Null) => visitor.visit_bool(false),
            Some(Scalar::Bool(bool)) => visitor.visit_bool(bool),
            _ => Err(self.mismatch("bool")),
        }
    }

    deserialize_int! {
        deserialize_i8 visit_i8 i8, "int";
        deserialize_i16 visit_i16 i16, "int";
        deserialize_i32 visit_i32 i32, "int";
        deserialize_i64 visit_i64 i64, "int";
        deserialize_u8 visit_u8 u8, "uint";
        deserialize_u16 visit_u16 u16, "uint";
        deserialize_u32 visit_u32 u32, "uint";
        deserialize_u64 visit_u64 u64, "uint";
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.scalar() {
            Some(Scalar::Float(float)) => visitor.visit_f64(float),
            Some(Scalar::Int(int)) => visitor.visit_f64(int as f64),
            Some(Scalar::Null) => visitor.visit_f64(0.0),
            _ => Err(self.mismatch("float64")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(self.text()?).map_err(|error: ReadError| error.at(self.node))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.content() {
            Some(Content::Bytes(bytes)) => visitor.visit_bytes(bytes),
            _ => visitor.visit_bytes(self.text()?.as_bytes()),
        }
        .map_err(|error: ReadError| error.at(self.node))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        // What stands among the fields of others is never absent.
        if self.inline.is_none() && self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.is_null() { visitor.visit_unit() } else { Err(self.mismatch("nothing")) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self).map_err(|error| error.at(self.node))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.visit()?;
        let elements: &[NodeId] = match self.content() {
            Some(Content::List(elements)) => elements,
            _ if self.is_null() => &[],
            _ => return Err(self.mismatched_kind("a list")),
        };
        let elements = elements.iter().filter(|element| !self.reader.is_left_out(**element));
        let elements: Vec<NodeId> = elements.copied().collect();
        visitor.visit_seq(Elements { reader: self.reader, rest: elements.into_iter() })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.visit()?;
        let (entries, repeated) = self.entries("a mapping")?;
        for key in repeated {
            let name = self.reader.document.key_text(*key).unwrap_or_default();
            self.reader.report_at(Some(*key), format!("key {name:?} already set in map"), None);
        }
        let wanted = |entry: &&Entry| !self.reader.is_left_out(entry.value) && !self.reader.is_left_out(entry.key);
        let entries: Vec<Entry> = entries.iter().filter(wanted).copied().collect();
        visitor.visit_map(Entries { reader: self.reader, rest: entries.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.visit()?;
        if self.is_element && self.is_null() {
            return Err(ReadError { node: self.node, message: format!("empty or null {name}") });
        }
        let (entries, repeated) = self.entries(name)?;
        let fields = Fields::new(self, fields, entries);
        let asked = Asked::default();
        let access = FieldAccess {
            at: self,
            rest: fields.taken.into_iter(),
            inline: fields.inline.into_iter(),
            asked: &asked,
            value: None,
        };
        let value = visitor.visit_map(access).map_err(|error| error.at(self.node));
        let mut known = asked.names.into_inner();
        known.extend(fields.names);
        match (self.inline, &value) {
            (Some(outer), _) => outer.names.borrow_mut().extend(known),
            (None, Ok(_)) => report_strangers(self.reader, name, &known, entries, repeated),
            // What stands behind the mistake has not asked for its names; the next reading knows them all.
            (None, Err(_)) => {}
        }
        value
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let text = self.text()?;
        visitor.visit_enum(text.into_deserializer()).map_err(|error: ReadError| error.at(self.node))
    }

    forward_to_deserialize_any! { identifier ignored_any }
}

/// Which entries a structure takes, and which of its fields leave theirs among these.
struct Fields {
    names: Vec<&'static str>,
    taken: Vec<(&'static str, NodeId)>,
    inline: Vec<&'static str>,
}

impl Fields {
    fn new(at: At<'_, '_>, fields: &'static [&'static str], entries: &[Entry]) -> Fields {
        let (inline, names): (Vec<&'static str>, Vec<&'static str>) =
            fields.iter().partition(|field| field.starts_with(INLINE));
        let take = |entry: &Entry| {
            let key = at.reader.document.key_text(entry.key)?;
            let name = names.iter().find(|name| **name == key)?;
            (!at.reader.is_left_out(entry.value)).then_some((*name, entry.value))
        };
        let taken = entries.iter().filter_map(take).collect();
        Fields { names, taken, inline }
    }
}

/// Names keys that mean nothing, and keys that are there twice.
fn report_strangers(
    reader: &Reader<'_>,
    type_name: &str,
    known: &HashSet<&'static str>,
    entries: &[Entry],
    repeated: &[NodeId],
) {
    let key_text = |key: NodeId| reader.document.key_text(key);
    for entry in entries {
        match key_text(entry.key) {
            Some(key) if known.contains(key) => {}
            key => {
                let key = key.unwrap_or_default();
                let message = format!("field {key} not found in type {type_name}");
                reader.report_at(Some(entry.key), message, suggestion(key, known));
            }
        }
    }
    for key in repeated {
        let name = key_text(*key).unwrap_or_default();
        reader.report_at(Some(*key), format!("field {name} already set in type {type_name}"), None);
    }
}

fn suggestion(key: &str, known: &HashSet<&'static str>) -> Option<String> {
    if let Some(near) = nearest(key, known.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let mut known: Vec<&str> = known.iter().copied().collect();
    known.sort_unstable();
    (known.len() <= MAX_LISTED && !known.is_empty()).then(|| format!("known here: {}", known.join(", ")))
}

struct Elements<'r, 'd> {
    reader: &'r Reader<'d>,
    rest: std::vec::IntoIter<NodeId>,
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        let at = At { reader: self.reader, node: Some(node), is_element: true, inline: None };
        seed.deserialize(at).map(Some).map_err(|error| error.at(Some(node)))
    }
}

/// The entries of a map whose keys may be anything.
struct Entries<'r, 'd> {
    reader: &'r Reader<'d>,
    rest: std::vec::IntoIter<Entry>,
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.value = Some(entry.value);
        let at = At { reader: self.reader, node: Some(entry.key), is_element: false, inline: None };
        seed.deserialize(at).map(Some).map_err(|error| error.at(Some(entry.key)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let at = At { reader: self.reader, node: self.value, is_element: false, inline: None };
        seed.deserialize(at).map_err(|error| error.at(self.value))
    }
}

/// The fields of a structure: its own, then those of the structures that leave theirs among them.
struct FieldAccess<'r, 'd> {
    at: At<'r, 'd>,
    rest: std::vec::IntoIter<(&'static str, NodeId)>,
    inline: std::vec::IntoIter<&'static str>,
    asked: &'r Asked,
    /// `None` for a field whose own fields stand here.
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for FieldAccess<'_, '_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let name = match self.rest.next() {
            Some((name, value)) => {
                self.value = Some(value);
                Some(name)
            }
            None => {
                self.value = None;
                self.inline.next()
            }
        };
        let deserializer =
            |name: &'static str| -> de::value::StrDeserializer<'static, ReadError> { name.into_deserializer() };
        name.map(|name| seed.deserialize(deserializer(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        match self.value {
            Some(value) => {
                let at = At { reader: self.at.reader, node: Some(value), is_element: false, inline: None };
                seed.deserialize(at).map_err(|error| error.at(Some(value)))
            }
            None => seed.deserialize(At { is_element: false, inline: Some(self.asked), ..self.at }),
        }
    }
}
