//! Gates from question to answer, over restarts, with budgets that say what they are told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use journal::testkit::{Fault, MemoryDisk, ToldClock};
use model::Clock;
use model::rng::SeededRng;
use parking_lot::Mutex;

use super::*;
use crate::deployment::{DeploymentState, Report, Source};
use crate::history::History;
use crate::ledger::test_kit::{Events, objective};
use crate::report::Language;
use crate::spec::{
    BudgetPolicy, Catalog, Component, Composition, CompositionMethod, Gate, OnUnknown, Overriding, PolicyAction,
    PolicyState, Product, Role, SourcePlace, SpecFault, Window,
};

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const START_MS: i64 = 1_700_000_000_000;

/// Reasons in words.
pub(super) fn said(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(|reason| reason.words(Language::English)).collect()
}

/// What budgets say: what is left, the burn rate, the severities that fire, and events.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) remaining: Option<f64>,
    burn: f64,
    severities: Vec<&'static str>,
    at_ms: i64,
    pub(super) events: Events,
    pub(super) upstream: Option<Upstream>,
    /// Alerts that are not of budgets.
    pub(super) others: Vec<Labels>,
}

#[derive(Debug, Default)]
struct Telling(Mutex<Told>);

impl Budgets for Telling {
    fn product(&self, _: &str) -> Option<Reading> {
        let remaining_ratio = Some(self.0.lock().remaining?);
        Some(Reading { at_ms: self.0.lock().at_ms, remaining_ratio, coverage: Some(1.0), exhausted_at_ms: None })
    }

    fn burn(&self, _: &str, _: i64) -> Option<f64> {
        let told = self.0.lock();
        told.remaining.map(|_| told.burn)
    }

    fn firing(&self, _: &str) -> Option<Vec<Labels>> {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let alert = |severity: &&str| vec![label("alertname", "SLOBurnRate"), label("severity", severity)];
        Some(self.0.lock().severities.iter().map(alert).collect())
    }

    fn objective(&self, _: &str) -> Option<ObjectiveReading> {
        Some(ObjectiveReading { from_ms: 0, to_ms: START_MS, allowed: 100.0 })
    }

    fn history(&self) -> Option<Arc<dyn History>> {
        Some(Arc::new(self.0.lock().events.clone()))
    }

    fn upstream(&self, _: &str) -> Option<Upstream> {
        self.0.lock().upstream.clone()
    }
}

impl FiringAlerts for Telling {
    fn firing(&self) -> Vec<Labels> {
        self.0.lock().others.clone()
    }
}

/// The worked example's product, policy and gate.
pub(super) fn catalog(on_unknown: OnUnknown) -> Catalog {
    let state = |name: &str, when: &str| PolicyState { name: name.to_owned(), when: when.to_owned(), leave_when: None };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let policy = BudgetPolicy {
        name: "policy".to_owned(),
        agreed_by: Vec::new(),
        states: vec![
            state("exhausted", "remaining <= 0%"),
            state("critical", "remaining <= 25%"),
            state("caution", "remaining <= 50%"),
            state("healthy", "true"),
        ],
        actions: BTreeMap::from([
            (
                "exhausted".to_owned(),
                vec![PolicyAction::Freeze { allow: words(&["fix", "security", "rollback"]), scope: "own".to_owned() }],
            ),
            (
                "critical".to_owned(),
                vec![PolicyAction::RequireApproval {
                    classes: words(&["feature"]),
                    approvers: "engineering".to_owned(),
                }],
            ),
            (
                "caution".to_owned(),
                vec![PolicyAction::Slow { max_deploys_per_day: Some(2), soak_ms: Some(60 * MINUTE_MS) }],
            ),
        ]),
        postmortem_when: None,
        planning_when: None,
        exemptions: Vec::new(),
        escalation: None,
        source: SourcePlace::default(),
    };
    let gate = Gate {
        name: "shop-prod".to_owned(),
        product: "shop".to_owned(),
        services: words(&["api", "web"]),
        environment: "production".to_owned(),
        deny: words(&["alert.firing(severity='page')"]),
        warn: words(&["policy.state == 'critical'"]),
        soak_ms: 30 * MINUTE_MS,
        fail_when: words(&["burn(10m) > 10", "budget_debit > 5%"]),
        on_unknown,
        overriding: Overriding { roles: words(&["engineering"]), needs_reason: true, expires_ms: 24 * 60 * MINUTE_MS },
        source: SourcePlace::default(),
    };
    let own = Component { objective: "slo".to_owned(), role: Role::Own, weight: 1.0 };
    let product = Product {
        name: "shop".to_owned(),
        title: "Shop".to_owned(),
        product_owners: Vec::new(),
        engineering_owners: Vec::new(),
        target: None,
        window: Window::Rolling { length_ms: 28 * 86_400_000 },
        composition: Composition { method: CompositionMethod::Events, components: vec![own] },
        informational: Vec::new(),
        burn: None,
        policy: Some("policy".to_owned()),
        source: SourcePlace::default(),
    };
    Catalog {
        products: BTreeMap::from([("shop".to_owned(), product)]),
        budget_policies: BTreeMap::from([("policy".to_owned(), policy)]),
        gates: BTreeMap::from([("shop-prod".to_owned(), gate)]),
        objectives: BTreeMap::from([("slo".to_owned(), objective("slo", "api", "99", &[]))]),
        ..Catalog::default()
    }
}

