//! All intervals of a configuration.

use std::collections::BTreeMap;

use super::time_interval::TimeInterval;

/// Intervals by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals(BTreeMap<String, Vec<TimeInterval>>);

/// Why a route is quiet at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// It is within these of its `mute_time_intervals`.
    Muted(Vec<String>),
    /// It is within none of its `active_time_intervals`, which are these.
    NotActive(Vec<String>),
}

impl Quiet {
    /// The names of the intervals that are to blame.
    pub fn intervals(&self) -> &[String] {
        match self {
            Quiet::Muted(names) | Quiet::NotActive(names) => names,
        }
    }
}

impl Intervals {
    /// Intervals with their names.
    pub fn new(intervals: impl IntoIterator<Item = (String, Vec<TimeInterval>)>) -> Intervals {
        Intervals(intervals.into_iter().collect())
    }

    /// Those of some names that a time, in milliseconds since the Unix epoch, is in.
    pub fn containing(&self, names: &[String], at_ms: i64) -> Vec<String> {
        let contains = |name: &&String| {
            let elements = self.0.get(*name).map_or(&[][..], Vec::as_slice);
            elements.iter().any(|interval| interval.contains(at_ms))
        };
        names.iter().filter(contains).cloned().collect()
    }

    /// Why a route with these names is quiet at a time, in milliseconds since the Unix epoch; `None` where it is not.
    pub fn quiet(&self, active: &[String], mute: &[String], at_ms: i64) -> Option<Quiet> {
        if !active.is_empty() && self.containing(active, at_ms).is_empty() {
            return Some(Quiet::NotActive(active.to_vec()));
        }
        let muting = self.containing(mute, at_ms);
        (!muting.is_empty()).then_some(Quiet::Muted(muting))
    }
}
