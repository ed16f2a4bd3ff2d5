//! OpenSLO's own files: its SDK's vectors and the examples of its specification.

use std::path::Path;

use serde_json::Value;

use super::references::{apart, inline, objects};
use crate::spec::{SpecFault, SpecFile, load};
use crate::suites;

const VECTORS: &str = "openslo/go-sdk/pkg/openslosdk/test_data";

fn read(directory: &str, file: &str) -> Option<String> {
    suites::text(&format!("{directory}/{file}"))
}

/// All files below a directory, by their paths from it.
fn files_below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                found.push(path.strip_prefix(directory).unwrap().display().to_string());
            }
        }
    }
    found
}

/// Two lists of objects are alike where each has what the other has; their order is the SDK's own affair.
fn sorted(objects: &[Value]) -> Vec<String> {
    let mut shown: Vec<String> = objects.iter().map(|object| format!("{object:#}")).collect();
    shown.sort();
    shown
}

#[test]
fn what_is_decoded_is_encoded_alike() {
    let check = |yaml: &str, json: &str| {
        let Some(yaml) = read(VECTORS, yaml) else { return };
        let json: Value = serde_json::from_str(&read(VECTORS, json).unwrap()).unwrap();
        let json = json.as_array().cloned().unwrap_or_else(|| vec![json]);
        assert_eq!(objects(&yaml), json);
        let written = model::yaml::to_yaml(&json).unwrap();
        assert_eq!(objects(&written), json);
    };
    check("encode/v1_slo.yaml", "encode/v1_slo.json");
    check("decode/single_object.yaml", "decode/single_object.json");
    check("decode/sequence_of_objects.yaml", "decode/sequence_of_objects.json");
    check("decode/two_documents.yaml", "decode/sequence_of_objects.json");
}

#[test]
fn objects_are_put_into_one_another() {
    let check = |file: &str, keeps_named: bool| {
        let Some(input) = read(VECTORS, &format!("inline/inputs/{file}")) else { return };
        let want = objects(&read(VECTORS, &format!("inline/outputs/{file}")).unwrap());
        assert_eq!(sorted(&inline(objects(&input), keeps_named).unwrap()), sorted(&want), "{file}");
    };
    check("v1_alert_policies_keep_refs.yaml", true);
    check("v1_alert_policies_remove_refs.yaml", false);
    check("v1_slo.yaml", false);
}

#[test]
fn objects_are_taken_apart() {
    let check = |file: &str| {
        let Some(input) = read(VECTORS, &format!("export/inputs/{file}")) else { return };
        let want = objects(&read(VECTORS, &format!("export/outputs/{file}")).unwrap());
        assert_eq!(sorted(&apart(objects(&input))), sorted(&want), "{file}");
    };
    check("v1_alert_policies.yaml");
    check("v1_slo.yaml");
}

#[test]
fn what_is_invalid_is_refused_with_its_line() {
    let check = |file: &str, want: &str| {
        let Some(text) = read(VECTORS, &format!("inline/inputs/{file}")) else { return };
        assert!(inline(objects(&text), false).is_err(), "{file}");
        let catalog = load(&[SpecFile { path: file.to_owned(), text }]);
        let told: Vec<String> =
            catalog.errors.iter().map(|fault| format!("{}: {}", fault.place.line, fault.message)).collect();
        assert!(told.iter().any(|told| told == want), "{file}: {told:?}");
    };
    check("v1_alert_policies_invalid_condition.yaml", "8: there is no AlertCondition cpu-usage-breach");
    check("v1_alert_policies_invalid_target.yaml", "25: there is no AlertNotificationTarget devs-email-notification");
    check("v1_slo_invalid_policy.yaml", "9: there is no AlertPolicy no-policy");
    check("v1_slo_invalid_sli.yaml", "7: there is no SLI no-sli (did you mean `my-sli`?)");
    check("v1_slo_invalid_target.yaml", "32: there is no AlertNotificationTarget devs-email-notification");
    let Some(directory) = suites::path("openslo") else { return };
    let n_invalid = files_below(&directory).iter().filter(|file| file.contains("_invalid_")).count();
    assert_eq!(n_invalid, 5);
}

/// Every file of the suite is read, and what cannot be evaluated is listed, one by one.
#[test]
fn examples_are_taken_or_listed() {
    let Some(directory) = suites::path("openslo") else { return };
    let (mut told, mut n_files) = (Vec::new(), 0);
    for file in files_below(&directory) {
        if file.contains("_invalid_") || file.ends_with(".md") {
            continue;
        }
        n_files += 1;
        let text = std::fs::read_to_string(directory.join(&file)).unwrap();
        let catalog = load(&[SpecFile { path: file.clone(), text }]);
        let case = |fault: &SpecFault| format!("{file}:{}:{}", fault.place.line, fault.place.column);
        told.extend(catalog.errors.iter().map(|fault| (case(fault), fault.message.clone())));
    }
    told.sort();
    assert_eq!((n_files, told), (44, suites::exceptions("openslo")));
}
