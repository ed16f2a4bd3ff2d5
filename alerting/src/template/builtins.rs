//! The functions that Go's templates have by themselves. `and` and `or` stand here by name only: the interpreter
//! evaluates their arguments one by one.

use std::sync::Arc;

use super::compare::{is_at_most, is_equal, is_less};
use super::escape;
use super::format;
use super::function::{Answer, Function, Parameter, safe};
use super::templates::Mode;
use super::value::{Element, List, Safe, Value};

const REFLECTED: Parameter = Parameter::Reflected;

pub(super) static BUILTINS: &[Function] = &[
    Function::variadic("and", &[REFLECTED], REFLECTED, |_, values| Ok(last(values))),
    Function::variadic("call", &[REFLECTED], REFLECTED, |_, values| match &values[0] {
        Value::Nil => Err("call of nil".to_owned()),
        value => Err(format!("non-function of type {}", value.type_name())),
    }),
    Function::variadic("eq", &[REFLECTED], REFLECTED, |_, values| {
        if values.len() < 2 {
            return Err("missing argument for comparison".to_owned());
        }
        for other in &values[1..] {
            if is_equal(&values[0], other)? {
                return Ok(true.into());
            }
        }
        Ok(false.into())
    }),
    Function::new("ge", &[REFLECTED, REFLECTED], |_, values| Ok((!is_less(&values[0], &values[1])?).into())),
    Function::new("gt", &[REFLECTED, REFLECTED], |_, values| Ok((!is_at_most(&values[0], &values[1])?).into())),
    Function::variadic("html", &[], Parameter::Any, |execution, values| {
        let escaped = escape::html(&joined(values, execution.max_bytes())?);
        match execution.output.mode() {
            // What is escaped already is not escaped again.
            Mode::Html => safe(Safe::Html, &escaped),
            Mode::Text => Ok(escaped.into()),
        }
    }),
    Function::variadic("index", &[REFLECTED], REFLECTED, |_, values| index(&values[0], &values[1..])),
    Function::variadic("js", &[], Parameter::Any, |execution, values| {
        Ok(escape::js(&joined(values, execution.max_bytes())?).into())
    }),
    Function::new("le", &[REFLECTED, REFLECTED], |_, values| Ok(is_at_most(&values[0], &values[1])?.into())),
    Function::new("len", &[REFLECTED], |_, values| len(&values[0])),
    Function::new("lt", &[REFLECTED, REFLECTED], |_, values| Ok(is_less(&values[0], &values[1])?.into())),
    Function::new("ne", &[REFLECTED, REFLECTED], |_, values| Ok((!is_equal(&values[0], &values[1])?).into())),
    Function::new("not", &[REFLECTED], |_, values| Ok((!values[0].is_true()).into())),
    Function::variadic("or", &[REFLECTED], REFLECTED, |_, values| Ok(last(values))),
    Function::variadic("print", &[], Parameter::Any, |execution, values| {
        format::print(values, execution.max_bytes()).map(Value::from)
    }),
    Function::variadic("printf", &[Parameter::Text], Parameter::Any, |execution, values| {
        format::printf(values[0].text(), &values[1..], execution.max_bytes()).map(Value::from)
    }),
    Function::variadic("println", &[], Parameter::Any, |execution, values| {
        format::println(values, execution.max_bytes()).map(Value::from)
    }),
    Function::variadic("slice", &[REFLECTED], REFLECTED, |execution, values| {
        if let Value::List(list) = &values[0] {
            execution.charge(list.items().len())?;
        }
        slice(&values[0], &values[1..])
    }),
    Function::variadic("urlquery", &[], Parameter::Any, |execution, values| {
        Ok(escape::url_query(&joined(values, execution.max_bytes())?).into())
    }),
];

fn last(values: &[Value]) -> Value {
    values.last().cloned().unwrap_or(Value::Nil)
}

/// Arguments as one text.
fn joined(values: &[Value], max_bytes: usize) -> Result<String, String> {
    if let [Value::Text(text)] = values {
        return Ok(text.to_string());
    }
    let shown = |value: &Value| if matches!(value, Value::Nil) { Value::from("<no value>") } else { value.clone() };
    format::print(&values.iter().map(shown).collect::<Vec<_>>(), max_bytes)
}

fn len(value: &Value) -> Answer {
    let len = match value {
        Value::Text(text) | Value::Safe(_, text) => text.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.entries().len(),
        Value::Nil => return Err("len of nil pointer".to_owned()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(len as i64))
}

fn index(value: &Value, indexes: &[Value]) -> Answer {
    if matches!(value, Value::Nil) {
        return Err("index of untyped nil".to_owned());
    }
    let mut value = value.clone();
    for index in indexes {
        value = match &value {
            Value::Nil => return Err("index of nil pointer".to_owned()),
            Value::Text(text) => {
                let at = position(index, text.len())?;
                let byte = text.as_bytes().get(at).ok_or_else(|| out_of_range(at))?;
                Value::Uint(u64::from(*byte))
            }
            Value::List(list) => {
                let at = position(index, list.items().len())?;
                list.items().get(at).cloned().ok_or_else(|| out_of_range(at))?
            }
            Value::Map(map) => {
                let key = match index {
                    Value::Text(key) => key,
                    Value::Nil => return Err("value is nil; should be of type string".to_owned()),
                    other => return Err(format!("value has type {}; should be string", other.type_name())),
                };
                map.get(key).cloned().unwrap_or_else(|| missing(map.of.element))
            }
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

/// What a key gives that is not there.
pub(super) fn missing(element: Element) -> Value {
    match element {
        Element::Any => Value::Nil,
        Element::Text => Value::from(""),
    }
}

fn out_of_range(at: usize) -> String {
    format!("reflect: slice index out of range: {at}")
}

fn position(index: &Value, len: usize) -> Result<usize, String> {
    let number = match index {
        Value::Int(number) => i128::from(*number),
        Value::Uint(number) => i128::from(*number),
        Value::Nil => return Err("cannot index slice/array with nil".to_owned()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name())),
    };
    let position = usize::try_from(number).ok().filter(|&position| position <= len);
    position.ok_or_else(|| format!("index out of range: {number}"))
}

fn slice(value: &Value, indexes: &[Value]) -> Answer {
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let len = match value {
        Value::Nil => return Err("slice of untyped nil".to_owned()),
        Value::Text(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        Value::Text(text) => text.len(),
        Value::List(list) => list.items().len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let mut bounds = [0, len, len];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, len)?;
    }
    let [from, to, cap] = bounds;
    if from > to || to > cap {
        let (one, other) = if from > to { (from, to) } else { (to, cap) };
        return Err(format!("invalid slice index: {one} > {other}"));
    }
    Ok(match value {
        // Half a character becomes one that says so.
        Value::Text(text) => String::from_utf8_lossy(&text.as_bytes()[from..to]).into_owned().into(),
        Value::List(list) => {
            let items = Arc::new(list.items()[from..to].to_vec());
            Value::List(List { of: list.of, items: Some(items), depth: list.depth })
        }
        _ => Value::Nil,
    })
}
