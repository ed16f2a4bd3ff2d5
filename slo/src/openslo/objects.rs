//! All objects of all files, and how they find one another.

use std::collections::{BTreeMap, BTreeSet};

use model::yaml::{Document, Problem, Step, nearest};
use serde::de::DeserializeOwned;

use super::object::{
    AlertConditionSpec, AlertPolicySpec, DataSourceSpec, Metadata, Object, ServiceSpec, SliSpec, SloSpec, TargetSpec,
};
use super::own::{
    AdjustmentSpec, BudgetPolicySpec, BurnPolicySpec, GateSpec, OptionsSpec, ProductSpec, ReportScheduleSpec,
};
use super::walk::{Walk, Weight};
use super::{alpha, next};
use crate::spec::{Catalog, SourceFormat, SpecFault, SpecText};

/// The limit `slo_name_bytes`: how long a name may be; it becomes a label and a part of paths.
pub(crate) const MAX_NAME_BYTES: usize = 253;

/// An object and where it was written.
#[derive(Debug)]
pub(super) struct Stored<'t, S> {
    pub(super) kind: &'static str,
    pub(super) metadata: Metadata,
    pub(super) spec: S,
    pub(super) document: Document,
    pub(super) text: &'t SpecText<'t>,
    pub(super) format: SourceFormat,
}

impl<S> Stored<'_, S> {
    /// A walk through the object.
    pub(super) fn walk(&self) -> Walk<'_> {
        Walk::new(&self.document, self.text, self.format, (self.kind, &self.metadata.name))
    }

    pub(super) fn name(&self) -> &str {
        &self.metadata.name
    }
}

/// All objects of a kind.
#[derive(Debug)]
pub(super) struct Kind<'t, S> {
    by_name: BTreeMap<String, Stored<'t, S>>,
    /// Names of those that could not be read.
    broken: BTreeSet<String>,
}

impl<S> Default for Kind<'_, S> {
    fn default() -> Self {
        Kind { by_name: BTreeMap::new(), broken: BTreeSet::new() }
    }
}

impl<'t, S> Kind<'t, S> {
    pub(super) fn get(&self, name: &str) -> Option<&Stored<'t, S>> {
        self.by_name.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Stored<'t, S>> {
        self.by_name.values()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }
}

/// Why a reference leads nowhere.
pub(super) fn missing<'n>(kind: &str, name: &str, known: impl Iterator<Item = &'n str>, is_broken: bool) -> String {
    if is_broken {
        return format!("{kind} {name} has an error of its own");
    }
    match nearest(name, known) {
        Some(near) => format!("there is no {kind} {name} (did you mean `{near}`?)"),
        None => format!("there is no {kind} {name}"),
    }
}

/// Objects that were read, before their references are followed.
#[derive(Debug, Default)]
pub(crate) struct Objects<'t> {
    pub(super) services: Kind<'t, ServiceSpec>,
    pub(super) slos: Kind<'t, SloSpec>,
    pub(super) slis: Kind<'t, SliSpec>,
    pub(super) policies: Kind<'t, AlertPolicySpec>,
    pub(super) conditions: Kind<'t, AlertConditionSpec>,
    pub(super) targets: Kind<'t, TargetSpec>,
    pub(super) sources: Kind<'t, DataSourceSpec>,
    pub(super) burn_policies: Kind<'t, BurnPolicySpec>,
    pub(super) options: Kind<'t, OptionsSpec>,
    pub(super) products: Kind<'t, ProductSpec>,
    pub(super) budget_policies: Kind<'t, BudgetPolicySpec>,
    pub(super) gates: Kind<'t, GateSpec>,
    pub(super) adjustments: Kind<'t, AdjustmentSpec>,
    pub(super) report_schedules: Kind<'t, ReportScheduleSpec>,
}

/// Kinds by API version, for messages.
const KINDS: [&str; 14] = [
    "Service",
    "SLO",
    "SLI",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
    "DataSource",
    "BurnRatePolicy",
    "SLOOptions",
    "Product",
    "ErrorBudgetPolicy",
    "ReleaseGate",
    "BudgetAdjustment",
    "ReportSchedule",
];