pub(super) struct Fixture {
    disk: MemoryDisk,
    clock: Arc<ToldClock>,
    told: Arc<Telling>,
    pub(super) gates: Gates,
    catalog: Catalog,
}

impl Fixture {
    pub(super) fn new(on_unknown: OnUnknown) -> Fixture {
        Fixture::with(catalog(on_unknown))
    }

    /// Under these specs.
    pub(super) fn with(catalog: Catalog) -> Fixture {
        let (disk, clock) = (MemoryDisk::new(), Arc::new(ToldClock::at(START_MS)));
        let told = Arc::new(Telling(Mutex::new(Told {
            remaining: Some(0.8),
            burn: 1.0,
            at_ms: i64::MAX / 2,
            ..Told::default()
        })));
        let gates = opened(&disk, &clock, &told, &catalog, 1);
        Fixture { disk, clock, told, gates, catalog }
    }

    pub(super) fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.0.lock());
    }

    pub(super) fn later(&self, minutes: i64) {
        self.clock.set(self.clock.now_ms() + minutes * MINUTE_MS);
    }

    /// The process dies and comes back.
    pub(super) fn restart(&mut self) {
        self.disk = self.disk.copy();
        self.gates = opened(&self.disk, &self.clock, &self.told, &self.catalog, 2);
    }

    pub(super) fn ask(&self, service: &str, version: &str, change: &str) -> Evaluation {
        self.gates.evaluate("shop-prod", inquiry(service, version, change)).unwrap()
    }

    fn watch(&self, version: &str) -> Evaluation {
        let inquiry = Inquiry { phase: Phase::PostDeploy, ..inquiry("", version, "") };
        self.gates.evaluate("shop-prod", inquiry).unwrap()
    }

    pub(super) fn report(&self, version: &str, state: DeploymentState) {
        self.gates.report(Report::new("api", version, state, Source::Api)).unwrap();
    }

    fn allow(&self, version: &str) -> Result<Override, GateError> {
        let words = |text: &str| text.to_owned();
        let (reason, by, role) = (words("the fair opens"), words("li"), words("engineering"));
        let request = OverrideRequest { version: words(version), reason, by, role, ..OverrideRequest::default() };
        self.gates.override_gate("shop-prod", request)
    }
}

fn opened(disk: &MemoryDisk, clock: &Arc<ToldClock>, told: &Arc<Telling>, catalog: &Catalog, seed: u64) -> Gates {
    let (disk, clock) = (Arc::new(disk.clone()), Arc::clone(clock) as _);
    let rng = Box::new(SeededRng::new(seed));
    let options = GatesOptions { disk, dir: PathBuf::from("decisions"), clock, rng };
    let (gates, n_damaged) = Gates::open(options).unwrap();
    assert_eq!(n_damaged, 0);
    gates.set_budgets(Arc::clone(told) as _);
    gates.set_alerts(Arc::clone(told) as _);
    assert_eq!(gates.apply(Arc::new(catalog.clone())), Vec::<String>::new());
    gates
}

