//! The routes of a shop: their series, how fast these grow, and the files that promise something of each.

use std::ops::Range;

use slo::spec::SpecFile;

use crate::shop::promise;

/// The series of a route.
pub const SERIES_PER_ROUTE: usize = 7;
/// The routes of a target.
pub const ROUTES_PER_TARGET: usize = 50;
/// Codes, and how many of each there are a second. Two of the seven are errors.
pub const CODES: [(&str, f64); SERIES_PER_ROUTE] =
    [("200", 9.7), ("201", 3.1), ("204", 1.9), ("302", 0.7), ("404", 0.3), ("500", 0.002), ("503", 0.001)];
/// One route of so many burns its budget all the time.
const BURNING: usize = 100;
const BURNING_PER_S: f64 = 0.7;
/// A file has so many documents at most.
const DOCUMENTS_PER_FILE: usize = 100;

/// The label `instance` of a target.
pub fn instance(target: usize) -> String {
    format!("shop-{target}:8080")
}

/// The labels of a series of a route, sorted by name, as they are stored.
pub fn labels(route: usize, code: usize) -> [(&'static str, String); 5] {
    [
        ("__name__", "http_requests_total".to_owned()),
        ("code", CODES[code].0.to_owned()),
        ("instance", instance(route / ROUTES_PER_TARGET)),
        ("job", "shop".to_owned()),
        ("route", format!("/r{route}")),
    ]
}

/// How much a series of a route grows by in a second.
pub fn per_s(route: usize, code: usize) -> f64 {
    match CODES[code] {
        ("500", _) if route % BURNING == BURNING - 1 => BURNING_PER_S,
        (_, per_s) => per_s * (1 + route % 5) as f64,
    }
}

/// What a counter says so long after it began; before that nothing.
pub fn grown(since_ms: i64, per_s: f64) -> f64 {
    (since_ms.max(0) as f64 / 1000.0 * per_s).floor()
}

/// A document that promises 99.9 % of a route over thirty days.
pub fn promise_of_month(route: usize) -> String {
    promise(route, "30d", "code=~\"5..\"")
}

/// Files with a document for each number; a file is called after its first.
pub fn spec_files(numbers: Range<usize>, document: impl Fn(usize) -> String) -> Vec<SpecFile> {
    let file = |first: usize| {
        let documents: Vec<String> = (first..numbers.end.min(first + DOCUMENTS_PER_FILE)).map(&document).collect();
        SpecFile { path: format!("{first}.yml"), text: documents.join("---\n") }
    };
    numbers.clone().step_by(DOCUMENTS_PER_FILE).map(file).collect()
}
