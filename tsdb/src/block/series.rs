//! Which two sets of labels each series has. 64 series stand in a page: a row of shared sets, a row of own ones, which are
//! mostly the same and one more than the one before.

use super::BlockError;
use super::pages::{Pages, PagesWriter};
use super::runs::{push_even, take_even};
use crate::wal::varint::DecodeError;

/// Series in a page.
pub(crate) const PER_PAGE: usize = 64;

/// The section; for each series its shared and its own set.
pub(crate) fn write(series: &[(u32, u32)]) -> Result<Vec<u8>, BlockError> {
    let mut pages = PagesWriter::default();
    for series in series.chunks(PER_PAGE) {
        let page = pages.begin()?;
        push_even(page, series.iter().map(|&(shared, _)| u64::from(shared)));
        push_even(page, series.iter().map(|&(_, own)| u64::from(own)));
    }
    Ok(pages.finish())
}

/// A page, taken apart.
#[derive(Debug, Default)]
pub(crate) struct SeriesPage {
    /// The page, plus one.
    number: usize,
    shared: Vec<u64>,
    own: Vec<u64>,
}

impl SeriesPage {
    /// The sets of a series, which is one of the block's `n_series`.
    pub(crate) fn get(&mut self, section: &[u8], n_series: u32, series: u32) -> Result<(u32, u32), DecodeError> {
        let page = series as usize / PER_PAGE;
        if self.number != page + 1 {
            self.number = 0;
            let mut input = Pages::new(section)?.get(page)?;
            let n_here = (n_series as usize).saturating_sub(page * PER_PAGE).min(PER_PAGE);
            self.shared.clear();
            self.own.clear();
            take_even(&mut input, n_here, &mut self.shared)?;
            take_even(&mut input, n_here, &mut self.own)?;
            self.number = page + 1;
        }
        let at = series as usize % PER_PAGE;
        let error = DecodeError { at: series as usize, expected: "the number of a series" };
        let (Some(&shared), Some(&own)) = (self.shared.get(at), self.own.get(at)) else { return Err(error) };
        Ok((u32::try_from(shared).map_err(|_| error)?, u32::try_from(own).map_err(|_| error)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_series_come_back_and_take_next_to_nothing() {
        let series: Vec<(u32, u32)> = (0..64_500).map(|i| (i / 300, i % 300)).collect();
        let section = write(&series).unwrap();
        assert!(section.len() < series.len() / 4, "{} bytes", section.len());
        let mut page = SeriesPage::default();
        for at in (0..series.len()).chain([0, 64_499, 64, 63]) {
            assert_eq!(page.get(&section, 64_500, at as u32).unwrap(), series[at]);
        }
        assert!(page.get(&section, 64_500, 64_500).is_err());
    }
}
