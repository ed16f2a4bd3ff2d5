//! A receiver of each kind, and something to tell it.

use std::sync::Arc;
use std::time::Duration;

use model::Labels;
use model::yaml::{Document, Faults};
use net::client::Addresses;
use serde::Deserialize;

use crate::config::{GlobalConfig, IntegrationConfig, ReceiverConfig};
use crate::receivers::{Context, Language, SendFailure, Sent, Session, send, templates};
use crate::{Alert, Integration, Notification, Reason};

/// 2026-11-28T10:00:00.123Z
pub(super) const START_MS: i64 = 1_795_860_000_123;

/// What Alertmanager knows, each kind with its fields; `SINK` stands for the sink's address.
pub(super) const ALERTMANAGERS: &str = r##"
global:
  slack_app_url: 'http://SINK/slack/api/chat.postMessage'
  opsgenie_api_url: 'http://SINK/opsgenie'
  opsgenie_api_key: opsgenie-canary
  wechat_api_url: 'http://SINK/wechat'
  wechat_api_secret: wechat-canary
  wechat_api_corp_id: corp
  victorops_api_url: 'http://SINK/victorops/'
  victorops_api_key: victorops-canary
  telegram_api_url: 'http://SINK/telegram'
  telegram_bot_token: telegram-canary
  webex_api_url: 'http://SINK/webex'
  rocketchat_api_url: 'http://SINK/rocketchat/'
  rocketchat_token: rocketchat-canary
  rocketchat_token_id: rocketchat-user-canary
  mattermost_webhook_url: 'http://SINK/mattermost/mattermost-canary'
  jira_api_url: 'http://SINK/jira/rest/api/2'
receivers:
- name: a.ll
  webhook_configs:
  - url: 'http://SINK/webhook/webhook-canary'
    http_config: {basic_auth: {username: me, password: basic-canary}}
  - url: 'http://SINK/payload/{{ .GroupLabels.alertname }}?key=webhook-canary'
    max_alerts: 1
    payload:
      title: '{{ .Status }} <b>'
      count: '{{ len .Alerts }}'
      '{{ .Receiver }}': ['{{ .CommonLabels | toJson }}', 1.5, true, null, '{{ .CommonAnnotations.summary }}']
  pagerduty_configs:
  - routing_key: pagerduty-canary
    url: 'http://SINK/pagerduty'
    severity: '{{ if eq .Status "firing" }}critical{{ else }}info{{ end }}'
    class: c
    component: '{{ .CommonLabels.job }}'
    group: g
    details: {more: '{{ .CommonLabels.job }}: 1', nested: {a: [1, 'b']}}
    images: [{src: 'http://i/{{ .Status }}', alt: alt, href: 'http://h'}, {alt: none}]
    links: [{href: 'http://l', text: '{{ .Status }}'}, {text: none}]
  opsgenie_configs:
  - responders:
    - {name: 'a,b,,c', type: teams}
    - {id: '{{ .CommonLabels.nobody }}', type: '{{ .CommonLabels.nobody }}'}
    - {username: me, type: user}
    details: {job: 'the {{ .CommonLabels.job }}', more: x}
    tags: 'x,,y'
    actions: do
    note: n
    priority: P1
    entity: e
    update_alerts: true
  wechat_configs:
  - send_resolved: true
    to_user: me
    agent_id: '7'
  slack_configs:
  - api_url: 'http://SINK/slack/slack-canary'
    send_resolved: true
    channel: '#{{ .CommonLabels.job }}'
    short_fields: true
    fields: [{title: t, value: '{{ .Status }}'}, {title: u, value: v, short: false}]
    actions: [{type: button, text: go, url: 'http://go', name: dropped}, {type: button, text: t, name: n, value: v, style: danger, confirm: {text: sure, ok_text: yes!}}]
    link_names: true
    message_text: outside
  - app_token: slack-token-canary
    send_resolved: true
    channel: '#b'
  victorops_configs:
  - routing_key: '{{ .CommonLabels.job }}'
    message_type: nonsense
    custom_fields: {more: '{{ .Status }}'}
  telegram_configs:
  - chat_id: -42
    message_thread_id: 3
    disable_notifications: true
  - chat_id: 42
    parse_mode: ''
    message: '{{ .Status }} <b>'
  discord_configs:
  - webhook_url: 'http://SINK/discord/discord-canary'
    content: '{{ .Status }}'
    username: me
    avatar_url: 'http://avatar'
  webex_configs:
  - room_id: '{{ .CommonLabels.job }}'
    http_config: {authorization: {credentials: webex-canary}}
  msteams_configs:
  - webhook_url: 'http://SINK/msteams/msteams-canary'
  msteamsv2_configs:
  - webhook_url: 'http://SINK/msteamsv2/msteamsv2-canary'
  jira_configs:
  - project: '{{ .CommonLabels.job }}'
    issue_type: Bug
    labels: ['{{ .Status }}', z]
    resolve_transition: Close
    wont_fix_resolution: "won't"
    fields: {customfield_1: {value: '{{ .Status }}'}, customfield_2: [1]}
  incidentio_configs:
  - url: 'http://SINK/incidentio'
    alert_source_token: incidentio-canary
  rocketchat_configs:
  - send_resolved: true
    channel: '#a'
    short_fields: true
    fields: [{title: t, value: '{{ .Status }}', short: false}, {title: u, value: v}]
    actions: [{text: go, url: 'http://go', msg: m}]
  mattermost_configs:
  - channel: town
    fields: [{title: t, value: '{{ .Status }}', short: true}]
    priority: {priority: Important, requested_ack: true, persistent_notifications: true}
    props: {card: '{{ .Status }}'}
  - attachments: [{text: '{{ .Status }}', title: t, fields: [{title: a, value: b}]}]
