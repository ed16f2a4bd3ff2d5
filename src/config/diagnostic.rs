//! Mistakes, drawn: the message, the file, the line and a caret under what is wrong.

use std::fmt;
use std::sync::{Arc, LazyLock};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use model::regex::GoRegex;
use model::yaml::{Problem, Span};

use super::source::{Source, SourceError};

/// A picture shows no more than so many lines of a mistake that is longer.
const MAX_LINES: usize = 4;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// Something to tell the user about a file.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic {
    pub(crate) severity: Severity,
    /// The file; `None` where it could not be read, and the message names it.
    pub(crate) source: Option<Arc<Source>>,
    pub(crate) span: Span,
    /// The way from the root, as `scrape_configs[0].job_name`.
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn of_problem(source: &Arc<Source>, problem: Problem) -> Diagnostic {
        let Problem { span, path, message, help } = problem;
        Diagnostic { severity: Severity::Error, source: Some(Arc::clone(source)), span, path, message, help }
    }

    /// An error about a file as a whole.
    pub(crate) fn of_file(message: impl fmt::Display) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            source: None,
            span: Span::default(),
            path: String::new(),
            message: message.to_string(),
            help: None,
        }
    }

    /// The line and the column, from 1.
    pub(crate) fn line_and_column(&self) -> Option<(usize, usize)> {
        self.source.as_ref().map(|source| source.line_and_column(self.span.start))
    }

    /// Message, place, line, caret and help.
    pub(crate) fn draw(&self, in_color: bool) -> String {
        let level = if self.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        if let Some(source) = &self.source {
            let (start, end) = self.shown(source);
            let lines = hide_secrets(&source.text[start..end]);
            let span = self.span.start.clamp(start, end) - start..self.span.end.clamp(start, end) - start;
            let snippet = Snippet::source(lines)
                .line_start(source.line_and_column(start).0)
                .path(source.path.display().to_string())
                .annotation(AnnotationKind::Primary.span(span));
            group = group.element(snippet);
        }
        if self.path.contains(['.', '[']) {
            group = group.element(Level::NOTE.message(format!("at {}", self.path)));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if in_color { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// The bytes of the lines that a picture shows.
    fn shown(&self, source: &Source) -> (usize, usize) {
        let (start, end) = source.lines_around(self.span.start, self.span.end);
        match source.text[start..end].match_indices('\n').nth(MAX_LINES - 1) {
            Some((newline, _)) => (start, start + newline),
            None => (start, end),
        }
    }

    /// The same in Prometheus's words, for whoever reads its logs.
    pub(crate) fn prometheus_text(&self) -> String {
        let message = &self.message;
        let is_type_error = message.starts_with("cannot unmarshal")
            || message.contains(" not found in type ")
            || message.contains(" already set in ");
        match self.line_and_column() {
            Some((line, _)) if is_type_error => format!("yaml: unmarshal errors:\n  line {line}: {message}"),
            _ => message.clone(),
        }
    }
}

impl fmt::Display for Diagnostic {
    /// On one line, as `FILE:LINE:COLUMN: MESSAGE (HELP)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(source), Some((line, column))) = (&self.source, self.line_and_column()) {
            write!(f, "{}:{line}:{column}: ", source.path.display())?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// All that is wrong with a configuration. Never empty.
#[derive(Clone, Debug)]
pub(crate) struct ConfigErrors(pub(crate) Vec<Diagnostic>);

impl fmt::Display for ConfigErrors {
    /// One line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl From<SourceError> for ConfigErrors {
    fn from(error: SourceError) -> ConfigErrors {
        ConfigErrors(vec![Diagnostic::of_file(error)])
    }
}

impl ConfigErrors {
    /// All pictures.
    pub(crate) fn draw(&self, in_color: bool) -> String {
        let pictures: Vec<String> = self.0.iter().map(|diagnostic| diagnostic.draw(in_color)).collect();
        pictures.join("\n\n")
    }
}

/// Puts stars over what stands behind a key that holds a secret; the text keeps its length.
fn hide_secrets(lines: &str) -> String {
    static SECRET: LazyLock<GoRegex> = LazyLock::new(|| {
        let key =
            r#"[\w-]*(?:password|passphrase|secret|secrets|token|credentials|private_key|access_key|[^\w-]key|\bkey)"#;
        let value = r#""[^"]*"?|'[^']*'?|\[[^\]]*\]?|[^\s,}#][^,}\n]*"#;
        GoRegex::searching(&format!(r#"(?i)(?:{key})["']?\s*:\s*({value})|://[^/@\s:]*:([^/@\s]+)@"#))
            .expect("a correct pattern")
    });
    let mut hidden = String::with_capacity(lines.len());
    let mut rest = lines;
    while let Some(captures) = SECRET.captures(rest) {
        let Some((start, end)) = captures.span(1).or_else(|| captures.span(2)) else { break };
        hidden.push_str(&rest[..start]);
        hidden.extend(rest[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }));
        rest = &rest[end..];
    }
    hidden.push_str(rest);
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered() {
        for (line, want) in [
            ("  password: hunter2", "  password: *******"),
            ("{username: a, password: hunter2, x: y}", "{username: a, password: *******, x: y}"),
            ("bearer_token: \"a b\" # c", "bearer_token: ***** # c"),
            ("secrets: [a, b]", "secrets: ******"),
            ("key: abc", "key: ***"),
            ("url: http://u:hunter2@h/", "url: http://u:*******@h/"),
            ("job_name: a", "job_name: a"),
            ("password_file: a", "password_file: a"),
        ] {
            assert_eq!(hide_secrets(line), want);
        }
    }
}
