//! The limits of spec files, gates and deployments, for who lists them.

use crate::{condition, deployment, exclusion, gate, grouping, openslo, spec};

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
        ("deployment_text_bytes", deployment::MAX_TEXT_BYTES, "bytes"),
        ("deployments", deployment::MAX_DEPLOYMENTS, ""),
    ];
    let files = files.into_iter().map(|(name, value, unit)| (name, value as f64, unit));
    files.chain(gate::limits()).collect()
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