fn inquiry(service: &str, version: &str, change: &str) -> Inquiry {
    let text = |text: &str| text.to_owned();
    Inquiry { service: text(service), version: text(version), change: text(change), ..Inquiry::default() }
}

#[test]
fn a_gate_says_what_the_budget_says() {
    // What is left, what fires, the change; the decision and how its first reason begins.
    let check = |remaining: Option<f64>, severities: &[&'static str], change: &str, want: (Decision, &str)| {
        let fixture = Fixture::new(OnUnknown::AllowWithWarning);
        fixture.tell(|told| (told.remaining, told.severities) = (remaining, severities.to_vec()));
        let got = fixture.ask("api", "v1", change);
        let reasons = said(&got.reasons);
        let first = reasons.first().map_or("", String::as_str);
        assert_eq!(got.decision, Some(want.0), "{got:?}");
        assert!(first.starts_with(want.1) && first.is_empty() == want.1.is_empty(), "{first}");
    };
    check(Some(0.8), &[], "feature", (Decision::Allow, ""));
    check(Some(0.8), &["ticket"], "feature", (Decision::Allow, ""));
    check(Some(0.8), &["page"], "feature", (Decision::Deny, "alert.firing(severity='page') (alert.firing("));
    check(Some(0.2), &[], "fix", (Decision::Warn, "policy.state == 'critical' (policy.state = critical)"));
    check(
        Some(0.2),
        &[],
        "feature",
        (Decision::Deny, "a feature needs a word of engineering while the policy is critical"),
    );
    check(
        Some(-0.1),
        &[],
        "",
        (Decision::Deny, "releases are frozen while the policy is exhausted, but for fix, security"),
    );
    check(Some(-0.1), &[], "security", (Decision::Allow, ""));
    check(None, &[], "security", (Decision::Warn, "the state of the error-budget policy is not known yet"));
}

#[test]
fn a_gate_is_looked_at_without_being_asked() {
    use Decision::{Allow, Deny, Unknown, Warn};
    let check = |remaining: Option<f64>, given: bool, want: [Decision; 5]| {
        let fixture = Fixture::new(OnUnknown::Unknown);
        fixture.tell(|told| told.remaining = remaining);
        fixture.gates.tick();
        if given {
            fixture.allow("").unwrap();
        }
        let outlook = fixture.gates.outlook("shop-prod").unwrap();
        let got: Vec<Decision> = outlook.iter().map(|one| one.decision).collect();
        assert_eq!(got, want, "{outlook:?}");
        for one in &outlook {
            assert_eq!(
                one.overridden_by.is_some(),
                said(&one.reasons).iter().any(|why| why.starts_with("overridden by li"))
            );
            // Whoever asks is answered alike.
            assert_eq!(fixture.ask("api", "v1", &one.change).decision, Some(one.decision), "{one:?}");
        }
        assert_eq!(fixture.gates.evaluations("shop-prod", 9).len(), 5, "only what was asked is kept");
    };
    // feature, fix, security, rollback, config
    check(Some(0.8), false, [Allow; 5]);
    check(Some(0.2), false, [Deny, Warn, Warn, Warn, Warn]);
    check(Some(-0.1), false, [Deny, Allow, Allow, Allow, Deny]);
    check(Some(-0.1), true, [Allow; 5]);
    check(None, false, [Unknown; 5]);
    assert!(matches!(Fixture::new(OnUnknown::Unknown).gates.outlook("nope"), Err(GateError::NotFound(_))));
}

