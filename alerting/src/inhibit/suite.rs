//! Alertmanager's own cases, and those in which it is wrong for a while.

use serde_json::{Value, json};

use super::*;
use crate::matcher::Matchers;
use crate::suites::{alert, labels, list, matcher, suite, text};

const NOW_MS: i64 = 1_700_000_000_000;

fn rules(json: &[Value]) -> Rules {
    let matchers = |json: &Value| Matchers(list(json).iter().map(matcher).collect());
    let rule = |json: &Value| Rule {
        name: String::new(),
        source: matchers(&json["source_matchers"]),
        target: matchers(&json["target_matchers"]),
        equal: list(&json["equal"]).iter().map(|name| text(name).to_owned()).collect(),
    };
    Rules(json.iter().map(rule).collect())
}

fn sources(rules: Rules, alerts: &[Value]) -> Sources {
    let mut sources = Sources::new(rules.into());
    alerts.iter().for_each(|json| sources.set(&alert(json, NOW_MS)));
    sources
}

fn check(sources: &Sources, target: &Value, want: &Value, at_ms: i64) {
    assert_eq!(sources.inhibiting(&labels(target), at_ms).is_some(), want == true, "{target} {sources:?}");
}

#[test]
fn inhibition_is_that_of_alertmanager() {
    let Some(suite) = suite("inhibition.json") else { return };
    let mut n_cases = 0;
    for case in list(&suite["has_equal"]) {
        // These cases leave the sides out; a label of our own tells them apart.
        let on_side = |labels: &Value, side: &str| {
            let mut labels = labels.clone();
            labels["side"] = json!(side);
            labels
        };
        let side = |side: &str| json!([{ "name": "side", "type": "=", "value": side }]);
        let (source, target) = (side("source"), side("target"));
        let rule = json!({ "equal": case["equal"], "source_matchers": source, "target_matchers": target });
        let alerts = list(&case["sources"]).iter().cloned().map(|mut alert| {
            alert["labels"] = on_side(&alert["labels"], "source");
            alert
        });
        let sources = sources(rules(&[rule]), &alerts.collect::<Vec<_>>());
        check(&sources, &on_side(&case["target"], "target"), &case["expect_inhibited"], NOW_MS);
        n_cases += 1;
    }
    for table in ["TestInhibitRuleMatches", "TestInhibitRuleMatchers"] {
        let sources = sources(rules(list(&suite[table]["rules"])), list(&suite[table]["active_sources"]));
        for case in list(&suite[table]["cases"]) {
            check(&sources, &case["target"], &case["expect_inhibited"], NOW_MS);
            n_cases += 1;
        }
    }
    let table = &suite["TestInhibit"];
    for case in list(&table["cases"]) {
        let sources = sources(rules(std::slice::from_ref(&table["rule"])), list(&case["alerts_in_order"]));
        for expect in list(&case["expect"]) {
            check(&sources, &expect["labels"], &expect["inhibited"], NOW_MS);
        }
        n_cases += 1;
    }
    assert_eq!(n_cases, 24);
}

/// The steps of these cases are told in words, so they stand here too.
#[test]
fn several_sources_are_told_apart() {
    let Some(suite) = suite("inhibition.json") else { return };
    let source = |name: &str, more: Value, ends_at_s: i64| {
        let mut labels = json!({ "s": "1", "e": "f", "n": name });
        labels.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        json!({ "labels": labels, "starts_at_s": -60, "ends_at_s": ends_at_s })
    };
    let (a, b, a_ended) = (source("a", json!({}), 3600), source("b", json!({}), 1800), source("a", json!({}), 0));
    let two_sided = source("x", json!({ "t": "1" }), 3600);
    let steps = [vec![a.clone(), b.clone(), a_ended.clone()], vec![a, b.clone(), a_ended.clone()], vec![two_sided, b]];
    let cases = list(&suite["narthex_extra"]["cases"]);
    for (number, (case, steps)) in cases.iter().zip(&steps).enumerate() {
        let mut sources = sources(rules(std::slice::from_ref(&case["rule"])), steps);
        if number == 1 {
            sources.remove(&labels(&a_ended["labels"]));
        }
        check(&sources, &case["target"], &case["expect_inhibited"], NOW_MS);
        // Half an hour later the second source is over as well, unless the two-sided one keeps others quiet.
        let want = json!(false);
        check(&sources, &case["target"], &want, NOW_MS + 1_800_000);
    }
    assert_eq!(cases.len(), 3);
}
