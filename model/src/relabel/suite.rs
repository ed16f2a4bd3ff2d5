//! Prometheus's own cases.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use super::config::{Action, RelabelConfig, Written, is_name_template};
use super::rules::{Relabelled, Rules};
use crate::Labels;
use crate::name::ValidationScheme;

/// `relabel/cases.json` of the suites, if they are there.
fn cases() -> Option<Value> {
    let suites = std::env::var_os("NARTHEX_SUITES")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites")), PathBuf::from);
    let path = suites.join("relabel/cases.json");
    match std::fs::read(&path) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap()),
        Err(error) if std::env::var("NARTHEX_CI").is_ok_and(|ci| ci == "1") => panic!("{}: {error}", path.display()),
        Err(_) => {
            println!("left out: {} is not there", path.display());
            None
        }
    }
}

fn labels(map: &Value) -> Labels {
    map.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
}

fn rules(configs: &Value) -> Rules {
    let configs: Vec<RelabelConfig> = serde_json::from_value(configs.clone()).unwrap();
    Rules::new(&configs, ValidationScheme::Utf8).unwrap()
}

#[test]
fn labels_are_rewritten() {
    let Some(cases) = cases() else { return };
    let cases = cases["relabel"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 34);
    println!("relabel/cases.json: {} rules applied to labels", cases.len());
    for case in cases {
        let input = labels(&case["input"]);
        let rules = rules(&case["relabel_configs"]);
        let want = case["keep"].as_bool().unwrap().then(|| labels(&case["output"]));
        let got = match rules.apply(&input) {
            Relabelled::Unchanged => Some(input.clone()),
            Relabelled::Changed(labels) => Some(labels),
            Relabelled::Dropped => None,
        };
        assert_eq!(got, want, "{case}");
        let mut builder = input.to_builder();
        let got = rules.apply_to_builder(&mut builder).then(|| builder.build());
        assert_eq!(got, want, "{case}");
        let last = rules.steps(&input).pop().unwrap();
        assert_eq!((last.output, last.keep), (want.clone().unwrap_or_default(), want.is_some()), "{case}");
    }
}

#[test]
fn rules_are_checked() {
    let Some(cases) = cases() else { return };
    let cases = cases["validate"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 10);
    println!("relabel/cases.json: {} rules checked", cases.len());
    for case in cases {
        let mut config = case["config"].as_object().unwrap().clone();
        let scheme = match config.remove("name_validation_scheme").unwrap().as_str().unwrap() {
            "legacy" => ValidationScheme::Legacy,
            _ => ValidationScheme::Utf8,
        };
        let written: Written = serde_json::from_value(config.into()).unwrap();
        match written.over(RelabelConfig::empty()).validate(scheme) {
            Ok(()) => assert_eq!(case["ok"], true, "{case}"),
            Err(error) => {
                assert!(error.to_string().contains(case["error_contains"].as_str().unwrap()), "{case}: {error}");
            }
        }
    }
}

#[test]
fn names_of_the_old_kind_may_have_groups_in_them() {
    let Some(cases) = cases() else { return };
    let cases = cases["target_label_legacy"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 16);
    println!("relabel/cases.json: {} target labels of the old kind", cases.len());
    for case in cases {
        let label = case["target_label"].as_str().unwrap();
        assert_eq!(is_name_template(ValidationScheme::Legacy, label), case["valid_legacy"], "{label}");
    }
}

#[test]
fn yaml_comes_back_as_it_was() {
    let Some(cases) = cases() else { return };
    let cases = cases["yaml_round_trip"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 4);
    println!("relabel/cases.json: {} rules read from YAML and written again", cases.len());
    for case in cases {
        let text = case["yaml"].as_str().unwrap();
        let config: RelabelConfig = serde_saphyr::from_str(text).unwrap();
        let printed = serde_saphyr::to_string(&config).unwrap();
        assert_eq!(printed, text);
    }
}

#[test]
fn json_comes_back_as_it_was() {
    let Some(cases) = cases() else { return };
    let cases = cases["json_round_trip"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 3);
    println!("relabel/cases.json: {} rules read from JSON and written again", cases.len());
    for case in cases {
        let text = case["json"].as_str().unwrap();
        let written: Written = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&written.over(RelabelConfig::empty())).unwrap(), text);
    }
}

#[test]
fn the_inputs_of_the_bench_run() {
    let Some(cases) = cases() else { return };
    let cases = cases["bench"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 3);
    for (case, want) in cases.iter().zip([true, false, true]) {
        let configs: Vec<RelabelConfig> =
            serde_saphyr::from_str(case["relabel_configs_yaml"].as_str().unwrap()).unwrap();
        let rules = Rules::new(&configs, ValidationScheme::Utf8).unwrap();
        let keep = rules.apply(&labels(&case["labels"])) != Relabelled::Dropped;
        assert_eq!(keep, want, "{}", case["name"]);
    }
}

#[test]
fn an_empty_field_is_not_an_absent_one() {
    let check = |yaml: &str, want: RelabelConfig| {
        assert_eq!(serde_saphyr::from_str::<RelabelConfig>(yaml).unwrap(), want, "{yaml}");
    };
    let default = RelabelConfig::default;
    check("action:", RelabelConfig { action: None, ..default() });
    check("action: KeepEqual", RelabelConfig { action: Some(Action::KeepEqual), ..default() });
    check("separator:", RelabelConfig { separator: String::new(), ..default() });
    check("separator: ''", RelabelConfig { separator: String::new(), ..default() });
    check("replacement: ~", RelabelConfig { replacement: String::new(), ..default() });
    let empty = crate::regex::GoRegex::anchored("").unwrap();
    check("regex:", RelabelConfig { regex: Some(empty), ..default() });
    let error = serde_saphyr::from_str::<RelabelConfig>("action: foo").unwrap_err();
    assert!(error.to_string().contains("unknown relabel action \"foo\""), "{error}");
}

#[test]
fn deserialising_does_not_borrow() {
    fn check<T: for<'de> Deserialize<'de>>() {}
    check::<RelabelConfig>();
}
