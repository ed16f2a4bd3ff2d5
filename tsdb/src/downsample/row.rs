//! The bytes of a row: the spans of one series.
//!
//! Which spans there are and their counts are written as runs, since mostly there are all, and as many samples in each. The
//! least or greatest values are left out where they are the last ones, as they are with constants and counters.

use model::storage::{TILE_SAMPLES, Tile};

use super::Resolution;
use super::spans::Spans;
use super::wanted::Column;
use crate::block::BlockMeta;
use crate::codec::{self, CHUNK_SAMPLES, Effort};
use crate::wal::varint::{DecodeError, Input, push_unsigned};

/// The least values are the last ones.
const LEAST_IS_LAST: u8 = 1;
/// The greatest values are the last ones.
const GREATEST_IS_LAST: u8 = 2;

/// Appends a row.
pub(super) fn encode(spans: &Spans, frame: &Frame, out: &mut Vec<u8>) {
    push_unsigned(out, spans.numbers.len() as u64);
    let end_ms = spans.numbers.last().map_or(spans.last_ms, |&number| frame.resolution.end_ms(number));
    push_unsigned(out, end_ms.wrapping_sub(spans.last_ms) as u64);
    let mut next = frame.first;
    for run in spans.numbers.chunk_by(|one, other| one.checked_add(1) == Some(*other)) {
        push_unsigned(out, run[0].wrapping_sub(next) as u64);
        push_unsigned(out, run.len() as u64);
        next = run[run.len() - 1].wrapping_add(1);
    }
    for run in spans.counts.chunk_by(|one, other| one == other) {
        push_unsigned(out, u64::from(run[0]));
        push_unsigned(out, run.len() as u64);
    }
    let is_last = |values: &[u64], flag: u8| if values == spans.last { flag } else { 0 };
    let flags = is_last(&spans.least, LEAST_IS_LAST) | is_last(&spans.greatest, GREATEST_IS_LAST);
    out.push(flags);
    push_cells(&spans.last, out);
    if flags & LEAST_IS_LAST == 0 {
        push_cells(&spans.least, out);
    }
    if flags & GREATEST_IS_LAST == 0 {
        push_cells(&spans.greatest, out);
    }
}

fn push_cells(values: &[u64], out: &mut Vec<u8>) {
    let (mut cells, mut chunk) = (Vec::new(), Vec::new());
    for values in values.chunks(CHUNK_SAMPLES) {
        chunk.clear();
        codec::encode_values(values, Effort::Small, &mut chunk);
        push_unsigned(&mut cells, chunk.len() as u64);
        cells.extend_from_slice(&chunk);
    }
    push_unsigned(out, cells.len() as u64);
    out.extend_from_slice(&cells);
}

/// The spans of a series between two times, one column of them, on their way into tiles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    timestamps: Vec<i64>,
    values: Vec<f64>,
    weights: Vec<u32>,
    /// How many have been handed out.
    n_taken: usize,
}

impl Part {
    /// Nothing is left.
    pub(crate) fn clear(&mut self) {
        self.timestamps.clear();
        self.values.clear();
        self.weights.clear();
        self.n_taken = 0;
    }

    /// Replaces the tile by the next spans; answers `false` where there are no more.
    pub(crate) fn next_tile(&mut self, tile: &mut Tile) -> bool {
        tile.clear();
        let from = self.n_taken;
        self.n_taken = self.timestamps.len().min(from + TILE_SAMPLES);
        tile.timestamps.extend_from_slice(&self.timestamps[from..self.n_taken]);
        tile.values.extend_from_slice(&self.values[from..self.n_taken]);
        tile.weights.extend_from_slice(&self.weights[from..self.n_taken]);
        self.n_taken > from
    }

