//! The kinds of `narthex/v1`: what OpenSLO has no objects for.

mod adjustment;
mod budget_policy;
mod burn_policy;
mod gate;
mod options;
mod product;
mod report;
mod words;

pub(super) use adjustment::AdjustmentSpec;
pub(super) use budget_policy::BudgetPolicySpec;
pub(super) use burn_policy::{BurnPolicySpec, burn_policy};
pub(super) use gate::GateSpec;
pub(super) use options::OptionsSpec;
pub(super) use product::ProductSpec;
pub(super) use report::ReportScheduleSpec;

use super::objects::Objects;
use crate::spec::Catalog;

/// Puts what the objects say into the catalog, in which all objectives are by now.
pub(super) fn resolve(objects: &Objects<'_>, retention_ms: i64, catalog: &mut Catalog) {
    options::resolve(objects, catalog);
    budget_policy::resolve(objects, catalog);
    product::resolve(objects, retention_ms, catalog);
    gate::resolve(objects, catalog);
    adjustment::resolve(objects, catalog);
    report::resolve(objects, catalog);
}
