//! Lints of budgets that are counted in slices of time, and of what only they have.

use super::{Found, finer_than_one};
use crate::spec::{Budgeting, NoData, Objective};

/// A window has as many slices as it has: where less than one may be bad, a single one breaks the promise.
pub(super) fn check(objective: &Objective, found: &mut Found) {
    if objective.budgeting == Budgeting::Occurrences && objective.options.no_data != NoData::Ignore {
        found.warn(
            objective,
            "noData changes nothing: a time without data has no events, and only slices of time can be good or bad without any",
        );
    }
    let Budgeting::Timeslices { slice_ms, .. } = objective.budgeting else { return };
    let n_slices = objective.window.nominal_ms() / slice_ms.max(1);
    if let Some(message) = finer_than_one(objective, n_slices as f64, "slices") {
        found.warn(objective, &message);
    }
}
