//! What a policy says beyond a decision: exemptions, what is open, who is told, and which alerts a gate sees.

use std::collections::BTreeMap;

use super::decisions::Record;
use super::kept::Kept;
use super::tests::{Fixture, MINUTE_MS, START_MS, catalog, said};
use super::*;
use crate::deployment::DeploymentState;
use crate::ledger::test_kit::{Events, objective};
use crate::report::Language;
use crate::spec::{BudgetPolicy, Catalog, OnUnknown, PolicyAction, Product, Service, Share, SourcePlace};

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The shop leans on payments, which has a policy of its own, and its policy exempts for that.
fn leaning(exemptions: &[(&str, Option<&str>)]) -> Catalog {
    let mut catalog = catalog(OnUnknown::Deny);
    let exemption = |(cause, only_if): &(&str, Option<&str>)| ((*cause).to_owned(), only_if.map(str::to_owned));
    let policy = catalog.budget_policies.get_mut("policy").unwrap();
    policy.exemptions = exemptions.iter().map(exemption).collect();
    let gate = catalog.gates.get_mut("shop-prod").unwrap();
    gate.deny.push("policy.state == 'exhausted' and change not in [fix]".to_owned());
    let payments = Product { name: "payments".to_owned(), ..catalog.products["shop"].clone() };
    catalog.products.insert("payments".to_owned(), payments);
    let upstream = crate::spec::Objective {
        product: Some("payments".to_owned()),
        ..objective("payment-publish", "payments", "99.9", &[])
    };
    catalog.objectives.insert("payment-publish".to_owned(), upstream);
    catalog
}

#[test]
fn a_product_is_exempt_where_what_failed_upstream_has_frozen_its_releases() {
    const CAUSE: (&str, Option<&str>) = ("upstream", Some("upstreamFrozen"));
    // What would be left without upstream, the upstream objective, the decision and how its first reason begins.
    let check = |exempts: &[(&str, Option<&str>)], without: Option<f64>, id: &str, want: (Decision, &str)| {
        let fixture = Fixture::with(leaning(exempts));
        fixture.tell(|told| {
            told.remaining = Some(-0.5);
            told.upstream = Some(Upstream { remaining_without: without, objectives: words(&[id]) });
        });
        fixture.gates.tick();
        let got = fixture.ask("api", "v1", "feature");
        assert_eq!(got.decision, Some(want.0), "{got:?}");
        let is_told = said(&got.reasons).iter().any(|reason| reason.starts_with(want.1));
        assert!(is_told, "{:?}", got.reasons);
        assert_eq!(fixture.ask("api", "v1", "fix").decision, Some(Decision::Allow));
        for one in fixture.gates.outlook("shop-prod").unwrap() {
            assert_eq!(fixture.ask("api", "v1", &one.change).decision, Some(one.decision), "{one:?}");
        }
    };
    let frozen = "exempt from the policy: without what failed upstream (payment-publish) 40.0 % of the budget would be left, and \
                  whoever answers for it has frozen releases";
    check(&[CAUSE], Some(0.4), "payment-publish", (Decision::Warn, frozen));
    check(&[CAUSE], Some(0.4), "payment-publish", (Decision::Warn, "releases are frozen while"));
    check(&[("upstream", None)], Some(0.4), "slo", (Decision::Warn, "exempt from the policy: without"));
    // An objective of its own, or of nobody, is frozen by nobody else.
    let thawed = "without what failed upstream (slo) 40.0 % of the budget would be left, and whoever answers for slo has not frozen";
    check(&[CAUSE], Some(0.4), "slo", (Decision::Deny, thawed));
    check(&[CAUSE], Some(-0.1), "payment-publish", (Decision::Deny, "releases are frozen while"));
    check(&[CAUSE], None, "payment-publish", (Decision::Deny, "releases are frozen while"));
    check(&[], Some(0.4), "payment-publish", (Decision::Deny, "releases are frozen while"));
    let said = "where only users out of scope felt it, the policy exempts: narthex gate override";
    check(&[("out-of-scope-users", None)], None, "slo", (Decision::Deny, said));
}

