//! Pipelines ask while a budget really burns: a target's errors spend it, until its gate closes, and good traffic opens it again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::exporter::Exporter;
use crate::gate::{FINE, Pipeline, directory_with, override_gate};
use crate::gitlab::Gitlab;
use crate::narthex::{Narthex, free_address};
use crate::promise::promise;
use crate::waiting::{LONGEST_WAIT, wait_until};
use crate::webhook::{Told, Webhook};

const CONFIG: &str = "
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs:
- {job_name: shop, static_configs: [{targets: ['TARGET']}]}
narthex: {slo_files: [shop.yml], alertmanager_config_file: alertmanager.yml}
";

/// Nobody is told by the routes that are written.
const ALERTMANAGER: &str = "
route: {receiver: nobody, group_wait: 1s, group_interval: 1s}
receivers: [{name: nobody}]
";

/// What stands behind the promise.
const SPEC: &str = r#"  alertPolicies: [{alertPolicyRef: careful}]
---
apiVersion: narthex/v1
kind: BurnRatePolicy
metadata: {name: careful}
spec:
  pairs: [{severity: page, factor: 1.5, long: 1h, short: 5m}]
  noData: {alertAfter: never}
  notify: {page: [{webhook: "http://WEBHOOK/page"}]}
---
apiVersion: narthex/v1
kind: Product
metadata: {name: shop, displayName: Shop}
spec:
  objective: {targetPercent: 99, timeWindow: {duration: 28d, isRolling: true}}
  composition: {method: events, components: [{slo: answers, role: own}]}
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
    exhausted:
      - {freeze: {allow: [fix, security, rollback]}}
      - {webhook: "http://WEBHOOK/policy"}
      - {gitlabFreeze: {url: "http://GITLAB", project: shop/api, tokenFile: gitlab.token}}
---
apiVersion: narthex/v1
kind: ReleaseGate
metadata: {name: shop-prod}
spec:
  product: shop
  services: [api]
  environment: production
  preDeploy: {warn: ["policy.state == 'critical'"]}
  postDeploy: {soak: 1s, failWhen: ["burn(5m) > 1000"]}
  onUnknown: deny
  override: {roles: [engineering], requireReason: true, expires: 24h}
"#;

/// A shop whose requests are what a test says.
struct Shop {
    good: Arc<AtomicU64>,
    bad: Arc<AtomicU64>,
    narthex: Narthex,
    hook: Webhook,
    gitlab: Gitlab,
    dir: tempfile::TempDir,
}

impl Shop {
    fn open() -> Shop {
        let (good, bad) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let (of_good, of_bad) = (Arc::clone(&good), Arc::clone(&bad));
        let exporter = Exporter::serving(move |_| {
            let (good, bad) = (of_good.load(Ordering::SeqCst), of_bad.load(Ordering::SeqCst));
            format!("requests_total{{code=\"200\"}} {good}\nrequests_total{{code=\"500\"}} {bad}\n")
        });
        let (hook, gitlab) = (Webhook::start(), Gitlab::start());
        let config = CONFIG.replace("TARGET", &exporter.address.to_string());
        let spec = promise("api", "shop", "answers", "99") + SPEC;
        let spec = spec.replace("WEBHOOK", &hook.address.to_string()).replace("GITLAB", &gitlab.address.to_string());
        let dir = directory_with(&config, &spec);
        std::fs::write(dir.path().join("gitlab.token"), "maintainer\n").unwrap();
        std::fs::write(dir.path().join("alertmanager.yml"), ALERTMANAGER).unwrap();
        let narthex = Narthex::start(dir.path(), free_address(), &[]);
        // What a counter was at first is not counted.
        wait_until("the shop has been scraped", || exporter.n_scrapes() >= 2);
        Shop { good, bad, narthex, hook, gitlab, dir }
    }

    /// There have been so many requests; waits until the policy knows.
    fn serves(&self, good: u64, bad: u64, state: &str) {
        self.good.store(good, Ordering::SeqCst);
        self.bad.store(bad, Ordering::SeqCst);
        wait_until(&format!("{state} with {bad} errors"), || {
            let counted = self.narthex.api("/api/v1/slos/answers");
            let product = self.narthex.api("/api/v1/gates");
            counted["total"] == good + bad && product[0]["policy_state"] == state
        });
    }

