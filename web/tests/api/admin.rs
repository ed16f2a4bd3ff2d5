//! What changes the store: only where that is allowed, and never from another page.

use std::net::SocketAddr;

use crate::client::{Answer, ask, encoded, get};
use crate::fixture;
use crate::server::{Setup, TestServer};

#[test]
fn sealing_changes_no_answer() {
    let mut setup = Setup::new();
    setup.settings.enable_admin = true;
    let server = setup.start();
    fixture::load(server.address);
    let target = format!("/api/v1/query?query={}&time=2000000000", encoded(r#"{__name__=~".+"}[100y]"#));
    let before = get(server.address, &target).text();
    let seal = |headers: &[(&str, &str)]| ask(server.address, "POST", "/api/v1/admin/tsdb/seal", headers, b"");
    assert_eq!(seal(&[("Origin", "http://evil.example")]).status, 403);
    let blocks =
        || get(server.address, "/api/v1/status/tsdb/blocks").json()["data"]["blocks"].as_array().unwrap().len();
    assert_eq!(blocks(), 0);

    let sealed = seal(&[]);
    assert_eq!(sealed.status, 200, "{}", sealed.text());
    assert!(sealed.json()["data"]["samples"].as_u64().unwrap() > 0, "{}", sealed.text());
    assert_eq!(blocks(), 1);
    assert!(get(server.address, "/metrics").text().contains("\nnarthex_tsdb_blocks 1\n"));
    assert_eq!(get(server.address, &target).text(), before);
    assert_eq!(seal(&[]).json()["data"]["samples"], 0, "nothing is left to seal");
}

fn start() -> TestServer {
    let mut setup = Setup::new();
    setup.settings.enable_admin = true;
    let server = setup.start();
    fixture::load(server.address);
    server
}

fn act(address: SocketAddr, method: &str, target: &str) -> Answer {
    ask(address, method, &format!("/api/v1/admin/tsdb/{target}"), &[], b"")
}

/// What Prometheus 3.14 answers, and what is narthex's own: method, path and parameters, status, body.
const ANSWERS: &[(&str, &str, u16, &str)] = &[
    ("POST", "delete_series", 400, r#"bad_data","error":"no match[] parameter provided"}"#),
    ("POST", "delete_series?match[]=nothing", 204, ""),
    ("PUT", "delete_series?match[]=nothing", 204, ""),
    (
        "POST",
        "delete_series?match[]=up%7B",
        400,
        r#"bad_data","error":"invalid parameter \"match[]\": 1:4: parse error: unexpected end of input inside braces"}"#,
    ),
    ("POST", "delete_series?match[]=%7Bnothing=~%22.%2B%22%7D", 204, ""),
    (
        "POST",
        "delete_series?match[]=up&start=xyz",
        400,
        r#"bad_data","error":"invalid parameter \"start\": invalid time value for 'start': cannot parse \"xyz\" to a valid timestamp"}"#,
    ),
    (
        "POST",
        "delete_series?match[]=up%7B&end=xyz",
        400,
        r#"bad_data","error":"invalid parameter \"end\": invalid time value for 'end': cannot parse \"xyz\" to a valid timestamp"}"#,
    ),
    ("POST", "delete_series?match[]=up&start=10&end=5", 204, ""),
    (
        "POST",
        "delete_series?match[]=up%zz",
        400,
        r#"bad_data","error":"error parsing form values: invalid URL escape \"%zz\""}"#,
    ),
    ("GET", "delete_series?match[]=up", 405, "Method Not Allowed"),
    ("POST", "clean_tombstones", 204, ""),
    ("GET", "clean_tombstones", 405, "Method Not Allowed"),
    (
        "POST",
        "snapshot?skip_head=xxx",
        400,
        r#"bad_data","error":"invalid parameter \"skip_head\": unable to parse boolean: strconv.ParseBool: parsing \"xxx\": invalid syntax"}"#,
    ),
    ("DELETE", "snapshot", 405, "Method Not Allowed"),
    ("POST", "undelete", 400, r#"bad_data","error":"no id or match[] parameter provided"}"#),
    ("POST", "undelete?id=7", 404, r#"not_found","error":"no such deletion"}"#),
    ("POST", "undelete?match[]=nothing", 404, r#"not_found","error":"no such deletion"}"#),
    (
        "POST",
        "undelete?id=x",
        400,
        r#"bad_data","error":"invalid parameter \"id\": strconv.Atoi: parsing \"x\": invalid syntax"}"#,
    ),
    ("GET", "undelete?id=7", 405, "Method Not Allowed"),
    ("GET", "deletions", 200, r#"{"status":"success","data":[]}"#),
];

#[test]
fn mistakes_are_told_in_prometheus_s_words() {
    let server = start();
    for &(method, target, status, body) in ANSWERS {
        let answer = act(server.address, method, target);
        let text = answer.text();
        let is_right = if body.is_empty() { text.is_empty() } else { text.trim_end().ends_with(body) };
        assert!(is_right && answer.status == status, "{method} {target}: {} {text}", answer.status);
    }
}

#[test]
fn what_is_deleted_is_seen_nowhere_and_comes_back() {
    let server = start();
    let address = server.address;
    let everything = encoded(r#"{__name__=~".+"}[100y]"#);
    let everything = format!("/api/v1/query?query={everything}&time=2000000000");
    let metric = r#"{__name__=~".+"}"#;
    let series = format!("/api/v1/series?match[]={}", encoded(metric));
    let federate = format!("/federate?match[]={}", encoded(metric));
    let names = "/api/v1/label/__name__/values".to_owned();
    let paths = [everything, series, federate, names];
    let read = || paths.iter().map(|path| get(address, path).text()).collect::<Vec<_>>();
    let before = read();
    let name = get(address, &paths[3]).json()["data"][0].as_str().unwrap().to_owned();

    let form = format!("match[]={}", encoded(&name));
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let deleted = ask(address, "POST", "/api/v1/admin/tsdb/delete_series", &headers, form.as_bytes());
    assert_eq!((deleted.status, deleted.text()), (204, String::new()));
    for (path, text) in paths.iter().zip(read()) {
        assert!(!text.contains(&format!("{name}\"")) && !text.contains(&format!("{name}{{")), "{path}: {text}");
    }
    let listed = act(address, "GET", "deletions").json();
    let deletion = &listed["data"][0];
    assert_eq!((&deletion["id"], &deletion["start"]), (&0.into(), &serde_json::Value::Null), "{listed}");
    assert_eq!(deletion["match"][0], format!("{{__name__=\"{name}\"}}"));
    assert!(deletion["samples"].as_u64() > Some(0) && deletion["undoable_until"].is_string(), "{listed}");

    let undone = act(address, "POST", &format!("undelete?{form}")).json();
    assert_eq!(undone["data"], listed["data"]);
    assert_eq!(read(), before);
    // Once more, for good.
    act(address, "POST", &format!("delete_series?{form}"));
    let gone = read();
    assert_eq!(act(address, "POST", "clean_tombstones").status, 204);
    assert_eq!(act(address, "POST", "undelete?id=1").status, 404);
    assert_eq!(read(), gone);
}
