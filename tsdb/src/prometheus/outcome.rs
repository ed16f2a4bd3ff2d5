//! What came of an import.

use model::Labels;
use rustc_hash::FxHashSet;

use crate::import::Written;

/// So many names of damaged things are kept; the others are counted.
const MAX_NAMED: usize = 100;

/// Is told how far an import has come: bytes read and samples taken since the last call.
pub type Watch<'a> = &'a mut dyn FnMut(u64, u64);

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What was written, and what was there already.
    pub written: Written,
    /// What could not be read, each named, as many as are kept.
    pub damaged: Vec<String>,
    /// What could not be read, counted.
    pub n_damaged: u64,
    /// Samples that stand twice in what was read.
    pub n_repeated: u64,
    /// Samples that had been deleted.
    pub n_deleted: u64,
    /// Samples in the log of series that the log does not define.
    pub n_unknown: u64,
    /// Exemplars in the log, which are not kept.
    pub n_exemplars: u64,
    /// Records of metadata in the log, which are not kept.
    pub n_metadata: u64,
    /// Histograms in the log of a schema that is not known.
    pub n_schemas: u64,
    /// The series, by their fingerprints.
    series: FxHashSet<u64>,
}

impl Outcome {
    /// Names something that could not be read.
    pub fn damage(&mut self, name: String) {
        self.n_damaged += 1;
        if self.damaged.len() < MAX_NAMED {
            self.damaged.push(name);
        }
    }

    /// How many series there were, each counted once.
    pub fn n_series(&self) -> u64 {
        self.series.len() as u64
    }

    /// Counts a series, if it has not been counted.
    pub fn note_series(&mut self, labels: &Labels) {
        self.series.insert(labels.fingerprint(0));
    }

    /// Adds what was written.
    pub fn take(&mut self, written: Written) {
        self.written.add(written);
    }
}
