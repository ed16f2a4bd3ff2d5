//! Starting and stopping: what is answered while the log is read, and when narthex ends.

use web::ReplayProgress;

use crate::client::get;
use crate::server::Setup;

#[test]
fn starting() {
    let mut setup = Setup::new();
    setup.is_open = false;
    let server = setup.start();
    let check = |target: &str, status: u16, replay: &str, body: &str| {
        let answer = get(server.address, target);
        let got = (answer.status, answer.header("x-narthex-replay"), answer.text());
        assert_eq!(got, (status, replay.to_owned(), body.to_owned()), "{target}");
        let stopping = if status == 503 { "false" } else { "" };
        assert_eq!(answer.header("x-prometheus-stopping"), stopping, "{target}");
    };
    check("/-/ready", 503, "", "Service Unavailable");
    *server.host.progress.lock() = ReplayProgress { done_bytes: 3 << 20, total_bytes: (8 << 20) + 1 };
    let replay = "3145728/8388609 bytes";
    for target in
        ["/-/ready", "/api/v1/query?query=1", "/api/v1/status/tsdb", "/federate?match[]=up", "/api/v1/targets"]
    {
        check(target, 503, replay, "Service Unavailable");
    }
    check("/-/healthy", 200, "", "narthex is Healthy.\n");
    let progress = r#"{"status":"success","data":{"min":0,"max":9,"current":3}}"#;
    check("/api/v1/status/walreplay", 200, "", progress);
    check("/api/v1/notifications", 200, "", r#"{"status":"success","data":[]}"#);
    let own = get(server.address, "/metrics");
    assert_eq!(own.status, 200);
    assert!(own.text().contains("\nnarthex_ready 0\n"));
    assert_eq!(get(server.address, "/").status, 200, "the page tells how far it is");
}

#[test]
fn ready_and_stopping() {
    let server = Setup::new().start();
    *server.host.progress.lock() = ReplayProgress { done_bytes: 8, total_bytes: 8 };
    let done = r#"{"status":"success","data":{"min":0,"max":0,"current":0}}"#;
    assert_eq!(get(server.address, "/api/v1/status/walreplay").text(), done);
    assert_eq!(get(server.address, "/-/ready").status, 200);
    server.web.stop();
    for target in ["/-/ready", "/api/v1/query?query=1"] {
        let answer = get(server.address, target);
        let got = (answer.status, answer.header("x-prometheus-stopping"), answer.header("x-narthex-replay"));
        assert_eq!(got, (503, "true".to_owned(), String::new()), "{target}");
    }
    assert_eq!(get(server.address, "/-/healthy").status, 200);
}
