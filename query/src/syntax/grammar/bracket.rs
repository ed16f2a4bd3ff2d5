//! Brackets around expressions: parentheses, and the arguments of calls and aggregations.

use super::aggregate::PartialAggregate;
use super::call::call_node;
use super::expression::{continues, starts};
use crate::syntax::ast::{NodeId, NodeKind};
use crate::syntax::span::Span;
use crate::syntax::token::{Kind, Token};
use crate::syntax::tokens::{Parsed, Tokens, awaited, settle, token};

/// A bracket that is open.
pub(super) enum Bracket {
    /// The whole expression, which any token ends.
    Whole,
    /// `( … )`
    Paren {
        /// Where it opened.
        open: Span,
    },
    /// `name( …, … )`
    Call { name: Token, args: Vec<NodeId> },
    /// `sum by (…) ( …, … )`
    Aggregate(Box<PartialAggregate>),
}

/// Whether a bracket was closed.
#[derive(Clone, Copy)]
pub(super) enum Closed {
    /// Another operand is due in it.
    No,
    /// The operand in it goes on.
    NotYet(NodeId),
    /// The bracket is this node.
    Yes(NodeId),
}

impl Bracket {
    pub(super) fn call(name: Token) -> Bracket {
        Bracket::Call { name, args: Vec::new() }
    }

    pub(super) fn aggregate(op: Token) -> Bracket {
        Bracket::Aggregate(Box::new(PartialAggregate::new(op)))
    }

    /// What stands between the name and the first argument.
    pub(super) fn open<'a>(&mut self, input: Tokens<'a>) -> Parsed<'a, Closed> {
        let input = match self {
            // Its parenthesis is taken.
            Bracket::Whole | Bracket::Paren { .. } => return Ok((input, Closed::No)),
            Bracket::Call { .. } => input,
            Bracket::Aggregate(aggregate) => aggregate.grouping_before(input)?.0,
        };
        let (input, _) = awaited(&[Kind::LeftParen])(input)?;
        if input.peek_kind() == Kind::RightParen {
            return self.finish(token(Kind::RightParen)(input)?.0);
        }
        Ok((input, Closed::No))
    }

    /// What stands behind an operand that no operator continues.
    pub(super) fn close<'a>(&mut self, input: Tokens<'a>, inner: NodeId) -> Parsed<'a, Closed> {
        match self {
            Bracket::Whole => return Ok((input, Closed::Yes(inner))),
            Bracket::Paren { open } => return close_paren(input, *open, inner),
            Bracket::Call { args, .. } => args.push(inner),
            Bracket::Aggregate(aggregate) => aggregate.args.push(inner),
        }
        let mut input = input;
        loop {
            let (rest, separator) = awaited(&[Kind::Comma, Kind::RightParen])(input)?;
            if separator.kind == Kind::RightParen {
                return self.finish(rest);
            }
            if starts(rest.peek_kind()) {
                return Ok((rest, Closed::No));
            }
            input = rest;
            input.state.error(separator.span, "trailing commas not allowed in function call args");
        }
    }

    /// The node, and what may stand behind its arguments.
    fn finish<'a>(&mut self, input: Tokens<'a>) -> Parsed<'a, Closed> {
        let (input, node) = match self {
            Bracket::Aggregate(aggregate) => aggregate.finish(input)?,
            Bracket::Call { name, args } => (input, call_node(input.state, *name, std::mem::take(args))),
            Bracket::Whole | Bracket::Paren { .. } => return Ok((input, Closed::No)),
        };
        Ok((input, Closed::Yes(node)))
    }
}

fn close_paren<'a>(input: Tokens<'a>, open: Span, inner: NodeId) -> Parsed<'a, Closed> {
    let (input, kind) = settle(input, |kind| kind == Kind::RightParen || continues(kind))?;
    if continues(kind) {
        return Ok((input, Closed::NotYet(inner)));
    }
    let state = input.state;
    let (input, close) = token(Kind::RightParen)(input)?;
    Ok((input, Closed::Yes(state.add(open.to(close.span), NodeKind::Paren(inner)))))
}
