//! What must hold in a rule file beyond its form: Prometheus's checks, in its words.

use std::collections::{BTreeMap, BTreeSet};

use model::labels::METRIC_NAME;
use model::name::quoted;
use model::yaml::{DisplayPath, Document, Fault, Faults, Problem, Span, Step};
use query::syntax::{ParseError, parse};

use super::file::{GroupConfig, ReadOptions, RuleConfig, RuleFile};
use super::place::within_scalar;
use super::text::Text;

/// A mistake inside an expression.
pub(super) struct ExprFault {
    path: Vec<Step>,
    message: String,
    expr: String,
    error: ParseError,
}

impl ExprFault {
    /// The mistake at its place in the text of the file.
    pub(super) fn located(self, text: &str, document: &Document) -> Problem {
        let problem = document.locate(&Fault { path: self.path.clone(), message: self.message });
        let span = document.find(&self.path).map_or(problem.span, |(scalar, _)| {
            let (start, end) = (self.error.span.start as usize, self.error.span.end as usize);
            let at = |offset| within_scalar(text, scalar, &self.expr, offset);
            let start = at(start);
            Span { start, end: if end > self.error.span.start as usize { at(end - 1) + 1 } else { start }.max(start) }
        });
        let words = self.error.expected.join(", ");
        let help = (!words.is_empty()).then(|| format!("expected {words}"));
        Problem { span, path: DisplayPath(&self.path).to_string(), help, ..problem }
    }
}

/// Checks a file. Mistakes in expressions are answered, for their place is not that of a field.
pub(super) fn check(file: &RuleFile, options: ReadOptions, faults: &mut Faults) -> Vec<ExprFault> {
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    for (index, group) in file.groups.iter().enumerate() {
        let path = [Step::Key("groups".to_owned()), Step::Index(index), Step::Key("rules".to_owned())];
        for (number, rule) in group.rules.iter().enumerate() {
            let path = path.iter().cloned().chain([Step::Index(number), Step::Key("expr".to_owned())]);
            found.extend(expr_fault(&place(group, number, rule), rule, options, path.collect()));
        }
    }
    faults.within_each("groups", &file.groups, |faults, group| {
        if group.name.is_empty() {
            faults.add("name", "Groupname must not be empty");
        } else if !names.insert(&*group.name) {
            faults.add("name", format_args!("groupname: \"{}\" is repeated in the same file", group.name));
        }
        check_labels("", &group.labels, options, faults);
        let mut number = 0;
        faults.within_each("rules", &group.rules, |faults, rule| {
            check_rule(&place(group, number, rule), rule, options, faults);
            number += 1;
        });
    });
    found
}

/// How Prometheus names a rule in its errors.
fn place(group: &GroupConfig, number: usize, rule: &RuleConfig) -> String {
    format!("group {}, rule {}, {}: ", quoted(&group.name), number + 1, quoted(rule.name()))
}

fn expr_fault(place: &str, rule: &RuleConfig, options: ReadOptions, path: Vec<Step>) -> Option<ExprFault> {
    let errors = parse(&rule.expr, options.parse).err().filter(|_| !rule.expr.is_empty())?;
    let message = format!("{place}could not parse expression: {errors}");
    Some(ExprFault { path, message, expr: rule.expr.clone(), error: errors.first().clone() })
}

fn check_rule(place: &str, rule: &RuleConfig, options: ReadOptions, faults: &mut Faults) {
    match (rule.record.is_empty(), rule.alert.is_empty()) {
        (false, false) => faults.add("alert", format_args!("{place}only one of 'record' and 'alert' must be set")),
        (true, true) => faults.add_here(format_args!("{place}one of 'record' or 'alert' must be set")),
        _ => {}
    }
    if rule.expr.is_empty() {
        faults.add("expr", format_args!("{place}field 'expr' must be set in rule"));
    }
    if !rule.record.is_empty() {
        check_recording(place, rule, options, faults);
    }
    check_labels(place, &rule.labels, options, faults);
    faults.within("annotations", |faults| {
        for name in rule.annotations.keys().filter(|name| !options.scheme.is_label_name(name)) {
            faults.add(name, format_args!("{place}invalid annotation name: {name}"));
        }
    });
    if !rule.alert.is_empty() {
        check_templates(place, rule, faults);
    }
}

fn check_recording(place: &str, rule: &RuleConfig, options: ReadOptions, faults: &mut Faults) {
    for (field, is_there) in [
        ("annotations", !rule.annotations.is_empty()),
        ("for", !rule.hold.is_zero()),
        ("keep_firing_for", !rule.keep_firing_for.is_zero()),
    ] {
        if is_there {
            faults.add(field, format_args!("{place}invalid field '{field}' in recording rule"));
        }
    }
    let name = &rule.record;
    if !options.scheme.is_metric_name(name) {
        faults.add("record", format_args!("{place}invalid recording rule name: {name}"));
    }
    if name.contains(['{', '}']) {
        let what = "braces present in the recording rule name; should it be in expr?";
        faults.add("record", format_args!("{place}{what}: {name}"));
    }
}

fn check_labels(place: &str, labels: &BTreeMap<String, String>, options: ReadOptions, faults: &mut Faults) {
    faults.within("labels", |faults| {
        for name in labels.keys().filter(|name| !options.scheme.is_label_name(name) || *name == METRIC_NAME) {
            faults.add(name, format_args!("{place}invalid label name: {name}"));
        }
    });
}

/// Templates are read when a file is, so that what is misspelt is not found at night.
fn check_templates(place: &str, rule: &RuleConfig, faults: &mut Faults) {
    for (section, kind, texts) in [("labels", "label", &rule.labels), ("annotations", "annotation", &rule.annotations)]
    {
        faults.within(section, |faults| {
            for (name, text) in texts {
                if let Err(error) = Text::new(&rule.alert, text) {
                    faults.add(name, format_args!("{place}{kind} {}: {error}", quoted(name)));
                }
            }
        });
    }
}
