//! Whom alerts of budgets go to, by the tree that is made.

use alerting::config::{AlertmanagerConfig, Loaded, TemplateFile};
use model::Labels;

use super::{Routed, routed};
use crate::spec::{Catalog, SpecFile, load};

const ALERTMANAGER: &str = "
global: {smtp_smarthost: 'mail:25', smtp_from: 'narthex@example.com'}
route:
  receiver: all
  routes:
  - {receiver: team, matchers: [service=api]}
receivers: [{name: all}, {name: team}, {name: phone}]
";

const SPEC: &str = r#"
apiVersion: openslo/v1
kind: Service
metadata: {name: api, labels: {product: shop}}
spec: {description: x}
---
apiVersion: narthex/v1
kind: BurnRatePolicy
metadata: {name: careful}
spec:
  notify:
    page: [{email: oncall@example.com}, {webhook: "https://chat.example.com/x"}, {receiver: phone}]
    ticket: [{email: team@example.com}]
---
apiVersion: narthex/v1
kind: Product
metadata: {name: shop, displayName: Shop}
spec:
  owners: {product: [li@example.com], engineering: [dev@example.com, ops@example.com]}
  objective: {targetPercent: 98}
  alertPolicies: [{alertPolicyRef: careful}]
  policyRef: agreed