#[test]
fn an_exemption_is_of_the_policy_and_not_of_the_gates_other_conditions() {
    let fixture = Fixture::with(leaning(&[("upstream", None)]));
    fixture.tell(|told| {
        told.remaining = Some(-0.5);
        told.upstream = Some(Upstream { remaining_without: Some(0.4), objectives: words(&["payment-publish"]) });
        told.others = vec![labels(&[("alertname", "Down"), ("severity", "page")])];
    });
    fixture.gates.tick();
    let got = fixture.ask("api", "v1", "feature");
    assert_eq!(got.decision, Some(Decision::Deny));
    assert!(said(&got.reasons)[0].starts_with("alert.firing(severity='page')"), "{:?}", got.reasons);
}

#[test]
fn a_gate_sees_all_alerts_that_are_not_another_products() {
    let check = |alert: &[(&str, &str)], want: Decision, is_shown: bool| {
        let mut catalog = leaning(&[]);
        for (name, product) in [("api", "shop"), ("payments", "payments")] {
            let service = Service {
                name: name.to_owned(),
                title: String::new(),
                description: String::new(),
                product: Some(product.to_owned()),
                labels: BTreeMap::new(),
                source: SourcePlace::default(),
            };
            catalog.services.insert(name.to_owned(), service);
        }
        let fixture = Fixture::with(catalog);
        fixture.tell(|told| told.others = vec![labels(alert)]);
        let got = fixture.ask("api", "v1", "");
        assert_eq!((got.decision, !got.firing.is_empty()), (Some(want), is_shown), "{alert:?}");
    };
    check(&[("alertname", "A"), ("severity", "page")], Decision::Deny, false);
    check(&[("alertname", "A"), ("severity", "page"), ("service", "api")], Decision::Deny, true);
    check(&[("alertname", "A"), ("severity", "page"), ("product", "shop")], Decision::Deny, true);
    check(&[("alertname", "A"), ("severity", "page"), ("service", "unknown")], Decision::Deny, false);
    check(&[("alertname", "A"), ("severity", "page"), ("service", "payments")], Decision::Allow, false);
    check(&[("alertname", "A"), ("severity", "page"), ("product", "payments")], Decision::Allow, false);
    check(&[("alertname", "A"), ("severity", "ticket")], Decision::Allow, false);
}

/// The policy of the worked example, which tells somebody.
fn telling() -> Catalog {
    let mut catalog = catalog(OnUnknown::Deny);
    let policy: &mut BudgetPolicy = catalog.budget_policies.get_mut("policy").unwrap();
    policy.actions.get_mut("exhausted").unwrap().push(PolicyAction::Notify(words(&["product"])));
    policy.actions.get_mut("critical").unwrap().push(PolicyAction::Notify(words(&["engineering"])));
    catalog
}

#[test]
fn states_that_somebody_is_to_hear_of_are_alerts_that_survive() {
    let mut fixture = Fixture::with(telling());
    let told = |fixture: &Fixture| {
        let told = fixture.gates.alerts_told(1000, |product| format!("/products?name={product}"));
        let shown = |one: &alerting::rules::RuleAlert| {
            let ended = if one.alert.ends_at_ms.is_some() { "ended " } else { "" };
            let minutes = (one.alert.starts_at_ms - START_MS) / MINUTE_MS;
            assert_eq!(one.alert.generator_url, "/products?name=shop");
            format!("{ended}{} since {minutes}", one.alert.labels.get("state").unwrap())
        };
        told.iter().map(shown).collect::<Vec<_>>()
    };
    fixture.gates.tick();
    assert_eq!(told(&fixture), [""; 0], "of this state nobody is to hear");
    let mut go = |remaining: f64, is_killed: bool, want: &[&str]| {
        fixture.later(10);
        fixture.tell(|told| told.remaining = Some(remaining));
        fixture.gates.tick();
        if is_killed {
            fixture.restart();
        }
        assert_eq!(told(&fixture), want, "at {remaining}");
    };
    go(0.1, false, &["critical since 10"]);
    go(0.1, true, &["critical since 10"]);
    go(-1.0, true, &["exhausted since 30", "ended critical since 10"]);
    go(-1.0, false, &["exhausted since 30", "ended critical since 10"]);
    go(-1.0, false, &["exhausted since 30"]);
    go(0.9, false, &["ended exhausted since 30"]);
    go(0.1, false, &["critical since 70", "ended exhausted since 30"]);
}

