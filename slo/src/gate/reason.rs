//! Why a gate decides as it does: kept as what it is about, and said in the reader's language.
//!
//! Conditions, states and classes of change are named as they are written in spec files, in every language.

use serde::{Deserialize, Serialize};

use super::overriding::Override;
use crate::report::Language;

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A condition holds, with what it was about: `remaining <= 25% (remaining = 12.5%)`.
    Holds(String),
    /// Whether a condition holds is not known.
    NotKnown(String),
    /// A condition cannot be read.
    Unreadable {
        /// As it is written.
        condition: String,
        /// What is wrong with it.
        error: String,
    },
    /// The state of the policy is not known yet.
    PolicyUnknown,
    /// The policy stops releases.
    Frozen {
        /// The state of the policy.
        state: String,
        /// Which classes may still go out.
        allow: Vec<String>,
        /// The class that asks.
        change: String,
    },
    /// The policy asks for somebody's word.
    NeedsApproval {
        /// The state of the policy.
        state: String,
        /// Whose.
        approvers: String,
        /// The class that asks.
        change: String,
    },
    /// Too much went out within a day.
    TooMany {
        /// The state of the policy.
        state: String,
        /// So many releases went out.
        n: usize,
        /// So many may.
        most: u32,
    },
    /// The release is reported as that.
    Reported(String),
    /// The gate is not there any more.
    GateGone(String),
    /// Somebody gave their word; each may be empty.
    Overridden {
        /// Who.
        by: String,
        /// As what.
        role: String,
        /// Why.
        why: String,
    },
    /// Something would be left if nothing upstream had failed.
    Upstream {
        /// What failed.
        objectives: Vec<String>,
        /// How much of the budget would be left, in percent.
        left: String,
        /// What comes of it.
        so: Exempt,
    },
    /// The policy exempts where only users out of scope felt it, which somebody has to say.
    OutOfScope,
    /// In words, as earlier versions kept it.
    #[serde(untagged)]
    Said(String),
}

/// What comes of a failure upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exempt {
    /// Releases may go on.
    Yes,
    /// They may, as whoever answers for it has frozen, too.
    AsFrozen,
    /// They may not: whoever answers for these objectives has not.
    NotFrozen(Vec<String>),
}

