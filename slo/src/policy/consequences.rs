//! What follows from a state for releases. Who is told (`notify`, `webhook`) is not decided here: nobody is told yet.

use crate::spec::{BudgetPolicy, PolicyAction};

/// What holds for releases while a product is in a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequences {
    /// Releases stop: classes that still may ship, and whether that holds for services of other products, too.
    pub freeze: Option<(Vec<String>, bool)>,
    /// Releases need somebody's word: of which classes (empty for all), and whose.
    pub approval: Option<(Vec<String>, String)>,
    /// At most so many releases within a day.
    pub max_deploys_per_day: Option<u32>,
    /// Each is watched for so long at least, in milliseconds.
    pub soak_ms: Option<i64>,
}

impl Consequences {
    /// What a policy says of a state.
    pub fn of(policy: &BudgetPolicy, state: &str) -> Consequences {
        let mut follows = Consequences::default();
        for action in policy.actions.get(state).into_iter().flatten() {
            match action {
                PolicyAction::Freeze { allow, scope } => follows.freeze = Some((allow.clone(), scope == "all")),
                PolicyAction::RequireApproval { classes, approvers } => {
                    follows.approval = Some((classes.clone(), approvers.clone()));
                }
                PolicyAction::Slow { max_deploys_per_day, soak_ms } => {
                    follows.max_deploys_per_day = max_deploys_per_day.or(follows.max_deploys_per_day);
                    follows.soak_ms = follows.soak_ms.max(*soak_ms);
                }
                PolicyAction::Notify(_) | PolicyAction::Webhook { .. } => {}
            }
        }
        follows
    }
}
