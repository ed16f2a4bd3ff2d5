//! Pyrra's own tests: 61 groups of rules, and the thresholds of what is imported.

use model::duration::PromDuration;
use serde_json::{Map, Value};

use super::*;
use crate::export::rule::{Made, RuleFile};
use crate::spec::{BurnPolicy, SpecFile, load};
use crate::suites;

/// The only objective of a file.
fn slo_of(text: &str) -> Slo {
    let parsed = parse(&Document::parse(text).unwrap());
    parsed.slo.unwrap_or_else(|| panic!("{:?}", parsed.errors))
}

/// A group as its file says it, with durations in milliseconds and without what is empty.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(elements) => Value::Array(elements.iter().map(comparable).collect()),
        Value::Object(fields) => {
            let mut comparables = Map::new();
            for (name, field) in fields {
                let is_duration = matches!(name.as_str(), "for" | "interval");
                let duration =
                    field.as_str().filter(|_| is_duration).and_then(|text| text.parse::<PromDuration>().ok());
                let field = duration.map_or_else(|| comparable(field), |duration| duration.as_millis().into());
                if field.as_object().is_none_or(|fields| !fields.is_empty()) {
                    comparables.insert(name.clone(), field);
                }
            }
            Value::Object(comparables)
        }
        value => value.clone(),
    }
}

#[test]
fn rules_are_pyrras() {
    let Some(index) = suites::text("pyrra/index.yaml") else { return };
    let index = suites::yaml(&index);
    let cases = index["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 61);
    let (mut n_errors, mut different) = (0, Vec::new());
    for case in cases {
        let name = format!("{} {}", case["kind"].as_str().unwrap(), case["case"].as_str().unwrap());
        let slo = slo_of(&suites::text(&format!("pyrra/{}", case["input"].as_str().unwrap())).unwrap());
        let options = RuleOptions {
            external_url: case["options"]["externalURL"].as_str().unwrap_or_default().to_owned(),
            is_migrating_to_prometheus_3: case["options"]["enablePrometheus3Migration"] == true,
        };
        let group = match case["kind"].as_str().unwrap() {
            "burnrates" => Ok(burn_rates(&slo, &options)),
            "increase" => Ok(increases(&slo, &options)),
            _ => generic(&slo, &options),
        };
        let Some(expected) = case["expected"].as_str() else {
            assert_eq!(case["expected_error"], "ErrGroupingUnsupported");
            assert_eq!(group, Err(GroupingUnsupported(slo.name.clone())), "{name}");
            n_errors += 1;
            continue;
        };
        let found = suites::yaml(&RuleFile { groups: vec![group.unwrap()] }.to_prometheus());
        let want = suites::yaml(&suites::text(&format!("pyrra/{expected}")).unwrap());
        let (found, want) = (comparable(&found), comparable(&want));
        if found != want {
            println!("{name}\nfound {found:#}\n want {want:#}");
            different.push((name, "export".to_owned()));
        }
    }
    assert_eq!(n_errors, 9);
    assert_eq!(different, suites::exceptions("pyrra"));
}

#[test]
fn thresholds_and_names_of_what_is_imported_are_pyrras() {
    let Some(directory) = suites::path("pyrra/inputs") else { return };
    let (mut n_alerts, mut n_absent) = (0, 0);
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let slo = slo_of(&text);
        let catalog = load(&[SpecFile { path: path.display().to_string(), text }]);
        assert!(catalog.errors.is_empty(), "{:?}", catalog.errors);
        let objective = &catalog.objectives[&slo.id()];
        assert!(objective.options.group_by.iter().eq(&slo.grouping));
        n_absent += usize::from(check_absent(&slo, &objective.burn));
        let alerts: Vec<_> = burn_rates(&slo, &RuleOptions::default())
            .rules
            .into_iter()
            .filter(|rule| matches!(rule.made, Made::Alert(_)))
            .collect();
        assert_eq!(objective.burn.pairs.len(), alerts.len(), "{}", path.display());
        for (pair, alert) in objective.burn.pairs.iter().zip(alerts) {
            n_alerts += 1;
            let text = &objective.burn.texts[&pair.severity];
            assert_eq!(alert.made, Made::Alert(text.name.clone().unwrap()));
            assert_eq!(alert.for_ms, Some(pair.for_ms));
            assert_eq!(alert.labels["long"], PromDuration::from_millis(pair.long_ms).to_string());
            assert_eq!(alert.labels["short"], PromDuration::from_millis(pair.short_ms).to_string());
            assert_eq!(alert.labels["severity"], text.labels["severity"]);
            assert_eq!(alert.annotations, text.annotations);
            assert!(objective.burn.has_exhaustion_label);
            assert_eq!(alert.labels["exhaustion"], pair.exhaustion(slo.window_ms).to_string());
            let threshold = format!("> ({} * (1-{}))", pair.factor, objective.target);
            assert_eq!(alert.expr.matches(&threshold).count(), 2, "{}", alert.expr);
        }
    }
    assert_eq!((n_alerts, n_absent), (24 * 4, 23));
}

