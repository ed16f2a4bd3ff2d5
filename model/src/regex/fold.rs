//! Case: which characters are the same letter. Unicode's simple folding, as in RE2: `(?i)k` matches `k`, `K` and the
//! Kelvin sign.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

/// The characters that have others of another case, and a few more. Unicode has about 2,900 of them, which makes
/// folding a class of a million characters cheap.
static CASED: LazyLock<ClassUnicode> = LazyLock::new(|| {
    let is_alone = |c: char| c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]);
    let cased = ('A'..=LAST_CASED).filter(|&c| !is_alone(c));
    ClassUnicode::new(cased.map(|c| ClassUnicodeRange::new(c, c)))
});

/// No character behind this one has a case.
const LAST_CASED: char = '\u{1e943}';

/// Adds to a class all characters that are the same letter as one of its own. Tells how many that concerned.
pub(super) fn fold_class(class: &mut ClassUnicode) -> usize {
    let mut cased = class.clone();
    cased.intersect(&CASED);
    let n_chars = cased.ranges().iter().map(ClassUnicodeRange::len).sum();
    cased.case_fold_simple();
    class.union(&cased);
    n_chars
}

/// All characters that are the same letter as `c`, itself included.
pub(super) fn orbit(c: char) -> ClassUnicode {
    let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
    class.case_fold_simple();
    class
}

/// Whether a character has others of another case.
pub(super) fn is_cased(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    orbit(c).ranges() != [ClassUnicodeRange::new(c, c)]
}

/// A few texts whose case does not matter.
#[derive(Clone, Debug)]
pub(super) struct FoldedSet {
    /// Each letter in its first spelling, sorted.
    texts: Vec<String>,
    /// Other spellings of the letters beyond ASCII, and what they stand for; sorted.
    spellings: Vec<(char, char)>,
}

impl FoldedSet {
    pub(super) fn new(texts: impl IntoIterator<Item = String>) -> FoldedSet {
        let mut set = FoldedSet { texts: Vec::new(), spellings: Vec::new() };
        for text in texts {
            let folded = text.chars().map(|c| set.learn(c)).collect();
            set.texts.push(folded);
        }
        set.texts.sort_unstable();
        set.texts.dedup();
        set
    }

    /// The first spelling of a letter; remembers the others.
    fn learn(&mut self, c: char) -> char {
        let class = orbit(c);
        let mut letters = class.ranges().iter().flat_map(|range| range.start()..=range.end());
        let first = letters.next().unwrap_or(c);
        for other in letters.filter(|other| !other.is_ascii()) {
            if let Err(at) = self.spellings.binary_search(&(other, first)) {
                self.spellings.insert(at, (other, first));
            }
        }
        first
    }

    /// Whether a text is one of the set.
    pub(super) fn contains(&self, text: &str) -> bool {
        let compare = |candidate: &String| -> Ordering { candidate.chars().cmp(text.chars().map(|c| self.first(c))) };
        self.texts.binary_search_by(compare).is_ok()
    }

    fn first(&self, c: char) -> char {
        if c.is_ascii() {
            return c.to_ascii_uppercase();
        }
        match self.spellings.binary_search_by_key(&c, |&(other, _)| other) {
            Ok(at) => self.spellings[at].1,
            Err(_) => c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_with_a_case_is_known() {
        for c in '\0'..=char::MAX {
            if is_cased(c) {
                assert!(CASED.ranges().iter().any(|range| range.start() <= c && c <= range.end()), "{c:?}");
            }
        }
    }

    #[test]
    fn the_first_spelling_of_an_ascii_letter_is_its_capital() {
        for c in ' '..='~' {
            assert_eq!(FoldedSet::new([]).learn(c), c.to_ascii_uppercase());
        }
    }

    #[test]
    fn case_does_not_matter() {
        let set = FoldedSet::new(["Straße".to_owned(), "kelvin".to_owned(), "σ".to_owned()]);
        for (text, want) in [
            ("STRAẞE", true),
            ("\u{17f}tRaße", true),
            ("STRASSE", false),
            ("\u{212a}ELVIN", true),
            ("kelvi", false),
            ("kelvinn", false),
            ("Σ", true),
            ("ς", true),
            ("", false),
        ] {
            assert_eq!(set.contains(text), want, "{text}");
        }
    }
}
