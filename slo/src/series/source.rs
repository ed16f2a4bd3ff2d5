//! Series that are written under one source, with references that are asked for once.

use model::storage::{Append, AppendError, Batch, Refusal, Refused, SeriesRef, SourceRef, Timestamps};

/// Where series are written, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    pub(crate) append: &'a dyn Append,
    pub(crate) at_ms: i64,
}

impl At<'_> {
    /// Writes values under references.
    pub(super) fn commit(
        self,
        source: Option<SourceRef>,
        series: &[SeriesRef],
        values: &[f64],
    ) -> Result<Vec<Refused>, AppendError> {
        let timestamps = Timestamps::All(self.at_ms);
        match series.is_empty() {
            true => Ok(Vec::new()),
            false => self.append.commit(&Batch { source, series, timestamps, values, starts: &[], histograms: &[] }),
        }
    }
}

/// Series that are written together.
pub(super) trait Together {
    /// What they say at a tick.
    type Rows<'r>: Copy;

    fn source(&mut self) -> &mut Option<SourceRef>;

    /// Asks for the references that are not known. Answers why some have none; these are left out.
    fn find_references(
        &mut self,
        append: &dyn Append,
        source: SourceRef,
        rows: Self::Rows<'_>,
    ) -> Result<Option<Refusal>, AppendError>;

    /// Writes the values of those rows that have references, and ends what was written and is not now.
    fn commit(&mut self, at: At<'_>, source: SourceRef, rows: Self::Rows<'_>) -> Result<Vec<Refused>, AppendError>;

    fn forget_references(&mut self);

    /// Writes what they say, under the source that `open` opens. Answers why some were not taken, where that is so; the others are
    /// written.
    ///
    /// # Errors
    /// When nothing was written; what was written at the last tick stays that.
    fn write(
        &mut self,
        at: At<'_>,
        open: impl FnOnce() -> SourceRef,
        rows: Self::Rows<'_>,
    ) -> Result<Option<Refusal>, AppendError> {
        let source = *self.source().get_or_insert_with(open);
        let mut refusal = self.find_references(at.append, source, rows)?;
        let mut refused = self.commit(at, source, rows)?;
        if refused.iter().any(|refused| matches!(refused.refusal, Refusal::UnknownSeries)) {
            // A series that nobody wrote for long has gone from memory, and comes back under another reference. What ended has
            // been ended all the same.
            self.forget_references();
            refusal = refusal.or(self.find_references(at.append, source, rows)?);
            refused = self.commit(at, source, rows)?;
        }
        Ok(refusal.or_else(|| refused.into_iter().next().map(|refused| refused.refusal)))
    }
}
