//! `eval`: a query, its times, and what is expected of it.

use model::Labels;
use model::regex::GoRegex;
use query::Level;
use query::syntax::series::{SequenceValue, SeriesDescription};
use query::syntax::{Options, parse};

use super::script::{Lines, duration_ms};

/// A query and what is expected of it.
#[derive(Debug)]
pub(crate) struct Eval {
    /// The line of the command, from 1.
    pub(crate) line: usize,
    pub(crate) query: String,
    pub(crate) is_range: bool,
    /// The times of expected points, in milliseconds since the Unix epoch.
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) step_ms: i64,
    /// When an instant query is asked.
    pub(crate) at_ms: i64,
    /// The result of an instant query is no vector, so that it is not asked as a range query, too.
    pub(crate) is_instant_only: bool,
    pub(crate) is_ordered: bool,
    /// The query must fail, with such a message.
    pub(crate) failure: Option<Pattern>,
    n_expect_fail: usize,
    pub(crate) expected: Expected,
    notes: Vec<(NoteKind, Pattern)>,
}

/// A result.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) scalar: Option<f64>,
    pub(crate) string: String,
    pub(crate) series: Vec<ExpectedSeries>,
}

/// A series of a result.
#[derive(Debug)]
pub(crate) struct ExpectedSeries {
    pub(crate) labels: Labels,
    /// Its place, from 1.
    pub(crate) place: usize,
    pub(crate) values: Vec<SequenceValue>,
}

/// What is expected of annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoteKind {
    Some(Level),
    None(Level),
}

/// What a text must be.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Any,
    Text(String),
    Regex(GoRegex),
}

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Text(wanted) => wanted == text,
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }

    fn regex(pattern: &str) -> Result<Pattern, String> {
        GoRegex::searching(pattern.trim())
            .map(Pattern::Regex)
            .map_err(|error| format!("invalid regexp {pattern:?}: {error}"))
    }
}

const INSTANT: &str = r"eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)";
const RANGE: &str = r"eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)";
const EXPECT: &str = r"expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?";
const EXPECT_RANGE: &str = r"expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)";

impl Eval {
    pub(crate) fn parse(line: &str, lines: &mut Lines<'_>) -> Result<Eval, String> {
        let mut eval = Eval::parse_command(line, lines.number())?;
        parse(&eval.query, Options::all()).map_err(|error| error.to_string())?;
        let may_fail = eval.failure.is_some();
        let mut n_series = 0;
        while let Some(line) = lines.of_command() {
            if may_fail && line.starts_with("expected_fail_message") {
                eval.failure = Some(Pattern::Text(line["expected_fail_message".len()..].trim().to_owned()));
                return Ok(eval);
            }
            if may_fail && line.starts_with("expected_fail_regexp") {
                eval.failure = Some(Pattern::regex(&line["expected_fail_regexp".len()..])?);
                return Ok(eval);
            }
            if line.starts_with("expect range vector") {
                eval.expect_range(line)?;
            } else if let Some(literal) = line.strip_prefix("expect string") {
                eval.expected.string = unquoted(literal)?;
                eval.is_instant_only = true;
            } else if line.split(' ').next() == Some("expect") {
                eval.expect(line)?;
            } else if let Some(number) = number(line) {
                eval.expected.scalar = Some(number);
                return Ok(eval);
            } else {
                n_series += 1;
                eval.expect_series(line, n_series)?;
            }
        }
        Ok(eval)
    }

    /// The first line.
    fn parse_command(line: &str, number: usize) -> Result<Eval, String> {
        let mut eval = Eval {
            line: number,
            query: String::new(),
            is_range: false,
            start_ms: 0,
            end_ms: 0,
            step_ms: 0,
            at_ms: 0,
            is_instant_only: false,
            is_ordered: false,
            failure: None,
            n_expect_fail: 0,
            expected: Expected::default(),
            notes: Vec::new(),
        };
        let modifier;
        if let Some(parts) = GoRegex::anchored(INSTANT).unwrap().captures(line) {
            modifier = parts.get(1);
            eval.at_ms = duration_ms(parts.get(2).unwrap_or_default())?;
            (eval.start_ms, eval.end_ms) = (eval.at_ms, eval.at_ms);
            eval.query = String::from(parts.get(3).unwrap_or_default());
        } else if let Some(parts) = GoRegex::anchored(RANGE).unwrap().captures(line) {
            modifier = parts.get(1);
            eval.is_range = true;
            eval.set_times([2, 3, 4].map(|group| parts.get(group).unwrap_or_default()))?;
            eval.query = String::from(parts.get(5).unwrap_or_default());
        } else {
            return Err(format!("invalid evaluation command {line:?}"));
        }
        match modifier {
            Some("ordered") => eval.is_ordered = true,
            Some("fail") => eval.failure = Some(Pattern::Any),
            Some("warn") => eval.notes.push((NoteKind::Some(Level::Warning), Pattern::Any)),
            Some("info") => eval.notes.push((NoteKind::Some(Level::Info), Pattern::Any)),
            _ => {}
        }
        Ok(eval)
    }

