//! Speed next to safety, what is to be decided, and what the words mean.

use super::super::SpeedRow;
use super::super::language::percent;
use super::super::markup::Markup;
use super::{Page, or_dash};

impl Page<'_> {
    pub(super) fn speed(&self, out: &mut Markup) {
        self.section(out, "Speed next to safety", "速度与安全");
        match self.report.speed.as_ref().filter(|speed| speed.n_deployments > 0 || !speed.overrides.is_empty()) {
            Some(speed) => self.keys(out, speed),
            None => {
                out.raw("<p>").text(self.say(
                    "Nobody reported a deployment of this product in the period.",
                    "本期没有上报过该产品的发布。",
                ));
                out.raw("</p>");
            }
        }
        out.raw("</section>\n");
    }

    fn keys(&self, out: &mut Markup, speed: &SpeedRow) {
        let lasted = |seconds: f64| self.language.duration((seconds * 1000.0) as i64);
        let times = |seconds: Option<f64>| seconds.map_or("–".to_owned(), lasted);
        let failed = or_dash(speed.failure_ratio, percent);
        let often = format!("{} ({:.1} / {})", speed.n_deployments, speed.per_day, self.say("day", "天"));
        let frozen = if speed.frozen_seconds > 0.0 { lasted(speed.frozen_seconds) } else { "–".to_owned() };
        out.raw("<table>");
        out.row(&[self.say("Deployments", "发布次数"), &often]);
        out.row(&[
            self.say("From commit to users (median)", "从提交到上线（中位数）"),
            &times(speed.lead_time_seconds),
        ]);
        out.row(&[self.say("Deployments that failed", "失败的发布"), &format!("{} ({failed})", speed.n_failed)]);
        out.row(&[
            self.say("From failure to mended (median)", "从失败到恢复（中位数）"),
            &times(speed.recovery_seconds),
        ]);
        out.row(&[self.say("Releases frozen for", "冻结发布时长"), &frozen]);
        for given in &speed.overrides {
            let name = format!("{} {}", self.say("Override of", "放行"), given.gate);
            out.row(&[&name, &format!("{} · {} · {}", self.time(given.at.0), given.by, given.reason)]);
        }
        out.raw("</table>");
    }

    pub(super) fn due(&self, out: &mut Markup) {
        self.section(out, "To be decided", "待决事项");
        if self.report.due.is_empty() {
            out.raw("<p>").text(self.say("Nothing.", "无。")).raw("</p></section>\n");
            return;
        }
        out.raw("<ul>");
        for due in &self.report.due {
            out.raw("<li>").name(&due.text(self.report, self.period)).raw("</li>");
        }
        out.raw("</ul></section>\n");
    }

    pub(super) fn footer(&self, out: &mut Markup) {
        out.raw("<footer><p>").text(self.say(
            "A promise says which share of events is to be good. The error budget is the rest: so many events may be bad before the promise is broken. Measured is the share of the time in which events could be seen; time that was not measured counts neither as good nor as bad.",
            "承诺规定了良好事件应占的比例；错误预算是其余部分，即在违背承诺之前允许的不良事件数。覆盖率是能够观测到事件的时间占比；未测量的时间既不算良好也不算不良。",
        ));
        out.raw("</p>");
        for exclusion in &self.report.exclusions {
            out.raw("<p>").text(self.say("Does not count: ", "不计入：")).name(&exclusion.name).raw(" · ");
            out.text(&exclusion.when);
            let lasted = self.language.duration((exclusion.seconds * 1000.0) as i64);
            out.text(self.say(" · in this period ", " · 本期共 ")).text(&lasted);
            out.raw(" · ").name(&exclusion.reason).raw("</p>");
        }
        let owners: Vec<&str> = self
            .report
            .status
            .product_owners
            .iter()
            .chain(&self.report.status.engineering_owners)
            .map(String::as_str)
            .collect();
        if !owners.is_empty() {
            out.raw("<p>").text(self.say("Answers for it: ", "负责人：")).name(&owners.join(", ")).raw("</p>");
        }
        out.raw("<p>").text(self.say("Made by narthex on ", "由 narthex 生成于 "));
        out.text(&self.time(self.report.made_at.0)).raw(" · <a href=\"").text(&self.report.links.page).raw("\">");
        out.text(self.say("as it is now", "当前状态")).raw("</a> · <a href=\"").text(&self.report.links.json);
        out.raw("\">JSON</a></p></footer>\n</main></body>\n</html>\n");
    }
}
