//! A report as one page of HTML that needs nothing else: to be shown, printed or mailed.

use std::cmp::Ordering;

use chart::{DrawError, Theme, sparkline, svg};

use super::cost::CostKind;
use super::language::{count, fine_percent, percent, time};
use super::markup::Markup;
use super::words::{bad_unit, what};
use super::{Cost, Due, Language, ObjectiveRow, Period, Report, SpeedRow, picture};

/// The table of a burn-down has about so many rows.
const N_ROWS: usize = 15;

const STYLE: &str = "<style>
:root{color-scheme:light dark;--ground:#fff;--line:#dedad3;--text:#1d1b18;--muted:#5f5a52;--good:#17735e;--bad:#c2310c;--unsure:#6b5f00}
@media screen and (prefers-color-scheme:dark){:root{--ground:#1c1b19;--line:#34312d;--text:#ece8e1;--muted:#a8a196;--good:#8fe3c0;--bad:#ff7b57;--unsure:#ffd84d}.light{display:none}}
@media screen and (prefers-color-scheme:light){.dark{display:none}}
@media print{.dark{display:none}section,tr,figure{break-inside:avoid}}
*{box-sizing:border-box}
body{margin:0 auto;padding:24px;max-width:794px;background:var(--ground);color:var(--text);font:15px/1.55 system-ui,'PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif}
h1{font-size:23px;line-height:1.35;margin:8px 0 12px}h2{font-size:17px;margin:30px 0 8px}
p{margin:6px 0}.muted,footer,dt{color:var(--muted)}footer{font-size:13px;margin-top:32px;border-top:1px solid var(--line);padding-top:12px}
.state{display:inline-block;border:1.5px solid;border-radius:5px;padding:1px 9px;font-weight:600}
.kept{color:var(--good)}.broken{color:var(--bad)}.unsure{color:var(--unsure)}
dl.answers dt{margin-top:10px}dl.answers dd{margin:0;font-weight:500}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:10px;margin:18px 0}
.tile{border:1px solid var(--line);border-radius:7px;padding:10px 12px}.tile b{display:block;font-size:21px;line-height:1.3}.tile span{color:var(--muted);font-size:13px}
table{border-collapse:collapse;width:100%;font-size:13.5px}th,td{text-align:left;vertical-align:top;padding:5px 8px 5px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--muted);font-weight:500;overflow-wrap:normal}figure{margin:8px 0}svg{width:100%;height:auto}details{margin:6px 0}summary{color:var(--muted);cursor:pointer}.trend{font-family:monospace;white-space:nowrap}
a{color:inherit}
td:nth-child(n+3){white-space:nowrap}
</style>
";

/// The page.
///
/// # Errors
/// When the burn-down cannot be drawn.
pub fn html(report: &Report, period: &Period) -> Result<String, DrawError> {
    let page = Page { report, period, language: report.language };
    let mut out = Markup::default();
    page.begin(&mut out);
    page.answers(&mut out);
    page.tiles(&mut out);
    page.burndown(&mut out)?;
    page.costs(&mut out);
    page.felt(&mut out);
    page.objectives(&mut out);
    page.earlier(&mut out);
    page.speed(&mut out);
    page.due(&mut out);
    page.footer(&mut out);
    Ok(out.finish())
}

struct Page<'r> {
    report: &'r Report,
    period: &'r Period,
    language: Language,
}

impl Page<'_> {
    fn say<'t>(&self, english: &'t str, chinese: &'t str) -> &'t str {
        self.language.say(english, chinese)
    }

    fn time(&self, at_ms: i64) -> String {
        time(at_ms, &self.period.zone)
    }

    fn begin(&self, out: &mut Markup) {
        let report = self.report;
        out.raw("<!doctype html>\n<html lang=\"").text(self.language.tag()).raw("\">\n<head><meta charset=\"utf-8\">");
        out.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
        out.text(&report.title).raw(" · ").text(&report.period).raw("</title>\n").raw(STYLE).raw("</head>\n<body>\n");
        out.raw("<header><p class=\"muted\">").text(self.say("Error-budget report", "错误预算报告")).raw(" · ");
        out.name(&report.title).raw(" · ").text(&report.period).raw("</p>\n");
        out.raw("<h1>").text(&report.words.headline).raw("</h1>\n<p>");
        match report.kept {
            Some(true) => out.raw("<span class=\"state kept\">").text(self.say("✓ kept", "✓ 履行")),
            Some(false) => out.raw("<span class=\"state broken\">").text(self.say("✗ not kept", "✗ 未履行")),
            None => out.raw("<span class=\"state unsure\">").text(self.say("? not known", "? 未知")),
        };
        let zone = self.period.zone.iana_name().unwrap_or("UTC");
        out.raw("</span> <span class=\"muted\">").text(&self.time(report.start.0)).raw(" – ");
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
        out.raw("</span></p></header>\n");
    }

    /// How it was in the period before.
    fn change(&self, now: f64, before: f64) -> String {
        let good = fine_percent(before);
        match (self.language, now.total_cmp(&before)) {
            (Language::English, Ordering::Greater) => format!("better than the period before ({good} good)"),
            (Language::English, Ordering::Less) => format!("worse than the period before ({good} good)"),
            (Language::English, Ordering::Equal) => "as in the period before".to_owned(),
            (Language::Chinese, Ordering::Greater) => format!("好于上期（良好率 {good}）"),
            (Language::Chinese, Ordering::Less) => format!("差于上期（良好率 {good}）"),
            (Language::Chinese, Ordering::Equal) => "与上期相同".to_owned(),
        }
    }

    fn answers(&self, out: &mut Markup) {
        let words = &self.report.words;
        let answers = [
            (self.say("Was the promise kept?", "承诺履行了吗？"), &words.promise),
            (self.say("What spent the budget?", "预算花在了哪里？"), &words.cause),
            (self.say("May we release?", "可以发布吗？"), &words.release),
        ];
        out.raw("<dl class=\"answers\">");
        for (question, answer) in answers {
            out.raw("<dt>").text(question).raw("</dt><dd>").text(answer).raw("</dd>");
        }
        out.raw("</dl>\n");
    }

    fn tiles(&self, out: &mut Markup) {
        let status = &self.report.status;
        let ends = self.report.now.forecast.exhausted_at.filter(|at| *at > self.report.made_at);
        let lasts = self.say("not in sight", "暂无");
        let spent_week = self.spent_in_last_week();
        let unit = bad_unit(self.report);
        out.raw("<div class=\"tiles\">");
        let mut tile = |value: &str, name: String| {
            out.raw("<div class=\"tile\"><b>").text(value).raw("</b><span>").text(&name).raw("</span></div>");
        };
        let promised = match self.language {
            Language::English => format!("good; promised {} %", status.objective),
            Language::Chinese => format!("良好率（承诺 {} %）", status.objective),
        };
        tile(&or_dash(status.sli, fine_percent), promised);
        tile(
            &or_dash(status.budget.remaining_ratio, percent),
            format!("{} ({} {unit})", self.say("of the budget left", "预算剩余"), count(status.budget.remaining.0)),
        );
        tile(
            &or_dash(spent_week, percent),
            self.say("of the budget spent in its last 7 days", "最近 7 天消耗").to_owned(),
        );
        if !self.report.is_over {
            let day = ends.map(|at| super::language::day(at.0, &self.period.zone));
            tile(
                day.as_deref().unwrap_or(lasts),
                self.say("when nothing is left, at this pace", "按目前速度的耗尽日期").to_owned(),
            );
            let firing = self.report.now.firing.join(", ");
            let none = self.say("none", "无");
            tile(
                if firing.is_empty() { none } else { &firing },
                self.say("alerts that fire now", "当前触发的告警").to_owned(),
            );
        }
        out.raw("</div>\n");
    }

    /// The share of the period's budget that went in its last week.
    fn spent_in_last_week(&self) -> Option<f64> {
        let points = &self.report.burndown;
        let week_ago_ms = self.report.until.0 - 7 * 86_400_000;
        let before = points.iter().rev().find(|point| point.at.0 <= week_ago_ms).or(points.first())?;
        Some(before.remaining_ratio? - points.last()?.remaining_ratio?)
    }

    fn burndown(&self, out: &mut Markup) -> Result<(), DrawError> {
        let chart = picture(self.report, self.period);
        out.raw("<section>").heading(self.say("How the budget went", "预算消耗过程"));
        out.raw("<p class=\"muted\">").text(self.say(
            "The line shows what was left of the period's budget. Below the line of even spending it went faster than it may. Shaded: what cost most.",
            "曲线为本期预算的剩余量；低于匀速线表示消耗过快。阴影为消耗最多的时段。",
        ));
        out.raw("</p>\n<figure class=\"light\">").drawn(&svg(&chart, Theme::Light)?).raw("</figure>\n");
        out.raw("<figure class=\"dark\">").drawn(&svg(&chart, Theme::Dark)?).raw("</figure>\n<details><summary>");
        out.text(self.say("The same as a table", "以表格显示")).raw("</summary><table>");
        out.head(&[
            self.say("until", "截至"),
            self.say("left", "剩余"),
            self.say("if spent evenly", "匀速消耗"),
            bad_unit(self.report),
        ]);
        let points = &self.report.burndown;
        let every = points.len().div_ceil(N_ROWS).max(1);
        for (number, point) in points.iter().enumerate() {
            if number % every == 0 || number + 1 == points.len() {
                let left = or_dash(point.remaining_ratio, percent);
                out.row(&[&self.time(point.at.0), &left, &percent(point.even_ratio), &count(point.bad.0)]);
            }
        }
        out.raw("</table></details></section>\n");
        Ok(())
    }

    fn costs(&self, out: &mut Markup) {
        out.raw("<section>").heading(self.say("Where the budget went", "预算去向"));
        if self.report.costs.is_empty() {
            out.raw("<p>").text(self.say("Nothing was spent.", "没有消耗。")).raw("</p></section>\n");
            return;
        }
        out.raw("<table>").head(&[
            self.say("what", "原因"),
            self.say("felt by", "受影响的目标"),
            self.say("bad", "不良数"),
            self.say("of all bad", "占比"),
            self.say("of a budget", "占预算"),
        ]);
        for cost in &self.report.costs {
            self.cost(out, cost);
        }
        out.raw("</table></section>\n");
    }

    fn cost(&self, out: &mut Markup, cost: &Cost) {
        out.raw("<tr><td>");
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
            out.raw(" <b class=\"broken\">").text(due).raw("</b>");
        }
        out.raw("</td>");
        let felt_by = cost.felt_by.iter().take(3).cloned().collect::<Vec<_>>().join(self.say(", ", "、"));
        let cells = [felt_by, count(cost.bad.0), percent(cost.share), or_dash(cost.budget_share, percent)];
        for cell in cells {
            out.raw("<td>").name(&cell).raw("</td>");
        }
        out.raw("</tr>\n");
    }

    fn felt(&self, out: &mut Markup) {
        if self.report.felt.is_empty() {
            return;
        }
        out.raw("<section>").heading(self.say("Who felt it", "谁受到了影响")).raw("<table>").head(&[
            self.say("who", "对象"),
            self.say("objective", "目标"),
            self.say("bad", "不良数"),
            self.say("of its bad", "不良占比"),
            self.say("of its traffic", "流量占比"),
        ]);
        for felt in &self.report.felt {
            let [bad, traffic] = [felt.bad_share, felt.traffic_share].map(|share| or_dash(share, percent));
            out.row(&[&felt.labels, &felt.objective, &count(felt.bad.0), &bad, &traffic]);
        }
        out.raw("</table></section>\n");
    }

    fn objectives(&self, out: &mut Markup) {
        out.raw("<section>").heading(self.say("What was promised", "承诺明细")).raw("<table>").head(&[
            self.say("promise", "承诺"),
            self.say("target", "目标值"),
            self.say("period", "本期"),
            self.say("7 d", "7 天"),
            self.say("28 d", "28 天"),
            self.say("budget left", "预算剩余"),
            self.say("trend", "趋势"),
            self.say("measured", "覆盖率"),
        ]);
        for row in &self.report.objectives {
            self.objective(out, row);
        }
        out.raw("</table>");
        if self.report.n_more_objectives > 0 {
            let text = match self.language {
                Language::English => format!("… and {} more.", self.report.n_more_objectives),
                Language::Chinese => format!("……另有 {} 项。", self.report.n_more_objectives),
            };
            out.raw("<p class=\"muted\">").text(&text).raw("</p>");
        }
        out.raw("</section>\n");
    }

    fn objective(&self, out: &mut Markup, row: &ObjectiveRow) {
        let status = &row.status;
        out.raw("<tr><td><b>").name(row.name()).raw("</b>");
        let mut notes: Vec<&str> = Vec::new();
        notes.extend(Some(status.description.as_str()).filter(|text| !text.is_empty()));
        notes.extend(row.in_units.as_deref());
        notes.extend(row.in_money.as_deref());
        notes.extend((!row.counts).then(|| self.say("does not count", "不计入")));
        let is_few = status.burn.iter().any(|burn| burn.told_as.is_some());
        notes.extend(is_few.then(|| self.say("few events", "事件很少")));
        for note in notes {
            out.raw("<br><span class=\"muted\">").name(note).raw("</span>");
        }
        out.raw("</td><td>").name(&status.objective).raw("&nbsp;%</td>");
        for sli in [status.sli, row.sli_7d, row.sli_28d] {
            out.raw("<td>").text(&or_dash(sli, fine_percent)).raw("</td>");
        }
        let left = status.budget.remaining_ratio;
        out.raw("<td class=\"").raw(if left.is_some_and(|left| left < 0.0) { "broken" } else { "" }).raw("\">");
        out.text(&or_dash(left, percent)).raw("</td><td class=\"trend\" aria-hidden=\"true\">");
        out.text(&sparkline(&row.trend, row.trend.len())).raw("</td><td>");
        out.text(&or_dash(status.coverage, percent)).raw("</td></tr>\n");
    }

    fn earlier(&self, out: &mut Markup) {
        if self.report.earlier.is_empty() {
            return;
        }
        out.raw("<section>").heading(self.say("Earlier periods", "历史周期")).raw("<table>").head(&[
            self.say("period", "周期"),
            self.say("promise", "承诺"),
            self.say("good", "良好率"),
            self.say("budget left at its end", "期末预算剩余"),
        ]);
        for one in &self.report.earlier {
            out.raw("<tr><td>").text(&one.period).raw("</td>");
            match one.kept {
                Some(true) => out.raw("<td class=\"kept\">").text(self.say("✓ kept", "✓ 履行")),
                Some(false) => out.raw("<td class=\"broken\">").text(self.say("✗ not kept", "✗ 未履行")),
                None => out.raw("<td class=\"unsure\">").text(self.say("? not known", "? 未知")),
            };
            out.raw("</td><td>").text(&or_dash(one.sli, fine_percent)).raw("</td><td>");
            out.text(&or_dash(one.remaining_ratio, percent)).raw("</td></tr>\n");
        }
        out.raw("</table></section>\n");
    }

    fn speed(&self, out: &mut Markup) {
        out.raw("<section>").heading(self.say("Speed next to safety", "速度与安全"));
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

    fn due(&self, out: &mut Markup) {
        out.raw("<section>").heading(self.say("To be decided", "待决事项"));
        if self.report.due.is_empty() {
            out.raw("<p>").text(self.say("Nothing.", "无。")).raw("</p></section>\n");
            return;
        }
        out.raw("<ul>");
        for due in &self.report.due {
            out.raw("<li>").name(&self.due_text(due)).raw("</li>");
        }
        out.raw("</ul></section>\n");
    }

    fn due_text(&self, due: &Due) -> String {
        match (self.language, due) {
            (Language::English, Due::Postmortem { at, budget_share }) => {
                let share = or_dash(*budget_share, percent);
                format!("A post-mortem of {}: it spent {share} of a budget.", self.time(at.0))
            }
            (Language::Chinese, Due::Postmortem { at, budget_share }) => {
                format!("{} 的事件需要复盘：消耗了预算的 {}。", self.time(at.0), or_dash(*budget_share, percent))
            }
            (Language::English, Due::Review { objective, review_by }) => {
                format!("{objective}: the objective was to be looked at again by {review_by}.")
            }
            (Language::Chinese, Due::Review { objective, review_by }) => {
                format!("{objective}：该目标应在 {review_by} 前复审。")
            }
            (_, Due::NoPolicy) => self
                .say(
                    "What a spent budget means for releases: no error-budget policy was agreed.",
                    "尚未约定错误预算策略：预算用完时如何处理发布。",
                )
                .to_owned(),
            (Language::English, Due::Coverage { objective, coverage }) => {
                format!("{objective}: only {} of the time was measured.", percent(*coverage))
            }
            (Language::Chinese, Due::Coverage { objective, coverage }) => {
                format!("{objective}：只有 {} 的时间有测量。", percent(*coverage))
            }
        }
    }

    fn footer(&self, out: &mut Markup) {
        out.raw("<footer><p>").text(self.say(
            "A promise says which share of events is to be good. The error budget is the rest: so many events may be bad before the promise is broken. Measured is the share of the time in which events could be seen; time that was not measured counts neither as good nor as bad.",
            "承诺规定了良好事件应占的比例；错误预算是其余部分，即在违背承诺之前允许的不良事件数。覆盖率是能够观测到事件的时间占比；未测量的时间既不算良好也不算不良。",
        ));
        out.raw("</p>");
        for exclusion in &self.report.exclusions {
            out.raw("<p>").text(self.say("Does not count: ", "不计入：")).name(&exclusion.name).raw(" · ");
            out.text(&exclusion.first).raw(" · ").text(&exclusion.length);
            if let Some(rrule) = &exclusion.rrule {
                out.raw(" · ").name(rrule);
            }
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
        out.text(&self.time(self.report.made_at.0)).raw("</p></footer>\n</body>\n</html>\n");
    }
}

/// Whether a URL may be followed: a pipeline's name for itself may be anything.
fn is_link(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn or_dash(value: Option<f64>, shown: fn(f64) -> String) -> String {
    value.map_or("–".to_owned(), shown)
}
