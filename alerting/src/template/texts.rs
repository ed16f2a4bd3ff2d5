//! Functions over texts that Prometheus and Alertmanager share.

use std::sync::Arc;

use model::regex::{GoRegex, Template};

use super::function::{Answer, Function, Parameter};
use super::limits::Sink;
use super::value::Value;

pub(super) const TITLE: Function =
    Function::new("title", &[Parameter::Text], |_, values| Ok(title(values[0].text()).into()));
pub(super) const TO_LOWER: Function =
    Function::new("toLower", &[Parameter::Text], |_, values| Ok(values[0].text().to_lowercase().into()));
pub(super) const TO_UPPER: Function =
    Function::new("toUpper", &[Parameter::Text], |_, values| Ok(values[0].text().to_uppercase().into()));
pub(super) const MATCH: Function = Function::new("match", &[Parameter::Text, Parameter::Text], |_, values| {
    let regex = GoRegex::searching(values[0].text()).map_err(|error| error.to_string())?;
    Ok(regex.is_match(values[1].text()).into())
});
pub(super) const REPLACE_ALL: Function =
    Function::new("reReplaceAll", &[Parameter::Text, Parameter::Text, Parameter::Text], |execution, values| {
        let [pattern, replacement, text] = [0, 1, 2].map(|number| values[number].text());
        replace_all(pattern, replacement, text, execution.max_bytes())
    });

/// Each word with a capital letter; what follows it stays.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_inside = false;
    for c in text.chars() {
        if is_inside || !c.is_alphanumeric() {
            out.push(c);
        } else {
            out.extend(c.to_uppercase());
        }
        is_inside = c.is_alphanumeric() || c == '_' || is_inside && (c == '\'' || c == '’' || c == '.');
    }
    out
}

/// All matches replaced; a match of nothing right behind another one does not count.
fn replace_all(pattern: &str, replacement: &str, text: &str, max_bytes: usize) -> Answer {
    let failed = |error| {
        let quoted =
            if pattern.contains('`') { model::name::quoted(pattern).to_string() } else { format!("`{pattern}`") };
        format!("regexp: Compile({quoted}): {error}")
    };
    let regex = GoRegex::searching(pattern).map_err(failed)?;
    let template = Template::new(replacement, &regex);
    let mut out = Sink::new(max_bytes);
    let (mut copied, mut from, mut last_end) = (0, 0, None);
    while let Some(captures) = regex.captures_from(text, from) {
        let Some((start, end)) = captures.span(0) else { break };
        if start < end || last_end != Some(end) {
            out.push(&text[copied..start])?;
            let mut replaced = String::new();
            template.expand(&captures, &mut replaced);
            out.push(&replaced)?;
            copied = end;
        }
        last_end = Some(end);
        from = if end > start { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) };
        if from > text.len() {
            break;
        }
    }
    out.push(&text[copied..])?;
    Ok(Value::Text(Arc::from(out.text)))
}
