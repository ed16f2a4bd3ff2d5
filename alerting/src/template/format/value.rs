//! Any value by a verb, and `print` and `println`.

use std::fmt::Write;

use model::name::quoted;

use crate::template::duration::duration_text;
use crate::template::limits::Sink;
use crate::template::time_layout::time_text;
use crate::template::value::{Element, Value};

use super::spec::Spec;
use super::{float, integer};

/// A value as an action prints it.
pub(in crate::template) fn printed(value: &Value, max_bytes: usize) -> Result<String, String> {
    let mut out = Sink::new(max_bytes);
    match value {
        Value::Nil => out.push("<no value>")?,
        _ => push(&mut out, value, 'v', &Spec::default(), 0)?,
    }
    Ok(out.text)
}

/// Values side by side, with a blank between two of which neither is a text.
pub(in crate::template) fn print(values: &[Value], max_bytes: usize) -> Result<String, String> {
    let mut out = Sink::new(max_bytes);
    let mut was_text = true;
    for (number, value) in values.iter().enumerate() {
        let is_text = matches!(value, Value::Text(_) | Value::Safe(..));
        if number > 0 && !is_text && !was_text {
            out.push(" ")?;
        }
        push(&mut out, value, 'v', &Spec::default(), 0)?;
        was_text = is_text;
    }
    Ok(out.text)
}

/// Values with blanks between them, and a newline.
pub(in crate::template) fn println(values: &[Value], max_bytes: usize) -> Result<String, String> {
    let mut out = Sink::new(max_bytes);
    for (number, value) in values.iter().enumerate() {
        if number > 0 {
            out.push(" ")?;
        }
        push(&mut out, value, 'v', &Spec::default(), 0)?;
    }
    out.push("\n")?;
    Ok(out.text)
}

/// Appends a value by a verb. Values in values have a limit, and so has this recursion.
pub(super) fn push(out: &mut Sink, value: &Value, verb: char, spec: &Spec, depth: usize) -> Result<(), String> {
    if verb == 'T' {
        return spec.pad(out, value.type_name());
    }
    if verb == 'w' {
        return push_bad_verb(out, value, verb, spec);
    }
    let is_done = match value {
        Value::Nil if depth > 0 => out.push("<nil>").map(|()| true)?,
        Value::Nil if verb == 'v' => spec.pad(out, "<nil>").map(|()| true)?,
        Value::Nil => false,
        Value::Bool(value) => match verb {
            't' | 'v' => spec.pad(out, if *value { "true" } else { "false" }).map(|()| true)?,
            _ => false,
        },
        Value::Int(value) => integer::push(out, i128::from(*value), verb, spec)?,
        Value::Uint(value) => integer::push(out, i128::from(*value), verb, spec)?,
        Value::Float(value) => float::push(out, *value, verb, spec)?,
        Value::Text(text) | Value::Safe(_, text) => push_text(out, text, verb, spec)?,
        Value::Opaque(_, text) => push_text(out, text, verb, spec)?,
        Value::Time(time) => push_text(out, &time_text(time), verb, spec)?,
        Value::Duration(nanos) if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') && !spec.sharp_v => {
            push_text(out, &duration_text(*nanos), verb, spec)?
        }
        Value::Duration(nanos) => integer::push(out, i128::from(*nanos), verb, spec)?,
        Value::List(_) | Value::Map(_) | Value::Struct(_) => {
            push_compound(out, value, verb, spec, depth)?;
            true
        }
    };
    if is_done { Ok(()) } else { push_bad_verb(out, value, verb, spec) }
}

