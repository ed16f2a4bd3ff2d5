//! A rule as it is written in a configuration.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::name::{self, ValidationScheme};
use crate::regex::GoRegex;
use crate::yaml::Faults;

/// What stands between the values of several source labels.
const DEFAULT_SEPARATOR: &str = ";";
/// The whole of what a pattern's first group found.
const DEFAULT_REPLACEMENT: &str = "$1";
/// What a rule without a pattern matches.
pub(super) const DEFAULT_PATTERN: &str = "(.*)";

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Sets a label to a replacement, where the pattern matches.
    Replace,
    /// Drops the set unless the pattern matches.
    Keep,
    /// Drops the set where the pattern matches.
    Drop,
    /// Drops the set unless the source equals the target label.
    KeepEqual,
    /// Drops the set where the source equals the target label.
    DropEqual,
    /// Sets a label to a hash of the source, modulo a number.
    HashMod,
    /// Copies labels whose names match to names made of the replacement.
    LabelMap,
    /// Removes labels whose names match.
    LabelDrop,
    /// Removes labels whose names do not match.
    LabelKeep,
    /// Sets a label to the source in lower case.
    Lowercase,
    /// Sets a label to the source in upper case.
    Uppercase,
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 11] = [
        Action::Replace,
        Action::Keep,
        Action::Drop,
        Action::KeepEqual,
        Action::DropEqual,
        Action::HashMod,
        Action::LabelMap,
        Action::LabelDrop,
        Action::LabelKeep,
        Action::Lowercase,
        Action::Uppercase,
    ];

    /// The action's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Replace => "replace",
            Action::Keep => "keep",
            Action::Drop => "drop",
            Action::KeepEqual => "keepequal",
            Action::DropEqual => "dropequal",
            Action::HashMod => "hashmod",
            Action::LabelMap => "labelmap",
            Action::LabelDrop => "labeldrop",
            Action::LabelKeep => "labelkeep",
            Action::Lowercase => "lowercase",
            Action::Uppercase => "uppercase",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = RelabelError;

    /// Case does not matter.
    fn from_str(text: &str) -> Result<Action, RelabelError> {
        let is_meant = |action: &Action| action.as_str().eq_ignore_ascii_case(text);
        Action::ALL.into_iter().find(is_meant).ok_or_else(|| RelabelError::UnknownAction(text.to_owned()))
    }
}

/// Why a rule cannot be used, in Prometheus's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelabelError {
    /// `action` was left empty.
    #[error("relabel action cannot be empty")]
    NoAction,
    /// There is no such action.
    #[error("unknown relabel action {}", name::quoted(.0))]
    UnknownAction(String),
    /// `hashmod` divides by `modulus`.
    #[error("relabel configuration for hashmod requires non-zero modulus")]
    NoModulus,
    /// The action writes to, or compares with, a label that is not named.
    #[error("relabel configuration for {0} action requires 'target_label' value")]
    NoTarget(Action),
    /// The target cannot name a label.
    #[error("{} is invalid 'target_label' for {action} action", name::quoted(.label))]
    InvalidTarget {
        /// What was written.
        label: String,
        /// The rule's action.
        action: Action,
    },
    /// The replacement cannot name a label.
    #[error("{} is invalid 'replacement' for labelmap action", name::quoted(.0))]
    InvalidReplacement(String),
    /// The action writes no replacement.
    #[error("'replacement' can not be set for {0} action")]
    UnusedReplacement(Action),
    /// `keepequal` and `dropequal` know only two fields.
    #[error("{0} action requires only 'source_labels' and `target_label`, and no other fields")]
    OnlySourceAndTarget(Action),
    /// `labeldrop` and `labelkeep` know only one field.
    #[error("{0} action requires only 'regex', and no other fields")]
    OnlyRegex(Action),
}

impl RelabelError {
    /// The field that is wrong, where it is one.
    fn field(&self) -> Option<&'static str> {
        match self {
            RelabelError::NoAction | RelabelError::UnknownAction(_) => Some("action"),
            RelabelError::NoModulus => Some("modulus"),
            RelabelError::NoTarget(_) | RelabelError::InvalidTarget { .. } => Some("target_label"),
            RelabelError::InvalidReplacement(_) | RelabelError::UnusedReplacement(_) => Some("replacement"),
            RelabelError::OnlySourceAndTarget(_) | RelabelError::OnlyRegex(_) => None,
        }
    }
}

/// A rule as it is written in a configuration, with what was left out filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct RelabelConfig {
    /// The labels whose values are joined to make the source.
    #[serde(skip_serializing_if = "is_absent_or_empty", serialize_with = "serialize_in_one_line")]
    pub source_labels: Option<Vec<String>>,
    /// What stands between the values.
    pub separator: String,
    /// What the source, or the labels' names, must match; `None` where it was left out, and everything does.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "serialize_regex")]
    pub regex: Option<GoRegex>,
    /// The divisor of `hashmod`.
    #[serde(skip_serializing_if = "is_zero")]
    pub modulus: u64,
    /// The label that is written to, or compared with. Groups may be named for `replace`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target_label: String,
    /// What is written.
    pub replacement: String,
    /// What the rule does; `None` where the field was left empty, which is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
}

impl Default for RelabelConfig {
    fn default() -> RelabelConfig {
        RelabelConfig {
            separator: DEFAULT_SEPARATOR.to_owned(),
            replacement: DEFAULT_REPLACEMENT.to_owned(),
            action: Some(Action::Replace),
            ..RelabelConfig::empty()
        }
    }
}

impl RelabelConfig {
    /// A rule of which nothing is filled in.
    pub(super) fn empty() -> RelabelConfig {
        RelabelConfig {
            source_labels: None,
            separator: String::new(),
            regex: None,
            modulus: 0,
            target_label: String::new(),
            replacement: String::new(),
            action: None,
        }
    }

