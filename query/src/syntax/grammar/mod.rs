//! The grammar of PromQL, as nom parsers over tokens.
//!
//! Each file holds the rules of one noun. Rules decide by one token of lookahead and never go back, so that a text is
//! read in one pass and errors come in the order of the text. Open brackets and operators wait on stacks of their own
//! instead of the call stack, up to [`MAX_DEPTH`](super::MAX_DEPTH).
//!
//! Nodes are added when their rule is complete, children first. Where a rule finds something wrong that leaves the
//! grammar intact (an unknown function, a zero duration), it notes the error and goes on.

mod aggregate;
mod binary;
mod bracket;
mod call;
mod duration;
mod expression;
mod list;
mod literal;
mod postfix;
mod selector;
pub(super) mod series;

use super::ast::NodeId;
use super::span::Span;
use super::token::Kind;
use super::tokens::{Parsed, Tokens, awaited, or_report, settle};

/// Parses a whole text as an expression. `None` where it is none; the state then holds errors.
pub(super) fn whole_expression(input: Tokens<'_>) -> Option<NodeId> {
    if input.peek_kind() == Kind::End {
        input.state.error(Span::default(), "no expression found in input");
        return None;
    }
    whole(input, expression::expression)
}

/// Parses a whole text as a selector. `None` where it is none; the state then holds errors.
pub(super) fn whole_selector(input: Tokens<'_>) -> Option<NodeId> {
    whole(input, selector::vector_selector)
}

fn whole<'a, T>(input: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>) -> Option<T> {
    let parsed = parser(input).and_then(|(rest, value)| {
        let (rest, _) = awaited(&[Kind::End])(rest)?;
        Ok((rest, Some(value)))
    });
    let (rest, value) = or_report(input, parsed, "", "", || None).ok()?;
    if value.is_none() {
        // What follows is looked at for the lexer's error.
        settle(rest, |kind| kind == Kind::End).ok()?;
    }
    value
}
