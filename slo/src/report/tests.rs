//! A shop over four weeks: an incident, a deployment that went wrong, and names that would rather be markup.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::*;
use crate::budget::Moment;
use crate::budget::testkit::{Bench, DAY_MS, HOUR_MS, MINUTE_MS, catalog, composition, objective, product};
use crate::deployment::Deployment;
use crate::gate::Speed;
use crate::ledger::test_kit::deployment;
use crate::ledger::{Dora, of_product};
use crate::policy::{Consequences, Standing};
use crate::spec::{CompositionMethod, Role};

const HOSTILE: &str = "<script>alert('x')</script>\u{202e}\"&";
/// 2026-10-01T00:00:00Z
const BEGIN_MS: i64 = 1_790_812_800_000;

struct Shop {
    bench: Bench,
    deployments: Vec<Deployment>,
}

impl Shop {
    /// 100,000 events each ten minutes, one in 10,000 bad, but for an incident and a deployment.
    fn open() -> Shop {
        let end_ms = BEGIN_MS + 31 * DAY_MS;
        let bench = Bench::new(end_ms);
        let (incident_ms, deployed_ms) = (BEGIN_MS + 9 * DAY_MS, BEGIN_MS + 20 * DAY_MS);
        for at_ms in (BEGIN_MS..end_ms).step_by(10 * MINUTE_MS as usize).map(|at_ms| at_ms + MINUTE_MS) {
            let is_in = |from_ms: i64, length_ms: i64| at_ms > from_ms && at_ms <= from_ms + length_ms;
            let broken = if is_in(incident_ms, HOUR_MS) { 25_000.0 } else { 0.0 };
            let worse = if is_in(deployed_ms, HOUR_MS / 2) { 5_000.0 } else { 0.0 };
            bench.history.count("orders", at_ms, 10.0 + broken + worse, 100_000.0);
            bench.history.count("payment", at_ms, 10.0 + broken / 2.0, 100_000.0);
        }
        let mut orders = objective("orders", "99.9");
        (orders.title, orders.description) =
            ("Orders are taken".to_owned(), "999 of 1000 orders go through".to_owned());
        let mut payment = objective("payment", "99.9");
        payment.service = "bank".to_owned();
        let mut composed = composition(CompositionMethod::Events, &[("orders", 1.0), ("payment", 1.0)]);
        composed.components[1].role = Role::Upstream;
        let mut shop = product("shop", Some("99.9"), composed);
        (shop.title, shop.policy) = (HOSTILE.to_owned(), Some("calm".to_owned()));
        bench.apply(catalog(vec![orders, payment], vec![shop]));
        let mut bad = deployment("api", "v2", deployed_ms);
        (bad.actor, bad.url) = (Some(HOSTILE.to_owned()), Some("javascript:alert(1)".to_owned()));
        Shop { bench, deployments: vec![bad] }
    }

    fn report(&self, period: &str, language: Language, state: &str) -> (Report, Period) {
        let now_ms = BEGIN_MS + 31 * DAY_MS;
        let period = Period::of(period, &TimeZone::UTC, now_ms).unwrap();
        let span = period.so_far(now_ms);
        let budgets = &self.bench.budgets;
        let catalog = budgets.catalog();
        let deployments: Vec<&Deployment> = self.deployments.iter().collect();
        let history = &**budgets.history();
        let span_ms = (span.from_ms, span.to_ms);
        let ledger = of_product(&catalog, &catalog.products["shop"], history, &deployments, span_ms, HOUR_MS / 2);
        let dora = Dora { n_deployments: 1, per_day: 0.1, n_failed: 1, failure_ratio: Some(1.0), ..Dora::default() };
        let freeze = (state == "frozen").then(|| (vec!["fix".to_owned(), "security".to_owned()], false));
        let delivery = Delivery {
            ledger: Some(ledger),
            deployments: self.deployments.clone(),
            speed: Some(Speed { dora, frozen_ms: 3 * HOUR_MS, overrides: Vec::new() }),
            standing: Some(Standing {
                product: "shop".to_owned(),
                policy: "calm".to_owned(),
                state: Some(state.to_owned()),
                since_ms: BEGIN_MS + 20 * DAY_MS,
                why: "remaining <= 0%".to_owned(),
                held_since_ms: std::collections::BTreeMap::new(),
            }),
            consequences: Some(Consequences { freeze, ..Consequences::default() }),
        };
        let report = Report::of(budgets, "shop", &period, language, &delivery, now_ms).unwrap();
        (report, period)
    }
}

#[test]
fn a_reader_can_tell_whether_it_was_kept_what_broke_it_and_whether_to_release() {
    let shop = Shop::open();
    let (report, _) = shop.report("2026-10", Language::English, "frozen");
    // 31 days of 288 times 100,000 allow 892,800; 89,280 were bad anyway, 225,000 in the incident, 15,000 after the deployment.
    assert_eq!(report.status.budget.spent.0, 329_280.0);
    assert_eq!(report.status.budget.allowed.0, 892_800.0);
    assert_eq!(report.kept, Some(true));
    let name = HOSTILE;
    assert_eq!(
        report.words.headline,
        format!(
            "{name} kept its promise: 63 % of the error budget was left at the end. \
             Releases are frozen; only fixes and security fixes may ship."
        )
    );
    assert_eq!(
        report.words.cause,
        "The incident \"Orders are taken, 10 Oct 00:00, 55 min\" cost most: 46 % of all that went wrong. \
         Next comes the upstream service bank: 36 %."
    );
    assert_eq!(
        report.words.release,
        "Releases have been frozen since 2026-10-21 00:00; only fixes and security fixes may ship. \
         The policy calm, which goes by the last day, put the product in the state frozen then: \
         nothing of the error budget is left."
    );
    let (open, _) = shop.report("28d", Language::English, "open");
    assert!(open.words.headline.ends_with(" Releases are open."), "{}", open.words.headline);
    assert!(!open.is_over);
}

