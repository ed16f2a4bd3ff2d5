//! A condition as a sentence, in the words of its facts: `less than 10 % of the error budget is left`, `错误预算剩余不足 10 %`.
//!
//! `not` is told of what it stands before: `not remaining < 10%` is at least 10 %, and `not (a or b)` is neither; in Kleene's logic that
//! is the same. Comparisons are joined by commas and one word; one level of brackets becomes a semicolon. What stands deeper than
//! that is clearer as a formula, and has no sentence.

use super::facts::{Quantity, Word, rounded};
use super::tree::{Condition, Node, Operator};
use crate::report::Language;

/// A condition without `not`.
enum Told {
    One(String),
    All(Vec<Told>),
    Any(Vec<Told>),
}

impl Condition {
    /// As a sentence without a full stop; `None` where a formula is clearer.
    pub fn sentence(&self, language: Language) -> Option<String> {
        let sentence = told(&self.root, false, language).sentence(language)?;
        if self.for_ms == 0 {
            return Some(sentence);
        }
        let length = language.long_duration(self.for_ms);
        Some(match language {
            Language::English => format!("for {length} without a pause, {sentence}"),
            Language::Chinese => format!("持续 {length}：{sentence}"),
        })
    }
}

impl Told {
    fn sentence(&self, language: Language) -> Option<String> {
        let (parts, is_all) = match self {
            Told::One(words) => return Some(words.clone()),
            Told::All(parts) => (parts, true),
            Told::Any(parts) => (parts, false),
        };
        let plain = |part: &Told| match part {
            Told::One(words) => Some(words.clone()),
            Told::All(_) | Told::Any(_) => None,
        };
        if let Some(plain) = parts.iter().map(plain).collect::<Option<Vec<_>>>() {
            return Some(match language {
                Language::English => language.list(&plain, if is_all { "and" } else { "or" }),
                Language::Chinese => plain.join(if is_all { "，且" } else { "，或" }),
            });
        }
        let is_flat = |part: &Told| match part {
            Told::One(_) => true,
            Told::All(inner) | Told::Any(inner) => inner.iter().all(|one| matches!(one, Told::One(_))),
        };
        if !parts.iter().all(is_flat) {
            return None;
        }
        let inner = parts.iter().map(|part| part.sentence(language)).collect::<Option<Vec<_>>>()?;
        Some(inner.join(match is_all {
            true => language.say("; and ", "；并且"),
            false => language.say("; or ", "；或者"),
        }))
    }
}

fn told(node: &Node, is_negated: bool, language: Language) -> Told {
    match node {
        Node::Constant(value) => {
            let (always, never) = (language.say("always", "始终"), language.say("never", "从不"));
            Told::One(if *value != is_negated { always } else { never }.to_owned())
        }
        Node::Not(inner) => told(inner, !is_negated, language),
        // Neither is: both are not.
        Node::All(nodes) if is_negated => joined(nodes, true, language, false),
        Node::Any(nodes) if is_negated => joined(nodes, true, language, true),
        Node::All(nodes) => joined(nodes, false, language, true),
        Node::Any(nodes) => joined(nodes, false, language, false),
        Node::Compare { quantity, operator, value } => {
            let operator = if is_negated { operator.opposite() } else { *operator };
            Told::One(match language {
                Language::English => english(*quantity, operator, *value),
                Language::Chinese => chinese(*quantity, operator, *value),
            })
        }
        Node::IsOneOf { word, words } => {
            let words: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
            Told::One(is_one_of(*word, &words, is_negated, language))
        }
        Node::Firing { labels } => Told::One(firing(labels, is_negated, language)),
    }
}

/// Parts that are joined alike are one list.
fn joined(nodes: &[Node], is_negated: bool, language: Language, is_all: bool) -> Told {
    let mut parts = Vec::new();
    for node in nodes {
        match told(node, is_negated, language) {
            Told::All(inner) if is_all => parts.extend(inner),
            Told::Any(inner) if !is_all => parts.extend(inner),
            one => parts.push(one),
        }
    }
    if is_all { Told::All(parts) } else { Told::Any(parts) }
}

impl Operator {
    fn opposite(self) -> Operator {
        match self {
            Operator::Less => Operator::GreaterOrEqual,
            Operator::LessOrEqual => Operator::Greater,
            Operator::Greater => Operator::LessOrEqual,
            Operator::GreaterOrEqual => Operator::Less,
            Operator::Equal => Operator::NotEqual,
            Operator::NotEqual => Operator::Equal,
        }
    }

