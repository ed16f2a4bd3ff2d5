//! All that was read from all files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Adjustment, BudgetPolicy, BurnPolicy, Gate, Objective, Product, ReportSchedule, Service};

/// What spec files say, taken together. Documents that could not be read are listed and keep nobody else from working.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// How many documents there were, those that could not be taken included.
    pub n_documents: usize,
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// By id.
    pub objectives: BTreeMap<String, Objective>,
    /// By name.
    pub products: BTreeMap<String, Product>,
    /// By name.
    pub burn_policies: BTreeMap<String, BurnPolicy>,
    /// By name.
    pub budget_policies: BTreeMap<String, BudgetPolicy>,
    /// By name.
    pub gates: BTreeMap<String, Gate>,
    /// By name.
    pub adjustments: BTreeMap<String, Adjustment>,
    /// By name.
    pub report_schedules: BTreeMap<String, ReportSchedule>,
    /// What could not be taken.
    pub errors: Vec<SpecFault>,
    /// What was taken, and looks wrong.
    pub warnings: Vec<SpecFault>,
    /// What was taken, and other tools may read otherwise; told by `--strict` only.
    pub notes: Vec<SpecFault>,
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecFault {
    /// The place.
    pub place: SourcePlace,
    /// The object, where it has a name: its kind and name.
    pub object: Option<(String, String)>,
    /// What is wrong and what was expected, in one line.
    pub message: String,
    /// The line with a caret; empty where there is none to show.
    pub drawn: String,
}

/// Where something was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePlace {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// In which format.
    pub format: SourceFormat,
}

/// Formats of spec files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceFormat {
    /// `openslo/v1` and `narthex/v1`
    #[default]
    OpenSlo,
    /// `openslo/v1alpha`
    OpenSloAlpha,
    /// `openslo.com/v2alpha`
    OpenSloNext,
    /// Sloth's `prometheus/v1`, or its custom resource.
    Sloth,
    /// `pyrra.dev/v1alpha1`
    Pyrra,
}
