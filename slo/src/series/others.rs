//! Series that have no place in the table: those of alerts and of products.

use std::collections::{HashMap, HashSet};

use model::Labels;
use model::sample::stale_marker;
use model::storage::{Append, AppendError, Refusal, Refused, SeriesRef, SourceRef};

use super::source::{At, Together};

/// Those that were written last.
#[derive(Debug, Default)]
pub(super) struct OtherSeries {
    source: Option<SourceRef>,
    known: HashMap<Labels, SeriesRef>,
}

impl OtherSeries {
    /// Those that are written no more.
    fn gone(&self, rows: &[(Labels, f64)]) -> Vec<(Labels, SeriesRef)> {
        let is_written: HashSet<&Labels> = rows.iter().map(|(labels, _)| labels).collect();
        let gone = self.known.iter().filter(|(labels, _)| !is_written.contains(labels));
        gone.map(|(labels, series)| (labels.clone(), *series)).collect()
    }
}

impl Together for OtherSeries {
    type Rows<'r> = &'r [(Labels, f64)];

    fn source(&mut self) -> &mut Option<SourceRef> {
        &mut self.source
    }

    fn find_references(
        &mut self,
        append: &dyn Append,
        source: SourceRef,
        rows: &[(Labels, f64)],
    ) -> Result<Option<Refusal>, AppendError> {
        let mut refusal = None;
        let new = rows.iter().map(|(labels, _)| labels).filter(|labels| !self.known.contains_key(*labels));
        let new: Vec<Labels> = new.cloned().collect();
        if new.is_empty() {
            return Ok(None);
        }
        let resolved = append.resolve(Some(source), &new)?;
        for (labels, resolved) in new.into_iter().zip(resolved) {
            match resolved {
                Ok(series) => drop(self.known.insert(labels, series)),
                Err(why) => drop(refusal.get_or_insert(why)),
            }
        }
        Ok(refusal)
    }

    fn commit(&mut self, at: At<'_>, source: SourceRef, rows: &[(Labels, f64)]) -> Result<Vec<Refused>, AppendError> {
        let gone = self.gone(rows);
        let written = rows.iter().filter_map(|(labels, value)| Some((*self.known.get(labels)?, *value)));
        let ended = gone.iter().map(|(_, series)| (*series, stale_marker()));
        let (series, values): (Vec<SeriesRef>, Vec<f64>) = written.chain(ended).unzip();
        let refused = at.commit(Some(source), &series, &values)?;
        for (labels, _) in &gone {
            self.known.remove(labels);
        }
        Ok(refused)
    }

    fn forget_references(&mut self) {
        self.known.clear();
    }
}
