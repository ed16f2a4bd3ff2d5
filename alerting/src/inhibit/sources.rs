//! The alerts that may keep others quiet.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::Labels;

use super::rules::Rules;
use crate::{Alert, Fingerprint};

/// Alerts on the source sides of rules.
#[derive(Clone, Debug)]
pub struct Sources {
    rules: Arc<Rules>,
    /// For each rule, by the values that must be equal.
    by_equal: Vec<HashMap<Labels, BTreeMap<Fingerprint, Source>>>,
}

#[derive(Clone, Debug)]
struct Source {
    alert: Alert,
    /// Whether it matches the target side too.
    is_target: bool,
}

/// Why an alert is kept quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inhibition {
    /// The place of the rule among the rules, from 0.
    pub rule: usize,
    /// The alert on its source side.
    pub source: Fingerprint,
}

impl Sources {
    /// No alerts yet.
    pub fn new(rules: Arc<Rules>) -> Sources {
        let by_equal = rules.0.iter().map(|_| HashMap::new()).collect();
        Sources { rules, by_equal }
    }

    /// Takes in the newest report of an alert. One that is over may come as well as not.
    pub fn set(&mut self, alert: &Alert) {
        for (rule, by_equal) in self.rules.0.iter().zip(&mut self.by_equal) {
            if rule.source.matches(&alert.labels) {
                let source = Source { alert: alert.clone(), is_target: rule.target.matches(&alert.labels) };
                let equal = rule.equal_labels(&alert.labels);
                by_equal.entry(equal).or_default().insert(alert.fingerprint(), source);
            }
        }
    }

    /// Forgets an alert.
    pub fn remove(&mut self, labels: &Labels) {
        let fingerprint = Fingerprint::of(labels);
        for (rule, by_equal) in self.rules.0.iter().zip(&mut self.by_equal) {
            let equal = rule.equal_labels(labels);
            let Some(sources) = by_equal.get_mut(&equal) else { continue };
            sources.remove(&fingerprint);
            if sources.is_empty() {
                by_equal.remove(&equal);
            }
        }
    }

    /// Which alert keeps one with these labels quiet at a time, in milliseconds since the Unix epoch, if any does: by the
    /// first rule by which one does, the one with the least fingerprint.
    pub fn inhibiting(&self, labels: &Labels, at_ms: i64) -> Option<Inhibition> {
        self.rules.0.iter().zip(&self.by_equal).enumerate().find_map(|(index, (rule, by_equal))| {
            if by_equal.is_empty() || !rule.target.matches(labels) {
                return None;
            }
            let is_source = rule.source.matches(labels);
            let sources = by_equal.get(&rule.equal_labels(labels))?;
            let keeps_quiet = |source: &Source| !(source.alert.is_resolved_at(at_ms) || is_source && source.is_target);
            let (source, _) = sources.iter().find(|(_, source)| keeps_quiet(source))?;
            Some(Inhibition { rule: index, source: *source })
        })
    }
}
