//! Methods, origins, encodings, paths: what is the same for all endpoints.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use net::server::Cors;

use crate::client::{Answer, ask, get, read_answer, request, send};
use crate::server::Setup;

/// A method, a target, a status, the methods that are allowed, and the body.
type MethodCase = (&'static str, &'static str, u16, &'static str, &'static str);

const NOT_ALLOWED: &str = "Method Not Allowed\n";
const NO_ADMIN: &str = r#"{"status":"error","errorType":"unavailable","error":"admin APIs disabled"}"#;
const NO_RECEIVER: &str =
    r#"{"error":"no receiver is called \"strangers\" in alertmanager.yml","errorType":"not_found","status":"error"}"#;
const NO_SEARCH: &str = r#"{"status":"error","errorType":"unavailable","error":"search API disabled"}"#;

/// Which methods are taken.
pub(crate) const METHODS: &[MethodCase] = &[
    ("DELETE", "/api/v1/query", 405, "GET, OPTIONS, POST", NOT_ALLOWED),
    ("PUT", "/api/v1/query?query=1", 405, "GET, OPTIONS, POST", NOT_ALLOWED),
    ("HEAD", "/api/v1/query?query=1", 405, "GET, OPTIONS, POST", ""),
    ("POST", "/api/v1/metadata", 405, "GET, OPTIONS", NOT_ALLOWED),
    ("GET", "/api/v1/write", 405, "OPTIONS, POST", NOT_ALLOWED),
    ("GET", "/api/v1/admin/tsdb/snapshot", 405, "OPTIONS, POST, PUT", NOT_ALLOWED),
    ("HEAD", "/-/healthy", 200, "", ""),
    ("HEAD", "/-/ready", 200, "", ""),
    ("GET", "/-/healthy", 200, "", "narthex is Healthy.\n"),
    ("GET", "/-/ready", 200, "", "narthex is Ready.\n"),
    ("POST", "/-/healthy", 405, "GET, HEAD, OPTIONS", NOT_ALLOWED),
    ("OPTIONS", "/-/healthy", 200, "GET, HEAD, OPTIONS", ""),
    ("OPTIONS", "/api/v1/query", 204, "", ""),
    ("OPTIONS", "/api/v1/nothing/here", 204, "", ""),
    ("GET", "/api/v1/nothing/here", 404, "", "404 page not found\n"),
    ("POST", "/federate?match[]=x", 405, "GET, OPTIONS", NOT_ALLOWED),
    ("GET", "/api/v1/receivers/strangers/test", 405, "OPTIONS, POST", NOT_ALLOWED),
    ("POST", "/api/v1/receivers/strangers/test", 404, "", NO_RECEIVER),
    ("GET", "/-/reload", 405, "", "Only POST or PUT requests allowed"),
    ("POST", "/-/reload", 403, "", "Lifecycle API is not enabled."),
    ("PUT", "/-/quit", 403, "", "Lifecycle API is not enabled."),
    ("DELETE", "/-/quit", 405, "GET, OPTIONS, POST, PUT", NOT_ALLOWED),
    ("POST", "/api/v1/admin/tsdb/snapshot", 500, "", NO_ADMIN),
    ("PUT", "/api/v1/admin/tsdb/delete_series", 500, "", NO_ADMIN),
    ("POST", "/api/v1/admin/tsdb/clean_tombstones", 500, "", NO_ADMIN),
    ("GET", "/api/v1/search/metric_names", 500, "", NO_SEARCH),
    (
        "POST",
        "/api/v1/otlp/v1/metrics",
        404,
        "",
        "otlp write receiver needs to be enabled with --web.enable-otlp-receiver\n",
    ),
];

#[test]
fn methods() {
    let server = Setup::new().start();
    for (method, target, status, allow, body) in METHODS {
        let answer = ask(server.address, method, target, &[], b"");
        let got = (answer.status, answer.header("allow"), answer.text());
        assert_eq!(got, (*status, (*allow).to_owned(), (*body).to_owned()), "{method} {target}");
    }
}

