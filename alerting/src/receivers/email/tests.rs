//! Mails as servers get them: byte by byte, and by a real one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chart::Chart;
use model::Labels;
use net::Secret;
use net::client::Addresses;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::config::{EmailConfig, GlobalConfig, HostPort, IntegrationConfig, ReceiverConfig};
use crate::delivery::{PictureQuery, PictureSeries, Pictures, SeriesFuture, SeriesSource};
use crate::receivers::{Context, FailureKind, Language, SendFailure, Sent, Session, send, templates};
use crate::{Alert, Integration, Notification, Reason};

mod budget;
mod post;

const AT_MS: i64 = 1_790_000_000_000;

/// The configuration of a mail, as it is once filled in.
fn config(port: &str, change: impl FnOnce(&mut EmailConfig)) -> EmailConfig {
    let mut email = EmailConfig {
        to: "值班 <oncall@example.org>, lead@example.org".to_owned(),
        from: "narthex@example.org".to_owned(),
        smarthost: HostPort { host: "127.0.0.1".to_owned(), port: port.to_owned() },
        require_tls: Some(false),
        ..EmailConfig::default()
    };
    change(&mut email);
    let mut receiver =
        ReceiverConfig { name: "team".to_owned(), email_configs: vec![email], ..ReceiverConfig::default() };
    let mut faults = model::yaml::Faults::default();
    receiver.fill(&GlobalConfig::default(), &mut faults);
    receiver.email_configs.remove(0)
}

fn alert(labels: &[(&str, &str)], annotations: &[(&str, &str)], ends_at_ms: Option<i64>) -> Alert {
    Alert {
        labels: Labels::from_pairs(labels.iter().copied()),
        annotations: Labels::from_pairs(annotations.iter().copied()),
        starts_at_ms: AT_MS - 600_000,
        ends_at_ms,
        generator_url: "http://narthex.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1".to_owned(),
        updated_at_ms: AT_MS,
        is_timeout: false,
    }
}

fn notification(alerts: Vec<Alert>) -> Notification {
    let name = alerts[0].name().to_owned();
    Notification {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        integration: Integration { receiver: "team".into(), kind: "email", index: 0 },
        group_key: "{}:{alertname=\"x\"}".to_owned(),
        group_labels: Labels::from_pairs([("alertname", name.as_str())]),
        route_labels: Labels::empty(),
        alerts,
        reason: Reason::First,
        at_ms: AT_MS,
        deadline_ms: AT_MS + 300_000,
    }
}

/// A series that rises, and the budget of orders, which falls.
#[derive(Debug)]
struct Rising;

impl SeriesSource for Rising {
    fn burn_expr(&self, alert: &Alert) -> Option<String> {
        alert.labels.get("slo").map(|_| "up > 1".to_owned())
    }

    fn budget(&self, alert: &Alert, at_ms: i64) -> Option<Chart> {
        assert_eq!(at_ms, AT_MS);
        alert.labels.get("slo").filter(|slo| *slo == "orders").map(|_| budget::chart())
    }

    fn series(&self, query: PictureQuery) -> SeriesFuture {
        assert_eq!(query.expr, "up", "the side of `up == 0` that is compared");
        let values = (0..query.n_steps).map(|step| Some(step as f64)).collect();
        let labels = Labels::from_pairs([("instance", "db-1")]);
        Box::pin(async { Ok(vec![PictureSeries { labels, values }]) })
    }
}

fn pictures(language: Language) -> Pictures {
    Pictures::new(Arc::new(Rising), "http://narthex.example/", language)
}

async fn attempt(
    config: &EmailConfig,
    notification: &Notification,
    pictures: Option<&Pictures>,
    language: Language,
) -> Result<Sent, SendFailure> {
    let config = IntegrationConfig::Email(config);
    let session = Session::new(config, Addresses::default()).unwrap();
    let templates = templates(language, []).unwrap();
    let context = Context {
        session: &session,
        templates: &templates,
        external_url: "http://narthex.example",
        now_ms: AT_MS,
        timeout: Duration::from_secs(60),
        pictures,
        language,
    };
    // Attempts move between threads.
    fn movable<T: Send>(attempt: T) -> T {
        attempt
    }
    movable(send(config, notification, &context)).await
}

