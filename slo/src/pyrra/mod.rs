//! Pyrra's SLOs, and the rules that Pyrra makes of them.
//!
//! [`read`] brings them into the catalog, so that narthex keeps their budgets exactly; the windows of their alerts are Pyrra's.
//! [`burn_rates`], [`increases`] and [`generic`] are the groups of rules that Pyrra would have made.

mod file;
mod metric;
mod objective;
mod rules;
mod slo;
#[cfg(test)]
mod suite;
mod windows;

use model::yaml::Document;

use crate::spec::{Catalog, SourceFormat, SpecText};

pub use file::{Parsed, parse};
pub use metric::Metric;
pub use rules::{GroupingUnsupported, RuleOptions, burn_rates, generic, increases};
pub use slo::{Alerting, Severities, Sli, Slo};
pub use windows::{AlertWindow, Tier, alert_windows};

/// Reads a document into the catalog; `document` stands in `text` and knows its places there.
pub fn read(document: &Document, text: &SpecText<'_>, catalog: &mut Catalog) {
    let parsed = parse(document);
    let object = parsed.slo.as_ref().map(|slo| ("ServiceLevelObjective", slo.name.as_str()));
    catalog.errors.extend(parsed.errors.iter().map(|problem| text.fault(problem, SourceFormat::Pyrra, object)));
    catalog.warnings.extend(parsed.warnings.iter().map(|problem| text.fault(problem, SourceFormat::Pyrra, object)));
    if let Some(slo) = &parsed.slo {
        objective::add(slo, document, text, catalog);
    }
}
