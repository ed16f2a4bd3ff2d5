//! What is written is read back alike.

use std::sync::Arc;

use proptest::prelude::*;

use super::export::to_text;
use crate::spec::{Catalog, SourcePlace, SpecFile, load};
use crate::suites;

fn read(text: &str) -> Catalog {
    load(&[SpecFile { path: "a.yml".to_owned(), text: text.to_owned() }])
}

/// All of a catalog but where it was written.
fn shown(catalog: &Catalog) -> Vec<String> {
    let mut catalog = catalog.clone();
    let none = SourcePlace::default;
    catalog.services.values_mut().for_each(|service| service.source = none());
    catalog.objectives.values_mut().for_each(|objective| {
        objective.source = none();
        Arc::make_mut(&mut objective.burn).notify.values_mut().flatten().for_each(|contact| contact.source = none());
    });
    catalog.products.values_mut().for_each(|product| {
        product.source = none();
        let notify = product.burn.iter_mut().flat_map(|burn| Arc::make_mut(burn).notify.values_mut().flatten());
        notify.for_each(|contact| contact.source = none());
    });
    catalog.gates.values_mut().for_each(|gate| gate.source = none());
    catalog.budget_policies.values_mut().for_each(|policy| policy.source = none());
    catalog.adjustments.values_mut().for_each(|adjustment| adjustment.source = none());
    catalog.report_schedules.values_mut().for_each(|schedule| schedule.source = none());
    let Catalog { services, objectives, products, gates, budget_policies, adjustments, report_schedules, .. } = catalog;
    let mut lines: Vec<String> = objectives.values().map(|objective| format!("{objective:#?}")).collect();
    lines.push(format!("{services:#?} {products:#?} {gates:#?}"));
    lines.push(format!("{budget_policies:#?} {adjustments:#?} {report_schedules:#?}"));
    lines
}

/// Reads, writes, reads, and compares.
fn check(text: &str) {
    let first = read(text);
    let written = to_text(&first);
    let second = read(&written);
    assert_eq!(second.errors, [], "{written}");
    for (first, second) in shown(&first).iter().zip(shown(&second)) {
        assert_eq!(*first, second, "{written}");
    }
    assert_eq!(to_text(&second), written);
}

#[test]
fn the_worked_example_comes_back() {
    check(include_str!("../../../docs/examples/checkout.yml"));
}

#[test]
fn files_of_others_come_back_as_objectives() {
    for file in ["getting-started.yml", "home-wifi.yml", "kubernetes-apiserver.yml"] {
        let Some(text) = suites::text(&format!("sloth/upstream/examples/{file}")) else { return };
        let first = read(&text);
        assert!(!first.objectives.is_empty(), "{file}");
        let second = read(&to_text(&first));
        let same = |catalog: &Catalog| {
            let of = |objective: &crate::spec::Objective| {
                let thresholds: Vec<f64> = objective.burn.pairs.iter().map(|pair| pair.factor).collect();
                format!("{} {:?} {:?} {thresholds:?}", objective.id, objective.target, objective.window)
            };
            catalog.objectives.values().map(of).collect::<Vec<_>>()
        };
        assert_eq!((same(&second), second.errors), (same(&first), vec![]), "{file}");
    }
}

fn objective() -> impl Strategy<Value = String> {
    let target = (1..999_999_999_u64).prop_map(|parts| crate::spec::Share::from_parts(parts).unwrap().to_string());
    let kind = prop_oneof![
        Just((
            "  indicator: {spec: {ratioMetric: {counter: true, good: {metricSource: {spec: {query: g}}}, total: {metricSource: {spec: {query: 't - sum(rate(u[5m]))'}}}}}}",
            ""
        )),
        Just((
            "  indicator: {spec: {ratioMetric: {rawType: failure, raw: {metricSource: {spec: {query: 'a / b'}}}}}}",
            ""
        )),
        Just((
            "  indicator: {spec: {thresholdMetric: {metricSource: {spec: {query: 'max(g)'}}}}}",
            ", op: lte, value: 0.05"
        )),
    ];
    let method = prop_oneof![
        Just(("Occurrences", "")),
        Just(("RatioTimeslices", ", timeSliceWindow: 90s")),
        Just(("Timeslices", ", timeSliceWindow: 5m, timeSliceTarget: 0.95")),
    ];
    let window = prop_oneof![
        (1..400_u32).prop_map(|days| format!("{{duration: {days}d, isRolling: true}}")),
        (1..5_u32, prop_oneof![Just("d"), Just("w"), Just("M"), Just("Q")]).prop_map(|(count, unit)| format!(
            "{{duration: {count}{unit}, isRolling: false, calendar: {{startTime: 2026-01-05 00:00:00, timeZone: Asia/Shanghai}}}}"
        )),
    ];
    let policies =
        prop_oneof![Just(""), Just("  alertPolicies: []\n"), Just("  alertPolicies: [{alertPolicyRef: p}]\n")];
    let targets = proptest::collection::vec(target, 1..4);
    (targets, kind, method, window, policies).prop_map(|(targets, (indicator, more), (method, slices), window, policies)| {
        let objective = |(index, target): (usize, String)| {
            format!("  - {{displayName: part {index}, target: {target}{more}{slices}}}\n")
        };
        let objectives: String = targets.into_iter().enumerate().map(objective).collect();
        format!("  service: s\n{indicator}\n  budgetingMethod: {method}\n  timeWindow: [{window}]\n{policies}  objectives:\n{objectives}")
    })
}

proptest! {
    #[test]
    fn objectives_come_back(specs in proptest::collection::vec(objective(), 1..4), share in 1..100_u32) {
        let mut text = format!(
            "apiVersion: narthex/v1\nkind: BurnRatePolicy\nmetadata: {{name: p}}\nspec: {{pairs: [{{severity: page, budget: {share}%, long: 1h, short: 5m, for: 2m}}, {{severity: low, factor: 1.5, long: 1d, short: 2h}}], lowTraffic: {{minBadEvents: 5}}, noData: {{alertAfter: 15m, severity: ticket}}}}\n"
        );
        for (index, spec) in specs.iter().enumerate() {
            text.push_str(&format!("---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: slo-{index}, displayName: 'Slo: {index}', labels: {{product: shop}}}}\nspec:\n{spec}"));
        }
        prop_assert_eq!(read(&text).errors, []);
        check(&text);
    }
}
