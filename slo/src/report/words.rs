//! The answers in words: was the promise kept, what broke it, may we release.

use model::duration::PromDuration;
use serde::Serialize;

use super::cost::CostKind;
use super::language::{count, day, fine_percent, percent, time};
use super::{Cost, Language, Period, Release, ReleaseAnswer, Report};
use crate::condition::in_words;

/// What cost such a share of all that went wrong is told of beside what cost most.
const WORTH_A_WORD: f64 = 0.1;

/// The answers in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Words {
    /// All of it in a sentence or three.
    pub headline: String,
    /// Was the promise kept?
    pub promise: String,
    /// What spent the budget?
    pub cause: String,
    /// May we release?
    pub release: String,
    /// What the policy goes by, as it writes it, where `release` says that in words.
    pub formula: Option<String>,
    /// The same without since when, and what it stands on.
    #[serde(skip)]
    pub(super) release_alone: String,
}

impl Words {
    /// The answers of a report.
    pub(super) fn of(report: &Report, period: &Period) -> Words {
        let release = |since: Option<&str>| release(&report.release, report.language, since);
        let since = report.release.since.map(|since| time(since.0, &period.zone));
        let parts = [kept(report), outlook(report, period), release(None)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Words {
            headline: parts.join(report.language.say(" ", "")),
            promise: promise(report),
            cause: cause(report, period),
            release: format!("{}{}", release(since.as_deref()), reason(report)),
            formula: report.release.why.clone().filter(|why| in_words(why, report.language).is_some()),
            release_alone: release(None),
        }
    }
}

/// A bad event, or a minute that was bad.
pub(super) fn bad_unit(report: &Report) -> &'static str {
    match report.status.unit {
        "slices" => report.language.say("bad minutes", "个不良分钟"),
        _ => report.language.say("bad events", "个不良事件"),
    }
}

fn kept(report: &Report) -> String {
    let title = &report.title;
    let left = report.status.budget.remaining_ratio.map_or("–".to_owned(), percent);
    let spent = report.status.budget.remaining_ratio.map_or("–".to_owned(), |left| percent(1.0 - left));
    match (report.language, report.kept, report.is_over) {
        (Language::English, None, _) => {
            format!("Nobody knows whether {title} kept its promise: nothing was counted in this period.")
        }
        (Language::English, Some(true), true) => {
            format!("{title} kept its promise: {left} of the error budget was left at the end.")
        }
        (Language::English, Some(true), false) => {
            format!("{title} has kept its promise so far: {left} of the error budget is left.")
        }
        (Language::English, Some(false), true) => {
            format!("{title} broke its promise: {spent} of the error budget was spent.")
        }
        (Language::English, Some(false), false) => {
            format!("{title} does not keep its promise: {spent} of the error budget is spent.")
        }
        (Language::Chinese, None, _) => format!("无法判断“{title}”是否履行了承诺：本期没有任何计数。"),
        (Language::Chinese, Some(true), true) => format!("“{title}”履行了承诺：期末错误预算剩余 {left}。"),
        (Language::Chinese, Some(true), false) => format!("“{title}”至今履行了承诺：错误预算剩余 {left}。"),
        (Language::Chinese, Some(false), true) => format!("“{title}”未能履行承诺：错误预算消耗了 {spent}。"),
        (Language::Chinese, Some(false), false) => format!("“{title}”目前未履行承诺：错误预算已消耗 {spent}。"),
    }
}

/// What is to be expected; nothing of the past is.
fn outlook(report: &Report, period: &Period) -> String {
    let language = report.language;
    if report.is_over || report.kept.is_none() {
        return String::new();
    }
    let (ends, back) = (report.now.forecast.exhausted_at, report.now.forecast.recovers_at);
    match (ends, back) {
        (Some(at), _) if at > report.made_at => {
            let day = day(at.0, &period.zone);
            match language {
                Language::English => format!("At this pace nothing is left on {day}."),
                Language::Chinese => format!("按目前的速度，预算将于 {day} 耗尽。"),
            }
        }
        (_, Some(at)) => {
            let day = day(at.0, &period.zone);
            match language {
                Language::English => format!("Something is left again from {day} if nothing more happens."),
                Language::Chinese => format!("若不再出事，自 {day} 起会重新有剩余。"),
            }
        }
        _ if report.kept == Some(true) => language.say("At this pace it lasts.", "按目前的速度，预算够用。").to_owned(),
        _ => String::new(),
    }
}

