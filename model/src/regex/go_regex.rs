//! An expression, compiled.

use std::fmt;
use std::sync::Arc;
use std::thread;

use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Input, meta};
use regex_syntax::hir::{Hir, Look};
use smallvec::SmallVec;

use super::captures::Captures;
use super::error::{Reason, RegexError};
use super::parse::{self, Flags, Parsed};
use super::shape::{OneGroup, Shape};
use super::shared::Shared;
use super::{GROUPS_LIMIT_BYTES, SIZE_LIMIT_BYTES};

/// The least that a state of the automaton occupies.
const STATE_BYTES: usize = 16;

/// Trees higher than this are compiled on a stack of their own: the compiler recurses, and nobody knows how much of its
/// stack the caller has used.
const LOW_HEIGHT: u32 = 100;
/// That stack, for trees as high as `parse` lets them become; five times what an unoptimised build was seen to need.
const HIGH_STACK_BYTES: usize = 8 << 20;

/// Anchored expressions that have an automaton. Of those that search there are few.
static ANCHORED: Shared<Compiled> = Shared::new();

/// A compiled regular expression. Cloning is cheap, and so is compiling an anchored one that somebody else uses.
#[derive(Clone)]
pub struct GoRegex(Arc<Compiled>);

struct Compiled {
    pattern: String,
    group_names: Vec<String>,
    /// How to match whole texts; `None` for an expression that searches.
    shape: Option<Shape>,
    one_group: Option<OneGroup>,
    /// There where the shape leaves the decision to it, or groups can be asked for.
    engine: Option<meta::Regex>,
}

impl GoRegex {
    /// Compiles an expression that must match the whole text, as matchers and relabelling do; `.` matches newlines.
    ///
    /// # Errors
    /// When the pattern is not in Go's syntax, or compiles to more than [`SIZE_LIMIT_BYTES`].
    pub fn anchored(pattern: &str) -> Result<GoRegex, RegexError> {
        if let Some(known) = ANCHORED.get(pattern) {
            return Ok(GoRegex(known));
        }
        let parsed = parse::parse(pattern, Flags { dot_newline: true, ..Flags::default() })?;
        with_stack_for(parsed, |parsed| {
            let shape = Shape::of(&parsed.node, pattern.len());
            let one_group = OneGroup::of(&parsed.node);
            let has_groups = !parsed.group_names.is_empty() && one_group.is_none();
            let needs_engine = has_groups || matches!(shape, Shape::Engine(_));
            let engine = needs_engine.then(|| compile(&parsed, true, pattern)).transpose()?;
            let group_names = parsed.group_names;
            let text = pattern.to_owned();
            let compiled = Arc::new(Compiled { pattern: text, group_names, shape: Some(shape), one_group, engine });
            Ok(GoRegex(if needs_engine { ANCHORED.insert(pattern, compiled) } else { compiled }))
        })
        .unwrap_or_else(|| Err(RegexError::new(Reason::TooDeep, pattern)))
    }

    /// Compiles an expression that may match anywhere in a text; `.` matches newlines only after `(?s)`.
    ///
    /// # Errors
    /// As for [`GoRegex::anchored`].
    pub fn searching(pattern: &str) -> Result<GoRegex, RegexError> {
        let parsed = parse::parse(pattern, Flags::default())?;
        with_stack_for(parsed, |parsed| {
            let engine = Some(compile(&parsed, false, pattern)?);
            let group_names = parsed.group_names;
            let pattern = pattern.to_owned();
            Ok(GoRegex(Arc::new(Compiled { pattern, group_names, shape: None, one_group: None, engine })))
        })
        .unwrap_or_else(|| Err(RegexError::new(Reason::TooDeep, pattern)))
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        &self.0.pattern
    }