impl<'t> Objects<'t> {
    /// Takes a document.
    pub(crate) fn add(&mut self, document: Document, text: &'t SpecText<'t>, catalog: &mut Catalog) {
        let field = |name: &str| document.text_at(&[Step::Key(name.to_owned())]).unwrap_or_default().to_owned();
        let (version, kind) = (field("apiVersion"), field("kind"));
        let format = match version.as_str() {
            "openslo/v1alpha" => SourceFormat::OpenSloAlpha,
            "openslo.com/v2alpha" => SourceFormat::OpenSloNext,
            _ => SourceFormat::OpenSlo,
        };
        let mut adding = Adding { document, text, format, catalog };
        match (version.as_str(), kind.as_str()) {
            ("openslo/v1" | "openslo/v1alpha" | "openslo.com/v2alpha", "Service") => {
                adding.read("Service", &mut self.services, |spec: ServiceSpec| spec);
            }
            ("openslo/v1", "SLO") => adding.read("SLO", &mut self.slos, |spec: SloSpec| spec),
            ("openslo/v1alpha", "SLO") => adding.read("SLO", &mut self.slos, alpha::slo),
            ("openslo.com/v2alpha", "SLO") => adding.read("SLO", &mut self.slos, next::slo),
            ("openslo/v1", "SLI") => adding.read("SLI", &mut self.slis, |spec: SliSpec| spec),
            ("openslo.com/v2alpha", "SLI") => adding.read("SLI", &mut self.slis, next::sli),
            ("openslo/v1" | "openslo.com/v2alpha", "AlertPolicy") => {
                adding.read("AlertPolicy", &mut self.policies, |spec: AlertPolicySpec| spec);
            }
            ("openslo/v1" | "openslo.com/v2alpha", "AlertCondition") => {
                adding.read("AlertCondition", &mut self.conditions, |spec: AlertConditionSpec| spec);
            }
            ("openslo/v1" | "openslo.com/v2alpha", "AlertNotificationTarget") => {
                adding.read("AlertNotificationTarget", &mut self.targets, |spec: TargetSpec| spec);
            }
            ("openslo/v1" | "openslo.com/v2alpha", "DataSource") => {
                adding.read("DataSource", &mut self.sources, |spec: DataSourceSpec| spec);
            }
            ("narthex/v1", kind) => self.add_own(kind, &mut adding),
            ("openslo/v1" | "openslo/v1alpha" | "openslo.com/v2alpha", kind) => {
                adding.unknown("kind", kind, &KINDS[..7]);
            }
            (version, _) => adding.unknown("apiVersion", version, &["openslo/v1", "narthex/v1", "openslo/v1alpha"]),
        }
    }

    fn add_own(&mut self, kind: &str, adding: &mut Adding<'t, '_>) {
        match kind {
            "BurnRatePolicy" => adding.read("BurnRatePolicy", &mut self.burn_policies, |spec: BurnPolicySpec| spec),
            "SLOOptions" => adding.read("SLOOptions", &mut self.options, |spec: OptionsSpec| spec),
            "Product" => adding.read("Product", &mut self.products, |spec: ProductSpec| spec),
            "ErrorBudgetPolicy" => {
                adding.read("ErrorBudgetPolicy", &mut self.budget_policies, |spec: BudgetPolicySpec| spec);
            }
            "ReleaseGate" => adding.read("ReleaseGate", &mut self.gates, |spec: GateSpec| spec),
            "BudgetAdjustment" => adding.read("BudgetAdjustment", &mut self.adjustments, |spec: AdjustmentSpec| spec),
            "ReportSchedule" => {
                adding.read("ReportSchedule", &mut self.report_schedules, |spec: ReportScheduleSpec| spec);
            }
            other => adding.unknown("kind", other, &KINDS[7..]),
        }
    }

    /// The type of a data source that is known.
    pub(super) fn source_type(&self, name: &str) -> Option<&str> {
        self.sources.get(name).map(|source| source.spec.source_type.as_str())
    }
}

/// A document that is being taken.
struct Adding<'t, 'c> {
    document: Document,
    text: &'t SpecText<'t>,
    format: SourceFormat,
    catalog: &'c mut Catalog,
}

