//! A year of a checkout as a product manager sees it: a report that has all of its parts, to be read and looked at, whose numbers
//! agree wherever they stand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::*;
use crate::budget::testkit::{Bench, DAY_MS, HOUR_MS, MINUTE_MS, catalog, composition, objective, product};
use crate::deployment::{Deployment, DeploymentState};
use crate::gate::{Override, Speed};
use crate::ledger::test_kit::deployment;
use crate::ledger::{dora, of_product};
use crate::policy::{Consequences, Standing};
use crate::spec::{Adjustment, BudgetPolicy, Catalog, CompositionMethod, Objective, Role, Share, SourcePlace, Units};

/// 2026-10-01T00:00:00Z
const OCTOBER_MS: i64 = 1_790_812_800_000;
const NOW_MS: i64 = OCTOBER_MS + 26 * DAY_MS + 15 * HOUR_MS;
const DEPLOYED_MS: i64 = OCTOBER_MS + 20 * DAY_MS + 9 * HOUR_MS;

struct Year {
    bench: Bench,
    deployments: Vec<Deployment>,
}

fn objectives() -> Vec<Objective> {
    let named = |id: &str, percent: &str, title: &str, description: &str| {
        let mut one = objective(id, percent);
        (one.title, one.description) = (title.to_owned(), description.to_owned());
        one
    };
    let mut orders = named(
        "orders",
        "99.9",
        "Orders are accepted",
        "Who presses “Pay” gets an answer that is not our fault to fail.",
    );
    let options = Arc::make_mut(&mut orders.options);
    options.attribution = vec!["route".to_owned(), "tenant".to_owned()];
    options.units = Some(Units { name: "orders".to_owned(), per_event: 1.0, money: Some(("CNY".to_owned(), 38.0)) });
    options.review_by = Some("2026-10-15".parse().unwrap());
    let mut payments = named("payments", "99.9", "Payments go through", "A card that is good is charged once.");
    payments.service = "payment-provider".to_owned();
    let fast = named("fast", "99", "Orders are fast", "Under 300 ms.");
    vec![orders, payments, fast]
}

impl Year {
    fn open() -> Year {
        let bench = Bench::new(OCTOBER_MS - 330 * DAY_MS);
        let mut shop = composition(CompositionMethod::Events, &[("orders", 1.0), ("payments", 1.0)]);
        shop.components[1].role = Role::Upstream;
        let mut shop = product("checkout", Some("99.9"), shop);
        (shop.title, shop.policy) = ("Checkout".to_owned(), Some("checkout-policy".to_owned()));
        shop.informational = vec!["fast".to_owned()];
        (shop.product_owners, shop.engineering_owners) =
            (vec!["li.wei@example.com".to_owned()], vec!["checkout-team@example.com".to_owned()]);
        let mut all = catalog(objectives(), vec![shop.clone()]);
        let known = Arc::make_mut(&mut all);
        known.adjustments.insert("database-repair".to_owned(), repair());
        known.budget_policies.insert("checkout-policy".to_owned(), policy());
        // The promise was stricter since the 12th.
        let mut before = Catalog::clone(&all);
        if let Some(product) = before.products.get_mut("checkout") {
            product.target = Some((Share::from_percent("99.8").unwrap(), "99.8".to_owned()));
        }
        bench.apply(Arc::new(before));
        bench.tick(OCTOBER_MS + 11 * DAY_MS);
        bench.apply(all);
        bench.tick(NOW_MS);
        Year { deployments: deployments(), bench }.counted()
    }