fn push_text(out: &mut Sink, text: &str, verb: char, spec: &Spec) -> Result<bool, String> {
    let cut = |text: &str| match spec.precision {
        Some(n_chars) => text.chars().take(n_chars).collect(),
        None => text.to_owned(),
    };
    match verb {
        'v' if spec.sharp_v => spec.pad(out, &quoted(text).to_string())?,
        'v' | 's' => spec.pad(out, &cut(text))?,
        'q' if spec.sharp && !text.contains('`') && !text.chars().any(|c| c.is_control() && c != '\t') => {
            spec.pad(out, &format!("`{}`", cut(text)))?;
        }
        'q' if spec.plus => spec.pad(out, &ascii(&quoted(&cut(text)).to_string()))?,
        'q' => spec.pad(out, &quoted(&cut(text)).to_string())?,
        'x' | 'X' => spec.pad(out, &hex(text, verb, spec))?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// A quoted text in which all that is not ASCII is escaped.
pub(super) fn ascii(quoted: &str) -> String {
    let escaped = |c: char| match u32::from(c) {
        0..=0x7f => c.to_string(),
        code @ 0x80..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    };
    quoted.chars().map(escaped).collect()
}

/// The bytes of a text in hexadecimal; a blank parts them where the flag says so, and `0x` stands before them.
fn hex(text: &str, verb: char, spec: &Spec) -> String {
    let bytes = text.as_bytes();
    let bytes = &bytes[..spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
    let prefix = match (spec.sharp, verb) {
        (true, 'x') => "0x",
        (true, _) => "0X",
        (false, _) => "",
    };
    let mut out = String::with_capacity(4 * bytes.len());
    for (number, byte) in bytes.iter().enumerate() {
        if number > 0 && spec.space {
            out.push(' ');
        }
        if number == 0 || spec.space {
            out.push_str(prefix);
        }
        let written = if verb == 'x' { write!(out, "{byte:02x}") } else { write!(out, "{byte:02X}") };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    out
}

fn push_compound(out: &mut Sink, value: &Value, verb: char, spec: &Spec, depth: usize) -> Result<(), String> {
    let type_name = value.type_name();
    let is_pointer = type_name.starts_with('*');
    if is_pointer && depth == 0 {
        out.push("&")?;
    }
    let separator = if spec.sharp_v { ", " } else { " " };
    if spec.sharp_v {
        out.push(type_name.trim_start_matches('*'))?;
    }
    let (open, close) = match (value, spec.sharp_v) {
        (Value::List(list), true) if list.items.is_none() => return out.push("(nil)"),
        (Value::Map(map), true) if map.entries.is_none() => return out.push("(nil)"),
        (_, true) | (Value::Struct(_), _) => ("{", "}"),
        (Value::Map(_), _) => ("map[", "]"),
        _ => ("[", "]"),
    };
    out.push(open)?;
    let begin = |out: &mut Sink, number: usize| if number > 0 { out.push(separator) } else { Ok(()) };
    match value {
        Value::List(list) => {
            for (number, item) in list.items().iter().enumerate() {
                begin(out, number)?;
                push_element(out, item, verb, spec, depth, list.of.element)?;
            }
        }
        Value::Map(map) => {
            for (number, (key, item)) in map.entries().enumerate() {
                begin(out, number)?;
                push(out, &Value::Text(key.clone()), verb, spec, depth + 1)?;
                out.push(":")?;
                push_element(out, item, verb, spec, depth, map.of.element)?;
            }
        }
        Value::Struct(value) => {
            for (number, field) in value.fields.iter().enumerate() {
                begin(out, number)?;
                if spec.plus_v || spec.sharp_v {
                    out.push(field.name)?;
                    out.push(":")?;
                }
                push(out, &field.value, verb, spec, depth + 1)?;
            }
        }
        _ => {}
    }
    out.push(close)
}

fn push_element(
    out: &mut Sink,
    item: &Value,
    verb: char,
    spec: &Spec,
    depth: usize,
    element: Element,
) -> Result<(), String> {
    if spec.sharp_v && element == Element::Any && matches!(item, Value::Nil) {
        return out.push("interface {}(nil)");
    }
    push(out, item, verb, spec, depth + 1)
}

/// `%!d(string=abc)`
fn push_bad_verb(out: &mut Sink, value: &Value, verb: char, spec: &Spec) -> Result<(), String> {
    out.push("%!")?;
    out.push_char(verb)?;
    out.push("(")?;
    if matches!(value, Value::Nil) {
        return out.push("<nil>)");
    }
    out.push(value.type_name())?;
    out.push("=")?;
    match value {
        // What is wrong is shown without the help of methods.
        Value::Duration(nanos) => integer::push(out, i128::from(*nanos), 'v', spec).map(|_| ())?,
        _ => push(out, value, 'v', spec, 0)?,
    }
    out.push(")")
}