#[test]
fn an_alert_says_why_and_what_follows() {
    let fixture = Fixture::with(telling());
    fixture.tell(|told| told.remaining = Some(-1.0));
    fixture.gates.tick();
    let told = fixture.gates.alerts_told(1000, |_| String::new());
    let alert = &told[0].alert;
    let want = "{alertname=\"ErrorBudgetPolicy\", policy=\"policy\", product=\"shop\", state=\"exhausted\"}";
    assert_eq!(alert.labels.to_string(), want);
    assert_eq!(alert.annotations.get("summary"), Some("Shop: the error-budget policy is exhausted"));
    let want = "policy: nothing of the error budget is left (left: -100 %) [remaining <= 0% (remaining = -100%)]. \
                Releases are frozen, but for fix, security, rollback.";
    assert_eq!(alert.annotations.get("description"), Some(want));
    fixture.gates.set_language(Language::Chinese);
    let told = fixture.gates.alerts_told(1000, |_| String::new());
    let alert = &told[0].alert;
    assert_eq!(alert.annotations.get("summary"), Some("Shop：错误预算策略进入 exhausted 状态"));
    let want = "policy：错误预算已用完（剩余：-100 %） [remaining <= 0% (remaining = -100%)]。发布已冻结，只允许 fix、security、rollback 类变更。";
    assert_eq!(alert.annotations.get("description"), Some(want));
}

/// A state is left when what is left of the budget has been enough for an hour in which narthex ran.
#[test]
fn time_in_which_narthex_did_not_run_neither_holds_nor_breaks_a_condition() {
    let mut catalog = catalog(OnUnknown::Deny);
    let policy = catalog.budget_policies.get_mut("policy").unwrap();
    policy.states[0].leave_when = Some("remaining > 10% for 60m".to_owned());
    // Minutes up to the next tick, what is left then, and whether narthex was killed at their beginning; the state in the end.
    let check = |steps: &[(i64, Option<f64>, bool)], want: &str| {
        let mut fixture = Fixture::with(catalog.clone());
        for (minutes, remaining, is_killed) in steps {
            fixture.later(*minutes);
            if *is_killed {
                fixture.restart();
            }
            fixture.tell(|told| told.remaining = *remaining);
            assert_eq!(fixture.gates.tick().error.map(|error| error.to_string()), None);
        }
        let standing = fixture.gates.standing("shop").unwrap();
        assert_eq!(standing.state.as_deref(), Some(want), "{steps:?}: {standing:?}");
    };
    let (spent, enough) = (Some(-0.5), Some(0.8));
    let ran = |minutes| (minutes, enough, false);
    let was_down = |minutes, remaining| (minutes, remaining, true);
    let begun = [(0, spent, false), ran(1), ran(30)];
    let after = |more: &[(i64, Option<f64>, bool)]| [&begun[..], more].concat();
    check(&after(&[ran(29)]), "exhausted");
    check(&after(&[ran(30)]), "healthy");
    check(&after(&[was_down(600, enough)]), "exhausted");
    check(&after(&[was_down(600, enough), ran(29)]), "exhausted");
    check(&after(&[was_down(600, enough), ran(30)]), "healthy");
    // Nobody knows anything until the first samples are in, five minutes at most.
    let unknown = |minutes| (minutes, None, false);
    check(&after(&[was_down(600, None), unknown(2), ran(1), ran(29)]), "exhausted");
    check(&after(&[was_down(600, None), unknown(2), ran(1), ran(30)]), "healthy");
    check(&after(&[was_down(600, None), unknown(6), ran(1), ran(30)]), "exhausted");
    // Twice down, and down again before anything was known.
    check(&after(&[was_down(600, enough), ran(10), was_down(600, enough), ran(19)]), "exhausted");
    check(&after(&[was_down(600, enough), ran(10), was_down(600, enough), ran(20)]), "healthy");
    check(&after(&[was_down(600, None), unknown(2), was_down(600, None), ran(1), ran(29)]), "exhausted");
    check(&after(&[was_down(600, None), unknown(2), was_down(600, None), ran(1), ran(30)]), "healthy");
    // What no longer holds is broken, down or not; what got worse is entered at once.
    check(&after(&[was_down(600, Some(0.05)), ran(1), ran(59)]), "exhausted");
    check(&after(&[was_down(600, Some(0.05)), ran(1), ran(60)]), "healthy");
}

