//! Writing Sloth's files.

use std::collections::BTreeMap;

use super::file::FILE_VERSION;
use super::outward::{NotSloths, service_of};
use super::slo::{Alert, SEVERITY_LABEL, Sli, Slo};
use super::windows::Windows;
use crate::export::yaml::Node;
use crate::spec::{Objective, Severity};

/// Objectives as files of Sloth's, one for each service, by the service's name.
///
/// # Errors
/// The first objective that Sloth has no words for.
pub fn to_files<'o>(
    objectives: impl IntoIterator<Item = &'o Objective>,
) -> Result<BTreeMap<String, String>, NotSloths> {
    let mut slos: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    for objective in objectives {
        let (service, windows) = service_of(objective)?;
        if Windows::built_in(windows.period_ms).as_ref() != Some(&windows) {
            return Err(NotSloths::Windows(objective.id.clone()));
        }
        let nodes = service.slos.iter().map(slo_node);
        slos.entry(service.name).or_default().extend(nodes);
    }
    let file = |(service, slos): (String, Vec<Node>)| {
        let node =
            map([("version", Node::text(FILE_VERSION)), ("service", Node::text(&service)), ("slos", Node::List(slos))]);
        let text = node.to_text();
        (service, text)
    };
    Ok(slos.into_iter().map(file).collect())
}

fn slo_node(slo: &Slo) -> Node {
    let sli = match &slo.sli {
        Sli::Events { error, total } => {
            map([("events", map([("error_query", Node::text(error)), ("total_query", Node::text(total))]))])
        }
        Sli::Raw { error_ratio } => map([("raw", map([("error_ratio_query", Node::text(error_ratio))]))]),
        Sli::Plugin { id } => map([("plugin", map([("id", Node::text(id))]))]),
    };
    let mut entries = vec![("name", Node::text(&slo.name)), ("objective", Node::bare(&slo.percent))];
    if !slo.description.is_empty() {
        entries.push(("description", Node::text(&slo.description)));
    }
    if !slo.labels.is_empty() {
        entries.push(("labels", Node::texts(&slo.labels)));
    }
    entries.push(("sli", sli));
    entries.push(("alerting", alerting_node(&slo.alerts)));
    map(entries)
}

fn alerting_node(alerts: &[Alert]) -> Node {
    let mut entries = Vec::new();
    entries.extend(alerts.first().map(|alert| ("name", Node::text(&alert.name))));
    for (field, severity) in [("page_alert", Severity::Page), ("ticket_alert", Severity::Ticket)] {
        let node = match alerts.iter().find(|alert| alert.severity == severity) {
            None => map([("disable", Node::bare("true"))]),
            Some(alert) => {
                let mut labels = alert.labels.clone();
                labels.remove(SEVERITY_LABEL);
                map([("labels", Node::texts(&labels)), ("annotations", Node::texts(&alert.annotations))])
            }
        };
        entries.push((field, node));
    }
    map(entries)
}

fn map<'n>(entries: impl IntoIterator<Item = (&'n str, Node)>) -> Node {
    Node::Map(entries.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
}
