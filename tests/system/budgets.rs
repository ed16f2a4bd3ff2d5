//! Error budgets of the real process: counted to the event, told when they burn, the same after kills.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::exporter::Exporter;
use crate::narthex::{Narthex, free_address};
use crate::promise::promise;
use crate::waiting::wait_until;
use crate::webhook::Webhook;

/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A product that is as good as its one objective.
const PRODUCT: &str = r#"
---
apiVersion: narthex/v1
kind: Product
metadata: {name: checkout, displayName: Checkout}
spec:
  objective: {targetPercent: 99.5, timeWindow: {duration: 28d, isRolling: true}}
  composition: {method: events, components: [{slo: orders, role: own}]}
"#;

/// The shop's spec file.
pub(crate) fn spec() -> String {
    promise("shop", "checkout", "orders", "99.9") + PRODUCT
}

/// A shop that counts what the test tells it to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shop {
    good: Arc<AtomicU64>,
    bad: Arc<AtomicU64>,
}

impl Shop {
    pub(crate) fn open(&self) -> Exporter {
        let shop = self.clone();
        Exporter::serving(move |_| {
            let (good, bad) = (shop.good.load(Ordering::SeqCst), shop.bad.load(Ordering::SeqCst));
            format!(
                "# TYPE requests_total counter\nrequests_total{{code=\"200\"}} {good}\nrequests_total{{code=\"500\"}} {bad}\n"
            )
        })
    }

    pub(crate) fn sell(&self, good: u64, bad: u64) {
        // Bad ones first: a scrape in between sees no good one too many.
        self.bad.fetch_add(bad, Ordering::SeqCst);
        self.good.fetch_add(good, Ordering::SeqCst);
    }
}

fn configure(dir: &std::path::Path, shop: &Exporter, webhook: &Webhook) {
    let prometheus = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
         narthex: {{alertmanager_config_file: alertmanager.yml, slo_files: [slo.yml], self_alerts: false}}\n\
         scrape_configs:\n- job_name: shop\n  static_configs: [{{targets: ['{}']}}]\n",
        shop.address
    );
    let alertmanager = format!(
        "route: {{receiver: hook, group_by: [slo, severity], group_wait: 100ms, group_interval: 300ms, repeat_interval: 1h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{}/'}}]}}]\n",
        webhook.address
    );
    std::fs::write(dir.join("prometheus.yml"), prometheus).unwrap();
    std::fs::write(dir.join("alertmanager.yml"), alertmanager).unwrap();
    std::fs::write(dir.join("slo.yml"), spec()).unwrap();
}

/// Good, bad, all, and what is left.
fn budget(narthex: &Narthex) -> (Value, Value, Value, Value) {
    let slo = narthex.api("/api/v1/slos/orders");
    (slo["good"].clone(), slo["bad"].clone(), slo["total"].clone(), slo["budget"].clone())
}

fn wait_for_total(narthex: &Narthex, total: u64) {
    wait_until(&format!("{total} events are counted"), || narthex.api("/api/v1/slos/orders")["total"] == total);
}

/// Burn alerts as `severity state activeAt`.
fn alerts(narthex: &Narthex) -> Vec<String> {
    let data = narthex.api("/api/v1/alerts");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let shown = |alert: &Value| {
        let labels = &alert["labels"];
        let windows = format!("{} {}", text(&labels["long"]), text(&labels["short"]));
        format!("{} {windows} {} {}", text(&labels["severity"]), text(&alert["state"]), text(&alert["activeAt"]))
    };
    let mut shown: Vec<String> = data["alerts"].as_array().unwrap().iter().map(shown).collect();
    shown.sort();
    shown
}

#[test]
fn budgets_burn_to_the_event_and_go_on_after_kills() {
    let dir = tempfile::tempdir().unwrap();
    let (shop, webhook) = (Shop::default(), Webhook::start());
    let target = shop.open();
    configure(dir.path(), &target, &webhook);
    let address = free_address();
    let mut narthex = Narthex::start(dir.path(), address, &[]);
    // What was there at the very first scrape is not counted: so nothing is sold before it.
    wait_until("the shop has been scraped", || narthex.api("/api/v1/slos/orders")["coverage"].is_number());
    shop.sell(1000, 0);
    wait_for_total(&narthex, 1000);
    assert_eq!(alerts(&narthex), Vec::<String>::new());
    shop.sell(950, 50);
    wait_for_total(&narthex, 2000);
    let (good, bad, _, left) = budget(&narthex);
    assert_eq!((good, bad), (1950.into(), 50.into()));
    assert_eq!((&left["allowed"], &left["spent"], &left["remaining"]), (&2.into(), &50.into(), &(-48).into()));
    assert_eq!(left["remaining_ratio"], -24.0);
    webhook.wait_until(PATIENCE, |told| told.iter().any(|told| told.name == "SLOBurnRate" && told.is_firing));
    let before = alerts(&narthex);
    assert!(before.iter().any(|alert| alert.starts_with("page 1h 5m firing")), "{before:?}");
    let product = narthex.api("/api/v1/products/checkout");
    assert_eq!((&product["bad"], &product["budget"]["allowed"]), (&50.into(), &10.into()));
    assert_eq!(product["firing"][0], "page");
    let series = narthex.samples("slo_error_budget_remaining_ratio{slo=\"orders\"}");
    assert!(series[0].1.iter().any(|(_, value)| value == "-24"), "{series:?}");
    for cycle in 1..=3 {
        let counted = budget(&narthex);
        narthex.kill();
        // What is sold while nobody looks is counted at the next scrape.
        narthex = Narthex::start(dir.path(), address, &[]);
        assert_eq!(budget(&narthex), counted, "kill {cycle}");
        assert_eq!(alerts(&narthex), before, "kill {cycle}");
        shop.sell(100, 0);
        wait_for_total(&narthex, 2000 + cycle * 100);
        assert_eq!(budget(&narthex).1, 50, "kill {cycle}");
        assert_eq!(alerts(&narthex), before, "kill {cycle}, after a tick");
    }
    let n_told = webhook.told().iter().filter(|told| !told.is_firing).count();
    assert_eq!(n_told, 0, "nothing ended");
}