"##;

/// What only narthex knows.
pub(super) const OURS: &str = r##"
receivers:
- name: ours
  wecom_robot_configs:
  - webhook_url: 'http://SINK/robot/wecom?key=wecom-canary'
    mentioned_list: [zhang]
  - webhook_url: 'http://SINK/robot/wecom?key=wecom-canary'
    message_type: text
    message: '{{ .CommonLabels.alertname }}'
    mentioned_mobile_list: ['13800000000']
  dingtalk_configs:
  - webhook_url: 'http://SINK/robot/dingtalk?access_token=dingtalk-canary'
    secret: SEC-dingtalk-canary
    at_mobiles: ['13800000000']
  feishu_configs:
  - webhook_url: 'http://SINK/robot/feishu/feishu-canary'
    secret: feishu-secret-canary
    at_all: true
  - webhook_url: 'http://SINK/robot/feishu/feishu-canary'
    message_type: text
    message: '{{ .CommonLabels.alertname }}'
    at_user_ids: [ou_1]
"##;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    global: GlobalConfig,
    receivers: Vec<ReceiverConfig>,
}

/// The first receiver of a file, filled in.
pub(crate) fn receiver(text: &str, sink: &str) -> ReceiverConfig {
    let document = Document::parse(&text.replace("SINK", sink)).unwrap();
    let (file, problems) = document.read::<File>();
    assert!(problems.is_empty(), "{problems:?}");
    let File { mut global, mut receivers } = file.unwrap();
    global.fill();
    let mut faults = Faults::new();
    receivers[0].check(&mut faults);
    receivers[0].fill(&global, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    receivers.remove(0)
}

/// An alert that has fired for a while, perhaps until a time.
pub(super) fn alert(labels: &[(&str, &str)], annotations: &[(&str, &str)], ends_at_ms: Option<i64>) -> Alert {
    Alert {
        labels: Labels::from_pairs(labels.iter().copied()),
        annotations: Labels::from_pairs(annotations.iter().copied()),
        starts_at_ms: START_MS,
        ends_at_ms,
        generator_url: "http://prometheus.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1".to_owned(),
        updated_at_ms: START_MS,
        is_timeout: false,
    }
}

/// Two alerts of a group that fire, or that ended a second after they began.
pub(super) fn two_alerts(are_over: bool) -> Vec<Alert> {
    two_alerts_since(START_MS, are_over)
}

/// The same from another time on.
pub(super) fn two_alerts_since(starts_at_ms: i64, are_over: bool) -> Vec<Alert> {
    let one = |instance: &str, severity: &str| {
        let labels = [("alertname", "HighLoad"), ("instance", instance), ("job", "node"), ("severity", severity)];
        let annotations = [("description", "\"load\" > 3 & <b>rising</b>\nof 中文"), ("summary", "load is high: 3")];
        Alert { starts_at_ms, ..alert(&labels, &annotations, are_over.then_some(starts_at_ms + 1)) }
    };
    vec![one("a:9100", "warning"), one("b:9100", "critical")]
}

/// A notification of alerts to an integration.
pub(super) fn notification(integration: &Integration, alerts: Vec<Alert>, reason: Reason) -> Notification {
    let starts_at_ms = alerts.first().map_or(START_MS, |alert| alert.starts_at_ms);
    let name = alerts.first().map_or("HighLoad", |alert| alert.name()).to_owned();
    Notification {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        integration: integration.clone(),
        group_key: format!("{{}}:{{alertname={name:?}}}"),
        group_labels: Labels::from_pairs([("alertname", name.as_str())]),
        route_labels: Labels::empty(),
        alerts,
        reason,
        at_ms: starts_at_ms + 60_000,
        deadline_ms: starts_at_ms + 360_000,
    }
}

/// Sends to an integration once, with a session of its own.
pub(crate) async fn attempt(config: IntegrationConfig<'_>, notification: &Notification) -> Result<Sent, SendFailure> {
    attempt_with(Language::English, config, notification).await
}

/// The same in a language.
pub(super) async fn attempt_with(
    language: Language,
    config: IntegrationConfig<'_>,
    notification: &Notification,
) -> Result<Sent, SendFailure> {
    let session = Session::new(config, Addresses::default()).unwrap();
    attempt_in(&session, language, config, notification).await
}

/// The same in a session that is kept.
pub(super) async fn attempt_in(
    session: &Session,
    language: Language,
    config: IntegrationConfig<'_>,
    notification: &Notification,
) -> Result<Sent, SendFailure> {
    let templates = templates(language, []).unwrap();
    let context = Context {
        session,
        templates: &templates,
        external_url: "http://am.example",
        now_ms: START_MS + 60_000,
        timeout: Duration::from_secs(60),
        pictures: None,
        language,
    };
    send(config, notification, &context).await
}

/// An integration by itself.
pub(super) fn integration(receiver: &str, kind: &'static str) -> Integration {
    Integration { receiver: Arc::from(receiver), kind, index: 0 }
}
