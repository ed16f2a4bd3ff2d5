//! What can be said of an expression without running it.
//!
//! Most matchers that people write are lists (`a|b|c`), beginnings (`foo.*`) and the like. [`Shape::of`] recognises
//! them, and then a comparison or a search for a literal decides, as in Prometheus. Of the others it finds what each
//! matching text must begin with, contain and end with, which refuses most texts before the engine sees them.
//!
//! All this is about whole texts: the expression is anchored at both ends.

use memchr::memmem::Finder;
use regex_syntax::hir::Look;

use super::fold::FoldedSet;
use super::node::Node;
use super::texts::{Case, Room};

/// Alternatives that are searched for one by one; of more, the engine is faster.
const MAX_SEARCHED: usize = 8;

/// How to decide whether a whole text matches.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// It is one of these; sorted.
    Literals(Vec<String>),
    /// It is one of these, whatever the case.
    Folded(FoldedSet),
    /// Literals with arbitrary text between them.
    Gaps(Gaps),
    /// Ask the engine, if the text has the fixed parts.
    Engine(Fixed),
}

/// Literals with gaps between them: `a.*b.+c`. There is at least one gap.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    /// What the text begins with, one of these.
    head: Vec<String>,
    /// Gaps, each with what follows it, one of these.
    middle: Vec<(Gap, Vec<Finder<'static>>)>,
    last_gap: Gap,
    /// What the text ends with, one of these.
    tail: Vec<String>,
}

/// Arbitrary text of at least so many characters.
#[derive(Clone, Copy, Debug)]
struct Gap {
    min_chars: u32,
}

/// What each matching text has, in this order and without overlap.
#[derive(Clone, Debug, Default)]
pub(super) struct Fixed {
    prefix: String,
    contains: Vec<Finder<'static>>,
    suffix: String,
}

impl Shape {
    /// The shape of an anchored expression. `n_bytes` is the length of the pattern.
    pub(super) fn of(node: &Node, n_bytes: usize) -> Shape {
        let parts = without_anchors(flatten(node));
        let room = Room::for_pattern(n_bytes);
        if let Some(texts) = room.product(&parts, Case::Sensitive) {
            return Shape::Literals(sorted(texts));
        }
        if let Some(texts) = room.product(&parts, Case::Folded) {
            return Shape::Folded(FoldedSet::new(texts));
        }
        match Gaps::of(&parts, room) {
            Some(gaps) => Shape::Gaps(gaps),
            None => Shape::Engine(Fixed::of(&parts)),
        }
    }

    /// What each matching text begins with.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Shape::Literals(texts) => common_prefix(texts),
            Shape::Folded(_) => "",
            Shape::Gaps(gaps) => common_prefix(&gaps.head),
            Shape::Engine(fixed) => &fixed.prefix,
        }
    }
}

impl Gaps {
    fn of(parts: &[&Node], room: Room) -> Option<Gaps> {
        let mut gaps = Gaps { head: Vec::new(), middle: Vec::new(), last_gap: Gap { min_chars: 0 }, tail: Vec::new() };
        // The gap that the literals in `parts[from..]` follow, once there is one.
        let mut open: Option<Gap> = None;
        let mut from = 0;
        for (at, part) in parts.iter().enumerate() {
            let Some(gap) = as_gap(part) else { continue };
            let texts = room.product(&parts[from..at], Case::Sensitive)?;
            let is_nothing = texts.iter().all(String::is_empty);
            open = Some(match open {
                None => {
                    gaps.head = texts;
                    gap
                }
                Some(before) if is_nothing => Gap { min_chars: before.min_chars.checked_add(gap.min_chars)? },
                Some(before) => {
                    gaps.middle.push((before, finders(&texts)?));
                    gap
                }
            });
            from = at + 1;
        }
        gaps.last_gap = open?;
        gaps.tail = room.product(&parts[from..], Case::Sensitive)?;
        gaps.head = sorted(gaps.head);
        gaps.tail = sorted(gaps.tail);
        (gaps.head.len() <= MAX_SEARCHED && gaps.tail.len() <= MAX_SEARCHED).then_some(gaps)
    }

    /// Whether a text matches.
    pub(super) fn is_match(&self, text: &str) -> bool {
        // A gap can always be longer, so that of several ways to match so far the shortest is as good as any.
        let Some(head) = self.head.iter().filter(|head| text.starts_with(head.as_str())).map(String::len).min() else {
            return false;
        };
        let mut rest = &text[head..];
        for (gap, finders) in &self.middle {
            let Some(behind) = gap.skip(rest) else { return false };
            let found =
                finders.iter().filter_map(|finder| finder.find(behind.as_bytes()).map(|at| at + finder.needle().len()));
            let Some(end) = found.min() else { return false };
            rest = &behind[end..];
        }
        let Some(behind) = self.last_gap.skip(rest) else { return false };
        self.tail.iter().any(|tail| behind.ends_with(tail.as_str()))
    }
}

impl Gap {
    /// What can follow the gap at the earliest.
    fn skip(self, text: &str) -> Option<&str> {
        let mut chars = text.chars();
        for _ in 0..self.min_chars {
            chars.next()?;
        }
        Some(chars.as_str())
    }
}

impl Fixed {
    fn of(parts: &[&Node]) -> Fixed {
        let text_of = |part: Option<&&Node>| match part {
            Some(Node::Literal { text, fold: false }) => text.clone(),
            _ => String::new(),
        };
        let prefix = text_of(parts.first());
        let suffix = if parts.len() > 1 { text_of(parts.last()) } else { String::new() };
        let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
        let texts = inner.iter().map(|part| text_of(Some(part))).filter(|text| !text.is_empty());
        Fixed { prefix, suffix, contains: texts.map(|text| finder(&text)).collect() }
    }

