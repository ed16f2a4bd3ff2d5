//! `/api/v1/status/…`, which tell what they were given.

use crate::client::get;
use crate::server::{Setup, TestServer};

fn check(server: &TestServer, target: &str, want: &str) {
    let answer = get(server.address, target);
    assert_eq!((answer.status, answer.text().as_str()), (200, want), "{target}");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[test]
fn exactly() {
    let server = Setup::new().start_loaded();
    check(
        &server,
        "/api/v1/status/config",
        r#"{"status":"success","data":{"yaml":"global:\n  scrape_interval: 1m\n"}}"#,
    );
    check(
        &server,
        "/api/v1/status/flags",
        r#"{"status":"success","data":{"query.timeout":"2m","web.page-title":"a \u003cb\u003e"}}"#,
    );
    check(
        &server,
        "/api/v1/status/buildinfo",
        concat!(
            r#"{"status":"success","data":{"version":"3.14.0","revision":"abc","branch":"","buildUser":"","#,
            r#""buildDate":"","goVersion":"","application":"narthex","applicationVersion":"0.1.0"}}"#
        ),
    );
    let n_chunks =
        get(server.address, "/api/v1/status/tsdb").json()["data"]["headStats"]["chunkCount"].as_u64().unwrap();
    assert!(n_chunks >= 10);
    check(
        &server,
        "/api/v1/status/tsdb?limit=2",
        &concat!(
            r#"{"status":"success","data":{"headStats":{"numSeries":10,"numLabelPairs":10,"chunkCount":N,"minTime":0,"#,
            r#""maxTime":6000000},"seriesCountByMetricName":[{"name":"test_metric4","value":3},"#,
            r#"{"name":"test_metric1","value":2}],"labelValueCountByLabelName":[{"name":"__name__","value":5},"#,
            r#"{"name":"foo","value":2}],"memoryInBytesByLabelName":[{"name":"__name__","value":60},"#,
            r#"{"name":"host.name","value":9}],"seriesCountByLabelValuePair":[{"name":"foo=boo","value":5},"#,
            r#"{"name":"dup=1","value":4}]}}"#
        )
        .replace(":N,", &format!(":{n_chunks},")),
    );
    check(
        &server,
        "/api/v1/features",
        concat!(
            r#"{"status":"success","data":{"api":{"admin":false,"exclude_alerts":true,"label_values_match":true,"#,
            r#""lifecycle":false,"openapi_3.1":false,"openapi_3.2":false,"otlp_write_receiver":false,"query_stats":true,"#,
            r#""query_warnings":true,"remote_write_receiver":true,"search":false,"time_range_labels":true,"#,
            r#""time_range_series":true},"promql":{"bool":true}}}"#
        ),
    );
}

#[test]
fn no_features_in_the_build() {
    // Grafana takes a server whose build information has features for one of another kind.
    let server = Setup::new().start();
    assert!(get(server.address, "/api/v1/status/buildinfo").json()["data"]["features"].is_null());
    let version = get(server.address, "/version").json();
    assert_eq!((&version["version"], &version["application"]), (&"3.14.0".into(), &"narthex".into()));
}

#[test]
fn runtime() {
    let server = Setup::new().start();
    let info = get(server.address, "/api/v1/status/runtimeinfo").json()["data"].take();
    for (key, want) in [
        ("startTime", "2023-11-14T22:13:18.5Z"),
        ("serverTime", "2023-11-14T22:13:20Z"),
        ("lastConfigTime", "2023-11-14T22:13:19Z"),
        ("CWD", "/srv"),
        ("hostname", "here"),
        ("storageRetention", "15d"),
        ("authentication", "none"),
    ] {
        assert_eq!(info[key], want, "{key}");
    }
    assert_eq!((&info["corruptionCount"], &info["GOMEMLIMIT"]), (&0.into(), &i64::MAX.into()));
    assert!(info["goroutineCount"].as_i64().unwrap() > 0 && info["GOMAXPROCS"].as_i64().unwrap() > 0);
}

#[test]
fn limits() {
    let mut setup = Setup::new();
    setup.settings.limits.query_queue_time = std::time::Duration::MAX;
    setup.settings.limits.remote_write.max_samples = usize::MAX;
    let server = setup.start();
    let limits = get(server.address, "/api/v1/status/limits").json()["data"].take();
    let limits = limits.as_array().unwrap();
    let names: Vec<&str> = limits.iter().map(|limit| limit["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted());
    let find = |name: &str| limits.iter().find(|limit| limit["name"] == name).unwrap();
    assert_eq!(find("query_concurrency")["value"], 20);
    assert_eq!(find("query_concurrency")["use"], 0);
    assert_eq!(find("query_points")["value"], 11_000);
    assert_eq!(find("remote_write_body")["value"], 32 << 20);
    for unlimited in ["query_queue_time", "remote_write_max_samples_per_request"] {
        let limit = find(unlimited);
        assert!(limit["value"].is_null() && limit["default"].is_number(), "{limit}");
    }
    let given = r#"{"name":"a_limit","value":10,"default":null,"use":2,"unit":"bytes","setting":"--a"}"#;
    assert_eq!(find("a_limit"), &serde_json::from_str::<serde_json::Value>(given).unwrap());
    assert!(limits.iter().all(|limit| limit["setting"].as_str().is_some_and(|setting| !setting.is_empty())));
}
