//! References of many series in the order in which they are written, kept as runs of neighbours.

use super::SeriesRef;

/// References in their order. Series that were made together have references one behind the other, so that the thousands of a
/// source are a few runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesRuns {
    runs: Vec<Run>,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u64,
    n: u32,
}

impl SeriesRuns {
    /// None of them.
    pub const EMPTY: SeriesRuns = SeriesRuns { runs: Vec::new(), len: 0 };

    /// How many references there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The references in their order.
    pub fn iter(&self) -> impl Iterator<Item = SeriesRef> + '_ {
        self.runs().flatten()
    }

    /// The same, run by run.
    pub fn runs(&self) -> impl Iterator<Item = impl ExactSizeIterator<Item = SeriesRef>> + '_ {
        self.runs.iter().map(|&Run { first, n }| (0..n).map(move |at| SeriesRef(first.wrapping_add(at.into()))))
    }

    /// Whether these are the same references in the same order.
    pub fn are(&self, mut series: impl ExactSizeIterator<Item = SeriesRef>) -> bool {
        series.len() == self.len
            && self.runs().all(|run| run.zip(series.by_ref()).all(|(known, series)| known == series))
    }
}

impl FromIterator<SeriesRef> for SeriesRuns {
    fn from_iter<I: IntoIterator<Item = SeriesRef>>(series: I) -> SeriesRuns {
        let mut all = SeriesRuns::EMPTY;
        for SeriesRef(series) in series {
            all.len += 1;
            match all.runs.last_mut() {
                Some(run) if run.n < u32::MAX && run.first.wrapping_add(run.n.into()) == series => run.n += 1,
                _ => all.runs.push(Run { first: series, n: 1 }),
            }
        }
        all.runs.shrink_to_fit();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_references_come_back_in_their_order() {
        for references in [&[][..], &[7], &[7, 8, 9], &[9, 8, 7, 7, 8], &[u64::MAX, 0, 1 << 40, (1 << 40) + 1]] {
            let series = || references.iter().map(|reference| SeriesRef(*reference));
            let runs: SeriesRuns = series().collect();
            assert_eq!(runs.iter().collect::<Vec<_>>(), series().collect::<Vec<_>>());
            assert_eq!((runs.len(), runs.is_empty()), (references.len(), references.is_empty()));
            assert!(runs.are(series()));
            for at in 0..references.len() {
                let others: Vec<SeriesRef> =
                    series().enumerate().map(|(n, of)| SeriesRef(of.0 ^ u64::from(n == at))).collect();
                assert!(!runs.are(others.into_iter()) && !runs.are(references[..at].iter().map(|of| SeriesRef(*of))));
            }
        }
        let neighbours: SeriesRuns = (0..1000).chain(2000..3000).map(SeriesRef).collect();
        assert_eq!(neighbours.runs.len(), 2);
    }
}
