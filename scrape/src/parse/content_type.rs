//! Which parser a `Content-Type` selects, with the configured fallback for targets that send none or a wrong one.
//!
//! Prometheus 3 refuses to guess: without a fallback, a type that is missing, malformed or unknown fails the scrape.
//! Media types are read as Go's `mime.ParseMediaType` reads them.

use std::fmt;

use model::name;

/// What a media type selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `text/plain`: the Prometheus text format.
    PrometheusText,
    /// `application/openmetrics-text`
    OpenMetrics,
    /// `application/vnd.google.protobuf`, which can't be read yet.
    Protobuf,
}

impl MediaType {
    /// The media type as a header holds it, without parameters.
    pub fn as_str(self) -> &'static str {
        match self {
            MediaType::PrometheusText => "text/plain",
            MediaType::OpenMetrics => "application/openmetrics-text",
            MediaType::Protobuf => "application/vnd.google.protobuf",
        }
    }

    fn from_str(text: &str) -> Option<MediaType> {
        [MediaType::PrometheusText, MediaType::OpenMetrics, MediaType::Protobuf]
            .into_iter()
            .find(|media_type| media_type.as_str() == text)
    }
}

/// What is wrong with a `Content-Type`: an error without a fallback, a warning with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentTypeProblem {
    kind: ProblemKind,
    content_type: String,
    fallback: Option<MediaType>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProblemKind {
    Blank,
    Malformed(&'static str),
    Unsupported,
}

impl fmt::Display for ContentTypeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content_type = name::quoted(&self.content_type);
        let fallback = self.fallback.map(MediaType::as_str).map(name::quoted);
        match (self.kind, fallback) {
            (ProblemKind::Blank, None) => f.write_str(
                "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target",
            ),
            (ProblemKind::Blank, Some(fallback)) => {
                write!(f, "non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol {fallback}")
            }
            (ProblemKind::Malformed(reason), None) => {
                write!(f, "cannot parse Content-Type {content_type} and no fallback_scrape_protocol for target\n{reason}")
            }
            (ProblemKind::Malformed(reason), Some(fallback)) => write!(
                f,
                "could not parse received Content-Type {content_type}, using fallback_scrape_protocol {fallback}\n{reason}",
            ),
            (ProblemKind::Unsupported, None) => write!(
                f,
                "received unsupported Content-Type {content_type} and no fallback_scrape_protocol specified for target"
            ),
            (ProblemKind::Unsupported, Some(fallback)) => {
                write!(f, "received unsupported Content-Type {content_type}, using fallback_scrape_protocol {fallback}")
            }
        }
    }
}

impl std::error::Error for ContentTypeProblem {}

/// The parser for a `Content-Type`, and what is wrong with it. Where there is no parser, the problem is the error.
pub fn select(content_type: &str, fallback: Option<MediaType>) -> (Option<MediaType>, Option<ContentTypeProblem>) {
    let problem = |kind| {
        let content_type = content_type.to_owned();
        (fallback, Some(ContentTypeProblem { kind, content_type, fallback }))
    };
    if content_type.is_empty() {
        return problem(ProblemKind::Blank);
    }
    match media_type(content_type) {
        Err(reason) => problem(ProblemKind::Malformed(reason)),
        Ok(text) => match MediaType::from_str(&text) {
            Some(media_type) => (Some(media_type), None),
            None => problem(ProblemKind::Unsupported),
        },
    }
}

/// The media type in a header value, in lower case, without its parameters, which must be well formed all the same.
///
/// # Errors
/// When they are not, in Go's words.
pub fn media_type(header: &str) -> Result<String, &'static str> {
    let (media_type, _) = header.split_once(';').unwrap_or((header, ""));
    let parameters = &header[media_type.len()..];
    let media_type = media_type.trim().to_lowercase();
    check_media_type(&media_type)?;
    check_parameters(parameters)?;
    Ok(media_type)
}

fn check_media_type(media_type: &str) -> Result<(), &'static str> {
    let (major, rest) = token(media_type);
    if major.is_empty() {
        return Err("mime: no media type");
    }
    if rest.is_empty() {
        return Ok(());
    }
    let rest = rest.strip_prefix('/').ok_or("mime: expected slash after first token")?;
    match token(rest) {
        ("", _) => Err("mime: expected token after slash"),
        (_, "") => Ok(()),
        _ => Err("mime: unexpected content after media subtype"),
    }
}

fn check_parameters(mut rest: &str) -> Result<(), &'static str> {
    let mut seen: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.trim_end() == ";" {
            return Ok(());
        }
        let (name, value, after) = parameter(rest).ok_or("mime: invalid media parameter")?;
        match seen.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if *known != value => return Err("mime: duplicate parameter name"),
            Some(_) => {}
            None => seen.push((name, value)),
        }
        rest = after;
    }
}

/// `; name=value`, and what follows.
fn parameter(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = token(text.strip_prefix(';')?.trim_start());
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let (value, rest) = value(rest)?;
    (!name.is_empty()).then(|| (name.to_lowercase(), value, rest))
}

/// A token or a quoted string, and what follows. A token must not be empty.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = token(text);
        return (!value.is_empty()).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\r' | '\n' => return None,
            // A backslash before anything but these is a path that was not escaped.
            '\\' if chars.peek().is_some_and(|(_, next)| is_special(*next)) => {
                value.extend(chars.next().map(|(_, next)| next));
            }
            _ => value.push(c),
        }
    }
    None
}

fn token(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

fn is_token(c: char) -> bool {
    c.is_ascii_graphic() && !is_special(c)
}

fn is_special(c: char) -> bool {
    "()<>@,;:\\\"/[]?=".contains(c)
}