    fn set_times(&mut self, [from, to, step]: [&str; 3]) -> Result<(), String> {
        (self.start_ms, self.end_ms, self.step_ms) = (duration_ms(from)?, duration_ms(to)?, duration_ms(step)?);
        if self.end_ms < self.start_ms {
            return Err(format!("invalid test definition, end timestamp ({to}) is before start timestamp ({from})"));
        }
        Ok(())
    }

    fn expect_range(&mut self, line: &str) -> Result<(), String> {
        let pattern = GoRegex::anchored(EXPECT_RANGE).unwrap();
        let parts = pattern.captures(line).ok_or_else(|| format!("invalid range vector definition {line:?}"))?;
        self.set_times([1, 2, 3].map(|group| parts.get(group).unwrap_or_default()))?;
        self.at_ms = self.end_ms;
        self.is_instant_only = true;
        Ok(())
    }

    fn expect(&mut self, line: &str) -> Result<(), String> {
        let pattern = GoRegex::anchored(EXPECT).unwrap();
        let parts = pattern.captures(line).ok_or("invalid expect statement")?;
        let text = parts.get(3).unwrap_or_default();
        let pattern = match parts.get(2) {
            Some("regex") => Pattern::regex(text)?,
            Some(_) => Pattern::Text(text.trim().to_owned()),
            None => Pattern::Any,
        };
        match parts.get(1).unwrap_or_default() {
            "ordered" => self.is_ordered = true,
            "fail" if self.n_expect_fail > 0 => {
                return Err("invalid expect lines, multiple expect fail lines are not allowed".to_owned());
            }
            "fail" => (self.failure, self.n_expect_fail) = (Some(pattern), 1),
            "warn" => self.notes.push((NoteKind::Some(Level::Warning), pattern)),
            "info" => self.notes.push((NoteKind::Some(Level::Info), pattern)),
            "no_warn" => self.notes.push((NoteKind::None(Level::Warning), pattern)),
            _ => self.notes.push((NoteKind::None(Level::Info), pattern)),
        }
        for level in [Level::Warning, Level::Info] {
            let expects = |kind: NoteKind| self.notes.iter().any(|(other, _)| *other == kind);
            if expects(NoteKind::Some(level)) && expects(NoteKind::None(level)) {
                return Err(format!("invalid expect lines, {level:?} is expected and not"));
            }
        }
        Ok(())
    }

    fn expect_series(&mut self, line: &str, place: usize) -> Result<(), String> {
        let SeriesDescription { labels, values } =
            query::syntax::series::parse(line).map_err(|error| error.to_string())?;
        if values.len() > 1 && !self.is_range && self.step_ms == 0 {
            return Err("expecting multiple values in instant evaluation not allowed".to_owned());
        }
        self.expected.series.retain(|before| before.labels != labels);
        self.expected.series.push(ExpectedSeries { labels, place, values });
        Ok(())
    }

    /// Checks what was said beside an answer: each line matches some text, and each text some line.
    pub(crate) fn check_notes(&self, level: Level, texts: &[String]) -> Result<(), String> {
        let of_kind =
            |kind: NoteKind| self.notes.iter().filter(move |(other, _)| *other == kind).map(|(_, pattern)| pattern);
        let wanted: Vec<&Pattern> = of_kind(NoteKind::Some(level)).collect();
        if of_kind(NoteKind::None(level)).next().is_some() && !texts.is_empty() {
            return Err(format!("unexpected annotations {texts:?}"));
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let is_said = |pattern: &&&Pattern| texts.iter().any(|text| pattern.matches(text));
        let is_wanted = |text: &&String| wanted.iter().any(|pattern| pattern.matches(text));
        if wanted.iter().all(|pattern| is_said(&pattern))
            && texts.iter().all(|text| is_wanted(&text))
            && !texts.is_empty()
        {
            return Ok(());
        }
        Err(format!("expected annotations {wanted:?}, but got {texts:?}"))
    }
}

/// A number that stands alone on its line.
fn number(line: &str) -> Option<f64> {
    let (sign, digits) = match line.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, line.strip_prefix('+').unwrap_or(line)),
    };
    if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(|number| sign * number as f64);
    }
    digits.parse::<f64>().ok().map(|number| sign * number)
}

/// A string literal as Go reads it: between double quotes or backquotes.
fn unquoted(literal: &str) -> Result<String, String> {
    let literal = literal.strip_prefix(' ').unwrap_or(literal);
    let is_quoted = literal.len() >= 2 && literal.starts_with(['"', '`']) && literal.ends_with(&literal[..1]);
    if !is_quoted {
        return Err("expected string literal not valid - check that the string is correctly quoted".to_owned());
    }
    let inner = &literal[1..literal.len() - 1];
    if literal.starts_with('`') {
        return Ok(inner.to_owned());
    }
    serde_json::from_str(literal).map_err(|error| format!("expected string literal not valid: {error}"))
}
