//! Target groups: addresses that have labels in common, as a configuration or a discovery file lists them.

use std::collections::BTreeMap;

use model::Labels;
use model::yaml::{Document, Problem};
use serde::Deserialize;

/// The label that holds a target's address.
pub const ADDRESS_LABEL: &str = "__address__";

/// Targets with labels in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Where the group comes from: the file and the group's number in it.
    pub source: String,
    /// The labels of each target.
    pub targets: Vec<Labels>,
    /// Labels of all targets, where these have no labels of the same names.
    pub labels: Labels,
}

/// Why a text is no list of target groups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The text is not JSON, or says other things.
    #[error("{0}")]
    Json(String),
    /// The text is not YAML, or says other things.
    #[error("{0}")]
    Yaml(String),
    /// An element of the list is empty.
    #[error("nil target group item found")]
    EmptyItem,
}

impl GroupError {
    fn yaml(text: &str, problem: &Problem) -> GroupError {
        let start = problem.span.start.min(text.len());
        let line_number = 1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
        let place = if problem.path.is_empty() { String::new() } else { format!("{}: ", problem.path) };
        GroupError::Yaml(format!("line {line_number}: {place}{}", problem.message))
    }
}

/// A group as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    targets: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
}

impl TargetGroup {
    /// A group of addresses.
    pub fn new<'a>(source: &str, addresses: impl IntoIterator<Item = &'a str>, labels: Labels) -> TargetGroup {
        let target = |address| Labels::from_pairs([(ADDRESS_LABEL, address)]);
        TargetGroup { source: source.to_owned(), targets: addresses.into_iter().map(target).collect(), labels }
    }

    /// The groups of a JSON text. `source` and a number become the source of each; `extra` labels win over those given.
    ///
    /// # Errors
    /// When the text is anything but a list of groups.
    pub fn from_json(text: &str, source: &str, extra: &[(&str, &str)]) -> Result<Vec<TargetGroup>, GroupError> {
        let written: Option<Vec<Option<Written>>> =
            serde_json::from_str(text).map_err(|error| GroupError::Json(error.to_string()))?;
        groups(written.unwrap_or_default(), source, extra)
    }

    /// The groups of a YAML text; see [`TargetGroup::from_json`].
    ///
    /// # Errors
    /// When the text is anything but a list of groups.
    pub fn from_yaml(text: &str, source: &str, extra: &[(&str, &str)]) -> Result<Vec<TargetGroup>, GroupError> {
        let document = Document::parse(text).map_err(|problem| GroupError::yaml(text, &problem))?;
        let (written, problems) = document.read::<Option<Vec<Option<Written>>>>();
        if let Some(problem) = problems.first() {
            return Err(GroupError::yaml(text, problem));
        }
        groups(written.flatten().unwrap_or_default(), source, extra)
    }
}

fn groups(written: Vec<Option<Written>>, source: &str, extra: &[(&str, &str)]) -> Result<Vec<TargetGroup>, GroupError> {
    let group = |(number, written): (usize, Option<Written>)| {
        let Written { targets, labels } = written.ok_or(GroupError::EmptyItem)?;
        let labels = labels.unwrap_or_default();
        let given = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = Labels::from_pairs(given.chain(extra.iter().copied()));
        let addresses = targets.unwrap_or_default();
        Ok(TargetGroup::new(&format!("{source}:{number}"), addresses.iter().map(String::as_str), labels))
    };
    written.into_iter().enumerate().map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        let json = r#"[{"targets": ["a:1", "b:2"], "labels": {"x": "y"}}, {"targets": []}]"#;
        let yaml = "- targets: [a:1, 'b:2']\n  labels:\n    x: y\n- targets:\n";
        let extra = [("__meta_filepath", "f")];
        let groups = TargetGroup::from_json(json, "f", &extra).unwrap();
        let labels = Labels::from_pairs([("__meta_filepath", "f"), ("x", "y")]);
        assert_eq!(groups[0], TargetGroup::new("f:0", ["a:1", "b:2"], labels));
        assert_eq!(groups[1], TargetGroup::new("f:1", [], Labels::from_pairs(extra)));
        assert_eq!(TargetGroup::from_yaml(yaml, "f", &extra).unwrap(), groups);
    }

    #[test]
    fn nothing_is_no_groups() {
        for text in ["", "null", "[]"] {
            assert_eq!(TargetGroup::from_yaml(text, "f", &[]), Ok(vec![]), "{text}");
        }
        assert_eq!(TargetGroup::from_json("null", "f", &[]), Ok(vec![]));
    }

    #[test]
    fn anything_else_is_an_error() {
        for text in ["{}", "[null]", "[{\"target\": []}]", "[{\"targets\": \"a\"}]", "[", "[{\"labels\": [1]}]"] {
            assert!(TargetGroup::from_json(text, "f", &[]).is_err(), "{text}");
            assert!(TargetGroup::from_yaml(text, "f", &[]).is_err(), "{text}");
        }
        assert_eq!(TargetGroup::from_yaml("- \n", "f", &[]), Err(GroupError::EmptyItem));
    }
}