fn release(release: &Release, language: Language, since: Option<&str>) -> String {
    let classes: Vec<String> = release.classes.iter().map(|class| language.change(class).1.to_owned()).collect();
    let classes = language.list(&classes, "and");
    let frozen = match (language, since) {
        (Language::English, None) => "Releases are frozen".to_owned(),
        (Language::English, Some(since)) => format!("Releases have been frozen since {since}"),
        (Language::Chinese, None) => "已冻结发布".to_owned(),
        (Language::Chinese, Some(since)) => format!("自 {since} 起冻结发布"),
    };
    let approvers = release.approvers.clone().unwrap_or_default();
    match (language, release.answer) {
        (Language::English, ReleaseAnswer::Open) => "Releases are open.".to_owned(),
        (Language::Chinese, ReleaseAnswer::Open) => "可以发布。".to_owned(),
        (Language::English, ReleaseAnswer::Slowed) => match release.max_deploys_per_day {
            Some(most) => format!("Releases are open, at most {most} a day."),
            None => "Releases are open, and each is watched for longer.".to_owned(),
        },
        (Language::Chinese, ReleaseAnswer::Slowed) => match release.max_deploys_per_day {
            Some(most) => format!("可以发布，每天最多 {most} 次。"),
            None => "可以发布，但每次发布要观察更久。".to_owned(),
        },
        (Language::English, ReleaseAnswer::Approval) => {
            let of = if classes.is_empty() { String::new() } else { format!(" of {classes}") };
            format!("Releases{of} need the word of {approvers}.")
        }
        (Language::Chinese, ReleaseAnswer::Approval) => {
            let of = if classes.is_empty() { String::new() } else { format!("（{classes} 类）") };
            format!("发布{of}需要 {approvers} 批准。")
        }
        (_, ReleaseAnswer::Frozen) if classes.is_empty() => format!("{frozen}{}", language.say(".", "。")),
        (Language::English, ReleaseAnswer::Frozen) => format!("{frozen}; only {classes} may ship."),
        (Language::Chinese, ReleaseAnswer::Frozen) => format!("{frozen}，只允许{classes}类变更。"),
        (_, ReleaseAnswer::Unknown) => language
            .say(
                "Whether it may be released is not known: the policy has no state yet.",
                "能否发布尚不清楚：策略还没有状态。",
            )
            .to_owned(),
        (_, ReleaseAnswer::NoPolicy) => match release.is_budget_left {
            Some(true) => {
                language.say("No rule forbids releases, and budget is left.", "没有规则禁止发布，预算也有剩余。")
            }
            Some(false) => language.say(
                "No rule forbids releases, but nothing of the budget is left.",
                "没有规则禁止发布，但预算已经用完。",
            ),
            None => language.say(
                "No rule forbids releases, but nobody knows what is left of the budget.",
                "没有规则禁止发布，但预算剩余多少尚不清楚。",
            ),
        }
        .to_owned(),
    }
}

/// What the answer stands on.
fn reason(report: &Report) -> String {
    let Report { release, language, now, .. } = report;
    let (Some(policy), Some(state)) = (&release.policy, &release.state) else { return String::new() };
    let language = *language;
    // A budget of another time than the report's: the answer may seem to contradict it.
    let window = Some(&now.window).filter(|window| window.rolling && window.length != report.period);
    let window = window.and_then(|window| window.length.parse::<PromDuration>().ok());
    let window = window.map(|length| language.last(length.as_millis()));
    let by = match (language, window) {
        (Language::English, None) => String::new(),
        (Language::Chinese, None) => " ".to_owned(),
        (Language::English, Some(last)) => format!(", which goes by the {last},"),
        (Language::Chinese, Some(last)) => format!("（依据{last}的预算）"),
    };
    let state = language.state(state);
    // A formula says what it says where no sentence says it better.
    let why = release.why.as_ref().map(|why| in_words(why, language).unwrap_or_else(|| why.clone()));
    match (language, why) {
        (Language::English, None) => format!(" The policy {policy}{by} put the product in the state {state} then."),
        (Language::English, Some(why)) => {
            format!(" The policy {policy}{by} put the product in the state {state} then: {why}.")
        }
        (Language::Chinese, None) => format!("策略 {policy}{by}当时判定的状态：{state}。"),
        (Language::Chinese, Some(why)) => format!("策略 {policy}{by}当时判定的状态：{state}。依据：{why}。"),
    }
}

