//! Go's expressions (RE2's syntax as package `regexp/syntax` reads it), from text to [`Node`].
//!
//! One loop over the pattern with the open groups on a stack of its own, so that no nesting can exhaust the thread's.
//! Where the syntaxes of Go and Rust differ, this is Go's: classes are ASCII, `[` and `&&` in a class and a `{` that
//! counts nothing are literal, `\Q…\E` quotes, `\012` is octal, `x**` and `x{1001}` are errors. Not here, as in Go:
//! back-references, look-around, possessive repetition, `\C`.

use super::class;
use super::cursor::Cursor;
use super::error::{Reason, RegexError};
use super::escape::parse_escape;
use super::fold::is_cased;
use super::node::Node;

use regex_syntax::hir::{ClassUnicode, Look};

/// How high the tree may grow, as in Go.
const MAX_HEIGHT: u32 = 1000;
/// How often something may be repeated, repetitions of repetitions multiplied, as in Go.
const MAX_REPETITIONS: u32 = 1000;

/// How the characters of a pattern are understood. All off is Go's default.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// `i`: case does not matter.
    pub(super) fold: bool,
    /// `m`: `^` and `$` match at lines too.
    pub(super) multi_line: bool,
    /// `s`: `.` matches a newline.
    pub(super) dot_newline: bool,
    /// `U`: repetitions prefer less, and those with a `?` more.
    pub(super) ungreedy: bool,
}

/// A pattern understood.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The tree.
    pub(super) node: Node,
    /// The name of each group, from group 1; empty for those without.
    pub(super) group_names: Vec<String>,
    /// How high the tree is.
    pub(super) height: u32,
}

/// Reads a pattern.
pub(super) fn parse(pattern: &str, flags: Flags) -> Result<Parsed, RegexError> {
    let outermost = Group { alternatives: Vec::new(), parts: Vec::new(), capture: None, flags_outside: flags };
    let parser = Parser {
        cursor: Cursor::new(pattern),
        flags,
        group: outermost,
        enclosing: Vec::new(),
        group_names: Vec::new(),
        repeated_at: None,
    };
    parser.run()
}

struct Parser<'p> {
    cursor: Cursor<'p>,
    flags: Flags,
    /// The innermost open group, and those around it.
    group: Group,
    enclosing: Vec<Group>,
    group_names: Vec<String>,
    /// Where the repetition begins that ends at the cursor, if one does.
    repeated_at: Option<usize>,
}

struct Group {
    /// What stands before the last `|`.
    alternatives: Vec<Piece>,
    /// What stands after it.
    parts: Vec<Piece>,
    /// The number of a group that captures.
    capture: Option<u32>,
    flags_outside: Flags,
}

/// A tree and what its limits are about.
struct Piece {
    node: Node,
    height: u32,
    /// The largest product of repetitions along one path.
    repetitions: u32,
}

impl Piece {
    fn leaf(node: Node) -> Piece {
        Piece { node, height: 1, repetitions: 1 }
    }
}

