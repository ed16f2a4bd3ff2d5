//! Lints of names.

use super::Found;
use crate::spec::Objective;

/// What stands in the place of an id under `/api/v1/slos/`, and is something else.
const TAKEN: [&str; 2] = ["suggestions", "whatif"];

/// An objective of that name has no address of its own, so that neither the API nor the page can show it but in the list.
pub(super) fn check(objective: &Objective, found: &mut Found) {
    if TAKEN.contains(&objective.id.as_str()) {
        let id = &objective.id;
        let message = format!(
            "it is shown in the list and nowhere else, as /api/v1/slos/{id} is not an SLO; give it another name"
        );
        found.warn(objective, &message);
    }
}
