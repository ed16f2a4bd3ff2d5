use model::yaml::{DisplayPath, Document, Faults, to_yaml};
use serde::Deserialize;

use super::ReceiverConfig;
use crate::config::GlobalConfig;

/// The two sections that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    global: GlobalConfig,
    receivers: Vec<ReceiverConfig>,
}

/// Reads and fills, and tells all that is wrong, each with its place.
fn read(text: &str) -> (File, Vec<String>) {
    let document = Document::parse(text).expect("YAML");
    let (file, problems) = document.read::<File>();
    let mut file = file.unwrap_or_default();
    let mut wrong: Vec<String> =
        problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
    let mut faults = Faults::new();
    faults.within("global", |faults| file.global.check(faults));
    faults.within_each("receivers", &file.receivers, |faults, receiver| receiver.check(faults));
    file.global.fill();
    let File { global, receivers } = &mut file;
    faults.within_each("receivers", receivers, |faults, receiver| receiver.fill(global, faults));
    wrong.extend(
        faults.into_found().into_iter().map(|fault| format!("{}: {}", DisplayPath(&fault.path), fault.message)),
    );
    (file, wrong)
}

#[test]
fn mistakes() {
    let check = |text: &str, want: &str| {
        let (_, wrong) = read(text);
        assert_eq!(wrong.join("\n"), want, "{text}");
    };
    let receiver = |kind: &str, fields: &str| format!("receivers: [{{name: a, {kind}_configs: [{{{fields}}}]}}]");
    let one = |kind: &str, fields: &str, want: &str| {
        let want = want.replacen("HERE", &format!("receivers[0].{kind}_configs[0]"), 9);
        check(&receiver(kind, fields), &want);
    };
    check("receivers: [{}]", "receivers[0].name: missing name in receiver");
    check(
        "receivers: [{name: a, labels: {name: b}}]",
        "receivers[0].labels.name: receiver label \"name\" must match receiver name \"a\", got \"b\"",
    );
    check(
        "global: {smtp_smarthost: 'a:', resolve_timeout: 5m}",
        "global.smtp_smarthost: address \"a:\": port cannot be empty",
    );
    check(
        "global: {slack_app_token: a, slack_app_token_file: b}",
        "global.slack_app_token_file: at most one of slack_app_token & slack_app_token_file must be configured",
    );
    check(
        "global: {telegram_api_url: 'ftp://a', webex_api_url: 'http:///x'}",
        "global.telegram_api_url: unsupported scheme \"ftp\" for URL\nglobal.webex_api_url: missing host for URL",
    );
    one("webhook", "", "HERE: one of url or url_file must be configured");
    one("webhook", "url: 'http://a/', url_file: b", "HERE.url_file: at most one of url & url_file must be configured");
    one("webhook", "url: 'http://a/', timeout: 1x", "HERE.timeout: time: invalid duration \"1x\"");
    one("webhook", "url: 'http://a/{{ .Receiver }}', timeout: 500ms", "");
    one(
        "webhook",
        "url: 'http://{{ .GroupLabels.host }}/'",
        "HERE.url: scheme and host of a URL must not be templates: labels would choose where it goes\n\
         HERE: one of url or url_file must be configured",
    );
    one(
        "webhook",
        "url: 'http://a/{{ .Nope'",
        "HERE.url: invalid template syntax (it is not shown, for it is a secret)\n\
         HERE: one of url or url_file must be configured",
    );
    one("slack", "channel: a", "HERE: no Slack API URL nor App token set either inline or in a file");
    one(
        "slack",
        "api_url: 'http://a/', fields: [{title: a}], actions: [{type: button, text: b}]",
        "HERE.fields[0].value: missing value in Slack field configuration\n\
         HERE.actions[0]: missing name or url in Slack action configuration",
    );
    one("email", "to: a", "HERE: no global SMTP smarthost set\nHERE: no global SMTP from set");
    one(
        "email",
        "to: a, from: b, smarthost: 'c:25', headers: {reply-to: a, Reply-To: b}",
        "HERE.headers.reply-to: duplicate header \"Reply-To\" in email config",
    );
    one("pagerduty", "", "HERE: missing service or routing key in PagerDuty config");
    one("opsgenie", "", "HERE: no global OpsGenie API Key set either inline or in a file");
    one(
        "opsgenie",
        "api_key: a, responders: [{type: nobody}]",
        "HERE.responders[0]: opsGenieConfig responder has to have at least one of id, username or name specified\n\
         HERE.responders[0].type: opsGenieConfig responder type is none of team, teams, user, escalation, schedule: \
         \"nobody\"",
    );
    one("opsgenie", "api_key: a, teams: b", "HERE.teams: field teams not found in type opsgenie.plain");
    one(
        "wechat",
        "",
        "HERE: no global Wechat Api Secret set either inline or in a file\nHERE: no global Wechat CorpID set",
    );
    one(
        "victorops",
        "routing_key: a, custom_fields: {entity_id: b}, api_key: c",
        "HERE.custom_fields.entity_id: victorOps config contains custom field entity_id which cannot be used as it conflicts with the fixed/static fields",
    );
    one(
        "pushover",
        "user_key: a, token: b, html: true, monospace: true",
        "HERE.monospace: at most one of monospace & html must be configured",
    );
    one("telegram", "bot_token: a", "HERE: missing chat_id or chat_id_file on telegram_config");
    one("telegram", "chat_id: 1", "HERE: missing bot_token or bot_token_file on telegram_config");
    one("discord", "", "HERE: one of webhook_url or webhook_url_file must be configured");
    one("webex", "room_id: a", "HERE: missing webex_configs.http_config.authorization");
    one("webex", "room_id: a, http_config: {bearer_token: b}", "");
    one("jira", "project: a, issue_type: b", "HERE.api_url: no global Jira Cloud URL set");
    one("jira", "api_url: 'http://a', project: a, issue_type: b, summary: {template: c, enable_update: false}", "");
    one(
        "incidentio",
        "url: 'http://a', http_config: {}",
        "HERE: at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured",
    );
    one("rocketchat", "token: a", "HERE: no global Rocketchat TokenID set either inline or in a file");
    one("mattermost", "", "HERE: missing webhook_url or webhook_url_file on mattermost_config");
    one(
        "wecom_robot",
        "webhook_url: 'http://a', message_type: image",
        "HERE.message_type: message_type of wecom_robot_configs must be markdown or text",
    );
    one(
        "dingtalk",
        "webhook_url: 'http://a', secret: b, secret_file: c",
        "HERE.secret_file: at most one of secret & secret_file must be configured",
    );
    one("feishu", "", "HERE: one of webhook_url or webhook_url_file must be configured");
    check(
        &receiver("sns", "topic_arn: a"),
        "receivers[0].sns_configs: sns_configs is not supported: send to a webhook_configs that publishes to SNS, or \
         remove it",
    );
}

