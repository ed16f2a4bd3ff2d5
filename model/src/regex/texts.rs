//! Lists: which texts an expression matches, where they are few.
//!
//! `(a|b)c[0-9]` is twenty texts. Lists written out by the user may be as long as the pattern; those that come of
//! multiplying out are kept short, because a long list is worse than the engine.

use regex_syntax::hir::ClassUnicodeRange;

use super::fold::is_cased;
use super::node::Node;

/// Texts a list may grow to by multiplying out, unless the pattern itself is longer than that.
const MAX_MULTIPLIED: usize = 256;

/// Whether literals must be taken as written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Folded,
}

/// How large a list may become.
#[derive(Clone, Copy)]
pub(super) struct Room {
    n_texts: usize,
    n_bytes: usize,
}

impl Room {
    /// What a pattern of so many bytes is given.
    pub(super) fn for_pattern(n_bytes: usize) -> Room {
        Room { n_texts: MAX_MULTIPLIED.max(n_bytes), n_bytes: MAX_MULTIPLIED * 256 + 2 * n_bytes }
    }

    /// All texts that nodes match one after the other; `None` where they are many or not known.
    pub(super) fn product(self, parts: &[&Node], case: Case) -> Option<Vec<String>> {
        self.multiply(parts.iter().copied(), case).map(|list| list.texts)
    }

    fn multiply<'n>(self, parts: impl Iterator<Item = &'n Node>, case: Case) -> Option<List> {
        let mut product = List::unit(self);
        for part in parts {
            product = product.followed_by(&self.list(part, case)?)?;
        }
        Some(product)
    }

    fn list(self, node: &Node, case: Case) -> Option<List> {
        let mut list = List::empty(self);
        match node {
            Node::Empty => list.push(String::new())?,
            Node::Literal { text, fold } => {
                // A letter that is to be taken as written has no place among those whose case does not matter.
                let fits = match case {
                    Case::Sensitive => !fold,
                    Case::Folded => *fold || !text.chars().any(is_cased),
                };
                fits.then_some(())?;
                list.push(text.clone())?;
            }
            Node::Class(class) if case == Case::Sensitive => {
                let n_chars: usize = class.ranges().iter().map(ClassUnicodeRange::len).sum();
                (n_chars <= MAX_MULTIPLIED).then_some(())?;
                for c in class.ranges().iter().flat_map(|range| range.start()..=range.end()) {
                    list.push(c.into())?;
                }
            }
            Node::Capture { sub, .. } => return self.list(sub, case),
            Node::Concat(parts) => return self.multiply(parts.iter(), case),
            Node::Alternate(branches) => {
                for branch in branches {
                    list.append(self.list(branch, case)?)?;
                }
            }
            Node::Repeat { sub, min, max: Some(max), .. } => return self.power(sub, *min, *max, case),
            Node::Class(_) | Node::Any { .. } | Node::Look(_) | Node::Repeat { .. } => return None,
        }
        Some(list)
    }

    /// The texts of a node, `min` to `max` times in a row.
    fn power(self, node: &Node, min: u32, max: u32, case: Case) -> Option<List> {
        let once = self.list(node, case)?;
        let mut power = List::unit(self);
        for _ in 0..min {
            power = power.followed_by(&once)?;
        }
        let mut all = power.clone();
        for _ in min..max {
            power = power.followed_by(&once)?;
            all.append(power.clone())?;
        }
        Some(all)
    }
}

/// Texts, as many as there is room for.
#[derive(Clone)]
struct List {
    texts: Vec<String>,
    n_bytes: usize,
    room: Room,
}

impl List {
    fn empty(room: Room) -> List {
        List { texts: Vec::new(), n_bytes: 0, room }
    }

    /// Only the empty text.
    fn unit(room: Room) -> List {
        List { texts: vec![String::new()], n_bytes: 0, room }
    }

    fn push(&mut self, text: String) -> Option<()> {
        self.n_bytes += text.len();
        self.texts.push(text);
        (self.texts.len() <= self.room.n_texts && self.n_bytes <= self.room.n_bytes).then_some(())
    }

    fn append(&mut self, other: List) -> Option<()> {
        other.texts.into_iter().try_for_each(|text| self.push(text))
    }

    /// Each text of this list followed by each of the other.
    fn followed_by(mut self, other: &List) -> Option<List> {
        if let [only] = other.texts.as_slice() {
            self.n_bytes += only.len() * self.texts.len();
            self.texts.iter_mut().for_each(|text| text.push_str(only));
            return (self.n_bytes <= self.room.n_bytes).then_some(self);
        }
        let mut product = List::empty(self.room);
        for first in &self.texts {
            for second in &other.texts {
                product.push([first.as_str(), second].concat())?;
            }
        }
        Some(product)
    }
}