impl Parser<'_> {
    fn run(mut self) -> Result<Parsed, RegexError> {
        while let Some(c) = self.cursor.peek() {
            let before = self.repeated_at.take();
            match c {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.cursor.next();
                    self.end_alternative()?;
                }
                '[' => {
                    let class = class::parse_bracketed(&mut self.cursor, self.flags.fold)?;
                    self.group.parts.push(Piece::leaf(Node::Class(class)));
                }
                '*' => self.repeat_by_sign(0, None, before)?,
                '+' => self.repeat_by_sign(1, None, before)?,
                '?' => self.repeat_by_sign(0, Some(1), before)?,
                '{' => self.repeat_by_count(before)?,
                '\\' => self.escape()?,
                '.' => self.push_sign(Node::Any { newline: self.flags.dot_newline }),
                '^' => self.push_sign(Node::Look(if self.flags.multi_line { Look::StartLF } else { Look::Start })),
                '$' => self.push_sign(Node::Look(if self.flags.multi_line { Look::EndLF } else { Look::End })),
                c => {
                    self.cursor.next();
                    self.push_char(c);
                }
            }
        }
        if !self.enclosing.is_empty() {
            return Err(self.error_of_all(Reason::MissingParenthesis));
        }
        let piece = self.end_group()?;
        Ok(Parsed { node: piece.node, group_names: self.group_names, height: piece.height })
    }

    fn error_of_all(&self, reason: Reason) -> RegexError {
        RegexError::new(reason, self.cursor.pattern())
    }

    fn push_sign(&mut self, node: Node) {
        self.cursor.next();
        self.group.parts.push(Piece::leaf(node));
    }

    fn push_char(&mut self, c: char) {
        let fold = self.flags.fold && is_cased(c);
        self.group.parts.push(Piece::leaf(Node::Literal { text: c.into(), fold }));
    }

    /// A repetition by `*`, `+` or `?`.
    fn repeat_by_sign(&mut self, min: u32, max: Option<u32>, before: Option<usize>) -> Result<(), RegexError> {
        let start = self.cursor.at();
        self.cursor.next();
        self.repeat(min, max, start, before)
    }

    /// A repetition by `{2}`, `{2,}` or `{2,3}`; any other `{` stands for itself.
    fn repeat_by_count(&mut self, before: Option<usize>) -> Result<(), RegexError> {
        let start = self.cursor.at();
        let Some((min, max, n_bytes)) = parse_count(self.cursor.rest()) else {
            self.cursor.next();
            self.push_char('{');
            return Ok(());
        };
        self.cursor.skip(n_bytes);
        if min.max(max.unwrap_or(0)) > MAX_REPETITIONS || max.is_some_and(|max| min > max) {
            return Err(self.cursor.error(Reason::RepeatCount, start));
        }
        self.repeat(min, max, start, before)?;
        let counts = min >= 2 || max.is_some_and(|max| max >= 2);
        let Some(piece) = self.group.parts.last_mut() else { return Ok(()) };
        match max.unwrap_or(min) {
            0 if max == Some(0) => piece.repetitions = 1,
            n_times => piece.repetitions = piece.repetitions.saturating_mul(n_times.max(1)),
        }
        if counts && piece.repetitions > MAX_REPETITIONS {
            return Err(self.cursor.error(Reason::RepeatCount, start));
        }
        Ok(())
    }

    /// Repeats the last part; the cursor stands behind the operator, which begins at `start`.
    fn repeat(&mut self, min: u32, max: Option<u32>, start: usize, before: Option<usize>) -> Result<(), RegexError> {
        let greedy = self.cursor.eat("?") == self.flags.ungreedy;
        if let Some(before) = before {
            return Err(self.cursor.error(Reason::NestedRepetition, before));
        }
        let Some(part) = self.group.parts.pop() else {
            return Err(self.cursor.error(Reason::MissingArgument, start));
        };
        let height = self.higher_than(part.height)?;
        let node = Node::Repeat { sub: Box::new(part.node), min, max, greedy };
        self.group.parts.push(Piece { node, height, repetitions: part.repetitions });
        self.repeated_at = Some(start);
        Ok(())
    }

    fn higher_than(&self, height: u32) -> Result<u32, RegexError> {
        if height >= MAX_HEIGHT { Err(self.error_of_all(Reason::TooDeep)) } else { Ok(height + 1) }
    }

    fn escape(&mut self) -> Result<(), RegexError> {
        for (text, look) in
            [("\\A", Look::Start), ("\\z", Look::End), ("\\b", Look::WordAscii), ("\\B", Look::WordAsciiNegate)]
        {
            if self.cursor.eat(text) {
                self.group.parts.push(Piece::leaf(Node::Look(look)));
                return Ok(());
            }
        }
        if self.cursor.eat("\\Q") {
            self.quotation();
            return Ok(());
        }
        if let Some(class) = class::parse_escaped(&mut self.cursor, self.flags.fold)? {
            self.group.parts.push(Piece::leaf(Node::Class(class)));
            return Ok(());
        }
        match char::from_u32(parse_escape(&mut self.cursor)?) {
            Some(c) => self.push_char(c),
            // A surrogate, which no text holds.
            None => self.group.parts.push(Piece::leaf(Node::Class(ClassUnicode::empty()))),
        }
        Ok(())
    }

    /// Literal text up to `\E` or to the end.
    fn quotation(&mut self) {
        let rest = self.cursor.rest();
        let (quoted, n_bytes) = match rest.find("\\E") {
            Some(end) => (&rest[..end], end + "\\E".len()),
            None => (rest, rest.len()),
        };
        self.cursor.skip(n_bytes);
        for c in quoted.chars() {
            self.push_char(c);
        }
    }

    fn open(&mut self) -> Result<(), RegexError> {
        let flags_outside = self.flags;
        let rest = self.cursor.rest();
        let capture = if let Some(n_bytes) = name_prefix(rest) {
            Some(self.group_name(n_bytes)?)
        } else if rest.starts_with("(?") {
            let Some(flags) = self.parse_flags()? else { return Ok(()) };
            self.flags = flags;
            None
        } else {
            self.cursor.next();
            Some(String::new())
        };
        let capture = capture.map(|name| {
            self.group_names.push(name);
            u32::try_from(self.group_names.len()).expect("fewer groups than the pattern has bytes")
        });
        let group = Group { alternatives: Vec::new(), parts: Vec::new(), capture, flags_outside };
        self.enclosing.push(std::mem::replace(&mut self.group, group));
        Ok(())
    }

    /// Reads `(?P<name>` or `(?<name>`; the name begins after `n_bytes`.
    fn group_name(&mut self, n_bytes: usize) -> Result<String, RegexError> {
        let start = self.cursor.at();
        let rest = self.cursor.rest();
        let Some(end) = rest.find('>') else {
            self.cursor.skip(rest.len());
            return Err(self.cursor.error(Reason::NamedCapture, start));
        };
        let name = &rest[n_bytes..end];
        self.cursor.skip(end + 1);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(self.cursor.error(Reason::NamedCapture, start));
        }
        Ok(name.to_owned())
    }

    /// Reads `(?flags:` and gives the flags of the group that it opens; of `(?flags)`, which opens none, sets them.
    fn parse_flags(&mut self) -> Result<Option<Flags>, RegexError> {
        let start = self.cursor.at();
        self.cursor.skip("(?".len());
        let mut flags = self.flags;
        let mut on = true;
        let mut n_since_sign = 0;
        while let Some(c) = self.cursor.next() {
            n_since_sign += 1;
            match c {
                'i' => flags.fold = on,
                'm' => flags.multi_line = on,
                's' => flags.dot_newline = on,
                'U' => flags.ungreedy = on,
                '-' if on => (on, n_since_sign) = (false, 0),
                ':' | ')' if on || n_since_sign > 1 => {
                    if c == ':' {
                        return Ok(Some(flags));
                    }
                    self.flags = flags;
                    return Ok(None);
                }
                _ => break,
            }
        }
        Err(self.cursor.error(Reason::PerlSyntax, start))
    }

    fn close(&mut self) -> Result<(), RegexError> {
        let Some(outer) = self.enclosing.pop() else {
            return Err(self.error_of_all(Reason::UnexpectedParenthesis));
        };
        self.cursor.next();
        let mut piece = self.end_group()?;
        let group = std::mem::replace(&mut self.group, outer);
        self.flags = group.flags_outside;
        if let Some(index) = group.capture {
            piece.height = self.higher_than(piece.height)?;
            piece.node = Node::Capture { index, sub: Box::new(piece.node) };
        }
        self.group.parts.push(piece);
        Ok(())
    }

    /// Makes one piece of all that stands in the innermost group.
    fn end_group(&mut self) -> Result<Piece, RegexError> {
        self.end_alternative()?;
        let alternatives = std::mem::take(&mut self.group.alternatives);
        self.join(Joint::Alternate, alternatives)
    }

    fn end_alternative(&mut self) -> Result<(), RegexError> {
        let parts = merge_literals(std::mem::take(&mut self.group.parts));
        let piece = self.join(Joint::Concat, parts)?;
        self.group.alternatives.push(piece);
        Ok(())
    }

    /// One piece of several. Pieces that are joined in the same way themselves are taken apart first.
    fn join(&self, joint: Joint, mut pieces: Vec<Piece>) -> Result<Piece, RegexError> {
        if pieces.len() < 2 {
            return Ok(pieces.pop().unwrap_or(Piece::leaf(Node::Empty)));
        }
        let repetitions = pieces.iter().map(|piece| piece.repetitions).max().unwrap_or(1);
        let mut highest = 0;
        let mut joined = Vec::new();
        for piece in pieces {
            match joint.take_apart(piece.node) {
                // Moving a long list again and again for each group around it would cost its square.
                Ok(parts) if joined.is_empty() || parts.len() <= MAX_MOVED => {
                    highest = highest.max(piece.height - 1);
                    if joined.is_empty() { joined = parts } else { joined.extend(parts) }
                }
                Ok(parts) => {
                    highest = highest.max(piece.height);
                    joined.push(joint.whole(parts));
                }
                Err(node) => {
                    highest = highest.max(piece.height);
                    joined.push(node);
                }
            }
        }
        Ok(Piece { node: joint.whole(joined), height: self.higher_than(highest)?, repetitions })
    }
}

