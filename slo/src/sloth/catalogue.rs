//! Windows that come with spec files, as documents of kind `AlertWindows`: which period Sloth's SLOs have, and which pairs.
//!
//! Sloth is told the period on its command line; a server has none. A catalogue of 30 days, Sloth's own period, replaces the pairs
//! of that; where there are only windows of one other period, that is meant.

use std::collections::BTreeMap;

use model::yaml::{Document, Fault, Problem, Step};

use super::windows::Windows;
use crate::spec::{Catalog, SourceFormat, SpecFault, SpecText};

/// The windows of all `AlertWindows`.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// By their period in milliseconds, each with what is said where nobody takes it.
    by_period: BTreeMap<i64, (Windows, SpecFault)>,
}

impl Catalogue {
    /// Takes a document of kind `AlertWindows`; what is wrong with it is told to the catalog.
    pub(crate) fn add(&mut self, document: &Document, text: &SpecText<'_>, catalog: &mut Catalog) {
        let fault = |problem: &Problem| text.fault(problem, SourceFormat::Sloth, None);
        let at_period = |message: &str| {
            let path = ["spec", "sloPeriod"].map(|name| Step::Key(name.to_owned())).into();
            fault(&document.locate(&Fault { path, message: message.to_owned() }))
        };
        match Windows::parse(document) {
            Err(problems) => catalog.errors.extend(problems.iter().map(fault)),
            Ok(windows) => match self.by_period.get(&windows.period_ms) {
                Some((_, other)) => {
                    let place = format!("{}:{}", other.place.file, other.place.line);
                    catalog.errors.push(at_period(&format!("windows of this period are there already: {place}")));
                }
                None => {
                    let message =
                        "no SLO of Sloth's has this period: a server takes that of 30 days, or the only one there is";
                    self.by_period.insert(windows.period_ms, (windows, at_period(message)));
                }
            },
        }
    }

    /// The period of Sloth's SLOs and its windows. Which others there are is told to the catalog.
    pub(crate) fn in_force(&self, catalog: &mut Catalog) -> Windows {
        let of_sloth = Windows::default();
        let only = self.by_period.values().next().filter(|_| self.by_period.len() == 1);
        let taken = self.by_period.get(&of_sloth.period_ms).or(only).map(|(windows, _)| windows);
        let is_taken = |windows: &Windows| taken.is_some_and(|taken| taken.period_ms == windows.period_ms);
        let others = self.by_period.values().filter(|(windows, _)| !is_taken(windows));
        catalog.warnings.extend(others.map(|(_, told)| told.clone()));
        taken.cloned().unwrap_or(of_sloth)
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::{Catalog, SpecFile, load};
    use crate::suites;

    const DAY_MS: i64 = 86_400_000;

    fn loaded(texts: &[&str]) -> Catalog {
        let file =
            |(number, text): (usize, &&str)| SpecFile { path: format!("{number}.yml"), text: (*text).to_owned() };
        load(&texts.iter().enumerate().map(file).collect::<Vec<_>>())
    }

    fn windows(period: &str, percent: &str) -> String {
        let speed = format!("{{errorBudgetPercent: {percent}, shortWindow: 5m, longWindow: 1h}}");
        let alert = format!("{{quick: {speed}, slow: {speed}}}");
        format!(
            "apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec:\n  sloPeriod: {period}\n  page: {alert}\n  ticket: {alert}\n"
        )
    }

    const SLOTH: &str = "version: prometheus/v1\nservice: s\nslos:\n- {name: a, objective: 99, sli: {events: {error_query: 'sum(rate(b[{{.window}}]))', \
         total_query: 'sum(rate(t[{{.window}}]))'}}, alerting: {name: A}}\n";

    /// The days of the period, and the fastest factor.
    fn check(texts: &[&str], want: (i64, f64), told: &[&str]) {
        let catalog = loaded(&[&[SLOTH], texts].concat());
        let objective = &catalog.objectives["s-a"];
        assert_eq!((objective.window.nominal_ms() / DAY_MS, objective.burn.pairs[0].factor), want);
        let place = |fault: &crate::spec::SpecFault| {
            format!("{}:{}:{}: {}", fault.place.file, fault.place.line, fault.place.column, fault.message)
        };
        let found: Vec<String> = catalog.errors.iter().chain(&catalog.warnings).map(place).collect();
        assert_eq!(found, told);
    }

    #[test]
    fn windows_of_files_are_those_of_sloths_slos() {
        let (month, week, day) = (windows("30d", "1"), windows("7d", "1"), windows("1d", "1"));
        check(&[], (30, 14.4), &[]);
        check(&[&month], (30, 7.2), &[]);
        check(&[&week], (7, 1.68), &[]);
        let unused = "no SLO of Sloth's has this period: a server takes that of 30 days, or the only one there is";
        check(&[&week, &month], (30, 7.2), &[&format!("1.yml:4:14: {unused}")]);
        check(&[&week, &day], (30, 14.4), &[&format!("1.yml:4:14: {unused}"), &format!("2.yml:4:14: {unused}")]);
        check(&[&week, &week], (7, 1.68), &["2.yml:4:14: windows of this period are there already: 1.yml:4"]);
    }

    #[test]
    fn the_catalogues_of_sloth_are_taken() {
        for (name, want) in [
            ("examples/windows/7d.yaml", (7, 13.44)),
            ("examples/windows/custom-30d.yaml", (30, 14.4)),
            ("internal/alert/windows/google-28d.yaml", (28, 13.44)),
        ] {
            let Some(text) = suites::text(&format!("sloth/upstream/{name}")) else { return };
            check(&[&text], want, &[]);
        }
    }
}