impl Reason {
    /// In words, without a full stop.
    pub fn words(&self, language: Language) -> String {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    fn english(&self) -> String {
        match self {
            Reason::Holds(words) | Reason::Said(words) => words.clone(),
            Reason::NotKnown(condition) => format!("nobody knows whether {condition}"),
            Reason::Unreadable { condition, error } => format!("the condition {condition:?} cannot be read: {error}"),
            Reason::PolicyUnknown => "the state of the error-budget policy is not known yet".to_owned(),
            Reason::Frozen { state, allow, change } => {
                let but = if allow.is_empty() { String::new() } else { format!(" but for {}", allow.join(", ")) };
                format!("releases are frozen while the policy is {state},{but} and this is a {change}")
            }
            Reason::NeedsApproval { state, approvers, change } => {
                format!("a {change} needs a word of {approvers} while the policy is {state}: narthex gate override")
            }
            Reason::TooMany { state, n, most } => {
                format!("{n} releases went out within a day, and {most} may while the policy is {state}")
            }
            Reason::Reported(state) => format!("the deployment is reported as {state}"),
            Reason::GateGone(gate) => format!("the gate {gate} is not there any more"),
            Reason::Overridden { by, role, why } => {
                let by = if by.is_empty() { "somebody" } else { by };
                let role = if role.is_empty() { String::new() } else { format!(" ({role})") };
                let why = if why.is_empty() { "no reason given" } else { why };
                format!("overridden by {by}{role}: {why}")
            }
            Reason::Upstream { objectives, left, so } => {
                let names = objectives.join(", ");
                let left = format!("without what failed upstream ({names}) {left} % of the budget would be left");
                match so {
                    Exempt::Yes => format!("exempt from the policy: {left}"),
                    Exempt::AsFrozen => {
                        format!("exempt from the policy: {left}, and whoever answers for it has frozen releases")
                    }
                    Exempt::NotFrozen(thawed) => {
                        let thawed = thawed.join(", ");
                        format!("{left}, and whoever answers for {thawed} has not frozen releases: not exempt")
                    }
                }
            }
            Reason::OutOfScope => {
                "where only users out of scope felt it, the policy exempts: narthex gate override".to_owned()
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Reason::Holds(words) | Reason::Said(words) => words.clone(),
            Reason::NotKnown(condition) => format!("无法判断是否满足 {condition}"),
            Reason::Unreadable { condition, error } => format!("无法解析条件 {condition:?}：{error}"),
            Reason::PolicyUnknown => "错误预算策略的状态尚不明确".to_owned(),
            Reason::Frozen { state, allow, change } => {
                let but = if allow.is_empty() {
                    String::new()
                } else {
                    format!("，只允许 {} 类变更", allow.join("、"))
                };
                format!("策略处于 {state}，发布已冻结{but}，而本次为 {change}")
            }
            Reason::NeedsApproval { state, approvers, change } => {
                format!("策略处于 {state}，{change} 类变更需要 {approvers} 同意：narthex gate override")
            }
            Reason::TooMany { state, n, most } => {
                format!("一天内已发布 {n} 次，而策略处于 {state} 时每天最多 {most} 次")
            }
            Reason::Reported(state) => format!("部署上报的状态为 {state}"),
            Reason::GateGone(gate) => format!("门禁 {gate} 已不存在"),
            Reason::Overridden { by, role, why } => {
                let by = if by.is_empty() { "有人" } else { by };
                let role = if role.is_empty() { String::new() } else { format!("（{role}）") };
                let why = if why.is_empty() { "未说明理由" } else { why };
                format!("{by}{role}人工放行：{why}")
            }
            Reason::Upstream { objectives, left, so } => {
                let left = format!("若不计上游故障（{}），预算还剩 {left} %", objectives.join("、"));
                match so {
                    Exempt::Yes => format!("策略予以豁免：{left}"),
                    Exempt::AsFrozen => format!("策略予以豁免：{left}，且上游负责方已冻结发布"),
                    Exempt::NotFrozen(thawed) => {
                        format!("{left}，但 {} 的负责方尚未冻结发布，不予豁免", thawed.join("、"))
                    }
                }
            }
            Reason::OutOfScope => "若受影响的只是承诺范围之外的用户，策略予以豁免：narthex gate override".to_owned(),
        }
    }
}

impl From<&Override> for Reason {
    fn from(given: &Override) -> Reason {
        Reason::Overridden { by: given.by.clone(), role: given.role.clone(), why: given.reason.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn all() -> Vec<Reason> {
        let text = |text: &str| text.to_owned();
        let upstream = |so| Reason::Upstream { objectives: words(&["pay"]), left: text("40.0"), so };
        vec![
            Reason::Holds(text("remaining <= 25% (remaining = 12.5%)")),
            Reason::NotKnown(text("coverage < 95%")),
            Reason::Unreadable { condition: text("a 'b'"), error: text("column 3") },
            Reason::PolicyUnknown,
            Reason::Frozen { state: text("exhausted"), allow: words(&["fix", "security"]), change: text("feature") },
            Reason::Frozen { state: text("exhausted"), allow: Vec::new(), change: text("feature") },
            Reason::NeedsApproval { state: text("critical"), approvers: text("engineering"), change: text("feature") },
            Reason::TooMany { state: text("caution"), n: 3, most: 2 },
            Reason::Reported(text("failed")),
            Reason::GateGone(text("shop-prod")),
            Reason::Overridden { by: text("li"), role: text("engineering"), why: text("the fair opens") },
            Reason::Overridden { by: String::new(), role: String::new(), why: String::new() },
            upstream(Exempt::Yes),
            upstream(Exempt::AsFrozen),
            upstream(Exempt::NotFrozen(words(&["pay"]))),
            Reason::OutOfScope,
        ]
    }

    #[test]
    fn a_reason_is_read_as_it_was_kept() {
        for reason in all() {
            let kept = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<Reason>(&kept).unwrap(), reason, "{kept}");
        }
        let before = serde_json::from_str::<Reason>("\"policy_unknown: as it was said\"").unwrap();
        assert_eq!(before, Reason::Said("policy_unknown: as it was said".to_owned()));
    }

    /// What is written in spec files or by people stands in both; but for that, and for commands, Chinese has no English in it.
    #[test]
    fn a_reason_is_said_in_both_languages() {
        for reason in all().into_iter().skip(1) {
            let [english, chinese] = [Language::English, Language::Chinese].map(|language| reason.words(language));
            assert!(english.is_ascii() && !english.ends_with('.'), "{english}");
            assert!(!chinese.is_ascii() && !chinese.ends_with('。'), "{chinese}");
            for word in chinese.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
                assert!(english.contains(word), "{word} of {chinese} is not in {english}");
            }
        }
    }
}