#[test]
fn what_nobody_knows_is_as_the_gate_says() {
    let check = |on_unknown: OnUnknown, want: Decision| {
        let fixture = Fixture::new(on_unknown);
        fixture.tell(|told| told.remaining = None);
        assert_eq!(fixture.ask("api", "v1", "feature").decision, Some(want), "{on_unknown:?}");
        // What was measured an hour ago is not known any more.
        fixture.tell(|told| (told.remaining, told.at_ms) = (Some(0.2), START_MS - 60 * MINUTE_MS));
        assert_eq!(fixture.ask("api", "v2", "fix").decision, Some(want), "{on_unknown:?}");
    };
    check(OnUnknown::Allow, Decision::Allow);
    check(OnUnknown::AllowWithWarning, Decision::Warn);
    check(OnUnknown::Deny, Decision::Deny);
    check(OnUnknown::Unknown, Decision::Unknown);
}

#[test]
fn the_same_question_has_the_same_answer_while_it_holds() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    let first = fixture.ask("api", "v1", "");
    fixture.tell(|told| told.remaining = Some(-1.0));
    assert_eq!(fixture.ask("api", "v1", "feature"), first);
    fixture.restart();
    assert_eq!(fixture.ask("api", "v1", "feature"), first);
    assert_ne!(fixture.ask("api", "v2", "").id, first.id);
    assert_ne!(fixture.ask("web", "v1", "").id, first.id);
    assert_ne!(fixture.ask("api", "v1", "fix").id, first.id);
    fixture.later(5);
    assert_eq!(fixture.ask("api", "v1", "").decision, Some(Decision::Deny));
}

#[test]
fn a_trial_lets_go_ahead_and_says_what_it_would_be() {
    let fixture = Fixture::new(OnUnknown::Deny);
    fixture.tell(|told| told.remaining = Some(-1.0));
    let trial = Inquiry { is_dry_run: true, ..inquiry("api", "v1", "") };
    let got = fixture.gates.evaluate("shop-prod", trial).unwrap();
    assert_eq!((got.decision, got.own_decision), (Some(Decision::Allow), Some(Decision::Deny)));
    assert_eq!(fixture.ask("api", "v1", "").decision, Some(Decision::Deny), "a trial is no answer");
}

#[test]
fn an_override_lets_go_ahead_until_it_expires() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    fixture.tell(|told| told.severities = vec!["page"]);
    assert_eq!(fixture.ask("api", "v1", "").decision, Some(Decision::Deny));
    let given = fixture.allow("v1").unwrap();
    fixture.restart();
    let got = fixture.ask("api", "v1", "");
    assert_eq!((got.decision, got.own_decision), (Some(Decision::Allow), Some(Decision::Deny)));
    assert_eq!(said(&got.reasons)[0], "overridden by li (engineering): the fair opens");
    assert_eq!(got.overridden_by, Some(given));
    assert_eq!(fixture.ask("api", "v2", "").decision, Some(Decision::Deny), "another version");
    fixture.later(24 * 60);
    assert_eq!(fixture.ask("api", "v1", "").decision, Some(Decision::Deny));
}

#[test]
fn an_override_is_refused_without_a_reason_a_role_or_an_end() {
    let fixture = Fixture::new(OnUnknown::Deny);
    let check = |change: fn(&mut OverrideRequest), want: &str| {
        let text = |text: &str| text.to_owned();
        let (reason, role) = (text("because"), text("engineering"));
        let mut request = OverrideRequest { reason, role, ..OverrideRequest::default() };
        change(&mut request);
        assert_eq!(fixture.gates.override_gate("shop-prod", request).unwrap_err().to_string(), want);
    };
    check(|request| request.reason.clear(), "reason is missing");
    check(|request| request.role.clear(), "gate shop-prod is overridden by these roles: engineering");
    check(|request| request.expires_ms = Some(i64::MAX), "an override of gate shop-prod lasts 1d at most");
    let unknown = fixture.gates.override_gate("nope", OverrideRequest::default()).unwrap_err();
    assert_eq!(unknown.to_string(), "no gate is called \"nope\"; there are shop-prod");
    let fault = SpecFault {
        place: SourcePlace { file: "slo/a.yml".into(), line: 7, ..SourcePlace::default() },
        object: Some(("ReleaseGate".to_owned(), "broken".to_owned())),
        message: "Product shop has an error of its own".to_owned(),
        drawn: String::new(),
    };
    let fixture = Fixture::with(Catalog { errors: vec![fault], ..catalog(OnUnknown::Deny) });
    let broken = fixture.gates.override_gate("broken", OverrideRequest::default()).unwrap_err();
    assert_eq!(broken.to_string(), "gate \"broken\" has an error, slo/a.yml:7: Product shop has an error of its own");
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let fixture = Fixture::new(OnUnknown::Deny);
    let check = |asked: Inquiry, want: &str| {
        assert_eq!(fixture.gates.evaluate("shop-prod", asked).unwrap_err().to_string(), want);
    };
    check(inquiry("", "v1", ""), "service is missing");
    check(inquiry("api", "", ""), "version is missing");
    check(inquiry("db", "v1", ""), "db does not ask at gate shop-prod; these do: api, web");
    check(
        inquiry("api", "v1", "party"),
        "\"party\" is no class of changes: there are feature, fix, security, rollback, config",
    );
}