#[test]
fn costs_add_up_and_the_burn_down_ends_at_what_is_left() {
    let (report, _) = Shop::open().report("2026-10", Language::English, "frozen");
    let bad: f64 = report.costs.iter().map(|cost| cost.bad.0).sum();
    assert!((bad - report.status.budget.spent.0).abs() < 1e-6, "{bad}");
    let share: f64 = report.costs.iter().map(|cost| cost.share).sum();
    assert!((share - 1.0).abs() < 1e-9, "{share}");
    let kinds: Vec<&str> = report
        .costs
        .iter()
        .map(|cost| match &cost.kind {
            CostKind::Deployment { version, .. } => version,
            CostKind::Incident => "incident",
            CostKind::Upstream { service } => service,
            CostKind::Others { .. } => "others",
            CostKind::Background => "background",
        })
        .collect();
    assert_eq!(kinds, ["incident", "bank", "v2", "background"]);
    let (first, last) = (report.burndown[0], report.burndown[report.burndown.len() - 1]);
    assert_eq!((first.at, first.remaining_ratio, first.even_ratio), (report.start, Some(1.0), 1.0));
    assert_eq!((last.at, last.remaining_ratio), (report.until, report.status.budget.remaining_ratio));
    assert_eq!(last.even_ratio, 0.0);
}

#[test]
fn nothing_hostile_becomes_markup() {
    let shop = Shop::open();
    for language in [Language::English, Language::Chinese] {
        let (report, period) = shop.report("2026-10", language, "frozen");
        let page = html(&report, &period).unwrap();
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{language:?}");
        for unwanted in ["<script", "\u{202e}", "href=\"javascript", "src=", "@import", "url("] {
            assert!(!page.contains(unwanted), "{language:?} {unwanted}");
        }
        let n_begun = page.matches("<bdi>").count();
        assert_eq!(n_begun, page.matches("</bdi>").count(), "{language:?}");
    }
}

#[test]
fn both_languages_say_the_same() {
    let shop = Shop::open();
    let (english, period) = shop.report("2026-10", Language::English, "frozen");
    let (chinese, _) = shop.report("2026-10", Language::Chinese, "frozen");
    let want = format!("“{HOSTILE}”履行了承诺：期末错误预算剩余 63 %。已冻结发布，只允许修复、安全类变更。");
    assert_eq!(chinese.words.headline, want);
    let pages = [html(&english, &period).unwrap(), html(&chinese, &period).unwrap()];
    for tag in ["<h2>", "<tr>", "<svg", "class=\"tile\"", "<dd>"] {
        assert_eq!(pages[0].matches(tag).count(), pages[1].matches(tag).count(), "{tag}");
    }
    let mut json = [serde_json::to_value(&english).unwrap(), serde_json::to_value(&chinese).unwrap()];
    let names = |json: &mut serde_json::Value| {
        let costs = json["costs"].as_array_mut().unwrap();
        let named = costs.iter_mut().map(|cost| cost["name"].take()).map(|name| name.as_str().map(str::to_owned));
        named.collect::<Vec<_>>()
    };
    let named =
        |names: [&str; 3]| names.into_iter().map(|name| Some(name.to_owned())).chain([None]).collect::<Vec<_>>();
    assert_eq!(names(&mut json[0]), named(["Orders are taken, 10 Oct 00:00, 55 min", "bank", "api v2, 21 Oct 00:00"]));
    assert_eq!(
        names(&mut json[1]),
        named(["Orders are taken，10 月 10 日 00:00，55 分钟", "bank", "api v2，10 月 21 日 00:00"])
    );
    assert_eq!((&json[0]["language"], &json[1]["language"]), (&"en".into(), &"zh-CN".into()));
    for part in ["status", "costs", "objectives", "burndown", "release", "speed"] {
        assert_eq!(json[0][part], json[1][part], "{part}");
    }
    assert_eq!(json[0]["costs"][0]["kind"], "incident");
    assert_eq!(json[0]["start"], "2026-10-01T00:00:00Z");
}

#[test]
fn a_period_before_anything_was_counted_is_not_known() {
    let shop = Shop::open();
    let (report, period) = shop.report("2026-08", Language::English, "open");
    assert_eq!((report.kept, report.costs.len()), (None, 0));
    let want = "kept its promise: nothing was counted in this period. Releases are open.";
    assert!(report.words.headline.ends_with(want), "{}", report.words.headline);
    assert!(html(&report, &period).unwrap().contains("? not known"));
    assert_eq!(report.earlier, []);
    let (october, _) = shop.report("2026-W43", Language::English, "open");
    let earlier: Vec<(&str, Option<bool>)> =
        october.earlier.iter().map(|one| (one.period.as_str(), one.kept)).collect();
    assert_eq!(
        earlier,
        [("2026-W42", Some(true)), ("2026-W41", Some(false)), ("2026-W40", Some(true))],
        "the incident was in week 41"
    );
}

#[test]
fn a_catalog_without_the_product_has_no_report() {
    let bench = Bench::new(BEGIN_MS);
    bench.apply(Arc::default());
    let period = Period::of("28d", &TimeZone::UTC, BEGIN_MS).unwrap();
    let delivery = Delivery::default();
    assert!(Report::of(&bench.budgets, "shop", &period, Language::English, &delivery, BEGIN_MS).is_none());
    assert_eq!(period.span.to_ms, Moment(BEGIN_MS).0);
}
