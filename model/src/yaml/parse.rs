//! From text to tree.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span as ParserSpan, Tag};

use super::document::{Content, Document, Entry, Node, NodeId, Span};
use super::fault::Step;
use super::problem::Problem;

impl Document {
    /// Reads the first document of a text.
    ///
    /// # Errors
    /// When the text is not YAML; the first mistake.
    pub fn parse(text: &str) -> Result<Document, Problem> {
        Document::parse_from(text, 0)
    }

    /// Reads all documents of a text; what is wrong with one leaves the others as they are. Documents without content are
    /// left out.
    pub fn parse_all(text: &str) -> Vec<Result<Document, Problem>> {
        let parts = document_starts(text);
        let ends = parts.iter().skip(1).copied().chain([text.len()]);
        let read = parts.iter().zip(ends).map(|(&start, end)| Document::parse_from(&text[start..end], start));
        read.filter(|read| !read.as_ref().is_ok_and(Document::is_empty)).collect()
    }

    /// Reads the first document of a part of a text that begins at a byte of the whole.
    fn parse_from(text: &str, offset: usize) -> Result<Document, Problem> {
        let shifted = |problem: Problem| Problem { span: problem.span.shifted(offset), ..problem };
        let mut document = Builder::read(text).map_err(shifted)?;
        if offset > 0 {
            document.nodes_mut().iter_mut().for_each(|node| node.span = node.span.shifted(offset));
        }
        Ok(document)
    }
}

/// The bytes at which the documents of a text begin. A line that begins with `---` begins one wherever it stands: no scalar
/// may have such a line (YAML 1.2, c-forbidden). Directives belong to the document behind them.
fn document_starts(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut has_begun = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_marker = line.strip_prefix("---").is_some_and(|rest| rest.trim_start() != rest || rest.is_empty());
        if is_marker && has_begun {
            starts.push(at);
        }
        has_begun |= is_marker || !(line.trim().is_empty() || line.starts_with(['#', '%']));
        at += line.len();
    }
    starts
}

fn problem(span: Span, message: String) -> Problem {
    Problem { span, path: String::new(), message, help: None }
}

fn bytes_of(span: &ParserSpan) -> Span {
    span.byte_range().map_or(Span::default(), |range| Span { start: range.start, end: range.end })
}

struct Builder {
    document: Document,
    /// Collections whose end has not come yet.
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
}

struct Open {
    id: NodeId,
    /// A key whose value has not come yet.
    key: Option<NodeId>,
    is_map: bool,
    elements: Vec<NodeId>,
    entries: Vec<Entry>,
}

impl Builder {
    fn read(text: &str) -> Result<Document, Problem> {
        let mut builder = Builder { document: Document::default(), open: Vec::new(), anchors: HashMap::new() };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                problem(Span { start: at, end: at }, format!("yaml: {}", error.info()))
            })?;
            if matches!(event, Event::DocumentEnd) {
                break;
            }
            builder.take(event, bytes_of(&span))?;
        }
        Ok(builder.document)
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let content = scalar(text, style, tag.as_deref(), span)?;
                let id = self.add(content, span, anchor);
                self.place(id)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(false, span, anchor);
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(true, span, anchor);
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.finish(span),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(&id) if !self.open.iter().any(|open| open.id == id) => self.place(id),
                _ => Err(problem(span, "yaml: an alias cannot stand within what it means".to_owned())),
            },
            _ => Ok(()),
        }
    }

    fn add(&mut self, content: Content, span: Span, anchor: usize) -> NodeId {
        let id = NodeId(self.document.nodes.len());
        self.document.nodes_mut().push(Node { span, content, parent: None });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn begin(&mut self, is_map: bool, span: Span, anchor: usize) {
        let id = self.add(Content::List(Vec::new()), span, anchor);
        self.open.push(Open { id, key: None, is_map, elements: Vec::new(), entries: Vec::new() });
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, id: NodeId) -> Result<(), Problem> {
        let Some(open) = self.open.last_mut() else {
            self.document.root = Some(id);
            return Ok(());
        };
        let step = match (open.is_map, open.key.take()) {
            (false, _) => {
                open.elements.push(id);
                Step::Index(open.elements.len() - 1)
            }
            (true, None) => {
                open.key = Some(id);
                let step = Step::Key(self.document.key_text(id).unwrap_or_default().to_owned());
                let node = &mut self.document.nodes_mut()[id.0];
                node.parent.get_or_insert((open.id, step));
                return match node.content {
                    Content::List(_) | Content::Map { .. } => {
                        Err(problem(node.span, "yaml: a key cannot be a list or a mapping".to_owned()))
                    }
                    _ => Ok(()),
                };
            }
            (true, Some(key)) => {
                open.entries.push(Entry { key, value: id });
                Step::Key(self.document.key_text(key).unwrap_or_default().to_owned())
            }
        };
        let parent = open.id;
        self.document.nodes_mut()[id.0].parent.get_or_insert((parent, step));
        Ok(())
    }

    fn finish(&mut self, span: Span) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = if open.is_map { self.map_of(open.entries)? } else { Content::List(open.elements) };
        let node = &mut self.document.nodes_mut()[open.id.0];
        node.content = content;
        node.span.end = span.end.max(node.span.end);
        self.place(open.id)
    }

    /// Sorts out keys that repeat, and what `<<` brings in.
    fn map_of(&self, written: Vec<Entry>) -> Result<Content, Problem> {
        let mut known = HashSet::new();
        let mut entries = Vec::with_capacity(written.len());
        let mut repeated = Vec::new();
        let mut merged = Vec::new();
        for entry in written {
            let key = self.document.key_text(entry.key);
            if matches!(&self.document.node(entry.key).content, Content::Plain(text) if text == "<<") {
                self.merge(entry.value, &mut merged)?;
            } else if key.is_some_and(|key| !known.insert(key)) {
                repeated.push(entry.key);
            } else {
                entries.push(entry);
            }
        }
        let is_new = |entry: &Entry| self.document.key_text(entry.key).is_some_and(|key| known.insert(key));
        entries.extend(merged.into_iter().filter(is_new));
        Ok(Content::Map { entries, repeated })
    }

    fn merge(&self, from: NodeId, merged: &mut Vec<Entry>) -> Result<(), Problem> {
        match &self.document.node(from).content {
            Content::Map { entries, .. } => merged.extend(entries),
            Content::List(maps) if maps.iter().all(|map| self.is_map(*map)) => {
                maps.iter().try_for_each(|map| self.merge(*map, merged))?;
            }
            _ => {
                let message = "yaml: map merge requires map or sequence of maps as the value";
                return Err(problem(self.document.node(from).span, message.to_owned()));
            }
        }
        Ok(())
    }

    fn is_map(&self, id: NodeId) -> bool {
        matches!(self.document.node(id).content, Content::Map { .. })
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Content, Problem> {
    let text = text.into_owned();
    let tag = tag.and_then(|tag| tag.suffix_in_namespace("tag:yaml.org,2002:"));
    match tag.as_deref() {
        Some("binary") => {
            let invalid = || problem(span, "yaml: !!binary value contains invalid base64 data".to_owned());
            let bytes = STANDARD.decode(text.replace(char::is_whitespace, "")).map_err(|_| invalid())?;
            Ok(String::from_utf8(bytes).map_or_else(|error| Content::Bytes(error.into_bytes()), Content::Text))
        }
        Some("str") => Ok(Content::Text(text)),
        Some(_) => Ok(Content::Plain(text)),
        None if style == ScalarStyle::Plain => Ok(Content::Plain(text)),
        None => Ok(Content::Text(text)),
    }
}
