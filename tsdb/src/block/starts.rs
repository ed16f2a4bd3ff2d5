//! Since when the series of a block count. 64 series stand in a page: a start that is common among them, how many bytes the
//! runs of each take, and these. The section is left out where of no series a start is known.

use super::BlockError;
use super::pages::{Pages, PagesWriter};
use super::runs::{push_equal, take_equal};
use super::series::PER_PAGE;
use crate::starts::{Coder, Run, Runs, within};
use crate::wal::varint::{DecodeError, Input, push_signed};

/// The runs of the series that have any, in the order of series, while a block is written.
#[derive(Debug, Default)]
pub(crate) struct StartsWriter {
    series: Vec<(u32, Runs)>,
}

impl StartsWriter {
    /// Notes what a list of runs says of the times between two, both included, those of a series' first and last sample.
    pub(crate) fn add(&mut self, series: u32, runs: &[Run], (first_ms, last_ms): (i64, i64)) {
        // One that begins with the series is written as if it had always been.
        let since_first = |&(from_ms, start_ms): &Run| (if from_ms <= first_ms { i64::MIN } else { from_ms }, start_ms);
        let runs: Runs = within(runs, first_ms, last_ms).iter().map(since_first).collect();
        if !runs.is_empty() {
            self.series.push((series, runs));
        }
    }

    /// The section of a block of so many series that begins at `min_ms`; empty where there is nothing.
    pub(crate) fn finish(self, n_series: usize, min_ms: i64) -> Result<Vec<u8>, BlockError> {
        if self.series.is_empty() {
            return Ok(Vec::new());
        }
        let mut pages = PagesWriter::default();
        let mut series = self.series.into_iter().peekable();
        for number in 0..n_series.div_ceil(PER_PAGE) {
            let first = (number * PER_PAGE) as u32;
            let mut lens = [0u64; PER_PAGE];
            let (mut bytes, mut common_ms) = (Vec::new(), None);
            while let Some((series, runs)) = series.next_if(|(series, _)| ((series - first) as usize) < PER_PAGE) {
                let from = bytes.len();
                let mut coder: Option<Coder> = None;
                for (from_ms, start_ms) in runs.iter() {
                    let expected_ms = *common_ms.get_or_insert(start_ms);
                    let coder = coder.get_or_insert_with(|| Coder::expecting((min_ms, expected_ms)));
                    coder.push((from_ms.max(min_ms), start_ms), &mut bytes);
                }
                lens[(series - first) as usize] = (bytes.len() - from) as u64;
            }
            let page = pages.begin()?;
            push_signed(page, common_ms.unwrap_or(0));
            push_equal(page, lens);
            page.extend_from_slice(&bytes);
        }
        Ok(pages.finish())
    }
}

/// The runs of a series of a block that begins at `min_ms`, in the order of time.
///
/// # Errors
/// When the section is none.
pub(crate) fn read(section: &[u8], series: u32, min_ms: i64) -> Result<Vec<Run>, DecodeError> {
    let mut input = Pages::new(section)?.get(series as usize / PER_PAGE)?;
    let common_ms = input.signed("a start")?;
    let mut lens = Vec::with_capacity(PER_PAGE);
    take_equal(&mut input, PER_PAGE, &mut lens)?;
    let at = series as usize % PER_PAGE;
    let n_before = lens[..at].iter().fold(0u64, |sum, &len| sum.saturating_add(len));
    let room = input.n_left() as u64;
    if n_before.saturating_add(lens[at]) > room {
        return Err(input.error("runs"));
    }
    input.bytes(n_before as usize, "runs")?;
    let mut input = Input::new(input.bytes(lens[at] as usize, "runs")?);
    let (mut coder, mut runs) = (Coder::expecting((min_ms, common_ms)), Vec::new());
    while !input.is_empty() {
        let run = coder.take(&mut input)?;
        if runs.last().is_some_and(|&(last_ms, _)| last_ms >= run.0) {
            return Err(input.error("runs in the order of time"));
        }
        runs.push(run);
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIN_MS: i64 = 1_700_000_000_000;

    #[test]
    fn what_is_known_of_some_series_comes_back() {
        let runs_of = |series: u32| -> Vec<Run> {
            let base =
                (0..i64::from(series % 4)).map(|i| (MIN_MS + i * 60_000, MIN_MS - 5_000 + i * i64::from(series)));
            base.collect()
        };
        let mut writer = StartsWriter::default();
        (0..200).for_each(|series| writer.add(series, &runs_of(series), (MIN_MS, MIN_MS + 900_000)));
        let section = writer.finish(200, MIN_MS).unwrap();
        for series in 0..200 {
            assert_eq!(read(&section, series, MIN_MS).unwrap(), runs_of(series), "{series}");
        }
        assert!(read(&section, 256, MIN_MS).is_err());
    }

    #[test]
    fn counters_of_one_target_take_four_bytes_each() {
        let mut writer = StartsWriter::default();
        for series in 0..6400u32 {
            let start_ms = MIN_MS - 86_400_000 + i64::from(series * 7 % 60);
            writer.add(series, &[(MIN_MS - 50, start_ms)], (MIN_MS + 10, MIN_MS + 7_000_000));
        }
        let section = writer.finish(6400, MIN_MS).unwrap();
        assert!(section.len() <= 4 * 6400, "{}", section.len());
        assert_eq!(read(&section, 1, MIN_MS).unwrap(), [(MIN_MS, MIN_MS - 86_400_000 + 7)]);
    }

    #[test]
    fn without_starts_there_is_no_section() {
        let mut writer = StartsWriter::default();
        writer.add(0, &[], (0, 9));
        writer.add(1, &[(10, 5)], (0, 9));
        writer.add(2, &[(0, 0)], (0, 9));
        assert_eq!(writer.finish(3, 0).unwrap(), [0u8; 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(section in prop::collection::vec(any::<u8>(), 0..200), series in 0..300u32) {
            if let Ok(runs) = read(&section, series, MIN_MS) {
                prop_assert!(runs.is_sorted_by(|(one, _), (next, _)| one < next));
            }
        }
    }
}