/// A server that records every byte, and answers each command as it is told to.
struct Sink {
    port: String,
    sessions: Arc<Mutex<Vec<String>>>,
}

type Answer = fn(&str) -> Option<&'static str>;

impl Sink {
    async fn start(answer: Answer) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let sessions = Arc::<Mutex<Vec<String>>>::default();
        let recorded = sessions.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Sink::session(stream, answer, recorded.clone()));
            }
        });
        Sink { port, sessions }
    }

    async fn session(stream: tokio::net::TcpStream, answer: Answer, sessions: Arc<Mutex<Vec<String>>>) {
        let number = {
            let mut sessions = sessions.lock();
            sessions.push(String::new());
            sessions.len() - 1
        };
        let (reader, mut writer) = stream.into_split();
        let mut reader = tokio::io::BufReader::new(reader);
        writer.write_all(b"220 sink\r\n").await.unwrap();
        let (mut is_data, mut line) = (false, Vec::new());
        while reader.read_until(b'\n', &mut line).await.unwrap_or_default() > 0 {
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            sessions.lock()[number].push_str(&text);
            let reply = match text.as_str() {
                ".\r\n" if is_data => {
                    is_data = false;
                    answer("end").unwrap_or("250 taken")
                }
                _ if is_data => continue,
                command if command.starts_with("EHLO") => "250-sink\r\n250-8BITMIME\r\n250 AUTH LOGIN CRAM-MD5 PLAIN",
                "DATA\r\n" => {
                    let reply = answer("DATA\r\n").unwrap_or("354 go on");
                    is_data = reply.starts_with('3');
                    reply
                }
                command => answer(command).unwrap_or("250 fine"),
            };
            writer.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
            if text == "QUIT\r\n" {
                return;
            }
        }
    }

    fn sessions(&self) -> Vec<String> {
        self.sessions.lock().clone()
    }
}

/// What a client said but for the mail itself, and the mail.
fn parts(session: &str) -> (Vec<&str>, &str) {
    let (before, rest) = session.split_once("DATA\r\n").unwrap();
    let (mail, after) = rest.split_once("\r\n.\r\n").unwrap();
    (before.lines().chain(["DATA"]).chain(after.lines()).collect(), mail)
}

fn header_names(mail: &str) -> Vec<&str> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split_once(':').unwrap().0).collect()
}

const HEADERS: [&str; 9] =
    ["From", "Date", "To", "Subject", "Message-Id", "Auto-Submitted", "MIME-Version", "Content-Type", "X-Team"];

#[tokio::test]
async fn hostile_texts_make_one_mail_with_the_headers_meant() {
    let hostile = [
        "x\r\nBcc: all@example.org\r\n\r\nbody",
        "x\r\n.\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<evil@example.org>\r\nDATA\r\n",
        "a\0b\u{1b}[31m",
        "\n.\n..\r.\r\n",
        "{{ query \"up\" }}{{ template \"x\" }}",
        "<script>alert(1)</script><img src=x onerror=alert(1)>\"'",
        "javascript:alert(1)",
        "错误率\u{202e}过高",
    ];
    let long = "长".repeat(10_000);
    for text in hostile.into_iter().chain([long.as_str(), &"x".repeat(10_000)]) {
        let sink = Sink::start(|_| None).await;
        let config = config(&sink.port, |config| {
            config.headers = [("X-Team".to_owned(), "{{ .CommonLabels.team }}".to_owned())].into();
        });
        let pairs = [("alertname", text), ("team", text)];
        let annotations = [("summary", text), ("description", text), ("runbook_url", text)];
        let mut told = notification(vec![alert(&pairs, &annotations, None)]);
        told.alerts[0].generator_url = text.to_owned();
        attempt(&config, &told, None, Language::English).await.unwrap();
        let sessions = sink.sessions();
        assert_eq!(sessions.len(), 1, "{text:?}");
        let (commands, mail) = parts(&sessions[0]);
        let want = [
            "EHLO localhost",
            "MAIL FROM:<narthex@example.org>",
            "RCPT TO:<oncall@example.org>",
            "RCPT TO:<lead@example.org>",
            "DATA",
            "QUIT",
        ];
        assert_eq!(commands, want, "{text:?}");
        let mut names = header_names(mail);
        names.sort_unstable();
        let mut wanted = HEADERS.to_vec();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{text:?}");
        assert!(mail.is_ascii() && !mail.contains('\0') && mail.lines().all(|line| line.len() <= 998), "{text:?}");
        let (_, html) = mail.split_once("text/html").unwrap();
        assert!(!html.contains("<script>") && !html.contains("\"javascript:"), "{text:?}");
        // Nothing of a mail's text ends it.
        assert!(mail.split("\r\n").all(|line| line != "." && !line.contains('\n')), "{text:?}");
    }
}