    fn english(self) -> &'static str {
        match self {
            Operator::Less => "less than",
            Operator::LessOrEqual => "at most",
            Operator::Greater => "more than",
            Operator::GreaterOrEqual => "at least",
            Operator::Equal => "exactly",
            Operator::NotEqual => "other than",
        }
    }

    /// Where something is so many.
    fn chinese(self) -> &'static str {
        match self {
            Operator::Less => "不足",
            Operator::LessOrEqual => "不超过",
            Operator::Greater => "超过",
            Operator::GreaterOrEqual => "不低于",
            Operator::Equal => "恰为",
            Operator::NotEqual => "不等于",
        }
    }
}

fn share(value: f64) -> String {
    format!("{} %", rounded(value * 100.0))
}

fn english(quantity: Quantity, operator: Operator, value: f64) -> String {
    let than = operator.english();
    match quantity {
        Quantity::Remaining => remaining_english(operator, value),
        Quantity::Coverage => format!("{than} {} of the time was measured", share(value)),
        Quantity::BudgetDebit => format!("the release has spent {than} {} of the error budget", share(value)),
        Quantity::Exhaustion => {
            let length = Language::English.long_duration(value as i64);
            match operator {
                Operator::Less | Operator::LessOrEqual => {
                    format!("the error budget runs out within {length} at this pace")
                }
                _ => format!("the error budget lasts {than} {length} at this pace"),
            }
        }
        Quantity::Burn { window_ms } => {
            let last = Language::English.last(window_ms);
            format!("over the {last} the error budget went {than} {} times as fast as if spent evenly", rounded(value))
        }
    }
}

/// What is left, down to nothing and below.
fn remaining_english(operator: Operator, value: f64) -> String {
    let beyond = share(-value);
    match operator {
        Operator::LessOrEqual | Operator::Equal if value == 0.0 => "nothing of the error budget is left".to_owned(),
        Operator::Less if value == 0.0 => "more than the error budget is spent".to_owned(),
        Operator::Greater if value == 0.0 => "something of the error budget is left".to_owned(),
        Operator::GreaterOrEqual if value == 0.0 => "no more than the error budget is spent".to_owned(),
        Operator::Less if value < 0.0 => format!("the error budget is overspent by more than {beyond}"),
        Operator::LessOrEqual if value < 0.0 => format!("the error budget is overspent by {beyond} or more"),
        Operator::Greater if value < 0.0 => format!("the error budget is overspent by less than {beyond}, if at all"),
        Operator::GreaterOrEqual if value < 0.0 => {
            format!("the error budget is overspent by {beyond} at most, if at all")
        }
        _ => format!("{} {} of the error budget is left", operator.english(), share(value)),
    }
}

fn chinese(quantity: Quantity, operator: Operator, value: f64) -> String {
    let than = operator.chinese();
    match quantity {
        Quantity::Remaining => remaining_chinese(operator, value),
        Quantity::Coverage => format!("有测量的时间{than} {}", share(value)),
        Quantity::BudgetDebit => format!("本次发布消耗的错误预算{than} {}", share(value)),
        Quantity::Exhaustion => {
            let length = Language::Chinese.long_duration(value as i64);
            match operator {
                Operator::Less | Operator::LessOrEqual => format!("按目前的速度，错误预算将在 {length}内耗尽"),
                _ => format!("按目前的速度，错误预算可用{than} {length}"),
            }
        }
        Quantity::Burn { window_ms } => {
            let last = Language::Chinese.last(window_ms);
            format!("{last}错误预算的消耗速度{than}匀速的 {} 倍", rounded(value))
        }
    }
}

fn remaining_chinese(operator: Operator, value: f64) -> String {
    let beyond = share(-value);
    match operator {
        Operator::LessOrEqual | Operator::Equal if value == 0.0 => "错误预算已用完".to_owned(),
        Operator::Less if value == 0.0 => "错误预算已超支".to_owned(),
        Operator::Greater if value == 0.0 => "错误预算还有剩余".to_owned(),
        Operator::GreaterOrEqual if value == 0.0 => "错误预算没有超支".to_owned(),
        Operator::Less if value < 0.0 => format!("错误预算超支超过 {beyond}"),
        Operator::LessOrEqual if value < 0.0 => format!("错误预算超支 {beyond} 或更多"),
        Operator::Greater if value < 0.0 => format!("错误预算没有超支，或超支不足 {beyond}"),
        Operator::GreaterOrEqual if value < 0.0 => format!("错误预算没有超支，或超支不超过 {beyond}"),
        _ => format!("错误预算剩余{} {}", operator.chinese(), share(value)),
    }
}

