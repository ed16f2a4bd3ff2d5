//! `narthex alert` and `narthex silence` beside amtool: the same verbs, asked of the same real Alertmanager, print the same.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Process, can_run, installed, wait_until};
use crate::http;
use crate::narthex::{PROGRAM, free_address};

const CONFIGURATION: &str = "route: {receiver: nobody, group_wait: 1s}\nreceivers: [{name: nobody}]\n";

/// What a command printed, and whether it was content.
type Printed = (bool, String);

#[test]
fn verbs_print_what_amtool_prints() {
    let (alertmanager, amtool) = (installed("peers/alertmanager"), installed("peers/amtool"));
    if !can_run(&[alertmanager.clone(), amtool.clone()], "tests/peers/build alertmanager") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("alertmanager.yml"), CONFIGURATION).unwrap();
    let address = free_address();
    let mut command = Command::new(alertmanager);
    command
        .arg(format!("--config.file={}", dir.path().join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", dir.path().join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=");
    let _alertmanager = Process::start(&mut command, &dir.path().join("log"));
    wait_until("Alertmanager is ready", || http::get(address, "/-/ready").is_ok_and(|response| response.status == 200));
    let url = format!("http://{address}");
    let ours = |arguments: &[&str]| run(Path::new(PROGRAM), &["--server", &url], arguments);
    let theirs = |arguments: &[&str]| run(&amtool, &["--alertmanager.url", &url, "--no-version-check"], arguments);
    let same = |arguments: &[&str]| {
        let (ours, theirs) = (ours(arguments), theirs(arguments));
        assert_eq!(ours, theirs, "{arguments:?}");
        ours.1
    };

    let start = ["--start", "2026-11-28T10:00:00Z", "--end", "2036-11-28T10:00:00Z"];
    let added = ["alert", "add", "Disk full", "instance=a", "severity=page", "--annotation=summary=\"it is full\""];
    assert_eq!(ours(&[&added[..], &start].concat()), (true, String::new()));
    let more = ["alert", "add", "alertname=Slow", "instance=\"b c\"", "--generator-url", "http://p/graph"];
    assert_eq!(ours(&more), (true, String::new()));
    wait_until("alerts are active", || theirs(&["alert", "query"]).1.lines().count() == 3);
    let all = same(&["alert", "query"]);
    assert!(all.contains("Disk full  2026-11-28 10:00:00 UTC  it is full  active"), "{all}");
    same(&["alert"]);
    same(&["alert", "query", "-o", "extended"]);
    same(&["alert", "query", "Disk full", "severity=~p.*"]);
    same(&["alert", "query", "Disk full", "severity!=page"]);
    same(&["alert", "query", "--silenced"]);
    same(&["alert", "query", "--receiver", "no.*", "-o", "extended"]);
    let documents = [ours(&["alert", "query", "-o", "json"]).1, theirs(&["alert", "query", "-o", "json"]).1];
    let documents = documents.map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
    assert_eq!(documents[0], documents[1]);

    let silence = ["silence", "add", "Disk full", "instance=~a|b", "-c", "it is known", "-a", "me", "-d", "2h"];
    let (is_added, id) = ours(&silence);
    assert!(is_added && id.trim().len() == 36, "{id:?}");
    let id = id.trim();
    assert!(theirs(&[&silence[..2], &["Slow"], &silence[4..]].concat()).0);
    for arguments in [
        &["silence"][..],
        &["silence", "query", "-o", "extended"],
        &["silence", "query", "Disk full"],
        &["silence", "query", "--within", "1h"],
        &["silence", "query", "--within", "3h", "-q"],
        &["silence", "query", "--created-by", "me", "--id", id],
        &["silence", "query", "--created-by", "you"],
        &["silence", "query", "--expired"],
    ] {
        same(arguments);
    }
    assert!(ours(&["silence", "update", id, "-c", "still", "-d", "4h", "-q"]).0);
    assert!(same(&["silence", "query", "--created-by", "me"]).contains("still"));

    let exported = ours(&["silence", "query", "-o", "json"]).1;
    std::fs::write(dir.path().join("silences.json"), &exported).unwrap();
    let file = dir.path().join("silences.json").display().to_string();
    assert_eq!(ours(&["silence", "expire", id]), (true, String::new()));
    assert!(same(&["silence", "query", "--expired", "-q"]).contains(id));
    assert!(ours(&["silence", "import", "--force", &file]).0);
    assert_eq!(same(&["silence", "query", "-q"]).lines().count(), 3);

    std::fs::write(&file, "x").unwrap();
    for arguments in [
        &["silence", "import", &file][..],
        &["silence", "expire", "00000000-0000-0000-0000-000000000000"],
        &["silence", "add", "a=~("],
        &["silence", "add", "a=b", "-d", "0s", "-c", "x"],
        &["alert", "add", "a!=b"],
    ] {
        assert!(!ours(arguments).0 && !theirs(arguments).0, "{arguments:?}");
    }
}

/// Runs a command.
fn run(program: &Path, server: &[&str], arguments: &[&str]) -> Printed {
    // The first words are verbs; flags stand behind them.
    let n_verbs = arguments.iter().take(2).take_while(|word| word.chars().all(|c| c.is_ascii_lowercase())).count();
    let mut command = Command::new(program);
    command.args(&arguments[..n_verbs]).args(server).args(&arguments[n_verbs..]).stdin(Stdio::null());
    let output = command.env_remove("NARTHEX_URL").output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}