#[tokio::test]
async fn the_same_notification_is_the_same_mail() {
    let sink = Sink::start(|_| None).await;
    let config = config(&sink.port, |config| {
        config.threading.enabled = true;
        config.threading.thread_by_date = "daily".to_owned();
    });
    let pictures = pictures(Language::Chinese);
    let told = notification(vec![alert(&[("alertname", "Down")], &[("summary", "宕机")], None)]);
    for _ in 0..2 {
        attempt(&config, &told, Some(&pictures), Language::Chinese).await.unwrap();
    }
    let sessions = sink.sessions();
    assert_eq!(sessions[0], sessions[1]);
    let (_, mail) = parts(&sessions[0]);
    assert!(mail.contains("Message-Id: <0123456789abcdef0123456789abcdef@example.org>\r\n"), "{mail}");
    assert!(mail.contains("Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"), "{mail}");
    assert!(mail.contains("References: <alert-") && mail.contains("-2026-09-21@alertmanager>"), "{mail}");
    for part in ["multipart/alternative", "multipart/related", "text/plain", "text/html", "Content-ID: <chart.png>"] {
        assert!(mail.contains(part), "{part}");
    }
}

#[tokio::test]
async fn what_servers_answer_is_what_becomes_of_it() {
    let check = async |answer: Answer, want: Option<(FailureKind, bool)>, words: &str| {
        let sink = Sink::start(answer).await;
        let config = config(&sink.port, |_| {});
        let told = notification(vec![alert(&[("alertname", "Down")], &[], None)]);
        let outcome = attempt(&config, &told, None, Language::English).await;
        let said = outcome.as_ref().map_or_else(|failure| failure.reason.clone(), |sent| sent.body.clone());
        assert!(said.contains(words), "{said:?} has no {words:?}");
        assert_eq!(outcome.err().map(|failure| (failure.kind, failure.is_retryable)), want, "{said}");
    };
    check(|_| None, None, "Down").await;
    let unknown: Answer = |command| command.starts_with("RCPT").then_some("550 5.1.1 no such user");
    check(unknown, Some((FailureKind::ClientError, false)), "RCPT TO lead@example.org").await;
    let one_unknown: Answer = |command| command.starts_with("RCPT TO:<lead").then_some("550 5.1.1 no such user");
    check(one_unknown, None, "not sent to lead@example.org").await;
    let grey: Answer = |command| command.starts_with("RCPT TO:<lead").then_some("451 4.7.1 later");
    check(grey, Some((FailureKind::ServerError, true)), "451").await;
    let full: Answer = |command| (command == "end").then_some("452 4.3.1 full");
    check(full, Some((FailureKind::ServerError, true)), "full").await;
    let spam: Answer = |command| (command == "end").then_some("554 5.7.1 spam");
    check(spam, Some((FailureKind::ClientError, false)), "spam").await;
}

