//! A section of numbered things that stand in pages, so that one is found without reading those before it.
//!
//! ```text
//! count u32 | where each page begins u32 … | pages
//! ```
//!
//! The places count from the first page.

use super::BlockError;
use crate::wal::varint::{DecodeError, Input};

/// Pages that are being written.
#[derive(Debug, Default)]
pub(crate) struct PagesWriter {
    starts: Vec<u32>,
    bytes: Vec<u8>,
}

impl PagesWriter {
    /// Begins a page, which is appended to what is handed out.
    pub(crate) fn begin(&mut self) -> Result<&mut Vec<u8>, BlockError> {
        self.starts.push(u32::try_from(self.bytes.len()).map_err(|_| BlockError::Full("bytes of a section"))?);
        Ok(&mut self.bytes)
    }

    /// The page begun last.
    pub(crate) fn last(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The section.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut section = Vec::with_capacity(4 * (1 + self.starts.len()) + self.bytes.len());
        section.extend_from_slice(&(self.starts.len() as u32).to_le_bytes());
        self.starts.iter().for_each(|start| section.extend_from_slice(&start.to_le_bytes()));
        section.extend_from_slice(&self.bytes);
        section
    }
}

/// Pages that are being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pages<'a> {
    starts: &'a [[u8; 4]],
    bytes: &'a [u8],
}

impl<'a> Pages<'a> {
    pub(crate) fn new(section: &'a [u8]) -> Result<Pages<'a>, DecodeError> {
        let mut input = Input::new(section);
        let count = input.bytes(4, "a count of pages")?;
        let n_pages = u32::from_le_bytes(count.try_into().unwrap_or_default()) as usize;
        let starts = input.bytes(n_pages.saturating_mul(4), "the places of pages")?;
        Ok(Pages { starts: starts.as_chunks().0, bytes: &section[4 + starts.len()..] })
    }

    /// How many pages there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// A page, with all that follows it.
    pub(crate) fn get(&self, page: usize) -> Result<Input<'a>, DecodeError> {
        let error = DecodeError { at: page, expected: "a page" };
        let start = u32::from_le_bytes(*self.starts.get(page).ok_or(error)?) as usize;
        Ok(Input::new(self.bytes.get(start..).ok_or(error)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back() {
        let mut writer = PagesWriter::default();
        for page in 0..5u8 {
            writer.begin().unwrap().extend_from_slice(&[page; 3][..usize::from(page) % 4]);
        }
        writer.last().push(9);
        let section = writer.finish();
        let pages = Pages::new(&section).unwrap();
        assert_eq!(pages.len(), 5);
        assert_eq!(pages.get(1).unwrap().byte("").unwrap(), 1);
        assert_eq!(pages.get(4).unwrap().byte("").unwrap(), 9);
        assert!(pages.get(5).is_err());
        assert_eq!(Pages::new(&PagesWriter::default().finish()).unwrap().len(), 0);
        assert!((0..4).all(|len| Pages::new(&section[..len]).is_err()));
        assert!(Pages::new(&[255; 8]).is_err());
    }
}
