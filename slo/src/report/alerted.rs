//! How often a budget called somebody in a period, and how often for next to nothing.

use serde::Serialize;

use crate::spec::Severity;
use crate::trial::{AlertAnswer, Told};

/// An alert that is over and cost less of the budget called somebody for next to nothing.
const CHEAP: f64 = 0.01;
/// So many of those are chance.
const BY_CHANCE: usize = 1;

/// The alerts of a period: not those that were sent, which nobody keeps for so long, but those that today's conditions have when
/// they are gone through again over what was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Alerted {
    /// How often somebody was called.
    pub pages: usize,
    /// How often anything else was told.
    pub tickets: usize,
    /// Pages that ended before a hundredth of the budget was spent.
    pub cheap_pages: usize,
    /// Tickets that ended so.
    pub cheap_tickets: usize,
}

/// Alerts of one urgency, most of which were for next to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Noise {
    pub(super) is_page: bool,
    pub(super) n_alerts: usize,
    pub(super) n_cheap: usize,
}

impl Alerted {
    pub(super) fn of(told: &Told) -> Alerted {
        let is_page = |alert: &&AlertAnswer| alert.severity == Severity::Page.as_str();
        let is_cheap =
            |alert: &&AlertAnswer| alert.resolved_at.is_some() && alert.spent_ratio.is_some_and(|spent| spent < CHEAP);
        let cheap = || told.alerts.iter().filter(is_cheap);
        let cheap_pages = cheap().filter(is_page).count();
        let cheap_tickets = cheap().count() - cheap_pages;
        Alerted { pages: told.n_pages, tickets: told.n_tickets, cheap_pages, cheap_tickets }
    }

    /// `3 / 5`: pages and tickets.
    pub(super) fn shown(alerted: Option<Alerted>) -> String {
        alerted.map_or("–".to_owned(), |alerted| format!("{} / {}", alerted.pages, alerted.tickets))
    }

    /// Of which urgency there are more than chance for next to nothing, and at least half of all.
    pub(super) fn noise(self) -> impl Iterator<Item = Noise> {
        let sorts = [(true, self.pages, self.cheap_pages), (false, self.tickets, self.cheap_tickets)];
        let noise = sorts.map(|(is_page, n_alerts, n_cheap)| Noise { is_page, n_alerts, n_cheap });
        noise.into_iter().filter(|noise| noise.n_cheap > BY_CHANCE && 2 * noise.n_cheap >= noise.n_alerts)
    }
}

impl std::ops::Add for Alerted {
    type Output = Alerted;

    fn add(self, other: Alerted) -> Alerted {
        Alerted {
            pages: self.pages + other.pages,
            tickets: self.tickets + other.tickets,
            cheap_pages: self.cheap_pages + other.cheap_pages,
            cheap_tickets: self.cheap_tickets + other.cheap_tickets,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::budget::Moment;
    use crate::budget::testkit::{Bench, DAY_MS, MINUTE_MS, catalog, composition, objective, product};
    use crate::report::{Delivery, Due, Language, Period, Report, html};
    use crate::spec::CompositionMethod;

    /// Alerts as `page 0.002 .` of what they cost, `.` for those that are over, `-` for those that are not; how many of each
    /// urgency there are and were cheap, and whether those are noise.
    fn check(alerts: &[(&str, f64, bool)], pages: (usize, usize, bool), tickets: (usize, usize, bool)) {
        let answer = |(severity, spent, is_over): &(&str, f64, bool)| AlertAnswer {
            severity: (*severity).to_owned(),
            long: "1h".to_owned(),
            short: "5m".to_owned(),
            factor: 14.4,
            fired_at: Moment(0),
            resolved_at: is_over.then_some(Moment(1)),
            peak_burn: None,
            detection_delay_seconds: 0.0,
            spent_ratio: Some(*spent).filter(|spent| spent.is_finite()),
        };
        let n_pages = alerts.iter().filter(|(severity, ..)| *severity == "page").count();
        let alerts: Vec<AlertAnswer> = alerts.iter().map(answer).collect();
        let told = Told { n_tickets: alerts.len() - n_pages, n_pages, alerts };
        let alerted = Alerted::of(&told);
        let noisy: Vec<bool> = alerted.noise().map(|noise| noise.is_page).collect();
        assert_eq!((alerted.pages, alerted.cheap_pages, noisy.contains(&true)), pages, "{told:?}");
        assert_eq!((alerted.tickets, alerted.cheap_tickets, noisy.contains(&false)), tickets, "{told:?}");
    }

    /// Each night all of one minute's ten requests fail, of ten thousand a minute by day.
    #[test]
    fn pages_of_quiet_nights_are_to_be_decided() {
        let now_ms = 20_000 * DAY_MS;
        let bench = Bench::new(now_ms);
        let shop = product("shop", Some("99.9"), composition(CompositionMethod::Events, &[("orders", 1.0)]));
        bench.apply(catalog(vec![objective("orders", "99.9")], vec![shop]));
        for minute in 0..3 * 24 * 60 {
            let (bad, total) = match minute % (24 * 60) {
                180 => (10.0, 10.0),
                0..360 => (0.0, 10.0),
                _ => (1.0, 10_000.0),
            };
            bench.history.count("orders", now_ms - 3 * DAY_MS + (minute + 1) * MINUTE_MS, bad, total);
        }
        bench.tick(now_ms);
        let period = Period::of("3d", &TimeZone::UTC, now_ms).unwrap();
        for (language, words) in
            [(Language::English, "2 of 3 pages were over"), (Language::Chinese, "3 次呼叫中，有 2 次")]
        {
            let report = Report::of(&bench.budgets, "shop", &period, language, &Delivery::default(), now_ms).unwrap();
            // In the first night the budget is small: ten bad events are much of it.
            let alerted = Alerted { pages: 3, cheap_pages: 2, ..Alerted::default() };
            assert_eq!((report.objectives[0].alerted, report.alerted), (Some(alerted), None));
            let noise = Due::Noise { of: "orders".to_owned(), is_page: true, n_alerts: 3, n_cheap: 2 };
            assert!(report.due.contains(&noise), "{:?}", report.due);
            assert!(html(&report, &period).unwrap().contains(words), "{words}");
        }
    }

    #[test]
    fn most_of_them_for_next_to_nothing_is_noise() {
        let none = (0, 0, false);
        check(&[], none, none);
        check(&[("page", 0.001, true)], (1, 1, false), none);
        check(&[("page", 0.001, true), ("page", 0.002, true)], (2, 2, true), none);
        // A hundredth is no longer next to nothing.
        check(&[("page", 0.001, true), ("page", 0.01, true)], (2, 1, false), none);
        // Nobody knows yet what it will have cost.
        check(&[("page", 0.001, true), ("page", 0.001, false)], (2, 1, false), none);
        // Where nothing was allowed, everything is dear.
        check(&[("page", f64::INFINITY, true), ("page", f64::INFINITY, true)], (2, 0, false), none);
        let cheap = ("ticket", 0.0, true);
        check(
            &[cheap, cheap, ("ticket", 0.5, true), ("other", 0.5, true), ("page", 0.5, true)],
            (1, 0, false),
            (4, 2, true),
        );
        check(
            &[cheap, cheap, ("ticket", 0.5, true), ("ticket", 0.5, true), ("ticket", 0.5, true)],
            none,
            (5, 2, false),
        );
    }
}
