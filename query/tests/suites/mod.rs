//! Where the suites of other projects are: in `$NARTHEX_SUITES`, or in `../shared/suites` beside the workspace.

use std::path::PathBuf;

/// A file of the suites. `None` where the suites are not on this machine; CI insists on them.
pub(crate) fn path(file: &str) -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let suites = match std::env::var_os("NARTHEX_SUITES") {
        Some(dir) => workspace.join(dir),
        None => workspace.join("../shared/suites"),
    };
    let file = suites.join(file);
    if file.exists() {
        return Some(file);
    }
    assert!(std::env::var_os("NARTHEX_CI").is_none_or(|ci| ci != "1"), "{} is missing", file.display());
    println!("left out: {} is not on this machine", file.display());
    None
}

/// The text of a file of the suites.
pub(crate) fn read(file: &str) -> Option<String> {
    path(file).map(|path| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A JSON file of the suites.
pub(crate) fn json(file: &str) -> Option<serde_json::Value> {
    read(file).map(|text| serde_json::from_str(&text).unwrap())
}
