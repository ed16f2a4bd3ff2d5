//! Release gates, deployments and webhooks, as pipelines meet them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use slo::spec::{Catalog, Gate, OnUnknown, Overriding, Product, Service, SourcePlace, Window};
use web::Hooks;

use crate::access::with_tokens;
use crate::client::{Answer, ask, get};
use crate::server::{Setup, TestServer};

const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A shop with a gate that denies what pages, and nobody who knows budgets.
fn catalog() -> Catalog {
    let text = |text: &str| text.to_owned();
    let service = Service {
        name: text("api"),
        title: text("API"),
        description: String::new(),
        product: Some(text("shop")),
        labels: BTreeMap::from([(text("gitlab"), text("group/shop-api"))]),
        source: SourcePlace::default(),
    };
    let product = Product {
        name: text("shop"),
        title: text("Shop"),
        product_owners: Vec::new(),
        engineering_owners: Vec::new(),
        target: None,
        window: Window::Rolling { length_ms: 28 * 86_400_000 },
        composition: slo::spec::Composition::default(),
        informational: Vec::new(),
        burn: None,
        policy: None,
        source: SourcePlace::default(),
    };
    let gate = Gate {
        name: text("shop-prod"),
        product: text("shop"),
        services: vec![text("api")],
        environment: text("production"),
        deny: vec![text("change == config"), text("alert.firing(severity=page) and change == feature")],
        warn: Vec::new(),
        soak_ms: 60_000,
        fail_when: Vec::new(),
        on_unknown: OnUnknown::Unknown,
        overriding: Overriding { roles: vec![text("engineering")], needs_reason: true, expires_ms: 3_600_000 },
        source: SourcePlace::default(),
    };
    Catalog {
        services: BTreeMap::from([(text("api"), service)]),
        products: BTreeMap::from([(text("shop"), product)]),
        gates: BTreeMap::from([(text("shop-prod"), gate)]),
        ..Catalog::default()
    }
}

fn started(setup: Setup) -> TestServer {
    let server = setup.start();
    server.gates.apply(Arc::new(catalog()));
    server
}

fn post(server: &TestServer, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let headers: Vec<(&str, &str)> = headers.iter().copied().chain([JSON]).collect();
    ask(server.address, "POST", path, &headers, body.to_string().as_bytes())
}

#[test]
fn conditions_are_there_in_words_too() {
    let server = started(Setup::new());
    let check = |lang: &str, want: &Value| {
        let gate = get(server.address, &format!("/api/v1/gates/shop-prod?lang={lang}")).json()["data"].take();
        assert_eq!(&gate["in_words"], want, "{lang}");
    };
    check(
        "en",
        &json!({
            "change == config": "the change is a change of configuration",
            "alert.firing(severity=page) and change == feature":
                "an alert fires that calls somebody at once and the change is a feature",
            "change == config (change = config)":
                "the change is a change of configuration (change: a change of configuration)",
            "nobody knows whether alert.firing(severity=page) and change == feature \
             (alert.firing(severity=\"page\") = unknown, change = feature)":
                "nobody knows whether an alert fires that calls somebody at once and the change is a feature \
                 (alert: not known, change: a feature)",
        }),
    );
    check(
        "zh-CN",
        &json!({
            "change == config": "变更类型为配置",
            "alert.firing(severity=page) and change == feature": "有呼叫级别的告警正在触发，且变更类型为功能",
            "change == config (change = config)": "变更类型为配置（变更类型：配置）",
            "无法判断是否满足 alert.firing(severity=page) and change == feature \
             (alert.firing(severity=\"page\") = unknown, change = feature)":
                "无法判断是否满足：有呼叫级别的告警正在触发，且变更类型为功能（告警：未知，变更类型：功能）",
        }),
    );
}

#[test]
fn a_gate_is_asked_and_overridden() {
    let server = started(Setup::new());
    let question = |change: &str| json!({ "service": "api", "version": "v1", "change": change });
    let evaluations = "/api/v1/gates/shop-prod/evaluations";
    let denied = post(&server, evaluations, &[], &question("config")).json()["data"].take();
    assert_eq!(
        (&denied["decision"], &denied["reasons"], &denied["policy_state"], &denied["link"]),
        (
            &json!("deny"),
            &json!(["change == config (change = config)"]),
            &Value::Null,
            &json!("http://narthex.example:9090/products?name=shop")
        )
    );
    assert_eq!(post(&server, evaluations, &[], &question("config")).json()["data"], denied, "the same answer");
    let one = format!("{evaluations}/{}?wait=60s", denied["id"].as_str().unwrap());
    assert_eq!(get(server.address, &one).json()["data"], denied, "what is decided is not waited for");
    assert_eq!(post(&server, evaluations, &[], &question("fix")).json()["data"]["decision"], "allow");
    assert_eq!(post(&server, evaluations, &[], &question("feature")).json()["data"]["decision"], "unknown");
    let overrides = "/api/v1/gates/shop-prod/overrides";
    let refused = post(&server, overrides, &[], &json!({ "reason": "we must" }));
    assert_eq!(refused.status, 403, "{}", refused.text());
    let given = json!({ "reason": "we must", "role": "engineering", "version": "v1", "by": "li", "expires_in": "30m" });
    let given = post(&server, overrides, &[], &given).json()["data"].take();
    let allowed = post(&server, evaluations, &[], &question("config")).json()["data"].take();
    assert_eq!(
        (&allowed["decision"], &allowed["own_decision"], &allowed["override"]),
        (&json!("allow"), &json!("deny"), &given)
    );
    assert_eq!(get(server.address, overrides).json()["data"], json!([given]));
    assert_eq!(get(server.address, evaluations).json()["data"].as_array().unwrap().len(), 4);
    assert_eq!(get(server.address, "/api/v1/gates").json()["data"][0]["name"], "shop-prod");
}