    /// 2000 orders an hour by day and 500 by night, five of ten thousand bad, and what went wrong.
    fn counted(self) -> Year {
        let wrong = [
            (OCTOBER_MS - 200 * DAY_MS, 9 * HOUR_MS, 0.21),
            (OCTOBER_MS - 75 * DAY_MS, 3 * HOUR_MS, 0.12),
            (OCTOBER_MS + 9 * DAY_MS + 13 * HOUR_MS, 50 * MINUTE_MS, 0.18),
            (DEPLOYED_MS, 40 * MINUTE_MS, 0.07),
            (OCTOBER_MS + 24 * DAY_MS + 2 * HOUR_MS, 90 * MINUTE_MS, 0.04),
        ];
        let (mut at_ms, mut number) = (OCTOBER_MS - 330 * DAY_MS, 0_u64);
        while at_ms < NOW_MS {
            let step_ms = if at_ms < OCTOBER_MS { HOUR_MS } else { 10 * MINUTE_MS };
            at_ms += step_ms;
            number += 1;
            let is_day = (7..22).contains(&(at_ms.rem_euclid(DAY_MS) / HOUR_MS));
            let total = (if is_day { 12_000.0 } else { 3000.0 }) * step_ms as f64 / HOUR_MS as f64;
            let is_in = |&&(from_ms, length_ms, _): &&(i64, i64, f64)| at_ms > from_ms && at_ms <= from_ms + length_ms;
            let ratio = wrong.iter().find(is_in).map_or(0.0, |(.., ratio)| *ratio);
            let usual = (total * 0.0003 * (0.5 + (number * 37 % 100) as f64 / 100.0)).round();
            let history = &self.bench.history;
            history.count("orders", at_ms, usual + (total * ratio).round(), total);
            history.count("payments", at_ms, (usual / 2.0).round() + (total * ratio / 3.0).round(), total);
            history.count("fast", at_ms, (total * 0.004).round(), total);
        }
        for (route, tenant, bad, total) in [
            ("/pay", "acme", 1290.0, 80_000.0),
            ("/pay", "globex", 610.0, 400_000.0),
            ("/cart", "acme", 55.0, 90_000.0),
        ] {
            self.bench.history.felt("orders", &[("route", route), ("tenant", tenant)], bad, total);
        }
        self
    }

    fn report(&self, period: &str, zone: &str, language: Language, state: &str) -> (Report, Period) {
        let period = Period::of(period, &TimeZone::get(zone).unwrap(), NOW_MS).unwrap();
        let span = period.so_far(NOW_MS);
        let budgets = &self.bench.budgets;
        let catalog = budgets.catalog();
        let deployments: Vec<&Deployment> = self.deployments.iter().collect();
        let (history, span_ms) = (&**budgets.history(), (span.from_ms, span.to_ms));
        let freeze = (state == "exhausted").then(|| (["fix", "security"].map(str::to_owned).to_vec(), false));
        let given = Override {
            id: "1".to_owned(),
            gate: "checkout-prod".to_owned(),
            service: "checkout-api".to_owned(),
            version: String::new(),
            reason: "the fix for the tax rounding has to go out before the sale".to_owned(),
            by: "li.wei".to_owned(),
            role: "engineering".to_owned(),
            created_ms: OCTOBER_MS + 22 * DAY_MS,
            expires_ms: OCTOBER_MS + 23 * DAY_MS,
        };
        let delivery = Delivery {
            ledger: Some(of_product(&catalog, &catalog.products["checkout"], history, &deployments, span_ms, HOUR_MS)),
            deployments: self.deployments.iter().rev().cloned().collect(),
            speed: Some(Speed {
                dora: dora(&deployments, &BTreeSet::new(), span_ms),
                frozen_ms: 31 * HOUR_MS,
                overrides: vec![given],
            }),
            standing: Some(Standing {
                product: "checkout".to_owned(),
                policy: "checkout-policy".to_owned(),
                state: Some(state.to_owned()),
                since_ms: OCTOBER_MS + 25 * DAY_MS,
                why: "remaining <= 0% (remaining = -14%)".to_owned(),
                held_since_ms: BTreeMap::new(),
            }),
            consequences: Some(Consequences { freeze, ..Consequences::default() }),
        };
        (Report::of(budgets, "checkout", &period, language, &delivery, NOW_MS).unwrap(), period)
    }
}

/// Every Sunday night for two hours.
fn repair() -> Adjustment {
    Adjustment {
        name: "database-repair".to_owned(),
        objectives: vec!["orders".to_owned()],
        first: "2026-01-04T02:00:00+00:00[UTC]".parse().unwrap(),
        length_ms: 2 * HOUR_MS,
        rrule: Some("FREQ=WEEKLY;BYDAY=SU".to_owned()),
        reason: "Scheduled repair; agreed with product.".to_owned(),
        source: SourcePlace::default(),
    }
}

