//! Pipelines ask a real server: as GitLab and Jenkins run them, with the exit codes and the reports that they show.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::http;
use crate::narthex::{Narthex, PROGRAM, free_address};
use crate::promise::promise;

/// A gate that denies, warns and does not know by the class of the change, so that nothing has to burn first.
const SPEC: &str = r#"
---
apiVersion: narthex/v1
kind: Product
metadata: {name: shop, displayName: Shop}
spec:
  objective: {targetPercent: 99, timeWindow: {duration: 28d, isRolling: true}}
  composition: {method: events, components: [{slo: answers, role: own}]}
---
apiVersion: narthex/v1
kind: ReleaseGate
metadata: {name: shop-prod}
spec:
  product: shop
  services: [api]
  environment: production
  preDeploy:
    deny: ["change == config", "change == security and remaining < 10%"]
    warn: ["change == fix"]
  postDeploy: {soak: 1s, failWhen: ["change == rollback"]}
  onUnknown: unknown
  override: {roles: [engineering], requireReason: true, expires: 24h}
"#;

/// A directory with a server's files and a pipeline's.
fn directory() -> tempfile::TempDir {
    directory_with("narthex: {slo_files: [shop.yml]}\n", &(promise("api", "shop", "answers", "99") + SPEC))
}

/// The same with a configuration and a spec file.
pub(crate) fn directory_with(config: &str, spec: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("prometheus.yml"), config).unwrap();
    std::fs::write(dir.path().join("shop.yml"), spec).unwrap();
    let script = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("#!/usr/bin/env bash\n{text}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    // A version that is called bad does not get out.
    script(
        "deploy.sh",
        "case $CI_COMMIT_SHA in bad*) \"$NARTHEX\" deploy failed --service api --version \"$CI_COMMIT_SHA\";; esac",
    );
    script("rollback.sh", "echo rolled back");
    dir
}

/// A pipeline.
pub(crate) struct Pipeline<'a> {
    pub(crate) script: &'a str,
    pub(crate) dir: &'a Path,
    pub(crate) server: SocketAddr,
}

impl Pipeline<'_> {
    /// Runs it; its exit code, what it printed, and the report of the gate.
    fn run(&self, version: &str, change: &str, variables: &[(&str, &str)]) -> (i32, String, String) {
        let report = self.dir.join("gate.xml");
        // There is none before the first.
        let _ = std::fs::remove_file(&report);
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/system/pipelines").join(self.script);
        let out = Command::new("bash")
            .arg(script)
            .current_dir(self.dir)
            .env("NARTHEX", PROGRAM)
            .env("NARTHEX_URL", format!("http://{}", self.server))
            .env_remove("NARTHEX_TOKEN")
            .envs([("CI_COMMIT_SHA", version), ("GIT_COMMIT", version), ("CHANGE_CLASS", change), ("CHANGE", change)])
            .envs([("CI_PIPELINE_URL", "https://ci.example.org/1"), ("BUILD_URL", "https://ci.example.org/1")])
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        (out.status.code().unwrap(), text, std::fs::read_to_string(report).unwrap_or_default())
    }

    /// Runs it and looks at the exit code, at a word that it prints, and at a piece of the report.
    pub(crate) fn check(&self, asked: (&str, &str), variables: &[(&str, &str)], want: (i32, &str, &str)) {
        let (code, text, report) = self.run(asked.0, asked.1, variables);
        assert_eq!(code, want.0, "{} {asked:?} {variables:?}: {text}", self.script);
        assert!(text.contains(want.1), "{} {asked:?}: {text}", self.script);
        assert!(report.contains(want.2), "{} {asked:?}: {report}", self.script);
        assert!(report.starts_with("<?xml") && report.ends_with("</testsuites>\n"), "{report}");
    }
}

pub(crate) fn override_gate(server: SocketAddr, version: &str, role: &str) -> i32 {
    let words = ["gate", "override", "shop-prod", "--version", version, "--role", role, "--reason", "the fair opens"];
    let status = Command::new(PROGRAM).args(words).env("NARTHEX_URL", format!("http://{server}")).status().unwrap();
    status.code().unwrap()
}

pub(crate) const FINE: &str = "failures=\"0\" errors=\"0\"";

