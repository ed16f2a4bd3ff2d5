//! Secrets are told to nobody but those whom they are for (T17).
//!
//! Every field of a secret holds a text of its own, and all receivers fail in one way or another: refused connections, 401
//! with the request echoed, redirects, no answer that makes sense. Then everything that narthex shows, logs and keeps is
//! searched for these texts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::http;
use crate::narthex::{Narthex, free_address};
use crate::waiting::wait_until;

const MARK: &str = "canary";

/// Receivers with `@` for a secret and `HOST` for where they are, as one line of YAML each.
const RECEIVERS: &[&str] = &[
    "webhook_configs: [{url: 'http://HOST/@', http_config: {basic_auth: {username: u, password: @}}}]",
    "webhook_configs: [{url: 'http://u:@@HOST/@?k=@', http_config: {authorization: {credentials: @}}}]",
    "slack_configs: [{api_url: 'http://HOST/@', channel: c, send_resolved: true}]",
    "pagerduty_configs: [{routing_key: @, url: 'http://HOST/v2'}]",
    "pagerduty_configs: [{service_key: @, url: 'http://HOST/v1'}]",
    "opsgenie_configs: [{api_key: @, api_url: 'http://HOST/'}]",
    "victorops_configs: [{api_key: @, api_url: 'http://HOST/', routing_key: r}]",
    "telegram_configs: [{bot_token: @, chat_id: 1, api_url: 'http://HOST'}]",
    "discord_configs: [{webhook_url: 'http://HOST/@'}]",
    "msteams_configs: [{webhook_url: 'http://HOST/@'}]",
    "msteamsv2_configs: [{webhook_url: 'http://HOST/@'}]",
    "mattermost_configs: [{webhook_url: 'http://HOST/@'}]",
    "webex_configs: [{room_id: r, api_url: 'http://HOST/', http_config: {authorization: {credentials: @}}}]",
    "rocketchat_configs: [{api_url: 'http://HOST', token: @, token_id: @, channel: c, send_resolved: true}]",
    "incidentio_configs: [{url: 'http://HOST/', alert_source_token: @}]",
    "jira_configs: [{api_url: 'http://HOST', project: P, issue_type: B, http_config: {basic_auth: {username: u, password: @}}}]",
    "wechat_configs: [{api_url: 'http://HOST/', api_secret: @, corp_id: c, agent_id: '1', to_user: u, send_resolved: true}]",
    "wecom_robot_configs: [{webhook_url: 'http://HOST/send?key=@'}]",
    "dingtalk_configs: [{webhook_url: 'http://HOST/send?access_token=@', secret: @}]",
    "feishu_configs: [{webhook_url: 'http://HOST/hook/@', secret: @}]",
    "email_configs: [{to: a@example.org, from: b@example.org, smarthost: 'HOST', auth_username: u, auth_password: @}]",
];

/// Puts secrets in; how many there are.
fn filled(text: &str, host: &str, n_secrets: &mut usize) -> String {
    // An `@` between a name and a host, or in an address, is none.
    let text = text.replace("a@example", "a\0example").replace("b@example", "b\0example").replace("@HOST", "\0HOST");
    let mut out = String::new();
    for piece in text.split('@') {
        if !out.is_empty() {
            *n_secrets += 1;
            out.push_str(&format!("{MARK}-{n_secrets}-x"));
        }
        out.push_str(piece);
    }
    out.replace('\0', "@").replace("HOST", host)
}

