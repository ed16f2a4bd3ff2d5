//! What a query wants its reader to know beside the answer: warnings and infos, in Prometheus's words.

use std::collections::BTreeMap;
use std::fmt;

use model::float::plain;
use model::name::quoted;

use crate::syntax::{Position, Span, percent_g};

/// The annotations of a query: each text once, with the place of the expression that it is about.
///
/// As in Prometheus equal texts are one annotation, whose place is that of the last one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations {
    notes: BTreeMap<(Level, String), Note>,
}

/// How much an annotation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The answer may be wrong.
    Warning,
    /// The answer is right, but perhaps not what was meant.
    Info,
}

#[derive(Clone, Debug, PartialEq)]
struct Note {
    /// `None` for what is said of no expression, such as damage in the storage.
    span: Option<Span>,
    detail: Detail,
}

/// What is shown beside the text and is gathered over equal annotations.
#[derive(Clone, Debug, PartialEq)]
enum Detail {
    None,
    Monotonicity(Monotonicity),
    Occurrences(u64),
}

/// How buckets of a classic histogram had to be changed so that they do not fall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Monotonicity {
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) min_bound: f64,
    pub(crate) max_bound: f64,
    pub(crate) max_fall: f64,
    pub(crate) n_samples: u64,
}

impl Annotations {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.notes.len()
    }

    /// The texts of a level as the API shows them: `PromQL warning: … (line:column)`, the column in bytes of `text`.
    pub fn texts(&self, level: Level, text: &str) -> Vec<String> {
        let of_level = self.notes.iter().filter(|((note_level, _), _)| *note_level == level);
        of_level.map(|((_, message), note)| Shown { message, note, text }.to_string()).collect()
    }

    /// At most `limit` texts of a level, and a line that says how many are left out.
    pub fn capped_texts(&self, level: Level, text: &str, limit: usize) -> Vec<String> {
        let mut texts = self.texts(level, text);
        let n_left_out = texts.len().saturating_sub(limit);
        if n_left_out > 0 {
            texts.truncate(limit);
            let kind = match level {
                Level::Warning => "warning",
                Level::Info => "info",
            };
            texts.push(format!("{n_left_out} more {kind} annotations omitted"));
        }
        texts
    }

    pub(crate) fn warn(&mut self, message: &str, span: Span) {
        self.add(Level::Warning, format!("PromQL warning: {message}"), Some(span), Detail::None);
    }

    pub(crate) fn inform(&mut self, message: &str, span: Span) {
        self.add(Level::Info, format!("PromQL info: {message}"), Some(span), Detail::None);
    }

    /// A warning of the storage, which is about no expression.
    pub(crate) fn warn_of_storage(&mut self, message: String) {
        self.add(Level::Warning, message, None, Detail::None);
    }

    pub(crate) fn forced_monotonicity(&mut self, metric: &str, how: Monotonicity, span: Span) {
        let message = "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see \
                       https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
        self.add(Level::Info, with_metric(message, metric), Some(span), Detail::Monotonicity(how));
    }

    pub(crate) fn start_time_overlap(&mut self, metric: &str, span: Span) {
        let message = "PromQL warning: sample has start time that overlaps with previous sample timestamp";
        let message = format!("{message} for metric {}", quoted(metric));
        self.add(Level::Warning, message, Some(span), Detail::Occurrences(1));
    }

    fn add(&mut self, level: Level, message: String, span: Option<Span>, detail: Detail) {
        let note = Note { span, detail };
        self.notes.entry((level, message)).and_modify(|before| before.absorb(&note)).or_insert(note);
    }

    /// Takes over the annotations of a later part of the query.
    pub(crate) fn merge(&mut self, later: Annotations) {
        for (key, note) in later.notes {
            self.notes.entry(key).and_modify(|before| before.absorb(&note)).or_insert(note);
        }
    }
}

impl Note {
    fn absorb(&mut self, later: &Note) {
        match (&mut self.detail, &later.detail) {
            (Detail::Monotonicity(mine), Detail::Monotonicity(other)) => {
                mine.first_ms = mine.first_ms.min(other.first_ms);
                mine.last_ms = mine.last_ms.max(other.last_ms);
                mine.min_bound = mine.min_bound.min(other.min_bound);
                mine.max_bound = mine.max_bound.max(other.max_bound);
                mine.max_fall = mine.max_fall.max(other.max_fall);
                mine.n_samples += other.n_samples;
            }
            (Detail::Occurrences(mine), Detail::Occurrences(other)) => *mine += other,
            _ => self.span = later.span,
        }
    }
}

/// A message with the metric's name, where it is known.
pub(crate) fn with_metric(message: &str, metric: &str) -> String {
    if metric.is_empty() { message.to_owned() } else { format!("{message} for metric name {}", quoted(metric)) }
}

struct Shown<'a> {
    message: &'a str,
    note: &'a Note,
    text: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)?;
        match &self.note.detail {
            Detail::None | Detail::Occurrences(0 | 1) => {}
            Detail::Occurrences(n_times) => write!(f, " ({n_times} occurrences)")?,
            Detail::Monotonicity(how) => write!(
                f,
                ", from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
                percent_g(how.min_bound),
                percent_g(how.max_bound),
                two_digits(how.max_fall),
                how.n_samples,
                rfc3339(how.first_ms),
                rfc3339(how.last_ms)
            )?,
        }
        match self.note.span {
            Some(span) => write!(f, " ({})", Position::of(self.text.as_bytes(), span.start)),
            None => Ok(()),
        }
    }
}

/// A float with two significant digits, as Go's `%.2g`.
fn two_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return plain(value);
    }
    let scientific = format!("{value:.1e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
    if !(-4..2).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    plain(scientific.parse().unwrap_or(value))
}

/// A time in whole seconds, as Go's `time.RFC3339` in UTC.
fn rfc3339(timestamp_ms: i64) -> String {
    match jiff::Timestamp::from_second(timestamp_ms / 1000) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => format!("{timestamp_ms} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_annotation_at_the_last_place() {
        let mut notes = Annotations::default();
        notes.warn("x", Span::new(0, 1));
        notes.warn("x", Span::new(4, 5));
        notes.inform("y", Span::new(2, 3));
        assert_eq!(notes.texts(Level::Warning, "a + a"), ["PromQL warning: x (1:5)"]);
        assert_eq!(notes.capped_texts(Level::Info, "a + a", 0), ["1 more info annotations omitted"]);
    }

    #[test]
    fn falls_are_gathered() {
        let mut notes = Annotations::default();
        for (at_ms, fall) in [(60_000, 3.0), (0, 12.3456)] {
            let how = Monotonicity {
                first_ms: at_ms,
                last_ms: at_ms,
                min_bound: 1.0,
                max_bound: f64::INFINITY,
                max_fall: fall,
                n_samples: 1,
            };
            notes.forced_monotonicity("m", how, Span::new(0, 1));
        }
        let texts = notes.texts(Level::Info, "a");
        let want = "for metric name \"m\", from buckets 1 to +Inf, with a max diff of 12, over 2 samples from \
                    1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z (1:1)";
        assert!(texts[0].ends_with(want), "{texts:?}");
        let shown = [1234.0, 0.5, 0.000_012_3, 99.9, 2.0].map(two_digits);
        assert_eq!(shown, ["1.2e+03", "0.5", "1.2e-05", "1e+02", "2"]);
    }
}
