//! Where the suites are: `NARTHEX_SUITES`, or beside the checkout. Where they are missing, tests pass and say so, but not
//! in CI.

use std::path::PathBuf;

use serde_json::Value;

/// The directory with the suites; `None` where it is missing, which is said and, in CI, a failure.
pub(crate) fn suites() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites");
    let directory = std::env::var_os("NARTHEX_SUITES").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if directory.is_dir() {
        return Some(directory);
    }
    assert_ne!(std::env::var("NARTHEX_CI").as_deref(), Ok("1"), "no suites at {}", directory.display());
    #[expect(clippy::print_stdout, reason = "what is left out must be seen")]
    {
        println!("left out: no suites at {}", directory.display());
    }
    None
}

/// A file of the suites as bytes.
pub(crate) fn suite_file(path: &str) -> Option<Vec<u8>> {
    let path = suites()?.join(path);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A file of the suites as JSON.
pub(crate) fn suite_json(path: &str) -> Option<Value> {
    suite_file(path).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}
