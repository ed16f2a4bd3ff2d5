//! Function calls.

use crate::syntax::ast::{NodeId, NodeKind};
use crate::syntax::function::{Function, UNKNOWN};
use crate::syntax::quote::Quoted;
use crate::syntax::span::Span;
use crate::syntax::state::State;
use crate::syntax::token::{Kind, Token};
use crate::syntax::tokens::{Parsed, Tokens, token};

/// Whether a token names a function where a parenthesis follows.
pub(super) fn may_begin(kind: Kind) -> bool {
    kind == Kind::Identifier || (Kind::Start..=Kind::MinOf).contains(&kind)
}

/// The node of a call whose closing parenthesis was taken last.
pub(super) fn call_node(state: &State<'_>, name: Token, args: Vec<NodeId>) -> NodeId {
    let function = function(state, name);
    let span = Span { start: name.span.start, end: state.last_closing() as u32 };
    state.add(span, NodeKind::Call { function, args })
}

fn function(state: &State<'_>, token: Token) -> &'static Function {
    let name = token.text(state.source);
    let Some(function) = std::str::from_utf8(name).ok().and_then(Function::find) else {
        state.error(token.span, format!("unknown function with name {}", Quoted(name)));
        return &UNKNOWN;
    };
    if function.is_experimental && !state.options.experimental_functions {
        state.error(token.span, format!("function {} is not enabled", Quoted(name)));
    }
    function
}

/// `()`
pub(super) fn no_arguments(input: Tokens<'_>) -> Parsed<'_, Token> {
    let (input, _) = token(Kind::LeftParen)(input)?;
    token(Kind::RightParen)(input)
}