#[test]
fn origins() {
    let check = |pattern: &str, method: &str, origin: &str, want: &str| {
        let mut setup = Setup::new();
        setup.settings.cors = Cors::new(pattern).unwrap();
        let answer = ask(setup.start().address, method, "/api/v1/query?query=1", &[("Origin", origin)], b"");
        assert_eq!(answer.header("access-control-allow-origin"), want, "{pattern} {method} {origin}");
        assert_eq!(answer.header("access-control-allow-methods"), "GET, POST, OPTIONS");
        assert_eq!(answer.header("access-control-allow-headers"), "Accept, Authorization, Content-Type, Origin");
        assert!(answer.header("vary").contains("Origin"));
        assert_eq!(answer.status, if method == "OPTIONS" { 204 } else { 200 });
    };
    check(".*", "GET", "https://a.example", "*");
    check(".*", "OPTIONS", "https://a.example", "*");
    check("https?://(a|b)\\.example", "GET", "https://b.example", "https://b.example");
    check("https?://(a|b)\\.example", "OPTIONS", "https://c.example", "");
    let server = Setup::new().start();
    let answer = get(server.address, "/api/v1/query?query=1");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert!(answer.header("vary").contains("Origin"));
    let answer = ask(server.address, "GET", "/-/healthy", &[("Origin", "https://a.example")], b"");
    assert_eq!(answer.header("access-control-allow-origin"), "", "only the API is for pages of others");
}

