//! The tree of an expression, between Go's text and the engine's automaton.
//!
//! It stays close to what was written (a literal is one node, however its case is folded), because that is what
//! [`super::shape`] reads to answer without an automaton.

use regex_syntax::hir::{Capture, Class, ClassUnicode, Dot, Hir, Look, Repetition};

use super::fold::orbit;

/// One expression. Its height is bounded by the parser, so that walking it may recurse.
#[derive(Debug)]
pub(super) enum Node {
    /// The empty text.
    Empty,
    /// A text, character by character.
    Literal {
        /// The characters.
        text: String,
        /// Whether their case does not matter. Characters without case stand in literals that say no.
        fold: bool,
    },
    /// One character of a set; of an empty set, nothing.
    Class(ClassUnicode),
    /// `.`
    Any {
        /// Whether a newline counts.
        newline: bool,
    },
    /// A place that consumes nothing: `^`, `$`, `\b`, …
    Look(Look),
    /// `sub{min,max}`
    Repeat {
        /// What is repeated.
        sub: Box<Node>,
        /// How often at least.
        min: u32,
        /// How often at most.
        max: Option<u32>,
        /// Whether more is better.
        greedy: bool,
    },
    /// `(sub)`
    Capture {
        /// The group's number, from 1.
        index: u32,
        /// What stands in the group.
        sub: Box<Node>,
    },
    /// One after the other.
    Concat(Vec<Node>),
    /// One or the other; the earlier is preferred.
    Alternate(Vec<Node>),
}

impl Node {
    /// The same expression as the engine wants it.
    pub(super) fn to_hir(&self) -> Hir {
        match self {
            Node::Empty => Hir::empty(),
            Node::Literal { text, fold: false } => Hir::literal(text.as_bytes()),
            Node::Literal { text, fold: true } => Hir::concat(text.chars().map(folded_char).collect()),
            Node::Class(class) => Hir::class(Class::Unicode(class.clone())),
            Node::Any { newline: true } => Hir::dot(Dot::AnyChar),
            Node::Any { newline: false } => Hir::dot(Dot::AnyCharExceptLF),
            Node::Look(look) => Hir::look(*look),
            Node::Repeat { sub, min, max, greedy } => {
                let sub = Box::new(sub.to_hir());
                Hir::repetition(Repetition { min: *min, max: *max, greedy: *greedy, sub })
            }
            // Names stay here: Go lets two groups share one, the engine does not.
            Node::Capture { index, sub } => {
                Hir::capture(Capture { index: *index, name: None, sub: Box::new(sub.to_hir()) })
            }
            Node::Concat(_) => {
                let mut parts = Vec::new();
                self.for_each_part(&mut |part| parts.push(part.to_hir()));
                Hir::concat(parts)
            }
            Node::Alternate(_) => {
                let mut branches = Vec::new();
                self.for_each_branch(&mut |branch| branches.push(branch.to_hir()));
                Hir::alternation(branches)
            }
        }
    }

    /// The parts of a concatenation and of concatenations in it. Handing them to the engine level by level would cost
    /// their square, because it joins them again at each.
    fn for_each_part(&self, take: &mut impl FnMut(&Node)) {
        match self {
            Node::Concat(parts) => parts.iter().for_each(|part| part.for_each_part(take)),
            node => take(node),
        }
    }

    fn for_each_branch(&self, take: &mut impl FnMut(&Node)) {
        match self {
            Node::Alternate(branches) => branches.iter().for_each(|branch| branch.for_each_branch(take)),
            node => take(node),
        }
    }
}

fn folded_char(c: char) -> Hir {
    Hir::class(Class::Unicode(orbit(c)))
}
