//! Where a check is while it goes through an object, and what it has found.

use std::fmt;

use alerting::rules::within_scalar;
use model::yaml::{Document, Fault, Problem, Span, Step};

use crate::spec::{CompileFault, SourceFormat, SourcePlace, SpecFault, SpecText};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It cannot be evaluated.
    Error,
    /// It can, and looks wrong.
    Warning,
    /// It is narthex's own reading, and another tool may read it otherwise.
    Note,
}

/// Where a check is in a document.
#[derive(Debug)]
pub(super) struct Walk<'w> {
    document: &'w Document,
    text: &'w SpecText<'w>,
    format: SourceFormat,
    kind: &'w str,
    name: &'w str,
    here: Vec<Step>,
    found: Vec<(Weight, SpecFault)>,
}

impl<'w> Walk<'w> {
    /// At the beginning of an object.
    pub(super) fn new(
        document: &'w Document,
        text: &'w SpecText<'w>,
        format: SourceFormat,
        (kind, name): (&'w str, &'w str),
    ) -> Walk<'w> {
        Walk { document, text, format, kind, name, here: Vec::new(), found: Vec::new() }
    }

    /// Checks a field.
    pub(super) fn within<R>(&mut self, field: &str, check: impl FnOnce(&mut Walk<'w>) -> R) -> R {
        self.here.push(Step::Key(field.to_owned()));
        let result = check(self);
        self.here.pop();
        result
    }

    /// Checks an element of a list.
    pub(super) fn at<R>(&mut self, index: usize, check: impl FnOnce(&mut Walk<'w>) -> R) -> R {
        self.here.push(Step::Index(index));
        let result = check(self);
        self.here.pop();
        result
    }

    /// A field cannot be evaluated.
    pub(super) fn error(&mut self, field: &str, message: impl fmt::Display) {
        self.add(Weight::Error, field, message);
    }

    /// What is being checked cannot be evaluated.
    pub(super) fn error_here(&mut self, message: impl fmt::Display) {
        self.add_here(Weight::Error, message);
    }

    /// A field looks wrong.
    pub(super) fn warn(&mut self, field: &str, message: impl fmt::Display) {
        self.add(Weight::Warning, field, message);
    }

    /// What is being checked looks wrong.
    pub(super) fn warn_here(&mut self, message: impl fmt::Display) {
        self.add_here(Weight::Warning, message);
    }

    /// Another tool may read a field otherwise.
    pub(super) fn note(&mut self, field: &str, message: impl fmt::Display) {
        self.add(Weight::Note, field, message);
    }

    fn add(&mut self, weight: Weight, field: &str, message: impl fmt::Display) {
        self.within(field, |walk| walk.add_here(weight, message));
    }

    fn add_here(&mut self, weight: Weight, message: impl fmt::Display) {
        let fault = Fault { path: self.path(), message: message.to_string() };
        self.tell(weight, &self.document.locate(&fault));
    }

    fn tell(&mut self, weight: Weight, problem: &Problem) {
        self.found.push((weight, self.text.fault(problem, self.format, Some((self.kind, self.name)))));
    }

    /// A field holds a text that is no query; shown within it.
    pub(super) fn query_error(&mut self, field: &str, query: &str, fault: &CompileFault) {
        let words = fault.expected.join(", ");
        let help = (!words.is_empty()).then(|| format!("expected {words}"));
        let message = format!("the query cannot be read: {}", fault.message);
        self.within(field, |walk| walk.error_inside(query, fault.span, message, help));
    }

    /// Bytes of the text that is being checked are wrong.
    pub(super) fn error_inside(&mut self, text: &str, span: (usize, usize), message: String, help: Option<String>) {
        self.tell_inside(Weight::Error, text, span, message, help);
    }

    /// Bytes of the text that is being checked look wrong.
    pub(super) fn warn_inside(&mut self, text: &str, span: (usize, usize), message: String) {
        self.tell_inside(Weight::Warning, text, span, message, None);
    }

    fn tell_inside(
        &mut self,
        weight: Weight,
        text: &str,
        (start, end): (usize, usize),
        message: String,
        help: Option<String>,
    ) {
        let path = self.path();
        let problem = self.document.locate(&Fault { path: path.clone(), message });
        let span = self.document.find(&path).map_or(problem.span, |(scalar, _)| {
            let at = |offset| within_scalar(self.text.text(), scalar, text, offset);
            let first = at(start);
            Span { start: first, end: if end > start { at(end - 1) + 1 } else { first }.max(first) }
        });
        self.tell(weight, &Problem { span, help, ..problem });
    }

    /// The place of what is being checked.
    pub(super) fn place(&self) -> SourcePlace {
        let problem = self.document.locate(&Fault { path: self.path(), message: String::new() });
        self.text.place(problem.span.start, self.format)
    }

    /// Whether something cannot be evaluated.
    pub(super) fn has_errors(&self) -> bool {
        self.found.iter().any(|(weight, _)| *weight == Weight::Error)
    }

    /// What was found.
    pub(super) fn into_found(self) -> Vec<(Weight, SpecFault)> {
        self.found
    }

    /// Where the walk is, as the document's format names it.
    fn path(&self) -> Vec<Step> {
        match self.format {
            SourceFormat::OpenSloAlpha => super::alpha::path(&self.here),
            SourceFormat::OpenSloNext => super::next::path(&self.here),
            _ => self.here.clone(),
        }
    }
}
