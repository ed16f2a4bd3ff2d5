//! Reading the records of one run of the process: what each batch wrote, with the scrapes put together again.

use model::Labels;
use model::storage::{HistogramValue, SeriesRef, SeriesRuns};
use rustc_hash::FxHashMap;

use super::record::{
    DERIVED, HISTOGRAMS, Row, SAMPLES, SCRAPE_DELTA, SCRAPE_FULL, SERIES, take_against_neighbour, take_histograms,
    take_references, take_samples, take_series,
};
use super::starts::{PendingStarts, STARTS};
use super::values;
use super::varint::{DecodeError, Input};

/// Takes what the records say. The numbers of series are those of the run that wrote them.
pub(crate) trait Visitor {
    /// A series got a number.
    fn series(&mut self, placement: u32, reference: SeriesRef, labels: &Labels);
    /// Samples were committed, with the times since which they count: 0 where that is not known, none where it is known of none.
    fn samples(&mut self, rows: &[Row], starts: &[i64]);
    /// A native histogram was committed.
    fn histogram(&mut self, reference: SeriesRef, timestamp_ms: i64, start_ms: i64, value: HistogramValue);
}

/// Reads the records of one run, in order.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    sources: FxHashMap<u32, Source>,
    rows: Vec<Row>,
    /// Those of the section that comes next.
    pending: PendingStarts,
    starts: Vec<i64>,
    n_skipped: u64,
    leaves_out_derived: bool,
    /// Definitions of the record that is being read, until it is known whether their series are left out.
    held_back: Vec<(u32, SeriesRef, Labels)>,
}

/// The newest scrape of a source.
#[derive(Debug)]
struct Source {
    count: u64,
    timestamp_ms: i64,
    series: SeriesRuns,
    /// The newest value of each that was not the stale marker.
    bits: Vec<u64>,
    /// Since when each counts; empty where that is known of none.
    starts: Vec<i64>,
}

impl Decoder {
    /// One that leaves out what stands in scrapes of derived sources, and the definitions in their records.
    pub(crate) fn without_derived() -> Decoder {
        Decoder { leaves_out_derived: true, ..Decoder::default() }
    }

    /// Hands what a record says to `visitor`.
    ///
    /// # Errors
    /// When the record is not one; what stood before the fault has been handed out.
    pub(crate) fn decode(&mut self, payload: &[u8], visitor: &mut impl Visitor) -> Result<(), DecodeError> {
        self.pending.clear();
        self.held_back.clear();
        let read = self.sections(Input::new(payload), visitor);
        self.hand_out_definitions(visitor);
        read
    }

    fn sections(&mut self, mut input: Input<'_>, visitor: &mut impl Visitor) -> Result<(), DecodeError> {
        while !input.is_empty() {
            let section = input.byte("a section")?;
            if self.leaves_out_derived && is_derived_scrape(section, input)? {
                // It is the last section of its record.
                self.held_back.clear();
                return Ok(());
            }
            if section != SERIES && !self.held_back.is_empty() {
                self.hand_out_definitions(visitor);
            }
            match section {
                SERIES if self.leaves_out_derived => take_series(&mut input, |placement, reference, labels| {
                    self.held_back.push((placement, reference, labels.clone()));
                })?,
                SERIES => take_series(&mut input, |placement, reference, labels| {
                    visitor.series(placement, reference, labels);
                })?,
                SCRAPE_FULL => self.scrape_full(&mut input, visitor)?,
                SCRAPE_DELTA => {
                    if !self.scrape_delta(&mut input, visitor)? {
                        return Ok(());
                    }
                }
                SAMPLES => {
                    self.rows.clear();
                    take_samples(&mut input, &mut self.rows)?;
                    self.pending.spread(self.rows.len(), &input, &mut self.starts)?;
                    visitor.samples(&self.rows, &self.starts);
                }
                HISTOGRAMS => self.histograms(&mut input, visitor)?,
                STARTS => self.pending.take(&mut input)?,
                _ => return Err(input.error("the tag of a section")),
            }
        }
        Ok(())
    }