impl<'t> Adding<'t, '_> {
    fn read<S, T: DeserializeOwned + Default>(
        &mut self,
        kind: &'static str,
        all: &mut Kind<'t, S>,
        understood: impl FnOnce(T) -> S,
    ) {
        let (object, problems) = self.document.read::<Object<T>>();
        let name = object.as_ref().map(|object| object.metadata.name.clone()).unwrap_or_default();
        let (strange, wrong): (Vec<Problem>, Vec<Problem>) =
            problems.into_iter().partition(|problem| problem.message.contains(" not found in type "));
        let strange: Vec<SpecFault> = strange.iter().map(|problem| self.fault(problem, kind, &name)).collect();
        let wrong: Vec<SpecFault> = wrong.iter().map(|problem| self.fault(problem, kind, &name)).collect();
        self.catalog.warnings.extend(strange);
        let is_wrong = !wrong.is_empty();
        self.catalog.errors.extend(wrong);
        let Some(object) = object.filter(|_| !is_wrong) else {
            all.broken.insert(name);
            return;
        };
        let mut metadata = object.metadata;
        self.exact_labels(&mut metadata);
        let stored = Stored {
            kind,
            metadata,
            spec: understood(object.spec),
            document: self.document.clone(),
            text: self.text,
            format: self.format,
        };
        self.keep(all, stored);
    }

    fn keep<S>(&mut self, all: &mut Kind<'t, S>, stored: Stored<'t, S>) {
        let mut walk = stored.walk();
        walk.within("metadata", |walk| check_name(stored.name(), walk));
        if let Some(first) = all.by_name.get(stored.name()) {
            let place = first.walk().place();
            let message =
                format!("{} {} is there already, at {}:{}", stored.kind, stored.name(), place.file, place.line);
            walk.within("metadata", |walk| match stored.kind {
                "Service" => walk.warn("name", message),
                _ => walk.error("name", message),
            });
        }
        let (has_errors, found) = (walk.has_errors(), walk.into_found());
        tell(found, self.catalog);
        if !has_errors && !all.by_name.contains_key(stored.name()) {
            all.by_name.insert(stored.name().to_owned(), stored);
        }
    }

    /// Labels that look like numbers are texts all the same: `1.10` is not `1.1`.
    fn exact_labels(&self, metadata: &mut Metadata) {
        for (name, value) in &mut metadata.labels {
            let path = ["metadata", "labels", name].map(|key| Step::Key(key.to_owned()));
            if let Some(text) = self.document.text_at(&path) {
                text.clone_into(&mut value.0);
            }
        }
    }

    fn fault(&self, problem: &Problem, kind: &str, name: &str) -> SpecFault {
        self.text.fault(problem, self.format, Some((kind, name)))
    }

    fn unknown(&mut self, field: &str, found: &str, known: &[&str]) {
        let path = [Step::Key(field.to_owned())];
        let span = self.document.find(&path).map_or_else(Default::default, |(value, _)| value);
        let hint = nearest(found, known.iter().copied()).map(|near| format!(" (did you mean `{near}`?)"));
        let message = match (found, hint) {
            ("", _) => format!("{field} is missing: one of {} is needed", known.join(", ")),
            (found, Some(hint)) => format!("{field} {found} is not known{hint}"),
            (found, None) => format!("{field} {found} is not known: one of {} is needed", known.join(", ")),
        };
        let problem = Problem { span, path: field.to_owned(), message, help: None };
        self.catalog.errors.push(self.text.fault(&problem, self.format, None));
    }
}

/// Puts what was found where it belongs.
pub(super) fn tell(found: Vec<(Weight, SpecFault)>, catalog: &mut Catalog) {
    for (weight, fault) in found {
        match weight {
            Weight::Error => catalog.errors.push(fault),
            Weight::Warning => catalog.warnings.push(fault),
            Weight::Note => catalog.notes.push(fault),
        }
    }
}

fn check_name(name: &str, walk: &mut Walk<'_>) {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    if name.is_empty() {
        walk.error("name", "an object needs a name");
    } else if name.len() > MAX_NAME_BYTES {
        walk.error("name", format_args!("a name has at most {MAX_NAME_BYTES} bytes (limit slo_name_bytes)"));
    } else if name.contains(|c: char| c == '/' || c.is_control()) {
        walk.error("name", format_args!("a name has no / and no control characters: {name:?}"));
    } else if !name.chars().all(is_plain) {
        walk.note("name", "OpenSLO's names have lower-case letters, digits and - only");
    }
}