fn is_one_of(word: Word, words: &[&str], is_negated: bool, language: Language) -> String {
    let named = |name: &&str| match word {
        Word::PolicyState => language.state(name).to_owned(),
        Word::Change => language.change(name).0.to_owned(),
        Word::Service | Word::Environment | Word::Version | Word::Actor => (*name).to_owned(),
    };
    let is_one_of_them = words.len() > 1;
    let words = language.list(&words.iter().map(named).collect::<Vec<_>>(), "or");
    let fact = match word {
        Word::PolicyState => language.say("the policy's state", "策略状态"),
        Word::Change => language.say("the change", "变更类型"),
        Word::Service => language.say("the service", "服务"),
        Word::Environment => language.say("the environment", "环境"),
        Word::Version => language.say("the version", "版本"),
        Word::Actor => language.say("whoever releases", "发布者"),
    };
    match (language, is_negated) {
        (Language::English, false) => format!("{fact} is {words}"),
        (Language::English, true) => format!("{fact} is not {words}"),
        (Language::Chinese, false) if is_one_of_them => format!("{fact}为{}之一", spaced(&words)),
        (Language::Chinese, true) if is_one_of_them => format!("{fact}不是{}中的任何一个", spaced(&words)),
        (Language::Chinese, false) => format!("{fact}为{}", spaced(&words)),
        (Language::Chinese, true) => format!("{fact}不是{}", spaced(&words)),
    }
}

/// Letters that are not Chinese stand apart.
fn spaced(words: &str) -> String {
    if words.starts_with(|first: char| first.is_ascii()) { format!(" {words}") } else { words.to_owned() }
}

