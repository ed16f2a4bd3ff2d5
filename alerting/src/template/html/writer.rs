//! Follows the document that is written, and escapes values for the place where they stand.

use crate::template::format::printed;
use crate::template::limits::Sink;
use crate::template::value::{Safe, Value};

use super::context::{Attribute, Delimiter, Raw, State};
use super::css::Css;
use super::js::Js;
use super::markup::{UNSAFE, entity, escaped, escaped_without_quotes, name, without_tags};

/// An HTML document that is being written.
#[derive(Debug)]
pub(in crate::template) struct Writer {
    sink: Sink,
    state: State,
    /// The element whose tag is being written: it says what its content is.
    element: String,
    /// The attribute that is being written.
    attribute: String,
}

impl Writer {
    pub(in crate::template) fn new(max_bytes: usize) -> Writer {
        let (sink, state) = (Sink::new(max_bytes), State::Text);
        Writer { sink, state, element: String::new(), attribute: String::new() }
    }

    pub(in crate::template) fn finish(self) -> String {
        self.sink.text
    }

    /// Appends what the template itself says.
    pub(in crate::template) fn text(&mut self, text: &str) -> Result<(), String> {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let n_bytes = match &mut self.state {
                State::Text => self.in_text(rest)?,
                State::Comment => self.in_comment(rest),
                State::Raw(_) => self.in_raw(rest)?,
                State::Value(_, Attribute::Script(_) | Attribute::Style(_)) if c == '&' => self.in_entity(rest)?,
                _ => {
                    self.in_tag(c);
                    self.sink.push_char(c)?;
                    c.len_utf8()
                }
            };
            rest = &rest[n_bytes..];
        }
        Ok(())
    }

    /// Appends text up to a tag or comment, and what begins it; says how many bytes of the template that was.
    fn in_text(&mut self, rest: &str) -> Result<usize, String> {
        let Some(at) = rest.find('<') else {
            self.sink.push(rest)?;
            return Ok(rest.len());
        };
        self.sink.push(&rest[..at])?;
        let tag = &rest[at..];
        if tag.starts_with("<!--") {
            self.state = State::Comment;
            return Ok(at + 4);
        }
        let n_mark = if tag.starts_with("</") { 2 } else { 1 };
        if tag[n_mark..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ':';
            let n_name = tag[n_mark..].find(|c| !is_name(c)).unwrap_or(tag.len() - n_mark);
            self.element = if n_mark == 1 { tag[1..1 + n_name].to_ascii_lowercase() } else { String::new() };
            self.state = State::Tag;
            self.sink.push(&tag[..n_mark + n_name])?;
            return Ok(at + n_mark + n_name);
        }
        let is_doctype = tag.get(..9).is_some_and(|begin| begin.eq_ignore_ascii_case("<!doctype"));
        self.sink.push(if is_doctype { "<" } else { "&lt;" })?;
        Ok(at + 1)
    }

    fn in_comment(&mut self, rest: &str) -> usize {
        let Some(at) = rest.find("-->") else { return rest.len() };
        self.state = State::Text;
        at + 3
    }

    /// Appends the content of an element that is no HTML, up to its end tag.
    fn in_raw(&mut self, rest: &str) -> Result<usize, String> {
        let State::Raw(raw) = &mut self.state else { return Ok(0) };
        let end_tag = raw.end_tag();
        let ends = |at: usize| rest.get(at..at + end_tag.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(end_tag));
        let end = rest.match_indices("</").map(|(at, _)| at).find(|&at| ends(at));
        let content = &rest[..end.unwrap_or(rest.len())];
        match raw {
            Raw::Script(js) => *js = content.chars().fold(*js, Js::after),
            Raw::Style(css) => *css = content.chars().fold(*css, Css::after),
            Raw::Title | Raw::Textarea => {}
        }
        self.sink.push(content)?;
        if end.is_none() {
            return Ok(content.len());
        }
        self.sink.push(&rest[content.len()..content.len() + end_tag.len()])?;
        (self.state, self.element) = (State::Tag, String::new());
        Ok(content.len() + end_tag.len())
    }

    /// Moves on by an entity in an attribute that holds code: by what it means there.
    fn in_entity(&mut self, rest: &str) -> Result<usize, String> {
        let (meaning, n_bytes) = entity(rest)?;
        self.state = match std::mem::take(&mut self.state) {
            // What an entity means does not end the attribute.
            State::Value(delimiter, attribute) => State::Value(delimiter, attribute.after(meaning)),
            other => other,
        };
        self.sink.push(&rest[..n_bytes])?;
        Ok(n_bytes)
    }

    /// Moves on by a character within a tag.
    fn in_tag(&mut self, c: char) {
        self.state = match std::mem::take(&mut self.state) {
            State::Value(delimiter, attribute) => self.in_value(delimiter, attribute, c),
            State::BeforeValue if c.is_ascii_whitespace() => State::BeforeValue,
            State::BeforeValue if c == '"' => State::Value(Delimiter::Double, Attribute::of(&self.attribute)),
            State::BeforeValue if c == '\'' => State::Value(Delimiter::Single, Attribute::of(&self.attribute)),
            State::BeforeValue if c != '>' => self.in_value(Delimiter::Space, Attribute::of(&self.attribute), c),
            _ if c == '>' => self.end_of_tag(),
            State::AttributeName | State::AfterName if c == '=' => State::BeforeValue,
            State::AttributeName | State::AfterName if c.is_ascii_whitespace() => State::AfterName,
            _ if c.is_ascii_whitespace() || c == '/' => State::Tag,
            State::AttributeName => {
                self.attribute.push(c);
                State::AttributeName
            }
            _ => {
                self.attribute = c.to_string();
                State::AttributeName
            }
        };
    }

    fn in_value(&mut self, delimiter: Delimiter, attribute: Attribute, c: char) -> State {
        match (delimiter, c) {
            (Delimiter::Double, '"') | (Delimiter::Single, '\'') => State::Tag,
            (Delimiter::Space, '>') => self.end_of_tag(),
            (Delimiter::Space, c) if c.is_ascii_whitespace() => State::Tag,
            _ => State::Value(delimiter, attribute.after(c)),
        }
    }

    fn end_of_tag(&self) -> State {
        Raw::of(&self.element).map_or(State::Text, State::Raw)
    }

    /// Appends what an action says. Nothing is nothing.
    pub(in crate::template) fn value(&mut self, value: &Value) -> Result<(), String> {
        let max_bytes = self.sink.max_bytes();
        let text = if matches!(value, Value::Nil) { String::new() } else { printed(value, max_bytes)? };
        let is_html = matches!(value, Value::Safe(Safe::Html, _));
        let made = match &self.state {
            State::Text if is_html => text,
            State::Text => escaped(&text, false),
            State::Comment => String::new(),
            State::Raw(Raw::Title | Raw::Textarea) => escaped(&text, is_html),
            State::Raw(Raw::Script(js)) => js.escape(value, &text, max_bytes)?,
            State::Raw(Raw::Style(css)) => css.escape(&text),
            State::Tag | State::AttributeName | State::AfterName => {
                let name = name(&text);
                if !matches!(self.state, State::AttributeName) {
                    self.attribute.clear();
                }
                self.attribute.push_str(&name);
                self.state = State::AttributeName;
                name
            }
            State::BeforeValue => {
                let attribute = Attribute::of(&self.attribute);
                let made = in_attribute(Delimiter::Space, &attribute, value, &text, max_bytes)?;
                self.state = State::Value(Delimiter::Space, attribute);
                made
            }
            State::Value(delimiter, attribute) => in_attribute(*delimiter, attribute, value, &text, max_bytes)?,
        };
        self.sink.push(&made)
    }
}

/// A value within the value of an attribute: escaped for what it means, and then for HTML.
fn in_attribute(
    delimiter: Delimiter,
    attribute: &Attribute,
    value: &Value,
    text: &str,
    max_bytes: usize,
) -> Result<String, String> {
    let is_html = matches!(value, Value::Safe(Safe::Html, _)) && matches!(attribute, Attribute::Plain);
    let text = match attribute {
        Attribute::Plain if is_html => without_tags(text),
        Attribute::Plain => text.to_owned(),
        Attribute::Url(part) => part.escape(text, matches!(value, Value::Safe(Safe::Url, _))),
        Attribute::Style(css) => css.escape(text),
        Attribute::Script(js) => js.escape(value, text, max_bytes)?,
    };
    Ok(match delimiter {
        Delimiter::Space if text.is_empty() => UNSAFE.to_owned(),
        Delimiter::Space => escaped_without_quotes(&text, is_html),
        Delimiter::Double | Delimiter::Single => escaped(&text, is_html),
    })
}