/// What a receiver is told of, in the order in which Alertmanager tells it.
#[test]
fn integrations() {
    let (file, wrong) = read(
        "global: {slack_api_url: 'http://a/'}\n\
         receivers: [{name: a, slack_configs: [{}, {send_resolved: true}], webhook_configs: [{url: 'http://a'}]}]",
    );
    assert_eq!(wrong, [""; 0]);
    let told: Vec<String> = file.receivers[0]
        .integrations()
        .map(|(integration, send_resolved, _)| format!("{integration} {send_resolved}"))
        .collect();
    assert_eq!(told, ["a/webhook[0] true", "a/slack[0] false", "a/slack[1] true"]);
}

#[test]
fn redirects_are_followed_only_where_that_is_written() {
    let check = |http: &str, want: bool| {
        let (file, wrong) = read(&format!("{http}receivers: [{{name: a, webhook_configs: [{{url: 'http://a'}}]}}]"));
        assert_eq!(wrong, [""; 0]);
        let (_, _, config) = file.receivers[0].integrations().next().unwrap();
        assert_eq!(config.http_config().unwrap().follow_redirects, want, "{http:?}");
    };
    check("", false);
    check("global: {http_config: {proxy_url: 'http://p'}}\n", false);
    check("global: {http_config: {follow_redirects: true}}\n", true);
    check("global: {http_config: {follow_redirects: false}}\n", false);
}

