//! An SLO as Sloth knows it, whatever it was written in.

use std::collections::BTreeMap;

use model::yaml::Step;

use super::plugin::Plugins;
use crate::export::rule::Metadata;
use crate::spec::{AlertText, Severity};

/// A service and what it promises.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Labels of all its SLOs.
    pub labels: BTreeMap<String, String>,
    /// What it was written in.
    pub form: Form,
    /// Its SLOs.
    pub slos: Vec<Slo>,
}

/// What a service was written in, and its rules are written in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A file; its rules are a rule file.
    #[default]
    File,
    /// A custom resource; so are its rules.
    Resource(Metadata),
    /// `openslo/v1alpha`, or whatever else is no file of Sloth's; its rules are a rule file.
    Other,
}

/// An SLO.
#[derive(Clone, Debug)]
pub struct Slo {
    /// Its name; with the service's before it, its id.
    pub name: String,
    /// The objective in percent, as it was written.
    pub percent: String,
    /// What is promised, in words.
    pub description: String,
    /// The service's labels and its own.
    pub labels: BTreeMap<String, String>,
    /// What tells good from bad.
    pub sli: Sli,
    /// At most one of each severity.
    pub alerts: Vec<Alert>,
    /// What changes its rules.
    pub plugins: Plugins,
    /// Where it stands in its document.
    pub path: Vec<Step>,
}

/// What tells good from bad. `{{.window}}` stands for a range in each query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sli {
    /// Bad events of all events.
    Events {
        /// The bad ones.
        error: String,
        /// All of them.
        total: String,
    },
    /// The share of bad events.
    Raw {
        /// The query for it.
        error_ratio: String,
    },
    /// A query that code of Sloth's users makes.
    Plugin {
        /// Whose code.
        id: String,
    },
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// How urgent it is.
    pub severity: Severity,
    /// `alertname`
    pub name: String,
    /// Labels that the alert adds to those of its series.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The label that says how urgent an alert is.
pub(super) const SEVERITY_LABEL: &str = "sloth_severity";
const SUMMARY: &str = "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate is over expected.";

impl Alert {
    /// An alert, and what Sloth adds to it where the user has not said otherwise.
    pub fn new(
        severity: Severity,
        name: String,
        mut labels: BTreeMap<String, String>,
        mut annotations: BTreeMap<String, String>,
    ) -> Alert {
        let word = severity.as_str();
        labels.insert(SEVERITY_LABEL.to_owned(), word.to_owned());
        annotations.entry("summary".to_owned()).or_insert_with(|| SUMMARY.to_owned());
        annotations.entry("title".to_owned()).or_insert_with(|| title(&severity));
        Alert { severity, name, labels, annotations }
    }
}

/// The title that Sloth gives an alert.
fn title(severity: &Severity) -> String {
    let word = severity.as_str();
    format!("({word}) {{{{$labels.sloth_service}}}} {{{{$labels.sloth_slo}}}} SLO error budget burn rate is too fast.")
}

impl Slo {
    /// The id: the service's name and its own.
    pub fn id(&self, service: &Service) -> String {
        format!("{}-{}", service.name, self.name)
    }

    /// The labels by which Sloth names an SLO's series.
    pub(super) fn identity(&self, service: &Service) -> BTreeMap<String, String> {
        [("sloth_id", self.id(service)), ("sloth_service", service.name.clone()), ("sloth_slo", self.name.clone())]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// What its alerts of a severity are called and say: with the labels that its series have in Sloth.
    pub(super) fn text_of(&self, alert: &Alert, service: &Service) -> AlertText {
        let mut labels = self.identity(service);
        labels.extend(self.labels.clone());
        labels.extend(alert.labels.clone());
        AlertText { name: Some(alert.name.clone()), labels, annotations: alert.annotations.clone() }
    }
}
