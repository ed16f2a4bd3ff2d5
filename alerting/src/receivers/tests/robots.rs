//! What the robots say, letter for letter.

use serde_json::{Value as Json, json};

use super::fixture::{OURS, attempt_with, notification, receiver, two_alerts};
use super::sink::{Reply, Sink};
use crate::Reason;
use crate::receivers::Language;

/// What a robot of the fixture is sent, by its kind and its place among those of this kind.
async fn said(kind: &str, index: usize, language: Language, are_over: bool) -> (String, Json) {
    let mut sink = Sink::start(|_| Reply::json(r#"{"errcode":0,"code":0}"#)).await;
    let receiver = receiver(OURS, &sink.address);
    let of_kind = receiver.integrations().filter(|(integration, ..)| integration.kind == kind);
    let (integration, _, config) = of_kind.into_iter().nth(index).unwrap();
    let reason = if are_over { Reason::AllResolved } else { Reason::First };
    let told = notification(&integration, two_alerts(are_over), reason);
    attempt_with(language, config, &told).await.unwrap();
    let asked = sink.drain().remove(0);
    (asked.target, serde_json::from_str(&asked.body).unwrap())
}

/// A text without the lines that hold times, which are those of the machine's zone, and with the spaces of no width shown.
fn without_times(text: &Json) -> String {
    let is_time =
        |line: &&str| ["- since: ", "- until: ", "- 开始: ", "- 结束: "].iter().any(|start| line.starts_with(start));
    let lines: Vec<&str> = text.as_str().unwrap().lines().filter(|line| !is_time(line)).collect();
    lines.join("\n").replace('\u{200b}', "·")
}

/// What is said of the two alerts.
fn alerts(mark: &str) -> String {
    let one = |instance: &str, severity: &str| {
        format!(
            "{mark} **HighLoad** load is high: 3  \n\"load\" > 3 & <·b>rising<·/b>\nof 中文  \n- instance: {instance}\n\
             - job: node\n- severity: {severity}"
        )
    };
    format!("{}\n\n{}", one("a:9100", "warning"), one("b:9100", "critical"))
}

#[tokio::test]
async fn wecom() {
    let (target, body) = said("wecom_robot", 0, Language::English, false).await;
    assert_eq!((target.as_str(), &body["msgtype"]), ("/robot/wecom?key=wecom-canary", &json!("markdown")));
    let want =
        format!("**[FIRING 2] HighLoad** [Open in narthex](http://am.example/alerts)\n\n{}\n\n<@zhang>", alerts("🔴"));
    assert_eq!(without_times(&body["markdown"]["content"]), want);
    let (_, body) = said("wecom_robot", 1, Language::English, false).await;
    let text = json!({"content": "HighLoad", "mentioned_list": [], "mentioned_mobile_list": ["13800000000"]});
    assert_eq!(body, json!({"msgtype": "text", "text": text}));
}

#[tokio::test]
async fn dingtalk() {
    let (target, body) = said("dingtalk", 0, Language::Chinese, true).await;
    let start = "/robot/dingtalk?access_token=dingtalk-canary&timestamp=1795860060123&sign=";
    assert!(target.starts_with(start), "{target}");
    let at = json!({"atMobiles": ["13800000000"], "atUserIds": [], "isAtAll": false});
    assert_eq!((&body["msgtype"], &body["at"]), (&json!("markdown"), &at));
    assert_eq!(body["markdown"]["title"], "[已恢复] HighLoad");
    let want = format!(
        "**[已恢复] HighLoad** [在 narthex 中查看](http://am.example/alerts)\n\n{}\n\n @13800000000",
        alerts("🟢")
    );
    assert_eq!(without_times(&body["markdown"]["text"]), want);
}

#[tokio::test]
async fn feishu() {
    let (target, body) = said("feishu", 0, Language::Chinese, false).await;
    assert_eq!((target.as_str(), &body["timestamp"]), ("/robot/feishu/feishu-canary", &json!("1795860060")));
    let header = json!({"template": "red", "title": {"tag": "plain_text", "content": "[告警 2] HighLoad"}});
    assert_eq!(body["card"]["header"], header);
    let want = format!("[在 narthex 中查看](http://am.example/alerts)\n\n{}\n\n<at id=all></at>", alerts("🔴"));
    assert_eq!(without_times(&body["card"]["elements"][0]["content"]), want);
    let (_, body) = said("feishu", 1, Language::English, true).await;
    assert_eq!(body["content"], json!({"text": "[RESOLVED] HighLoad\nHighLoad\n<at user_id=\"ou_1\"></at>"}));
}
