//! A report as a mail: the answers, the burn-down as a picture, what cost most and what was promised, in a width of 600 pixels
//! and with nothing that mail readers take away. What else a report says stands on its page.

use chart::PngError;

use super::language::{count, fine_percent, percent, time};
use super::markup::Markup;
use super::words::{bad_unit, what};
use super::{Alerted, Period, Report, png};

/// What the page calls its picture.
pub const PICTURE: &str = "burndown.png";
/// So many costs are told of.
const N_COSTS: usize = 5;
/// What cost less than this share of all that went wrong is left to the page.
const LEAST_SHARE: f64 = 0.005;
/// So many objectives are told of.
const N_OBJECTIVES: usize = 10;
/// So much of what is to be decided is told of.
const N_DUE: usize = 6;

/// A report as a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Whether the promise was kept, which product, and what is left.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The page; its picture is `cid:burndown.png`.
    pub html: String,
    /// The burn-down as a PNG.
    pub picture: Vec<u8>,
}

const STYLE: &str = "<style>
:root{color-scheme:light dark}
@media (max-width:620px){.card{padding-left:16px !important;padding-right:16px !important}}
@media (prefers-color-scheme:dark){
.ground{background:#141312 !important}.sheet{background:#1c1b19 !important;border-left-color:#34312d !important;border-right-color:#34312d !important;border-bottom-color:#34312d !important}
.card,.cell{border-color:#34312d !important}.text{color:#ece8e1 !important}.muted{color:#a8a196 !important}
.kept{color:#4fc08d !important}.broken{color:#ff7b57 !important}.unsure{color:#ffd84d !important}
.track{background:#34312d !important}.link{color:#6cb6f2 !important}.button{background:#6cb6f2 !important;color:#141312 !important}
}
</style>";

/// The mail of a report. `page_url` is where the whole report is shown.
///
/// # Errors
/// When the burn-down cannot be drawn.
pub fn letter(report: &Report, period: &Period, page_url: &str) -> Result<Letter, PngError> {
    let writing = Writing { report, period, page_url };
    Ok(Letter { subject: writing.subject(), text: writing.text(), html: writing.html(), picture: png(report, period)? })
}

struct Writing<'r> {
    report: &'r Report,
    period: &'r Period,
    page_url: &'r str,
}

impl Writing<'_> {
    fn say<'t>(&self, english: &'t str, chinese: &'t str) -> &'t str {
        self.report.language.say(english, chinese)
    }

    fn subject(&self) -> String {
        let (title, period) = (&self.report.title, self.period.title(self.report.language));
        let state = self.state();
        match self.report.status.budget.remaining_ratio.filter(|_| self.report.kept.is_some()) {
            Some(left) => {
                let left = percent(left);
                format!("{state} · {title} · {} · {period}", self.left(&left))
            }
            None => format!("{state} · {title} · {period}"),
        }
    }

    fn left(&self, left: &str) -> String {
        format!("{} {left}", self.say("budget left:", "预算剩余"))
    }

    fn state(&self) -> &'static str {
        match self.report.kept {
            Some(true) => self.report.language.say("✓ kept", "✓ 履行"),
            Some(false) => self.report.language.say("✗ not kept", "✗ 未履行"),
            None => self.report.language.say("? not known", "? 未知"),
        }
    }

    /// The questions that a report answers.
    fn answers(&self) -> [(&str, &str); 3] {
        let words = &self.report.words;
        [
            (self.say("Was the promise kept?", "承诺履行了吗？"), &words.promise),
            (self.say("What spent the budget?", "预算花在了哪里？"), &words.cause),
            (self.say("May we release?", "可以发布吗？"), &words.release),
        ]
    }

    fn time(&self, at_ms: i64) -> String {
        time(at_ms, &self.period.zone)
    }

    /// `2026-11-16 00:00 – 2026-11-23 00:00 (Asia/Shanghai) · measured: 100 %`
    fn times(&self) -> String {
        let report = self.report;
        let zone = self.period.zone.iana_name().unwrap_or("UTC");
        let measured = report.status.coverage.map_or("–".to_owned(), percent);
        format!(
            "{} – {} ({zone}) · {}{measured}",
            self.time(report.start.0),
            self.time(report.until.0),
            self.say("measured: ", "测量覆盖率：")
        )
    }

    /// What cost most: what, its bad events, its share of all.
    fn costs(&self) -> Vec<[String; 3]> {
        let costs = self.report.costs.iter().filter(|cost| cost.share >= LEAST_SHARE).take(N_COSTS);
        let told = |cost: &super::Cost| {
            [what(cost, self.report.language, self.period), count(cost.bad.0), percent(cost.share)]
        };
        costs.map(told).collect()
    }

    /// What was promised: the name, the target, what was, what is left, and whom that called.
    fn objectives(&self) -> Vec<[String; 5]> {
        let or_dash = |value: Option<f64>, shown: fn(f64) -> String| value.map_or("–".to_owned(), shown);
        let rows = self.report.objectives.iter().filter(|row| row.counts).take(N_OBJECTIVES);
        let told = |row: &super::ObjectiveRow| {
            let target = format!("{} %", row.status.objective);
            let left = or_dash(row.status.budget.remaining_ratio, percent);
            let alerted = Alerted::shown(row.alerted);
            [row.name().to_owned(), target, or_dash(row.status.sli, fine_percent), left, alerted]
        };
        rows.map(told).collect()
    }

    fn text(&self) -> String {
        let mut lines =
            vec![format!("{} · {}", self.state(), self.report.title), self.report.words.headline.clone(), self.times()];
        for (question, answer) in self.answers() {
            lines.extend([String::new(), question.to_owned(), format!("  {answer}")]);
        }
        lines.extend(self.report.words.formula.iter().map(|formula| format!("  {formula}")));
        let costs = self.costs();
        if !costs.is_empty() {
            lines.extend([String::new(), self.costs_title().to_owned()]);
            lines.extend(costs.iter().map(|[what, bad, share]| format!("  {what}: {bad} ({share})")));
        }
        let objectives = self.objectives();
        if !objectives.is_empty() {
            let head = self.objectives_head().join(", ");
            lines.extend([String::new(), format!("{} ({head})", self.say("What was promised", "承诺明细"))]);
            lines.extend(objectives.iter().map(|cells| format!("  {}", cells.join(", "))));
        }
        let due = self.due();
        if !due.is_empty() {
            lines.extend([String::new(), self.due_title().to_owned()]);
            lines.extend(due.iter().map(|due| format!("  - {due}")));
        }
        lines.extend([String::new(), format!("{}: {}", self.open(), self.page_url), String::new()]);
        lines.join("\n")
    }

    fn costs_title(&self) -> &str {
        self.say("Where the budget went", "预算去向")
    }

    fn objectives_head(&self) -> [&str; 5] {
        [
            self.say("promise", "承诺"),
            self.say("target", "目标值"),
            self.say("was good", "良好率"),
            self.say("budget left", "预算剩余"),
            self.say("pages\u{a0}/ tickets", "呼叫/工单"),
        ]
    }

    /// What is to be decided, each in words.
    fn due(&self) -> Vec<String> {
        self.report.due.iter().take(N_DUE).map(|due| due.text(self.report, self.period)).collect()
    }

    fn due_title(&self) -> &str {
        self.say("To be decided", "待决事项")
    }

    fn open(&self) -> &str {
        self.say("The whole report", "查看完整报告")
    }

    fn html(&self) -> String {
        let mut out = Markup::default();
        out.raw("<!doctype html>\n<html lang=\"").text(self.report.language.tag());
        out.raw(
            "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        );
        out.raw("<meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">");
        out.raw("<title>").text(&self.subject()).raw("</title>\n").raw(STYLE).raw("</head>\n");
        out.raw("<body class=\"ground\" style=\"margin:0;padding:0;background:#faf9f7;\">");
        out.raw("<table role=\"presentation\" class=\"ground\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"background:#faf9f7;\"><tr><td align=\"center\" style=\"padding:24px 8px;\">\n");
        out.raw("<table role=\"presentation\" class=\"sheet\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"width:100%;max-width:600px;background:#ffffff;border:1px solid #dedad3;border-top:4px solid ");
        out.raw(self.color()).raw(";border-radius:6px;font-family:ui-sans-serif,-apple-system,'Segoe UI','PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif;\">\n");
        self.head(&mut out);
        self.picture(&mut out);
        self.questions(&mut out);
        self.costs_table(&mut out);
        self.objectives_table(&mut out);
        self.due_list(&mut out);
        self.foot(&mut out);
        out.raw("</table>\n</td></tr></table>\n</body></html>\n");
        out.finish()
    }

    fn color(&self) -> &'static str {
        match self.report.kept {
            Some(true) => "#1a7f4b",
            Some(false) => "#c2310c",
            None => "#6b5f00",
        }
    }

    fn head(&self, out: &mut Markup) {
        let class = match self.report.kept {
            Some(true) => "kept",
            Some(false) => "broken",
            None => "unsure",
        };
        out.raw("<tr><td class=\"card\" style=\"padding:20px 24px 16px;\">");
        out.raw("<div style=\"font-size:14px;line-height:20px;font-weight:600;\"><span class=\"").raw(class);
        out.raw("\" style=\"color:").raw(self.color()).raw(";\">").text(self.state());
        out.raw("</span> <span class=\"muted\" style=\"color:#5f5a52;font-weight:400;\">· ");
        out.text(self.say("Error-budget report", "错误预算报告")).raw(" · ");
        out.text(&self.period.title(self.report.language));
        out.raw("</span></div>\n<div class=\"text\" style=\"font-size:20px;line-height:28px;font-weight:600;color:#1d1b18;padding-top:4px;overflow-wrap:anywhere;\">");
        out.text(&self.report.words.headline).raw("</div>\n");
        self.bar(out);
        out.raw("<div class=\"muted\" style=\"font-size:12px;line-height:18px;color:#5f5a52;padding-top:8px;\">");
        out.text(&self.times()).raw("</div></td></tr>\n");
    }

    /// What is left, as long as it is.
    fn bar(&self, out: &mut Markup) {
        let Some(left) = self.report.status.budget.remaining_ratio.filter(|_| self.report.kept.is_some()) else {
            return;
        };
        let width = format!("{:.0}%", left.clamp(0.0, 1.0) * 100.0);
        out.raw("<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin-top:12px;\"><tr><td class=\"track\" style=\"background:#e9e5de;border-radius:4px;height:8px;line-height:8px;font-size:0;\">");
        out.raw("<div style=\"width:").text(&width).raw(";height:8px;border-radius:4px;background:").raw(self.color());
        out.raw(";\">&nbsp;</div></td></tr></table>\n<div class=\"text\" style=\"font-size:14px;line-height:20px;font-weight:600;color:#1d1b18;padding-top:6px;\">");
        out.text(&self.left(&percent(left))).raw(" <span class=\"muted\" style=\"font-weight:400;color:#5f5a52;\">(");
        out.text(&count(self.report.status.budget.remaining.0)).raw(" ").text(bad_unit(self.report));
        out.raw(")</span></div>\n");
    }

    fn picture(&self, out: &mut Markup) {
        out.raw("<tr><td style=\"padding:0 0 8px;\"><img src=\"cid:").raw(PICTURE).raw("\" width=\"598\" alt=\"");
        out.text(self.say("How the budget went", "预算消耗过程"));
        out.raw("\" style=\"display:block;width:100%;max-width:598px;height:auto;border:0;\"></td></tr>\n");
    }

    fn questions(&self, out: &mut Markup) {
        out.raw("<tr><td class=\"card\" style=\"padding:8px 24px 16px;\">");
        for (question, answer) in self.answers() {
            out.raw("<div class=\"muted\" style=\"font-size:13px;line-height:20px;color:#5f5a52;padding-top:8px;\">");
            out.text(question).raw("</div><div class=\"text\" style=\"font-size:15px;line-height:22px;color:#1d1b18;overflow-wrap:anywhere;\">");
            out.text(answer).raw("</div>\n");
        }
        if let Some(formula) = &self.report.words.formula {
            out.raw("<div class=\"muted\" style=\"font-size:12px;line-height:18px;color:#5f5a52;overflow-wrap:anywhere;\"><code>");
            out.text(formula).raw("</code></div>\n");
        }
        out.raw("</td></tr>\n");
    }

    fn costs_table(&self, out: &mut Markup) {
        let costs = self.costs();
        // Below a heading stands no measure word.
        let bad = bad_unit(self.report).trim_start_matches('个');
        let head = [self.say("what", "原因"), bad, self.say("of all bad", "占比")];
        self.table(out, self.costs_title(), &head, costs.iter().map(<[String; 3]>::as_slice));
    }

    fn objectives_table(&self, out: &mut Markup) {
        let objectives = self.objectives();
        let title = self.say("What was promised", "承诺明细");
        self.table(out, title, &self.objectives_head(), objectives.iter().map(<[String; 5]>::as_slice));
    }

    fn due_list(&self, out: &mut Markup) {
        let due = self.due();
        if due.is_empty() {
            return;
        }
        self.begin_part(out, self.due_title());
        for due in due {
            out.raw("<div class=\"text\" style=\"font-size:13px;line-height:20px;color:#1d1b18;padding:4px 0 4px 14px;text-indent:-14px;overflow-wrap:anywhere;\">• ");
            out.name(&due).raw("</div>\n");
        }
        out.raw("</td></tr>\n");
    }

    /// Begins a part of the mail, beneath a line.
    fn begin_part(&self, out: &mut Markup, title: &str) {
        out.raw("<tr><td class=\"card\" style=\"padding:16px 24px;border-top:1px solid #dedad3;\"><div class=\"text\" style=\"font-size:16px;line-height:24px;font-weight:600;color:#1d1b18;padding-bottom:4px;\">");
        out.text(title).raw("</div>\n");
    }

    /// A table with a title: numbers stand right of the words of the first column. Nothing where it has no rows.
    fn table<'c>(
        &self,
        out: &mut Markup,
        title: &str,
        head: &[&str],
        rows: impl ExactSizeIterator<Item = &'c [String]>,
    ) {
        if rows.len() == 0 {
            return;
        }
        self.begin_part(out, title);
        out.raw("<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"border-collapse:collapse;\"><tr>");
        for (place, cell) in head.iter().enumerate() {
            out.raw(match place {
                0 => "<th align=\"left\" style=\"padding:2px 0;",
                _ => "<th align=\"right\" style=\"padding:2px 0 2px 12px;",
            });
            out.raw("word-break:keep-all;font-size:12px;line-height:18px;font-weight:400;color:#5f5a52;border-bottom:1px solid #dedad3;\" class=\"muted cell\" valign=\"bottom\">");
            out.text(cell).raw("</th>");
        }
        out.raw("</tr>\n");
        for row in rows {
            out.raw("<tr>");
            for (place, cell) in row.iter().enumerate() {
                out.raw(match place {
                    0 => "<td align=\"left\" class=\"text cell\" valign=\"top\" style=\"font-size:13px;line-height:20px;color:#1d1b18;padding:4px 0;border-bottom:1px solid #dedad3;overflow-wrap:anywhere;\">",
                    _ => "<td align=\"right\" class=\"text cell\" valign=\"top\" style=\"font-size:13px;line-height:20px;color:#1d1b18;padding:4px 0 4px 12px;border-bottom:1px solid #dedad3;white-space:nowrap;\">",
                });
                out.name(cell).raw("</td>");
            }
            out.raw("</tr>\n");
        }
        out.raw("</table></td></tr>\n");
    }

    fn foot(&self, out: &mut Markup) {
        out.raw("<tr><td class=\"card\" style=\"padding:20px 24px;border-top:1px solid #dedad3;\"><a class=\"button\" href=\"");
        out.text(self.page_url).raw("\" style=\"display:inline-block;background:#0a63a8;color:#ffffff;font-size:14px;line-height:20px;font-weight:600;padding:8px 16px;border-radius:6px;text-decoration:none;\">");
        out.text(self.open()).raw(
            "</a>\n<div class=\"muted\" style=\"font-size:12px;line-height:18px;color:#5f5a52;padding-top:12px;\">",
        );
        out.text(self.say("Made by narthex on ", "由 narthex 生成于 ")).text(&self.time(self.report.made_at.0));
        out.raw("</div></td></tr>\n");
    }
}
