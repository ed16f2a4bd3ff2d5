//! What was promised and how each objective kept it, and how the promise was kept before.

use super::super::language::{fine_percent, percent};
use super::super::markup::Markup;
use super::super::{Alerted, Earlier, Language, ObjectiveRow};
use super::{Page, or_dash};

/// How wide a step of a trend is, and how high its highest bar, in pixels.
const STEP: usize = 5;
const HEIGHT: f64 = 18.0;

/// What alerts are, and how it is known how many there were.
const ALERTS_ENGLISH: &str = "A page calls somebody at once; a ticket waits for working hours. Both were counted by going through the period again with today's alert conditions: alerts that were silenced are among them, alerts about missing data are not.";
const ALERTS_CHINESE: &str = "呼叫会立即通知值班人员，工单留待工作时间处理。次数按当前的告警条件对本期重新推算：包含已静默的告警，不含数据缺失的告警。";

impl Page<'_> {
    pub(super) fn objectives(&self, out: &mut Markup) {
        self.section(out, "What was promised", "承诺明细");
        out.raw("<div class=\"wide\"><table class=\"promises\">").columns(&[
            (self.say("promise", "承诺"), false),
            (self.say("target", "目标值"), true),
            (self.say("period", "本期"), true),
            (self.say("7 d", "7 天"), true),
            (self.say("28 d", "28 天"), true),
            (self.say("month", "本月"), true),
            (self.say("budget left", "预算剩余"), true),
            (self.say("pages\u{a0}/ tickets", "呼叫/工单"), true),
            (self.say("bad over time", "不良走势"), false),
            (self.say("measured", "覆盖率"), true),
        ]);
        for row in &self.report.objectives {
            self.objective(out, row);
        }
        out.raw("</table></div>");
        if self.report.n_more_objectives > 0 {
            let text = match self.language {
                Language::English => format!("… and {} more.", self.report.n_more_objectives),
                Language::Chinese => format!("……另有 {} 项。", self.report.n_more_objectives),
            };
            out.raw("<p class=\"muted\">").text(&text).raw("</p>");
        }
        if self.report.alerted_in_all().is_some() {
            self.note(out, ALERTS_ENGLISH, ALERTS_CHINESE);
        }
        out.raw("</section>\n");
    }

    fn objective(&self, out: &mut Markup, row: &ObjectiveRow) {
        let status = &row.status;
        out.raw("<tr><td><b>").name(row.name()).raw("</b>");
        let mut notes: Vec<&str> = Vec::new();
        notes.extend(Some(status.description.as_str()).filter(|text| !text.is_empty()));
        let lost = [row.in_units.as_deref(), row.in_money.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        let lost = lost.join(" · ");
        notes.extend(Some(lost.as_str()).filter(|lost| !lost.is_empty()));
        notes.extend((!row.counts).then(|| self.say("does not count", "不计入")));
        let is_few = status.burn.iter().any(|burn| burn.told_as.is_some());
        notes.extend(is_few.then(|| self.say("few events", "事件很少")));
        for note in notes {
            out.raw("<br><span class=\"muted\">").name(note).raw("</span>");
        }
        out.raw("</td>");
        let slis = [status.sli, row.sli_7d, row.sli_28d, row.sli_month].map(|sli| or_dash(sli, fine_percent));
        out.numbers(&[format!("{} %", status.objective)]).numbers(&slis);
        let left = status.budget.remaining_ratio;
        out.raw("<td class=\"n ").raw(if left.is_some_and(|left| left < 0.0) { "broken" } else { "" }).raw("\">");
        out.text(&or_dash(left, percent)).raw("</td>");
        out.numbers(&[Alerted::shown(row.alerted)]).raw("<td>");
        trend(out, &row.trend);
        out.raw("</td>");
        out.numbers(&[or_dash(status.coverage, percent)]).raw("</tr>\n");
    }

    /// A year of periods at a glance, and the same as a table.
    pub(super) fn earlier(&self, out: &mut Markup) {
        if self.report.earlier.is_empty() {
            return;
        }
        let report = self.report;
        let this = Earlier {
            period: report.period.clone(),
            kept: report.kept,
            sli: report.status.sli,
            remaining_ratio: report.status.budget.remaining_ratio,
        };
        self.section(out, "Kept or not, period by period", "历史周期");
        self.note(
            out,
            "The more was spent, the darker; the last one is this report's. In each: what was left of the budget at its end.",
            "颜色越深消耗越多；最后一格为本期。每格为期末的预算剩余。",
        );
        out.raw("<ol class=\"year\">");
        for one in report.earlier.iter().rev() {
            self.cell(out, one, false);
        }
        self.cell(out, &this, true);
        out.raw("</ol>\n<details><summary>").text(self.say("The same as a table", "以表格显示"));
        out.raw("</summary><div class=\"wide\"><table>").columns(&[
            (self.say("period", "周期"), false),
            (self.say("promise", "承诺"), false),
            (self.say("good", "良好率"), true),
            (self.say("budget left at its end", "期末预算剩余"), true),
        ]);
        for one in std::iter::once(&this).chain(&report.earlier) {
            out.raw("<tr><td>").text(&one.period).raw("</td>");
            let (class, word) = self.verdict(one.kept);
            out.raw("<td class=\"").raw(class).raw("\">").text(word).raw("</td>");
            out.numbers(&[or_dash(one.sli, fine_percent), or_dash(one.remaining_ratio, percent)]).raw("</tr>\n");
        }
        out.raw("</table></div></details></section>\n");
    }

    fn cell(&self, out: &mut Markup, one: &Earlier, is_current: bool) {
        let (class, word) = self.verdict(one.kept);
        let left = one.remaining_ratio.filter(|_| one.kept.is_some());
        // Text on the darkest of them is still read.
        let spent = format!("{:.0}%", left.map_or(0.0, |left| (1.0 - left).clamp(0.0, 1.0) * 40.0));
        out.raw("<li class=\"").raw(class).raw(if is_current { " current" } else { "" }).raw("\" style=\"--spent:");
        out.text(&spent).raw("\">").text(&one.period).raw("<b>").text(&or_dash(left, percent)).raw("</b>");
        out.text(word).raw("</li>");
    }

    fn verdict(&self, kept: Option<bool>) -> (&'static str, &'static str) {
        match kept {
            Some(true) => ("kept", self.say("✓ kept", "✓ 履行")),
            Some(false) => ("broken", self.say("✗ not kept", "✗ 未履行")),
            None => ("unsure", self.say("? not known", "? 未知")),
        }
    }
}

/// The shares of bad events in steps of the period, beside the greatest of them; what was not measured is a gap.
fn trend(out: &mut Markup, slis: &[Option<f64>]) {
    let bad = |sli: &Option<f64>| sli.map(|sli| 1.0 - sli);
    let most = slis.iter().filter_map(bad).fold(0.0, f64::max);
    out.raw("<svg class=\"bars\" viewBox=\"0 0 ")
        .text(&(slis.len() * STEP).to_string())
        .raw(" 18\" aria-hidden=\"true\">");
    for (step, bad) in slis.iter().map(bad).enumerate() {
        let Some(bad) = bad else { continue };
        // A step without a bad event is seen to be measured.
        let height = if most > 0.0 { (bad / most * HEIGHT).max(1.0) } else { 1.0 };
        out.raw("<rect x=\"").text(&(step * STEP).to_string()).raw("\" y=\"").text(&format!("{:.1}", HEIGHT - height));
        out.raw("\" width=\"4\" height=\"").text(&format!("{height:.1}")).raw("\"/>");
    }
    out.raw("</svg>");
}