    fn hand_out_definitions(&mut self, visitor: &mut impl Visitor) {
        for (placement, reference, labels) in self.held_back.drain(..) {
            visitor.series(placement, reference, &labels);
        }
    }

    /// Scrapes that could not be read because the one before them is lost.
    pub(crate) fn n_skipped(&self) -> u64 {
        self.n_skipped
    }

    fn histograms(&mut self, input: &mut Input<'_>, visitor: &mut impl Visitor) -> Result<(), DecodeError> {
        let n_rows = input.clone().count("a number of histograms")?;
        self.pending.spread(n_rows, input, &mut self.starts)?;
        let mut starts = self.starts.iter().copied();
        take_histograms(input, |reference, timestamp_ms, value| {
            visitor.histogram(reference, timestamp_ms, starts.next().unwrap_or(0), value);
        })
    }

    fn scrape_full(&mut self, input: &mut Input<'_>, visitor: &mut impl Visitor) -> Result<(), DecodeError> {
        let number = take_source(input)?;
        let count = input.unsigned("the count of a scrape")?;
        let timestamp_ms = input.signed("a timestamp")?;
        let n_rows = input.count("a number of series")?;
        let mut series = Vec::with_capacity(n_rows);
        take_references(input, n_rows, |reference| series.push(reference))?;
        let mut bits = vec![0; n_rows];
        take_against_neighbour(input, n_rows, |at, value| bits[at] = value)?;
        let mut starts = Vec::new();
        self.pending.spread(n_rows, input, &mut starts)?;
        let series = series.into_iter().collect();
        let mut source = Source { count, timestamp_ms, series, bits, starts };
        source.hand_out(&source.bits, &mut self.rows, visitor);
        forget_stale(&mut source.bits);
        self.sources.insert(number, source);
        Ok(())
    }

    /// Answers whether the rest of the record can be read: the length of a scrape whose base is lost is not known.
    fn scrape_delta(&mut self, input: &mut Input<'_>, visitor: &mut impl Visitor) -> Result<bool, DecodeError> {
        let number = take_source(input)?;
        let count = input.unsigned("the count of a scrape")?;
        let step_ms = input.signed("a timestamp")?;
        let Some(source) = self.sources.get_mut(&number).filter(|source| source.count.wrapping_add(1) == count) else {
            self.sources.remove(&number);
            self.n_skipped += 1;
            return Ok(false);
        };
        source.count = count;
        source.timestamp_ms = source.timestamp_ms.wrapping_add(step_ms);
        if !self.pending.is_empty() {
            self.pending.spread(source.bits.len(), input, &mut source.starts)?;
        }
        let mut bits = vec![0; source.bits.len()];
        values::take(input, source.bits.len(), |at| source.bits[at], |at, value| bits[at] = value)?;
        source.hand_out(&bits, &mut self.rows, visitor);
        keep_unless_stale(&mut source.bits, &bits);
        Ok(true)
    }
}

impl Source {
    fn hand_out(&self, bits: &[u64], rows: &mut Vec<Row>, visitor: &mut impl Visitor) {
        rows.clear();
        let (timestamp_ms, mut bits) = (self.timestamp_ms, bits.iter());
        for run in self.series.runs() {
            rows.extend(run.zip(bits.by_ref()).map(|(series, &bits)| Row { series, timestamp_ms, bits }));
        }
        visitor.samples(rows, &self.starts);
    }
}

/// What the next scrape of a source is written against: its newest values, but for the stale marker, which says nothing
/// of the next value.
pub(crate) fn keep_unless_stale(kept: &mut [u64], newest: &[u64]) {
    for (kept, &newest) in kept.iter_mut().zip(newest) {
        if newest != model::sample::STALE_BITS {
            *kept = newest;
        }
    }
}

/// The same after a scrape in full, which has none before it.
pub(crate) fn forget_stale(bits: &mut [u64]) {
    for bits in bits.iter_mut().filter(|bits| **bits == model::sample::STALE_BITS) {
        *bits = 0;
    }
}

