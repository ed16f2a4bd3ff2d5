//! Targets that are gone, and what becomes of their series.
//!
//! A target that leaves gets its stale markers only after it has missed two scrapes: it may come back, under the same
//! labels and perhaps in another pool, and its series then go on as if nothing had happened. While a loop waits, its
//! series lie here, and a new loop with the same labels takes them over: those that it does not bring get their markers
//! with its first scrape.
//!
//! Where the labels of series are not those of their target (`honor_labels`, metric relabelling), another target may
//! have taken up a series. Such loops are asked before a marker is written.

use std::sync::{Arc, Weak};

use model::Labels;
use model::storage::SeriesRef;
use parking_lot::Mutex;
use rustc_hash::FxHashSet;

use super::recorder::Recorder;

/// The recorder of a target, shared by its loop and those that take something over from it.
pub(crate) type SharedRecorder = Arc<Mutex<Recorder>>;

#[derive(Debug, Default)]
pub(crate) struct Departures {
    departed: Mutex<Vec<(Labels, SharedRecorder)>>,
    /// Loops whose series may be those of other targets.
    overlapping: Mutex<Vec<Weak<Mutex<Recorder>>>>,
}

impl Departures {
    /// Notes a loop whose series may be those of other targets.
    pub(crate) fn may_overlap(&self, recorder: &SharedRecorder) {
        let mut overlapping = self.overlapping.lock();
        overlapping.retain(|recorder| recorder.strong_count() > 0);
        overlapping.push(Arc::downgrade(recorder));
    }

    /// Notes that a target has left.
    pub(crate) fn leave(&self, labels: &Labels, recorder: &SharedRecorder) {
        self.departed.lock().push((labels.clone(), Arc::clone(recorder)));
    }

    /// Forgets a target that has left; `false` if another loop has taken its series over.
    pub(crate) fn forget(&self, recorder: &SharedRecorder) -> bool {
        let mut departed = self.departed.lock();
        let n_before = departed.len();
        departed.retain(|(_, candidate)| !Arc::ptr_eq(candidate, recorder));
        departed.len() < n_before
    }

    /// The series of targets with these labels that have left, for a target that arrives.
    pub(crate) fn take(&self, labels: &Labels) -> Vec<SeriesRef> {
        let mut series = Vec::new();
        self.departed.lock().retain(|(candidate, recorder)| {
            let is_same = candidate == labels;
            if is_same {
                series.extend(recorder.lock().take_alive());
            }
            !is_same
        });
        series
    }

    /// The series among `series` that no other loop writes.
    pub(crate) fn not_overlapping(&self, recorder: &SharedRecorder, series: Vec<SeriesRef>) -> Vec<SeriesRef> {
        let others: Vec<SharedRecorder> = self.overlapping.lock().iter().filter_map(Weak::upgrade).collect();
        let mut written = FxHashSet::default();
        for other in others.iter().filter(|other| !Arc::ptr_eq(other, recorder)) {
            written.extend(other.lock().alive());
        }
        series.into_iter().filter(|series| !written.contains(series)).collect()
    }
}