---
apiVersion: narthex/v1
kind: ErrorBudgetPolicy
metadata: {name: agreed}
spec:
  states:
    - {name: exhausted, when: "remaining <= 0%"}
    - {name: critical, when: "remaining <= 25%"}
    - {name: healthy, when: "true"}
  actions:
    exhausted: [{notify: [product, engineering]}, {webhook: "https://git.example.com/issues", template: budget-exhausted, tokenFile: git.token}]
    critical: [{notify: [engineering]}, {webhook: "https://hook.example.com/x"}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: api
  indicator:
    metadata: {name: requests}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'requests_total{code="500"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: 'requests_total'}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives: [{targetPercent: 99}]
  alertPolicies: [{alertPolicyRef: careful}]
"#;

fn catalog(text: &str) -> Catalog {
    let catalog = load(&[SpecFile { path: "slo/shop.yml".to_owned(), text: text.to_owned() }]);
    assert_eq!(catalog.errors, [], "{text}");
    catalog
}

fn made(alertmanager: &str, spec: &str) -> Routed {
    let config = AlertmanagerConfig::read(alertmanager).unwrap();
    let template = TemplateFile { path: "a.tmpl".into(), text: "{{ define \"mine\" }}{}{{ end }}".to_owned() };
    routed(&Loaded::new(config, vec![template]).unwrap(), &catalog(spec))
}

/// The receivers of an alert, and the keys of their groups.
fn told(routed: &Routed, labels: &[(&str, &str)]) -> Vec<String> {
    let loaded = Loaded::new(routed.config.clone(), Vec::new()).unwrap();
    let labels = Labels::from_pairs(labels.iter().copied());
    let routes = loaded.tree.matching(&labels);
    routes.iter().map(|route| format!("{} {}", route.options.receiver, route.key)).collect()
}

const PAGE: [(&str, &str); 4] =
    [("alertname", "SLOBurnRate"), ("service", "api"), ("severity", "page"), ("slo", "orders")];
const CHANGE: [(&str, &str); 2] = [("alertname", "ErrorBudgetPolicy"), ("product", "shop")];

#[test]
fn alerts_of_budgets_go_to_whom_their_policy_names_and_others_go_their_way() {
    let routed = made(ALERTMANAGER, SPEC);
    assert_eq!(routed.faults, []);
    let check = |labels: &[(&str, &str)], want: &[&str]| assert_eq!(told(&routed, labels), want, "{labels:?}");
    let page = ["slo/careful/page {}/{slo/careful/page}/{slo/careful/page}", "phone {}/{slo/careful/page}/{phone}"];
    check(&PAGE, &page);
    check(&[("slo", "orders"), ("severity", "ticket")], &["slo/careful/ticket {}/{slo/careful/ticket}"]);
    check(&[("slo", "orders"), ("severity", "other")], &["all {}"]);
    check(&[("slo", "others"), ("severity", "page")], &["all {}"]);
    check(&[("service", "api"), ("severity", "page")], &["team {}/{service=\"api\"}"]);
    // A product's own alert has no objective.
    let of_product = [("alertname", "SLOBurnRate"), ("product", "shop"), ("severity", "ticket")];
    check(&of_product, &["slo/shop/ticket {}/{slo/shop/ticket}"]);
}

#[test]
fn alerts_of_groups_go_to_whom_the_policy_of_their_objective_names() {
    let options =
        "---\napiVersion: narthex/v1\nkind: SLOOptions\nmetadata: {name: orders}\nspec: {groupBy: [handler]}\n";
    let routed = made(ALERTMANAGER, &format!("{SPEC}{options}"));
    let told = |id: &str| told(&routed, &[("slo", id), ("severity", "ticket")]);
    for id in ["orders", "orders{handler=\"/pay\"}", "orders{}"] {
        assert_eq!(told(id), ["slo/careful/ticket {}/{slo/careful/ticket}"], "{id}");
    }
    for id in ["orders-2", "orders.0", "my-orders{}"] {
        assert_eq!(told(id), ["all {}"], "{id}");
    }
}

#[test]
fn a_change_of_state_goes_to_owners_and_webhooks() {
    let routed = made(ALERTMANAGER, SPEC);
    let check = |state: &str, want: &[&str]| {
        let labels: Vec<(&str, &str)> = CHANGE.into_iter().chain([("state", state)]).collect();
        let got: Vec<String> =
            told(&routed, &labels).iter().map(|one| one.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(got, want, "{state}");
    };
    check("exhausted", &["product/shop/engineering", "product/shop/product", "product/shop/exhausted/3"]);
    check("critical", &["product/shop/engineering", "product/shop/critical/1"]);
    let receiver = |name: &str| routed.config.receivers.iter().find(|receiver| receiver.name == name).unwrap();
    let to: Vec<&str> =
        receiver("product/shop/engineering").email_configs.iter().map(|email| email.to.as_str()).collect();
    assert_eq!(to, ["dev@example.com", "ops@example.com"]);
    assert!(receiver("product/shop/engineering").email_configs.iter().all(|email| email.send_resolved));
    let issue = &receiver("product/shop/exhausted/3").webhook_configs[0];
    let authorization = issue.http_config.as_ref().unwrap().config.authorization.as_ref().unwrap();
    assert_eq!((issue.send_resolved, authorization.credentials_file.as_str()), (false, "slo/git.token"));
    assert!(!issue.payload.is_null());
    let plain = &receiver("product/shop/critical/1").webhook_configs[0];
    assert!(plain.send_resolved && plain.payload.is_null());
}

#[test]
fn routes_of_the_file_are_asked_too_where_a_policy_says_so() {
    let routed = made(ALERTMANAGER, &SPEC.replace("spec:\n  notify:", "spec:\n  continue: true\n  notify:"));
    let last = told(&routed, &PAGE).pop();
    assert_eq!(last.as_deref(), Some("team {}/{service=\"api\"}"));
}

#[test]
fn another_objective_changes_no_key_and_no_id() {
    let second = SPEC.split("---").last().unwrap().replace("{name: orders}", "{name: more.of-it}");
    let (before, after) = (made(ALERTMANAGER, SPEC), made(ALERTMANAGER, &format!("{SPEC}---{second}")));
    assert_eq!(told(&before, &PAGE), told(&after, &PAGE));
    assert_eq!(told(&after, &[("slo", "more.of-it"), ("severity", "page")]), told(&after, &PAGE));
    assert_eq!(told(&after, &[("slo", "moreXof-it"), ("severity", "page")]), ["all {}"]);
    let ids = |routed: &Routed| -> Vec<String> {
        let loaded = Loaded::new(routed.config.clone(), Vec::new()).unwrap();
        loaded.tree.routes().iter().map(|route| route.id.clone()).collect()
    };
    assert_eq!(ids(&before), ids(&after));
    assert!(ids(&before).contains(&"{}/{service=\"api\"}/0".to_owned()), "{:?}", ids(&before));
}

#[test]
fn the_same_policy_of_two_objectives_is_one_receiver() {
    let second = SPEC.split("---").last().unwrap().replace("{name: orders}", "{name: others}");
    let routed = made(ALERTMANAGER, &format!("{SPEC}---{second}"));
    let names = routed.config.receivers.iter().filter(|receiver| receiver.name.starts_with("slo/careful"));
    assert_eq!(names.count(), 2);
}

#[test]
fn who_cannot_be_reached_is_told_with_the_place_and_nobody_is_lost() {
    let check = |alertmanager: &str, from: &str, to: &str, want: (usize, &str)| {
        assert!(SPEC.contains(from), "{from}");
        let routed = made(alertmanager, &SPEC.replace(from, to));
        let found = routed.faults.iter().any(|fault| (fault.place.line, fault.message.as_str()) == want);
        assert!(found, "{want:?}: {:#?}", routed.faults);
        routed
    };
    let no_mail = ALERTMANAGER.replace("smtp_smarthost: 'mail:25', ", "");
    let routed = check(&no_mail, "", "", (13, "mail to team@example.com: no global SMTP smarthost set"));
    assert_eq!(told(&routed, &[("slo", "orders"), ("severity", "ticket")]), ["all {}"]);
    assert_eq!(told(&routed, &PAGE).len(), 2, "the webhook and the telephone are there");
    let near = "alertmanager.yml has no receiver phon (did you mean `phone`?)";
    check(ALERTMANAGER, "receiver: phone", "receiver: phon", (12, near));
    let nobody = "product shop has no owners of the kind product: nobody is told";
    check(ALERTMANAGER, "product: [li@example.com], ", "", (27, nobody));
    let template = "no file of `templates` in alertmanager.yml defines \"other\", and it is not \"budget-exhausted\"";
    check(ALERTMANAGER, "template: budget-exhausted", "template: other", (27, template));
    assert_eq!(made(ALERTMANAGER, &SPEC.replace("template: budget-exhausted", "template: mine")).faults, []);
}

#[test]
fn a_receiver_of_the_file_keeps_its_name() {
    let taken = ALERTMANAGER.replace("{name: phone}", "{name: phone}, {name: slo/careful/ticket}");
    let routed = made(&taken, SPEC);
    let ticket = told(&routed, &[("slo", "orders"), ("severity", "ticket")]);
    assert_eq!(ticket, ["slo/careful/ticket' {}/{slo/careful/ticket}"]);
}
