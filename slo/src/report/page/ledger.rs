//! How the budget went, what took it, and who felt it.

use chart::{DrawError, Theme, svg};

use super::super::burndown::numbered;
use super::super::cost::CostKind;
use super::super::language::{count, percent};
use super::super::markup::Markup;
use super::super::words::{bad_unit, what};
use super::super::{Cost, picture};
use super::{Page, or_dash};

/// The table of a burn-down has about so many rows.
const N_ROWS: usize = 15;

impl Page<'_> {
    pub(super) fn burndown(&self, out: &mut Markup) -> Result<(), DrawError> {
        let chart = picture(self.report, self.period);
        self.section(out, "How the budget went", "预算消耗过程");
        out.raw("<p class=\"muted\">").text(&self.legend()).raw("</p>\n<figure class=\"light\">");
        out.drawn(&svg(&chart, Theme::Light)?).raw("</figure>\n<figure class=\"dark\">");
        out.drawn(&svg(&chart, Theme::Dark)?).raw("</figure>\n<details><summary>");
        out.text(self.say("The same as a table", "以表格显示")).raw("</summary><div class=\"wide\"><table>");
        out.columns(&[
            (self.say("until", "截至"), false),
            (self.say("left", "剩余"), true),
            (self.say("if spent evenly", "匀速消耗"), true),
            (bad_unit(self.report), true),
        ]);
        let points = &self.report.burndown;
        let every = points.len().div_ceil(N_ROWS).max(1);
        for (number, point) in points.iter().enumerate() {
            if number % every == 0 || number + 1 == points.len() {
                let numbers = [or_dash(point.remaining_ratio, percent), percent(point.even_ratio), count(point.bad.0)];
                self.row_of_numbers(out, &self.time(point.at.0), &numbers);
            }
        }
        // What is expected half-way and at the end.
        let ahead = &self.report.expected;
        let middle = ahead.get(ahead.len() / 2).filter(|_| ahead.len() > 2);
        for point in middle.into_iter().chain(ahead.last()) {
            let name = format!("{} ({})", self.time(point.at.0), self.say("expected", "预测"));
            let [left, low, high] = [point.remaining_ratio, point.low, point.high].map(percent);
            self.row_of_numbers(out, &name, &[format!("{left} ({low} – {high})"), "–".to_owned(), "–".to_owned()]);
        }
        out.raw("</table></div></details></section>\n");
        Ok(())
    }

    /// What is to be seen in the picture, of what there is.
    fn legend(&self) -> String {
        let report = self.report;
        let parts = [
            (
                true,
                "The line is what was left of the period's budget; below the dashed line of even spending it went faster than it may.",
                "曲线为本期预算的剩余量；低于虚线（匀速消耗）表示消耗过快。",
            ),
            (
                numbered(report).next().is_some(),
                "Shaded: what cost most, with its number in the table below.",
                "阴影为消耗最多的时段，编号见下表。",
            ),
            (
                !report.deployments.is_empty(),
                "Triangles at the foot: deployments, filled where they failed.",
                "底部三角为发布，实心表示失败。",
            ),
            (
                !report.excluded.is_empty(),
                "Hatched: time that does not count for one objective or more.",
                "斜线为至少一项目标不计入的时段。",
            ),
            (!report.target_changes.is_empty(), "Upright lines: the target was changed.", "竖线表示目标值变更。"),
            (
                !report.expected.is_empty(),
                "Dotted: how it goes on at the pace of late, between the slowest and the fastest.",
                "点线为按近期速度的预测，色带为最慢与最快之间。",
            ),
        ];
        let said = parts.iter().filter(|(is_there, ..)| *is_there);
        let said = said.map(|(_, english, chinese)| self.say(english, chinese));
        said.collect::<Vec<_>>().join(self.say(" ", ""))
    }

    pub(super) fn costs(&self, out: &mut Markup) {
        self.section(out, "Where the budget went", "预算去向");
        if self.report.costs.is_empty() {
            out.raw("<p>").text(self.say("Nothing was spent.", "没有消耗。")).raw("</p></section>\n");
            return;
        }
        out.raw("<div class=\"wide\"><table class=\"ledger\">");
        out.columns(&[
            (self.say("what", "原因"), false),
            (self.say("felt by", "受影响的目标"), false),
            (self.say("bad", "不良数"), true),
            (self.say("of all bad", "占比"), true),
            (self.say("of a budget", "占预算"), true),
        ]);
        for cost in &self.report.costs {
            let number = numbered(self.report).find(|(_, one)| std::ptr::eq(*one, cost)).map(|(number, _)| number);
            self.cost(out, cost, number);
        }
        out.raw("</table></div></section>\n");
    }

    fn cost(&self, out: &mut Markup, cost: &Cost, number: Option<usize>) {
        out.raw("<tr><td>");
        if let Some(number) = number {
            out.raw("<span class=\"number-of\">").text(&number.to_string()).raw("</span>");
        }
        let what = what(cost, self.language, self.period);
        match &cost.kind {
            CostKind::Deployment { url: Some(url), .. } if is_link(url) => {
                out.raw("<a rel=\"noreferrer\" href=\"").text(url).raw("\">").name(&what).raw("</a>");
            }
            _ => {
                out.name(&what);
            }
        }
        if cost.needs_postmortem {
            let due = self.say("post-mortem due", "需要复盘");
            out.raw(" <span class=\"due\">").text(due).raw("</span>");
        }
        let width = format!("{:.1}%", cost.share.clamp(0.0, 1.0) * 100.0);
        out.raw("<span class=\"share\" style=\"width:").text(&width).raw("\"></span></td><td>");
        let felt_by = cost.felt_by.iter().take(3).cloned().collect::<Vec<_>>().join(self.say(", ", "、"));
        out.name(&felt_by).raw("</td>");
        out.numbers(&[count(cost.bad.0), percent(cost.share), or_dash(cost.budget_share, percent)]).raw("</tr>\n");
    }

    pub(super) fn felt(&self, out: &mut Markup) {
        if self.report.felt.is_empty() {
            return;
        }
        self.section(out, "Who felt it", "谁受到了影响");
        out.raw("<div class=\"wide\"><table class=\"felt\">").columns(&[
            (self.say("who", "对象"), false),
            (self.say("objective", "目标"), false),
            (self.say("bad", "不良数"), true),
            (self.say("of its bad", "不良占比"), true),
            (self.say("of its budget", "占预算"), true),
            (self.say("of its traffic", "流量占比"), true),
        ]);
        for felt in &self.report.felt {
            out.raw("<tr><td>").name(&felt.labels).raw("</td><td>").name(&felt.objective).raw("</td>");
            let [bad, budget, traffic] =
                [felt.bad_share, felt.budget_share, felt.traffic_share].map(|share| or_dash(share, percent));
            out.numbers(&[count(felt.bad.0), bad, budget, traffic]).raw("</tr>\n");
        }
        out.raw("</table></div></section>\n");
    }

    /// A row of a name and numbers.
    pub(super) fn row_of_numbers(&self, out: &mut Markup, name: &str, numbers: &[String]) {
        out.raw("<tr><td>").name(name).raw("</td>").numbers(numbers).raw("</tr>\n");
    }
}

/// Whether a URL may be followed: a pipeline's name for itself may be anything.
fn is_link(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
