//! What the grammar reads: a slice of tokens as nom's input, and the error that its parsers share.
//!
//! Every copy of the input points to one [`State`], in which the tree grows and errors gather. It also knows how far the
//! grammar has looked: Prometheus's messages name the last token that was looked at, and the end of some expressions is
//! the last closing token so far, looked at or taken.
//!
//! **Going on after an error.** Prometheus reports all errors of a text, by the rules of yacc: where a token fits
//! nowhere, the innermost rule that has a message for it reports it (until
//! then it climbs up as nom's recoverable error); the rule then stands for something harmless, and tokens are dropped until one fits. Three
//! tokens later all is well again. [`State::is_recovering`] is that count.

use std::cmp::Ordering;
use std::iter::{Copied, Enumerate};
use std::slice::Iter;

use nom::error::{ErrorKind, ParseError as NomError};
use nom::{IResult, Input, Needed};
use smallvec::SmallVec;

use super::state::State;
use super::token::{Kind, Token};

/// Tokens that are still to be parsed.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    rest: &'a [Token],
    pub(super) state: &'a State<'a>,
}

/// A parser's result.
pub(super) type Parsed<'a, T> = IResult<Tokens<'a>, T, Expected>;

impl<'a> Tokens<'a> {
    /// The whole text.
    pub(super) fn new(state: &'a State<'a>) -> Tokens<'a> {
        Tokens { rest: state.tokens(), state }
    }

    /// The token at the front, which from now on counts as looked at.
    ///
    /// There always is one: parsers never take the last token, which is the end or the error of the text.
    pub(super) fn peek(self) -> Token {
        let token = self.rest[0];
        self.state.look_at(self.index());
        token
    }

    /// The kind of the token at the front.
    pub(super) fn peek_kind(self) -> Kind {
        self.peek().kind
    }

    /// The input behind the token at the front, which counts as taken.
    pub(super) fn shift(self) -> Tokens<'a> {
        self.state.recover_by_one();
        self.skip()
    }

    /// The input behind the token at the front, which counts as dropped.
    pub(super) fn skip(self) -> Tokens<'a> {
        let rest = if self.rest.len() > 1 { &self.rest[1..] } else { self.rest };
        Tokens { rest, state: self.state }
    }

    /// The input from the token that was looked at last.
    pub(super) fn at_last_look(self) -> Tokens<'a> {
        Tokens { rest: self.state.tokens_from_last_look(), state: self.state }
    }

    fn index(self) -> usize {
        self.state.tokens().len() - self.rest.len()
    }
}

impl std::fmt::Debug for Tokens<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.rest).finish()
    }
}

impl PartialEq for Tokens<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rest.len() == other.rest.len()
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = Token;
    type Iter = Copied<Iter<'a, Token>>;
    type IterIndices = Enumerate<Self::Iter>;

    fn input_len(&self) -> usize {
        self.rest.len()
    }

    fn take(&self, index: usize) -> Self {
        Tokens { rest: &self.rest[..index], state: self.state }
    }

    fn take_from(&self, index: usize) -> Self {
        Tokens { rest: &self.rest[index..], state: self.state }
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Token) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest.iter().position(|&token| predicate(token))
    }

    fn iter_elements(&self) -> Self::Iter {
        self.rest.iter().copied()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.rest.len() { Ok(count) } else { Err(Needed::new(count - self.rest.len())) }
    }
}

/// What the grammar would have taken at the furthest place that it came to.
///
/// nom's own errors name the last alternative tried; this one keeps the furthest, and unites what was expected there.
/// Boxed, because results pass through every level of nesting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected(Box<Furthest>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Furthest {
    at: usize,
    words: Words,
}

