//! Replacements: `$1`, `${name}`, as Go expands them.

use smallvec::SmallVec;

use super::{Captures, GoRegex};

/// A replacement, ready to be expanded for many texts.
#[derive(Clone, Debug)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    /// The groups that a reference means: one, or all that share a name. The first that took part stands.
    Groups(SmallVec<[usize; 1]>),
}

impl Template {
    /// Reads a replacement whose references mean groups of `regex`.
    ///
    /// `$` begins a reference: to a number or a name, which goes as far as letters, digits and `_` do, or stands in
    /// braces. `$$` is a dollar. A reference to a group that does not exist is empty, and a `$` before anything else
    /// stands for itself. Nothing is an error.
    pub fn new(text: &str, regex: &GoRegex) -> Template {
        let mut template = Template { pieces: Vec::new() };
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            template.push_text(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                template.push_text("$");
                rest = after;
            } else if let Some((name, after)) = split_reference(rest) {
                template.pieces.push(Piece::Groups(groups_of(name, regex)));
                rest = after;
            } else {
                template.push_text("$");
            }
        }
        template.push_text(rest);
        template
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// The text, if there is no reference in it.
    pub fn as_text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the replacement for one match.
    pub fn expand(&self, captures: &Captures<'_>, out: &mut String) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Groups(groups) => {
                    let found = groups.iter().find_map(|&group| captures.get(group));
                    out.push_str(found.unwrap_or_default());
                }
            }
        }
    }
}

/// The name after a `$`, and what follows it.
fn split_reference(text: &str) -> Option<(&str, &str)> {
    let (inner, in_braces) = match text.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (name, rest) = inner.split_at(inner.find(|c| !is_word(c)).unwrap_or(inner.len()));
    if name.is_empty() {
        return None;
    }
    if in_braces { rest.strip_prefix('}').map(|rest| (name, rest)) } else { Some((name, rest)) }
}

fn groups_of(name: &str, regex: &GoRegex) -> SmallVec<[usize; 1]> {
    if name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0')) {
        let is_group = |number: &usize| *number <= regex.group_names().len();
        return name.parse().ok().filter(is_group).into_iter().collect();
    }
    let named = regex.group_names().iter().zip(1..).filter(|(candidate, _)| *candidate == name);
    named.map(|(_, group)| group).collect()
}
