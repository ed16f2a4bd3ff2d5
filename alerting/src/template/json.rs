//! Values as JSON, as Go's encoder writes them: `<`, `>` and `&` escaped, keys sorted.

use super::limits::Sink;
use super::time_layout;
use super::value::Value;

/// A value as JSON.
///
/// # Errors
/// For floats that JSON does not have, and where the text would be longer than it may.
pub(super) fn to_json(value: &Value, max_bytes: usize) -> Result<String, String> {
    let mut out = Sink::new(max_bytes);
    push(&mut out, value)?;
    Ok(out.text)
}

/// Values in values have a limit, and so has this recursion.
fn push(out: &mut Sink, value: &Value) -> Result<(), String> {
    match value {
        Value::Nil => out.push("null"),
        Value::Bool(value) => out.push(if *value { "true" } else { "false" }),
        Value::Int(value) | Value::Duration(value) => out.push(&value.to_string()),
        Value::Uint(value) => out.push(&value.to_string()),
        Value::Float(value) => out.push(&float(*value)?),
        Value::Text(text) | Value::Safe(_, text) | Value::Opaque(_, text) => push_text(out, text),
        Value::Time(time) => push_text(out, &time_layout::format(time, "2006-01-02T15:04:05.999999999Z07:00")),
        Value::List(list) => match &list.items {
            None => out.push("null"),
            Some(items) => {
                out.push("[")?;
                for (number, item) in items.iter().enumerate() {
                    out.push(if number > 0 { "," } else { "" })?;
                    push(out, item)?;
                }
                out.push("]")
            }
        },
        Value::Map(map) => match &map.entries {
            None => out.push("null"),
            Some(entries) => push_object(out, entries.iter().map(|(key, value)| (&**key, value))),
        },
        Value::Struct(value) => push_object(out, value.fields.iter().map(|field| (field.json, &field.value))),
    }
}

fn push_object<'v>(out: &mut Sink, entries: impl Iterator<Item = (&'v str, &'v Value)>) -> Result<(), String> {
    out.push("{")?;
    for (number, (key, value)) in entries.enumerate() {
        out.push(if number > 0 { "," } else { "" })?;
        push_text(out, key)?;
        out.push(":")?;
        push(out, value)?;
    }
    out.push("}")
}

/// The shortest text of a float, with an exponent where it is very small or large.
pub(crate) fn float(value: f64) -> Result<String, String> {
    if !value.is_finite() {
        return Err(format!("json: unsupported value: {}", model::float::plain(value)));
    }
    if value == 0.0 || (1e-6..1e21).contains(&value.abs()) {
        return Ok(model::float::plain(value));
    }
    let text = model::float::scientific(value);
    // JSON's exponents have no zero before them.
    Ok(text.replace("e-0", "e-").replace("e+0", "e+"))
}

fn push_text(out: &mut Sink, text: &str) -> Result<(), String> {
    out.push("\"")?;
    for c in text.chars() {
        match c {
            '"' => out.push("\\\"")?,
            '\\' => out.push("\\\\")?,
            '\n' => out.push("\\n")?,
            '\r' => out.push("\\r")?,
            '\t' => out.push("\\t")?,
            '\u{8}' => out.push("\\b")?,
            '\u{c}' => out.push("\\f")?,
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push(&format!("\\u{:04x}", u32::from(c)))?;
            }
            c => out.push_char(c)?,
        }
    }
    out.push("\"")
}