    /// Killed, and back again; pipelines that ask meanwhile hear that nobody is there.
    fn restarted(self) -> Shop {
        let address = self.narthex.address;
        self.narthex.kill();
        let pipeline = |script| Pipeline { script, dir: self.dir.path(), server: address };
        let nobody = "type=\"unreachable\"";
        pipeline("gitlab.sh").check(("v6", "feature"), &[], (3, "budget_gate: 3", nobody));
        pipeline("jenkins.sh").check(("v6", "feature"), &[], (1, "ERROR: release gate: exit 3", nobody));
        let narthex = Narthex::start(self.dir.path(), address, &[]);
        Shop { narthex, ..self }
    }

    fn pipeline(&self, script: &'static str) -> Pipeline<'_> {
        Pipeline { script, dir: self.path(), server: self.narthex.address }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

fn n_told(told: &[Told], name: &str, is_firing: bool) -> usize {
    told.iter().filter(|told| told.name == name && told.is_firing == is_firing).count()
}

#[test]
fn a_budget_that_burns_closes_the_gate_of_pipelines_and_tells_whom_its_policies_name() {
    let shop = Shop::open();
    let (gitlab, jenkins) = (shop.pipeline("gitlab.sh"), shop.pipeline("jenkins.sh"));
    // 10 of 1000 are allowed.
    shop.serves(1000, 0, "healthy");
    gitlab.check(("v1", "feature"), &[], (0, "budget_gate: 0", FINE));
    jenkins.check(("v1", "feature"), &[], (0, "deployed", FINE));
    shop.serves(1000, 9, "critical");
    gitlab.check(("v2", "feature"), &[], (0, "budget_gate: 10", FINE));
    jenkins.check(("v2", "feature"), &[], (0, "UNSTABLE: error budget critical", FINE));
    shop.serves(1000, 40, "exhausted");
    let frozen = "<failure message=\"deny: releases are frozen while the policy is exhausted";
    gitlab.check(("v3", "feature"), &[], (20, "budget_gate: 20", frozen));
    jenkins.check(("v3", "feature"), &[], (1, "ERROR: release gate: exit 20", frozen));
    gitlab.check(("v4", "fix"), &[], (0, "budget_gate: 0", FINE));
    jenkins.check(("v4", "fix"), &[], (0, "deployed", FINE));
    assert_eq!(override_gate(shop.narthex.address, "v3", "engineering"), 0);
    gitlab.check(("v3", "feature"), &[], (0, "overridden by", FINE));
    jenkins.check(("v3", "feature"), &[], (0, "deployed", FINE));
    gitlab.check(("v5", "feature"), &[], (20, "budget_gate: 20", frozen));
    let actions = shop.narthex.api("/api/v1/products/shop")["actions"].take();
    assert_eq!(actions[0]["kind"], "freeze", "{actions}");
    shop.hook.wait_until(LONGEST_WAIT, |told| {
        n_told(told, "SLOBurnRate", true) == 1 && n_told(told, "ErrorBudgetPolicy", true) == 1
    });
    wait_until("GitLab freezes", || shop.gitlab.periods().len() == 1);
    let shop = shop.restarted();
    let (gitlab, jenkins) = (shop.pipeline("gitlab.sh"), shop.pipeline("jenkins.sh"));
    gitlab.check(("v7", "feature"), &[], (20, "budget_gate: 20", frozen));
    // Of 20,040 the same errors are less than a quarter.
    shop.serves(20_000, 40, "healthy");
    gitlab.check(("v6", "feature"), &[], (0, "budget_gate: 0", FINE));
    jenkins.check(("v6", "feature"), &[], (0, "deployed", FINE));
    shop.hook.wait_until(LONGEST_WAIT, |told| n_told(told, "ErrorBudgetPolicy", false) == 1);
    wait_until("GitLab freezes no longer", || shop.gitlab.periods().is_empty());
    assert_eq!(shop.gitlab.n_made(), 1, "a restart makes no second one");
    let told = shop.hook.told();
    assert_eq!(n_told(&told, "ErrorBudgetPolicy", true), 1, "a change is told once: {told:#?}");
}
