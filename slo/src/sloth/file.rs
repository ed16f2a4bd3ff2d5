//! What Sloth's files say: `version: prometheus/v1`, and the custom resource `PrometheusServiceLevel`.
//!
//! Both say the same in other words: `error_query` of a file is `errorQuery` of a resource. Sloth passes over what it does not
//! know, so that an alert under `pageAlert` in a file is lost without a word; here it is a warning.

use std::collections::BTreeMap;

use model::yaml::{Document, Fault, Problem, Step};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::plugin::{Chain, Plugins};
use super::slo::{Alert, Form, Service, Sli, Slo};
use crate::export::rule::Metadata;
use crate::spec::{Severity, Share};

/// The version of a file.
pub(super) const FILE_VERSION: &str = "prometheus/v1";
/// The version of resources.
pub(super) const RESOURCE_VERSION: &str = "sloth.slok.dev/v1";

/// A document of Sloth's, read.
#[derive(Debug, Default)]
pub struct Parsed {
    /// What it says; SLOs that are wrong are left out.
    pub service: Option<Service>,
    /// What is wrong with it.
    pub errors: Vec<Problem>,
    /// What is in it and means nothing to Sloth.
    pub warnings: Vec<Problem>,
}

/// Reads a document of Sloth's.
pub fn parse(document: &Document) -> Parsed {
    let mut parsed = Parsed::default();
    let (is_resource, kind) = kind_of(document);
    if is_resource && kind != "PrometheusServiceLevel" {
        let fault = Fault { path: Vec::new(), message: format!("kind {kind:?} of {RESOURCE_VERSION} is not known") };
        parsed.errors.push(document.locate(&fault));
        return parsed;
    }
    let (written, metadata, problems) = if is_resource {
        let (resource, problems) = document.read::<Resource>();
        let resource = resource.unwrap_or_default();
        (resource.spec, Some(resource.metadata), problems)
    } else {
        let (file, problems) = document.read::<Written>();
        (file.unwrap_or_default(), None, problems)
    };
    let is_stranger =
        |problem: &Problem| problem.message.starts_with("field ") && problem.message.contains(" not found ");
    (parsed.warnings, parsed.errors) = problems.into_iter().partition(is_stranger);
    // Kubernetes keeps much in a resource's metadata that concerns nobody here.
    parsed.warnings.retain(|problem| !problem.path.starts_with("metadata"));
    let mut reader = Reader { is_resource, here: Vec::new(), errors: Vec::new(), warnings: Vec::new() };
    let service = match metadata {
        Some(metadata) => reader.field("spec", |reader| reader.service(written, Form::Resource(metadata.into()))),
        None => reader.service(written, Form::File),
    };
    parsed.errors.extend(reader.errors.iter().map(|fault| document.locate(fault)));
    parsed.warnings.extend(reader.warnings.iter().map(|fault| document.locate(fault)));
    parsed.service = Some(service);
    parsed
}

/// Whether the document is a resource, and of which kind.
fn kind_of(document: &Document) -> (bool, &str) {
    let field = |name: &str| document.text_at(&[Step::Key(name.to_owned())]).unwrap_or_default();
    (!field("apiVersion").is_empty(), field("kind"))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "PrometheusServiceLevel", default)]
struct Resource {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    #[serde(rename = "status")]
    _status: IgnoredAny,
    metadata: ResourceMetadata,
    spec: Written,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "metadata", default)]
struct ResourceMetadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl From<ResourceMetadata> for Metadata {
    fn from(written: ResourceMetadata) -> Metadata {
        let ResourceMetadata { name, namespace, labels, annotations } = written;
        Metadata { name, namespace, labels, annotations }
    }
}

/// A service. Words of two parts are there in both spellings; only one of them is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(rename = "service", default)]
struct Written {
    version: String,
    service: String,
    labels: BTreeMap<String, String>,
    slo_plugins: Option<Chain>,
    #[serde(rename = "sloPlugins")]
    resource_slo_plugins: Option<Chain>,
    slos: Vec<WrittenSlo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "slo", default)]