/// Parts of a nested list that are moved one by one at most.
const MAX_MOVED: usize = 64;

/// How pieces become one.
#[derive(Clone, Copy)]
enum Joint {
    Concat,
    Alternate,
}

impl Joint {
    fn whole(self, parts: Vec<Node>) -> Node {
        match self {
            Joint::Concat => Node::Concat(parts),
            Joint::Alternate => Node::Alternate(parts),
        }
    }

    fn take_apart(self, node: Node) -> Result<Vec<Node>, Node> {
        match (self, node) {
            (Joint::Concat, Node::Concat(parts)) | (Joint::Alternate, Node::Alternate(parts)) => Ok(parts),
            (_, node) => Err(node),
        }
    }
}

/// Neighbouring characters become one literal.
fn merge_literals(parts: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::with_capacity(parts.len().min(16));
    for part in parts {
        if let (Node::Literal { text: next, fold: fold_next }, Some(Node::Literal { text, fold })) =
            (&part.node, merged.last_mut().map(|piece| &mut piece.node))
            && fold_next == fold
        {
            text.push_str(next);
        } else {
            merged.push(part);
        }
    }
    merged
}

/// How long `(?P<` or `(?<` is, where the text begins with it and goes on.
fn name_prefix(text: &str) -> Option<usize> {
    ["(?P<", "(?<"].into_iter().find(|prefix| text.starts_with(prefix) && text.len() > prefix.len()).map(str::len)
}

/// Reads `{2}`, `{2,}` or `{2,3}`: how often at least, at most, and the length of the text.
fn parse_count(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let (min, rest) = parse_number(text.strip_prefix('{')?)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (Some(min), rest),
        Some(rest) if rest.starts_with('}') => (None, rest),
        Some(rest) => parse_number(rest).map(|(max, rest)| (Some(max), rest))?,
    };
    let rest = rest.strip_prefix('}')?;
    Some((min, max, text.len() - rest.len()))
}

/// A number without leading zeros, and what follows; one that is too large is only that.
fn parse_number(text: &str) -> Option<(u32, &str)> {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(n_digits);
    if digits.is_empty() || (n_digits > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
