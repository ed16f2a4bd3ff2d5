//! What held, as a text says it: a condition, and behind it in brackets what its facts were. Both in words.

use model::duration::PromDuration;

use super::facts::{Kind, Quantity, Word};
use super::tree::Condition;
use crate::report::Language;

/// A condition, or one with its facts behind it (`remaining <= 0% (remaining = -14%)`), as a sentence without a full stop: `nothing of
/// the error budget is left (left: -14 %)`. `None` where the text is neither, or clearer as a formula.
pub fn in_words(text: &str, language: Language) -> Option<String> {
    let (condition, readings) = parts(text)?;
    let sentence = condition.sentence(language)?;
    let told =
        readings.map(|readings| readings.split(", ").map(|one| reading(one, language)).collect::<Option<Vec<_>>>());
    Some(match (told.flatten(), language) {
        (None, _) => sentence,
        (Some(told), Language::English) => format!("{sentence} ({})", told.join(", ")),
        (Some(told), Language::Chinese) => format!("{sentence}（{}）", told.join("，")),
    })
}

/// The condition, and what stands in brackets behind it.
fn parts(text: &str) -> Option<(Condition, Option<&str>)> {
    if let Ok(condition) = Condition::parse(text) {
        return Some((condition, None));
    }
    let inner = text.strip_suffix(')')?;
    // A condition has brackets, too, but nothing before one of them is a condition.
    let split = inner.match_indices(" (").map(|(at, bracket)| (&inner[..at], &inner[at + bracket.len()..]));
    split.map(|(before, behind)| Some((Condition::parse(before).ok()?, Some(behind)))).find_map(|found| found)
}

/// `remaining = -14%` as `left: -14 %`.
fn reading(text: &str, language: Language) -> Option<String> {
    let (name, value) = text.split_once(" = ")?;
    let (name, value) = match Word::NAMED.into_iter().find(|(known, _)| *known == name) {
        Some((_, word)) => (word_name(word, language), word_value(word, value, language)),
        None if name.starts_with("alert.firing(") => {
            (language.say("alert", "告警").to_owned(), firing(value, language)?)
        }
        None => {
            let quantity = quantity(name)?;
            (quantity_name(quantity, language), quantity_value(quantity, value, language)?)
        }
    };
    Some(format!("{name}{}{value}", language.say(": ", "：")))
}

fn firing(value: &str, language: Language) -> Option<String> {
    let told = match value {
        "true" => language.say("fires", "正在触发"),
        "false" => language.say("does not fire", "未触发"),
        "unknown" => language.say("not known", "未知"),
        _ => return None,
    };
    Some(told.to_owned())
}

fn quantity(name: &str) -> Option<Quantity> {
    let named = Quantity::NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, quantity)| quantity);
    named.or_else(|| {
        let window: PromDuration = name.strip_prefix("burn(")?.strip_suffix(')')?.parse().ok()?;
        Some(Quantity::Burn { window_ms: window.as_millis() })
    })
}

fn quantity_name(quantity: Quantity, language: Language) -> String {
    match quantity {
        Quantity::Remaining => language.say("left", "剩余").to_owned(),
        Quantity::Coverage => language.say("measured", "有测量的时间").to_owned(),
        Quantity::BudgetDebit => language.say("spent by the release", "本次发布消耗").to_owned(),
        Quantity::Exhaustion => language.say("lasts", "预计可用").to_owned(),
        Quantity::Burn { window_ms } => language.last(window_ms),
    }
}

fn quantity_value(quantity: Quantity, value: &str, language: Language) -> Option<String> {
    match (quantity.kind(), value) {
        (_, "unknown") => Some(language.say("not known", "未知").to_owned()),
        (Kind::Share, value) => value.strip_suffix('%').map(|value| format!("{value} %")),
        (Kind::Number, value) => Some(format!("{value}{}", language.say(" times", " 倍"))),
        (Kind::Duration, "never") => Some(language.say("no end in sight", "暂无耗尽迹象").to_owned()),
        (Kind::Duration, value) => {
            value.parse::<PromDuration>().ok().map(|value| language.long_duration(value.as_millis()))
        }
    }
}

fn word_name(word: Word, language: Language) -> String {
    match word {
        Word::PolicyState => language.say("state", "状态"),
        Word::Change => language.say("change", "变更类型"),
        Word::Service => language.say("service", "服务"),
        Word::Environment => language.say("environment", "环境"),
        Word::Version => language.say("version", "版本"),
        Word::Actor => language.say("released by", "发布者"),
    }
    .to_owned()
}

fn word_value(word: Word, value: &str, language: Language) -> String {
    match (word, value) {
        (_, "unknown") => language.say("not known", "未知"),
        (Word::PolicyState, state) => language.state(state),
        (Word::Change, class) => language.change(class).0,
        (_, value) => value,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_held_is_told_with_what_its_facts_were() {
        let check = |text: &str, english: Option<&str>, chinese: Option<&str>| {
            assert_eq!(in_words(text, Language::English).as_deref(), english, "{text}");
            assert_eq!(in_words(text, Language::Chinese).as_deref(), chinese, "{text}");
        };
        check("remaining <= 0%", Some("nothing of the error budget is left"), Some("错误预算已用完"));
        check(
            "remaining <= 0% (remaining = -14%)",
            Some("nothing of the error budget is left (left: -14 %)"),
            Some("错误预算已用完（剩余：-14 %）"),
        );
        check(
            "(remaining <= 25% or forecast.exhaustion < 3d) and (coverage < 95%) (remaining = 12.5%, forecast.exhaustion = never, \
             coverage = unknown)",
            Some(
                "at most 25 % of the error budget is left or the error budget runs out within 3 days at this pace; and less than \
                 95 % of the time was measured (left: 12.5 %, lasts: no end in sight, measured: not known)",
            ),
            Some(
                "错误预算剩余不超过 25 %，或按目前的速度，错误预算将在 3 天内耗尽；并且有测量的时间不足 95 %（剩余：12.5 %，预计可用：暂无耗尽迹象，有测量的时间：未知）",
            ),
        );
        check(
            "burn(1h) > 10 and policy.state != exhausted and change == fix (burn(1h) = 12, policy.state = healthy, change = fix)",
            Some(
                "over the last hour the error budget went more than 10 times as fast as if spent evenly, the policy's state is not \
                 exhausted and the change is a fix (last hour: 12 times, state: healthy, change: a fix)",
            ),
            Some(
                "最近 1 小时错误预算的消耗速度超过匀速的 10 倍，且策略状态不是已耗尽，且变更类型为修复（最近 1 小时：12 倍，状态：正常，变更类型：修复）",
            ),
        );
        check(
            "alert.firing(severity=page) and change == fix (alert.firing(severity=\"page\") = unknown, change = fix)",
            Some(
                "an alert fires that calls somebody at once and the change is a fix (alert: not known, change: a fix)",
            ),
            Some("有呼叫级别的告警正在触发，且变更类型为修复（告警：未知，变更类型：修复）"),
        );
        // Which alert that is would be longer than the sentence.
        let firing = "alert.firing(severity=page, team=a) (alert.firing(severity=\"page\", team=\"a\") = true)";
        check(
            firing,
            Some("an alert fires with severity \"page\" and team \"a\""),
            Some("有 severity 为“page”、team 为“a”的告警正在触发"),
        );
        check("the sale begins", None, None);
        check("the sale (of today)", None, None);
        check("", None, None);
    }
}
