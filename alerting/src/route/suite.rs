//! Alertmanager's own cases.

use model::yaml::Document;
use serde_json::{Value, json};

use super::*;
use crate::config::RouteConfig;
use crate::suites::{labels, list, suite, text};

fn tree(yaml: &str) -> RouteTree {
    let (config, problems) = Document::parse(yaml).unwrap().read::<RouteConfig>();
    assert_eq!(problems, []);
    RouteTree::new(&config.unwrap())
}

fn described(route: &Route) -> Value {
    let options = &route.options;
    let (group_by, group_by_all) = match &options.group_by {
        GroupBy::All => (json!([]), true),
        GroupBy::Labels(names) => (json!(names), false),
    };
    json!({
        "receiver": &*options.receiver,
        "group_by": group_by,
        "group_by_all": group_by_all,
        "group_wait_s": options.group_wait_ms / 1000,
        "group_interval_s": options.group_interval_ms / 1000,
        "repeat_interval_s": options.repeat_interval_ms / 1000,
        "route_key": route.key,
    })
}

/// What a case wants, with its labels in order.
fn sorted(expect: &Value) -> Value {
    let mut expect = expect.clone();
    for route in expect.as_array_mut().unwrap() {
        route["group_by"].as_array_mut().unwrap().sort_by_key(|name| text(name).to_owned());
    }
    expect
}

#[test]
fn routes_are_those_of_alertmanager() {
    let Some(suite) = suite("routing.json") else { return };
    let mut n_cases = 0;
    for suite in list(&suite["suites"]) {
        let tree = tree(text(&suite["route_yaml"]));
        for case in list(&suite["cases"]) {
            let matching = tree.matching(&labels(&case["labels"]));
            if case["expect"].is_array() {
                let got: Value = matching.iter().map(|route| described(route)).collect();
                assert_eq!(got, sorted(&case["expect"]), "{case}");
            } else {
                let got: Vec<Value> = matching.iter().map(|route| json!(route.options.labels)).collect();
                assert_eq!(got, std::slice::from_ref(&case["expect_route_labels"]), "{case}");
            }
            n_cases += 1;
        }
        if let Some(want) = suite["walk_receivers_depth_first"].as_array() {
            let got: Vec<&str> = tree.routes().iter().map(|route| &*route.options.receiver).collect();
            assert_eq!(got, want.iter().map(text).collect::<Vec<_>>());
            n_cases += 1;
        }
        if let Some(want) = suite["route_ids_unordered"].as_array() {
            let mut want: Vec<&str> = want.iter().map(text).collect();
            let mut got: Vec<&str> = tree.routes().iter().map(|route| route.id.as_str()).collect();
            want.sort_unstable();
            got.sort_unstable();
            assert_eq!(got, want);
            n_cases += 1;
        }
        if let Some(want) = suite["group_by_all"].as_object() {
            let child = tree.children(&tree.routes()[0]).next().unwrap();
            let mut routes = vec![("routes[0]".to_owned(), child)];
            routes.extend(tree.children(child).enumerate().map(|(i, route)| (format!("routes[0].routes[{i}]"), route)));
            assert_eq!(want.len(), routes.len());
            for (path, route) in routes {
                assert_eq!(route.options.group_by == GroupBy::All, want[&path] == true, "{path}");
            }
            n_cases += 1;
        }
    }
    assert_eq!(n_cases, 31);
}

#[test]
fn groups_have_keys() {
    let tree = tree("receiver: a\nroutes: [{matchers: ['a=\"b\"'], group_by: [alertname, 'c d']}]");
    let check = |pairs: &[(&str, &str)], want: &str| {
        let labels = model::Labels::from_pairs(pairs.iter().copied());
        let route = tree.matching(&labels)[0];
        assert_eq!(route.group_key(&route.options.group_by.labels_of(&labels)), want);
    };
    check(&[("alertname", "x")], "{}:{}");
    check(&[("a", "b"), ("alertname", "x\"y"), ("job", "j")], "{}/{a=\"b\"}:{alertname=\"x\\\"y\"}");
    check(&[("a", "b"), ("alertname", "x"), ("c d", "中")], "{}/{a=\"b\"}:{alertname=\"x\", c d=\"中\"}");
}
