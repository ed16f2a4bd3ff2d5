//! Alertmanager's own files.

use model::yaml::Document;
use serde_json::Value;

use super::*;
use crate::suites::{list, suite, text};

fn read(yaml: &str) -> Result<AlertmanagerConfig, Vec<String>> {
    AlertmanagerConfig::read(yaml).map_err(|problems| {
        let line = |start: usize| 1 + yaml[..start].matches('\n').count();
        problems.iter().map(|problem| format!("{}: {}", line(problem.span.start), problem.message)).collect()
    })
}

/// What is said otherwise than by Alertmanager, by what Alertmanager says.
const OTHER_WORDS: [(&str, &str); 1] =
    [("must provide either a Target ARN, Topic ARN, or Phone Number for SNS config", "sns_configs is not supported")];

/// What Alertmanager 0.34 itself takes or refuses otherwise than its tests say, seen with its `amtool check-config`: two names
/// are refused by the classic grammar only, which is not the default, and one file has a field that is gone.
const AS_SEEN: [(&str, bool); 3] = [
    ("TestGroupByInvalidLabel", true),
    ("TestRouteLabelsInvalidLabelName", true),
    ("conf.opsgenie-default-apikey-old-team.yml", false),
];

fn check(name: &str, yaml: &str, error: &Value) {
    if let Some((_, is_taken)) = AS_SEEN.iter().find(|(seen, _)| *seen == name) {
        return assert_eq!(read(yaml).is_ok(), *is_taken, "{name}");
    }
    match (read(yaml), error) {
        // narthex does not speak to SNS, and says so.
        (Err(errors), Value::Null) if yaml.contains("sns_configs") => {
            assert!(errors.iter().all(|error| error.contains("sns_configs is not supported")), "{name}: {errors:?}");
        }
        (Ok(_), Value::Null) => {}
        (Err(errors), Value::String(want)) => {
            let want = want.strip_prefix("CONTAINS ").unwrap_or(want);
            let ours = OTHER_WORDS.iter().find(|(theirs, _)| *theirs == want).map_or(want, |(_, ours)| ours);
            assert!(errors.iter().any(|error| error.contains(ours)), "{name}: {errors:?}, not {want}");
        }
        (got, _) => panic!("{name}: {got:?}, not {error}"),
    }
}

#[test]
fn files_are_taken_and_refused_as_by_alertmanager() {
    let Some(suite) = suite("config.json") else { return };
    for case in list(&suite["inline"]) {
        check(text(&case["test"]), text(&case["yaml"]), &case["error"]);
    }
    for case in list(&suite["files"]) {
        check(text(&case["file"]), text(&case["yaml"]), &case["error"]);
    }
    assert_eq!((list(&suite["inline"]).len(), list(&suite["files"]).len()), (30, 46));
}

/// Receivers are not: their secrets are hidden.
#[test]
fn routing_is_read_back_from_what_is_shown() {
    let Some(suite) = suite("config.json") else { return };
    let mut n_compared = 0;
    for case in list(&suite["inline"]).iter().chain(list(&suite["files"])) {
        let Ok(config) = read(text(&case["yaml"])) else { continue };
        let shown = config.to_yaml();
        let again = Document::parse(&shown).unwrap().read::<AlertmanagerConfig>().0.unwrap();
        assert_eq!(again.route, config.route, "{shown}");
        assert_eq!(again.inhibit_rules, config.inhibit_rules, "{shown}");
        assert_eq!(again.mute_time_intervals, config.mute_time_intervals, "{shown}");
        assert_eq!(again.time_intervals, config.time_intervals, "{shown}");
        n_compared += 1;
    }
    assert_eq!(n_compared, 31);
}

#[test]
fn mistakes_are_told_with_their_lines() {
    let check = |yaml: &str, want: &[&str]| assert_eq!(read(yaml).unwrap_err(), want, "{yaml}");
    check("", &["1: no routes provided"]);
    check(
        "route: {receiver: a}\nreceivers:\n- name: a\n  carrier_pigeon_configs: []\n",
        &["4: field carrier_pigeon_configs not found in type config.plain"],
    );
    check(
        "route: {receiver: a}\nreceivers:\n- name: a\n  sns_configs: [{topic_arn: x}]\n",
        &["4: sns_configs is not supported: send to a webhook_configs that publishes to SNS, or remove it"],
    );
    check(
        "route:\n  receiver: a\n  routes:\n  - matchers: [x=y, 'z=~[']\n    receiver: b\nreceivers: [{name: a}]\n",
        &["4: error parsing regexp: missing closing ]: `[)$`"],
    );
    check(
        "narthex:\n  fallback_receiver: b\nroute: {receiver: a, routs: []}\nreceivers: [{name: a}]\n",
        &["2: undefined receiver \"b\"", "3: field routs not found in type config.plain"],
    );
    check(
        "narthex:\n  allowed_networks: [169.254.1.0/24, metadata]\nroute: {receiver: a}\nreceivers: [{name: a}]\n",
        &["2: \"metadata\": not an address or a network like 169.254.0.0/16"],
    );
    check(
        "route: {receiver: a, group_by: [a, b, a, '']}\nreceivers: [{name: a}]\n\
         inhibit_rules:\n- {equal: ['']}\n- {source_match: {'1': x}}\n",
        &[
            "1: duplicated label \"a\" in group_by",
            "1: invalid label name \"\" in group_by list",
            "4: invalid label name \"\" in equal list",
            "5: invalid label name \"1\"",
        ],
    );
    check(
        "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals:\n- name: x\n  time_intervals:\n  \
         - weekdays: [monday, blursday]\n",
        &["6: blursday is not a valid weekday"],
    );
}

#[test]
fn what_is_built_in_tells_nobody() {
    let loaded = Loaded::builtin();
    assert_eq!(loaded.tree.routes().len(), 1);
    assert_eq!(loaded.config.receivers[0].integrations().count(), 0);
}

#[test]
fn templates_must_parse() {
    let file = |text: &str| vec![TemplateFile { path: "/etc/a.tmpl".into(), text: text.to_owned() }];
    let load = |text: &str| Loaded::new(AlertmanagerConfig::builtin(), file(text));
    assert!(load("{{ define \"x\" }}{{ .Status | toUpper }}{{ end }}").is_ok());
    let error = load("\n{{ define \"x\" }}{{ frobnicate }}{{ end }}").unwrap_err().to_string();
    assert_eq!(error, "/etc/a.tmpl: template: a.tmpl:2: function \"frobnicate\" not defined");
}

#[test]
fn deep_trees_are_no_danger() {
    let deep = |n: usize| {
        let routes = "{receiver: a, routes: [".repeat(n) + "{receiver: a}" + &"]}".repeat(n);
        format!("receivers: [{{name: a}}]\nroute: {routes}\n")
    };
    assert!(read(&deep(40)).is_ok());
    // What is deeper than any file is refused before anything recurses through it.
    assert!(read(&deep(50_000)).is_err());
}