struct WrittenSlo {
    name: String,
    objective: String,
    description: String,
    labels: BTreeMap<String, String>,
    plugins: Chain,
    sli: WrittenSli,
    alerting: WrittenAlerting,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "sli", default)]
struct WrittenSli {
    events: Option<WrittenEvents>,
    raw: Option<WrittenRaw>,
    plugin: Option<WrittenPlugin>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "sli.events", default)]
struct WrittenEvents {
    error_query: Option<String>,
    #[serde(rename = "errorQuery")]
    resource_error_query: Option<String>,
    total_query: Option<String>,
    #[serde(rename = "totalQuery")]
    resource_total_query: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "sli.raw", default)]
struct WrittenRaw {
    error_ratio_query: Option<String>,
    #[serde(rename = "errorRatioQuery")]
    resource_error_ratio_query: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "sli.plugin", default)]
struct WrittenPlugin {
    id: String,
    #[serde(rename = "options")]
    _options: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "alerting", default)]
struct WrittenAlerting {
    name: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    page_alert: Option<WrittenAlert>,
    #[serde(rename = "pageAlert")]
    resource_page_alert: Option<WrittenAlert>,
    ticket_alert: Option<WrittenAlert>,
    #[serde(rename = "ticketAlert")]
    resource_ticket_alert: Option<WrittenAlert>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "alert", default)]
struct WrittenAlert {
    disable: bool,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// Makes what is meant of what is written, and tells what is wrong with it.
struct Reader {
    is_resource: bool,
    here: Vec<Step>,
    errors: Vec<Fault>,
    warnings: Vec<Fault>,
}

impl Reader {
    fn within<R>(&mut self, step: Step, read: impl FnOnce(&mut Reader) -> R) -> R {
        self.here.push(step);
        let read = read(self);
        self.here.pop();
        read
    }

    fn field<R>(&mut self, name: &str, read: impl FnOnce(&mut Reader) -> R) -> R {
        self.within(Step::Key(name.to_owned()), read)
    }

    fn error(&mut self, field: &str, message: impl Into<String>) {
        let path = self.path_to(field);
        self.errors.push(Fault { path, message: message.into() });
    }

    fn path_to(&self, field: &str) -> Vec<Step> {
        self.here.iter().cloned().chain([Step::Key(field.to_owned())]).collect()
    }

    /// The one of two spellings that is meant; the other means nothing.
    fn meant<T>(&mut self, in_file: (&'static str, Option<T>), in_resource: (&'static str, Option<T>)) -> Option<T> {
        let (meant, other) = if self.is_resource { (in_resource, in_file) } else { (in_file, in_resource) };
        if other.1.is_some() {
            let whose = if self.is_resource { "a resource" } else { "a file" };
            let message = format!("Sloth passes over {} in {whose}: it is called {} there", other.0, meant.0);
            let path = self.path_to(other.0);
            self.warnings.push(Fault { path, message });
        }
        meant.1
    }

    fn service(&mut self, written: Written, form: Form) -> Service {
        if !self.is_resource && written.version != FILE_VERSION {
            self.error("version", format!("version {:?} is not known: {FILE_VERSION} is needed", written.version));
        }
        self.check_name("service", &written.service);
        let chain = self
            .meant(("slo_plugins", written.slo_plugins), ("sloPlugins", written.resource_slo_plugins))
            .unwrap_or_default();
        if written.slos.is_empty() {
            self.error("slos", "at least one SLO is needed");
        }
        let mut service = Service { name: written.service, labels: written.labels, form, slos: Vec::new() };
        self.field("slos", |reader| {
            for (index, slo) in written.slos.into_iter().enumerate() {
                let slo = reader.within(Step::Index(index), |reader| reader.slo(slo, &service, &chain));
                service.slos.extend(slo);
            }
        });
        service
    }

