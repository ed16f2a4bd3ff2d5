//! What stands between braces, in a series or in an exemplar: `{"name", label="value", …}`.
//!
//! The formats differ in where a comma must or may stand; which words there are, and where blanks may stand, is up to
//! their lexers.

use std::ops::Range;

use super::error::{ParseError, Problem, Shown};
use super::token::Token;

/// Splits a body into words.
pub(super) trait Lexer {
    /// The next word.
    fn next(&mut self) -> Token;
    /// Where the last word lies.
    fn span(&self) -> Range<usize>;
    /// The last word.
    fn word(&self) -> &[u8];
    /// The line as far as it was read.
    fn line(&self) -> Shown;
    /// An error at the last word.
    fn error(&self, problem: Problem) -> ParseError;
    /// The error that the last word is not what was expected.
    fn unexpected(&self, expected: &'static str, token: Token) -> ParseError;
}

/// Whose braces they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Braces {
    /// A series of the Prometheus text format: commas may be left out between labels, one more may stand at the end.
    PrometheusSeries,
    /// A series of OpenMetrics: commas between labels, one more may stand at the end.
    OpenMetricsSeries,
    /// An exemplar: as a series of OpenMetrics, without a metric name.
    Exemplar,
}

/// Where the parts of a series, or of an exemplar, lie in the body. Reused from line to line.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    /// The metric name, without quotes.
    pub(super) name: Option<Range<usize>>,
    /// Names and values of the labels, without quotes.
    pub(super) labels: Vec<(Range<usize>, Range<usize>)>,
}

impl Spans {
    /// Forgets the last line. `name` is the metric name where it stands before the braces.
    pub(super) fn begin(&mut self, name: Option<Range<usize>>) {
        self.name = name;
        self.labels.clear();
    }

    /// Reads up to the closing brace; the lexer stands behind the opening one.
    pub(super) fn read(&mut self, lexer: &mut impl Lexer, braces: Braces) -> Result<(), ParseError> {
        let mut token = lexer.next();
        loop {
            let span = lexer.span();
            let is_quoted = token == Token::QuotedString;
            let name = match token {
                Token::BraceClose => return Ok(()),
                Token::LabelName => span,
                Token::QuotedString => span.start + 1..span.end - 1,
                _ => return Err(lexer.unexpected("expected label name", token)),
            };
            token = lexer.next();
            if is_quoted && matches!(token, Token::Comma | Token::BraceClose) {
                self.set_metric_name(lexer, braces, name, token)?;
            } else {
                self.label(lexer, name, token)?;
                token = lexer.next();
            }
            token = match token {
                Token::Comma => lexer.next(),
                Token::BraceClose => return Ok(()),
                _ if braces == Braces::PrometheusSeries => token,
                _ => return Err(lexer.unexpected("expected comma or brace close", token)),
            };
        }
    }

    fn set_metric_name(
        &mut self,
        lexer: &impl Lexer,
        braces: Braces,
        name: Range<usize>,
        token: Token,
    ) -> Result<(), ParseError> {
        if braces == Braces::Exemplar {
            return Err(lexer.unexpected("expected label name", token));
        }
        match self.name.replace(name) {
            Some(_) => Err(lexer.error(Problem::SecondMetricName(lexer.line()))),
            None => Ok(()),
        }
    }

    fn label(&mut self, lexer: &mut impl Lexer, name: Range<usize>, equal: Token) -> Result<(), ParseError> {
        if equal != Token::Equal {
            return Err(lexer.unexpected("expected equal", equal));
        }
        let token = lexer.next();
        if token != Token::LabelValue {
            return Err(lexer.unexpected("expected label value", token));
        }
        if std::str::from_utf8(lexer.word()).is_err() {
            return Err(lexer.error(Problem::LabelValueNotUtf8(Shown::new(lexer.word()))));
        }
        let quoted = lexer.span();
        self.labels.push((name, quoted.start + 1..quoted.end - 1));
        Ok(())
    }
}
