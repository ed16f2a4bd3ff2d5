//! Sloth's SLOs: its own files and its custom resource, and the rules that Sloth makes of them.
//!
//! [`read`] brings them into the catalog, so that narthex keeps their budgets exactly. [`rules`] writes what Sloth would have
//! written, to the letter, for those who go on evaluating with Prometheus. Both begin with [`parse`].

mod catalogue;
mod file;
mod objective;
mod outward;
mod plugin;
mod rules;
mod slo;
#[cfg(test)]
mod suite;
mod windows;
mod write;

use model::yaml::{Document, Step};

use crate::spec::{Catalog, SourceFormat, SpecText};

pub(crate) use catalogue::Catalogue;
pub use file::{Parsed, parse};
pub use outward::{NotSloths, service_of};
pub use plugin::Plugins;
pub use rules::{RuleOptions, RulesError, rules, to_text};
pub use slo::{Alert, Form, Service, Sli, Slo};
pub use windows::Windows;
pub use write::to_files;

/// Reads a document of SLOs into the catalog, with a period and its windows; `document` stands in `text` and knows its places
/// there.
pub fn read(document: &Document, text: &SpecText<'_>, windows: &Windows, catalog: &mut Catalog) {
    let parsed = parse(document);
    catalog.errors.extend(parsed.errors.iter().map(|problem| text.fault(problem, SourceFormat::Sloth, None)));
    catalog.warnings.extend(parsed.warnings.iter().map(|problem| text.fault(problem, SourceFormat::Sloth, None)));
    if let Some(service) = parsed.service {
        objective::add(&service, windows, document, text, catalog);
    }
}

/// Whether a document names windows for a period, and promises nothing.
pub fn is_alert_windows(document: &Document) -> bool {
    document.text_at(&[Step::Key("kind".to_owned())]) == Some("AlertWindows")
}
