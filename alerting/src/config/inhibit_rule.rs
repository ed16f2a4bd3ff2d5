//! `inhibit_rules`: which alerts keep which others quiet, as it is written.

use std::collections::BTreeMap;

use model::name::{is_legacy_label_name, quoted};
use model::yaml::Faults;
use serde::{Deserialize, Serialize};

use super::matchers::{MatchRegexps, MatcherLines, old_matchers};
use super::receiver::is_default;
use crate::inhibit::Rule;
use crate::matcher::Grammar;

/// A rule. The fields named `…_match` and `…_match_re` are the old form of matchers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "common.plain", default, deny_unknown_fields)]
pub struct InhibitRuleConfig {
    /// Its name.
    #[serde(skip_serializing_if = "is_default")]
    pub name: String,
    /// Old: labels of sources and the values that they have.
    #[serde(skip_serializing_if = "is_default")]
    pub source_match: BTreeMap<String, String>,
    /// Old: labels of sources and expressions that their values match.
    #[serde(skip_serializing_if = "is_default")]
    pub source_match_re: MatchRegexps,
    /// Which alerts keep others quiet.
    #[serde(skip_serializing_if = "is_default")]
    pub source_matchers: MatcherLines,
    /// Old: labels of targets and the values that they have.
    #[serde(skip_serializing_if = "is_default")]
    pub target_match: BTreeMap<String, String>,
    /// Old: labels of targets and expressions that their values match.
    #[serde(skip_serializing_if = "is_default")]
    pub target_match_re: MatchRegexps,
    /// Which alerts are kept quiet.
    #[serde(skip_serializing_if = "is_default")]
    pub target_matchers: MatcherLines,
    /// Labels in which both have the same values.
    #[serde(skip_serializing_if = "is_default")]
    pub equal: Vec<String>,
}

impl InhibitRuleConfig {
    /// Reads a list of rules. One of which nothing is said is a rule all the same: it keeps nothing quiet.
    pub(super) fn read_list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Self>, D::Error> {
        let rules = Vec::<Option<InhibitRuleConfig>>::deserialize(deserializer)?;
        Ok(rules.into_iter().map(Option::unwrap_or_default).collect())
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        for (field, labels) in [("source_match", &self.source_match), ("target_match", &self.target_match)] {
            for name in labels.keys().filter(|name| !is_legacy_label_name(name)) {
                faults.within(field, |faults| faults.add(name, format_args!("invalid label name {}", quoted(name))));
            }
        }
        faults.within("source_match_re", |faults| self.source_match_re.check(faults));
        faults.within("target_match_re", |faults| self.target_match_re.check(faults));
        faults.within_each("equal", &self.equal, |faults, name| {
            if !Grammar::default().is_label_name(name) {
                faults.add_here(format_args!("invalid label name {} in equal list", quoted(name)));
            }
        });
    }

    /// The rule that it means.
    pub fn to_rule(&self) -> Rule {
        Rule {
            name: self.name.clone(),
            source: old_matchers(&self.source_match, &self.source_match_re, &self.source_matchers),
            target: old_matchers(&self.target_match, &self.target_match_re, &self.target_matchers),
            equal: self.equal.clone(),
        }
    }
}
