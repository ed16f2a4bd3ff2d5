//! `/metrics`, which is held to the letter of both formats, and `/federate`.

use model::Labels;
use scrape::lint::lint;
use scrape::parse::strict;

use crate::client::{ask, encoded, get};
use crate::fixture::{Series, write};
use crate::server::{NOW_MS, Setup, TestServer};
use crate::targets;

/// A server that has something to tell.
pub(crate) fn busy_server() -> TestServer {
    let server = targets::start(targets::start_exporter());
    for target in ["/api/v1/query?query=up", "/api/v1/query?query=(", "/-/ready", "/nope", "/assets/nope"] {
        get(server.address, target);
    }
    write(server.address, &[Series::new(&[("__name__", "w")], &[(1, 1.0)])]);
    server
}

#[test]
fn both_formats() {
    let server = busy_server();
    let of = |accept: &str| ask(server.address, "GET", "/metrics", &[("Accept", accept)], b"");
    let text = of("text/plain");
    assert_eq!(text.header("content-type"), "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    let problems: Vec<String> = lint(&text.body).unwrap().iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let open_metrics = of("application/openmetrics-text;version=1.0.0");
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    assert_eq!(open_metrics.header("content-type"), content_type);
    if let Err(violation) = strict::check(&open_metrics.body) {
        panic!("{violation}\n{}", violation.drawn());
    }
}

#[test]
fn names_and_values() {
    let server = busy_server();
    let text = get(server.address, "/metrics").text();
    let families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(families.len() > 40, "{families:?}");
    // Rules and notifications bear the names that dashboards of Prometheus and Alertmanager ask for.
    let prefixes = ["narthex_", "process_", "prometheus_notifications_", "prometheus_rule_", "alertmanager_"];
    let stranger = families.iter().find(|name| !prefixes.iter().any(|prefix| name.starts_with(prefix)));
    assert_eq!(stranger, None, "{families:?}");
    let helped = text.lines().filter(|line| line.starts_with("# HELP ")).count();
    assert_eq!(helped, families.len(), "each has a help");
    for line in [
        "narthex_build_info{version=\"0.1.0\",revision=\"abc\",compiler=\"\"} 1",
        "narthex_ready 1",
        "narthex_config_last_reload_successful 1",
        "narthex_http_requests_total{handler=\"/api/v1/query\",code=\"200\"} 1",
        "narthex_http_requests_total{handler=\"/api/v1/query\",code=\"400\"} 1",
        "narthex_http_requests_total{handler=\"/assets/*filepath\",code=\"404\"} 1",
        "narthex_http_request_duration_seconds_count{handler=\"/api/v1/query\"} 2",
        "narthex_remote_write_samples_total{kind=\"float\"} 1",
        "narthex_limit{name=\"query_concurrency\"} 20",
        "narthex_limit_used{name=\"a_limit\"} 2",
        "narthex_http_panics_total 0",
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
    }
}

/// Series to be federated, one with its time.
pub(crate) fn federated(now_ms: i64) -> Vec<Series> {
    vec![
        Series::new(&[("__name__", "fed"), ("foo", "bar")], &[(now_ms - 60_000, 1.0), (now_ms, 1.5)]),
        Series::new(&[("__name__", "fed"), ("instance", "i")], &[(now_ms, 2.0)]),
        Series::new(&[("__name__", "fed.utf8"), ("é", "q\"\n\\")], &[(now_ms, 1e21)]),
        Series::new(&[("__name__", "nan")], &[(now_ms, f64::NAN)]),
        Series::new(&[("__name__", "old")], &[(now_ms - 301_000, 1.0)]),
        Series::new(&[("__name__", "stale")], &[(now_ms, f64::from_bits(0x7ff0_0000_0000_0002))]),
    ]
}

/// What `Accept` headers are federated with.
pub(crate) const ACCEPTS: [&str; 4] = [
    "*/*",
    "application/openmetrics-text;version=1.0.0",
    "text/plain;version=0.0.4",
    "text/plain;version=1.0.0;escaping=allow-utf-8",
];

/// External labels of a server that is federated from.
pub(crate) const EXTERNAL: [(&str, &str); 2] = [("dc", "x"), ("foo", "ext")];

#[test]
fn federation() {
    let mut setup = Setup::new();
    setup.external_labels = Labels::from_pairs(EXTERNAL);
    let server = setup.start();
    assert_eq!(write(server.address, &federated(NOW_MS)).status, 204);
    let escaped = "# TYPE fed untyped\n\
        fed{foo=\"bar\",dc=\"x\",instance=\"\"} 1.5 1700000000000\n\
        fed{instance=\"i\",dc=\"x\",foo=\"ext\"} 2 1700000000000\n\
        # TYPE fed_utf8 untyped\n\
        fed_utf8{_=\"q\\\"\\n\\\\\",dc=\"x\",foo=\"ext\",instance=\"\"} 1e+21 1700000000000\n\
        # TYPE nan untyped\n\
        nan{dc=\"x\",foo=\"ext\",instance=\"\"} NaN 1700000000000\n";
    let quoted = escaped.replace("# TYPE fed_utf8", "# TYPE \"fed.utf8\"");
    let quoted = quoted.replace("fed_utf8{_=", "{\"fed.utf8\",\"é\"=");
    let target = format!("/federate?match[]={}&match[]=fed", encoded(r#"{__name__=~".+"}"#));
    for accept in ACCEPTS {
        let answer = ask(server.address, "GET", &target, &[("Accept", accept)], b"");
        let is_quoted = accept.contains("allow-utf-8");
        assert_eq!(answer.text(), if is_quoted { &quoted } else { escaped }, "{accept}");
        let escaping = if is_quoted { "allow-utf-8" } else { "underscores" };
        let content_type = format!("text/plain; version=0.0.4; charset=utf-8; escaping={escaping}");
        assert_eq!(answer.header("content-type"), content_type);
    }
    let check = |target: &str, status: u16, body: &str| {
        let answer = get(server.address, target);
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{target}");
    };
    check("/federate", 200, "");
    check("/federate?match[]=nope", 200, "");
    check("/federate?match[]=a%7B", 400, "1:3: parse error: unexpected end of input inside braces\n");
}