#[tokio::test]
async fn passwords_are_shown_as_the_server_wants_and_told_to_nobody() {
    let check = async |answer: Answer, change: fn(&mut EmailConfig), want: &[&str], is_in: bool| {
        let sink = Sink::start(answer).await;
        let config = config(&sink.port, |config| {
            config.auth_username = "user".to_owned();
            change(config);
        });
        let told = notification(vec![alert(&[("alertname", "Down")], &[], None)]);
        let outcome = attempt(&config, &told, None, Language::English).await;
        let session = sink.sessions().remove(0);
        let lines: Vec<&str> =
            session.lines().take_while(|line| !line.starts_with("MAIL") && *line != "QUIT").collect();
        assert_eq!(lines[2..], *want, "{outcome:?}");
        assert_eq!(outcome.is_ok(), is_in, "{outcome:?}");
        let told = format!("{outcome:?}");
        assert!(!told.contains("canary") && !told.contains("Y2FuYXJ5"), "{told}");
    };
    let with_password: fn(&mut EmailConfig) = |config| config.auth_password = Secret::from("canary");
    let with_secret: fn(&mut EmailConfig) = |config| config.auth_secret = Secret::from("tanstaaftanstaaf");
    let login: Answer = |line| match line.trim() {
        "AUTH LOGIN" | "dXNlcg==" => Some("334 VXNlcm5hbWU6"),
        "Y2FuYXJ5" => Some("235 in"),
        _ => None,
    };
    check(login, with_password, &["AUTH LOGIN", "dXNlcg==", "Y2FuYXJ5"], true).await;
    let cram: Answer = |line| match line.trim() {
        "AUTH CRAM-MD5" => Some("334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"),
        _ => None,
    };
    let digest = "dXNlciBiOTEzYTYwMmM3ZWRhN2E0OTViNGU2ZTczMzRkMzg5MA==";
    check(cram, with_secret, &["AUTH CRAM-MD5", digest], true).await;
    let refused: Answer = |line| line.starts_with("AUTH").then_some("535 5.7.8 no canary");
    check(refused, with_password, &["AUTH LOGIN"], false).await;
    check(refused, |_| {}, &[], false).await;
}

#[tokio::test]
async fn a_server_without_starttls_is_not_talked_to_by_default() {
    let sink = Sink::start(|_| None).await;
    let config = config(&sink.port, |config| config.require_tls = None);
    let told = notification(vec![alert(&[("alertname", "Down")], &[], None)]);
    let failure = attempt(&config, &told, None, Language::English).await.unwrap_err();
    assert!(failure.reason.contains("does not offer STARTTLS") && !failure.is_retryable, "{failure:?}");
    assert!(!sink.sessions()[0].contains("MAIL"));
}

/// A real server in a process of its own.
struct RealServer {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    port: String,
}