    /// Whether a text has the fixed parts.
    pub(super) fn may_match(&self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(self.prefix.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(self.suffix.as_str()) else { return false };
        for finder in &self.contains {
            let Some(at) = finder.find(rest.as_bytes()) else { return false };
            rest = &rest[at + finder.needle().len()..];
        }
        true
    }
}

/// The parts that stand one after the other, those in groups included.
fn flatten(node: &Node) -> Vec<&Node> {
    let mut parts = Vec::new();
    let mut todo = vec![node];
    while let Some(node) = todo.pop() {
        match node {
            Node::Concat(inner) => todo.extend(inner.iter().rev()),
            Node::Capture { sub, .. } => todo.push(sub),
            node => parts.push(node),
        }
    }
    parts
}

/// The anchors at both ends say nothing new.
fn without_anchors(mut parts: Vec<&Node>) -> Vec<&Node> {
    while let Some(Node::Look(Look::End)) = parts.last() {
        parts.pop();
    }
    let n_starts = parts.iter().take_while(|part| matches!(part, Node::Look(Look::Start))).count();
    parts.drain(..n_starts);
    parts
}

fn as_gap(node: &Node) -> Option<Gap> {
    match node {
        Node::Repeat { sub, min, max: None, .. } if matches!(**sub, Node::Any { newline: true }) => {
            Some(Gap { min_chars: *min })
        }
        _ => None,
    }
}

fn finders(texts: &[String]) -> Option<Vec<Finder<'static>>> {
    (texts.len() <= MAX_SEARCHED).then(|| texts.iter().map(|text| finder(text)).collect())
}

fn finder(text: &str) -> Finder<'static> {
    Finder::new(text).into_owned()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn common_prefix(texts: &[String]) -> &str {
    let (Some(first), Some(last)) = (texts.first(), texts.last()) else { return "" };
    let n_bytes = first.char_indices().zip(last.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
    &first[..n_bytes.unwrap_or(first.len().min(last.len()))]
}

/// The one group of `prefix(.*)suffix` and its like, which most relabelling rules have.
#[derive(Clone, Debug)]
pub(super) struct OneGroup {
    prefix: String,
    gap: Gap,
    suffix: String,
}

impl OneGroup {
    /// Recognises the shape.
    pub(super) fn of(node: &Node) -> Option<OneGroup> {
        let parts = match node {
            Node::Concat(parts) => parts.as_slice(),
            node => std::slice::from_ref(node),
        };
        let (before, capture, after): (&[Node], _, &[Node]) = match parts {
            [capture @ Node::Capture { .. }] => (&[], capture, &[]),
            [before, capture @ Node::Capture { .. }] => (std::slice::from_ref(before), capture, &[]),
            [capture @ Node::Capture { .. }, after] => (&[], capture, std::slice::from_ref(after)),
            [before, capture @ Node::Capture { .. }, after] => {
                (std::slice::from_ref(before), capture, std::slice::from_ref(after))
            }
            _ => return None,
        };
        let Node::Capture { sub, .. } = capture else { return None };
        let literal = |nodes: &[Node]| match nodes {
            [] => Some(String::new()),
            [Node::Literal { text, fold: false }] => Some(text.clone()),
            _ => None,
        };
        Some(OneGroup { prefix: literal(before)?, gap: as_gap(sub)?, suffix: literal(after)? })
    }

    /// Where the group is in a text that matches.
    pub(super) fn find(&self, text: &str) -> Option<(usize, usize)> {
        let inner = text.strip_prefix(self.prefix.as_str())?.strip_suffix(self.suffix.as_str())?;
        self.gap.skip(inner)?;
        Some((self.prefix.len(), self.prefix.len() + inner.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex::parse::{Flags, parse};

    #[test]
    fn shapes() {
        for (pattern, want, prefix) in [
            ("", "list 1", ""),
            ("foo", "list 1", "foo"),
            ("foo|bar", "list 2", ""),
            ("(foo|far)", "list 2", "f"),
            ("https?", "list 2", "http"),
            ("^a[0-9]{2}$", "list 100", "a"),
            ("[a-p][a-p]", "list 256", ""),
            ("[a-q][a-p]", "engine", ""),
            ("(?i)foo|bar", "folded", ""),
            ("(?i)123", "list 1", "123"),
            ("foo|(?i)bar", "engine", ""),
            (".*", "gaps 0", ""),
            ("foo.*", "gaps 0", "foo"),
            ("(foo|far).+(a|b)", "gaps 0", "f"),
            (".*a.*.+b.*", "gaps 2", ""),
            ("foo(?-s:.*)", "engine", "foo"),
            ("foo[0-9]+bar", "engine", "foo"),
            ("^foo$|bar", "engine", ""),
            ("[^\\x00-\\x{10FFFF}]", "list 0", ""),
        ] {
            let node = parse(pattern, Flags { dot_newline: true, ..Flags::default() }).unwrap().node;
            let shape = Shape::of(&node, pattern.len());
            let kind = match &shape {
                Shape::Literals(texts) => format!("list {}", texts.len()),
                Shape::Folded(_) => "folded".to_owned(),
                Shape::Gaps(gaps) => format!("gaps {}", gaps.middle.len()),
                Shape::Engine(_) => "engine".to_owned(),
            };
            assert_eq!((kind.as_str(), shape.prefix()), (want, prefix), "{pattern}");
        }
    }
}
