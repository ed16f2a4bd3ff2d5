//! Matchers to series: the smallest set first, and no set built that only confirms what is known.
//!
//! A matcher that the empty value does not fulfil names series (a union of postings); one that it does fulfil takes
//! series away (those whose value does not match). Among few series it is cheaper to look at each one's label than to
//! go through all values of the label.
//!
//! Long work is done in steps, and the lock let go between them, so that whoever adds a series need not wait for a
//! regular expression over a million values. That is sound because the index only grows, at its end.

use model::Matcher;
use parking_lot::RwLock;
use roaring::RoaringBitmap;

use super::{Index, PairId, SeriesId};

/// Values, or series, that are looked at in one step.
const STEP: usize = 1024;

/// An index, as the planning of a search sees it: that of the head, or that of a block.
pub(crate) trait Searchable {
    /// All series.
    fn all(&self) -> RoaringBitmap;

    /// The series that fulfil all of `matchers`, each of which lists the values it takes. `None` for no matchers.
    fn all_of_listed(&self, matchers: &[&Matcher]) -> Option<RoaringBitmap>;

    /// How many values a label has.
    fn n_values(&self, name: &str) -> u64;

    /// The series of `set` whose own label matches.
    fn looked_at(&self, set: &RoaringBitmap, matcher: &Matcher) -> RoaringBitmap;

    /// The series that have a value of the matcher's label which it fulfils, or, where `wanted` is false, does not.
    fn with_value(&self, matcher: &Matcher, wanted: bool) -> RoaringBitmap;
}

/// The series that fulfil all of `matchers`.
pub(crate) fn matching(index: &impl Searchable, matchers: &[Matcher]) -> RoaringBitmap {
    let is_listed = |matcher: &&Matcher| !matcher.matches_empty() && matcher.literal_values().is_some();
    let (listed, scanned): (Vec<_>, Vec<_>) = matchers.iter().partition(is_listed);
    let mut set = index.all_of_listed(&listed);
    for matcher in scanned {
        set = Some(match set {
            Some(set) if set.is_empty() => return set,
            Some(set) if set.len() < index.n_values(matcher.name()) => index.looked_at(&set, matcher),
            set => scanned_for(index, set, matcher),
        });
    }
    set.unwrap_or_else(|| index.all())
}

/// The series of `set`, or of all, that a matcher leaves, found by going through all values of the label.
fn scanned_for(index: &impl Searchable, set: Option<RoaringBitmap>, matcher: &Matcher) -> RoaringBitmap {
    let removes = matcher.matches_empty();
    let found = index.with_value(matcher, !removes);
    match (set, removes) {
        (None, false) => found,
        (None, true) => index.all() - found,
        (Some(set), false) => set & found,
        (Some(set), true) => set - found,
    }
}

impl Searchable for RwLock<Index> {
    fn all(&self) -> RoaringBitmap {
        self.read().all()
    }

    fn all_of_listed(&self, matchers: &[&Matcher]) -> Option<RoaringBitmap> {
        self.read().all_of_listed(matchers)
    }

    fn n_values(&self, name: &str) -> u64 {
        self.read().pairs.of_name(name).len() as u64
    }

    fn looked_at(&self, set: &RoaringBitmap, matcher: &Matcher) -> RoaringBitmap {
        let mut kept = RoaringBitmap::new();
        let mut rest = set.iter().peekable();
        while rest.peek().is_some() {
            let index = self.read();
            kept.extend(rest.by_ref().take(STEP).filter(|&id| matcher.matches(index.label(id, matcher.name()))));
        }
        kept
    }

    fn with_value(&self, matcher: &Matcher, wanted: bool) -> RoaringBitmap {
        let mut found = RoaringBitmap::new();
        let mut n_seen = 0;
        loop {
            let index = self.read();
            let pairs = &index.pairs.of_name(matcher.name())[n_seen..];
            let step = &pairs[..pairs.len().min(STEP)];
            for &pair in step {
                if matcher.matches(index.pairs.get(pair).1) == wanted {
                    index.pairs.postings(pair).add_to(&mut found);
                }
            }
            n_seen += step.len();
            if step.len() == pairs.len() {
                return found;
            }
        }
    }
}

