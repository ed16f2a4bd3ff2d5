//! What a match found.

use smallvec::SmallVec;

/// A match: where in the text it and its groups are.
#[derive(Clone, Debug)]
pub struct Captures<'t> {
    pub(super) text: &'t str,
    pub(super) groups: SmallVec<[Option<(usize, usize)>; 4]>,
}

impl<'t> Captures<'t> {
    /// What a group holds; group 0 is the whole match. `None` for a group that took no part, or does not exist.
    pub fn get(&self, group: usize) -> Option<&'t str> {
        let (start, end) = self.span(group)?;
        Some(&self.text[start..end])
    }

    /// Where a group begins and ends, in bytes.
    pub fn span(&self, group: usize) -> Option<(usize, usize)> {
        *self.groups.get(group)?
    }

    /// How many groups there are, the whole match included.
    pub fn n_groups(&self) -> usize {
        self.groups.len()
    }
}
