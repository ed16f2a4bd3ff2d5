//! A rule file of Prometheus, and the custom resource of its operator.

use std::collections::BTreeMap;

use model::duration::PromDuration;

use super::yaml::Node;

/// Groups of rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleFile {
    /// The groups; each is evaluated by itself.
    pub groups: Vec<RuleGroup>,
}

/// Rules that are evaluated one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleGroup {
    /// Its name.
    pub name: String,
    /// How often, in milliseconds; `None` for the evaluation interval of the server.
    pub interval_ms: Option<i64>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it makes.
    pub made: Made,
    /// In PromQL.
    pub expr: String,
    /// For how long before an alert fires, in milliseconds; `None` for at once.
    pub for_ms: Option<i64>,
    /// Labels that are added.
    pub labels: BTreeMap<String, String>,
    /// Annotations of an alert.
    pub annotations: BTreeMap<String, String>,
}

/// What a rule makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// A series of this name.
    Record(String),
    /// An alert of this name.
    Alert(String),
}

/// Whose rules a custom resource holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Its namespace; empty for none.
    pub namespace: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Rule {
    /// A rule that records.
    pub fn record(name: impl Into<String>, expr: impl Into<String>, labels: BTreeMap<String, String>) -> Rule {
        let made = Made::Record(name.into());
        Rule { made, expr: expr.into(), for_ms: None, labels, annotations: BTreeMap::new() }
    }

    fn entries(&self) -> Vec<(String, Node)> {
        let (word, name) = match &self.made {
            Made::Record(name) => ("record", name),
            Made::Alert(name) => ("alert", name),
        };
        let mut entries = vec![entry(word, Node::text(name)), entry("expr", Node::text(&self.expr))];
        entries.extend(self.for_ms.map(|for_ms| entry("for", duration(for_ms))));
        for (name, texts) in [("labels", &self.labels), ("annotations", &self.annotations)] {
            if !texts.is_empty() {
                entries.push(entry(name, Node::texts(texts)));
            }
        }
        entries
    }
}

impl RuleGroup {
    fn entries(&self, of_rule: impl Fn(&Rule) -> Vec<(String, Node)>) -> Vec<(String, Node)> {
        let rules = self.rules.iter().map(|rule| Node::Map(of_rule(rule))).collect();
        let mut entries = vec![entry("name", Node::text(&self.name))];
        entries.extend(self.interval_ms.map(|interval_ms| entry("interval", duration(interval_ms))));
        entries.push(entry("rules", Node::List(rules)));
        entries
    }
}

impl RuleFile {
    /// As a rule file.
    pub fn to_prometheus(&self) -> String {
        let groups = self.groups.iter().map(|group| Node::Map(group.entries(Rule::entries))).collect();
        Node::Map(vec![entry("groups", Node::List(groups))]).to_text()
    }

    /// As a `PrometheusRule` of the Prometheus operator. Names stand by the alphabet, as Kubernetes has them.
    pub fn to_kubernetes(&self, metadata: &Metadata) -> String {
        let group = |group: &RuleGroup| Node::Map(sorted(group.entries(|rule| sorted(rule.entries()))));
        let groups = self.groups.iter().map(group).collect();
        let spec = Node::Map(vec![entry("groups", Node::List(groups))]);
        Node::Map(vec![
            entry("apiVersion", Node::text("monitoring.coreos.com/v1")),
            entry("kind", Node::text("PrometheusRule")),
            entry("metadata", metadata.node()),
            entry("spec", spec),
        ])
        .to_text()
    }
}

impl Metadata {
    fn node(&self) -> Node {
        let mut entries = Vec::new();
        for (name, texts) in [("annotations", &self.annotations), ("labels", &self.labels)] {
            if !texts.is_empty() {
                entries.push(entry(name, Node::texts(texts)));
            }
        }
        entries.push(entry("name", Node::text(&self.name)));
        if !self.namespace.is_empty() {
            entries.push(entry("namespace", Node::text(&self.namespace)));
        }
        Node::Map(entries)
    }
}

fn entry(name: &str, node: Node) -> (String, Node) {
    (name.to_owned(), node)
}

fn duration(millis: i64) -> Node {
    Node::text(PromDuration::from_millis(millis).to_string())
}

fn sorted(mut entries: Vec<(String, Node)>) -> Vec<(String, Node)> {
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    entries
}
