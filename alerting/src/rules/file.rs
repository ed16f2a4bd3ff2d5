//! Rule files: what they say, as they say it, and what is wrong with them.

use std::collections::BTreeMap;

use model::duration::PromDuration;
use model::name::ValidationScheme;
use model::yaml::{Document, Faults, Problem};
use query::syntax::Options as ParseOptions;
use serde::Deserialize;

use super::check;

/// How a rule file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// What PromQL has beyond its stable core.
    pub parse: ParseOptions,
    /// Which names metrics, labels and annotations may have.
    pub scheme: ValidationScheme,
    /// Whether fields that rules do not have are left out instead of refused.
    pub ignore_unknown_fields: bool,
}

/// A rule file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename = "rulefmt.RuleGroups", default, deny_unknown_fields)]
pub struct RuleFile {
    /// The groups; their names differ.
    pub groups: Vec<GroupConfig>,
}

/// A group: rules that are evaluated one after the other at the same times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename = "rulefmt.RuleGroup", default, deny_unknown_fields)]
pub struct GroupConfig {
    /// Its name.
    pub name: String,
    /// How often it is evaluated; zero for the global `evaluation_interval`.
    pub interval: PromDuration,
    /// How much older than the time of the evaluation the samples are; `None` for the global `rule_query_offset`.
    pub query_offset: Option<PromDuration>,
    /// How many series or alerts a rule may have; 0 for any number.
    pub limit: i64,
    /// Its rules.
    pub rules: Vec<RuleConfig>,
    /// Labels of all its rules; those of a rule stand above them.
    pub labels: BTreeMap<String, String>,
}

/// A rule: one of `record` and `alert` is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename = "rulefmt.Rule", default, deny_unknown_fields)]
pub struct RuleConfig {
    /// The name of the series that a recording rule writes.
    pub record: String,
    /// The name of the alert.
    pub alert: String,
    /// What is evaluated.
    pub expr: String,
    /// How long an alert is pending before it fires.
    #[serde(rename = "for")]
    pub hold: PromDuration,
    /// How long an alert fires on when its expression has nothing to say any more.
    pub keep_firing_for: PromDuration,
    /// Labels; of alerts they are templates.
    pub labels: BTreeMap<String, String>,
    /// Annotations, which are templates.
    pub annotations: BTreeMap<String, String>,
}

impl RuleConfig {
    /// The name of the rule, whatever it is.
    pub fn name(&self) -> &str {
        if self.alert.is_empty() { &self.record } else { &self.alert }
    }
}

impl RuleFile {
    /// Reads the text of a file. Of several YAML documents the first counts.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place: that of a mistake in an expression is inside the expression.
    pub fn read(text: &str, options: ReadOptions) -> Result<RuleFile, Vec<Problem>> {
        let document = Document::parse(text).map_err(|problem| vec![problem])?;
        let (file, mut problems) = document.read::<RuleFile>();
        if options.ignore_unknown_fields {
            problems.retain(|problem| !problem.message.contains(" not found in type "));
        }
        let Some(file) = file.filter(|_| problems.is_empty()) else { return Err(problems) };
        let mut faults = Faults::new();
        let inside = check::check(&file, options, &mut faults);
        let mut found: Vec<Problem> = faults.into_found().iter().map(|fault| document.locate(fault)).collect();
        found.extend(inside.into_iter().map(|fault| fault.located(text, &document)));
        found.sort_by_key(|problem| problem.span);
        if found.is_empty() { Ok(file) } else { Err(found) }
    }

    /// Whether a text has more than one YAML document, of which only the first counts.
    pub fn has_more_documents(text: &str) -> bool {
        let mut lines = text.lines().map(str::trim_end);
        let is_content = |line: &str| !(line.is_empty() || line.starts_with('#') || line.starts_with('%'));
        lines.by_ref().find(|line| is_content(line)).is_some()
            && lines.by_ref().any(|line| line == "---" || line.starts_with("--- "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where something is wrong with a text, as `LINE:COLUMN: MESSAGE`.
    fn shown(text: &str, options: ReadOptions) -> Vec<String> {
        let Err(problems) = RuleFile::read(text, options) else { return Vec::new() };
        let place = |problem: &Problem| {
            let before = &text[..problem.span.start];
            let column = before.rfind('\n').map_or(before.len(), |newline| before.len() - newline - 1);
            (before.matches('\n').count() + 1, column + 1)
        };
        problems.iter().map(|problem| (place(problem), problem)).map(in_words).collect()
    }

    fn in_words(((line, column), problem): ((usize, usize), &Problem)) -> String {
        let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{line}:{column}: {}{help}", problem.message)
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, want: &[&str]| assert_eq!(shown(text, ReadOptions::default()), want, "{text}");
        check("", &[]);
        check("groups:\n- name: g\n  rules:\n  - {record: a, expr: b}\n", &[]);
        check(
            "groups:\n- name: g\n  rules:\n  - alert: a\n    expr: up\n    fore: 5m\n",
            &["6:5: field fore not found in type rulefmt.Rule (did you mean `for`?)"],
        );
        check("groups:\n- rules: []\n", &["2:3: Groupname must not be empty"]);
        let in_expr = r#"group "g", rule 1, "a": could not parse expression:"#;
        check(
            "groups:\n- name: g\n  rules:\n  - record: a\n    expr: sum(rate(b[5m])\n",
            &[&format!("5:26: {in_expr} 1:16: parse error: unclosed left parenthesis")],
        );
        check(
            "groups:\n- name: g\n  rules:\n  - record: a\n    expr: |\n      sum(\n        b +\n      ) by (c\n",
            &[&format!("8:7: {in_expr} 3:1: parse error: unexpected \")\" in aggregation (expected expression)")],
        );
        check(
            "groups:\n- name: g\n  rules:\n  - alert: a\n    expr: \"up{a=\\\"b\\\"} => 1\"\n",
            &[&format!("5:24: {in_expr} 1:11: parse error: unexpected \"=\" (expected end of input)")],
        );
        check(
            "groups:\n- name: g\n  rules:\n  - alert: a\n    expr: up\n    annotations:\n      b: '{{ $c }}'\n",
            &["7:10: group \"g\", rule 1, \"a\": annotation \"b\": error parsing template __alert_a: template: \
               __alert_a:1: undefined variable \"$c\""],
        );
        check(
            "groups:\n- name: g\n  labels: {__name__: a}\n  rules:\n  - record: 'a{}'\n    expr: b\n    for: 1m\n    labels: {'': a}\n",
            &[
                "3:22: invalid label name: __name__",
                "5:13: group \"g\", rule 1, \"a{}\": braces present in the recording rule name; should it be in expr?: a{}",
                "7:10: group \"g\", rule 1, \"a{}\": invalid field 'for' in recording rule",
                "8:18: group \"g\", rule 1, \"a{}\": invalid label name: ",
            ],
        );
    }

    #[test]
    fn unknown_fields_may_be_let_pass() {
        let text = "groups:\n- name: g\n  owner: me\n  rules:\n  - {record: a, expr: b, note: c}\n";
        assert_eq!(shown(text, ReadOptions::default()).len(), 2);
        let options = ReadOptions { ignore_unknown_fields: true, ..ReadOptions::default() };
        assert_eq!(RuleFile::read(text, options).unwrap().groups[0].rules[0].record, "a");
    }

    #[test]
    fn documents_behind_the_first_are_noticed() {
        for (text, want) in [("groups: []\n", false), ("---\ngroups: []\n", false), ("groups: []\n---\na: b\n", true)] {
            assert_eq!(RuleFile::has_more_documents(text), want, "{text}");
        }
    }
}