fn policy() -> BudgetPolicy {
    BudgetPolicy {
        name: "checkout-policy".to_owned(),
        agreed_by: Vec::new(),
        states: Vec::new(),
        actions: BTreeMap::new(),
        postmortem_when: Some((Share::from_percent("20").unwrap(), 28 * DAY_MS)),
        planning_when: None,
        exemptions: Vec::new(),
        escalation: None,
        source: SourcePlace::default(),
    }
}

fn deployments() -> Vec<Deployment> {
    let days = [(2, "v2.3.0"), (6, "v2.3.1"), (13, "v2.3.2"), (20, "v2.4.0"), (21, "v2.4.1"), (25, "v2.5.0")];
    let one = |(day, version): &(i64, &str)| {
        let at_ms = OCTOBER_MS + day * DAY_MS + 9 * HOUR_MS;
        let mut one = deployment("checkout-api", version, at_ms);
        (one.actor, one.url) =
            (Some("zhang.min".to_owned()), Some(format!("https://gitlab.example.com/shop/-/pipelines/{day}")));
        (one.ended_ms, one.committed_ms) = (Some(at_ms + 6 * MINUTE_MS), Some(at_ms - 20 * HOUR_MS));
        if *day == 20 {
            one.state = DeploymentState::RolledBack;
        }
        one
    };
    days.iter().map(one).collect()
}

/// Where somebody wants to look at it.
#[expect(clippy::disallowed_methods, reason = "pages for people, of a test")]
fn keep(name: &str, bytes: &[u8]) {
    if let Some(directory) = std::env::var_os("NARTHEX_PICTURES") {
        std::fs::write(Path::new(&directory).join(name), bytes).unwrap();
    }
}

/// The texts of the cells of a table, row by row.
fn cells(page: &str, class: &str) -> Vec<Vec<String>> {
    let begin = page.find(&format!("<table class=\"{class}\">")).unwrap();
    let table = &page[begin..begin + page[begin..].find("</table>").unwrap()];
    let text = |cell: &str| {
        let shown = cell.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
        shown.collect::<String>()
    };
    let rows = table.split("<tr>").filter(|row| row.contains("<td"));
    rows.map(|row| row.split("<td").skip(1).map(|cell| text(&format!("<td{cell}"))).collect()).collect()
}

#[test]
fn a_page_has_all_parts_and_can_be_looked_at() {
    let year = Year::open();
    for (language, tag) in [(Language::English, "en"), (Language::Chinese, "zh")] {
        for (period, zone, state) in
            [("2026-10", "UTC", "exhausted"), ("2026-09", "Asia/Shanghai", "healthy"), ("28d", "UTC", "healthy")]
        {
            let (report, period) = year.report(period, zone, language, state);
            let page = html(&report, &period).unwrap();
            keep(&format!("{}-{tag}.html", report.period), page.as_bytes());
            keep(&format!("{}-{tag}.png", report.period), &png(&report, &period).unwrap());
            let mail = letter(&report, &period, "http://narthex/report").unwrap();
            let picture = format!("{}-{tag}.png", report.period);
            keep(
                &format!("{}-{tag}-mail.html", report.period),
                mail.html.replace("cid:burndown.png", &picture).as_bytes(),
            );
            keep(&format!("{}-{tag}.json", report.period), &serde_json::to_vec_pretty(&report).unwrap());
            assert_eq!(page.matches("<section>").count(), 6 + usize::from(!report.felt.is_empty()), "{tag}");
            assert!(page.contains("http://narthex/products?name=checkout"));
        }
    }
}