fn firing(labels: &[(String, String)], is_negated: bool, language: Language) -> String {
    let known = match labels {
        [] => Some(language.say("alert fires", "告警")),
        [(name, value)] if name == "severity" && value == "page" => {
            Some(language.say("alert fires that calls somebody at once", "呼叫级别的告警"))
        }
        [(name, value)] if name == "severity" && value == "ticket" => {
            Some(language.say("alert fires that becomes a ticket", "工单级别的告警"))
        }
        _ => None,
    };
    let which = known.map_or_else(
        || {
            let named = |(name, value): &(String, String)| match language {
                Language::English => format!("{name} {value:?}"),
                Language::Chinese => format!("{name} 为“{value}”"),
            };
            let labels = language.list(&labels.iter().map(named).collect::<Vec<_>>(), "and");
            match language {
                Language::English => format!("alert fires with {labels}"),
                Language::Chinese => format!("{labels}的告警"),
            }
        },
        str::to_owned,
    );
    match (language, is_negated) {
        (Language::English, false) => format!("an {which}"),
        (Language::English, true) => format!("no {which}"),
        (Language::Chinese, false) => format!("有{}正在触发", spaced(&which)),
        (Language::Chinese, true) => format!("没有{}正在触发", spaced(&which)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, english: &str, chinese: &str) {
        let condition = Condition::parse(text).unwrap();
        assert_eq!(condition.sentence(Language::English).as_deref(), Some(english), "{text}");
        assert_eq!(condition.sentence(Language::Chinese).as_deref(), Some(chinese), "{text}");
    }

    #[test]
    fn what_is_left() {
        check("remaining < 10%", "less than 10 % of the error budget is left", "错误预算剩余不足 10 %");
        check("remaining <= 0.25", "at most 25 % of the error budget is left", "错误预算剩余不超过 25 %");
        check("remaining > 10%", "more than 10 % of the error budget is left", "错误预算剩余超过 10 %");
        check("remaining >= 2.5%", "at least 2.5 % of the error budget is left", "错误预算剩余不低于 2.5 %");
        check("remaining == 1", "exactly 100 % of the error budget is left", "错误预算剩余恰为 100 %");
        check("remaining != 1", "other than 100 % of the error budget is left", "错误预算剩余不等于 100 %");
        check("remaining <= 0%", "nothing of the error budget is left", "错误预算已用完");
        check("remaining < 0", "more than the error budget is spent", "错误预算已超支");
        check("remaining > 0", "something of the error budget is left", "错误预算还有剩余");
        check("remaining >= 0", "no more than the error budget is spent", "错误预算没有超支");
        check("remaining < -10%", "the error budget is overspent by more than 10 %", "错误预算超支超过 10 %");
        check("remaining <= -10%", "the error budget is overspent by 10 % or more", "错误预算超支 10 % 或更多");
        check(
            "remaining > -10%",
            "the error budget is overspent by less than 10 %, if at all",
            "错误预算没有超支，或超支不足 10 %",
        );
        check(
            "remaining >= -10%",
            "the error budget is overspent by 10 % at most, if at all",
            "错误预算没有超支，或超支不超过 10 %",
        );
    }

    #[test]
    fn each_fact() {
        check("coverage < 95%", "less than 95 % of the time was measured", "有测量的时间不足 95 %");
        check(
            "budget_debit > 5%",
            "the release has spent more than 5 % of the error budget",
            "本次发布消耗的错误预算超过 5 %",
        );
        check(
            "forecast.exhaustion < 3d",
            "the error budget runs out within 3 days at this pace",
            "按目前的速度，错误预算将在 3 天内耗尽",
        );
        check(
            "forecast.exhaustion >= 1d12h",
            "the error budget lasts at least 1 day 12 hours at this pace",
            "按目前的速度，错误预算可用不低于 1 天 12 小时",
        );
        check(
            "burn(1h) > 14.4",
            "over the last hour the error budget went more than 14.4 times as fast as if spent evenly",
            "最近 1 小时错误预算的消耗速度超过匀速的 14.4 倍",
        );
        check("policy.state == 'exhausted'", "the policy's state is exhausted", "策略状态为已耗尽");
        check("policy.state != calm", "the policy's state is not calm", "策略状态不是 calm");
        check(
            "change in [fix, security, rollback]",
            "the change is a fix, a security fix or a rollback",
            "变更类型为修复、安全、回滚之一",
        );
        check(
            "change not in [feature, config]",
            "the change is not a feature or a change of configuration",
            "变更类型不是功能、配置中的任何一个",
        );
        check("service == api", "the service is api", "服务为 api");
        check("environment == production", "the environment is production", "环境为 production");
        check("version != 'v1'", "the version is not v1", "版本不是 v1");
        check("actor in [li, wu]", "whoever releases is li or wu", "发布者为 li、wu之一");
        check("alert.firing()", "an alert fires", "有告警正在触发");
        check(
            "not alert.firing(severity=page)",
            "no alert fires that calls somebody at once",
            "没有呼叫级别的告警正在触发",
        );
        check("alert.firing(severity='ticket')", "an alert fires that becomes a ticket", "有工单级别的告警正在触发");
        check(
            "alert.firing(severity=page, team=pay)",
            "an alert fires with severity \"page\" and team \"pay\"",
            "有 severity 为“page”、team 为“pay”的告警正在触发",
        );
        check("true", "always", "始终");
        check("not true", "never", "从不");
    }

    #[test]
    fn what_is_joined_and_negated() {
        check(
            "remaining < 10% and burn(30m) > 2",
            "less than 10 % of the error budget is left and over the last 30 minutes the error budget went more than 2 times as \
             fast as if spent evenly",
            "错误预算剩余不足 10 %，且最近 30 分钟错误预算的消耗速度超过匀速的 2 倍",
        );
        check(
            "remaining <= 25% or forecast.exhaustion < 3d or coverage < 95%",
            "at most 25 % of the error budget is left, the error budget runs out within 3 days at this pace or less than 95 % of \
             the time was measured",
            "错误预算剩余不超过 25 %，或按目前的速度，错误预算将在 3 天内耗尽，或有测量的时间不足 95 %",
        );
        check(
            "not (remaining < 10% or not change == fix)",
            "at least 10 % of the error budget is left and the change is a fix",
            "错误预算剩余不低于 10 %，且变更类型为修复",
        );
        check(
            "policy.state == exhausted and (change == feature or change == config)",
            "the policy's state is exhausted; and the change is a feature or the change is a change of configuration",
            "策略状态为已耗尽；并且变更类型为功能，或变更类型为配置",
        );
        check(
            "coverage < 95% or remaining <= 0 and change == fix",
            "less than 95 % of the time was measured; or nothing of the error budget is left and the change is a fix",
            "有测量的时间不足 95 %；或者错误预算已用完，且变更类型为修复",
        );
        check(
            "true and (remaining > 0 and remaining < 1)",
            "always, something of the error budget is left and less than 100 % of the error budget is left",
            "始终，且错误预算还有剩余，且错误预算剩余不足 100 %",
        );
        check(
            "remaining > 10% for 24h",
            "for 1 day without a pause, more than 10 % of the error budget is left",
            "持续 1 天：错误预算剩余超过 10 %",
        );
    }

    #[test]
    fn what_is_clearer_as_a_formula_stays_one() {
        let text = "coverage < 1 and (remaining < 1 or (change == fix and service == api))";
        for language in [Language::English, Language::Chinese] {
            assert_eq!(Condition::parse(text).unwrap().sentence(language), None);
        }
    }
}