#[test]
fn slack_tokens() {
    let (file, wrong) = read(
        "global: {slack_app_token: t1, slack_api_url: 'https://slack.com/api/chat.postMessage'}\n\
         receivers:\n- name: a\n  slack_configs:\n  - {}\n  - {app_token: t2, app_url: 'http://b/'}\n  \
         - {http_config: {authorization: {credentials: t3}}}\n  - {api_url: 'http://c/'}\n",
    );
    assert_eq!(wrong, [""; 0]);
    let got: Vec<_> = file.receivers[0]
        .slack_configs
        .iter()
        .map(|config| {
            let http = &config.http_config.as_ref().unwrap().config;
            let token = http.authorization.as_ref().map_or("", |authorization| authorization.credentials.expose());
            (config.api_url.expose(), token)
        })
        .collect();
    let slack = "https://slack.com/api/chat.postMessage";
    assert_eq!(got, [(slack, "t1"), ("http://b/", "t2"), (slack, "t3"), ("http://c/", "")]);
}

/// T17: each secret is set, and neither debugging nor writing the configuration shows one.
#[test]
fn nothing_shows_secrets() {
    let (file, _) = read(
        "global:\n  smtp_auth_password: CANARY\n  smtp_auth_secret: CANARY\n  slack_api_url: 'http://a/CANARY'\n  \
         slack_app_token: CANARY\n  opsgenie_api_key: CANARY\n  wechat_api_secret: CANARY\n  victorops_api_key: CANARY\n  \
         telegram_bot_token: CANARY\n  rocketchat_token: CANARY\n  rocketchat_token_id: CANARY\n  \
         mattermost_webhook_url: 'http://a/CANARY'\n  http_config: {basic_auth: {password: CANARY}}\n\
         receivers:\n- name: a\n  webhook_configs: [{url: 'http://a/CANARY'}, {url: 'http://a/CANARY{{ .Receiver }}'}]\n  \
         email_configs: [{to: a, auth_password: CANARY, auth_secret: CANARY}]\n  \
         pagerduty_configs: [{service_key: CANARY}, {routing_key: CANARY}]\n  opsgenie_configs: [{api_key: CANARY}]\n  \
         wechat_configs: [{api_secret: CANARY}]\n  slack_configs: [{api_url: 'http://a/CANARY'}, {app_token: CANARY}]\n  \
         victorops_configs: [{api_key: CANARY, routing_key: a}]\n  pushover_configs: [{user_key: CANARY, token: CANARY}]\n  \
         telegram_configs: [{bot_token: CANARY, chat_id: 1}]\n  discord_configs: [{webhook_url: 'http://a/CANARY'}]\n  \
         webex_configs: [{room_id: a, http_config: {authorization: {credentials: CANARY}}}]\n  \
         msteams_configs: [{webhook_url: 'http://a/CANARY'}]\n  msteamsv2_configs: [{webhook_url: 'http://a/CANARY'}]\n  \
         incidentio_configs: [{url: 'http://a/', alert_source_token: CANARY}]\n  \
         rocketchat_configs: [{token: CANARY, token_id: CANARY}]\n  \
         mattermost_configs: [{webhook_url: 'http://a/CANARY'}]\n  \
         wecom_robot_configs: [{webhook_url: 'http://a/?key=CANARY'}]\n  \
         dingtalk_configs: [{webhook_url: 'http://a/?access_token=CANARY', secret: CANARY}]\n  \
         feishu_configs: [{webhook_url: 'http://a/CANARY', secret: CANARY}]\n",
    );
    assert_eq!(file.receivers[0].integrations().count(), 22, "each kind, some twice");
    for shown in [format!("{file:?}"), to_yaml(&file.receivers).unwrap(), to_yaml(&file.global).unwrap()] {
        assert!(!shown.contains("CANARY"), "{shown}");
        assert!(shown.contains("<secret>"), "{shown}");
    }
    for bad in ["slack_api_url: 'ftp://CANARY'", "slack_api_url: ['CANARY']", "slack_api_url: 'http://a:CANARY/'"] {
        let (_, wrong) = read(&format!("global: {{{bad}}}"));
        assert!(!wrong.is_empty() && !wrong.concat().contains("CANARY"), "{wrong:?}");
    }
}