#[test]
fn numbers_agree_wherever_they_stand() {
    let (report, period) = Year::open().report("2026-10", "UTC", Language::English, "exhausted");
    let spent = report.status.budget.spent.0;
    let page = html(&report, &period).unwrap();
    let ledger = cells(&page, "ledger");
    let bad = |row: &Vec<String>| row[2].replace(',', "").parse::<f64>().unwrap();
    let sum: f64 = ledger.iter().map(bad).sum();
    assert!((sum - spent).abs() <= ledger.len() as f64 * 0.5, "{sum} and {spent}");
    let json = serde_json::to_value(&report).unwrap();
    let of_json: f64 = json["costs"].as_array().unwrap().iter().map(|cost| cost["bad"].as_f64().unwrap()).sum();
    assert!((of_json - json["status"]["budget"]["spent"].as_f64().unwrap()).abs() < 1e-6, "{of_json}");
    assert_eq!(ledger.len(), report.costs.len());
    for (row, cost) in ledger.iter().zip(&report.costs) {
        assert_eq!(row[2], language::count(cost.bad.0));
        assert_eq!(row[3], language::percent(cost.share));
    }
    let promises = cells(&page, "promises");
    for (row, objective) in promises.iter().zip(&report.objectives) {
        assert!(row[0].contains(objective.name()), "{row:?}");
        assert_eq!(row[2], language::fine_percent(objective.status.sli.unwrap()));
        assert_eq!(row[6], language::percent(objective.status.budget.remaining_ratio.unwrap()));
        let alerted = objective.alerted.unwrap();
        assert_eq!(row[7], format!("{} / {}", alerted.pages, alerted.tickets));
    }
    let counting = report.objectives.iter().filter(|row| row.counts);
    let n_pages: usize = counting.map(|row| row.alerted.unwrap().pages).sum();
    assert!(n_pages > 1 && page.contains(&format!("<b>{n_pages} pages</b>")), "{n_pages}");
    let left = language::percent(report.status.budget.remaining_ratio.unwrap());
    assert!(page.contains(&format!("<div class=\"number\">{left}</div>")));
}

#[test]
fn what_a_period_holds_is_told() {
    let year = Year::open();
    let (report, _) = year.report("2026-10", "UTC", Language::English, "exhausted");
    let changes: Vec<(&str, &str, Option<&str>)> =
        report.target_changes.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.slo.as_deref())).collect();
    assert_eq!(changes, [("99.8", "99.9", None)]);
    assert_eq!(
        report.deployments.iter().map(|one| one.is_failure).collect::<Vec<_>>(),
        [false, false, false, true, false, false]
    );
    // Sundays: the 4th, 11th, 18th and 25th.
    let excluded = (report.excluded.len(), report.exclusions[0].seconds);
    assert_eq!(excluded, (4, 8.0 * 3600.0));
    let units = report.in_units.as_ref().unwrap();
    assert_eq!(units.money.unwrap().0, units.spent.0 * 38.0);
    let kinds: Vec<&str> = report
        .due
        .iter()
        .map(|due| match due {
            Due::Policy { .. } => "policy",
            Due::Postmortem { .. } => "postmortem",
            Due::Review { .. } => "review",
            Due::Target(_) => "target",
            Due::NoPolicy => "no policy",
            Due::Noise { .. } => "noise",
            Due::Coverage { .. } => "coverage",
        })
        .collect();
    assert_eq!(kinds[0], "policy");
    for kind in ["postmortem", "review"] {
        assert!(kinds.contains(&kind), "{kind} of {kinds:?}");
    }
    assert_eq!(report.earlier.len(), 11);
}

#[test]
fn nothing_has_to_be_read_as_a_formula() {
    let year = Year::open();
    let check = |language: Language, exclusion: &str, release: &str, incident: &str| {
        let (report, period) = year.report("2026-10", "UTC", language, "exhausted");
        let page = html(&report, &period).unwrap();
        let mail = letter(&report, &period, "http://narthex/report").unwrap();
        assert_eq!((report.exclusions[0].when.as_str(), page.contains(exclusion)), (exclusion, true));
        assert!(!page.contains("FREQ="), "{language:?}");
        assert!(report.words.release.ends_with(release), "{}", report.words.release);
        // Beside the words, whoever wants it finds what the policy says.
        let formula = "remaining &lt;= 0% (remaining = -14%)</code>";
        assert!(page.contains(formula) && mail.html.contains(formula), "{language:?}");
        assert!(mail.text.contains("\n  remaining <= 0% (remaining = -14%)\n"), "{}", mail.text);
        for text in [&page, &mail.html, &mail.text] {
            assert!(text.contains(incident), "{incident} in {text}");
        }
    };
    check(
        Language::English,
        "every Sunday, 02:00–04:00 UTC",
        "in the state exhausted then: nothing of the error budget is left (left: -14 %).",
        "Orders are accepted, 10 Oct 13:05, 45 min",
    );
    check(
        Language::Chinese,
        "每周日 02:00–04:00（UTC）",
        "（依据最近 1 天的预算）当时判定的状态：已耗尽。依据：错误预算已用完（剩余：-14 %）。",
        "Orders are accepted，10 月 10 日 13:05，45 分钟",
    );
}

