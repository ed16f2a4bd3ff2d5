//! A spec file's text: its lines, and mistakes drawn in them.

use std::sync::Arc;

use model::yaml::{Problem, Span};

use super::{SourceFormat, SourcePlace, SpecFault};

/// A line is shown with so many characters around what is wrong with it.
const MAX_SHOWN: usize = 120;
/// Lines with such a word are not shown: they may hold a secret.
const SECRETS: [&str; 6] = ["secret", "password", "token", "key:", "key\":", "webhook"];

/// A spec file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecFile {
    /// Its path, as the user knows it.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// A file whose lines are known.
#[derive(Clone, Debug)]
pub struct SpecText<'t> {
    path: Arc<str>,
    text: &'t str,
    /// The byte at which each line begins.
    lines: Vec<usize>,
}

impl<'t> SpecText<'t> {
    /// A text and the path by which the user knows it.
    pub fn new(path: &str, text: &'t str) -> SpecText<'t> {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        SpecText { path: path.into(), text, lines: [0].into_iter().chain(newlines).collect() }
    }

    /// The path of the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// All of the text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The place of a byte.
    pub fn place(&self, at: usize, format: SourceFormat) -> SourcePlace {
        let at = self.text.floor_char_boundary(at);
        let line = self.lines.partition_point(|start| *start <= at);
        let column = self.text[self.lines[line - 1]..at].chars().count() + 1;
        SourcePlace { file: Arc::clone(&self.path), line, column, format }
    }

    /// A mistake with its place and its line. `object` is the kind and the name of what it is in.
    pub fn fault(&self, problem: &Problem, format: SourceFormat, object: Option<(&str, &str)>) -> SpecFault {
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        SpecFault {
            place: self.place(problem.span.start, format),
            object: object.map(|(kind, name)| (kind.to_owned(), name.to_owned())),
            message: format!("{}{help}", problem.message),
            drawn: self.drawn(problem.span),
        }
    }

    /// The line of a mistake, and carets under what is wrong; of a long line a part.
    fn drawn(&self, span: Span) -> String {
        let start = self.text.floor_char_boundary(span.start);
        let line_number = self.lines.partition_point(|line| *line <= start);
        let line_start = self.lines[line_number - 1];
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let lower = line.to_lowercase();
        if line.is_empty() || SECRETS.iter().any(|word| lower.contains(word)) {
            return String::new();
        }
        let before = line[..(start - line_start).min(line.len())].chars().count();
        let n_wrong = self.text[start..self.text.floor_char_boundary(span.end.max(start))].chars().count();
        let n_cut = before.saturating_sub(MAX_SHOWN / 2);
        let shown: String = line.chars().skip(n_cut).take(MAX_SHOWN).map(|c| if c == '\t' { ' ' } else { c }).collect();
        let n_carets = n_wrong.clamp(1, (shown.chars().count() + n_cut).saturating_sub(before).max(1));
        let number = line_number.to_string();
        let gap = " ".repeat(number.len());
        format!("{number} | {shown}\n{gap} | {}{}", " ".repeat(before - n_cut), "^".repeat(n_carets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(start: usize, end: usize) -> Problem {
        Problem { span: Span { start, end }, path: String::new(), message: "wrong".to_owned(), help: None }
    }

    #[test]
    fn mistakes_are_drawn_in_their_line() {
        let check = |text: &str, wrong: &str, want: (usize, usize), drawn: &str| {
            let start = text.find(wrong).unwrap();
            let fault =
                SpecText::new("a.yml", text).fault(&problem(start, start + wrong.len()), SourceFormat::OpenSlo, None);
            assert_eq!(((fault.place.line, fault.place.column), fault.drawn.as_str()), (want, drawn), "{text}");
        };
        check("a: b\nc: d\n", "d", (2, 4), "2 | c: d\n  |    ^");
        check("a: b\nc: dé fg", "fg", (2, 7), "2 | c: dé fg\n  |       ^^");
        check("a: b\nc: d\n", "b\nc", (1, 4), "1 | a: b\n  |    ^");
        check("apiKey: d", "d", (1, 9), "");
        let long = format!("{}wrong{}", "x".repeat(1000), "y".repeat(1000));
        let shown = format!("1 | {}wrong{}\n  | {}^^^^^", "x".repeat(60), "y".repeat(55), " ".repeat(60));
        check(&long, "wrong", (1, 1001), &shown);
    }

    #[test]
    fn the_end_of_a_text_is_a_place() {
        let text = SpecText::new("a.yml", "a\n");
        assert_eq!(text.place(2, SourceFormat::OpenSlo).line, 2);
        assert_eq!(text.fault(&problem(2, 2), SourceFormat::OpenSlo, None).drawn, "");
        assert_eq!(text.place(99, SourceFormat::OpenSlo).line, 2);
    }
}
