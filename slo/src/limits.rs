//! The limits of spec files, counts, gates, deployments and reports, for who lists them.

use std::collections::BTreeMap;

use crate::budget::Budgets;
use crate::gate::Gates;
use crate::{condition, count, deployment, exclusion, gate, grouping, openslo, report, schedule, spec};

/// A limit: its name, its value, and the unit, which is empty for a number of things.
pub type Limit = (&'static str, f64, &'static str);

/// All of them.
pub fn all() -> Vec<Limit> {
    let files = [
        ("slo_file_bytes", spec::MAX_FILE_BYTES, "bytes"),
        ("slo_documents", spec::MAX_DOCUMENTS, ""),
        ("slo_objectives", spec::MAX_OBJECTIVES, ""),
        ("slo_groups", grouping::MAX_GROUPS, ""),
        ("slo_rrule_bytes", exclusion::MAX_RULE_BYTES, "bytes"),
        ("slo_faults", spec::MAX_FAULTS, ""),
        ("slo_name_bytes", openslo::MAX_NAME_BYTES, "bytes"),
        ("slo_condition_bytes", condition::MAX_CONDITION_BYTES, "bytes"),
        ("slo_condition_depth", condition::MAX_CONDITION_DEPTH, ""),
        ("slo_uncounted_first_values", count::MAX_UNCOUNTED, ""),
        ("deployment_text_bytes", deployment::MAX_TEXT_BYTES, "bytes"),
        ("deployments", deployment::MAX_DEPLOYMENTS, ""),
        ("report_attachment_bytes", schedule::MAX_ATTACHED_BYTES, "bytes"),
        ("report_costs", report::MAX_COSTS, ""),
        ("report_objectives", report::MAX_OBJECTIVES, ""),
    ];
    let files = files.into_iter().map(|(name, value, unit)| (name, value as f64, unit));
    let times = [
        ("deployment_ahead", deployment::MAX_AHEAD_MS as f64 / 1000.0, "seconds"),
        ("report_days", report::MAX_DAYS as f64, "days"),
    ];
    files.chain(times).chain(gate::limits()).collect()
}

/// How much of them is used: of those that something fills up in time.
pub fn used(gates: &Gates, budgets: &Budgets) -> Vec<(&'static str, f64)> {
    let catalog = budgets.catalog();
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for objective in catalog.objectives.values().filter(|objective| !objective.options.group.is_empty()) {
        *groups.entry(objective.id.split('{').next().unwrap_or_default()).or_default() += 1;
    }
    let of_files = [
        ("slo_documents", catalog.n_documents),
        ("slo_objectives", catalog.objectives.len()),
        // Of the objective and of the list that come nearest to it.
        ("slo_groups", groups.into_values().max().unwrap_or_default()),
        ("slo_faults", catalog.errors.len().max(catalog.warnings.len())),
        ("slo_uncounted_first_values", budgets.history().standing().n_uncounted),
    ];
    of_files.into_iter().chain(gates.n_kept()).map(|(name, used)| (name, used as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_name_of_its_own_and_a_value() {
        let all = all();
        let names: std::collections::BTreeSet<&str> = all.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|(_, value, _)| *value > 0.0 && value.is_finite()), "{all:?}");
    }
}