    /// An SLO; `None` where something is wrong with it.
    fn slo(&mut self, written: WrittenSlo, service: &Service, chain: &Chain) -> Option<Slo> {
        let n_errors = self.errors.len();
        self.check_name("name", &written.name);
        match Share::from_percent(&written.objective) {
            Err(error) => self.error("objective", error.to_string()),
            Ok(target) if target.parts() == 0 => self.error("objective", "the objective has to be above 0"),
            Ok(_) => {}
        }
        let sli = self.field("sli", |reader| reader.sli(written.sli));
        let alerts = self.field("alerting", |reader| reader.alerts(written.alerting));
        let mut labels = service.labels.clone();
        labels.extend(written.labels);
        let slo = Slo {
            name: written.name,
            percent: written.objective.trim().to_owned(),
            description: written.description,
            labels,
            sli: sli?,
            alerts,
            plugins: Plugins::of([chain, &written.plugins]),
            path: self.here.clone(),
        };
        (self.errors.len() == n_errors).then_some(slo)
    }

    fn sli(&mut self, written: WrittenSli) -> Option<Sli> {
        let n_given = [written.events.is_some(), written.raw.is_some(), written.plugin.is_some()];
        if n_given.into_iter().filter(|is_given| *is_given).count() != 1 {
            let path = self.here.clone();
            self.errors.push(Fault { path, message: "one of events, raw and plugin is needed".to_owned() });
            return None;
        }
        if let Some(events) = written.events {
            return self.field("events", |reader| {
                let error =
                    reader.query(("error_query", events.error_query), ("errorQuery", events.resource_error_query))?;
                let total =
                    reader.query(("total_query", events.total_query), ("totalQuery", events.resource_total_query))?;
                Some(Sli::Events { error, total })
            });
        }
        if let Some(raw) = written.raw {
            return self.field("raw", |reader| {
                let error_ratio = reader.query(
                    ("error_ratio_query", raw.error_ratio_query),
                    ("errorRatioQuery", raw.resource_error_ratio_query),
                )?;
                Some(Sli::Raw { error_ratio })
            });
        }
        written.plugin.map(|plugin| Sli::Plugin { id: plugin.id })
    }

    fn query(
        &mut self,
        in_file: (&'static str, Option<String>),
        in_resource: (&'static str, Option<String>),
    ) -> Option<String> {
        let name = if self.is_resource { in_resource.0 } else { in_file.0 };
        let query = self.meant(in_file, in_resource).filter(|query| !query.trim().is_empty());
        if query.is_none() {
            self.error(name, format!("{name} is needed"));
        }
        query
    }

    fn alerts(&mut self, written: WrittenAlerting) -> Vec<Alert> {
        let page = self.meant(("page_alert", written.page_alert), ("pageAlert", written.resource_page_alert));
        let ticket = self.meant(("ticket_alert", written.ticket_alert), ("ticketAlert", written.resource_ticket_alert));
        let mut alerts = Vec::new();
        for (severity, alert) in [(Severity::Page, page), (Severity::Ticket, ticket)] {
            let alert = alert.unwrap_or_default();
            if alert.disable {
                continue;
            }
            let mut labels = written.labels.clone();
            labels.extend(alert.labels);
            let mut annotations = written.annotations.clone();
            annotations.extend(alert.annotations);
            alerts.push(Alert::new(severity, written.name.clone(), labels, annotations));
        }
        if !alerts.is_empty() && written.name.is_empty() {
            self.error("name", "alerts need a name");
        }
        alerts
    }

    /// Names become labels and parts of selectors and file names.
    fn check_name(&mut self, field: &str, name: &str) {
        let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let begins_and_ends = |c: char| c.is_ascii_alphanumeric();
        if !(name.chars().all(is_good) && name.starts_with(begins_and_ends) && name.ends_with(begins_and_ends)) {
            let message = format!(
                "{field} {name:?} is not a name: letters, digits, '-', '_' and '.', with a letter or digit at both ends"
            );
            self.error(field, message);
        }
    }
}
