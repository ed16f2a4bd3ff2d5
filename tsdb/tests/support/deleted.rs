//! What a naive model knows of deletions: which samples are hidden, by which of them, and of which it cannot tell.

use std::collections::{BTreeMap, BTreeSet};

use model::{Labels, Matcher};

use super::Contents;

/// Which samples are deleted.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    /// By series, time and value: the deletions that hide it.
    hidden: BTreeMap<(Labels, i64, u64), BTreeSet<u64>>,
    /// Series and times of which a value that is hidden or doubtful may be seen, or none, or one that was written later.
    loose: BTreeMap<(Labels, i64), BTreeSet<u64>>,
}

/// What is to be deleted.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
}

impl Wanted {
    fn holds(&self, set: &Labels, timestamp_ms: i64) -> bool {
        (self.start_ms..=self.end_ms).contains(&timestamp_ms)
            && self.matchers.iter().all(|matcher| matcher.matches_labels(set))
    }

    /// Takes what it holds out of some samples.
    fn take(&self, contents: &mut Contents) -> Vec<(Labels, i64, u64)> {
        let mut taken = Vec::new();
        for (set, samples) in contents.iter_mut() {
            samples.retain(|&timestamp_ms, &mut bits| {
                let is_taken = self.holds(set, timestamp_ms);
                taken.extend(is_taken.then(|| (set.clone(), timestamp_ms, bits)));
                !is_taken
            });
        }
        contents.retain(|_, samples| !samples.is_empty());
        taken
    }
}

impl Deleted {
    /// Something was deleted of what is there and of what may be there.
    pub(crate) fn delete(
        &mut self,
        id: u64,
        wanted: &Wanted,
        acknowledged: &mut Contents,
        synced: &mut Contents,
        doubtful: &mut Contents,
    ) {
        for ((set, timestamp_ms, _), by) in &mut self.hidden {
            if wanted.holds(set, *timestamp_ms) {
                by.insert(id);
            }
        }
        for sample in wanted.take(acknowledged) {
            self.hidden.entry(sample).or_default().insert(id);
        }
        wanted.take(synced);
        for (set, timestamp_ms, bits) in wanted.take(doubtful) {
            self.loose.entry((set, timestamp_ms)).or_default().insert(bits);
        }
    }

    /// A deletion was undone: what no other hides is there again.
    pub(crate) fn undelete(
        &mut self,
        id: u64,
        acknowledged: &mut Contents,
        synced: &mut Contents,
        doubtful: &mut Contents,
    ) {
        for by in self.hidden.values_mut() {
            by.remove(&id);
        }
        let back: Vec<_> =
            self.hidden.iter().filter(|(_, by)| by.is_empty()).map(|(sample, _)| sample.clone()).collect();
        self.hidden.retain(|_, by| !by.is_empty());
        for (set, timestamp_ms, bits) in back {
            let at = |contents: &Contents| contents.get(&set).and_then(|samples| samples.get(&timestamp_ms)).copied();
            let others =
                [at(acknowledged), at(synced), at(doubtful)].into_iter().flatten().filter(|other| *other != bits);
            let mut values: BTreeSet<u64> = others.collect();
            if values.is_empty() && !self.is_loose(&set, timestamp_ms) {
                acknowledged.entry(set.clone()).or_default().insert(timestamp_ms, bits);
                synced.entry(set).or_default().insert(timestamp_ms, bits);
                continue;
            }
            // Another was written there meanwhile: which of them is seen is open.
            values.insert(bits);
            for contents in [&mut *acknowledged, &mut *synced, &mut *doubtful] {
                contents.get_mut(&set).map(|samples| samples.remove(&timestamp_ms));
            }
            self.loose.entry((set, timestamp_ms)).or_default().extend(values);
        }
    }

    /// All deletions were applied for good.
    pub(crate) fn clean(&mut self) {
        self.hidden.clear();
    }

    /// Notes a value that was written where it is open which is seen. Answers whether that is so.
    pub(crate) fn take_loose(&mut self, set: &Labels, timestamp_ms: i64, bits: u64) -> bool {
        let values = self.loose.get_mut(&(set.clone(), timestamp_ms));
        values.map(|values| values.insert(bits)).is_some()
    }

    pub(crate) fn is_loose(&self, set: &Labels, timestamp_ms: i64) -> bool {
        self.loose.contains_key(&(set.clone(), timestamp_ms))
    }

    /// Whether a value may be seen where that is open.
    pub(crate) fn may_be(&self, set: &Labels, timestamp_ms: i64, bits: u64) -> bool {
        self.loose.get(&(set.clone(), timestamp_ms)).is_some_and(|values| values.contains(&bits))
    }

    /// Whether a sample is deleted.
    pub(crate) fn hides(&self, set: &Labels, timestamp_ms: i64, bits: u64) -> bool {
        self.hidden.contains_key(&(set.clone(), timestamp_ms, bits))
    }
}
