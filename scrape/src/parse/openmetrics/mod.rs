//! OpenMetrics 1.0, read as laxly as Prometheus reads it: metadata may be missing or wrong, and nothing is checked
//! across lines. What the specification demands beyond that is the business of [`super::strict`].

mod lexer;
mod start_time;

use std::ops::Range;

use model::Labels;
use model::sample::NORMAL_NAN_BITS;

use self::lexer::{Lexer, State};
use self::start_time::{KnownStart, Search};
use super::braces::{Braces, Lexer as _, Spans};
use super::error::{ParseError, Problem, Shown, metric_name_after, not_finite};
use super::metric_type::MetricType;
use super::series::{self, Family, LabelsError};
use super::token::Token;
use super::{Event, Options, Sample, number};

/// An observation that stands for others: the `# {…} value timestamp` behind a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    /// Usually a trace id.
    pub labels: Labels,
    /// The value observed.
    pub value: f64,
    /// When, in milliseconds since the Unix epoch, where the line says so.
    pub timestamp_ms: Option<i64>,
}

/// Reads a body in OpenMetrics.
#[derive(Clone, Debug)]
pub struct OpenMetrics<'a> {
    lexer: Lexer<'a>,
    spans: Spans,
    exemplar: ExemplarSpans,
    metric_type: MetricType,
    /// Where the name in the last HELP, TYPE or UNIT line lies, without quotes.
    family_span: Range<usize>,
    unit: &'a [u8],
    options: Options,
    known_start: Option<KnownStart>,
    last_search: Option<Search>,
}

#[derive(Clone, Debug, Default)]
struct ExemplarSpans {
    labels: Spans,
    /// The value and the timestamp, where the last line has an exemplar.
    sample: Option<Sample>,
}

impl<'a> OpenMetrics<'a> {
    /// A parser at the beginning of a body.
    pub fn new(body: &'a [u8], options: Options) -> OpenMetrics<'a> {
        OpenMetrics {
            lexer: Lexer::new(body),
            spans: Spans::default(),
            exemplar: ExemplarSpans::default(),
            metric_type: MetricType::Unknown,
            family_span: 0..0,
            unit: &[],
            options,
            known_start: None,
            last_search: None,
        }
    }

    /// See [`super::Parser::next`].
    ///
    /// # Errors
    /// When the body is not in the format.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results could not be told what to expect")]
    pub fn next(&mut self) -> Result<Option<Event<'a>>, ParseError> {
        loop {
            self.begin_line();
            let token = self.lexer.next();
            let event = match token {
                Token::EofWord => return self.end_of_body(),
                Token::Eof => return Err(self.lexer.error(Problem::NoEof)),
                Token::Help | Token::Type | Token::Unit => return self.family_line(token).map(Some),
                Token::BraceOpen => self.series_in_braces()?,
                Token::MetricName => self.series()?,
                _ => return Err(self.lexer.unexpected("expected a valid start token", token)),
            };
            if !(self.options.skip_created_series && self.is_created_series()) {
                return Ok(Some(event));
            }
        }
    }

    /// See [`super::Parser::next_if_series`].
    ///
    /// # Errors
    /// As for [`OpenMetrics::next`].
    pub fn next_if_series(&mut self, text: &[u8]) -> Result<Option<Sample>, ParseError> {
        let is_next = self.lexer.rest().strip_prefix(text).is_some_and(|after| after.first() == Some(&b' '));
        if !is_next {
            return Ok(None);
        }
        self.begin_line();
        self.lexer.at += text.len();
        self.lexer.state = State::Value;
        let token = self.lexer.next();
        self.value_and_rest(token).map(Some)
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
        let family = Family { metric_type: self.metric_type, unit: self.unit };
        series::labels(self.lexer.body, &self.spans, family, self.options.type_and_unit_labels)
    }

    /// See [`super::Parser::exemplar`].
    pub fn exemplar(&self) -> Option<Exemplar> {
        let Sample { value, timestamp_ms } = self.exemplar.sample?;
        let labels = series::exemplar_labels(self.lexer.body, &self.exemplar.labels.labels);
        Some(Exemplar { labels, value, timestamp_ms })
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
        self.lexer.at
    }