#[test]
fn only_so_many_releases_a_day() {
    let fixture = Fixture::new(OnUnknown::Deny);
    fixture.tell(|told| told.remaining = Some(0.4));
    fixture.report("v1", DeploymentState::Succeeded);
    assert_eq!(fixture.ask("api", "v2", "").decision, Some(Decision::Allow));
    fixture.report("v2", DeploymentState::Started);
    assert_eq!(fixture.ask("api", "v2", "").decision, Some(Decision::Allow), "it does not count itself");
    let third = fixture.ask("web", "v3", "");
    assert_eq!(said(&third.reasons), ["2 releases went out within a day, and 2 may while the policy is caution"]);
    assert_eq!(fixture.ask("web", "v3", "security").decision, Some(Decision::Allow));
    fixture.later(24 * 60 + 1);
    assert_eq!(fixture.ask("web", "v3", "").decision, Some(Decision::Allow));
}

#[test]
fn a_release_is_watched_until_it_is_well() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    fixture.report("v1", DeploymentState::Started);
    fixture.later(5);
    let watched = fixture.watch("v1");
    assert_eq!((watched.stage, watched.decision, watched.inquiry.service.as_str()), (Stage::Running, None, "api"));
    let soak = Soak { from_ms: START_MS, until_ms: START_MS + 35 * MINUTE_MS };
    assert_eq!(watched.soak, Some(soak), "from the release on, and half an hour from now");
    fixture.later(29);
    fixture.restart();
    assert_eq!(fixture.watch("v1").id, watched.id);
    assert_eq!(fixture.gates.tick().decided, []);
    fixture.later(1);
    let decided = fixture.gates.tick().decided;
    assert_eq!(
        decided.iter().map(|one| (one.id.as_str(), one.decision)).collect::<Vec<_>>(),
        [(watched.id.as_str(), Some(Decision::Allow))]
    );
}

#[test]
fn a_release_that_is_not_well_fails_at_once() {
    let check = |harm: fn(&Fixture), want: &str| {
        let fixture = Fixture::new(OnUnknown::Deny);
        fixture.report("v1", DeploymentState::Started);
        let watched = fixture.watch("v1");
        fixture.later(10);
        harm(&fixture);
        let got = fixture.gates.evaluation("shop-prod", &watched.id).unwrap();
        assert_eq!(got.decision, Some(Decision::Deny));
        assert_eq!(said(&got.reasons), [want]);
        fixture.later(-1);
        fixture.tell(|told| *told = Told { remaining: Some(0.8), ..Told::default() });
        assert_eq!(fixture.gates.evaluation("shop-prod", &watched.id).unwrap(), got, "what is decided stays");
        let speed = fixture.gates.speed("shop", 0, START_MS + 60 * MINUTE_MS).unwrap();
        assert_eq!((speed.dora.n_deployments, speed.dora.n_failed), (1, 1));
    };
    check(|fixture| fixture.tell(|told| told.burn = 11.0), "burn(10m) > 10 (burn(10m) = 11)");
    check(|fixture| fixture.report("v1", DeploymentState::RolledBack), "the deployment is reported as rolled_back");
    check(
        |fixture| fixture.tell(|told| told.events = Events(vec![(START_MS + MINUTE_MS, "v1", 6.0, 10.0)])),
        "budget_debit > 5% (budget_debit = 6%)",
    );
}