/// Whether a section, behind its tag, is the scrape of a derived source.
fn is_derived_scrape(section: u8, mut input: Input<'_>) -> Result<bool, DecodeError> {
    Ok(matches!(section, SCRAPE_FULL | SCRAPE_DELTA) && take_source(&mut input)? & DERIVED != 0)
}

fn take_source(input: &mut Input<'_>) -> Result<u32, DecodeError> {
    u32::try_from(input.unsigned("the number of a source")?).map_err(|_| input.error("the number of a source"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::histogram::{Histogram, IntegerHistogram, ResetHint, Span};
    use proptest::prelude::*;

    use super::super::record::{
        ScrapeHead, push_histograms, push_samples, push_scrape_delta, push_scrape_full, push_series,
    };
    use super::super::starts::push_starts;
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        series: Vec<(u32, SeriesRef, Labels)>,
        rows: Vec<Row>,
        starts: Vec<i64>,
        histograms: Vec<(SeriesRef, i64, i64, String)>,
    }

    impl Visitor for Seen {
        fn series(&mut self, placement: u32, reference: SeriesRef, labels: &Labels) {
            self.series.push((placement, reference, labels.clone()));
        }
        fn samples(&mut self, rows: &[Row], starts: &[i64]) {
            self.rows.extend_from_slice(rows);
            self.starts.extend((0..rows.len()).map(|at| starts.get(at).copied().unwrap_or(0)));
        }
        fn histogram(&mut self, reference: SeriesRef, timestamp_ms: i64, start_ms: i64, value: HistogramValue) {
            self.histograms.push((reference, timestamp_ms, start_ms, format!("{value:?}")));
        }
    }

    const STALE: u64 = model::sample::STALE_BITS;

    fn scrape(count: u64, series: &[SeriesRef], bits: &[u64], before: Option<&[u64]>) -> Vec<u8> {
        let head = ScrapeHead { source: 3, count, timestamp_ms: count as i64 * 1000 };
        let mut out = Vec::new();
        match before {
            Some(before) => push_scrape_delta(&mut out, head, (count as i64 - 1) * 1000, bits, before),
            None => push_scrape_full(&mut out, head, series, bits),
        }
        out
    }

    #[test]
    fn series_and_samples_come_back() {
        let sets: Vec<Labels> =
            ["a", "b"].iter().map(|job| [("job", *job), ("b", "job")].into_iter().collect()).collect();
        let mut payload = Vec::new();
        push_series(&mut payload, 77, sets.iter().enumerate().map(|(i, set)| (SeriesRef((i as u64 + 1) << 32), set)));
        let rows = [
            Row { series: SeriesRef(1 << 32), timestamp_ms: 1_700_000_000_000, bits: 1 },
            Row { series: SeriesRef(1 << 32), timestamp_ms: 1_700_000_015_000, bits: STALE },
            Row { series: SeriesRef(5), timestamp_ms: -1, bits: u64::MAX },
        ];
        push_samples(&mut payload, &rows);
        let mut seen = Seen::default();
        Decoder::default().decode(&payload, &mut seen).unwrap();
        assert_eq!(seen.rows, rows);
        let want = [(77, SeriesRef(1 << 32), sets[0].clone()), (77, SeriesRef(2 << 32), sets[1].clone())];
        assert_eq!(seen.series, want);
    }

    #[test]
    fn histograms_come_back_beyond_what_floats_can_count() {
        let integer = IntegerHistogram {
            reset_hint: ResetHint::Gauge,
            schema: -53,
            zero_threshold: 1e-128,
            zero_count: 3,
            count: (1 << 53) + 1,
            sum: f64::from_bits(STALE),
            positive_spans: vec![Span { offset: -7, length: 2 }, Span { offset: 3, length: 1 }],
            positive: vec![1, u64::MAX, 0],
            negative_spans: vec![],
            negative: vec![],
            custom_bounds: vec![0.1, 2.5],
        };
        let float = HistogramValue::Float(Arc::new(Histogram::from(&integer)));
        let integer = HistogramValue::Integer(Arc::new(integer));
        let mut payload = Vec::new();
        push_histograms(&mut payload, [(SeriesRef(1), 5, &integer), (SeriesRef(2), -5, &float)].into_iter());
        let mut seen = Seen::default();
        Decoder::default().decode(&payload, &mut seen).unwrap();
        assert_eq!(
            seen.histograms,
            [(SeriesRef(1), 5, 0, format!("{integer:?}")), (SeriesRef(2), -5, 0, format!("{float:?}"))]
        );
    }

    #[test]
    fn starts_belong_to_the_section_behind_them() {
        let rows: Vec<Row> = (0..4).map(|i| Row { series: SeriesRef(i), timestamp_ms: 9, bits: i }).collect();
        let mut payload = Vec::new();
        push_starts(&mut payload, &[7, 7, 0, -3]);
        push_samples(&mut payload, &rows);
        push_samples(&mut payload, &rows[..1]);
        let mut seen = Seen::default();
        Decoder::default().decode(&payload, &mut seen).unwrap();
        assert_eq!(seen.starts, [7, 7, 0, -3, 0]);
        let mut too_few = Vec::new();
        push_starts(&mut too_few, &[7, 7]);
        push_samples(&mut too_few, &rows);
        assert!(Decoder::default().decode(&too_few, &mut Seen::default()).is_err());
    }

    #[test]
    fn a_scrape_has_the_starts_of_the_one_before_until_it_brings_others() {
        let series = [SeriesRef(1), SeriesRef(2)];
        let with = |starts: &[i64], scrape: Vec<u8>| {
            let mut payload = Vec::new();
            push_starts(&mut payload, starts);
            [payload, scrape].concat()
        };
        let records = [
            with(&[5, 6], scrape(1, &series, &[1, 2], None)),
            scrape(2, &series, &[1, 2], Some(&[1, 2])),
            with(&[5, 8], scrape(3, &series, &[1, 2], Some(&[1, 2]))),
            scrape(4, &series, &[1, 2], Some(&[1, 2])),
            scrape(5, &series, &[1, 2], None),
        ];
        let (mut decoder, mut seen) = (Decoder::default(), Seen::default());
        records.iter().for_each(|record| decoder.decode(record, &mut seen).unwrap());
        assert_eq!(seen.starts, [5, 6, 5, 6, 5, 8, 5, 8, 0, 0]);
        // What leans on a lost scrape is not read with the starts of another.
        let (mut decoder, mut seen) = (Decoder::default(), Seen::default());
        [0, 3, 4].iter().for_each(|&at: &usize| decoder.decode(&records[at], &mut seen).unwrap());
        assert_eq!(seen.starts, [5, 6, 0, 0]);
    }

    #[test]
    fn a_lost_scrape_costs_those_that_lean_on_it_and_no_more() {
        let series = [SeriesRef(1), SeriesRef(2)];
        let (first, second, third) = ([10, STALE], [11, 5], [11, 6]);
        let records = [
            scrape(1, &series, &first, None),
            scrape(2, &series, &second, Some(&[10, 0])),
            scrape(3, &series, &third, Some(&second)),
            scrape(4, &series, &third, None),
            scrape(5, &series, &first, Some(&third)),
        ];
        let all: Vec<Row> = [first, second, third, third, first]
            .iter()
            .zip(1..)
            .flat_map(|(bits, count)| {
                series.iter().zip(bits).map(move |(&series, &bits)| Row { series, timestamp_ms: count * 1000, bits })
            })
            .collect();
        for lost in 0..=records.len() {
            let mut decoder = Decoder::default();
            let mut seen = Seen::default();
            for (_, record) in records.iter().enumerate().filter(|(at, _)| *at != lost) {
                decoder.decode(record, &mut seen).unwrap();
            }
            let lost: &[i64] = [&[1, 2, 3][..], &[2, 3], &[3], &[4, 5], &[5], &[]][lost];
            let want: Vec<_> = all.iter().filter(|row| !lost.contains(&(row.timestamp_ms / 1000))).copied().collect();
            assert_eq!(seen.rows, want, "lost {lost:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Decoder::default().decode(&payload, &mut Seen::default());
        }
    }
}
