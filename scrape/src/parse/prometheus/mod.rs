//! The Prometheus text format 0.0.4, read as laxly as Prometheus reads it.
//!
//! One line is one event. A line is split into words by the [`lexer`]; this module knows in which order words may
//! come. Differs from Prometheus in one thing: blanks before a metric name do not become part of it.

mod lexer;

use std::ops::Range;

use model::Labels;
use model::sample::NORMAL_NAN_BITS;

use self::lexer::{Lexer, State};
use super::braces::{Braces, Lexer as _, Spans};
use super::error::{ParseError, Problem, Shown, metric_name_after};
use super::metric_type::MetricType;
use super::series::{self, Family, LabelsError};
use super::token::Token;
use super::{Event, Options, Sample, number};

/// Reads a body in the Prometheus text format.
#[derive(Clone, Debug)]
pub struct PrometheusText<'a> {
    lexer: Lexer<'a>,
    spans: Spans,
    metric_type: MetricType,
    type_and_unit_labels: bool,
}

impl<'a> PrometheusText<'a> {
    /// A parser at the beginning of a body.
    pub fn new(body: &'a [u8], options: Options) -> PrometheusText<'a> {
        PrometheusText {
            lexer: Lexer::new(body),
            spans: Spans::default(),
            metric_type: MetricType::Unknown,
            type_and_unit_labels: options.type_and_unit_labels,
        }
    }

    /// See [`super::Parser::next`].
    ///
    /// # Errors
    /// When the body is not in the format.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results could not be told what to expect")]
    pub fn next(&mut self) -> Result<Option<Event<'a>>, ParseError> {
        loop {
            self.lexer.begin_line();
            let token = self.lexer.next();
            return match token {
                Token::LineBreak => continue,
                Token::Eof => Ok(None),
                Token::Help | Token::Type => self.family_line(token).map(Some),
                Token::Comment => self.comment().map(Some),
                Token::BraceOpen => self.series_in_braces().map(Some),
                Token::MetricName => self.series().map(Some),
                _ => Err(self.lexer.unexpected("expected a valid start token", token)),
            };
        }
    }

    /// See [`super::Parser::next_if_series`].
    ///
    /// # Errors
    /// As for [`PrometheusText::next`].
    pub fn next_if_series(&mut self, text: &[u8]) -> Result<Option<Sample>, ParseError> {
        let Some(after) = self.lexer.rest().strip_prefix(text) else { return Ok(None) };
        let n_blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        // Without a blank the name may go on, and before a brace the labels are yet to come.
        if n_blanks == 0 || after.get(n_blanks) == Some(&b'{') {
            return Ok(None);
        }
        self.lexer.begin_line();
        self.lexer.at += text.len() + n_blanks;
        self.lexer.state = State::Value;
        let token = self.lexer.next();
        self.value_and_timestamp(token).map(Some)
    }

    /// See [`super::Parser::skip_if_line`].
    pub fn skip_if_line(&mut self, line: &[u8], metric_type: MetricType) -> bool {
        let is_next = self.lexer.rest().starts_with(line);
        if is_next {
            self.lexer.at += line.len();
            self.metric_type = metric_type;
        }
        is_next
    }

    /// See [`super::Parser::labels`].
    ///
    /// # Errors
    /// When a name is not UTF-8 or there is one twice.
    pub fn labels(&self) -> Result<Labels, LabelsError> {
        let family = Family { metric_type: self.metric_type, unit: &[] };
        series::labels(self.lexer.body, &self.spans, family, self.type_and_unit_labels)
    }

    /// The type of the metric family at hand.
    pub fn metric_type(&self) -> MetricType {
        self.metric_type
    }

    /// See [`super::Parser::line_start`].
    pub fn line_start(&self) -> usize {
        self.lexer.line_start
    }

    /// How far the body has been read.
    pub fn offset(&self) -> usize {
        self.lexer.at.min(self.lexer.body.len())
    }