fn unzipped(answer: &Answer) -> String {
    assert_eq!(answer.header("content-encoding"), "gzip");
    let mut text = String::new();
    MultiGzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn encodings() {
    let server = Setup::new().start_loaded();
    let zipped = |target: &str, accept: &str| ask(server.address, "GET", target, &[("Accept-Encoding", accept)], b"");
    let long = "/api/v1/query?query=%7B__name__%3D~%22.%2B%22%7D&time=60";
    let plain = get(server.address, long);
    assert_eq!(plain.header("content-encoding"), "");
    assert!(plain.header("vary").contains("Accept-Encoding"));
    assert_eq!(unzipped(&zipped(long, "gzip")), plain.text());
    assert_eq!(unzipped(&zipped(long, "deflate, gzip;q=0.5")), plain.text());
    assert_eq!(zipped(long, "gzip;q=0").text(), plain.text());
    // So long that it comes in pieces.
    let many = "/api/v1/query_range?query=test_metric1&start=0&end=5500&step=0.5";
    let plain = get(server.address, many);
    assert!(plain.body.len() > 200_000 && plain.header("transfer-encoding") == "chunked");
    assert_eq!(unzipped(&zipped(many, "gzip")), plain.text());
    let short = zipped("/api/v1/query?query=1&time=1", "gzip");
    assert_eq!(short.header("content-encoding"), "", "not worth it");
    let page = zipped("/", "gzip");
    assert!(unzipped(&page).contains("<!doctype html>"));
}

#[test]
fn the_page() {
    let server = Setup::new().start();
    for path in ["/", "/query", "/targets", "/status", "/config", "/flags", "/service-discovery", "/tsdb-status"] {
        let answer = get(server.address, path);
        assert_eq!(
            (answer.status, answer.header("content-type").as_str()),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(answer.header("content-security-policy").starts_with("default-src 'self'; script-src 'self'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let etag = answer.header("etag");
        let again = ask(server.address, "GET", path, &[("If-None-Match", &etag)], b"");
        assert_eq!((again.status, again.body.len()), (304, 0));
    }
    let moved = get(server.address, "/graph?g0.expr=up&g0.tab=1");
    assert_eq!((moved.status, moved.header("location").as_str()), (302, "/query?g0.expr=up&g0.tab=1"));
}

#[test]
fn a_prefix() {
    let mut setup = Setup::new();
    setup.settings.route_prefix = "/prom".to_owned();
    setup.settings.external_url = "https://example.org/prom/".parse().unwrap();
    let server = setup.start();
    for (target, status, location) in [
        ("/prom/api/v1/query?query=1", 200, ""),
        ("/api/v1/query?query=1", 404, ""),
        ("/prometheus/api/v1/query?query=1", 404, ""),
        ("/", 302, "/prom/"),
        ("/prom", 302, "/prom/"),
        ("/prom/graph?g0.expr=up", 302, "/prom/query?g0.expr=up"),
        ("/prom/slos/new", 302, "/prom/slos?view=new"),
        ("/prom/-/ready", 200, ""),
    ] {
        let answer = get(server.address, target);
        assert_eq!((answer.status, answer.header("location").as_str()), (status, location), "{target}");
    }
}

#[test]
fn paths_that_lead_nowhere() {
    let server = Setup::new().start();
    for path in [
        "/assets/../index.html",
        "/assets/..%2f..%2fetc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/..",
        "/%2e%2e/etc/passwd",
        "//api/v1/query?query=1",
        "/api/v1//query?query=1",
        "/api/v1/query/",
        "/assets/%00",
        "/index.html/../../x",
        "/api/v1/label/../../x/values",
    ] {
        let answer = get(server.address, path);
        assert_eq!((answer.status, answer.text().as_str()), (404, "404 page not found\n"), "{path}");
    }
}

#[test]
fn requests_that_are_ambiguous() {
    let server = Setup::new().start();
    let check = |head: &str, want: u16| {
        let answer = read_answer(send(server.address, format!("{head}\r\n\r\n").as_bytes()), false);
        assert_eq!(answer.status, want, "{head:?}");
        assert_eq!(answer.header("connection"), "close", "{head:?}");
    };
    let healthy = "GET /-/healthy HTTP/1.1\r\nHost: a";
    check(&format!("{healthy}\r\nConnection: close"), 200);
    check(&format!("{healthy}\r\nContent-Length: 1\r\nContent-Length: 2"), 400);
    check(&format!("{healthy}\r\nTransfer-Encoding: xchunked"), 400);
    check(&format!("{healthy}\r\nA: b\0c"), 400);
    check(&format!("{healthy}\r\nA : b"), 400);
    check(&format!("{healthy}\r\nHost: b"), 400);
    check("GET /-/healthy HTTP/1.1", 400);
    check("GET  /-/healthy HTTP/1.1\r\nHost: a", 400);
}

#[test]
fn forms() {
    let server = Setup::new().start();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let check = |method: &str, target: &str, headers: &[(&str, &str)], body: &str, status: u16, want: &str| {
        let answer = ask(server.address, method, target, headers, body.as_bytes());
        assert_eq!(answer.status, status, "{target} {body}: {}", answer.text());
        assert!(answer.text().contains(want), "{target} {body}: {}", answer.text());
    };
    check("POST", "/api/v1/query?query=1&time=0", &form, "query=2", 200, "[0,\"2\"]");
    check("POST", "/api/v1/query?query=1&time=0", &[("Content-Type", "text/plain")], "query=2", 200, "[0,\"1\"]");
    check("POST", "/api/v1/query?query=1&time=0", &form, "time=%zz", 200, "[0,\"1\"]");
    let escape = "error parsing form values: invalid URL escape \\\"%zz\\\"";
    check("GET", "/api/v1/series?match[]=up&x=%zz", &[], "", 400, escape);
    check("GET", "/api/v1/query?query=1%2B1&time=0", &[], "", 200, "[0,\"2\"]");
    check("GET", "/api/v1/query?query=1+%2B+1&time=0", &[], "", 200, "[0,\"2\"]");
    check("POST", "/api/v1/query", &form, &"a=b&".repeat(10_001), 400, "too many parameters: limit is 10000");
    check("POST", "/api/v1/query", &form, "query=%FF", 400, "error parsing form values");
    let many = "match[]=up".to_owned() + &(0..2000).map(|n| format!("&match[]=a{n}")).collect::<String>();
    check("POST", "/api/v1/series", &form, &many, 400, "too many match[] parameters");
    let mut long = request("POST", "/api/v1/query", &form, b"");
    long = String::from_utf8(long).unwrap().replace("Content-Length: 0", "Content-Length: 99999999").into_bytes();
    assert_eq!(read_answer(send(server.address, &long), false).status, 413);
}
