//! Postings: which series carry a label.

use roaring::RoaringBitmap;

use super::SeriesId;

/// A sorted set of series that only grows. Most labels stand on one series or a few, and a bitmap costs those 80 bytes.
#[derive(Clone, Debug)]
pub(crate) enum Postings {
    One(SeriesId),
    Few(Vec<SeriesId>),
    Many(RoaringBitmap),
}

/// From here on a bitmap is smaller.
const FEW: usize = 24;

impl Postings {
    /// These series, of which there is at least one, in order.
    pub(crate) fn of(series: &[SeriesId]) -> Postings {
        match series {
            [only] => Postings::One(*only),
            few if few.len() <= FEW => Postings::Few(few.to_vec()),
            many => {
                // They are in order; if they were not, adding them one by one would mend it.
                let sorted = RoaringBitmap::from_sorted_iter(many.iter().copied());
                let mut many = sorted.unwrap_or_else(|_| many.iter().copied().collect());
                // Those of a target are neighbours: a few runs.
                many.optimize();
                Postings::Many(many)
            }
        }
    }

    /// The series with the lowest number.
    pub(crate) fn first(&self) -> Option<SeriesId> {
        match self {
            Postings::One(first) => Some(*first),
            Postings::Few(few) => few.first().copied(),
            Postings::Many(many) => many.min(),
        }
    }

    /// Adds a series with a higher number than all before.
    pub(crate) fn push(&mut self, series: SeriesId) {
        match self {
            Postings::One(first) => *self = Postings::Few(vec![*first, series]),
            Postings::Few(few) if few.len() < FEW => few.push(series),
            Postings::Few(few) => {
                few.push(series);
                *self = Postings::Many(few.iter().copied().collect());
            }
            Postings::Many(many) => {
                many.insert(series);
            }
        }
    }

    /// How many series there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Postings::One(_) => 1,
            Postings::Few(few) => few.len() as u64,
            Postings::Many(many) => many.len(),
        }
    }

    /// The series as a bitmap of their own.
    pub(crate) fn to_bitmap(&self) -> RoaringBitmap {
        match self {
            Postings::One(series) => std::iter::once(*series).collect(),
            Postings::Few(few) => few.iter().copied().collect(),
            Postings::Many(many) => many.clone(),
        }
    }

    /// Adds the series to `set`.
    pub(crate) fn add_to(&self, set: &mut RoaringBitmap) {
        match self {
            Postings::One(series) => {
                set.insert(*series);
            }
            Postings::Few(few) => set.extend(few.iter().copied()),
            Postings::Many(many) => *set |= many,
        }
    }

    /// Leaves in `set` only these series.
    pub(crate) fn retain_in(&self, set: &mut RoaringBitmap) {
        match self {
            Postings::Many(many) => *set &= many,
            Postings::One(_) | Postings::Few(_) => *set &= self.to_bitmap(),
        }
    }

    /// Bytes of memory held beside the value itself.
    pub(crate) fn n_bytes(&self) -> usize {
        match self {
            Postings::One(_) => 0,
            Postings::Few(few) => few.capacity() * 4,
            Postings::Many(many) => many.serialized_size() + 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_hold_the_same() {
        let mut postings = Postings::One(0);
        let mut want = vec![0];
        for series in (3..300).step_by(3) {
            postings.push(series);
            want.push(series);
            assert_eq!(
                (postings.len(), postings.to_bitmap().iter().collect::<Vec<_>>()),
                (want.len() as u64, want.clone())
            );
            let mut set: RoaringBitmap = (500..1000).collect();
            postings.add_to(&mut set);
            assert_eq!(set.len(), 500 + postings.len());
            postings.retain_in(&mut set);
            assert_eq!(set, postings.to_bitmap());
        }
    }
}