fn promise(report: &Report) -> String {
    let status = &report.status;
    let Some(sli) = status.sli else {
        return report.language.say("Nothing was counted in this period.", "本期没有任何计数。").to_owned();
    };
    let (sli, objective) = (fine_percent(sli), &status.objective);
    let (spent, allowed, unit) = (count(status.budget.spent.0), count(status.budget.allowed.0), bad_unit(report));
    let changed = match report.target_changes.is_empty() {
        true => "",
        false => report.language.say(
            " The target was changed meanwhile; each event counts against that of its time.",
            "其间目标有过调整，事件按当时的目标计算。",
        ),
    };
    match report.language {
        Language::English => format!(
            "{sli} was good; promised was {objective} %. That allows {allowed} {unit}, and there were {spent}.{changed}"
        ),
        Language::Chinese => {
            format!("实际良好率 {sli}，承诺 {objective} %。允许 {allowed} {unit}，实际 {spent} 个。{changed}")
        }
    }
}

/// What cost most.
fn cause(report: &Report, period: &Period) -> String {
    let language = report.language;
    let Some(dearest) = report.costs.first().filter(|cost| cost.bad.0 > 0.0) else {
        return language.say("Nothing was spent.", "没有消耗。").to_owned();
    };
    let share = percent(dearest.share);
    match (language, &dearest.kind) {
        (Language::English, CostKind::Background | CostKind::Others { .. }) => {
            "It went in small pieces, not in incidents or deployments.".to_owned()
        }
        (Language::Chinese, CostKind::Background | CostKind::Others { .. }) => {
            "预算是零星消耗的，并非来自故障或发布。".to_owned()
        }
        (Language::English, _) => {
            let what = capital(&what(dearest, language, period));
            format!("{what} cost most: {share} of all that went wrong.{}", second(report, period))
        }
        (Language::Chinese, _) => {
            let what = what(dearest, language, period);
            format!("消耗最多：{what}，占全部问题的 {share}。{}", second(report, period))
        }
    }
}

/// What cost nearly as much.
fn second(report: &Report, period: &Period) -> String {
    let is_told = |cost: &&Cost| {
        cost.share >= WORTH_A_WORD && !matches!(cost.kind, CostKind::Others { .. } | CostKind::Background)
    };
    let Some(cost) = report.costs.get(1).filter(is_told) else { return String::new() };
    let (what, share) = (what(cost, report.language, period), percent(cost.share));
    match report.language {
        Language::English => format!(" Next comes {what}: {share}."),
        Language::Chinese => format!("其次：{what}，占 {share}。"),
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

/// What a cost was, in words.
pub(super) fn what(cost: &Cost, language: Language, period: &Period) -> String {
    let at = time(cost.start.0, &period.zone);
    let name = cost.name.as_deref().unwrap_or(&at);
    match (language, &cost.kind) {
        (Language::English, CostKind::Deployment { service, version, actor, .. }) => {
            let by = actor.as_ref().map_or(String::new(), |actor| format!(" by {actor}"));
            format!("the deployment of {service} {version} on {at}{by}")
        }
        (Language::Chinese, CostKind::Deployment { service, version, actor, .. }) => {
            let by = actor.as_ref().map_or(String::new(), |actor| format!("（{actor}）"));
            format!("{at} 的发布 {service} {version}{by}")
        }
        (Language::English, CostKind::Incident) => format!("the incident \"{name}\""),
        (Language::Chinese, CostKind::Incident) => format!("故障“{name}”"),
        (Language::English, CostKind::Upstream { service }) => format!("the upstream service {service}"),
        (Language::Chinese, CostKind::Upstream { service }) => format!("上游服务 {service}"),
        (Language::English, CostKind::Others { n_costs }) => format!("{n_costs} cheaper ones"),
        (Language::Chinese, CostKind::Others { n_costs }) => format!("其余 {n_costs} 项"),
        (Language::English, CostKind::Background) => "background: what is in no incident and no deployment".to_owned(),
        (Language::Chinese, CostKind::Background) => "背景：不属于任何故障或发布".to_owned(),
    }
}
