//! What targets say of their metric families: type, help and unit, for the API.
//!
//! A family stays known for ten scrapes after its last line is gone. Shared between a scrape loop, which writes, and
//! whoever asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::parse::MetricType;

/// Scrapes for which a family is still known after it has disappeared.
const KEPT_SCRAPES: u32 = 10;

/// Longer help texts are cut: one is kept for each family of each target.
const MAX_HELP_BYTES: usize = 4096;

/// What a target says of a metric family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyMetadata {
    /// The type; unknown where there is no TYPE line.
    pub metric_type: MetricType,
    /// The help text, cut where it is very long.
    pub help: String,
    /// The unit, which only OpenMetrics has.
    pub unit: String,
}

/// The metric families of a target.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    families: Arc<RwLock<BTreeMap<String, Entry>>>,
}

#[derive(Debug, Default)]
struct Entry {
    metadata: FamilyMetadata,
    /// The scrape that brought the family first.
    since: u32,
    /// The first scrape that did not bring the family, while it is gone.
    gone_since: Option<u32>,
}

impl Metadata {
    /// Everything that is known, sorted by family.
    pub fn list(&self) -> Vec<(String, FamilyMetadata)> {
        self.families.read().iter().map(|(name, entry)| (name.clone(), entry.metadata.clone())).collect()
    }

    /// What is known of one family.
    pub fn get(&self, family: &str) -> Option<FamilyMetadata> {
        self.families.read().get(family).map(|entry| entry.metadata.clone())
    }

    /// How many families are known, and how many bytes their types, helps and units take.
    pub fn size(&self) -> (usize, usize) {
        let families = self.families.read();
        let n_bytes = families.values().map(|Entry { metadata, .. }| {
            metadata.metric_type.as_str().len() + metadata.help.len() + metadata.unit.len()
        });
        (families.len(), n_bytes.sum())
    }

    pub(crate) fn set_type(&self, scrape: u32, family: &str, metric_type: MetricType) {
        self.change(scrape, family, |metadata| metadata.metric_type = metric_type);
    }

    pub(crate) fn set_help(&self, scrape: u32, family: &str, mut help: String) {
        let end = (0..=MAX_HELP_BYTES.min(help.len())).rev().find(|&at| help.is_char_boundary(at));
        help.truncate(end.unwrap_or(0));
        help.shrink_to_fit();
        self.change(scrape, family, |metadata| metadata.help = help);
    }

    pub(crate) fn set_unit(&self, scrape: u32, family: &str, unit: &str) {
        self.change(scrape, family, |metadata| unit.clone_into(&mut metadata.unit));
    }

    fn change(&self, scrape: u32, family: &str, change: impl FnOnce(&mut FamilyMetadata)) {
        let mut families = self.families.write();
        if let Some(entry) = families.get_mut(family) {
            return change(&mut entry.metadata);
        }
        let mut entry = Entry { since: scrape, ..Entry::default() };
        change(&mut entry.metadata);
        families.insert(family.to_owned(), entry);
    }

    /// Notes which families a scrape brought, given the names of all of them; needed only when they are others than
    /// in the scrape before.
    pub(crate) fn keep_seen<'a>(&self, scrape: u32, seen: impl Iterator<Item = &'a str>) {
        let mut families = self.families.write();
        for entry in families.values_mut() {
            entry.gone_since.get_or_insert(scrape);
        }
        for family in seen {
            if let Some(entry) = families.get_mut(family) {
                entry.gone_since = None;
            }
        }
        families.retain(|_, entry| entry.gone_since.is_none_or(|since| scrape - since < KEPT_SCRAPES));
    }

    /// Forgets the families that a scrape brought first: it was not stored.
    pub(crate) fn rollback(&self, scrape: u32) {
        self.families.write().retain(|_, entry| entry.since != scrape);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stay_known_for_ten_scrapes() {
        let metadata = Metadata::default();
        metadata.set_type(1, "a", MetricType::Counter);
        metadata.set_help(1, "b", "é".repeat(MAX_HELP_BYTES));
        metadata.keep_seen(1, ["a", "b"].into_iter());
        assert_eq!(metadata.get("b").unwrap().help.len(), MAX_HELP_BYTES);
        let known_after = |iteration| {
            metadata.keep_seen(iteration, ["b"].into_iter());
            metadata.list().into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(known_after(2), ["a", "b"]);
        assert_eq!(known_after(11), ["a", "b"]);
        assert_eq!(known_after(12), ["b"]);
    }

    #[test]
    fn what_a_failed_scrape_brought_is_forgotten() {
        let metadata = Metadata::default();
        metadata.set_type(1, "a", MetricType::Counter);
        metadata.set_type(2, "b", MetricType::Counter);
        metadata.set_unit(2, "a", "seconds");
        metadata.rollback(2);
        assert_eq!(metadata.size(), (1, "counterseconds".len()));
    }
}
