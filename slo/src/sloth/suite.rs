//! Sloth's own examples: the rules that are made of them are Sloth's to the letter, and the thresholds of what is imported are
//! Sloth's to the last bit.

use std::collections::BTreeMap;

use model::duration::PromDuration;
use serde_json::Value;

use super::*;
use crate::export::{ExportOptions, prometheus_rules};
use crate::spec::{Catalog, Objective, Severity, SpecFile, load};
use crate::suites;

const EXAMPLES: &str = "sloth/upstream/examples";
const TESTDATA: &str = "sloth/upstream/test/integration/prometheus/testdata";
const DAY_MS: i64 = 24 * 3_600_000;

fn options(extra_labels: &[(&str, &str)]) -> RuleOptions {
    let extra_labels = extra_labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    RuleOptions { extra_labels, version: "dev".to_owned(), ..RuleOptions::default() }
}

/// The rules of a file, each document's by itself; an error in place of all.
fn generated(text: &str, options: &RuleOptions) -> Result<Vec<String>, String> {
    let file = SpecFile { path: "a.yml".to_owned(), text: text.to_owned() };
    let catalog = load(std::slice::from_ref(&file));
    let exported =
        prometheus_rules(&file, &catalog, &ExportOptions { sloth: options.clone(), ..ExportOptions::default() });
    exported.errors.first().map_or(Ok(exported.texts), |error| Err(error.message.clone()))
}

fn loaded(path: &str, text: &str) -> Catalog {
    load(&[SpecFile { path: path.to_owned(), text: text.to_owned() }])
}

/// The documents of a golden file, without their headers.
fn golden(name: &str) -> Vec<String> {
    let text = suites::text(name).unwrap();
    let text = text.replace("{{\"{{", "{{").replace("}}\"}}", "}}").replace("{{ .version }}", "dev");
    let documents = text.split("\n---\n").map(|document| {
        let lines = document.lines().skip_while(|line| line.is_empty() || line.starts_with('#'));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    });
    documents.filter(|document| !document.is_empty()).map(|document| document.trim_end().to_owned() + "\n").collect()
}

/// What is different between what is made of an input and a golden file.
fn difference(input: &str, want: &str, options: &RuleOptions) -> Option<String> {
    let found = match generated(&suites::text(input).unwrap(), options) {
        Ok(found) => found,
        Err(error) => return Some(error),
    };
    let (found, want) = (found.concat(), golden(want).concat());
    let line = found.lines().zip(want.lines()).find(|(found, want)| found != want);
    match line {
        Some((found, want)) => Some(format!("found {found:?}\n want {want:?}")),
        None if found != want => Some("one is longer".to_owned()),
        None => None,
    }
}

#[test]
fn rules_are_sloths_to_the_letter() {
    let Some(directory) = suites::path(&format!("{EXAMPLES}/_gen")) else { return };
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let paths = (format!("{EXAMPLES}/{name}"), format!("{EXAMPLES}/_gen/{name}"));
        cases.push((name, paths, options(&[("cmd", "examplesgen.sh")])));
    }
    assert_eq!(cases.len(), 18);
    let seven_days = suites::text("sloth/upstream/test/integration/prometheus/windows/7d.yaml").unwrap();
    let seven_days = Windows::parse(&Document::parse(&seven_days).unwrap()).unwrap();
    let four_weeks = Windows::built_in(28 * DAY_MS).unwrap();
    for (input, want, options) in [
        ("in-base", "out-base", options(&[])),
        ("in-base-k8s", "out-base-k8s", options(&[])),
        ("in-base", "out-base-no-alerts", RuleOptions { disable_alerts: true, ..options(&[]) }),
        ("in-base", "out-base-no-recordings", RuleOptions { disable_recordings: true, ..options(&[]) }),
        ("in-base", "out-base-extra-labels", options(&[("exk1", "exv1"), ("exk2", "exv2")])),
        ("in-sli-plugin", "out-sli-plugin", options(&[])),
        ("in-slo-plugin", "out-slo-plugin", options(&[])),
        ("in-slo-plugin-k8s", "out-slo-plugin-k8s", options(&[])),
        ("in-multifile", "out-multifile", options(&[])),
        ("in-multifile-k8s", "out-multifile-k8s", options(&[])),
        ("in-openslo", "out-openslo", options(&[])),
        ("in-base", "out-base-28d", RuleOptions { windows: four_weeks, ..options(&[]) }),
        ("in-base", "out-base-custom-windows-7d", RuleOptions { windows: seven_days, ..options(&[]) }),
    ] {
        let paths = (format!("{TESTDATA}/{input}.yaml"), format!("{TESTDATA}/{want}.yaml.tpl"));
        cases.push((want.to_owned(), paths, options));
    }
    let mut different = Vec::new();
    for (name, (input, want), options) in cases {
        if let Some(difference) = difference(&input, &want, &options) {
            println!("{name}: {difference}");
            different.push((name, "export".to_owned()));
        }
    }
    different.sort();
    let expected: Vec<_> = suites::exceptions("sloth").into_iter().filter(|(_, what)| what == "export").collect();
    assert_eq!(different, expected);
}

