//! The targets that an objective counts on, each with the time until which its presence is already known: mostly one.

use smallvec::SmallVec;

/// Targets by their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Members(SmallVec<[(u32, i64); 1]>);

impl Members {
    #[inline]
    fn place(&self, number: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |(number, _)| *number)
    }

    /// Until when a target's presence is known; `None` where it is none of them.
    #[inline]
    pub(super) fn until_ms(&self, number: u32) -> Option<i64> {
        self.place(number).ok().map(|at| self.0[at].1)
    }

    /// Takes a target, or another time of one of them.
    pub(super) fn insert(&mut self, number: u32, until_ms: i64) {
        match self.place(number) {
            Ok(at) => self.0[at].1 = until_ms,
            Err(at) => self.0.insert(at, (number, until_ms)),
        }
    }

    /// Lets a target go.
    pub(super) fn remove(&mut self, number: u32) {
        if let Ok(at) = self.place(number) {
            self.0.remove(at);
        }
    }

    /// All of them, in the order of their numbers.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, i64)> + '_ {
        self.0.iter().copied()
    }

    /// Their numbers.
    #[inline]
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter().map(|(number, _)| number)
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The memory that they take beside themselves, in bytes.
    pub(super) fn n_bytes(&self) -> usize {
        if self.0.spilled() { self.0.capacity() * size_of::<(u32, i64)>() } else { 0 }
    }
}

impl FromIterator<(u32, i64)> for Members {
    fn from_iter<I: IntoIterator<Item = (u32, i64)>>(all: I) -> Members {
        let mut members = Members::default();
        all.into_iter().for_each(|(number, until_ms)| members.insert(number, until_ms));
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_change_and_go() {
        let mut members = Members::from_iter([(7, 1), (3, 2), (5, 3)]);
        members.insert(5, 4);
        members.remove(3);
        members.remove(4);
        assert_eq!(members.iter().collect::<Vec<_>>(), [(5, 4), (7, 1)]);
        assert_eq!((members.until_ms(7), members.until_ms(3), members.len()), (Some(1), None, 2));
        assert!(members.n_bytes() > 0 && Members::from_iter([(1, 1)]).n_bytes() == 0);
    }
}