    /// Replaces it by the spans of a row that lie between two times. What is in a span stands at its end; in the last one, at
    /// the last sample: what another block has of the series may begin behind it.
    pub(super) fn read(
        &mut self,
        row: &[u8],
        frame: &Frame,
        column: Column,
        interval: (i64, i64),
    ) -> Result<(), DecodeError> {
        self.clear();
        let mut input = Input::new(row);
        // A chunk of a cell takes a byte at least.
        let n_spans = input.unsigned("a count of spans")?;
        if n_spans > (row.len() * CHUNK_SAMPLES) as u64 {
            return Err(input.error("as many spans as there are values"));
        }
        let n_spans = n_spans as usize;
        let cut_ms = input.unsigned("a time")?;
        let wanted = self.read_numbers(&mut input, n_spans, frame, interval)?;
        if let Some(last_ms) = self.timestamps.last_mut().filter(|_| wanted.end == n_spans) {
            *last_ms = last_ms.wrapping_sub_unsigned(cut_ms);
        }
        self.read_counts(&mut input, n_spans, &wanted)?;
        let flags = input.byte("flags")?;
        let mut cells = cells(&mut input)?;
        let skipped: &[u8] = match column {
            Column::Count => {
                self.values.extend(self.weights.iter().map(|&weight| f64::from(weight)));
                return Ok(());
            }
            Column::Last => &[],
            Column::Least if flags & LEAST_IS_LAST != 0 => &[],
            Column::Greatest if flags & GREATEST_IS_LAST != 0 => &[],
            Column::Least => &[0],
            Column::Greatest if flags & LEAST_IS_LAST != 0 => &[0],
            Column::Greatest => &[0, 0],
        };
        for _ in skipped {
            cells = self::cells(&mut input)?;
        }
        self.read_cells(cells, n_spans, &wanted)
    }

    /// Reads which spans there are, keeps the times of those in the interval, and says which they are.
    fn read_numbers(
        &mut self,
        input: &mut Input<'_>,
        n_spans: usize,
        frame: &Frame,
        (start_ms, end_ms): (i64, i64),
    ) -> Result<std::ops::Range<usize>, DecodeError> {
        let Frame { resolution, first } = *frame;
        // Whole spans only: that of the first time begins with it.
        let (from, to) = (resolution.span_of(start_ms), end_ms.div_euclid(resolution.as_millis()));
        let (mut n_before, mut n_read, mut next) = (0, 0, first);
        while n_read < n_spans {
            let start = next.checked_add_unsigned(input.unsigned("a gap")?).ok_or_else(|| input.error("a gap"))?;
            let len = input.unsigned("a run of spans")?;
            if len == 0 || len > (n_spans - n_read) as u64 {
                return Err(input.error("a run of spans"));
            }
            next = start.checked_add_unsigned(len).ok_or_else(|| input.error("a run of spans"))?;
            n_before += (from.clamp(start, next) - start) as usize;
            let wanted = from.max(start)..to.saturating_add(1).min(next);
            self.timestamps.extend(wanted.map(|number| resolution.end_ms(number)));
            n_read += len as usize;
        }
        Ok(n_before..n_before + self.timestamps.len())
    }

    fn read_counts(
        &mut self,
        input: &mut Input<'_>,
        n_spans: usize,
        wanted: &std::ops::Range<usize>,
    ) -> Result<(), DecodeError> {
        let mut n_read = 0;
        while n_read < n_spans {
            let count = input.unsigned("a count of samples")?;
            let count = u32::try_from(count).map_err(|_| input.error("a count of samples"))?;
            let len = input.unsigned("a run of counts")?;
            if len == 0 || len > (n_spans - n_read) as u64 {
                return Err(input.error("a run of counts"));
            }
            let end = n_read + len as usize;
            let n_wanted = end.min(wanted.end).saturating_sub(n_read.max(wanted.start));
            self.weights.extend(std::iter::repeat_n(count, n_wanted));
            n_read = end;
        }
        Ok(())
    }

