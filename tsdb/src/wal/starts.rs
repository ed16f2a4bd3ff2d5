//! The section of starts: since when the rows of the section behind it count.
//!
//! Rows of one target mostly count since the same time, so equal neighbours are written as one.

use super::varint::{DecodeError, Input, push_signed, push_unsigned};

pub(crate) const STARTS: u8 = 6;

/// Appends the starts of the rows of the section that follows.
pub(crate) fn push_starts(out: &mut Vec<u8>, starts: &[i64]) {
    out.push(STARTS);
    let runs = || starts.chunk_by(|one, next| one == next);
    push_unsigned(out, runs().count() as u64);
    let mut last_ms = 0i64;
    for run in runs() {
        push_unsigned(out, run.len() as u64);
        push_signed(out, run[0].wrapping_sub(last_ms));
        last_ms = run[0];
    }
}

/// The starts of the rows of a section that has not been read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingStarts {
    /// How many rows each, and their start.
    runs: Vec<(u64, i64)>,
}

impl PendingStarts {
    /// Takes a section of starts apart, behind its tag.
    pub(crate) fn take(&mut self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        self.runs.clear();
        let mut last_ms = 0i64;
        for _ in 0..input.count("a number of starts")? {
            let n_rows = input.unsigned("a number of rows")?;
            last_ms = last_ms.wrapping_add(input.signed("a start")?);
            self.runs.push((n_rows, last_ms));
        }
        Ok(())
    }

    /// Whether no section of starts stood before the one that is being read.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.runs.clear();
    }

    /// Replaces `starts` by those of a section of so many rows, and is empty then.
    pub(crate) fn spread(
        &mut self,
        n_rows: usize,
        input: &Input<'_>,
        starts: &mut Vec<i64>,
    ) -> Result<(), DecodeError> {
        starts.clear();
        let n_all = self.runs.iter().try_fold(0u64, |sum, &(n_rows, _)| sum.checked_add(n_rows));
        if !self.is_empty() && n_all != Some(n_rows as u64) {
            return Err(input.error("as many starts as there are rows"));
        }
        for (n_rows, start_ms) in self.runs.drain(..) {
            starts.resize(starts.len() + n_rows as usize, start_ms);
        }
        Ok(())
    }
}
