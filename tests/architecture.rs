//! The edges between the rooms are those of ARCHITECTURE.md, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What each room may import. Dev-dependencies are free.
const MAY_IMPORT: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("journal", &["model"]),
    ("chart", &["model"]),
    ("query", &["model"]),
    ("net", &["model"]),
    ("tsdb", &["model", "journal"]),
    ("scrape", &["model", "net"]),
    ("alerting", &["model", "net", "query", "journal", "chart"]),
    ("slo", &["model", "net", "query", "journal", "chart", "alerting"]),
    ("web", &["model", "journal", "chart", "query", "net", "tsdb", "scrape", "alerting", "slo"]),
    ("narthex", &["model", "journal", "chart", "query", "net", "tsdb", "scrape", "alerting", "slo", "web"]),
];

#[test]
fn rooms_import_what_they_may() {
    let may_import: BTreeMap<&str, &[&str]> = MAY_IMPORT.into();
    for (room, imports) in imports() {
        if room == "benches" {
            continue;
        }
        let allowed = may_import.get(room.as_str()).unwrap_or_else(|| panic!("{room} is not in ARCHITECTURE.md"));
        for import in imports {
            assert!(allowed.contains(&import.as_str()), "{room} may not import {import}: see ARCHITECTURE.md");
        }
    }
}

/// The rooms, and which other rooms each depends on.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rooms: BTreeSet<String> = packages.iter().map(|package| text(&package["name"])).collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
            let imports = normal.map(|dependency| text(&dependency["name"])).filter(|name| rooms.contains(name));
            (text(&package["name"]), imports.collect())
        })
        .collect()
}
