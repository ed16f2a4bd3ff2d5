//! Reload and quit.

use std::sync::atomic::Ordering;

use crate::client::{ask, get};
use crate::server::Setup;

#[test]
fn switched_off() {
    let server = Setup::new().start();
    let check = |method: &str, path: &str, status: u16, body: &str| {
        let answer = ask(server.address, method, path, &[], b"");
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{method} {path}");
    };
    for path in ["/-/reload", "/-/quit"] {
        check("GET", path, 405, "Only POST or PUT requests allowed");
        check("POST", path, 403, "Lifecycle API is not enabled.");
        check("PUT", path, 403, "Lifecycle API is not enabled.");
        check("DELETE", path, 405, "Method Not Allowed\n");
    }
    assert_eq!(server.host.n_reloads.load(Ordering::Relaxed), 0);
}

#[test]
fn reload_and_quit() {
    let mut setup = Setup::new();
    setup.settings.enable_lifecycle = true;
    let server = setup.start();
    let check = |method: &str, path: &str, headers: &[(&str, &str)], status: u16, body: &str| {
        let answer = ask(server.address, method, path, headers, b"");
        assert_eq!((answer.status, answer.text().as_str()), (status, body), "{method} {path} {headers:?}");
    };
    check("POST", "/-/reload", &[], 200, "");
    check("PUT", "/-/reload", &[], 200, "");
    check("POST", "/-/reload", &[("Origin", "http://localhost")], 200, "");
    check("POST", "/-/reload", &[("Origin", "http://narthex.example:9090")], 200, "");
    assert_eq!(server.host.n_reloads.load(Ordering::Relaxed), 4);
    let foreign = "requests from pages of other origins are refused\n";
    check("POST", "/-/reload", &[("Origin", "http://evil.example")], 403, foreign);
    check("POST", "/-/reload", &[("Origin", "null")], 403, foreign);
    check("POST", "/-/quit", &[("Sec-Fetch-Site", "cross-site")], 403, foreign);
    *server.host.fault.lock() = Some("line 3: unknown key \"<x>\"".to_owned());
    check("POST", "/-/reload", &[], 500, "failed to reload config: line 3: unknown key \"<x>\"\n");
    assert_eq!(server.host.n_reloads.load(Ordering::Relaxed), 5);
    check("POST", "/-/quit", &[], 200, "Requesting termination... Goodbye!");
    check("POST", "/-/quit", &[], 200, "Termination already in progress.");
}

#[test]
fn a_failed_reload_is_told() {
    let server = Setup::new().start();
    let told = || {
        let info = get(server.address, "/api/v1/status/runtimeinfo").json();
        (info["data"]["reloadConfigSuccess"].clone(), info["data"]["reloadConfigError"].clone())
    };
    assert_eq!(told(), (true.into(), "".into()));
    server.web.load_failed("line 3: no");
    assert_eq!(told(), (false.into(), "line 3: no".into()));
    assert!(get(server.address, "/metrics").text().contains("\nnarthex_config_last_reload_successful 0\n"));
    let config = get(server.address, "/api/v1/status/config").json();
    assert_eq!(config["data"]["yaml"], "global:\n  scrape_interval: 1m\n", "the old one stays in force");
}