#[test]
fn a_gate_shows_what_it_would_say_and_who_overrides() {
    let server = started(Setup::new());
    let shown = || get(server.address, "/api/v1/gates/shop-prod").json()["data"].take();
    let decisions = |gate: &Value| {
        let outlook = gate["outlook"].as_array().unwrap().iter();
        outlook.map(|one| format!("{} {}", one["change"], one["decision"]).replace('"', "")).collect::<Vec<_>>()
    };
    let before = shown();
    assert_eq!(get(server.address, "/api/v1/gates").json()["data"], json!([before]));
    assert_eq!(decisions(&before), ["feature unknown", "fix allow", "security allow", "rollback allow", "config deny"]);
    assert_eq!(before["outlook"][4]["reasons"], json!(["change == config (change = config)"]));
    assert_eq!((&before["services"], &before["active_overrides"]), (&json!(["api"]), &json!([])));
    let given = json!({ "reason": "the fair opens", "role": "engineering", "by": "li" });
    let given = post(&server, "/api/v1/gates/shop-prod/overrides", &[], &given).json()["data"].take();
    let after = shown();
    assert_eq!(after["active_overrides"], json!([given]));
    assert_eq!((&after["outlook"][4]["decision"], &after["outlook"][4]["override"]), (&json!("allow"), &given));
    assert_eq!(get(server.address, "/api/v1/gates/shop-prod/evaluations").json()["data"], json!([]));
    assert_eq!(get(server.address, "/api/v1/gates/nope").status, 404);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let server = started(Setup::new());
    let check = |path: &str, body: &Value, want: (u16, &str)| {
        let answer = post(&server, path, &[], body);
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(answer.status == want.0 && error.starts_with(want.1), "{path} {body}: {}", answer.text());
    };
    let evaluations = "/api/v1/gates/shop-prod/evaluations";
    check("/api/v1/gates/nope/evaluations", &json!({}), (404, "no gate is called \"nope\"; there are shop-prod"));
    check(evaluations, &json!("x"), (400, "the body cannot be read: "));
    check(evaluations, &json!({ "servise": "api" }), (400, "the body cannot be read: unknown field `servise`"));
    check(evaluations, &json!({ "service": "api" }), (400, "version is missing"));
    check(evaluations, &json!({ "service": "db", "version": "1" }), (400, "db does not ask at gate shop-prod"));
    check(
        "/api/v1/deployments",
        &json!({ "service": "api", "version": "1", "state": "done" }),
        (400, "invalid parameter \"state\": one of started, succeeded, failed, rolled_back"),
    );
    let answer = get(server.address, &format!("{evaluations}/0000"));
    assert_eq!(answer.status, 404, "{}", answer.text());
}

#[test]
fn deployments_are_recorded_once() {
    let server = started(Setup::new());
    let report = |state: &str| {
        let body = json!({ "service": "api", "version": "v1", "state": state, "started_at": "2023-11-14T22:00:00Z", "actor": "li" });
        post(&server, "/api/v1/deployments", &[], &body).json()["data"].take()
    };
    let started = report("started");
    assert_eq!(report("started"), started);
    let ended = report("succeeded");
    assert_eq!(
        (&ended["id"], &ended["state"], &ended["ended_at"]),
        (&started["id"], &json!("succeeded"), &json!("2023-11-14T22:13:20Z"))
    );
    let check = |query: &str, n: usize| {
        let found = get(server.address, &format!("/api/v1/deployments?{query}")).json()["data"].take();
        assert_eq!(found.as_array().unwrap().len(), n, "{query}: {found}");
    };
    check("", 1);
    check("product=shop&state=succeeded&start=2023-11-14T21:00:00Z", 1);
    check("product=other", 0);
    check("service=web", 0);
    check("product=shop&service=api", 1);
    check("product=shop&service=web", 0);
    check("end=2023-11-14T21:00:00Z", 0);
    let ledger =
        get(server.address, "/api/v1/products/shop/ledger?lang=zh-CN&zone=Asia/Shanghai").json()["data"].take();
    assert_eq!((&ledger["costs"], &ledger["policy"]), (&json!([]), &Value::Null), "nobody knows budgets");
    assert_eq!((&ledger["dora"]["deployments"], &ledger["dora"]["change_failure_ratio"]), (&json!(1), &json!(0.0)));
    assert_eq!(get(server.address, "/api/v1/products/nope/ledger").status, 404);
    for asked in ["lang=tlh", "zone=Mars"] {
        assert_eq!(get(server.address, &format!("/api/v1/products/shop/ledger?{asked}")).status, 400, "{asked}");
    }
}

