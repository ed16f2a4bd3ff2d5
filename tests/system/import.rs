//! `narthex import openmetrics`, and `narthex tsdb` on what came of it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::narthex::{Narthex, free_address};
use crate::remote_write;

/// Runs narthex in a directory, with a text for standard input.
fn run(dir: &Path, args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_narthex"));
    command.current_dir(dir).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it prints; it must succeed.
fn printed(dir: &Path, args: &[&str], input: &str) -> String {
    let output = run(dir, args, input);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A day and a half of three series, in no order.
fn history() -> (String, Vec<String>) {
    let mut text = String::from("# TYPE requests counter\n");
    let mut lines = Vec::new();
    for minute in (0..36 * 60).rev() {
        for (code, value) in [("200", minute * 7), ("500", minute / 10), ("ü \"x\"", -minute)] {
            let seconds = 1_772_193_600 + minute * 60;
            let quoted = code.replace('"', "\\\"");
            text.push_str(&format!("requests_total{{code=\"{quoted}\"}} {value}.25 {seconds}\n"));
            lines.push(format!(
                "{{__name__=\"requests_total\", code=\"{quoted}\", site=\"a\"}} {value}.25 {seconds}000"
            ));
        }
    }
    text.push_str("# EOF\n");
    lines.sort();
    (text, lines)
}

#[test]
fn text_with_times_is_imported_once() {
    let dir = tempfile::tempdir().unwrap();
    let (text, lines) = history();
    let import = ["import", "openmetrics", "-", "--label", "site=a"];
    let summary = printed(dir.path(), &import, &text);
    assert!(summary.starts_with("6,480 samples of 3 series in 2 blocks\n"), "{summary}");
    let again = printed(dir.path(), &import, &text);
    assert_eq!(again, "nothing new was found\n2 blocks with 6,480 samples were there already\n");

    let dump = printed(dir.path(), &["tsdb", "dump"], "");
    let mut dumped: Vec<&str> = dump.lines().collect();
    dumped.sort_unstable();
    assert_eq!(dumped, lines);
    let some = printed(dir.path(), &["tsdb", "dump", "--match", "{code=\"200\"}", "--min-time", "1772193660000"], "");
    assert_eq!(some.lines().count(), 36 * 60 - 1);
    let list = printed(dir.path(), &["tsdb", "list", "-o", "json"], "");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list.as_array().unwrap().iter().map(|block| block["numSamples"].as_u64().unwrap()).sum::<u64>(), 6480);
    assert!(printed(dir.path(), &["tsdb", "verify"], "").ends_with("everything is whole\n"));

    let narthex = Narthex::start(dir.path(), free_address(), &["--storage.tsdb.retention.time=20y"]);
    let refused = run(dir.path(), &import, &text);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("stop narthex first"));
    // Blocks do not change, so they can be looked at meanwhile.
    assert!(printed(dir.path(), &["tsdb", "verify"], "").contains("narthex runs on the directory"));
    assert!(printed(dir.path(), &["tsdb", "analyze", "--all"], "").contains("3 series"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let written = (vec![("__name__".to_owned(), "written".to_owned())], vec![(now.as_millis() as i64, 0.5)]);
    assert_eq!(remote_write::send(narthex.address, &[written]).unwrap(), 204);
    narthex.kill();
    let dump = |data: &str| printed(dir.path(), &["tsdb", "dump", data], "");
    let before = dump("data");
    assert!(before.contains("{__name__=\"written\"} 0.5 "), "what stands in the log only");
    let snapshot = printed(dir.path(), &["tsdb", "snapshot"], "");
    assert_eq!(dump(snapshot.trim_end()), before, "a snapshot holds what the store holds");
}

#[test]
fn a_text_with_a_mistake_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(dir.path(), &["import", "openmetrics", "-"], "a 1 10\na{b=\"} 2 20\n# EOF\n");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("standard input:2:") && error.contains("\n  a{b=\"} 2 20"), "{error}");
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_damaged_block_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (text, _) = history();
    printed(dir.path(), &["import", "openmetrics", "-"], &text);
    let blocks = std::fs::read_dir(dir.path().join("data/blocks")).unwrap();
    let block = blocks.map(|entry| entry.unwrap().path()).max().unwrap();
    let mut bytes = std::fs::read(&block).unwrap();
    // In the first chunk or column.
    bytes[20] ^= 1;
    std::fs::write(&block, bytes).unwrap();
    let output = run(dir.path(), &["tsdb", "verify"], "");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(block.file_stem().unwrap().to_str().unwrap()), "{error}");
}