    /// Whether a text matches.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.0.shape {
            Some(Shape::Literals(texts)) => texts.binary_search_by(|candidate| candidate.as_str().cmp(text)).is_ok(),
            Some(Shape::Folded(set)) => set.contains(text),
            Some(Shape::Gaps(gaps)) => gaps.is_match(text),
            Some(Shape::Engine(fixed)) => fixed.may_match(text) && self.0.engine_matches(text),
            None => self.0.engine_matches(text),
        }
    }

    /// All texts that match, sorted, where they are few and known. Only of anchored expressions.
    pub fn literals(&self) -> Option<&[String]> {
        match &self.0.shape {
            Some(Shape::Literals(texts)) => Some(texts),
            _ => None,
        }
    }

    /// What each matching text begins with; empty where that is not known. Only of anchored expressions.
    pub fn prefix(&self) -> &str {
        self.0.shape.as_ref().map_or("", Shape::prefix)
    }

    /// The names of the groups, from group 1; empty for those without.
    pub fn group_names(&self) -> &[String] {
        &self.0.group_names
    }

    /// The first match that begins at a byte or behind it, and its groups. Only of expressions that are not anchored.
    pub fn captures_from<'t>(&self, text: &'t str, from: usize) -> Option<Captures<'t>> {
        let engine = self.0.engine.as_ref()?;
        let n_slots = 2 * (self.0.group_names.len() + 1);
        let mut slots: SmallVec<[Option<NonMaxUsize>; 16]> = SmallVec::from_elem(None, n_slots);
        engine.search_slots(&Input::new(text).range(from..), &mut slots)?;
        let span = |slots: &[Option<NonMaxUsize>]| Some((slots[0]?.get(), slots[1]?.get()));
        Some(Captures { text, groups: slots.chunks_exact(2).map(span).collect() })
    }

    /// The first match and its groups.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        if let Some(one_group) = &self.0.one_group {
            let group = one_group.find(text)?;
            return Some(Captures { text, groups: SmallVec::from_slice(&[Some((0, text.len())), Some(group)]) });
        }
        if !self.is_match(text) {
            return None;
        }
        if self.0.engine.is_none() {
            return Some(Captures { text, groups: SmallVec::from_slice(&[Some((0, text.len()))]) });
        }
        self.captures_from(text, 0)
    }
}

impl Compiled {
    fn engine_matches(&self, text: &str) -> bool {
        self.engine.as_ref().is_some_and(|engine| engine.is_match(text))
    }
}

/// Does something that recurses through the tree, and drops the tree; `None` where no thread could be had for it.
fn with_stack_for<T: Send>(parsed: Parsed, work: impl FnOnce(Parsed) -> T + Send) -> Option<T> {
    if parsed.height <= LOW_HEIGHT {
        return Some(work(parsed));
    }
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(HIGH_STACK_BYTES);
        builder.spawn_scoped(scope, || work(parsed)).ok()?.join().ok()
    })
}

fn compile(parsed: &Parsed, anchored: bool, pattern: &str) -> Result<meta::Regex, RegexError> {
    let mut hir = parsed.node.to_hir();
    if anchored {
        hir = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
    }
    // ASCII's `\B` also holds between the bytes of a character, which the DFAs take for the start of a match and then
    // find nothing; the slower engines know better.
    let can_use_dfa = !hir.properties().look_set().contains(Look::WordAsciiNegate);
    let config = meta::Config::new().nfa_size_limit(Some(SIZE_LIMIT_BYTES)).hybrid(can_use_dfa).dfa(can_use_dfa);
    let built = meta::Builder::new().configure(config).build_from_hir(&hir);
    let engine = built.map_err(|_| RegexError::new(Reason::TooLarge, pattern))?;
    // Each state of the automaton may come to hold a place for each end of each group.
    let n_slots = 2 * (parsed.group_names.len() + 1);
    let n_states = engine.memory_usage() / STATE_BYTES;
    if n_states.saturating_mul(n_slots * size_of::<usize>()) > GROUPS_LIMIT_BYTES {
        return Err(RegexError::new(Reason::TooManyGroups, pattern));
    }
    Ok(engine)
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compiled({:?})", self.pattern)
    }
}

impl fmt::Debug for GoRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GoRegex({:?})", self.0.pattern)
    }
}

impl PartialEq for GoRegex {
    fn eq(&self, other: &GoRegex) -> bool {
        (self.pattern(), self.0.shape.is_some()) == (other.pattern(), other.0.shape.is_some())
    }
}

impl Eq for GoRegex {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_with_an_automaton_are_compiled_once() {
        let (a, b) = (GoRegex::anchored("5[0-9]+x?").unwrap(), GoRegex::anchored("5[0-9]+x?").unwrap());
        assert!(Arc::ptr_eq(&a.0, &b.0));
        let searching = GoRegex::searching("5[0-9]+x?").unwrap();
        assert!(searching.is_match("a 500 b") && !b.is_match("a 500 b"), "one that searches is another");
    }
}
