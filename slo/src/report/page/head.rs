//! The top of the page: the answer in words, one number with its bar, three answers, and what else is worth a number.

use std::cmp::Ordering;

use super::super::burndown::numbered;
use super::super::language::{count, day, fine_percent, percent, time};
use super::super::markup::Markup;
use super::super::words::bad_unit;
use super::super::{Alerted, InUnits, Language, OfLate};
use super::{Page, STYLE, or_dash};

/// How wide the bar is in its own units.
const WIDTH: f64 = 1000.0;
/// The room of an overdraft at its left end.
const OVERDRAFT: f64 = 60.0;

impl Page<'_> {
    pub(super) fn begin(&self, out: &mut Markup) {
        let report = self.report;
        out.raw("<!doctype html>\n<html lang=\"").text(self.language.tag()).raw("\">\n<head><meta charset=\"utf-8\">");
        out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
        let title = self.period.title(self.language);
        out.text(&report.title).raw(" · ").text(&title).raw("</title>\n").raw(STYLE);
        out.raw("</head>\n<body><main>\n<header><p class=\"kicker\"><span>");
        out.text(self.say("Error-budget report", "错误预算报告")).raw(" · ");
        out.name(&report.title).raw(" · ").text(&title).raw("</span>");
        match report.kept {
            Some(true) => out.raw("<span class=\"state kept\">").text(self.say("✓ kept", "✓ 履行")),
            Some(false) => out.raw("<span class=\"state broken\">").text(self.say("✗ not kept", "✗ 未履行")),
            None => out.raw("<span class=\"state unsure\">").text(self.say("? not known", "? 未知")),
        };
        out.raw("</span></p>\n<h1>").text(&report.words.headline).raw("</h1>\n");
        self.hero(out);
        self.meta(out);
        out.raw("</header>\n");
    }

    /// What is left: the one number of the page, and the bar that burns down from the right.
    fn hero(&self, out: &mut Markup) {
        let status = &self.report.status;
        let left = status.budget.remaining_ratio.filter(|_| self.report.kept.is_some());
        // What is overspent is no remainder.
        let (left_text, of) = (or_dash(left.map(f64::abs), percent), self.of_the_budget());
        out.raw("<div class=\"hero\"><div class=\"number\">").text(&left_text).raw("</div><div><p class=\"of\">");
        out.text(&of).raw("</p><svg class=\"stalk ").text(status.state.as_str());
        out.raw("\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
        out.text(&left_text).raw(" ").text(&of).raw("\">");
        let from = if left.is_some_and(|left| left < 0.0) { OVERDRAFT } else { 0.0 };
        let room = WIDTH - from;
        let at = |share: f64| format!("{:.1}", from + share.clamp(0.0, 1.0) * room);
        let width = |begin: f64, end: f64| format!("{:.1}", (end - begin).clamp(0.0, 1.0) * room);
        let solid = left.unwrap_or(0.0).clamp(0.0, 1.0);
        out.raw("<rect class=\"spent\" x=\"").text(&at(solid)).raw("\" width=\"").text(&width(solid, 1.0));
        out.raw("\" height=\"14\"/><rect class=\"left\" x=\"").text(&at(0.0)).raw("\" width=\"");
        out.text(&width(0.0, solid)).raw("\" height=\"14\"/>");
        for share in self.ticks() {
            let x = at(share);
            out.raw("<line x1=\"").text(&x).raw("\" x2=\"").text(&x).raw("\" y1=\"0\" y2=\"14\"/>");
        }
        if from > 0.0 {
            out.raw("<g class=\"over\">");
            for x in [4, 18, 32, 46] {
                let (foot, top) = (x.to_string(), (x + 12).to_string());
                out.raw("<line x1=\"").text(&foot).raw("\" y1=\"14\" x2=\"").text(&top).raw("\" y2=\"0\"/>");
            }
            out.raw("</g>");
        }
        out.raw("<rect class=\"frame\" x=\"").text(&at(0.0)).raw("\" width=\"").text(&width(0.0, 1.0));
        out.raw("\" height=\"14\"/></svg></div></div>\n");
    }

    fn of_the_budget(&self) -> String {
        let budget = &self.report.status.budget;
        let (remaining, allowed) = (count(budget.remaining.0), count(budget.allowed.0));
        let unit = bad_unit(self.report);
        if budget.remaining.0 < 0.0 {
            let beyond = count(-budget.remaining.0);
            return match self.language {
                Language::English => {
                    format!("more than the error budget is spent: {beyond} {unit} beyond the {allowed} allowed")
                }
                Language::Chinese => format!("超支：错误预算允许 {allowed} {unit}，超出 {beyond} 个"),
            };
        }
        match (self.language, self.report.is_over) {
            (Language::English, false) => {
                format!("of the error budget is left: {remaining} of {allowed} {unit}")
            }
            (Language::English, true) => {
                format!("of the error budget was left: {remaining} of {allowed} {unit}")
            }
            (Language::Chinese, _) => format!("错误预算剩余：{allowed} {unit}中剩 {remaining} 个"),
        }
    }

    /// Where what cost most took its part of the bar, from its right end: shares of the budget that were left after each.
    fn ticks(&self) -> Vec<f64> {
        let allowed = self.report.status.budget.allowed.0;
        let spent = self.report.status.budget.spent.0;
        let costs: Vec<f64> = numbered(self.report).map(|(_, cost)| cost.share * spent / allowed).collect();
        let mut left = 1.0;
        let after = costs.into_iter().map(|share| {
            left -= share;
            left
        });
        after.filter(|left| left.is_finite() && (0.0..1.0).contains(left)).collect()
    }

    fn meta(&self, out: &mut Markup) {
        let report = self.report;
        let zone = self.period.zone.iana_name().unwrap_or("UTC");
        out.raw("<p class=\"muted meta\">").text(&self.time(report.start.0)).raw(" – ");
        out.text(&self.time(report.until.0)).raw(" (").text(zone).raw(")");
        if !report.is_over && report.end > report.until {
            out.text(self.say(", which goes on until ", "，本期截止 ")).text(&self.time(report.end.0));
        }
        out.raw(" · ").text(self.say("measured: ", "测量覆盖率："));
        out.text(&or_dash(report.status.coverage, percent)).raw(" · ").text(self.say("data until ", "数据截至 "));
        out.text(&self.time(report.data_until.0));
        if let Some((now, before)) = report.status.sli.zip(report.earlier.first().and_then(|one| one.sli)) {
            out.raw(" · ").text(&self.change(now, before));
        }
        out.raw("</p>");
    }

    /// How it was in the period before.
    fn change(&self, now: f64, before: f64) -> String {
        let good = fine_percent(before);
        // What reads alike is no change.
        let ordering = if fine_percent(now) == good { Ordering::Equal } else { now.total_cmp(&before) };
        match (self.language, ordering) {
            (Language::English, Ordering::Greater) => format!("better than the period before ({good} good)"),
            (Language::English, Ordering::Less) => format!("worse than the period before ({good} good)"),
            (Language::English, Ordering::Equal) => "as in the period before".to_owned(),
            (Language::Chinese, Ordering::Greater) => format!("好于上期（良好率 {good}）"),
            (Language::Chinese, Ordering::Less) => format!("差于上期（良好率 {good}）"),
            (Language::Chinese, Ordering::Equal) => "与上期相同".to_owned(),
        }
    }

    pub(super) fn answers(&self, out: &mut Markup) {
        let words = &self.report.words;
        let answers = [
            (self.say("Was the promise kept?", "承诺履行了吗？"), &words.promise),
            (self.say("What spent the budget?", "预算花在了哪里？"), &words.cause),
            (self.say("May we release?", "可以发布吗？"), &words.release),
        ];
        out.raw("<dl class=\"answers\">");
        for (place, (question, answer)) in answers.into_iter().enumerate() {
            out.raw("<div><dt>").text(question).raw("</dt><dd>").text(answer);
            // The last is what the formula is about.
            if let Some(formula) = words.formula.as_ref().filter(|_| place == 2) {
                out.raw("<code class=\"muted\">").text(formula).raw("</code>");
            }
            out.raw("</dd></div>");
        }
        out.raw("</dl>\n");
    }

    pub(super) fn tiles(&self, out: &mut Markup) {
        let status = &self.report.status;
        out.raw("<div class=\"tiles\">");
        let mut tile = |value: &str, name: &str| {
            out.raw("<div class=\"tile\"><b>").text(value).raw("</b><span>").text(name).raw("</span></div>");
        };
        let promised = match self.language {
            Language::English => format!("good; promised were {} %", status.objective),
            Language::Chinese => format!("良好率（承诺 {} %）", status.objective),
        };
        tile(&or_dash(status.sli, fine_percent), &promised);
        if let Some(units) = &self.report.in_units {
            let (value, name) = self.units(units);
            tile(&value, &name);
        }
        if let Some(late) = &self.report.of_late {
            tile(&or_dash(late.spent_ratio, percent), &self.went(late));
        }
        if let Some(alerted) = self.report.alerted_in_all() {
            let (value, name) = self.alerted(alerted);
            tile(&value, &name);
        }
        if !self.report.is_over {
            let (value, name) = self.end();
            tile(&value, name);
            let firing = self.report.now.firing.join(", ");
            let firing = if firing.is_empty() { self.say("none", "无") } else { &firing };
            tile(firing, self.say("alerts that fire now", "当前触发的告警"));
        }
        out.raw("</div>\n");
    }

    /// When nothing will be left of the product's own budget, or since it is gone, when something will be.
    fn end(&self) -> (String, &str) {
        let (now, zone) = (&self.report.now, &self.period.zone);
        if now.budget.remaining_ratio.is_some_and(|left| left <= 0.0) {
            let gone = || self.say("gone", "已耗尽").to_owned();
            let back = now.forecast.recovers_at.map_or_else(gone, |at| time(at.0, zone));
            let names = match now.forecast.recovers_at {
                Some(_) => ("the budget is gone; when something is left again", "预算已耗尽；重新有剩余的时间"),
                None => ("nothing is left of the budget", "预算没有剩余"),
            };
            return (back, self.say(names.0, names.1));
        }
        let ends = now.forecast.exhausted_at.filter(|at| *at > self.report.made_at);
        let ends = ends.map_or_else(|| self.say("not in sight", "暂无").to_owned(), |at| day(at.0, zone));
        (ends, self.say("when nothing is left, at this pace", "按目前速度的耗尽日期"))
    }

    /// Whom it called, and how often.
    fn alerted(&self, alerted: Alerted) -> (String, String) {
        let Alerted { pages, tickets, .. } = alerted;
        let counted = |n: usize, one: &str| match n {
            0 => format!("no {one}s"),
            1 => format!("1 {one}"),
            n => format!("{n} {one}s"),
        };
        match self.language {
            Language::English => {
                (counted(pages, "page"), format!("called somebody at once; {}", counted(tickets, "ticket")))
            }
            Language::Chinese => (format!("{pages} 次"), format!("呼叫值班人员；另有工单 {tickets} 张")),
        }
    }

    /// What it was to the team.
    fn units(&self, units: &InUnits) -> (String, String) {
        let (spent, allowed) = (count(units.spent.0), count(units.allowed.0));
        let money = units.money.as_ref().zip(units.currency.as_ref());
        let money = money.map(|(money, currency)| format!("{} {currency}", count(money.0)));
        match self.language {
            Language::English => {
                let money = money.map_or(String::new(), |money| format!("; they cost {money}"));
                (format!("{spent} {}", units.name), format!("were lost, {allowed} were allowed{money}"))
            }
            Language::Chinese => {
                let money = money.map_or(String::new(), |money| format!("，损失 {money}"));
                (format!("{spent} {}", units.name), format!("受损，允许 {allowed}{money}"))
            }
        }
    }

    /// When that share of the budget went.
    fn went(&self, late: &OfLate) -> String {
        let last = self.language.last(late.seconds * 1000);
        match (self.language, self.report.is_over) {
            (Language::English, true) => format!("of the budget went in the {last} of the period"),
            (Language::English, false) => format!("of the budget went in the {last}"),
            (Language::Chinese, true) => format!("本期{}消耗的预算", last.replace("最近", "最后")),
            (Language::Chinese, false) => format!("{last}消耗的预算"),
        }
    }
}