    fn read_cells(&mut self, cells: &[u8], n_spans: usize, wanted: &std::ops::Range<usize>) -> Result<(), DecodeError> {
        let mut input = Input::new(cells);
        for from in (0..n_spans).step_by(CHUNK_SAMPLES) {
            let n_values = CHUNK_SAMPLES.min(n_spans - from);
            let len = input.count("the length of a chunk")?;
            let chunk = input.bytes(len, "a chunk")?;
            let range = wanted.start.max(from)..wanted.end.min(from + n_values);
            if range.start < range.end {
                let range = range.start - from..range.end - from;
                let decoded = codec::decode_values_range(chunk, n_values, range, &mut self.values);
                decoded.map_err(|error| DecodeError { at: error.at, expected: error.expected })?;
            }
        }
        if self.values.len() == self.timestamps.len() { Ok(()) } else { Err(input.error("a value for each span")) }
    }
}

/// What the rows of a file have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) resolution: Resolution,
    /// No span has a number below this.
    pub(super) first: i64,
}

impl Frame {
    pub(super) fn of(block: &BlockMeta, resolution: Resolution) -> Frame {
        Frame { resolution, first: resolution.span_of(block.min_ms) }
    }
}

fn cells<'a>(input: &mut Input<'a>) -> Result<&'a [u8], DecodeError> {
    let len = input.count("the length of values")?;
    input.bytes(len, "values")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            prop::sample::select(vec![0.0, -0.0, 1.0, 2.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
            (0..100i64).prop_map(|value| value as f64),
        ]
    }

    proptest! {
        #[test]
        fn what_was_summed_up_comes_back(
            steps in prop::collection::vec((1..400_000i64, value()), 1..300),
            start_ms in -10_000_000..10_000_000i64,
            part in (0..400i64, 0..400i64),
        ) {
            let resolution = Resolution::FiveMinutes;
            let (mut spans, mut now_ms) = (Spans::default(), start_ms);
            for (step_ms, value) in steps {
                now_ms += step_ms;
                spans.add(resolution, &[now_ms], &[value]);
            }
            let frame = Frame { resolution, first: resolution.span_of(start_ms) };
            let mut row = Vec::new();
            encode(&spans, &frame, &mut row);
            // Whole spans behind the one that `start_ms` lies in.
            let from = frame.first + part.0.min(part.1);
            let to = frame.first + part.0.max(part.1);
            let interval = (resolution.end_ms(from - 1) + 1, resolution.end_ms(to));
            let wanted: Vec<usize> = (0..spans.numbers.len()).filter(|&at| (from..=to).contains(&spans.numbers[at])).collect();
            let of = |values: &[u64]| wanted.iter().map(|&at| values[at]).collect::<Vec<_>>();
            let counts: Vec<u64> = spans.counts.iter().map(|&count| f64::from(count).to_bits()).collect();
            let columns = [
                (Column::Last, &spans.last),
                (Column::Least, &spans.least),
                (Column::Greatest, &spans.greatest),
                (Column::Count, &counts),
            ];
            for (column, values) in columns {
                let mut part = Part::default();
                part.read(&row, &frame, column, interval).unwrap();
                prop_assert_eq!(part.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), of(values));
                let weights: Vec<u32> = wanted.iter().map(|&at| spans.counts[at]).collect();
                prop_assert_eq!(&part.weights, &weights);
                prop_assert!(part.timestamps.is_sorted_by(|one, next| one < next));
                for (&timestamp_ms, &at) in part.timestamps.iter().zip(&wanted) {
                    prop_assert_eq!(resolution.span_of(timestamp_ms), spans.numbers[at]);
                    prop_assert!(timestamp_ms <= spans.last_ms);
                }
            }
        }

        #[test]
        fn anything_else_is_refused_or_means_something(row in prop::collection::vec(any::<u8>(), 0..80)) {
            let frame = Frame { resolution: Resolution::OneHour, first: -5 };
            for column in [Column::Last, Column::Least, Column::Greatest, Column::Count] {
                let mut part = Part::default();
                if part.read(&row, &frame, column, (i64::MIN, i64::MAX)).is_ok() {
                    prop_assert_eq!(part.timestamps.len(), part.values.len());
                    prop_assert_eq!(part.timestamps.len(), part.weights.len());
                }
            }
        }
    }
}