/// Whether there is an alert of series that are not there, which then is Pyrra's.
fn check_absent(slo: &Slo, burn: &BurnPolicy) -> bool {
    let rules = increases(slo, &RuleOptions::default()).rules;
    let mut alerts = rules.into_iter().filter(|rule| matches!(rule.made, Made::Alert(_)));
    match (alerts.next(), &burn.no_data) {
        (None, None) => false,
        (Some(want), Some(found)) => {
            assert_eq!(want.made, Made::Alert(found.name.clone().unwrap()));
            assert_eq!(want.for_ms, found.after_ms);
            let text = &burn.texts[&found.severity];
            assert_eq!(
                (&want.labels["severity"], want.annotations),
                (&text.labels["severity"], text.annotations.clone())
            );
            true
        }
        (want, found) => panic!("{}: {want:?}, and {found:?} here", slo.name),
    }
}

#[test]
fn all_examples_are_taken() {
    let Some(directory) = suites::path("pyrra/upstream/examples") else { return };
    let mut pending = vec![directory];
    let mut n_objectives = 0;
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let catalog = load(&[SpecFile { path: path.display().to_string(), text }]);
        assert!(catalog.errors.is_empty() && !catalog.objectives.is_empty(), "{:?}", catalog.errors);
        n_objectives += catalog.objectives.len();
        // Of which one takes failures for fast requests.
        let is_told =
            catalog.warnings.iter().any(|warning| warning.message.ends_with("counts failures as good events"));
        assert_eq!(is_told, path.ends_with("nginx.yaml"), "{}: {:?}", path.display(), catalog.warnings);
    }
    assert_eq!(n_objectives, 29);
}

#[test]
fn mistakes_have_their_place() {
    let check = |text: &str, want: &[(&str, &str)]| {
        let parsed = parse(&Document::parse(text).unwrap());
        let found: Vec<_> =
            parsed.errors.iter().map(|problem| (problem.path.as_str(), problem.message.as_str())).collect();
        assert_eq!(found.len(), want.len(), "{text}: {found:?}");
        for (found, want) in found.iter().zip(want) {
            assert!(found.0 == want.0 && found.1.contains(want.1), "{text}: {found:?}");
        }
        assert!(parsed.slo.is_none());
    };
    let resource = |spec: &str| {
        format!("apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    let gauge = "indicator: {bool_gauge: {metric: up}}";
    check(&resource(&format!("{{target: '101', window: 28d, {gauge}}}")), &[("spec.target", "outside of 0 to 100")]);
    check(&resource(&format!("{{target: '99', {gauge}}}")), &[("spec.window", "above 0")]);
    check(&resource("{target: '99', window: 28d}"), &[("spec.indicator", "one of ratio, latency")]);
    check(
        &resource("{target: '99', window: 28d, indicator: {bool_gauge: {metric: 'rate(up[5m])'}}}"),
        &[("spec.indicator.bool_gauge.metric", "")],
    );
    check(
        &resource("{target: '99', window: 28d, indicator: {latency: {success: {metric: a}, total: {metric: b}}}}"),
        &[("spec.indicator.latency.success.metric", "le=")],
    );
    check(
        &resource(&format!("{{target: '99', window: 28d, {gauge}}}")).replace("v1alpha1", "v9"),
        &[("apiVersion", "pyrra.dev/v1alpha1 is needed")],
    );
}