#[test]
fn all_that_is_kept_is_kept_when_the_journal_is_rewritten() {
    let mut catalog = telling();
    let policy = catalog.budget_policies.get_mut("policy").unwrap();
    policy.states[0].leave_when = Some("remaining > 10% for 60m".to_owned());
    let fixture = Fixture::with(catalog);
    fixture.tell(|told| told.remaining = Some(-0.5));
    fixture.gates.tick();
    fixture.tell(|told| told.remaining = Some(0.8));
    fixture.report("v1", DeploymentState::Started);
    fixture.ask("api", "v1", "fix");
    let records = fixture.gates.inner.lock().kept.records();
    assert!(records.iter().any(|record| matches!(record, Record::Held { .. })), "{records:?}");
    let mut again = Kept::default();
    records.iter().cloned().for_each(|record| again.take(record));
    assert_eq!(again.records(), records);
}

#[test]
fn what_is_open_is_listed() {
    let mut catalog = catalog(OnUnknown::Deny);
    let policy = catalog.budget_policies.get_mut("policy").unwrap();
    let share = |percent: &str| Share::from_percent(percent).unwrap();
    policy.postmortem_when = Some((share("20"), 28 * 1440 * MINUTE_MS));
    policy.planning_when = Some((share("50"), 90 * 1440 * MINUTE_MS));
    let fixture = Fixture::with(catalog);
    fixture.tell(|told| {
        told.remaining = Some(-0.5);
        let minute = |minute: i64, bad: f64| (START_MS + minute * MINUTE_MS, "v1", bad, 100.0);
        told.events = Events(vec![minute(-600, 0.0), minute(-590, 0.0), minute(2, 4.0), minute(30, 0.0)]);
    });
    fixture.report("v1", DeploymentState::Succeeded);
    fixture.gates.tick();
    fixture.later(60);
    let open = fixture.gates.actions("shop", Language::English);
    let shown: Vec<(&str, &str)> = open.iter().map(|one| (one.kind, one.words.as_str())).collect();
    let want = [
        ("freeze", "releases are frozen, but for fix, security, rollback"),
        ("postmortem", "write a post-mortem: the deployment of api v1 spent 100 % of the budget of slo"),
        ("planning", "plan for it: deployments of api spent 100 % of the budget of slo within 90d (policy)"),
    ];
    assert_eq!(shown, want);
    assert_eq!((open[1].share, open[1].slo.as_deref(), open[0].since.0), (Some(1.0), Some("slo"), START_MS));
    assert_eq!(fixture.gates.actions("nothing", Language::English), []);
    let open = fixture.gates.actions("shop", Language::Chinese);
    let shown: Vec<&str> = open.iter().map(|one| one.words.as_str()).collect();
    let want = [
        "发布已冻结，只允许 fix、security、rollback 类变更",
        "需要复盘：api v1 的部署消耗了“slo”预算的 100 %",
        "需要列入计划：90d 内，api 的部署消耗了“slo”预算的 100 %（policy）",
    ];
    assert_eq!(shown, want);
}
