//! A request: what is asked for, and in which forms answers are taken.

use model::Matcher;
use model::matcher::MatchOp;
use model::regex::RegexError;

use crate::remote_write::wire::{Fields, Value};
use crate::remote_write::{DecodeError, MAX_DECODED_BYTES, SnappyError, decompress};

/// Queries of one request.
const MAX_QUERIES: usize = 1000;
/// Matchers of all queries of one request.
const MAX_MATCHERS: usize = 100_000;
/// Forms of answers that are looked at.
const MAX_ACCEPTED: usize = 16;

/// Why bytes are no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It would be larger than is allowed.
    #[error("snappy: decoded length {declared} exceeds limit {limit}")]
    TooLong {
        /// What it says its length is.
        declared: usize,
        /// The limit.
        limit: usize,
    },
    /// It is not snappy, or damaged.
    #[error(transparent)]
    Snappy(#[from] SnappyError),
    /// It is no message.
    #[error(transparent)]
    Message(#[from] DecodeError),
    /// There is more in it than is answered.
    #[error("too many {what} in one request: limit is {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadRequest {
    /// The queries, each of which has an answer of its own.
    pub queries: Vec<ReadQuery>,
    /// Forms of answers by their numbers, the best first.
    accepted: Vec<u64>,
}

/// The forms of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// `SAMPLES`: one message.
    Samples,
    /// `STREAMED_XOR_CHUNKS`: frames.
    Chunks,
}

/// None of the forms that are taken is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "server does not support any of the requested response types: [{0}]; supported: map[SAMPLES:{{}} STREAMED_XOR_CHUNKS:{{}}]"
)]
pub struct NotAccepted(String);

/// One query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadQuery {
    /// The first time of interest, in milliseconds, inclusive.
    pub start_ms: i64,
    /// The last.
    pub end_ms: i64,
    /// What the series must match.
    pub matchers: Vec<ReadMatcher>,
    /// What the reader is about to do.
    pub hints: Option<ReadHints>,
}

/// A matcher as it stands in the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadMatcher {
    op: u64,
    name: String,
    value: String,
}

/// Why a matcher is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMatcher {
    /// An operator that nobody knows.
    #[error("invalid matcher type")]
    Op,
    /// A regular expression that is none.
    #[error(transparent)]
    Regex(#[from] RegexError),
}

/// What the reader is about to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadHints {
    /// The first time that it needs, in milliseconds, inclusive.
    pub start_ms: i64,
    /// The last.
    pub end_ms: i64,
    /// The function or aggregation around the selector; `series` where only labels are needed.
    pub function: String,
}

impl ReadRequest {
    /// The first of the accepted forms that is known; samples where none is named.
    ///
    /// # Errors
    /// When no form is known.
    pub fn answer_kind(&self) -> Result<AnswerKind, NotAccepted> {
        if self.accepted.is_empty() {
            return Ok(AnswerKind::Samples);
        }
        let known = self.accepted.iter().find_map(|number| match number {
            0 => Some(AnswerKind::Samples),
            1 => Some(AnswerKind::Chunks),
            _ => None,
        });
        known.ok_or_else(|| {
            let numbers: Vec<String> = self.accepted.iter().map(u64::to_string).collect();
            NotAccepted(numbers.join(" "))
        })
    }
}

impl ReadMatcher {
    /// The matcher.
    ///
    /// # Errors
    /// When the operator or the regular expression is none.
    pub fn to_matcher(&self) -> Result<Matcher, InvalidMatcher> {
        let op = match self.op {
            0 => MatchOp::Equal,
            1 => MatchOp::NotEqual,
            2 => MatchOp::Regex,
            3 => MatchOp::NotRegex,
            _ => return Err(InvalidMatcher::Op),
        };
        Ok(Matcher::new(&self.name, op, &self.value)?)
    }
}

/// Decodes the body of a request, a `prometheus.ReadRequest` compressed with snappy.
///
/// # Errors
/// When it is none, or larger than [`MAX_DECODED_BYTES`].
pub fn decode_request(body: &[u8]) -> Result<ReadRequest, RequestError> {
    let limit = MAX_DECODED_BYTES;
    if let Ok(declared) = snap::raw::decompress_len(body)
        && declared > limit
    {
        return Err(RequestError::TooLong { declared, limit });
    }
    let message = decompress(body, limit)?;
    let (mut request, mut n_matchers) = (ReadRequest::default(), 0);
    let mut fields = Fields::new(&message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => {
                check("queries", request.queries.len(), MAX_QUERIES)?;
                request.queries.push(query(value.bytes("Queries")?, &mut n_matchers)?);
            }
            2 => value.varints("AcceptedResponseTypes", |kind| {
                if request.accepted.len() < MAX_ACCEPTED {
                    request.accepted.push(kind);
                }
            })?,
            _ => {}
        }
    }
    Ok(request)
}

fn check(what: &'static str, n_before: usize, limit: usize) -> Result<(), RequestError> {
    if n_before < limit { Ok(()) } else { Err(RequestError::TooMany { what, limit }) }
}

fn query(message: &[u8], n_matchers: &mut usize) -> Result<ReadQuery, RequestError> {
    let mut query = ReadQuery::default();
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => query.start_ms = value.varint("StartTimestampMs")? as i64,
            2 => query.end_ms = value.varint("EndTimestampMs")? as i64,
            3 => {
                check("matchers", *n_matchers, MAX_MATCHERS)?;
                *n_matchers += 1;
                query.matchers.push(matcher(value.bytes("Matchers")?)?);
            }
            4 => query.hints = Some(hints(value.bytes("Hints")?)?),
            _ => {}
        }
    }
    Ok(query)
}

fn matcher(message: &[u8]) -> Result<ReadMatcher, DecodeError> {
    let mut matcher = ReadMatcher::default();
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => matcher.op = value.varint("Type")?,
            2 => matcher.name = text(value, "Name")?,
            3 => matcher.value = text(value, "Value")?,
            _ => {}
        }
    }
    Ok(matcher)
}

fn hints(message: &[u8]) -> Result<ReadHints, DecodeError> {
    let mut hints = ReadHints::default();
    let mut fields = Fields::new(message);
    while let Some((number, value)) = fields.next()? {
        match number {
            2 => hints.function = text(value, "Func")?,
            3 => hints.start_ms = value.varint("StartMs")? as i64,
            4 => hints.end_ms = value.varint("EndMs")? as i64,
            _ => {}
        }
    }
    Ok(hints)
}

/// Text. What is not UTF-8 matches nothing that is stored.
fn text(value: Value<'_>, field: &'static str) -> Result<String, DecodeError> {
    Ok(String::from_utf8_lossy(value.bytes(field)?).into_owned())
}
