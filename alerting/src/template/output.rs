//! Where the output goes: as it is, or through the escaping of HTML mode.

use super::format::printed;
use super::html::Writer;
use super::limits::Sink;
use super::templates::Mode;
use super::value::Value;

#[derive(Debug)]
pub(super) enum Output {
    Text(Sink),
    Html(Box<Writer>),
}

impl Output {
    pub(super) fn new(mode: Mode, max_bytes: usize) -> Output {
        match mode {
            Mode::Text => Output::Text(Sink::new(max_bytes)),
            Mode::Html => Output::Html(Box::new(Writer::new(max_bytes))),
        }
    }

    pub(super) fn mode(&self) -> Mode {
        match self {
            Output::Text(_) => Mode::Text,
            Output::Html(_) => Mode::Html,
        }
    }

    /// Appends what the template itself says.
    pub(super) fn text(&mut self, text: &str) -> Result<(), String> {
        match self {
            Output::Text(sink) => sink.push(text),
            Output::Html(writer) => writer.text(text),
        }
    }

    /// Appends what an action says.
    pub(super) fn value(&mut self, value: &Value) -> Result<(), String> {
        match self {
            Output::Text(sink) => {
                let text = printed(value, sink.max_bytes())?;
                sink.push(&text)
            }
            Output::Html(writer) => writer.value(value),
        }
    }

    pub(super) fn finish(self) -> String {
        match self {
            Output::Text(sink) => sink.text,
            Output::Html(writer) => writer.finish(),
        }
    }
}