/// What becomes of a version elsewhere is no news of this release, and what was said of it before it went out again neither.
#[test]
fn only_the_release_itself_is_watched() {
    let fixture = Fixture::new(OnUnknown::Deny);
    let elsewhere = |state| {
        let report = Report::new("api", "v1", state, Source::Api);
        fixture.gates.report(Report { environment: "staging".to_owned(), ..report }).unwrap();
    };
    fixture.report("v1", DeploymentState::Started);
    fixture.later(1);
    elsewhere(DeploymentState::Started);
    let first = fixture.watch("v1");
    elsewhere(DeploymentState::RolledBack);
    assert_eq!(fixture.gates.evaluation("shop-prod", &first.id).unwrap().stage, Stage::Running);
    fixture.report("v1", DeploymentState::RolledBack);
    let denied = fixture.gates.evaluation("shop-prod", &first.id).unwrap();
    assert_eq!(denied.decision, Some(Decision::Deny));
    assert_eq!(fixture.watch("v1"), denied, "the same question");
    fixture.later(2);
    fixture.report("v1", DeploymentState::Started);
    let again = fixture.watch("v1");
    assert_eq!((again.stage, again.soak.unwrap().from_ms), (Stage::Running, START_MS + 3 * MINUTE_MS));
    assert_ne!(again.id, first.id);
    assert_eq!(fixture.watch("v1").id, again.id);
}

/// A version that failed a gate once goes out well another time: that is another deployment, over restarts too.
#[test]
fn only_the_deployment_that_failed_its_gate_has_failed() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    let failed = |fixture: &Fixture| {
        let dora = fixture.gates.speed("shop", 0, START_MS + 600 * MINUTE_MS).unwrap().dora;
        (dora.n_deployments, dora.n_failed, dora.recovery_ms)
    };
    let asked = fixture.watch("v1");
    assert_eq!(asked.deployment, None, "nobody has reported it yet");
    fixture.report("v1", DeploymentState::Started);
    let watched = fixture.gates.evaluation("shop-prod", &asked.id).unwrap();
    let first = fixture.gates.deployments(&Default::default()).remove(0);
    assert_eq!(watched.deployment.as_ref(), Some(&first.id));
    fixture.later(10);
    fixture.report("v1", DeploymentState::Succeeded);
    fixture.later(2);
    // It goes out again while the first is still watched: what hurts now is told of the one that was asked about.
    fixture.report("v1", DeploymentState::Started);
    fixture.tell(|told| told.burn = 11.0);
    let decided = fixture.gates.tick().decided;
    assert_eq!((decided.len(), decided[0].deployment.as_ref()), (1, Some(&first.id)));
    fixture.tell(|told| told.burn = 1.0);
    fixture.later(10);
    fixture.report("v1", DeploymentState::Succeeded);
    let want = (2, 1, Some(12 * MINUTE_MS));
    assert_eq!(failed(&fixture), want);
    fixture.restart();
    assert_eq!(failed(&fixture), want);
    // What was judged before anybody reported it is known by its time.
    let unreported = Inquiry { phase: Phase::PostDeploy, ..inquiry("web", "v9", "") };
    fixture.gates.evaluate("shop-prod", unreported).unwrap();
    fixture.tell(|told| told.burn = 11.0);
    assert_eq!(fixture.gates.tick().decided.len(), 1);
    let began = Report::new("web", "v9", DeploymentState::Succeeded, Source::Api);
    let began = Report { started_ms: Some(fixture.gates.now_ms() - MINUTE_MS), ..began };
    fixture.later(1);
    fixture.gates.report(began).unwrap();
    assert_eq!((failed(&fixture).0, failed(&fixture).1), (3, 2));
}