#[test]
fn tokens_are_for_their_products() {
    let mut setup = with_tokens();
    setup.scopes = BTreeMap::from([("pipeline".to_owned(), vec!["other".to_owned()])]);
    let server = started(setup);
    let deployment = json!({ "service": "api", "version": "v1", "state": "started" });
    let question = json!({ "service": "api", "version": "v1" });
    let word = json!({ "reason": "x", "role": "engineering" });
    let check = |token: &str, path: &str, body: &Value, want: u16| {
        let answer = post(&server, path, &[("Authorization", &format!("Bearer {token}"))], body);
        assert_eq!(answer.status, want, "{token} {path}: {}", answer.text());
        answer.text()
    };
    for (token, may) in [("reader", false), ("pipeline", false), ("guard", false), ("root", true)] {
        check(token, "/api/v1/deployments", &deployment, if may { 200 } else { 403 });
        check(token, "/api/v1/gates/shop-prod/evaluations", &question, if may { 200 } else { 403 });
    }
    let refusal = check("pipeline", "/api/v1/deployments", &deployment, 403);
    assert!(refusal.contains("the token pipeline is for other, and this is of the product shop"), "{refusal}");
    check("guard", "/api/v1/gates/shop-prod/overrides", &word, 200);
    let given =
        ask(server.address, "GET", "/api/v1/gates/shop-prod/overrides", &[("Authorization", "Bearer guard")], b"");
    assert_eq!(given.json()["data"][0]["by"], "guard", "who the server knows");
}

#[test]
fn webhooks_show_their_secret_and_count_once() {
    let mut setup = with_tokens();
    let secret = |text: &str| Some(net::Secret::from(text.to_owned()));
    setup.hooks = Hooks { gitlab: secret("of-gitlab"), jenkins: secret("of-jenkins") };
    let server = started(setup);
    let gitlab = json!({
        "object_kind": "deployment", "status": "running", "deployable_id": 7, "short_sha": "abc", "environment": "production",
        "project": {"path_with_namespace": "group/shop-api"},
    });
    let jenkins = json!({ "name": "api", "build": { "number": 1, "phase": "STARTED", "scm": { "commit": "def" } } });
    let check = |path: &str, headers: &[(&str, &str)], body: &Value, want: u16| {
        let answer = post(&server, path, headers, body);
        assert_eq!(answer.status, want, "{path} {headers:?}: {}", answer.text());
        answer
    };
    let to_gitlab = "/api/v1/hooks/gitlab";
    check(to_gitlab, &[], &gitlab, 401);
    check(to_gitlab, &[("X-Gitlab-Token", "of-gitlab2")], &gitlab, 401);
    check(to_gitlab, &[("X-Gitlab-Token", "of-jenkins")], &gitlab, 401);
    let shown = [("X-Gitlab-Token", "of-gitlab"), ("X-Gitlab-Event-UUID", "one")];
    let taken = check(to_gitlab, &shown, &gitlab, 200).json();
    assert_eq!(
        (&taken["data"]["replayed"], &taken["data"]["deployments"][0]["service"]),
        (&json!(false), &json!("api"))
    );
    assert_eq!(check(to_gitlab, &shown, &gitlab, 200).json()["data"], json!({ "replayed": true, "deployments": [] }));
    check(to_gitlab, &shown[..1], &json!({}), 400);
    let to_jenkins = "/api/v1/hooks/jenkins";
    check(to_jenkins, &[], &jenkins, 401);
    check(&format!("{to_jenkins}?token=of-jenkins"), &[], &jenkins, 200);
    check(to_jenkins, &[("Authorization", "Bearer of-jenkins")], &jenkins, 200);
    check(to_jenkins, &[("X-Jenkins-Token", "of-jenkins")], &jenkins, 200);
    let all = ask(server.address, "GET", "/api/v1/deployments", &[("Authorization", "Bearer reader")], b"").json();
    assert_eq!(all["data"].as_array().unwrap().len(), 2, "{all}");
}