    /// The last word, for as long as the body lives.
    fn word(&self) -> &'a [u8] {
        self.lexer.text(self.lexer.start, self.lexer.at)
    }

    fn family_line(&mut self, keyword: Token) -> Result<Event<'a>, ParseError> {
        let token = self.lexer.next();
        if token != Token::MetricName {
            return Err(self.lexer.unexpected(metric_name_after(keyword), token));
        }
        let family = without_quotes(self.word());
        let token = self.lexer.next();
        if token != Token::Text {
            let problem = Problem::NoText { keyword: keyword.as_str(), token: Some(token.as_str()) };
            return Err(self.lexer.error(problem));
        }
        let text = self.word().get(1..).unwrap_or_default();
        let event = self.family_event(keyword, family, text)?;
        self.line_break("linebreak expected after metadata")?;
        Ok(event)
    }

    fn family_event(&mut self, keyword: Token, family: &'a [u8], text: &'a [u8]) -> Result<Event<'a>, ParseError> {
        if keyword == Token::Type {
            let metric_type = MetricType::from_prometheus(text)
                .ok_or_else(|| self.lexer.error(Problem::UnknownType(Shown::new(text))))?;
            self.metric_type = metric_type;
            return Ok(Event::Type { family, metric_type });
        }
        if std::str::from_utf8(text).is_err() {
            return Err(self.lexer.error(Problem::HelpNotUtf8(Shown::new(text))));
        }
        Ok(Event::Help { family, text })
    }

    fn comment(&mut self) -> Result<Event<'a>, ParseError> {
        let text = self.word();
        self.line_break("linebreak expected after comment")?;
        Ok(Event::Comment(text))
    }

    fn line_break(&mut self, expected: &'static str) -> Result<(), ParseError> {
        match self.lexer.next() {
            Token::LineBreak => Ok(()),
            token => Err(self.lexer.unexpected(expected, token)),
        }
    }

    /// The rest of a line that begins with a metric name.
    fn series(&mut self) -> Result<Event<'a>, ParseError> {
        let name = self.lexer.span();
        self.spans.begin(Some(name.clone()));
        match self.lexer.next() {
            Token::BraceOpen => self.labels_and_sample(name.start),
            token => self.sample(name, token),
        }
    }

    /// The rest of a line that begins with a brace, in which the metric name is yet to come.
    fn series_in_braces(&mut self) -> Result<Event<'a>, ParseError> {
        self.spans.begin(None);
        self.labels_and_sample(self.lexer.start)
    }

    fn labels_and_sample(&mut self, start: usize) -> Result<Event<'a>, ParseError> {
        self.spans.read(&mut self.lexer, Braces::PrometheusSeries)?;
        let text = start..self.lexer.at;
        let token = self.lexer.next();
        if self.spans.name.is_none() {
            return Err(self.lexer.error(Problem::NoMetricName(self.lexer.line())));
        }
        self.sample(text, token)
    }

    fn sample(&mut self, text: Range<usize>, token: Token) -> Result<Event<'a>, ParseError> {
        let sample = self.value_and_timestamp(token)?;
        Ok(Event::Series { text: self.lexer.text(text.start, text.end), sample })
    }

    fn value_and_timestamp(&mut self, token: Token) -> Result<Sample, ParseError> {
        if token != Token::Value {
            return Err(self.lexer.unexpected("expected value after metric", token));
        }
        let value = number::float(self.word()).map_err(|error| self.number_error(error))?;
        let value = if value.is_nan() { f64::from_bits(NORMAL_NAN_BITS) } else { value };
        let timestamp_ms = match self.lexer.next() {
            Token::LineBreak => None,
            Token::Timestamp => Some(self.timestamp()?),
            token => return Err(self.lexer.unexpected("expected timestamp or new record", token)),
        };
        Ok(Sample { value, timestamp_ms })
    }

    fn timestamp(&mut self) -> Result<i64, ParseError> {
        let timestamp_ms = number::digits(self.word()).map_err(|error| self.number_error(error))?;
        self.line_break("expected next entry after timestamp")?;
        Ok(timestamp_ms)
    }

    fn number_error(&self, error: number::NumberError) -> ParseError {
        self.lexer.error(Problem::Number { error, line: self.lexer.line() })
    }
}

fn without_quotes(name: &[u8]) -> &[u8] {
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
}