    /// Finds out whether the rule can be used.
    ///
    /// # Errors
    /// When it cannot; the first reason.
    pub fn validate(&self, scheme: ValidationScheme) -> Result<(), RelabelError> {
        let action = self.action.ok_or(RelabelError::NoAction)?;
        if action == Action::HashMod && self.modulus == 0 {
            return Err(RelabelError::NoModulus);
        }
        if action.has_target() && self.target_label.is_empty() {
            return Err(RelabelError::NoTarget(action));
        }
        let target_is_valid = match action {
            Action::Replace if self.target_label.contains('$') => is_name_template(scheme, &self.target_label),
            action => !action.has_target() || scheme.is_label_name(&self.target_label),
        };
        if !target_is_valid {
            return Err(RelabelError::InvalidTarget { label: self.target_label.clone(), action });
        }
        let compares = matches!(action, Action::KeepEqual | Action::DropEqual);
        if (compares || matches!(action, Action::Lowercase | Action::Uppercase))
            && self.replacement != DEFAULT_REPLACEMENT
        {
            return Err(RelabelError::UnusedReplacement(action));
        }
        if action == Action::LabelMap && !is_name_template(scheme, &self.replacement) {
            return Err(RelabelError::InvalidReplacement(self.replacement.clone()));
        }
        if compares && (self.regex.is_some() || !self.has_default_source()) {
            return Err(RelabelError::OnlySourceAndTarget(action));
        }
        let drops_labels = matches!(action, Action::LabelDrop | Action::LabelKeep);
        let has_others = self.source_labels.is_some() || !self.target_label.is_empty() || !self.has_default_source();
        if drops_labels && (has_others || self.replacement != DEFAULT_REPLACEMENT) {
            return Err(RelabelError::OnlyRegex(action));
        }
        Ok(())
    }

    /// Says what is wrong with the rule, and with which of its fields.
    pub fn check(&self, scheme: ValidationScheme, faults: &mut Faults) {
        match self.validate(scheme) {
            Ok(()) => {}
            Err(error) => match error.field() {
                Some(field) => faults.add(field, error),
                None => faults.add_here(error),
            },
        }
    }

    fn has_default_source(&self) -> bool {
        self.modulus == 0 && self.separator == DEFAULT_SEPARATOR
    }
}

impl Action {
    fn has_target(self) -> bool {
        match self {
            Action::Replace
            | Action::HashMod
            | Action::Lowercase
            | Action::Uppercase
            | Action::KeepEqual
            | Action::DropEqual => true,
            Action::Keep | Action::Drop | Action::LabelMap | Action::LabelDrop | Action::LabelKeep => false,
        }
    }
}

/// Whether a text names a label once the groups in it are filled in. A `$` is legal in UTF-8 names as it is.
pub(super) fn is_name_template(scheme: ValidationScheme, text: &str) -> bool {
    static LEGACY: LazyLock<GoRegex> = LazyLock::new(|| {
        let reference = r"\$\w+|\$\{\w+\}";
        GoRegex::anchored(&format!("([a-zA-Z_]|{reference})(\\w|{reference})*")).expect("a correct pattern")
    });
    match scheme {
        ValidationScheme::Utf8 => scheme.is_label_name(text),
        ValidationScheme::Legacy => LEGACY.is_match(text),
    }
}

/// The fields that a configuration may have; those that it has not are taken from the default.
#[derive(Deserialize)]
#[serde(rename = "relabel.Config", deny_unknown_fields)]
pub(super) struct Written {
    #[serde(default)]
    source_labels: Option<Vec<String>>,
    #[serde(default, deserialize_with = "or_empty")]
    separator: Option<String>,
    #[serde(default, deserialize_with = "regex_or_empty")]
    regex: Option<GoRegex>,
    #[serde(default)]
    modulus: u64,
    #[serde(default, deserialize_with = "or_empty")]
    target_label: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    replacement: Option<String>,
    #[serde(default, deserialize_with = "action_or_none")]
    action: Option<Option<Action>>,
}

impl Written {
    pub(super) fn over(self, base: RelabelConfig) -> RelabelConfig {
        RelabelConfig {
            source_labels: self.source_labels,
            separator: self.separator.unwrap_or(base.separator),
            regex: self.regex,
            modulus: self.modulus,
            target_label: self.target_label.unwrap_or(base.target_label),
            replacement: self.replacement.unwrap_or(base.replacement),
            action: self.action.unwrap_or(base.action),
        }
    }
}

impl From<Written> for RelabelConfig {
    fn from(written: Written) -> RelabelConfig {
        written.over(RelabelConfig::default())
    }
}

/// A field that is there and has no value is empty, which is not the default.
fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Option::deserialize(deserializer)?.unwrap_or_default()))
}

fn regex_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<GoRegex>, D::Error> {
    let pattern = or_empty(deserializer)?.unwrap_or_default();
    GoRegex::anchored(&pattern).map(Some).map_err(D::Error::custom)
}

fn action_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Action>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(Some(None)) };
    text.parse().map(|action| Some(Some(action))).map_err(D::Error::custom)
}

fn serialize_regex<S: serde::Serializer>(regex: &Option<GoRegex>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(regex.as_ref().map_or(DEFAULT_PATTERN, GoRegex::pattern))
}

/// Prometheus writes this list in brackets. The name of the newtype asks `serde-saphyr` for that; JSON ignores it.
fn serialize_in_one_line<S: serde::Serializer>(labels: &Option<Vec<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct("__yaml_flow_seq", labels.as_deref().unwrap_or_default())
}

fn is_absent_or_empty(labels: &Option<Vec<String>>) -> bool {
    labels.as_ref().is_none_or(Vec::is_empty)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
