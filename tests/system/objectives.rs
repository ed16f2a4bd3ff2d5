//! Files of objectives and a real server: what `slo check --server` finds in stored series, and Pyrra's groups.

use std::path::Path;
use std::process::{Command, Output};

use crate::exporter::Exporter;
use crate::narthex::{Narthex, PROGRAM, free_address};
use crate::waiting::wait_until;

/// A shop with two handlers; every tenth order of one of them fails.
fn shop() -> Exporter {
    Exporter::serving(|number| {
        let mut text = String::new();
        for (handler, bad) in [("/cart", 0), ("/pay", number)] {
            let good = 9 * number;
            text += &format!("orders_total{{handler=\"{handler}\",code=\"200\"}} {good}\n");
            text += &format!("orders_total{{handler=\"{handler}\",code=\"500\"}} {bad}\n");
        }
        for bound in ["0.25", "0.5", "+Inf"] {
            text += &format!("seconds_bucket{{le=\"{bound}\"}} {number}\n");
        }
        text + &format!("seconds_count {number}\nrefused_total {}\nlag 3\n", 9 * number)
    })
}

fn start(dir: &Path, shop: &Exporter, slo_files: &str) -> Narthex {
    let prometheus = format!(
        "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
         narthex: {{slo_files: [{slo_files}], self_alerts: false}}\n\
         scrape_configs:\n- job_name: shop\n  static_configs: [{{targets: ['{}']}}]\n",
        shop.address
    );
    std::fs::write(dir.join("prometheus.yml"), prometheus).unwrap();
    Narthex::start(dir, free_address(), &[])
}

/// An SLO whose bad or good events and total are these.
fn slo(name: &str, side: &str, counted: &str, total: &str) -> String {
    let source = |query: &str| format!("{{metricSource: {{spec: {{query: '{query}'}}}}}}");
    let (counted, total) = (source(counted), source(total));
    format!(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\nspec:\n  service: shop\n  \
         indicator: {{spec: {{ratioMetric: {{counter: true, {side}: {counted}, total: {total}}}}}}}\n  \
         timeWindow: [{{duration: 28d, isRolling: true}}]\n  objectives: [{{targetPercent: 99.9}}]\n---\n"
    )
}

/// A pipeline has a token in its environment, whether a server is asked or not.
fn check(dir: &Path, words: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(["slo", "check"])
        .args(words)
        .current_dir(dir)
        .env("NARTHEX_TOKEN", "t")
        .output()
        .unwrap()
}

/// What was printed, both streams.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn stored_series_are_held_against_files() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop();
    let narthex = start(dir.path(), &shop, "");
    let text = [
        slo("fine", "bad", r#"orders_total{code=~"5.."}"#, "orders_total"),
        slo("unseen", "bad", r#"orders_total{code="503"}"#, "orders_total"),
        slo("mistyped", "bad", r#"orders_total{cod="500"}"#, "orders_total"),
        slo("gone", "bad", "refused_total", "orderz_total"),
        slo("bound", "good", r#"seconds_bucket{le="0.3"}"#, "seconds_count"),
        slo("outside", "bad", r#"orders_total{code="500"}"#, r#"orders_total{code="200"}"#),
        slo("more", "bad", "refused_total", "seconds_count"),
        slo("sampled", "bad", "sum(lagg) / 2", "orders_total"),
    ]
    .concat()
    .replace("targetPercent: 99.9}", "targetPercent: 99}");
    let fine = slo("rare", "bad", r#"orders_total{code=~"5.."}"#, r#"orders_total{handler="/cart"}"#);
    let fine = fine.replace("targetPercent: 99.9}", "targetPercent: 99.9999999}");
    std::fs::write(dir.path().join("slo.yml"), text + &fine).unwrap();
    wait_until("rates are known", || narthex.samples("lag").iter().any(|(_, samples)| samples.len() > 2));
    let server = format!("http://{}", narthex.address);
    let output = check(dir.path(), &["--server", &server, "slo.yml"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for want in [
        r#"mistyped: {cod="500",__name__="orders_total"} matches no series, and none like it has the label cod"#,
        r#"gone: {__name__="orderz_total"} matches no series"#,
        r#"bound: le="0.3" is no bound of its buckets: there are 0.25, 0.5, +Inf"#,
        "outside: 2 series are counted as bad events and not in total",
        "bad events in a day are more than there were in total",
        r#"sampled: {__name__="lagg"} matches no series"#,
        "rare: 99.9999999 % of ",
    ] {
        assert!(said.contains(want), "{want} is not said: {said}");
    }
    for id in ["fine: ", "unseen: "] {
        assert!(!said.contains(id), "{id} is said: {said}");
    }
    let strict = check(dir.path(), &["--strict", "--server", &server, "slo.yml"]);
    assert_eq!(strict.status.code(), Some(1));
    let unanswered = check(dir.path(), &["--server", &format!("http://{}", free_address()), "slo.yml"]);
    assert_eq!(unanswered.status.code(), Some(1));
}

#[test]
fn each_group_of_pyrras_has_a_budget_that_a_restart_leaves_alone() {
    let pyrra = "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: orders, namespace: shop}\nspec:\n  \
        target: '99'\n  window: 4w\n  alerting: {absentName: OrdersAbsent}\n  indicator: {ratio: {errors: {metric: 'orders_total{code=\"500\"}'}, \
        total: {metric: orders_total}, grouping: [handler]}}\n";
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("slo.yml"), pyrra).unwrap();
    let shop = shop();
    let narthex = start(dir.path(), &shop, "slo.yml");
    let ids = |narthex: &Narthex| -> Vec<String> {
        let slos = narthex.api("/api/v1/slos");
        slos.as_array().unwrap().iter().map(|slo| slo["id"].as_str().unwrap().to_owned()).collect()
    };
    let want = [r#"shop-orders{handler="/cart"}"#, r#"shop-orders{handler="/pay"}"#];
    wait_until("groups have been found", || ids(&narthex) == want);
    let of_group = |narthex: &Narthex, handler: &str| {
        narthex.api(&format!("/api/v1/slos/shop-orders%7Bhandler%3D%22%2F{handler}%22%7D"))
    };
    wait_until("orders are counted", || of_group(&narthex, "pay")["bad"].as_f64() > Some(10.0));
    let (cart, pay) = (of_group(&narthex, "cart"), of_group(&narthex, "pay"));
    assert_eq!((&cart["bad"], &cart["group"]["handler"]), (&0.into(), &"/cart".into()));
    assert_eq!(pay["total"].as_f64(), pay["bad"].as_f64().map(|bad| bad * 10.0));
    wait_until("alerts bear the group", || {
        let alerts = narthex.api("/api/v1/alerts");
        let mut labels = alerts["alerts"].as_array().unwrap().iter().map(|alert| &alert["labels"]);
        labels.any(|labels| labels["handler"] == "/pay" && labels["exhaustion"] == "4d")
    });
    let written = || narthex.samples("slo_objective_ratio");
    wait_until("ticks have passed", || written().iter().all(|(_, samples)| samples.len() > 2));
    for (_, samples) in written() {
        let is_apart = |pair: &[(i64, String)]| (pair[1].0 - pair[0].0) % 200 == 0;
        assert!(samples.windows(2).all(is_apart), "a multiple of the interval apart: {samples:?}");
    }
    let address = narthex.address;
    narthex.kill();
    let narthex = Narthex::start(dir.path(), address, &[]);
    assert_eq!(ids(&narthex), want);
    assert!(of_group(&narthex, "pay")["bad"].as_f64() >= pay["bad"].as_f64());
}