/// Alerts as `expected-thresholds.yaml` has them.
fn expected_alerts(slo: &Value) -> Vec<Value> {
    slo["alerts"].as_array().cloned().unwrap_or_default()
}

fn texts(value: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

fn check_alert(
    name: &str,
    want: &Value,
    burn: &crate::spec::BurnPolicy,
    percent: &str,
    more: &BTreeMap<String, String>,
) {
    let severity = if want["severity"] == "page" { Severity::Page } else { Severity::Ticket };
    let text = &burn.texts[&severity];
    assert_eq!(text.name.as_deref(), want["name"].as_str(), "{name}");
    let mut labels = more.clone();
    labels.extend(texts(&want["labels"]));
    assert_eq!(text.labels, labels, "{name}");
    assert_eq!(text.annotations, texts(&want["annotations"]), "{name}");
    let millis = |value: &Value| value.as_str().unwrap().parse::<PromDuration>().unwrap().as_millis();
    let float = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let want_pairs: Vec<_> = want["pairs"].as_array().unwrap().iter().collect();
    let pairs: Vec<_> = burn.pairs.iter().filter(|pair| pair.severity == severity).collect();
    assert_eq!(pairs.len(), want_pairs.len(), "{name}");
    let budget = (100.0 - percent.parse::<f64>().unwrap()) / 100.0;
    for (pair, want_pair) in pairs.iter().zip(want_pairs) {
        assert_eq!(
            (pair.short_ms, pair.long_ms, pair.for_ms),
            (millis(&want_pair["short"]), millis(&want_pair["long"]), 0)
        );
        let want_threshold = float(&want_pair["factor"]) * float(&want["budget"]);
        assert_eq!((pair.factor * budget).to_bits(), want_threshold.to_bits(), "{name}");
    }
}

#[test]
fn thresholds_and_names_of_what_is_imported_are_sloths() {
    let Some(expected) = suites::text("sloth/expected-thresholds.yaml") else { return };
    let expected = suites::yaml(&expected);
    let mut n_slos = 0;
    let mut not_imported = Vec::new();
    for (file, slos) in expected["files"].as_object().unwrap() {
        let text = suites::text(&format!("{EXAMPLES}/{file}")).unwrap();
        let catalog = loaded(file, &text);
        let mut services = Vec::new();
        for document in Document::parse_all(&text).into_iter().map(Result::unwrap) {
            services.extend(parse(&document).service.filter(|service| !service.slos.is_empty()));
        }
        for (id, want) in slos.as_object().unwrap() {
            n_slos += 1;
            let name = format!("{file} {id}");
            assert_eq!(want["period_days"], "30", "{name}");
            let slo = services.iter().find_map(|service| {
                let slo = service.slos.iter().find(|slo| slo.id(service) == *id)?;
                Some((service, slo))
            });
            // What is imported as a whole, where it can be; its thresholds in any case.
            let objective = catalog.objectives.values().find(|objective| {
                objective.id == *id
                    || service_of(objective).is_ok_and(|(service, _)| service.slos[0].id(&service) == *id)
            });
            if objective.is_none() {
                not_imported.push((format!("{file} {id}"), "import".to_owned()));
            }
            if let Some(objective) = objective {
                assert_eq!(
                    objective.percent.parse::<f64>().unwrap(),
                    want["objective_percent"].as_str().unwrap().parse::<f64>().unwrap()
                );
                assert_eq!(objective.window, crate::spec::Window::Rolling { length_ms: 30 * DAY_MS }, "{name}");
            }
            let Some((service, slo)) = slo else {
                assert!(expected_alerts(want).is_empty() && objective.is_some(), "{name}");
                continue;
            };
            let burn = objective::burn_policy(slo, service, &Windows::default());
            assert!(objective.is_none_or(|objective| *objective.burn == burn), "{name}");
            let mut more = slo.identity(service);
            more.extend(slo.labels.clone());
            let alerts = expected_alerts(want);
            assert_eq!(burn.texts.len(), alerts.len(), "{name}");
            assert_eq!(burn.pairs.len(), alerts.len() * 2, "{name}");
            for alert in &alerts {
                check_alert(&name, alert, &burn, &slo.percent, &more);
            }
        }
    }
    assert_eq!(n_slos, 27);
    not_imported.sort();
    let listed: Vec<_> = suites::exceptions("sloth").into_iter().filter(|(_, what)| what == "import").collect();
    assert_eq!(not_imported, listed);
}

#[test]
fn good_files_are_taken_and_bad_ones_are_not() {
    let Some(directory) = suites::path(&format!("{TESTDATA}/validate")) else { return };
    let mut taken = Vec::new();
    let mut n_files = 0;
    for kind in ["good", "bad"] {
        for entry in std::fs::read_dir(directory.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let catalog = loaded(&name, &std::fs::read_to_string(&path).unwrap());
            n_files += 1;
            let is_good = catalog.errors.is_empty() && !catalog.objectives.is_empty();
            if is_good != (kind == "good") {
                println!("{kind} {name}: {:?}", catalog.errors);
                taken.push((name, "validate".to_owned()));
            }
        }
    }
    assert_eq!(n_files, 14);
    let listed: Vec<_> = suites::exceptions("sloth").into_iter().filter(|(_, what)| what == "validate").collect();
    assert_eq!(taken, listed);
}

#[test]
fn the_same_slo_twice_is_an_error() {
    let Some(directory) = suites::path(&format!("{TESTDATA}/validate_with_duplicates")) else { return };
    let file = |path: &std::path::Path| SpecFile {
        path: path.file_name().unwrap().to_string_lossy().into_owned(),
        text: std::fs::read_to_string(path).unwrap(),
    };
    let check = |files: &[SpecFile]| {
        let catalog = load(files);
        assert!(!catalog.objectives.is_empty(), "{:?}", catalog.errors);
        assert!(catalog.errors.iter().any(|error| error.message.contains("already")), "{:?}", catalog.errors);
    };
    for kind in ["prom", "k8s", "openslo"] {
        let mut files: Vec<SpecFile> =
            std::fs::read_dir(directory.join(kind)).unwrap().map(|entry| file(&entry.unwrap().path())).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(files.len(), 2);
        check(&files);
    }
    check(&[file(&directory.join("bad-prom-multi-duplicates.yaml"))]);
}

#[test]
fn an_unknown_version_is_an_error_at_its_place() {
    let Some(text) = suites::text(&format!("{TESTDATA}/in-invalid-version.yaml")) else { return };
    let catalog = loaded("in.yaml", &text);
    assert_eq!(catalog.errors.len(), 1, "{:?}", catalog.errors);
    assert_eq!((catalog.errors[0].place.line, catalog.errors[0].place.column), (1, 10));
}

#[test]
fn mistakes_are_told_at_their_place() {
    let check = |text: &str, want: &[(usize, usize, &str)]| {
        let catalog = loaded("a.yml", text);
        let faults = catalog.errors.iter().chain(&catalog.warnings);
        let found: Vec<_> =
            faults.map(|fault| (fault.place.line, fault.place.column, fault.message.as_str())).collect();
        assert_eq!(found.len(), want.len(), "{text}: {found:?}");
        for (found, want) in found.iter().zip(want) {
            assert!((found.0, found.1) == (want.0, want.1) && found.2.contains(want.2), "{text}: {found:?}");
        }
    };
    let head = "version: prometheus/v1\nservice: shop\nslos:\n- name: a\n  objective: 99.9\n";
    let sli = "  sli: {events: {error_query: 'sum(rate(b[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))'}}\n";
    let quiet = "  alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}\n";
    let whole = format!("{head}{sli}{quiet}");
    check(&whole, &[]);
    check(&whole.replace("shop", "'shop/1'"), &[(2, 10, "is not a name")]);
    check(&whole.replace("99.9", "100"), &[(5, 14, "leaves no budget")]);
    check(&whole.replace("99.9", "101"), &[(5, 14, "outside of 0 to 100")]);
    check(&whole.replace("99.9", "0"), &[(5, 14, "above 0")]);
    check(&format!("{head}{sli}"), &[(4, 3, "alerts need a name")]);
    check(&whole.replace("rate(t", "rat(t"), &[(6, 73, "the query is not PromQL")]);
    check(
        &whole.replace("page_alert", "pageAlert").replace("  alerting: {", "  alerting: {name: n, "),
        &[(7, 23, "Sloth passes over pageAlert in a file: it is called page_alert there")],
    );
    check(&whole.replace("  sli: {", "  sli: {raw: {error_ratio_query: '1'}, "), &[(6, 3, "one of events, raw")]);
    let plugin = whole.replace(sli, "  sli: {plugin: {id: mine}}\n");
    check(&plugin, &[(6, 3, "only Sloth runs")]);
}

#[test]
fn files_that_are_written_are_read_as_the_same() {
    let Some(directory) = suites::path(EXAMPLES) else { return };
    let mut n_objectives = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let first = loaded("first.yml", &std::fs::read_to_string(&path).unwrap());
        let objectives: Vec<&Objective> =
            first.objectives.values().filter(|objective| objective.source.format == SourceFormat::Sloth).collect();
        let files = to_files(objectives.iter().copied()).unwrap();
        let files: Vec<SpecFile> = files.into_iter().map(|(path, text)| SpecFile { path, text }).collect();
        let second = load(&files);
        assert!(second.errors.is_empty(), "{}: {:?}", path.display(), second.errors);
        assert_eq!(second.objectives.len(), objectives.len());
        for objective in objectives {
            n_objectives += 1;
            let again = &second.objectives[&objective.id];
            let shown = |objective: &Objective| {
                let Objective { name, percent, window, labels, burn, title, description, .. } = objective;
                format!("{name} {percent} {window:?} {labels:?} {burn:?} {title} {description}")
            };
            assert_eq!(shown(again), shown(objective));
            assert_eq!(again.target, objective.target);
        }
    }
    assert!(n_objectives > 15, "{n_objectives}");
}