#[test]
fn what_went_of_late_is_of_an_end_that_the_period_has() {
    let year = Year::open();
    let check = |period: &str, language: Language, want: &str| {
        let (report, period) = year.report(period, "UTC", language, "healthy");
        let late = report.of_late.unwrap();
        let history = year.bench.budgets.history();
        let bad = |id: &str| history.counts(id, report.until.0 - late.seconds * 1000, report.until.0).bad;
        let share = (bad("orders") + bad("payments")) / report.status.budget.allowed.0;
        assert!((late.spent_ratio.unwrap() - share).abs() < 1e-9, "{late:?} {share}");
        let tile = format!("<div class=\"tile\"><b>{}</b><span>{want}</span></div>", language::percent(share));
        assert!(html(&report, &period).unwrap().contains(&tile), "{tile}");
    };
    check("28d", Language::English, "of the budget went in the last 7 days");
    check("7d", Language::English, "of the budget went in the last day");
    check("1d", Language::English, "of the budget went in the last hour");
    check("1d", Language::Chinese, "最近 1 小时消耗的预算");
    check("2026-09", Language::English, "of the budget went in the last 7 days of the period");
    check("2026-09", Language::Chinese, "本期最后 7 天消耗的预算");
}

#[test]
fn what_is_expected_begins_where_the_past_ends() {
    let year = Year::open();
    let left = |report: &Report| report.status.budget.remaining_ratio.unwrap();
    let (month, period) = year.report("2026-10", "UTC", Language::English, "healthy");
    let last = *month.expected.last().unwrap();
    assert!(last.at.0 <= period.span.to_ms && period.span.to_ms - last.at.0 < DAY_MS, "{last:?}");
    assert!((month.expected[0].remaining_ratio - left(&month)).abs() < 0.02);
    for point in &month.expected {
        assert!(point.low <= point.remaining_ratio && point.remaining_ratio <= point.high, "{point:?}");
    }
    let (rolling, period) = year.report("28d", "UTC", Language::English, "healthy");
    let last = *rolling.expected.last().unwrap();
    assert!((last.at.0 - NOW_MS - 7 * DAY_MS).abs() < DAY_MS, "{last:?} {period:?}");
    let (over, _) = year.report("2026-09", "UTC", Language::English, "healthy");
    assert_eq!(over.expected, []);
}

#[test]
fn an_overdraft_is_told_and_keeps_within_the_bar() {
    let year = Year::open();
    for (language, want) in
        [(Language::English, "aria-label=\"36 % more than"), (Language::Chinese, "aria-label=\"36 % 超支")]
    {
        let (mut report, period) = year.report("2026-10", "UTC", language, "exhausted");
        let budget = &mut report.status.budget;
        budget.remaining.0 = -0.36 * budget.allowed.0;
        budget.remaining_ratio = Some(-0.36);
        let page = html(&report, &period).unwrap();
        assert!(page.contains(want), "{language:?}");
        let bar = &page[page.find("<svg class=\"stalk").unwrap()..];
        let bar = &bar[..bar.find("</svg>").unwrap()];
        let number = |rect: &str, name: &str| {
            let value = &rect[rect.find(name).unwrap() + name.len()..];
            value[..value.find('"').unwrap()].parse::<f64>().unwrap()
        };
        for rect in bar.split("<rect").skip(1) {
            assert!(number(rect, " x=\"") + number(rect, " width=\"") <= 1000.0, "{rect}");
        }
    }
}
