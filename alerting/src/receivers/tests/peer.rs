//! Beside a real Alertmanager: both are given the same receivers and the same alerts, and ask the same of a sink.
//!
//! Needs the peers (`tests/peers/build alertmanager`) in the directory that `NARTHEX_PEERS` names, as CI does; where it
//! names none the test says that it was left out.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use net::client::{Client, ClientOptions, Request};
use serde_json::{Value as Json, json};

use super::fixture::{ALERTMANAGERS, attempt, notification, receiver, two_alerts_since};
use super::sink::{Asked, Reply, Sink};
use super::write;
use crate::{Alert, Reason};

/// Killed when dropped.
pub(crate) struct Alertmanager {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Alertmanager {
    /// One with a configuration; nothing where nobody said where it is.
    pub(crate) fn start(configuration: &str, flags: &[&str]) -> Option<Alertmanager> {
        let Some(peers) = std::env::var_os("NARTHEX_PEERS") else {
            println!("left out: NARTHEX_PEERS does not say where alertmanager is");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("alertmanager.yml");
        write(&file, configuration);
        let mut child = Command::new(PathBuf::from(peers).join("alertmanager"))
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", directory.path().display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="])
            .arg("--web.external-url=http://am.example/")
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let address = loop {
            let Some(line) = lines.next() else { panic!("Alertmanager ended: {said:#?}") };
            if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
                break address.trim().to_owned();
            }
            said.push(line);
        };
        // It is read to its end, so that it is never full.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Alertmanager { child, address, _directory: directory })
    }

    async fn post(&self, alerts: &[Alert]) {
        let time = |at_ms: i64| jiff::Timestamp::from_millisecond(at_ms).unwrap().to_string();
        let object = |labels: &model::Labels| {
            let pairs = labels.iter().map(|(name, value)| (name.to_owned(), Json::from(value)));
            Json::Object(pairs.collect())
        };
        let alert = |alert: &Alert| {
            let end = alert.ends_at_ms.map_or_else(|| "2100-01-01T00:00:00Z".to_owned(), time);
            json!({
                "labels": object(&alert.labels), "annotations": object(&alert.annotations),
                "startsAt": time(alert.starts_at_ms), "endsAt": end, "generatorURL": alert.generator_url,
            })
        };
        self.ask(http::Method::POST, "/api/v2/alerts", &alerts.iter().map(alert).collect()).await;
    }

    /// Asks something of its API, which it must do; what it answers.
    pub(crate) async fn ask(&self, method: http::Method, path: &str, body: &Json) -> String {
        let mut request = Request::get(format!("http://{}{path}", self.address).parse().unwrap());
        request.method = method;
        request.headers.insert("content-type", "application/json".parse().unwrap());
        request.body = body.to_string().into();
        let mut channel = Client::plain(ClientOptions::default()).channel();
        let response = channel.send(&request, Duration::from_secs(60)).await.unwrap();
        let (status, mut answer) = (response.status(), Vec::new());
        response.read_into(1 << 20, &mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }
}

/// What receivers answer where all is well.
pub(super) fn well(asked: &Asked) -> Reply {
    let path = asked.target.split('?').next().unwrap();
    match path {
        "/slack/slack-canary" => Reply(200, String::new(), "ok".to_owned()),
        "/wechat/gettoken" => Reply::json(r#"{"errcode":0,"access_token":"wechat-token-canary","expires_in":7200}"#),
        "/jira/rest/api/2/search" => {
            Reply::json(r#"{"issues":[{"key":"A-1","fields":{"status":{"name":"x","statusCategory":{"key":"new"}}}}]}"#)
        }
        "/jira/rest/api/2/issue/A-1/transitions" => {
            Reply::json(r#"{"transitions":[{"id":"6","name":"Open"},{"id":"7","name":"Close"}]}"#)
        }
        _ if path.starts_with("/telegram") => {
            Reply::json(r#"{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":1}}}"#)
        }
        _ => Reply::json(r#"{"ok":true,"success":true,"errcode":0,"code":0,"ts":"1.2","channel":"C1"}"#),
    }
}

/// What matters of requests, in an order that does not depend on who was faster. Where the order of fields is not
/// Alertmanager's or we say more than it, JSON is compared as values.
fn comparable(asked: &[Asked]) -> Vec<String> {
    let kept = ["content-type", "authorization", "x-auth-token", "x-user-id", "accept-language"];
    let mut texts: Vec<String> = asked
        .iter()
        .map(|asked| {
            let headers: Vec<_> = asked.headers.iter().filter(|(name, _)| kept.contains(&name.as_str())).collect();
            let mut body = asked.body.clone();
            if asked.target.starts_with("/wechat/message") || asked.target.starts_with("/msteamsv2") {
                let mut value: Json = serde_json::from_str(&body).unwrap();
                for ours in ["enable_duplicate_check", "duplicate_check_interval"] {
                    value.as_object_mut().unwrap().remove(ours);
                }
                body = value.to_string();
            }
            format!("{} {}\n{headers:?}\n{body}", asked.method, asked.target)
        })
        .collect();
    texts.sort();
    texts
}

/// Requests that make a whole notification have its id.
fn is_told_by_its_id(asked: &Asked) -> bool {
    let is_part = ["/opsgenie", "/jira", "/wechat/gettoken"].iter().any(|start| asked.target.starts_with(start));
    is_part || asked.headers.get("idempotency-key").is_some_and(|id| id == "0123456789abcdef0123456789abcdef")
}

#[tokio::test(flavor = "multi_thread")]
async fn asks_of_receivers_what_alertmanager_asks() {
    let mut theirs = Sink::start(well).await;
    let route =
        "route: {receiver: a.ll, group_by: [alertname], group_wait: 3s, group_interval: 1s, repeat_interval: 1h}";
    let configuration = format!("{}\n{route}\n", ALERTMANAGERS.replace("SINK", &theirs.address));
    let Some(alertmanager) = Alertmanager::start(&configuration, &[]) else { return };
    let mut ours = Sink::start(well).await;
    let receiver = receiver(ALERTMANAGERS, &ours.address);
    // Alertmanager waits for others only where an alert is new.
    let starts_at_ms = jiff::Timestamp::now().as_millisecond();
    for (are_over, reason) in [(false, Reason::First), (true, Reason::AllResolved)] {
        for (integration, _, config) in receiver.integrations() {
            let told = notification(&integration, two_alerts_since(starts_at_ms, are_over), reason);
            attempt(config, &told).await.unwrap_or_else(|failure| panic!("{integration}: {failure}"));
        }
        // Alertmanager keeps 企业微信's token for the second message; ours were sent in sessions of their own.
        let mut asked = ours.drain();
        asked.retain(|asked| !are_over || !asked.target.starts_with("/wechat/gettoken"));
        assert_eq!(asked.len(), if are_over { 22 } else { 23 });
        assert!(asked.iter().all(is_told_by_its_id), "{asked:#?}");
        alertmanager.post(&two_alerts_since(starts_at_ms, are_over)).await;
        let want = comparable(&theirs.take(asked.len()).await);
        let ours = comparable(&asked);
        let differ = |(ours, want): &(&String, &String)| ours != want;
        let wrong: Vec<_> =
            ours.iter().zip(&want).filter(differ).map(|(o, w)| format!("ours: {o}\nwant: {w}")).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}
