//! The UTF-8 grammar: `{name op value, …}`, the braces optional, a comma allowed behind the last.

use super::MatcherError;
use super::label_matcher::Matcher;
use super::lexer::{Lexer, Token, TokenKind};
use crate::template::unquote_utf8;

/// Matchers with commas between them, in braces or without.
pub(super) fn matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let mut lexer = Lexer::new(text);
    let mut matchers = Vec::new();
    let first = lexer.peek()?;
    if first.kind == TokenKind::End {
        return Ok(matchers);
    }
    let has_brace = first.kind == TokenKind::OpenBrace;
    if has_brace {
        lexer.next()?;
    }
    if !matches!(lexer.peek()?.kind, TokenKind::CloseBrace | TokenKind::End) {
        loop {
            matchers.push(matcher(&mut lexer)?);
            if !has_another(&mut lexer)? {
                break;
            }
        }
    }
    close(&mut lexer, has_brace)?;
    let token = lexer.next().map_err(|error| with(&error, "expected end of input"))?;
    if token.kind == TokenKind::End { Ok(matchers) } else { Err(token.error("expected end of input")) }
}

/// One matcher.
fn matcher(lexer: &mut Lexer<'_>) -> Result<Matcher, MatcherError> {
    let is_text = |kind| matches!(kind, TokenKind::Quoted | TokenKind::Unquoted);
    let name = text(expect(lexer, is_text, "expected label name")?)?;
    let op = "expected an operator such as '=', '!=', '=~' or '!~'";
    let TokenKind::Op(op) = expect(lexer, |kind| matches!(kind, TokenKind::Op(_)), op)?.kind else {
        return Err(MatcherError::Syntax(op.to_owned()));
    };
    let value = text(expect(lexer, is_text, "expected label value")?)?;
    let failed = |error| MatcherError::Syntax(format!("failed to create matcher: {error}"));
    Matcher::new(name, op, value).map_err(failed)
}

/// Goes over a comma, and says whether a matcher stands behind it.
fn has_another(lexer: &mut Lexer<'_>) -> Result<bool, MatcherError> {
    let at_end = |kind| matches!(kind, TokenKind::CloseBrace | TokenKind::End);
    let next = |lexer: &mut Lexer<'_>, is_wanted: fn(TokenKind) -> bool, wanted| {
        let token = lexer.peek().map_err(|error| with(&error, wanted))?;
        let is_fit = at_end(token.kind) || is_wanted(token.kind);
        if is_fit { Ok(token.kind) } else { Err(unexpected(&token, wanted)) }
    };
    if at_end(next(lexer, |kind| kind == TokenKind::Comma, "expected a comma or close brace")?) {
        return Ok(false);
    }
    lexer.next()?;
    let is_text = |kind| matches!(kind, TokenKind::Quoted | TokenKind::Unquoted);
    Ok(!at_end(next(lexer, is_text, "expected a matcher or close brace after comma")?))
}

/// The closing brace must be there if, and only if, the opening one was.
fn close(lexer: &mut Lexer<'_>, has_brace: bool) -> Result<(), MatcherError> {
    let has_close = lexer.peek().is_ok_and(|token| token.kind == TokenKind::CloseBrace);
    match (has_brace, has_close) {
        (true, true) => lexer.next().map(|_| ()),
        (false, false) => Ok(()),
        (true, false) => {
            let found = match lexer.peek() {
                Ok(token) if token.kind == TokenKind::End => "end of input".to_owned(),
                Ok(token) => format!("{}:{}: unexpected {}", token.start, token.end, token.text),
                Err(error) => error.to_string(),
            };
            Err(MatcherError::Syntax(format!("0:{}: {found}: expected close brace", lexer.column())))
        }
        (false, true) => {
            lexer.next()?;
            Err(MatcherError::Syntax(format!("0:{}: }}: expected opening brace", lexer.column())))
        }
    }
}

/// Takes a word of certain kinds.
fn expect<'t>(
    lexer: &mut Lexer<'t>,
    is_wanted: impl Fn(TokenKind) -> bool,
    wanted: &str,
) -> Result<Token<'t>, MatcherError> {
    let token = lexer.next().map_err(|error| with(&error, wanted))?;
    if is_wanted(token.kind) { Ok(token) } else { Err(unexpected(&token, wanted)) }
}

fn unexpected(token: &Token<'_>, wanted: &str) -> MatcherError {
    MatcherError::Syntax(match token.kind {
        TokenKind::End => format!("end of input: {wanted}"),
        _ => format!("{}:{}: unexpected {}: {wanted}", token.start, token.end, token.text),
    })
}

fn with(error: &MatcherError, wanted: &str) -> MatcherError {
    MatcherError::Syntax(format!("{error}: {wanted}"))
}

/// What a word means.
fn text(token: Token<'_>) -> Result<String, MatcherError> {
    match token.kind {
        TokenKind::Quoted => unquote_utf8(token.text).ok_or_else(|| token.error("invalid input")),
        _ => Ok(token.text.to_owned()),
    }
}
