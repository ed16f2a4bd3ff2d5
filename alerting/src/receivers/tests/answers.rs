//! What is made of answers, and what is told of failures.

use net::client::Addresses;
use serde_json::Value as Json;

use super::fixture::{ALERTMANAGERS, OURS, attempt, attempt_in, integration, notification, receiver, two_alerts};
use super::peer::well;
use super::sink::{Asked, Reply, Sink};
use super::write;
use crate::Reason;
use crate::config::{OwnConfig, ReceiverConfig};
use crate::receivers::{FailureKind, Language, SendFailure, Session};

/// What the first integration of a receiver makes of an answer.
async fn failure_of(text: &str, status: u16, headers: &str, body: &str) -> Option<SendFailure> {
    let (headers, body) = (headers.to_owned(), body.to_owned());
    let sink = Sink::start(move |_| Reply(status, headers.clone(), body.clone())).await;
    let receiver = receiver(text, &sink.address);
    let (integration, _, config) = receiver.integrations().next().unwrap();
    attempt(config, &notification(&integration, two_alerts(false), Reason::First)).await.err()
}

/// One receiver with one integration.
fn one(kind: &str, fields: &str) -> String {
    format!("receivers: [{{name: a, {kind}_configs: [{{{fields}}}]}}]")
}

#[tokio::test]
async fn what_answers_mean() {
    let check =
        async |text: &str, (status, headers, body): (u16, &str, &str), want: Option<(FailureKind, bool, u64)>| {
            let got = failure_of(text, status, headers, body).await;
            let seconds = |failure: &SendFailure| failure.retry_after.map_or(0, |wait| wait.as_secs());
            let told = got.as_ref().map(|failure| (failure.kind, failure.is_retryable, seconds(failure)));
            assert_eq!(told, want, "{text}: {status} {body}: {got:?}");
        };
    use FailureKind::{AuthError, ClientError, Other, RateLimited, ServerError};
    let webhook = one("webhook", "url: 'http://SINK/'");
    check(&webhook, (200, "", ""), None).await;
    check(&webhook, (503, "Retry-After: 7\r\n", ""), Some((ServerError, true, 7))).await;
    check(&webhook, (429, "Retry-After: 99999\r\n", ""), Some((RateLimited, true, 3600))).await;
    let date = "Retry-After: Sat, 28 Nov 2026 10:02:00 GMT\r\n";
    check(&webhook, (503, date, ""), Some((ServerError, true, 59))).await;
    check(&webhook, (401, "", "who"), Some((AuthError, false, 0))).await;
    check(&webhook, (404, "", ""), Some((ClientError, false, 0))).await;
    check(&webhook, (302, "Location: http://127.0.0.1:1/\r\n", ""), Some((Other, false, 0))).await;
    let slack = one("slack", "api_url: 'http://SINK/'");
    let json = "Content-Type: application/json\r\n";
    check(&slack, (200, "", "ok"), None).await;
    check(&slack, (200, "", "no_text"), Some((ClientError, false, 0))).await;
    check(&slack, (200, json, r#"{"ok":false,"error":"channel_not_found"}"#), Some((ClientError, false, 0))).await;
    check(&slack, (200, json, r#"{"ok":false,"error":"ratelimited"}"#), Some((RateLimited, true, 0))).await;
    let telegram = one("telegram", "chat_id: 1, bot_token: token, api_url: 'http://SINK'");
    check(&telegram, (400, json, r#"{"ok":false,"error_code":400,"description":"x"}"#), Some((ClientError, false, 0)))
        .await;
    let wait = r#"{"ok":false,"error_code":429,"parameters":{"retry_after":9}}"#;
    check(&telegram, (429, json, wait), Some((RateLimited, true, 9))).await;
    check(&telegram, (502, "", "<html>"), Some((ServerError, true, 0))).await;
    let wecom = one("wecom_robot", "webhook_url: 'http://SINK/'");
    check(&wecom, (200, json, r#"{"errcode":0,"errmsg":"ok"}"#), None).await;
    check(&wecom, (200, json, r#"{"errcode":45009,"errmsg":"freq"}"#), Some((RateLimited, true, 60))).await;
    check(&wecom, (200, json, r#"{"errcode":-1}"#), Some((ServerError, true, 0))).await;
    check(&wecom, (200, json, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#), Some((AuthError, false, 0)))
        .await;
    check(&wecom, (200, json, r#"{"errcode":40058}"#), Some((ClientError, false, 0))).await;
    check(&wecom, (200, "", "<html>a proxy</html>"), Some((Other, true, 0))).await;
    check(&wecom, (200, json, "{}"), Some((Other, true, 0))).await;
    let dingtalk = one("dingtalk", "webhook_url: 'http://SINK/?access_token=a'");
    check(&dingtalk, (200, json, r#"{"errcode":130101,"errmsg":"send too fast"}"#), Some((RateLimited, true, 60)))
        .await;
    check(&dingtalk, (200, json, r#"{"errcode":410100}"#), Some((RateLimited, true, 60))).await;
    check(&dingtalk, (200, json, r#"{"errcode":310000,"errmsg":"sign not match"}"#), Some((AuthError, false, 0))).await;
    let feishu = one("feishu", "webhook_url: 'http://SINK/'");
    check(&feishu, (200, json, r#"{"StatusCode":0,"StatusMessage":"success"}"#), None).await;
    check(&feishu, (200, json, r#"{"code":0,"msg":"success"}"#), None).await;
    check(&feishu, (200, json, r#"{"code":11232,"msg":"frequency limited"}"#), Some((RateLimited, true, 60))).await;
    check(&feishu, (200, json, r#"{"code":19021,"msg":"sign match fail"}"#), Some((AuthError, false, 0))).await;
    check(&feishu, (400, json, r#"{"code":9499,"msg":"Bad Request"}"#), Some((ClientError, false, 0))).await;
}

/// 企业微信's token is kept, and got again once where it is refused.
#[tokio::test]
async fn tokens_are_kept_and_got_again() {
    let sends = std::sync::atomic::AtomicUsize::new(0);
    let mut sink = Sink::start(move |asked: &Asked| {
        let n_before = match asked.target.starts_with("/message/send") {
            true => sends.fetch_add(1, std::sync::atomic::Ordering::SeqCst),
            false => return Reply::json(r#"{"errcode":0,"access_token":"wechat-token","expires_in":7200}"#),
        };
        Reply::json(if n_before == 1 { r#"{"errcode":42001,"errmsg":"expired"}"# } else { r#"{"errcode":0}"# })
    })
    .await;
    let text = one("wechat", "api_secret: secret, corp_id: corp, api_url: 'http://SINK', to_user: me, agent_id: 7");
    let receiver = receiver(&text, &sink.address);
    let (integration, _, config) = receiver.integrations().next().unwrap();
    let session = Session::new(config, Addresses::default()).unwrap();
    for _ in 0..2 {
        let told = notification(&integration, two_alerts(false), Reason::First);
        attempt_in(&session, Language::English, config, &told).await.unwrap();
    }
    let asked: Vec<String> = sink.drain().into_iter().map(|asked| asked.target).collect();
    let (get, send) = ("/gettoken?corpid=corp&corpsecret=secret", "/message/send?access_token=wechat-token");
    assert_eq!(asked, [get, send, send, get, send]);
}

/// Whatever the labels say, a notification goes to the host that is written.
#[tokio::test]
async fn labels_choose_no_host() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("url");
    let mut sink = Sink::start(well).await;
    let check = async |template: &str, want: &str| {
        write(&file, template);
        let receiver = receiver(&one("webhook", &format!("url_file: '{}'", file.display())), "unused");
        let (integration, _, config) = receiver.integrations().next().unwrap();
        let mut told = notification(&integration, two_alerts(false), Reason::First);
        told.group_labels = model::Labels::from_pairs([("x", "@evil.example/")]);
        attempt(config, &told)
            .await
            .map_or_else(|failure| assert_eq!(failure.reason, want), |_| assert_eq!("sent", want));
    };
    let refused = "scheme and host of a URL must not be templates: labels would choose where it goes";
    check("http://{{ .GroupLabels.x }}/", refused).await;
    check("{{ .GroupLabels.x }}", refused).await;
    let host = sink.address.clone();
    check(&format!("http://{host}{{{{ .GroupLabels.x }}}}/"), refused).await;
    check(&format!("http://{host}/{{{{ .GroupLabels.x }}}}\n"), "sent").await;
    assert_eq!(sink.drain()[0].target, "/@evil.example/");
}

/// T15: nobody is told at the addresses of metadata services, and nobody tries again.
#[tokio::test]
async fn metadata_services_are_told_nothing() {
    let refused = "169.254.169.254: link-local and metadata addresses are refused, unless narthex.allowed_networks of the \
                   Alertmanager configuration lists them";
    let check = async |text: &str, sink: &str| {
        let receiver = receiver(text, sink);
        let (integration, _, config) = receiver.integrations().next().unwrap();
        let session = Session::new(config, OwnConfig::default().addresses()).unwrap();
        let told = notification(&integration, two_alerts(false), Reason::First);
        let failure = attempt_in(&session, Language::English, config, &told).await.unwrap_err();
        assert!(failure.reason.ends_with(refused), "{text}: {}", failure.reason);
        // Whoever gives the token may have moved by the next time.
        assert_eq!(failure.is_retryable, text.contains("oauth2"), "{text}");
    };
    check(&one("webhook", "url: 'http://169.254.169.254/latest/meta-data'"), "").await;
    check(&one("webhook", "url: 'http://0xa9fea9fe/latest/meta-data'"), "").await;
    check(&one("feishu", "webhook_url: 'https://2852039166/'"), "").await;
    let mail = "to: a@example.org, from: b@example.org, smarthost: '169.254.169.254:25', require_tls: false";
    check(&one("email", mail), "").await;
    let sink =
        Sink::start(|_: &Asked| Reply(307, "Location: http://169.254.169.254/latest\r\n".to_owned(), String::new()))
            .await;
    check(&one("webhook", "url: 'http://SINK/', http_config: {follow_redirects: true}"), &sink.address).await;
    let token_url = "url: 'http://SINK/', http_config: {oauth2: {client_id: a, client_secret: b, \
                     token_url: 'http://169.254.169.254/'}}";
    check(&one("webhook", token_url), &sink.address).await;
}

/// All that a failure tells.
fn told(failure: &SendFailure) -> String {
    format!("{failure:?} {failure}")
}

fn all(sink: &str) -> [ReceiverConfig; 2] {
    [receiver(ALERTMANAGERS, sink), receiver(OURS, sink)]
}

/// T17: whatever goes wrong, no secret is told, even where the receiver says back all that it was told.
#[tokio::test]
async fn failures_tell_no_secrets() {
    let echo = |status: u16, content_type: &'static str| {
        move |asked: &Asked| {
            let said = format!("{} {:?} {}", asked.target, asked.headers, asked.body);
            let said = serde_json::json!({
                "ok": false, "error_code": 400, "description": said, "error": said, "errcode": 1, "errmsg": said, "code": 1,
                "msg": said, "message": said,
            });
            Reply(status, format!("Content-Type: {content_type}\r\nLocation: /{}\r\n", asked.target), said.to_string())
        }
    };
    let mut n_failures = 0;
    for (status, content_type) in [
        (200, "application/json"),
        (400, "text/plain"),
        (401, "application/json"),
        (307, "text/plain"),
        (500, "text/html"),
    ] {
        let sink = Sink::start(echo(status, content_type)).await;
        for receiver in all(&sink.address) {
            for (integration, _, config) in receiver.integrations() {
                let result = attempt(config, &notification(&integration, two_alerts(false), Reason::First)).await;
                let told = match &result {
                    Ok(sent) => sent.body.clone(),
                    Err(failure) => told(failure),
                };
                n_failures += usize::from(result.is_err());
                assert!(!told.contains("canary"), "{integration} {status}: {told}");
            }
        }
    }
    assert!(n_failures > 100, "{n_failures}");
    // Nobody listens.
    for receiver in all("127.0.0.1:1") {
        for (integration, _, config) in receiver.integrations() {
            let told_of = notification(&integration, two_alerts(false), Reason::First);
            let failure = attempt(config, &told_of).await.unwrap_err();
            assert!(
                failure.is_retryable && failure.reason.contains("connection refused"),
                "{integration}: {failure:?}"
            );
            assert!(!told(&failure).contains("canary"), "{integration}: {failure:?}");
        }
    }
}

/// What was sent is kept for the record, also where it failed.
#[tokio::test]
async fn bodies_are_kept_without_secrets() {
    let sink = Sink::start(well).await;
    let receiver = receiver(ALERTMANAGERS, &sink.address);
    for (integration, _, config) in receiver.integrations() {
        let sent = attempt(config, &notification(&integration, two_alerts(false), Reason::First)).await.unwrap();
        assert!(sent.body.contains("HighLoad") || sent.body.contains("firing"), "{integration}: {}", sent.body);
        assert!(!sent.body.contains("canary"), "{integration}: {}", sent.body);
    }
}

/// Its URL cannot be set: it is made, not sent.
#[tokio::test]
async fn pushover() {
    use crate::receivers::message::Message;
    use crate::receivers::{Context, pushover, templates};
    let fields = "user_key: user-canary, token: 'token-canary', ttl: 1m, html: true, sound: s, device: '{{ .Status }}'";
    let receiver = receiver(&one("pushover", fields), "unused");
    let (_, _, config) = receiver.integrations().next().unwrap();
    let session = Session::new(config, Addresses::default()).unwrap();
    let templates = templates(Language::English, []).unwrap();
    let context = Context {
        session: &session,
        templates: &templates,
        external_url: "http://am.example/",
        now_ms: 0,
        timeout: std::time::Duration::from_secs(1),
        pictures: None,
        language: Language::English,
    };
    let told = notification(&integration("a", "pushover"), two_alerts(false), Reason::First);
    let mut message = Message::new(config, &told, &context).await.unwrap();
    let query = pushover::query(&receiver.pushover_configs[0], &mut message).await.unwrap();
    let form = net::form::Form::parse(&query);
    for (name, want) in [
        ("device", "firing"),
        ("expire", "3600"),
        ("html", "1"),
        ("priority", "2"),
        ("retry", "60"),
        ("title", "[FIRING:2] HighLoad (node)"),
        ("token", "token-canary"),
        ("ttl", "60"),
        ("url", "http://am.example/#/alerts?receiver=a"),
        ("user", "user-canary"),
    ] {
        assert_eq!(form.get(name), want, "{query}");
    }
    assert!(form.get("message").contains("&#34;load&#34; &gt; 3 &amp; &lt;b&gt;"), "{query}");
}

/// More alerts than fit are left out, and what is left is told.
#[tokio::test]
async fn storms_are_told_in_part() {
    let mut sink = Sink::start(well).await;
    let [theirs, ours] = all(&sink.address);
    let alerts: Vec<_> = (0..4000)
        .map(|n| {
            let instance = format!("host-{n}:9100");
            let labels = [("alertname", "HighLoad"), ("instance", &instance), ("job", "node")];
            super::fixture::alert(&labels, &[("summary", &"中文 <x> ".repeat(30))], None)
        })
        .collect();
    for receiver in [&theirs, &ours] {
        for (integration, _, config) in receiver.integrations() {
            let told = notification(&integration, alerts.clone(), Reason::First);
            attempt(config, &told).await.unwrap_or_else(|failure| panic!("{integration}: {failure}"));
        }
    }
    let asked = sink.drain();
    assert_eq!(asked.len(), 28);
    for asked in &asked {
        let max_bytes = match asked.target.split(['/', '?']).nth(1).unwrap() {
            "webhook" => 16 << 20,
            "robot" => 20_000,
            "pagerduty" | "incidentio" => 512 << 10,
            "telegram" => 40_000,
            _ => 3 << 20,
        };
        assert!(asked.body.len() <= max_bytes, "{}: {} bytes", asked.target, asked.body.len());
        if !asked.body.is_empty() {
            serde_json::from_str::<Json>(&asked.body).unwrap();
        }
    }
}
