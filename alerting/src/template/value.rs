//! What templates work on: values as Go would have them, each of a type with a name and methods.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Zoned;

use super::function::Function;
use super::limits::VALUE_DEPTH;

/// A value. Copies are cheap: what is large is shared.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing: an untyped nil, or a field that is not there. Printed as `<no value>`.
    Nil,
    /// A truth value.
    Bool(bool),
    /// An `int`.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A `float64`.
    Float(f64),
    /// A `string`.
    Text(Arc<str>),
    /// A text that HTML mode takes as it is where it belongs.
    Safe(Safe, Arc<str>),
    /// A `time.Duration`, in nanoseconds.
    Duration(i64),
    /// A `time.Time`.
    Time(Arc<Zoned>),
    /// A slice.
    List(List),
    /// A map with strings for keys.
    Map(Map),
    /// A struct.
    Struct(Struct),
    /// A value of which only its text is known: what has a `String` method and nothing else.
    Opaque(&'static Type, Arc<str>),
}

/// What a text is safe for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safe {
    /// `template.HTML`
    Html,
    /// `template.URL`
    Url,
}

/// What values of a type have in common.
#[derive(Debug)]
pub struct Type {
    /// As Go's `%T` names it. A pointer's begins with `*`.
    pub name: &'static str,
    /// What `.Name` calls.
    pub methods: &'static [Function],
    /// What stands in a list or map.
    pub element: Element,
}

/// What stands in a list or map: decides what a key that is not there gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Anything; nothing, where a key is missing.
    Any,
    /// Texts; the empty one, where a key is missing.
    Text,
}

/// `[]interface {}`
pub static ANY_LIST: Type = Type { name: "[]interface {}", methods: &[], element: Element::Any };
/// `[]string`
pub static TEXT_LIST: Type = Type { name: "[]string", methods: &[], element: Element::Text };
/// `map[string]interface {}`
pub static ANY_MAP: Type = Type { name: "map[string]interface {}", methods: &[], element: Element::Any };
/// `map[string]string`
pub static TEXT_MAP: Type = Type { name: "map[string]string", methods: &[], element: Element::Text };

/// A slice. Without items it may also be nil, which only JSON tells apart.
#[derive(Clone, Debug)]
pub struct List {
    pub(super) of: &'static Type,
    pub(super) items: Option<Arc<Vec<Value>>>,
    pub(super) depth: u16,
}

/// A map. Without entries it may also be nil, which only JSON tells apart.
#[derive(Clone, Debug)]
pub struct Map {
    pub(super) of: &'static Type,
    pub(super) entries: Option<Arc<BTreeMap<Arc<str>, Value>>>,
    pub(super) depth: u16,
}

/// A struct: fields in their order.
#[derive(Clone, Debug)]
pub struct Struct {
    pub(super) of: &'static Type,
    pub(super) fields: Arc<Vec<Field>>,
    pub(super) depth: u16,
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// As templates name it.
    pub name: &'static str,
    /// As JSON names it.
    pub json: &'static str,
    /// What it holds.
    pub value: Value,
}

impl List {
    /// A list of some type, or why there is none: values in values have a limit.
    ///
    /// # Errors
    /// `template_depth`.
    pub fn new(of: &'static Type, items: Vec<Value>) -> Result<List, String> {
        Ok(List { of, depth: depth_of(items.iter())?, items: Some(Arc::new(items)) })
    }

    /// A nil slice.
    pub fn nil(of: &'static Type) -> List {
        List { of, items: None, depth: 0 }
    }

    /// Its items.
    pub fn items(&self) -> &[Value] {
        self.items.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl Map {
    /// A map of some type, or why there is none: values in values have a limit.
    ///
    /// # Errors
    /// `template_depth`.
    pub fn new(of: &'static Type, entries: BTreeMap<Arc<str>, Value>) -> Result<Map, String> {
        Ok(Map { of, depth: depth_of(entries.values())?, entries: Some(Arc::new(entries)) })
    }

    /// A map of texts.
    pub fn of_texts<'t>(of: &'static Type, entries: impl IntoIterator<Item = (&'t str, &'t str)>) -> Map {
        let entries = entries.into_iter().map(|(name, text)| (name.into(), Value::from(text))).collect();
        Map { of, entries: Some(Arc::new(entries)), depth: 1 }
    }

    /// A nil map.
    pub fn nil(of: &'static Type) -> Map {
        Map { of, entries: None, depth: 0 }
    }

    /// Its entries, by key.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        static NONE: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        self.entries.as_deref().unwrap_or(&NONE).iter()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.as_ref()?.get(key)
    }
}

impl Struct {
    /// A struct, or why there is none: values in values have a limit.
    ///
    /// # Errors
    /// `template_depth`.
    pub fn new(of: &'static Type, fields: Vec<Field>) -> Result<Struct, String> {
        Ok(Struct { of, depth: depth_of(fields.iter().map(|field| &field.value))?, fields: Arc::new(fields) })
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }
}

fn depth_of<'v>(values: impl Iterator<Item = &'v Value>) -> Result<u16, String> {
    let depth = 1 + values.map(Value::depth).max().unwrap_or(0);
    if depth > VALUE_DEPTH {
        return Err(format!("values nested more than {VALUE_DEPTH} deep (limit template_depth)"));
    }
    Ok(depth)
}

impl Value {
    /// A list of texts.
    pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
        let items = texts.into_iter().map(Value::from).collect();
        Value::List(List { of: &TEXT_LIST, items: Some(Arc::new(items)), depth: 1 })
    }

    fn depth(&self) -> u16 {
        match self {
            Value::List(list) => list.depth,
            Value::Map(map) => map.depth,
            Value::Struct(value) => value.depth,
            _ => 0,
        }
    }

    /// The type that holds the methods of the value, if any type does.
    pub(super) fn type_of(&self) -> Option<&'static Type> {
        match self {
            Value::List(list) => Some(list.of),
            Value::Map(map) => Some(map.of),
            Value::Struct(value) => Some(value.of),
            Value::Opaque(of, _) => Some(of),
            Value::Time(_) => Some(&super::time_type::TIME),
            Value::Duration(_) => Some(&super::time_type::DURATION),
            _ => None,
        }
    }

    /// The name of its type, as Go's `%T` has it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint64",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::Safe(Safe::Html, _) => "template.HTML",
            Value::Safe(Safe::Url, _) => "template.URL",
            _ => self.type_of().map_or("interface {}", |of| of.name),
        }
    }

    /// Whether `if` takes it for true: whether it is not the zero of its type.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value) | Value::Duration(value) => *value != 0,
            Value::Uint(value) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Text(text) | Value::Safe(_, text) => !text.is_empty(),
            Value::List(list) => !list.items().is_empty(),
            Value::Map(map) => map.entries().len() > 0,
            Value::Time(_) | Value::Struct(_) | Value::Opaque(..) => true,
        }
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> &str {
        match self {
            Value::Text(text) | Value::Safe(_, text) => text,
            _ => "",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}
