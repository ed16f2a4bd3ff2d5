use std::path::Path;

use model::yaml::{Document, Faults, to_yaml};
use serde::de::DeserializeOwned;

use super::*;

/// A value, and what is wrong with it as `PATH: MESSAGE`.
fn read<T: DeserializeOwned>(text: &str, check: impl Fn(&T, &mut Faults)) -> (Option<T>, Vec<String>) {
    let document = Document::parse(text).unwrap();
    let (value, mut problems) = document.read::<T>();
    let mut faults = Faults::new();
    if let Some(value) = &value {
        check(value, &mut faults);
    }
    problems.extend(faults.into_found().iter().map(|fault| document.locate(fault)));
    (value, problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect())
}

#[test]
fn http_configs_that_contradict_themselves() {
    let check = |text: &str, want: &str| {
        let (_, problems) = read(text, HttpConfig::check);
        assert_eq!(problems, [want], "{text}");
    };
    check(
        "bearer_token: a\nbearer_token_file: b",
        "bearer_token_file: at most one of bearer_token & bearer_token_file must be configured",
    );
    check(
        "bearer_token: a\nbasic_auth: {username: u}",
        "bearer_token: at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
    );
    check(
        "authorization: {type: BASIC}",
        "authorization.type: authorization type cannot be set to \"basic\", use \"basic_auth\" instead",
    );
    check(
        "basic_auth: {username: u, username_file: f}",
        "basic_auth: at most one of basic_auth username, username_file & username_ref must be configured",
    );
    check("oauth2: {client_id: a}", "oauth2.token_url: oauth2 token_url must be configured");
    check("no_proxy: a", "no_proxy: if no_proxy is configured, proxy_url must also be configured");
    check("http_headers: {hOST: {values: [a]}}", "http_headers.hOST: setting header \"Host\" is not allowed");
    check(
        "tls_config: {cert_file: a}",
        "tls_config: exactly one of key or key_file must be configured when a client certificate is configured",
    );
    check("tls_config: {min_version: TLS9}", "tls_config.min_version: unknown TLS version: TLS9");
    check("proxy_url: '://x'", "proxy_url: parse \"://x\": missing protocol scheme");
    check("tls_config: {ca_fil: x}", "tls_config.ca_fil: field ca_fil not found in type config.TLSConfig");
}

#[test]
fn what_is_filled_in() {
    let (config, problems) = read("bearer_token_file: token\ntls_config: {ca_file: /ca}", HttpConfig::check);
    assert_eq!(problems, Vec::<String>::new());
    let mut config = config.unwrap();
    config.fill();
    config.set_directory(Path::new("conf/./x/.."));
    let want = "authorization:\n  type: Bearer\n  credentials_file: conf/token\n\
                tls_config:\n  ca_file: /ca\n  insecure_skip_verify: false\n\
                follow_redirects: true\nenable_http2: true\n";
    assert_eq!(to_yaml(&config).unwrap(), want);
}

#[test]
fn nothing_secret_is_shown() {
    let text = "basic_auth: {username: u, password: hunter2}\n\
                proxy_url: http://u:hunter2@proxy:3128/\nproxy_connect_header: {x: [hunter2]}\n\
                http_headers: {x: {secrets: [hunter2]}}\ntls_config: {key: hunter2, cert: c}";
    let (config, problems) = read(text, HttpConfig::check);
    assert_eq!(problems, Vec::<String>::new());
    let config = config.unwrap();
    let shown = format!("{config:?}\n{}", to_yaml(&config).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("http://u:xxxxx@proxy:3128/"), "{shown}");
    assert_eq!(config.proxy.proxy_url.expose(), "http://u:hunter2@proxy:3128/");
}

#[test]
fn urls() {
    for (text, scheme, host) in [
        ("http://a:80/b", "http", "a"),
        ("https://u:p@[::1]:80", "https", "::1"),
        ("a/b", "", ""),
        ("//a/b", "", "a"),
        ("unix:///var/run/x", "unix", ""),
        ("", "", ""),
    ] {
        let url = ConfigUrl::try_from(text).unwrap();
        assert_eq!((url.scheme(), url.host()), (scheme, host), "{text}");
    }
    for (text, want) in [
        ("://invalid", "parse \"://invalid\": missing protocol scheme"),
        ("a:b", ""),
        ("1a:b", "parse \"1a:b\": first path segment in URL cannot contain colon"),
        ("http://a:b/", "parse \"http://a:b/\": invalid port \":b\" after host"),
    ] {
        assert_eq!(ConfigUrl::try_from(text).err().unwrap_or_default(), want, "{text}");
    }
}

#[test]
fn web_configs() {
    let check = |text: &str, want: &[&str]| assert_eq!(read(text, WebConfig::check).1, want, "{text}");
    check("", &[]);
    check(
        "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert, \
         client_ca_file: c, min_version: TLS13, cipher_suites: [TLS_AES_128_GCM_SHA256], \
         curve_preferences: [X25519]}\nhttp_server_config: {http2: false, headers: {X-Frame-Options: deny}}\n\
         rate_limit: {burst: 10, interval: 1m1.5s}\n\
         basic_auth_users: {alice: $2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze}",
        &[],
    );
    check("tls_server_config: {cert_file: a}", &["tls_server_config.key_file: missing one of key or key_file"]);
    check(
        "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}",
        &["tls_server_config.client_ca_file: client CA's have been configured without a Client Auth Policy"],
    );
    check(
        "tls_server_config: {client_auth_type: Maybe}",
        &["tls_server_config.client_auth_type: invalid ClientAuth: Maybe"],
    );
    check("tls_server_config: {cipher_suites: [X]}", &["tls_server_config.cipher_suites[0]: unknown cipher: X"]);
    check(
        "http_server_config: {headers: {X-Frame-Options: allow, Server: x}}",
        &[
            "http_server_config.headers.Server: HTTP header \"Server\" can not be configured",
            "http_server_config.headers.X-Frame-Options: invalid value for X-Frame-Options. Expected one of: \
             [\"deny\" \"sameorigin\"], but got: \"allow\"",
        ],
    );
    check(
        "basic_auth_users: {alice: secret}",
        &["basic_auth_users.alice: the password of this user is not a bcrypt hash (htpasswd -nBC 10 makes one)"],
    );
    check("rate_limit: {interval: 1y}", &["rate_limit.interval: time: invalid duration \"1y\""]);
    check("basic_auth_user: {}", &["basic_auth_user: field basic_auth_user not found in type web.Config"]);
}
