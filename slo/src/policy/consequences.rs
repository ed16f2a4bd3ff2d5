//! What follows from a state for releases. Who is told (`notify`, `webhook`) is decided by [`crate::notify`].

use crate::condition::duration_text;
use crate::report::Language;
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
                PolicyAction::GitlabFreeze(_) | PolicyAction::Notify(_) | PolicyAction::Webhook { .. } => {}
            }
        }
        follows
    }

    /// All of it: of which kind, and in words without a full stop.
    pub fn words(&self, language: Language) -> Vec<(&'static str, String)> {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    fn english(&self) -> Vec<(&'static str, String)> {
        let of = |classes: &[String], all: &str| if classes.is_empty() { all.to_owned() } else { classes.join(", ") };
        let mut words = Vec::new();
        if let Some((allow, is_for_all)) = &self.freeze {
            let but = if allow.is_empty() { String::new() } else { format!(", but for {}", allow.join(", ")) };
            let whose = if *is_for_all { ", those of other products too" } else { "" };
            words.push(("freeze", format!("releases are frozen{but}{whose}")));
        }
        if let Some((classes, approvers)) = &self.approval {
            words.push(("approval", format!("a release ({}) needs a word of {approvers}", of(classes, "any"))));
        }
        if let Some(most) = self.max_deploys_per_day {
            words.push(("pace", format!("{most} releases a day at most")));
        }
        if let Some(soak_ms) = self.soak_ms {
            words.push(("pace", format!("each release is watched for {}", duration_text(soak_ms))));
        }
        words
    }

    fn chinese(&self) -> Vec<(&'static str, String)> {
        let mut words = Vec::new();
        if let Some((allow, is_for_all)) = &self.freeze {
            let but =
                if allow.is_empty() { String::new() } else { format!("，只允许 {} 类变更", allow.join("、")) };
            let whose = if *is_for_all { "，其他产品的发布同样冻结" } else { "" };
            words.push(("freeze", format!("发布已冻结{but}{whose}")));
        }
        if let Some((classes, approvers)) = &self.approval {
            let of = if classes.is_empty() { String::new() } else { format!("（{} 类）", classes.join("、")) };
            words.push(("approval", format!("发布{of}需要 {approvers} 同意")));
        }
        if let Some(most) = self.max_deploys_per_day {
            words.push(("pace", format!("每天最多发布 {most} 次")));
        }
        if let Some(soak_ms) = self.soak_ms {
            words.push(("pace", format!("每次发布后观察 {}", duration_text(soak_ms))));
        }
        words
    }
}
