//! Every file of cases against a server that holds the fixture.

use crate::cases::check;
use crate::server::Setup;

/// Files whose answers are Prometheus's, byte for byte.
pub(crate) const SHARED: [&str; 7] =
    ["query.txt", "query_range.txt", "language.txt", "series.txt", "labels.txt", "label_values.txt", "others.txt"];

#[test]
fn as_prometheus() {
    let n_cases = check(Setup::new().start_loaded().address, &SHARED);
    println!("{n_cases} questions, each answered exactly");
    assert!(n_cases > 200);
}

#[test]
fn of_our_own() {
    check(Setup::new().start_loaded().address, &["own.txt"]);
}

#[test]
fn of_an_empty_store() {
    check(Setup::new().start().address, &["empty.txt"]);
}