    /// The metric name of the last series as it stands in the body.
    pub(super) fn name_in<'text>(&self, body: &'text str) -> &'text str {
        &body[self.spans.name.clone().unwrap_or_default()]
    }

    /// The labels of the last series as they stand in the body, escapes included.
    pub(super) fn labels_in<'text>(&self, body: &'text str) -> impl Iterator<Item = (&'text str, &'text str)> {
        self.spans.labels.iter().map(|(name, value)| (&body[name.clone()], &body[value.clone()]))
    }

    /// The name in the last HELP, TYPE or UNIT line as it stands in the body.
    pub(super) fn family_in<'text>(&self, body: &'text str) -> &'text str {
        &body[self.family_span.clone()]
    }

    /// Whether the name in the last HELP, TYPE or UNIT line stands in quotes.
    pub(super) fn family_is_quoted(&self) -> bool {
        self.is_quoted(&self.family_span)
    }

    /// Whether a name in the last series stands in quotes.
    pub(super) fn has_quoted_names(&self) -> bool {
        let names = self.spans.name.iter().chain(self.spans.labels.iter().map(|(name, _)| name));
        names.into_iter().any(|name| self.is_quoted(name))
    }

    fn is_quoted(&self, name: &Range<usize>) -> bool {
        name.start > 0 && self.lexer.body[name.start - 1] == b'"'
    }

    fn begin_line(&mut self) {
        self.lexer.begin_line();
        self.exemplar.sample = None;
    }

    /// The name in the last HELP, TYPE or UNIT line.
    fn family(&self) -> &'a [u8] {
        &self.lexer.body[self.family_span.clone()]
    }

    /// The last word, for as long as the body lives.
    fn word(&self) -> &'a [u8] {
        &self.lexer.body[self.lexer.start..self.lexer.at]
    }

    fn end_of_body(&mut self) -> Result<Option<Event<'a>>, ParseError> {
        match self.lexer.next() {
            Token::Eof => Ok(None),
            _ => Err(self.lexer.error(Problem::AfterEof)),
        }
    }

    fn family_line(&mut self, keyword: Token) -> Result<Event<'a>, ParseError> {
        let token = self.lexer.next();
        if token != Token::MetricName {
            return Err(self.lexer.unexpected(metric_name_after(keyword), token));
        }
        let name = self.lexer.span();
        let is_quoted = self.word().first() == Some(&b'"');
        let name = if is_quoted { name.start + 1..name.end - 1 } else { name };
        self.family_span = name;
        if self.lexer.next() != Token::Text {
            return Err(self.lexer.error(Problem::NoText { keyword: keyword.as_str(), token: None }));
        }
        let text = self.word().strip_prefix(b" ").and_then(|text| text.strip_suffix(b"\n")).unwrap_or_default();
        match keyword {
            Token::Type => self.type_event(text),
            Token::Help => self.help_event(text),
            _ => self.unit_event(text),
        }
    }

    fn type_event(&mut self, text: &'a [u8]) -> Result<Event<'a>, ParseError> {
        self.metric_type = MetricType::from_openmetrics(text)
            .ok_or_else(|| self.lexer.error(Problem::UnknownType(Shown::new(text))))?;
        Ok(Event::Type { family: self.family(), metric_type: self.metric_type })
    }

    fn help_event(&mut self, text: &'a [u8]) -> Result<Event<'a>, ParseError> {
        match std::str::from_utf8(text) {
            Ok(_) => Ok(Event::Help { family: self.family(), text }),
            Err(_) => Err(self.lexer.error(Problem::HelpNotUtf8(Shown::new(text)))),
        }
    }

    fn unit_event(&mut self, unit: &'a [u8]) -> Result<Event<'a>, ParseError> {
        self.unit = unit;
        let is_suffix = || self.family().strip_suffix(unit).is_some_and(|rest| rest.ends_with(b"_"));
        if !unit.is_empty() && !is_suffix() {
            let problem = Problem::UnitNotSuffix { unit: Shown::new(unit), metric: Shown::new(self.family()) };
            return Err(self.lexer.error(problem));
        }
        Ok(Event::Unit { family: self.family(), unit })
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
        self.spans.read(&mut self.lexer, Braces::OpenMetricsSeries)?;
        let text = start..self.lexer.at;
        let token = self.lexer.next();
        if self.spans.name.is_none() {
            return Err(self.lexer.error(Problem::NoMetricName(self.lexer.line())));
        }
        self.sample(text, token)
    }

    fn sample(&mut self, text: Range<usize>, token: Token) -> Result<Event<'a>, ParseError> {
        let sample = self.value_and_rest(token)?;
        Ok(Event::Series { text: &self.lexer.body[text], sample })
    }

    /// Value, timestamp and exemplar. Anything else behind a value is left for the next line to stumble over.
    fn value_and_rest(&mut self, token: Token) -> Result<Sample, ParseError> {
        let value = self.value(token, "expected value after metric")?;
        let mut timestamp_ms = None;
        match self.lexer.next() {
            Token::Eof => return Err(self.lexer.error(Problem::NoEof)),
            Token::Comment => self.read_exemplar()?,
            Token::Timestamp => {
                timestamp_ms = Some(self.timestamp(Problem::Timestamp)?);
                match self.lexer.next() {
                    Token::LineBreak => {}
                    Token::Comment => self.read_exemplar()?,
                    token => return Err(self.lexer.unexpected("expected next entry after timestamp", token)),
                }
            }
            _ => {}
        }
        Ok(Sample { value, timestamp_ms })
    }

    fn read_exemplar(&mut self) -> Result<(), ParseError> {
        self.exemplar.labels.begin(None);
        self.exemplar.labels.read(&mut self.lexer, Braces::Exemplar)?;
        let token = self.lexer.next();
        let value = self.value(token, "expected value after exemplar labels")?;
        let timestamp_ms = match self.lexer.next() {
            Token::Eof => return Err(self.lexer.error(Problem::NoEof)),
            Token::LineBreak => None,
            Token::Timestamp => {
                let timestamp_ms = self.timestamp(Problem::ExemplarTimestamp)?;
                let token = self.lexer.next();
                if token != Token::LineBreak {
                    return Err(self.lexer.unexpected("expected next entry after exemplar timestamp", token));
                }
                Some(timestamp_ms)
            }
            token => return Err(self.lexer.unexpected("expected timestamp or comment", token)),
        };
        self.exemplar.sample = Some(Sample { value, timestamp_ms });
        Ok(())
    }

    fn value(&self, token: Token, expected: &'static str) -> Result<f64, ParseError> {
        if token != Token::Value {
            return Err(self.lexer.unexpected(expected, token));
        }
        let value = self.number()?;
        Ok(if value.is_nan() { f64::from_bits(NORMAL_NAN_BITS) } else { value })
    }

    /// Seconds with a fraction, as milliseconds.
    fn timestamp(&self, not_a_time: impl Fn(&'static str) -> Problem) -> Result<i64, ParseError> {
        let seconds = self.number()?;
        if !seconds.is_finite() {
            return Err(self.lexer.error(not_a_time(not_finite(seconds))));
        }
        Ok((seconds * 1000.0) as i64)
    }

    /// The number in the last word, behind the blank that begins it.
    fn number(&self) -> Result<f64, ParseError> {
        number::float(&self.word()[1..])
            .map_err(|error| self.lexer.error(Problem::Number { error, line: self.lexer.line() }))
    }

    fn is_created_series(&self) -> bool {
        self.metric_type.has_start() && self.metric_name().ends_with(start_time::CREATED)
    }

    /// The metric name of the last series, as written.
    fn metric_name(&self) -> &'a [u8] {
        &self.lexer.body[self.spans.name.clone().unwrap_or_default()]
    }
}
