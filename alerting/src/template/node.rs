//! The tree of a template, and how its parts are written in errors.

use std::fmt;

use super::literal::Number;

/// A template: a body under a name.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) name: String,
    /// The name of the text in which it stands.
    pub(super) file: String,
    /// The whole of that text.
    pub(super) text: std::sync::Arc<str>,
    pub(super) body: Vec<Node>,
}

impl Tree {
    /// Whether it holds nothing but white space.
    pub(super) fn is_empty(&self) -> bool {
        self.body.iter().all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
    }

    /// `FILE:LINE:COLUMN` of a byte.
    pub(super) fn place(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(before.len(), |newline| before.len() - newline - 1);
        format!("{}:{line}:{column}", self.file)
    }
}

/// A part of a body.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Action(Pipe),
    Branch(Branch),
    Template { at: usize, name: String, pipe: Option<Pipe> },
    Break,
    Continue,
}

/// `if`, `with` or `range`.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) kind: BranchKind,
    pub(super) pipe: Pipe,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Option<Vec<Node>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BranchKind {
    If,
    With,
    Range,
}

/// Commands, each of which gets the value of the one before as its last argument.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub(super) at: usize,
    /// The variables that get the value, with their `$`.
    pub(super) variables: Vec<String>,
    /// Whether these exist already.
    pub(super) is_assignment: bool,
    pub(super) commands: Vec<Command>,
}

/// Words: a function or a value, and arguments.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) at: usize,
    pub(super) words: Vec<Word>,
}

#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) at: usize,
    pub(super) kind: WordKind,
}

#[derive(Clone, Debug)]
pub(super) enum WordKind {
    Bool(bool),
    Dot,
    Nil,
    Number(Number),
    Text {
        /// With its quotes.
        quoted: String,
        text: String,
    },
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`: the variable with its `$`, and fields.
    Variable(String, Vec<String>),
    Function(String),
    Pipe(Box<Pipe>),
    /// A function's or a pipe's value, and fields of it.
    Chain(Box<Word>, Vec<String>),
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            write!(f, "{} {} ", self.variables.join(", "), if self.is_assignment { "=" } else { ":=" })?;
        }
        separated(f, &self.commands, " | ")
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.words.iter().enumerate() {
            if number > 0 {
                f.write_str(" ")?;
            }
            match &word.kind {
                WordKind::Pipe(pipe) => write!(f, "({pipe})")?,
                _ => word.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            WordKind::Bool(value) => value.fmt(f),
            WordKind::Dot => f.write_str("."),
            WordKind::Nil => f.write_str("nil"),
            WordKind::Number(number) => f.write_str(&number.text),
            WordKind::Text { quoted, .. } => f.write_str(quoted),
            WordKind::Field(fields) => fields.iter().try_for_each(|field| write!(f, ".{field}")),
            WordKind::Variable(name, fields) => {
                f.write_str(name)?;
                fields.iter().try_for_each(|field| write!(f, ".{field}"))
            }
            WordKind::Function(name) => f.write_str(name),
            WordKind::Pipe(pipe) => pipe.fmt(f),
            WordKind::Chain(word, fields) => {
                match &word.kind {
                    WordKind::Pipe(pipe) => write!(f, "({pipe})")?,
                    _ => word.fmt(f)?,
                }
                fields.iter().try_for_each(|field| write!(f, ".{field}"))
            }
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Text(text) => f.write_str(text),
            Node::Action(pipe) => write!(f, "{{{{{pipe}}}}}"),
            Node::Branch(branch) => branch.fmt(f),
            Node::Template { name, pipe: None, .. } => {
                write!(f, "{{{{template {}}}}}", model::name::quoted(name))
            }
            Node::Template { name, pipe: Some(pipe), .. } => {
                write!(f, "{{{{template {} {pipe}}}}}", model::name::quoted(name))
            }
            Node::Break => f.write_str("{{break}}"),
            Node::Continue => f.write_str("{{continue}}"),
        }
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keyword = match self.kind {
            BranchKind::If => "if",
            BranchKind::With => "with",
            BranchKind::Range => "range",
        };
        write!(f, "{{{{{keyword} {}}}}}", self.pipe)?;
        separated(f, &self.body, "")?;
        if let Some(otherwise) = &self.otherwise {
            f.write_str("{{else}}")?;
            separated(f, otherwise, "")?;
        }
        f.write_str("{{end}}")
    }
}

fn separated(f: &mut fmt::Formatter<'_>, parts: &[impl fmt::Display], separator: &str) -> fmt::Result {
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            f.write_str(separator)?;
        }
        part.fmt(f)?;
    }
    Ok(())
}
