//! What changes the store: only where that is allowed, and never from another page.

use crate::client::{ask, encoded, get};
use crate::fixture;
use crate::server::Setup;

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
    assert_eq!(get(server.address, &target).text(), before);
    assert_eq!(seal(&[]).json()["data"]["samples"], 0, "nothing is left to seal");
}
