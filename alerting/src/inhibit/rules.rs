//! What the configuration says.

use model::Labels;

use crate::matcher::Matchers;

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its name; may be empty.
    pub name: String,
    /// Which alerts keep others quiet.
    pub source: Matchers,
    /// Which alerts are kept quiet.
    pub target: Matchers,
    /// Labels in which both have the same values. One that is not set has the empty value.
    pub equal: Vec<String>,
}

impl Rule {
    /// The labels that must be the same.
    pub(super) fn equal_labels(&self, labels: &Labels) -> Labels {
        labels.without(|name| !self.equal.iter().any(|equal| equal == name))
    }
}

/// All rules, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules(pub Vec<Rule>);
