//! `route`: a node of the routing tree, as it is written.

use std::collections::{BTreeMap, BTreeSet};

use model::duration::PromDuration;
use model::name::{is_legacy_label_name, quoted};
use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::matchers::{MatchRegexps, MatcherLines, old_matchers};
use super::receiver::is_default;
use crate::matcher::{Grammar, Matchers};
use crate::route::GroupBy;

/// Groups by all labels.
const ALL: &str = "...";

/// A node and those below it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "config.plain", default, deny_unknown_fields)]
pub struct RouteConfig {
    /// To whom; empty for whom the parent says.
    #[serde(skip_serializing_if = "is_default")]
    pub receiver: String,
    /// Labels that the alerts of a group share; nothing for those that the parent says.
    #[serde(skip_serializing_if = "is_default")]
    pub group_by: Option<Vec<String>>,
    /// Old: labels and the values that they have.
    #[serde(rename = "match", skip_serializing_if = "is_default")]
    pub equal: BTreeMap<String, String>,
    /// Old: labels and expressions that their values match.
    #[serde(rename = "match_re", skip_serializing_if = "is_default")]
    pub regex: MatchRegexps,
    /// Which alerts are for it.
    #[serde(skip_serializing_if = "is_default")]
    pub matchers: MatcherLines,
    /// Intervals in which nothing is told.
    #[serde(skip_serializing_if = "is_default")]
    pub mute_time_intervals: Vec<String>,
    /// If any: intervals outside of which nothing is told.
    #[serde(skip_serializing_if = "is_default")]
    pub active_time_intervals: Vec<String>,
    /// Whether its siblings are asked too.
    #[serde(rename = "continue")]
    pub is_continued: bool,
    /// Those below it.
    #[serde(skip_serializing_if = "is_default")]
    pub routes: Vec<RouteConfig>,
    /// How long a new group waits for more alerts.
    #[serde(skip_serializing_if = "is_default")]
    pub group_wait: Option<PromDuration>,
    /// How long a group waits before it tells what has changed.
    #[serde(skip_serializing_if = "is_default")]
    pub group_interval: Option<PromDuration>,
    /// How long a group waits before it tells again what has not changed.
    #[serde(skip_serializing_if = "is_default")]
    pub repeat_interval: Option<PromDuration>,
    /// Labels for templates, whose values are templates themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub labels: BTreeMap<String, String>,
    /// What stands for the matchers in the keys of groups, for a route that was made of other files and whose matchers change
    /// with them: its groups go on all the same. No sibling has the same.
    #[serde(skip)]
    pub key: Option<String>,
}

/// What routes may name.
#[derive(Debug)]
pub(super) struct Known<'c> {
    pub(super) receivers: BTreeSet<&'c str>,
    pub(super) intervals: BTreeSet<&'c str>,
}

impl RouteConfig {
    /// All its matchers, old and new, sorted.
    pub fn all_matchers(&self) -> Matchers {
        old_matchers(&self.equal, &self.regex, &self.matchers)
    }

    /// By what it groups; `None` where it does not say.
    pub fn group_by(&self) -> Option<GroupBy> {
        let names = self.group_by.as_ref()?;
        let is_all = names.iter().any(|name| name == ALL);
        Some(if is_all { GroupBy::All } else { GroupBy::Labels(names.iter().cloned().collect()) })
    }

    /// Finds what is wrong with the root.
    pub(super) fn check_root(&self, known: &Known<'_>, faults: &mut Faults) {
        if self.receiver.is_empty() {
            faults.add("receiver", "root route must specify a default receiver");
        }
        let matchers = [
            ("match", self.equal.is_empty()),
            ("match_re", self.regex.0.is_empty()),
            ("matchers", self.matchers.0.is_empty()),
        ];
        for (field, _) in matchers.iter().filter(|(_, is_empty)| !is_empty) {
            faults.add(field, "root route must not have any matchers");
        }
        if !self.mute_time_intervals.is_empty() {
            faults.add("mute_time_intervals", "root route must not have any mute time intervals");
        }
        if !self.active_time_intervals.is_empty() {
            faults.add("active_time_intervals", "root route must not have any active time intervals");
        }
        if self.is_continued {
            faults.add("continue", "cannot have continue in root route");
        }
        self.check(known, faults);
    }

    /// Finds what is wrong with it and with those below it, which are no deeper than YAML may be.
    fn check(&self, known: &Known<'_>, faults: &mut Faults) {
        if !self.receiver.is_empty() && !known.receivers.contains(self.receiver.as_str()) {
            faults.add("receiver", format_args!("undefined receiver {} used in route", quoted(&self.receiver)));
        }
        for (field, names) in
            [("mute_time_intervals", &self.mute_time_intervals), ("active_time_intervals", &self.active_time_intervals)]
        {
            faults.within_each(field, names, |faults, name| {
                if !known.intervals.contains(name.as_str()) {
                    faults.add_here(format_args!("undefined time interval {} used in route", quoted(name)));
                }
            });
        }
        self.check_names(faults);
        for (field, interval) in [("group_interval", self.group_interval), ("repeat_interval", self.repeat_interval)] {
            if interval.is_some_and(PromDuration::is_zero) {
                faults.add(field, format_args!("{field} cannot be zero"));
            }
        }
        faults.within_each("routes", &self.routes, |faults, route| route.check(known, faults));
    }

    fn check_names(&self, faults: &mut Faults) {
        for name in self.equal.keys().filter(|name| !is_legacy_label_name(name)) {
            faults.within("match", |faults| faults.add(name, format_args!("invalid label name {}", quoted(name))));
        }
        faults.within("match_re", |faults| self.regex.check(faults));
        for name in self.labels.keys().filter(|name| !Grammar::default().is_label_name(name)) {
            let message = format_args!("invalid label name {} in route labels", quoted(name));
            faults.within("labels", |faults| faults.add(name, message));
        }
        let group_by = self.group_by.as_deref().unwrap_or_default();
        if group_by.len() > 1 && group_by.iter().any(|name| name == ALL) {
            faults.add("group_by", "cannot have wildcard group_by (`...`) and other labels at the same time");
        }
        faults.within_each("group_by", group_by.iter().enumerate(), |faults, (index, name)| {
            if !Grammar::default().is_label_name(name) {
                faults.add_here(format_args!("invalid label name {} in group_by list", quoted(name)));
            } else if group_by[..index].contains(name) && name != ALL {
                faults.add_here(format_args!("duplicated label {} in group_by", quoted(name)));
            }
        });
    }
}
