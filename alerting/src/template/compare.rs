//! `eq`, `ne`, `lt`, `le`, `gt` and `ge`.

use std::cmp::Ordering;

use super::format::printf;
use super::value::Value;

/// The kinds that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Uint,
    Float,
    Text,
}

fn kind(value: &Value) -> Option<Kind> {
    match value {
        Value::Bool(_) => Some(Kind::Bool),
        Value::Int(_) | Value::Duration(_) => Some(Kind::Int),
        Value::Uint(_) => Some(Kind::Uint),
        Value::Float(_) => Some(Kind::Float),
        Value::Text(_) | Value::Safe(..) => Some(Kind::Text),
        _ => None,
    }
}

/// How two values of kinds that can be compared stand to each other; `None` for NaN.
fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Text(one) | Value::Safe(_, one), Value::Text(other) | Value::Safe(_, other)) => Some(one.cmp(other)),
        _ => Some(integer(one).cmp(&integer(other))),
    }
}

fn integer(value: &Value) -> i128 {
    match value {
        Value::Int(value) | Value::Duration(value) => i128::from(*value),
        Value::Uint(value) => i128::from(*value),
        _ => 0,
    }
}

fn both_are_integers(one: Kind, other: Kind) -> bool {
    matches!((one, other), (Kind::Int | Kind::Uint, Kind::Int | Kind::Uint))
}

/// Whether two values are equal.
pub(super) fn is_equal(one: &Value, other: &Value) -> Result<bool, String> {
    match (kind(one), kind(other)) {
        (Some(left), Some(right)) if left == right || both_are_integers(left, right) => {
            Ok(order(one, other) == Some(Ordering::Equal))
        }
        (None, None) => is_same(one, other),
        _ if matches!(one, Value::Nil) || matches!(other, Value::Nil) => Ok(false),
        _ => Err(format!("incompatible types for comparison: {} and {}", one.type_name(), other.type_name())),
    }
}

/// Equality of what has no order.
fn is_same(one: &Value, other: &Value) -> Result<bool, String> {
    match (one, other) {
        (Value::Time(one), Value::Time(other)) => Ok(one == other),
        (Value::Opaque(of, one), Value::Opaque(other_of, other)) => Ok(of.name == other_of.name && one == other),
        _ if is_nil(one) || is_nil(other) => Ok(is_nil(one) && is_nil(other)),
        (Value::Struct(one), Value::Struct(other)) => Ok(std::sync::Arc::ptr_eq(&one.fields, &other.fields)),
        _ if std::mem::discriminant(one) != std::mem::discriminant(other) => {
            let (one_type, other_type) = (one.type_name(), other.type_name());
            Err(format!("non-comparable types {}: {one_type}, {other_type}: {}", shown("%s", one), shown("%v", other)))
        }
        _ => Err(format!("non-comparable type {}: {}", shown("%s", other), other.type_name())),
    }
}

/// A value for an error: not all of what is long.
fn shown(format: &str, value: &Value) -> String {
    printf(format, std::slice::from_ref(value), 1000).unwrap_or_else(|_| "…".to_owned())
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.items.is_none(),
        Value::Map(map) => map.entries.is_none(),
        _ => false,
    }
}

/// Whether the first is less.
pub(super) fn is_less(one: &Value, other: &Value) -> Result<bool, String> {
    let bad = || "invalid type for comparison".to_owned();
    let (left, right) = (kind(one).ok_or_else(bad)?, kind(other).ok_or_else(bad)?);
    if left != right && !both_are_integers(left, right) {
        return Err(format!("incompatible types for comparison: {} and {}", one.type_name(), other.type_name()));
    }
    if left == Kind::Bool {
        return Err(bad());
    }
    Ok(order(one, other) == Some(Ordering::Less))
}

/// Whether the first is less or equal.
pub(super) fn is_at_most(one: &Value, other: &Value) -> Result<bool, String> {
    Ok(is_less(one, other)? || is_equal(one, other)?)
}
