//! Which steps of a column have a value: one bit each.

use smallvec::SmallVec;

/// One bit for each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Presence {
    words: SmallVec<[u64; 2]>,
}

impl Presence {
    /// No step has a value.
    pub(crate) fn none(n_steps: usize) -> Presence {
        Presence { words: SmallVec::from_elem(0, n_steps.div_ceil(64)) }
    }

    /// Every step has a value.
    pub(crate) fn all(n_steps: usize) -> Presence {
        let mut presence = Presence { words: SmallVec::from_elem(u64::MAX, n_steps.div_ceil(64)) };
        if let (Some(last), n_used @ 1..) = (presence.words.last_mut(), n_steps % 64) {
            *last = (1 << n_used) - 1;
        }
        presence
    }

    #[inline]
    pub(crate) fn get(&self, step: usize) -> bool {
        self.words[step / 64] >> (step % 64) & 1 == 1
    }

    #[inline]
    pub(crate) fn set(&mut self, step: usize) {
        self.words[step / 64] |= 1 << (step % 64);
    }

    #[inline]
    pub(crate) fn unset(&mut self, step: usize) {
        self.words[step / 64] &= !(1 << (step % 64));
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The steps with values, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| Bits(word).map(move |bit| at * 64 + bit))
    }

    /// Calls `visit` for each step with a value; a tight loop where 64 steps in a row have one.
    #[inline]
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize)) {
        for (at, &word) in self.words.iter().enumerate() {
            if word == u64::MAX {
                (at * 64..at * 64 + 64).for_each(&mut visit);
            } else {
                Bits(word).for_each(|bit| visit(at * 64 + bit));
            }
        }
    }

    /// Keeps the steps that the other has, too.
    pub(crate) fn and(&mut self, other: &Presence) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, &other)| *word &= other);
    }

    /// Adds the steps that the other has.
    pub(crate) fn or(&mut self, other: &Presence) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, &other)| *word |= other);
    }

    /// Drops the steps that the other has.
    pub(crate) fn and_not(&mut self, other: &Presence) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, &other)| *word &= !other);
    }

    /// The first step that both have.
    pub(crate) fn first_common(&self, other: &Presence) -> Option<usize> {
        let both = self.words.iter().zip(&other.words).map(|(&one, &other)| one & other);
        both.enumerate().find(|&(_, word)| word != 0).map(|(at, word)| at * 64 + word.trailing_zeros() as usize)
    }
}

/// The set bits of a word, from the lowest.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        if bit == 64 {
            return None;
        }
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_steps() {
        for n_steps in [0, 1, 63, 64, 65, 128, 200] {
            let all = Presence::all(n_steps);
            assert_eq!((all.count(), all.is_empty()), (n_steps, n_steps == 0));
            let mut some = Presence::none(n_steps);
            (0..n_steps).step_by(3).for_each(|step| some.set(step));
            assert_eq!(some.iter().collect::<Vec<_>>(), (0..n_steps).step_by(3).collect::<Vec<_>>());
            let mut others = all.clone();
            others.and_not(&some);
            assert_eq!((others.count() + some.count(), others.first_common(&some)), (n_steps, None));
            let mut visited = Vec::new();
            all.for_each(|step| visited.push(step));
            assert_eq!(visited.len(), n_steps);
            others.or(&some);
            assert_eq!(others, all);
        }
    }
}