impl Index {
    fn all(&self) -> RoaringBitmap {
        (0..self.n_series() as SeriesId).collect()
    }

    /// The series that fulfil all of `matchers`, each of which lists the values it takes. `None` for no matchers.
    fn all_of_listed(&self, matchers: &[&Matcher]) -> Option<RoaringBitmap> {
        let mut listed: Vec<Vec<PairId>> = matchers.iter().map(|matcher| self.listed_pairs(matcher)).collect();
        listed.sort_by_key(|pairs| pairs.iter().map(|&pair| self.pairs.postings(pair).len()).sum::<u64>());
        let mut found: Option<RoaringBitmap> = None;
        for pairs in listed {
            match &mut found {
                None => found = Some(self.union(&pairs)),
                Some(set) if set.is_empty() => break,
                Some(set) => match *pairs {
                    [pair] => self.pairs.postings(pair).retain_in(set),
                    _ => *set &= self.union(&pairs),
                },
            }
        }
        found
    }

    fn listed_pairs(&self, matcher: &Matcher) -> Vec<PairId> {
        let values = matcher.literal_values().unwrap_or_default();
        values.iter().filter_map(|value| self.pairs.find(matcher.name(), value)).collect()
    }

    fn union(&self, pairs: &[PairId]) -> RoaringBitmap {
        let Some((&first, rest)) = pairs.split_first() else { return RoaringBitmap::new() };
        let mut set = self.pairs.postings(first).to_bitmap();
        rest.iter().for_each(|&pair| self.pairs.postings(pair).add_to(&mut set));
        set
    }
}

#[cfg(test)]
mod tests {
    use model::storage::SeriesRef;
    use model::{Labels, MatchOp};

    use super::*;

    /// 3,000 series `n="0".."2999"`, `parity`, and on every tenth `round="yes"`.
    fn index() -> (RwLock<Index>, Vec<Labels>) {
        let mut index = Index::new(1);
        let mut all = Vec::new();
        for n in 0..3000u64 {
            let number = n.to_string();
            let parity = if n % 2 == 0 { "even" } else { "odd" };
            let round = if n % 10 == 0 { "yes" } else { "" };
            let labels = Labels::from_pairs([("n", &*number), ("parity", parity), ("round", round)]);
            index.insert(&labels, SeriesRef(n)).unwrap();
            all.push(labels);
        }
        (RwLock::new(index), all)
    }

    #[test]
    fn every_plan_finds_what_looking_at_each_series_finds() {
        use MatchOp::{Equal, NotEqual, NotRegex, Regex};
        let (index, all) = index();
        let check = |matchers: &[(&str, MatchOp, &str)]| {
            let matchers: Vec<_> = matchers.iter().map(|&(n, op, v)| Matcher::new(n, op, v).unwrap()).collect();
            let want: Vec<u32> = (0..3000u32)
                .filter(|&id| matchers.iter().all(|matcher| matcher.matches_labels(&all[id as usize])))
                .collect();
            assert_eq!(matching(&index, &matchers).iter().collect::<Vec<_>>(), want, "{matchers:?}");
        };
        check(&[]);
        check(&[("parity", Equal, "odd")]);
        check(&[("parity", Equal, "odd"), ("round", Equal, "yes")]);
        check(&[("parity", Equal, "even"), ("round", Equal, "")]);
        check(&[("parity", Equal, "none")]);
        check(&[("absent", Equal, "")]);
        check(&[("absent", NotEqual, "")]);
        check(&[("n", Regex, "1|22|333|none")]);
        check(&[("n", Regex, "1.*")]);
        check(&[("n", Regex, ".+"), ("parity", NotEqual, "odd")]);
        check(&[("n", Regex, ".*1.*"), ("round", Equal, "yes")]);
        check(&[("n", NotRegex, "1.*"), ("round", Equal, "yes")]);
        check(&[("n", NotRegex, "1.*")]);
        check(&[("n", Equal, "77"), ("parity", Regex, "o.*"), ("round", NotRegex, "y.*")]);
        check(&[("round", Regex, "yes|")]);
        check(&[("round", Regex, "yes|"), ("n", NotEqual, "10")]);
    }
}
