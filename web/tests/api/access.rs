//! Who may do what: nobody without a token where there are tokens, and each what its roles say.

use net::server::Tokens;
use web::Role;

use crate::client::{ask, get};
use crate::server::{Setup, TestServer};

/// Tokens with their SHA-256, and what they may do.
const TOKENS: [(&str, &str, &[Role]); 4] = [
    ("reader", "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30", &[Role::Viewer]),
    ("pipeline", "23bf0d244a4cb62c85fc3aa0e8ebf8eb7eb970522a51326adf1ac015fc738c7c", &[Role::Deployer]),
    ("guard", "a9d4034da07d8ef31db1cd4119b6a4552fdfbd19787e2848e71c8ee3b47703a7", &[Role::Operator]),
    ("root", "4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2", &[Role::Admin]),
];

fn start() -> TestServer {
    with_tokens().start()
}

/// A server with these tokens.
pub(crate) fn with_tokens() -> Setup {
    let mut setup = Setup::new();
    setup.settings.enable_admin = true;
    setup.settings.enable_lifecycle = true;
    setup.settings.access.set_tokens(Tokens::new(TOKENS.map(|(name, sha256, _)| (name, sha256))));
    setup.roles = TOKENS.iter().map(|(name, _, roles)| ((*name).to_owned(), roles.to_vec())).collect();
    setup
}

#[test]
fn every_route_asks_who_is_there() {
    let server = start();
    let paths: Vec<&str> = web::paths().collect();
    assert!(paths.len() > 50);
    for path in paths.into_iter().chain(["/nowhere", "/api/v1/nowhere"]) {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let answer = ask(server.address, method, path, &[], b"");
            if method == "POST" && path.starts_with("/api/v1/hooks/") {
                // Webhooks bear a secret of their own, and none is configured.
                assert_eq!(answer.status, 404, "{method} {path}");
                continue;
            }
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), "Basic", "{method} {path}");
        }
    }
    assert!(server.counts.logins_refused.get() > 250);
}

#[test]
fn tokens_may_do_what_their_roles_say() {
    let server = start();
    let check = |token: &str, method: &str, path: &str, want: u16| {
        let answer = ask(server.address, method, path, &[("Authorization", &format!("Bearer {token}"))], b"");
        assert_eq!(answer.status, want, "{token} {method} {path}: {}", answer.text());
        answer
    };
    for token in TOKENS.map(|(name, ..)| name) {
        check(token, "GET", "/api/v1/query?query=1", 200);
        check(token, "POST", "/api/v1/query?query=1", 200);
        check(token, "GET", "/api/v1/admin/tsdb/deletions", 200);
        let may = token == "root";
        check(token, "POST", "/api/v1/admin/tsdb/delete_series?match[]=nothing", if may { 204 } else { 403 });
        check(token, "POST", "/-/reload", if may { 200 } else { 403 });
    }
    let refused = check("reader", "POST", "/api/v1/write", 403);
    assert_eq!(
        refused.text(),
        r#"{"status":"error","errorType":"forbidden","error":"this needs the role admin; the token reader has: viewer"}"#
    );
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    let server = Setup::new().start();
    let check = |headers: &[(&str, &str)], want: u16| {
        let answer = ask(server.address, "POST", "/api/v1/write", headers, b"");
        assert_eq!(answer.status == 403, want == 403, "{headers:?}: {}", answer.text());
    };
    check(&[], 400);
    check(&[("Origin", "http://evil.example")], 403);
    check(&[("Origin", "null")], 403);
    check(&[("Sec-Fetch-Site", "cross-site")], 403);
    check(&[("Sec-Fetch-Site", "same-origin")], 400);
    check(&[("Origin", "http://localhost")], 400);
    check(&[("Origin", "http://narthex.example:9090")], 400);
    assert_eq!(get(server.address, "/api/v1/query?query=1").status, 200);
}
