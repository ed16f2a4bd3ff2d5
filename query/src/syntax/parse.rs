//! The ways in: texts to expressions and selectors.

use model::Matcher;

use super::ast::{Expr, NodeId, NodeKind};
use super::check::check;
use super::error::{ParseError, ParseErrors};
use super::grammar;
use super::lexer::{Language, lex};
use super::span::{Position, Span};
use super::state::State;
use super::tokens::Tokens;

/// How long a query text may be, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 << 10;

/// What the language has beyond its stable core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Functions and aggregations that may still change.
    pub experimental_functions: bool,
    /// Durations that are computed: `[5m * 2]`, `[step()]`.
    pub duration_expressions: bool,
    /// `anchored` and `smoothed`.
    pub extended_range_selectors: bool,
    /// `fill`, `fill_left` and `fill_right`.
    pub fill_modifiers: bool,
}

impl Default for Options {
    /// As Prometheus without feature flags: computed durations only.
    fn default() -> Options {
        Options {
            experimental_functions: false,
            duration_expressions: true,
            extended_range_selectors: false,
            fill_modifiers: false,
        }
    }
}

impl Options {
    /// Everything that is there.
    pub fn all() -> Options {
        Options {
            experimental_functions: true,
            duration_expressions: true,
            extended_range_selectors: true,
            fill_modifiers: true,
        }
    }
}

/// Parses an expression and checks its types.
///
/// # Errors
/// All that is wrong with the text.
pub fn parse(text: &str, options: Options) -> Result<Expr, ParseErrors> {
    parse_bytes(text.as_bytes(), options)
}

/// Parses an expression that need not be UTF-8: comments may hold anything.
///
/// # Errors
/// As [`parse`].
pub fn parse_bytes(text: &[u8], options: Options) -> Result<Expr, ParseErrors> {
    let (mut nodes, root, mut errors) = grown(text, options, grammar::whole_expression)?;
    if let (Some(root), true) = (root, errors.is_empty()) {
        errors = check(&mut nodes, root, text);
    }
    ParseErrors::check(errors)?;
    let root = root.expect("a text without errors has an expression");
    Ok(Expr { nodes, root })
}

/// Parses a selector alone, as `match[]` parameters hold. Unlike in an expression it may select everything.
///
/// # Errors
/// All that is wrong with the text.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ParseErrors> {
    let (mut nodes, root, errors) = grown(text.as_bytes(), Options::default(), grammar::whole_selector)?;
    ParseErrors::check(errors)?;
    let root = root.expect("a text without errors has a selector");
    match &mut nodes[root.index()].kind {
        NodeKind::VectorSelector(selector) => Ok(std::mem::take(&mut selector.matchers)),
        _ => Ok(Vec::new()),
    }
}

/// The tree that a grammar makes of a text, its root, and the errors found on the way.
type Grown = (Vec<super::ast::Node>, Option<NodeId>, Vec<ParseError>);

fn grown(
    text: &[u8],
    options: Options,
    grammar: impl FnOnce(Tokens<'_>) -> Option<NodeId>,
) -> Result<Grown, ParseErrors> {
    check_length(text)?;
    let state = State::new(text, lex(text, Language::Expression), options);
    let root = grammar(Tokens::new(&state));
    let (nodes, errors) = state.into_parts();
    Ok((nodes, root, errors))
}

/// Refuses texts that are too long before anything reads them.
pub(super) fn check_length(text: &[u8]) -> Result<(), ParseErrors> {
    if text.len() <= MAX_TEXT_BYTES {
        return Ok(());
    }
    let span = Span::new(MAX_TEXT_BYTES, text.len());
    let message =
        format!("query text is too long: {} bytes, limit {MAX_TEXT_BYTES} (max_query_text_bytes, fixed)", text.len());
    ParseErrors::check(vec![ParseError {
        span,
        position: Position::of(text, span.start),
        message,
        expected: Default::default(),
    }])
}
