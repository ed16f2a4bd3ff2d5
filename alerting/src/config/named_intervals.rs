//! `time_intervals`, and `mute_time_intervals`, as they used to be called.

use std::collections::BTreeSet;

use model::name::quoted;
use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use crate::interval::TimeInterval;

/// An interval by a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct NamedIntervals {
    /// What routes call it.
    pub name: String,
    /// What it consists of.
    pub time_intervals: Vec<TimeInterval>,
}

/// Finds intervals without names, and with names that others have.
pub(super) fn check_names<'c>(
    field: &str,
    intervals: &'c [NamedIntervals],
    known: &mut BTreeSet<&'c str>,
    faults: &mut Faults,
) {
    let what = field.trim_end_matches('s').replace('_', " ");
    faults.within_each(field, intervals, |faults, interval| {
        if interval.name.is_empty() {
            faults.add("name", format_args!("missing name in {what}"));
        } else if !known.insert(&interval.name) {
            faults.add("name", format_args!("{what} {} is not unique", quoted(&interval.name)));
        }
    });
}