/// Words as errors show them.
pub(super) type Words = SmallVec<[&'static str; 4]>;

impl Expected {
    /// The words, for a message.
    pub(super) fn into_words(self) -> Words {
        self.0.words
    }

    pub(super) fn new(at: usize, words: Words) -> Expected {
        Expected(Box::new(Furthest { at, words }))
    }
}

impl<'a> NomError<Tokens<'a>> for Expected {
    fn from_error_kind(input: Tokens<'a>, _: ErrorKind) -> Expected {
        Expected::new(input.index(), Words::new())
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Expected) -> Expected {
        other
    }

    fn or(mut self, other: Expected) -> Expected {
        match self.0.at.cmp(&other.0.at) {
            Ordering::Less => other,
            Ordering::Greater => self,
            Ordering::Equal => {
                for word in other.0.words {
                    if !self.0.words.contains(&word) {
                        self.0.words.push(word);
                    }
                }
                self
            }
        }
    }
}

/// The error that a token does not fit here, where one of `words` would have.
pub(super) fn unexpected<'a, T>(input: Tokens<'a>, words: &[&'static str]) -> Parsed<'a, T> {
    input.peek();
    Err(nom::Err::Error(expected(input, words)))
}

/// What would have fit here.
pub(super) fn expected(input: Tokens<'_>, words: &[&'static str]) -> Expected {
    Expected::new(input.index(), Words::from_slice(words))
}

/// The end of parsing: nothing that follows can be made sense of.
fn give_up<T>(input: Tokens<'_>) -> Parsed<'_, T> {
    Err(input.state.failure())
}

/// A parser of one token of a kind.
pub(super) fn token<'a>(kind: Kind) -> impl Fn(Tokens<'a>) -> Parsed<'a, Token> {
    move |input| match input.peek() {
        token if token.kind == kind => Ok((input.shift(), token)),
        _ => unexpected(input, &[shown(kind)]),
    }
}

/// A parser of one token of several kinds.
pub(super) fn one_of<'a>(kinds: &'static [Kind]) -> impl Fn(Tokens<'a>) -> Parsed<'a, Token> {
    move |input| match input.peek() {
        token if kinds.contains(&token.kind) => Ok((input.shift(), token)),
        _ => unexpected(input, &kinds.iter().copied().map(shown).collect::<Vec<_>>()),
    }
}

/// A parser of one token that drops others before it while the grammar is recovering from an error.
pub(super) fn awaited<'a>(kinds: &'static [Kind]) -> impl Fn(Tokens<'a>) -> Parsed<'a, Token> {
    move |input| {
        let (input, _) = settle(input, |kind| kinds.contains(&kind))?;
        one_of(kinds)(input)
    }
}

/// While recovering drops the tokens that do not fit; answers the kind of the first that is not dropped.
pub(super) fn settle<'a>(mut input: Tokens<'a>, fits: impl Fn(Kind) -> bool) -> Parsed<'a, Kind> {
    loop {
        let kind = input.peek_kind();
        if fits(kind) || !input.state.is_recovering() {
            return Ok((input, kind));
        }
        if matches!(kind, Kind::End | Kind::Error) {
            return give_up(input);
        }
        input = input.skip();
    }
}

/// A rule that has a message for a token that does not fit: reports it and stands for `stand_in`. `input` is where the
/// rule began.
///
/// The message reads "unexpected … in `context`, expected `expected`".
pub(super) fn or_report<'a, T>(
    input: Tokens<'a>,
    parsed: Parsed<'a, T>,
    context: &str,
    expected: &str,
    stand_in: impl FnOnce() -> T,
) -> Parsed<'a, T> {
    match parsed {
        Err(nom::Err::Error(found)) => {
            input.state.begin_recovery();
            input.state.note_unexpected(found, context, expected);
            Ok((input.at_last_look(), stand_in()))
        }
        other => other,
    }
}

/// A rule that has no message for a token that does not fit: stands for `stand_in` and goes on as after an error.
pub(super) fn or_skip<'a, T>(input: Tokens<'a>, parsed: Parsed<'a, T>, stand_in: impl FnOnce() -> T) -> Parsed<'a, T> {
    match parsed {
        Err(nom::Err::Error(_)) => {
            input.state.begin_recovery();
            Ok((input.at_last_look(), stand_in()))
        }
        other => other,
    }
}

fn shown(kind: Kind) -> &'static str {
    match kind {
        Kind::End => "end of input",
        Kind::Identifier => "identifier",
        Kind::MetricIdentifier => "metric identifier",
        Kind::Number => "number",
        Kind::Duration => "duration",
        Kind::String => "string",
        other => other.word(),
    }
}
