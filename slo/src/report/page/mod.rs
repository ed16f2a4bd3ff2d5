//! A report as one page of HTML that needs nothing else: to be shown, printed or mailed.
//!
//! It reads from the top: the answer in words and one number (`head`), how the budget went and what took it (`ledger`), what was
//! promised and how it was kept before (`promises`), what is to be done (`decisions`).

mod decisions;
mod head;
mod ledger;
mod promises;

use chart::DrawError;

use super::language::time;
use super::markup::Markup;
use super::{Language, Period, Report};

const STYLE: &str = concat!("<style>\n", include_str!("style.css"), "</style>\n");

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

    /// Begins a section.
    fn section(&self, out: &mut Markup, english: &'static str, chinese: &'static str) {
        out.raw("<section>").heading(self.say(english, chinese));
    }

    /// A sentence beneath a heading.
    fn note(&self, out: &mut Markup, english: &'static str, chinese: &'static str) {
        out.raw("<p class=\"muted\">").text(self.say(english, chinese)).raw("</p>\n");
    }
}

fn or_dash(value: Option<f64>, shown: fn(f64) -> String) -> String {
    value.map_or("–".to_owned(), shown)
}