impl RealServer {
    /// `None` where there is no aiosmtpd, which CI must have.
    fn start(directory: &Path) -> Option<RealServer> {
        // The second is Debian's, where another one comes first.
        let has_it = |python: &&str| {
            let status = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        };
        let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(has_it) else {
            assert!(std::env::var_os("NARTHEX_CI").is_none(), "CI has python3-aiosmtpd");
            eprintln!("left out: python3-aiosmtpd is not installed");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/receivers/email/smtp_server.py");
        let mut process = Command::new(python)
            .arg(script)
            .args(["cert.pem", "key.pem"].map(|name| directory.join(name)))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap();
        Some(RealServer { process, lines, port })
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "files of a test, which another program reads")]
async fn a_real_server_takes_it_with_starttls_and_a_password() {
    let directory = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    std::fs::write(directory.path().join("cert.pem"), certified.cert.pem()).unwrap();
    std::fs::write(directory.path().join("key.pem"), certified.signing_key.serialize_pem()).unwrap();
    let Some(mut server) = RealServer::start(directory.path()) else { return };
    let port = server.port.clone();
    let ca_file = directory.path().join("cert.pem").display().to_string();
    let secure = |password: &str| {
        config(&port, |config| {
            config.require_tls = None;
            config.auth_username = "narthex".to_owned();
            config.auth_password = Secret::from(password);
            config.tls_config = Some(net::config::TlsConfig { ca_file: ca_file.clone(), ..Default::default() });
        })
    };
    let told =
        notification(vec![alert(&[("alertname", "Down"), ("产品", "结账")], &[("summary", "结账服务宕机")], None)]);
    let pictures = pictures(Language::Chinese);
    let sent = attempt(&secure("hunter2-canary"), &told, Some(&pictures), Language::Chinese).await.unwrap();
    assert!(sent.body.contains("结账服务宕机"), "{}", sent.body);
    let line = server.lines.next().unwrap().unwrap();
    let mail: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(mail["to"], serde_json::json!(["oncall@example.org", "lead@example.org"]));
    assert_eq!((&mail["from"], &mail["tls"]), (&"narthex@example.org".into(), &true.into()));
    let structure = ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"];
    assert_eq!(mail["structure"], serde_json::json!(structure));
    assert_eq!(mail["defects"], serde_json::json!([]));
    let headers = mail["headers"].as_array().unwrap();
    let header =
        |name: &str| headers.iter().find(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).unwrap();
    assert_eq!(header("Subject"), "[FIRING:1] Down (结账)");
    assert_eq!(header("To"), "值班 <oncall@example.org>, lead@example.org");
    assert!(mail["text"].as_str().unwrap().contains("结账服务宕机"));
    assert!(mail["html"].as_str().unwrap().contains("结账服务宕机"));
    let refused = attempt(&secure("wrong-canary"), &told, None, Language::English).await.unwrap_err();
    assert_eq!((refused.kind, refused.is_retryable), (FailureKind::AuthError, false), "{refused:?}");
    let mut stranger = secure("hunter2-canary");
    stranger.tls_config = None;
    let refused = attempt(&stranger, &told, None, Language::English).await.unwrap_err();
    assert!(refused.reason.contains("certificate"), "{refused:?}");
}

/// The HTML and the text of a mail without pictures.
async fn bodies(told: &Notification, language: Language) -> (String, String) {
    let config = config("25", |_| {});
    let (config_of, templates) = (IntegrationConfig::Email(&config), templates(language, []).unwrap());
    let session = Session::new(config_of, Addresses::default()).unwrap();
    let context = Context {
        session: &session,
        templates: &templates,
        external_url: "http://narthex.example:9090",
        now_ms: AT_MS,
        timeout: Duration::from_secs(60),
        pictures: None,
        language,
    };
    let mut message = super::Message::new(config_of, told, &context).await.unwrap();
    let html = message.html(&config.html).unwrap();
    (html, message.text("{{ template \"email.default.text\" . }}").unwrap())
}

/// Bodies for people to look at.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "pictures for people, of a test")]
async fn bodies_say_what_is_wrong_and_hold_a_hundred_alerts() {
    let check = async |name: &str, told: &Notification, language: Language, words: &[&str]| {
        let (html, text) = bodies(told, language).await;
        for word in words {
            assert!(html.contains(word) && text.contains(word), "{name}: no {word:?} in {text}\n{html}");
        }
        if let Some(directory) = std::env::var_os("NARTHEX_PICTURES") {
            let html = html.replace("cid:chart.png", if name == "chinese" { "chinese.png" } else { "light.png" });
            std::fs::write(Path::new(&directory).join(format!("mail-{name}.html")), html).unwrap();
            std::fs::write(Path::new(&directory).join(format!("mail-{name}.txt")), text).unwrap();
        }
    };
    let labels = [("alertname", "CheckoutErrors"), ("service", "checkout"), ("severity", "page"), ("cluster", "eu-1")];
    let annotations = [
        ("summary", "7.8 % of checkouts fail"),
        ("description", "The budget of this month is gone in 3 hours at this pace."),
        ("runbook_url", "https://runbooks.example/checkout"),
    ];
    let firing = alert(&labels, &annotations, None);
    let over = alert(&[("alertname", "CheckoutErrors"), ("service", "payment")], &[], Some(AT_MS - 60_000));
    let both = notification(vec![firing.clone(), over.clone()]);
    check("firing", &both, Language::English, &["1 alert firing", "1 alert resolved", "7.8 % of checkouts fail"]).await;
    check("resolved", &notification(vec![over]), Language::English, &["1 alert resolved", "payment"]).await;
    let chinese = [("summary", "7.8% 的结账请求失败"), ("description", "按当前速度，本月错误预算将在 3 小时内耗尽。")];
    let labels = [("alertname", "结账错误率过高"), ("service", "结账"), ("severity", "page")];
    let told = notification(vec![alert(&labels, &chinese, None)]);
    check("chinese", &told, Language::Chinese, &["1 条告警触发中", "7.8% 的结账请求失败"]).await;
    let pods: Vec<String> = (0..250).map(|number| format!("checkout-{number:03}")).collect();
    let many = pods.iter().map(|pod| alert(&[("alertname", "PodDown"), ("pod", pod)], &[], None)).collect();
    let many = notification(many);
    check("many", &many, Language::English, &["250 alerts firing", "The first 100 of 250", "checkout-099"]).await;
    let test = Notification { reason: Reason::Test, ..both };
    check("test", &test, Language::English, &["This is a test."]).await;
}