#[test]
fn secrets_are_shown_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let mut n_secrets = 0;
    let (echo, refusing) = (echo(), free_address());
    let mut receivers = String::new();
    let mut routes = String::new();
    for (host, kind) in [(echo, "echo"), (refusing, "refusing")] {
        for (number, receiver) in RECEIVERS.iter().enumerate() {
            let text = filled(receiver, &host.to_string(), &mut n_secrets);
            receivers.push_str(&format!("- name: {kind}-{number}\n  {text}\n"));
            routes.push_str(&format!("  - {{receiver: {kind}-{number}, continue: true}}\n"));
        }
    }
    let global = filled(
        "global: {smtp_auth_password: @, smtp_auth_secret: @, opsgenie_api_key: @, wechat_api_secret: @, victorops_api_key: @, \
         telegram_bot_token: @, slack_api_url: 'http://HOST/@', http_config: {basic_auth: {username: u, password: @}}}",
        "127.0.0.1:1",
        &mut n_secrets,
    );
    let routing = format!(
        "{global}\nroute:\n  receiver: echo-0\n  group_wait: 0s\n  group_interval: 1s\n  routes:\n{routes}receivers:\n{receivers}"
    );
    std::fs::write(dir.path().join("alertmanager.yml"), routing).unwrap();
    let configuration = filled(
        "narthex: {alertmanager_config_file: alertmanager.yml}\n\
         alerting: {alertmanagers: [{static_configs: [{targets: ['HOST']}], basic_auth: {username: u, password: @}}]}\n\
         scrape_configs:\n- {job_name: a, static_configs: [{targets: ['HOST']}], authorization: {credentials: @}}\n\
         remote_write: [{url: 'http://HOST/', basic_auth: {username: v, password: @}}]\n",
        &echo.to_string(),
        &mut n_secrets,
    );
    std::fs::write(dir.path().join("prometheus.yml"), configuration).unwrap();
    let address = free_address();
    let narthex = Narthex::start(dir.path(), address, &["--log.level=debug"]);

    let alert = br#"[{"labels":{"alertname":"Fires","severity":"page"},"annotations":{"summary":"x"}}]"#;
    let json = [("Content-Type", "application/json")];
    assert_eq!(http::request(address, "POST", "/api/v2/alerts", &json, alert).unwrap().status, 200);
    // Each integration has tried at least once.
    let tried = || {
        let deliveries = narthex.api("/api/v1/deliveries?limit=1000");
        let tried = |delivery: &&serde_json::Value| delivery["attempts"].as_array().is_some_and(|all| !all.is_empty());
        deliveries.as_array().unwrap().iter().filter(tried).count()
    };
    wait_until("all have tried", || tried() >= 2 * RECEIVERS.len());
    let mut found = Vec::new();
    let mut search = |place: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        found.extend(text.match_indices(MARK).map(|(at, _)| {
            let from = text.floor_char_boundary(at.saturating_sub(80));
            format!("{place}: {}", &text[from..text.ceil_char_boundary((at + 40).min(text.len()))])
        }));
    };
    for path in [
        "/api/v1/status/config",
        "/api/v1/status/flags",
        "/api/v1/status/runtimeinfo",
        "/api/v1/deliveries?limit=1000",
        "/api/v1/alertmanagers",
        "/api/v1/targets",
        "/api/v1/rules",
        "/api/v2/status",
        "/api/v2/receivers",
        "/api/v2/alerts",
        "/api/v2/alerts/groups",
        "/metrics",
    ] {
        let answer = http::get(address, path).unwrap();
        assert_eq!(answer.status, 200, "{path}");
        search(path, &answer.body);
    }
    for number in 0..RECEIVERS.len() {
        let path = format!("/api/v1/receivers/echo-{number}/test");
        search(&path, &http::request(address, "POST", &path, &json, b"{}").unwrap().body);
    }
    // What it says of a file that it cannot take.
    let file = dir.path().join("alertmanager.yml");
    let broken = std::fs::read_to_string(&file).unwrap().replace("routing_key: r", "routing_key: [r]");
    std::fs::write(&file, broken).unwrap();
    narthex.signal("HUP");
    wait_until("the file is refused", || narthex.api("/api/v1/status/runtimeinfo")["reloadConfigSuccess"] == false);
    search("/api/v1/status/runtimeinfo", &http::get(address, "/api/v1/status/runtimeinfo").unwrap().body);
    narthex.kill();
    search("log", &std::fs::read(dir.path().join("log")).unwrap());
    for path in files(&dir.path().join("data")) {
        search(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
    assert!(n_secrets > 60, "{n_secrets}");
    assert_eq!(found, Vec::<String>::new(), "of {n_secrets} secrets");
    println!("{n_secrets} secrets, {} deliveries failed, shown nowhere", 2 * RECEIVERS.len());
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A server that refuses everything, and says back what it was sent.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that goes away concerns nobody.
            thread::spawn(move || stream.and_then(|stream| refuse(&stream)));
        }
    });
    address
}

fn refuse(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream);
    let (mut said, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        said.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    said.push_str(&String::from_utf8_lossy(&body));
    let mut stream = stream;
    let head = format!("HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", said.len());
    stream.write_all((head + &said).as_bytes())
}