/// A release after which nobody measures any more is not known to be well.
#[test]
fn what_was_measured_before_the_release_says_nothing_of_it() {
    let check = |silent_minutes: i64, want: Decision| {
        let fixture = Fixture::new(OnUnknown::Unknown);
        fixture.report("v1", DeploymentState::Started);
        let watched = fixture.watch("v1");
        fixture.tell(|told| told.at_ms = START_MS + (30 - silent_minutes) * MINUTE_MS);
        fixture.later(30);
        let got = fixture.gates.evaluation("shop-prod", &watched.id).unwrap();
        assert_eq!(got.decision, Some(want), "{silent_minutes} min: {got:?}");
    };
    check(5, Decision::Allow);
    check(6, Decision::Unknown);
    check(30, Decision::Unknown);
}

#[test]
fn states_and_their_changes_survive() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    assert_eq!(fixture.gates.tick().changes.len(), 1);
    fixture.tell(|told| told.remaining = Some(-0.5));
    fixture.later(60);
    assert_eq!(fixture.gates.tick().changes.len(), 1);
    fixture.restart();
    fixture.later(60);
    assert_eq!(fixture.gates.tick().changes, []);
    let standing = fixture.gates.standing("shop").unwrap();
    assert_eq!((standing.state.as_deref(), standing.since_ms), (Some("exhausted"), START_MS + 60 * MINUTE_MS));
    let changes = fixture.gates.changes("shop", 10);
    let shown: Vec<(Option<&str>, &str)> =
        changes.iter().map(|change| (change.from.as_deref(), change.to.as_str())).collect();
    assert_eq!(shown, [(Some("healthy"), "exhausted"), (None, "healthy")]);
    let speed = fixture.gates.speed("shop", START_MS, START_MS + 120 * MINUTE_MS).unwrap();
    assert_eq!(speed.frozen_ms, 60 * MINUTE_MS);
}

#[test]
fn a_webhook_is_taken_once() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    let report = || vec![Report::new("api", "v1", DeploymentState::Started, Source::Gitlab)];
    assert_eq!(fixture.gates.report_hook("gitlab", "1", report()).unwrap().map(|all| all.len()), Some(1));
    fixture.restart();
    assert_eq!(fixture.gates.report_hook("gitlab", "1", report()).unwrap(), None);
    assert_eq!(fixture.gates.report_hook("gitlab", "2", report()).unwrap().map(|all| all.len()), Some(1));
    assert_eq!(fixture.gates.deployments(&crate::deployment::DeploymentFilter::default()).len(), 1);
}

#[test]
fn what_is_kept_is_counted_by_its_limit() {
    let fixture = Fixture::new(OnUnknown::Deny);
    let report = Report::new("api", "v1", DeploymentState::Started, Source::Gitlab);
    fixture.gates.report_hook("gitlab", "1", vec![report]).unwrap();
    fixture.report("v2", DeploymentState::Started);
    for version in ["v1", "v2", "v3"] {
        fixture.ask("api", version, "");
    }
    fixture.allow("v3").unwrap();
    let used = fixture.gates.n_kept();
    assert_eq!(used.map(|(_, n)| n), [2, 3, 1, 1, 1], "{used:?}");
    let limits = crate::limits::all();
    for (name, n) in used {
        assert!(limits.iter().any(|(known, value, _)| *known == name && *value > n as f64), "{name}");
    }
}

#[test]
fn what_the_disk_does_not_take_is_not_answered() {
    let mut fixture = Fixture::new(OnUnknown::Deny);
    let report = || Report::new("api", "v1", DeploymentState::Started, Source::Api);
    fixture.disk.fail(0, 1000, Fault::Error);
    assert!(matches!(fixture.gates.report(report()), Err(GateError::Journal(_))));
    assert_eq!(fixture.gates.deployments(&crate::deployment::DeploymentFilter::default()), []);
    fixture.restart();
    assert!(fixture.gates.report(report()).unwrap().1);
}
