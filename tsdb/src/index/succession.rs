//! The successor of an index: the same without series that have ended, their pairs and their strings.
//!
//! An index only grows, so that those who search it need not hold it; what has ended leaves by way of another index, which is
//! put in its place once it has everything else. Series get new numbers, in the same order. Most are copied in steps, while
//! the old one goes on growing.

use roaring::RoaringBitmap;

use super::{Index, PairId, SeriesId};

/// Series that are copied in one step.
const STEP: usize = 1024;
/// Not copied.
const NONE: u32 = u32::MAX;

/// An index that is being made out of another.
#[derive(Debug)]
pub(crate) struct Succession {
    new: Index,
    /// The new number of each old pair.
    pairs: Vec<PairId>,
    /// The new number of each old series.
    series: Vec<SeriesId>,
}

impl Succession {
    /// Begins with nothing.
    pub(crate) fn of(old: &Index) -> Succession {
        Succession { new: Index::new(old.seed), pairs: Vec::new(), series: Vec::new() }
    }

    /// Copies some of the series that have not been looked at yet, but those that have `ended`. Answers whether there are more.
    pub(crate) fn copy_some(&mut self, old: &Index, ended: &RoaringBitmap) -> bool {
        let end = old.n_series().min(self.series.len() + STEP);
        for id in self.series.len()..end {
            let id = id as SeriesId;
            let new = if ended.contains(id) { NONE } else { self.copy(old, id) };
            self.series.push(new);
        }
        end < old.n_series()
    }

    /// Copies a series that was taken for ended and is not.
    pub(crate) fn copy_returned(&mut self, old: &Index, id: SeriesId) {
        self.series[id as usize] = self.copy(old, id);
    }

    /// The successor, and the new number of each old series; that of one that has ended means nothing.
    pub(crate) fn finish(self) -> (Index, Vec<SeriesId>) {
        (self.new, self.series)
    }

    fn copy(&mut self, old: &Index, id: SeriesId) -> SeriesId {
        self.pairs.resize(old.n_pairs(), NONE);
        let new_id = self.new.n_series() as SeriesId;
        let mut pairs = Vec::with_capacity(16);
        for &pair in old.series.pairs(id) {
            let mut new = self.pairs[pair as usize];
            if new == NONE {
                let (name, value) = old.pairs.get(pair);
                new = self.new.pairs.intern(name, value).expect("there was room for it in the old index");
                self.pairs[pair as usize] = new;
            }
            self.new.pairs.add_series(new, new_id);
            pairs.push(new);
        }
        self.new.series.push(old.series.fingerprint(id), &pairs, old.reference(id));
        new_id
    }
}

#[cfg(test)]
mod tests {
    use model::storage::SeriesRef;
    use model::{Labels, MatchOp, Matcher};
    use parking_lot::RwLock;

    use super::super::matching;
    use super::*;

    fn labels(n: u64) -> Labels {
        Labels::from_pairs([("n", &*n.to_string()), ("tenth", &*(n / 10).to_string())])
    }

    #[test]
    fn what_has_ended_is_gone_and_all_else_is_found() {
        let mut old = Index::new(3);
        for n in 0..5000 {
            old.insert(&labels(n), SeriesRef(n)).unwrap();
        }
        let ended: RoaringBitmap = (0..5000).filter(|n| n % 10 != 7 || *n < 1000).collect();
        let mut succession = Succession::of(&old);
        while succession.copy_some(&old, &ended) {}
        // It grows meanwhile, and one comes back.
        old.insert(&labels(9007), SeriesRef(9007)).unwrap();
        assert!(!succession.copy_some(&old, &ended));
        succession.copy_returned(&old, 42);
        let (new, ids) = succession.finish();

        let living: Vec<u64> = (1000..5000).filter(|n| n % 10 == 7).chain([9007, 42]).collect();
        assert_eq!((new.n_series(), new.n_pairs()), (living.len(), 2 * living.len()));
        for (id, &n) in living.iter().enumerate() {
            let id = id as SeriesId;
            assert_eq!((new.find(&labels(n)), new.reference(id)), (Some(id), SeriesRef(n)));
            assert_eq!(new.labels(id), labels(n));
        }
        assert_eq!((ids[1007], ids[5000], ids[42]), (0, 400, 401));
        assert_eq!((new.find(&labels(1000)), new.find(&labels(43))), (None, None));
        let tenth = Matcher::new("tenth", MatchOp::Regex, "10.|4").unwrap();
        let found: Vec<u32> = matching(&RwLock::new(new), &[tenth]).iter().collect();
        assert_eq!(found, (0..10).chain([401]).collect::<Vec<_>>());
    }
}