#[test]
fn pipelines_of_gitlab_are_answered() {
    let dir = directory();
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let gitlab = Pipeline { script: "gitlab.sh", dir: dir.path(), server: narthex.address };
    gitlab.check(("v1", "feature"), &[], (0, "budget_gate: 0", FINE));
    gitlab.check(("v2", "fix"), &[], (0, "budget_gate: 10", FINE));
    gitlab.check(("v3", "config"), &[], (20, "budget_gate: 20", "<failure message=\"deny: change == config"));
    gitlab.check(("v4", "security"), &[], (30, "budget_gate: 30", "type=\"unknown\""));
    let (code, text, report) = gitlab.run("v5", "party", &[]);
    assert!(code == 2 && text.contains("is no class of changes") && report.is_empty(), "{code} {text}");
    assert_eq!(override_gate(narthex.address, "v3", "marketing"), 2);
    assert_eq!(override_gate(narthex.address, "v3", "engineering"), 0);
    gitlab.check(("v3", "config"), &[], (0, "overridden by", FINE));
    gitlab.check(("bad1", "feature"), &[], (1, "rolled back", FINE));
    let states = || {
        let all = narthex.api("/api/v1/deployments");
        let shown = |one: &serde_json::Value| {
            format!("{} {}", one["version"].as_str().unwrap(), one["state"].as_str().unwrap())
        };
        let mut states: Vec<String> = all.as_array().unwrap().iter().map(shown).collect();
        states.sort();
        states
    };
    let want = ["bad1 rolled_back", "v1 succeeded", "v2 succeeded", "v3 succeeded"];
    assert_eq!(states(), want);
    let dora = narthex.api("/api/v1/products/shop/ledger")["dora"].take();
    assert_eq!((&dora["deployments"], &dora["change_failure_ratio"]), (&4.into(), &0.25.into()), "{dora}");
    let limits = narthex.api("/api/v1/status/limits");
    let used =
        |name: &str| limits.as_array().unwrap().iter().find(|limit| limit["name"] == name).unwrap()["use"].clone();
    let (n_asked, n_objectives) = (used("gate_evaluations").as_f64().unwrap(), used("slo_objectives"));
    assert_eq!((used("deployments"), used("gate_overrides"), n_objectives), (4.into(), 1.into(), 1.into()));
    assert!(n_asked >= 6.0, "{n_asked}");
    assert!(used("slo_uncounted_first_values").is_number(), "{limits}");
    // Nobody is there: the code says so, or what the pipeline takes it for.
    let address = narthex.address;
    narthex.kill();
    gitlab.check(("v6", "feature"), &[], (3, "budget_gate: 3", "type=\"unreachable\""));
    gitlab.check(("v6", "feature"), &[("ON_UNREACHABLE", "deny")], (20, "budget_gate: 20", "type=\"deny\""));
    gitlab.check(("v6", "feature"), &[("ON_UNREACHABLE", "allow")], (0, "budget_gate: 0", FINE));
    // What was acknowledged before the kill is there.
    let narthex = Narthex::start(dir.path(), address, &[]);
    let all = http::get(narthex.address, "/api/v1/deployments").unwrap().json();
    assert_eq!(all["data"].as_array().unwrap().len(), want.len(), "{all}");
}

#[test]
fn pipelines_of_jenkins_are_answered() {
    let dir = directory();
    let narthex = Narthex::start(dir.path(), free_address(), &[]);
    let jenkins = Pipeline { script: "jenkins.sh", dir: dir.path(), server: narthex.address };
    jenkins.check(("v1", "feature"), &[], (0, "deployed", FINE));
    jenkins.check(("v2", "fix"), &[], (0, "UNSTABLE: error budget critical", FINE));
    jenkins.check(
        ("v3", "config"),
        &[],
        (1, "ERROR: release gate: exit 20", "<failure message=\"deny: change == config"),
    );
    assert_eq!(override_gate(narthex.address, "v3", "engineering"), 0);
    jenkins.check(("v3", "config"), &[], (0, "deployed", FINE));
    let address = narthex.address;
    narthex.kill();
    jenkins.check(("v4", "feature"), &[], (1, "ERROR: release gate: exit 3", "type=\"unreachable\""));
    assert_eq!(override_gate(address, "v3", "engineering"), 3);
}
