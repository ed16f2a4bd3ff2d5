//! What `check metrics` says: promtool's words, over its own example and over the conventions one by one.

use scrape::lint::{self, Cardinality};

use crate::data;

#[test]
fn the_example_of_promtool() {
    let Some(body) = data::suite_file("promtool/metrics-test.prom") else { return };
    let Some(expectations) = data::suite_json("promtool/expectations.json") else { return };
    let expected = &expectations["check_metrics_extended"];
    let stats = lint::cardinality(&body).unwrap();
    let pairs: Vec<_> = stats.iter().map(|stat| serde_json::json!([stat.metric, stat.n_series])).collect();
    assert_eq!(serde_json::Value::from(pairs), expected["stats"]);
    assert_eq!(stats.iter().map(|stat: &Cardinality| stat.n_series).sum::<usize>(), expected["total"]);
    assert_eq!(lint::lint(&body), Ok(vec![]));
}

#[test]
fn each_convention_is_named_with_its_line() {
    let check = |body: &str, expected: &[&str]| {
        let problems = lint::lint(body.as_bytes()).unwrap();
        let shown: Vec<_> = problems.iter().map(|problem| format!("{}: {problem}", problem.line_number)).collect();
        assert_eq!(shown, expected, "{body}");
    };
    check("# HELP a x\n# TYPE a gauge\na 1\n", &[]);
    check("\na 1", &["2: a no help text"]);
    check("# HELP a x\n# TYPE a counter\na 1\n", &["1: a counter metrics should have \"_total\" suffix"]);
    check(
        "# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
        &["1: a_total non-counter metrics should not have \"_total\" suffix"],
    );
    check("# HELP a:b x\na:b 1\n", &["1: a:b metric names should not contain ':'"]);
    check(
        "# HELP fooBar x\nfooBar{bazQux=\"1\"} 1\n",
        &[
            "1: fooBar label names should be written in 'snake_case' not 'camelCase'",
            "1: fooBar metric names should be written in 'snake_case' not 'camelCase'",
        ],
    );
    check("# HELP a_ms x\na_ms 1\n", &["1: a_ms metric names should not contain abbreviated units"]);
    check("# HELP a_hours x\na_hours 1\n", &["1: a_hours use base unit \"seconds\" instead of \"hours\""]);
    check(
        "# HELP a_kilobytes_used x\na_kilobytes_used 1\n",
        &["1: a_kilobytes_used use base unit \"bytes\" instead of \"kilobytes\""],
    );
    check(
        "# HELP a_gauge x\n# TYPE a_gauge gauge\na_gauge 1\n",
        &["1: a_gauge metric name should not include type 'gauge'"],
    );
    check("# HELP a x\na{b=\"1\"} 1\na{b=\"1\"} 2\n", &["1: a metric not unique"]);
    check(
        "# HELP a_count x\n# TYPE a_count gauge\na_count{le=\"1\",quantile=\"1\"} 1\n",
        &[
            "1: a_count non-histogram and non-summary metrics should not have \"_count\" suffix",
            "1: a_count non-histogram metrics should not have \"le\" label",
            "1: a_count non-summary metrics should not have \"quantile\" label",
        ],
    );
}

#[test]
fn what_cannot_be_read_is_an_error_with_its_line() {
    let check = |body: &str, message: &str| assert_eq!(lint::lint(body.as_bytes()).unwrap_err().to_string(), message);
    check(
        "a 1\n\nb x\n",
        "text format parsing error in line 3: strconv.ParseFloat: parsing \"x\": invalid syntax while parsing: \"b x\"",
    );
    check(
        "a 1\nb{c=\"1\",c=\"2\"} 1\n",
        "text format parsing error in line 2: label name \"c\" is not unique: invalid sample",
    );
}
