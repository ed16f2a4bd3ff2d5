//! The 211 cases of the OpenMetrics project: a strict parser accepts exactly those that it should.

use scrape::parse::strict;

use crate::data;

#[test]
fn accepts_exactly_what_the_specification_allows() {
    let Some(suite) = data::suite_json("textparse/openmetrics-suite.json") else { return };
    let cases = suite["cases"].as_array().unwrap();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let outcome = strict::check(case["input"].as_str().unwrap().as_bytes());
            let is_right = outcome.is_ok() == case["should_parse"].as_bool().unwrap();
            (!is_right).then(|| format!("{}: {outcome:?}", case["name"]))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(cases.len(), 211);
    println!("textparse/openmetrics-suite.json: {} bodies judged", cases.len());
}

#[test]
fn violations_are_drawn_with_their_place() {
    let check = |body: &str, message: &str, drawn: &str| {
        let violation = strict::check(body.as_bytes()).unwrap_err();
        assert_eq!((violation.to_string(), violation.drawn()), (message.to_owned(), drawn.to_owned()));
    };
    check(
        "# TYPE a counter\na_total{b=\"é\",} 1\n# EOF\n",
        "line 2, column 14: no comma may stand before the closing brace",
        "a_total{b=\"é\",} 1\n             ^",
    );
    check(
        "# TYPE a counter\na_total -1\n# EOF\n",
        "line 2, column 1: a counter can't be negative or NaN",
        "a_total -1\n^",
    );
    check(
        "a 1\nb  2\n# EOF\n",
        "line 2, column 3: expected value after metric, got \"  \" (\"INVALID\") while parsing: \"b  \"",
        "b  2\n  ^",
    );
}
