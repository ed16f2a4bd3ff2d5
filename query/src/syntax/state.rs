//! What all parsers of one text share: its tokens, the tree as it grows, and the errors as they come.

use std::cell::{Cell, OnceCell, RefCell};

use super::ast::{Node, NodeId, NodeKind};
use super::error::ParseError;
use super::lexer::{LexError, Lexed};
use super::parse::Options;
use super::span::{Lines, Span};
use super::token::{Kind, Token};
use super::tokens::{Expected, Tokens, Words};

/// How deeply brackets, unary and right-associative operators may nest.
pub const MAX_DEPTH: usize = 512;

/// What all copies of the input share: the text, the tree so far, the errors so far.
pub(super) struct State<'a> {
    pub(super) source: &'a [u8],
    pub(super) options: Options,
    tokens: Vec<Token>,
    lex_error: Option<LexError>,
    lines: OnceCell<Lines>,
    nodes: RefCell<Vec<Node>>,
    errors: RefCell<Vec<ParseError>>,
    n_looked_at: Cell<usize>,
    last_closing: Cell<u32>,
    /// Tokens to be taken until an error is overcome.
    n_to_recover: Cell<u8>,
    depth: Cell<usize>,
}

impl<'a> State<'a> {
    pub(super) fn new(source: &'a [u8], lexed: Lexed, options: Options) -> State<'a> {
        State {
            source,
            options,
            nodes: RefCell::new(Vec::with_capacity(lexed.tokens.len())),
            tokens: lexed.tokens,
            lex_error: lexed.error,
            lines: OnceCell::new(),
            errors: RefCell::default(),
            n_looked_at: Cell::new(0),
            last_closing: Cell::new(0),
            n_to_recover: Cell::new(0),
            depth: Cell::new(0),
        }
    }

    /// The tree and the errors.
    pub(super) fn into_parts(self) -> (Vec<Node>, Vec<ParseError>) {
        (self.nodes.into_inner(), self.errors.into_inner())
    }

    /// Adds a node whose children are there already.
    pub(super) fn add(&self, span: Span, kind: NodeKind) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        let value_type = kind.value_type(&nodes);
        let id = NodeId::at(nodes.len());
        nodes.push(Node { span, value_type, kind });
        id
    }

    /// Reads a node.
    pub(super) fn with<T>(&self, id: NodeId, read: impl FnOnce(&Node) -> T) -> T {
        read(&self.nodes.borrow()[id.index()])
    }

    /// Changes a node.
    pub(super) fn with_mut<T>(&self, id: NodeId, change: impl FnOnce(&mut Node) -> T) -> T {
        change(&mut self.nodes.borrow_mut()[id.index()])
    }

    pub(super) fn span_of(&self, id: NodeId) -> Span {
        self.with(id, |node| node.span)
    }

    /// Notes an error without leaving the rule that found it.
    pub(super) fn error(&self, span: Span, message: impl Into<String>) {
        self.push_error(span, message.into(), Words::new());
    }

    fn push_error(&self, span: Span, message: String, expected: Words) {
        let position = self.lines.get_or_init(|| Lines::of(self.source)).position(span.start);
        self.errors.borrow_mut().push(ParseError { span, position, message, expected });
    }

    /// The token that was looked at last.
    pub(super) fn last_token(&self) -> Token {
        self.tokens[self.n_looked_at.get().saturating_sub(1)]
    }

    /// All tokens.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The tokens from the one that was looked at last.
    pub(super) fn tokens_from_last_look(&self) -> &[Token] {
        &self.tokens[self.n_looked_at.get().saturating_sub(1)..]
    }

    /// Where the last token ends that can close an expression, of those looked at.
    pub(super) fn last_closing(&self) -> usize {
        self.last_closing.get() as usize
    }

    /// Whether no token was taken since the last error.
    pub(super) fn is_recovering(&self) -> bool {
        self.n_to_recover.get() == N_TO_RECOVER
    }

    /// Begins a deeper level of nesting, which ends when the guard is dropped.
    pub(super) fn enter(&self, input: Tokens<'a>) -> Result<Level<'_>, nom::Err<Expected>> {
        let depth = self.depth.get() + 1;
        if depth > MAX_DEPTH {
            return Err(self.refuse_depth(input, depth));
        }
        self.depth.set(depth);
        Ok(Level(&self.depth))
    }

    fn refuse_depth(&self, input: Tokens<'a>, depth: usize) -> nom::Err<Expected> {
        let message = format!(
            "expression is nested too deeply: {depth} levels of brackets, unary and right-associative operators, limit \
             {MAX_DEPTH} (max_query_depth, fixed)"
        );
        self.error(input.peek().span, message);
        self.failure()
    }

    /// The end of parsing for a reason that is noted.
    pub(super) fn failure(&self) -> nom::Err<Expected> {
        nom::Err::Failure(Expected::new(self.n_looked_at.get(), Words::new()))
    }

    /// Tokens are dropped until one fits.
    pub(super) fn begin_recovery(&self) {
        self.n_to_recover.set(N_TO_RECOVER);
    }

    /// Reports the last token looked at, unless it is the lexer's error, which is reported already.
    pub(super) fn note_unexpected(&self, found: Expected, context: &str, expected: &str) {
        let token = self.last_token();
        if token.kind == Kind::Error {
            return;
        }
        let mut message = format!("unexpected {}", token.described(self.source));
        if !context.is_empty() {
            message.push_str(" in ");
            message.push_str(context);
        }
        if !expected.is_empty() {
            message.push_str(", expected ");
            message.push_str(expected);
        }
        self.push_error(token.span, message, found.into_words());
    }

    /// Counts a token that fits.
    pub(super) fn recover_by_one(&self) {
        self.n_to_recover.set(self.n_to_recover.get().saturating_sub(1));
    }

    /// Counts tokens up to `index` as looked at.
    pub(super) fn look_at(&self, index: usize) {
        while self.n_looked_at.get() <= index {
            let token = self.tokens[self.n_looked_at.get()];
            self.n_looked_at.set(self.n_looked_at.get() + 1);
            if token.kind.is_closing() {
                self.last_closing.set(token.span.end);
            }
            if let (Kind::Error, Some(LexError { span, message })) = (token.kind, &self.lex_error) {
                self.error(*span, message.clone());
            }
        }
    }
}

/// Tokens that must fit in a row before an error counts as overcome, as in yacc.
const N_TO_RECOVER: u8 = 3;

/// A level of nesting; see [`State::enter`].
pub(super) struct Level<'s>(&'s Cell<usize>);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
