//! T13, T14: what strangers write into labels and annotations stays text, for each kind of receiver.

use serde_json::Value as Json;

use super::fixture::{ALERTMANAGERS, OURS, alert, attempt, notification, receiver};
use super::peer::well;
use super::sink::Sink;
use crate::Reason;

/// What a label may say to do harm.
const PAYLOADS: [&str; 28] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ .ExternalURL }}",
    "{{ template \"nothing\" . }}",
    "{{ range $x := .Alerts }}{{ end }}{{ nope }}",
    "\r\nX-Evil: 1",
    "\r\n\r\nPOST / HTTP/1.1",
    "\r\n.\r\nMAIL FROM:<evil@example>",
    "\u{0}\u{1}\u{7f}",
    "[click](http://evil.example)",
    "[click] (http://evil.example)",
    "![](http://evil.example/x.png)",
    "[click][1]\n[1]: http://evil.example",
    "<http://evil.example|click>",
    "<http://evil.example>",
    "<a href=\"http://evil.example\">click</a>",
    "<!channel> <!here> <!everyone>",
    "<@U123> <#C123>",
    "<at id=all></at> <at user_id=\"all\"></at>",
    "<font color=\"warning\">x</font>",
    "@all @here @channel @everyone",
    "[~admin] [text|http://evil.example]",
    "a: [1, 2, {b: c}]",
    "&a [*a, *a]",
    "\u{2028}\u{2029}\u{feff}\u{202e}txet",
    "'; DROP TABLE alerts; --",
    "\\u0022,\\\"x\\\":1",
];

/// What would be markup, in the texts of a kind of receiver whose target begins so. The configuration of the fixture writes
/// none of it itself, but for whom the robots call.
const MARKUP: [(&str, &[&str]); 9] = [
    ("/slack", &["<!", "<@", "<#", "<http"]),
    ("/discord", &["](http", "<@", "@everyone", "@here"]),
    ("/msteams", &["](http", "<a ", "<http"]),
    ("/webex", &["](http", "<@", "<http"]),
    ("/mattermost", &["](http", "@all", "@here", "@channel", "<!"]),
    ("/rocketchat", &["](http", "@all", "@here"]),
    ("/jira", &["|http", "[~"]),
    ("/telegram", &["<a ", "<script", "<img", "](tg"]),
    ("/robot", &["](http://evil", "<font", "<at user_id=\"all", "</at> <at", "<http", "![", "<a "]),
];

/// All texts of a tree.
fn texts<'j>(json: &'j Json, out: &mut Vec<&'j str>) {
    match json {
        Json::String(text) => out.push(text),
        Json::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Json::Object(fields) => fields.iter().for_each(|(name, value)| {
            out.push(name);
            texts(value, out);
        }),
        _ => {}
    }
}

#[tokio::test]
async fn payloads_stay_texts() {
    let mut sink = Sink::start(well).await;
    let receivers = [receiver(ALERTMANAGERS, &sink.address), receiver(OURS, &sink.address)];
    for payload in PAYLOADS {
        let labels = [("alertname", payload), ("job", payload), ("instance", "a"), (payload, payload)];
        // As a rule's annotation has it that prints the label.
        let said = format!("is at {payload} now");
        let alerts = vec![alert(&labels, &[("summary", &said), ("description", payload)], None)];
        for receiver in &receivers {
            for (integration, _, config) in receiver.integrations() {
                let told = notification(&integration, alerts.clone(), Reason::First);
                let sent = attempt(config, &told).await;
                assert!(sent.is_ok(), "{integration} {payload:?}: {sent:?}");
            }
        }
        let asked = sink.drain();
        assert_eq!(asked.len(), 28, "{payload:?}");
        let mut n_as_written = 0;
        for asked in &asked {
            assert!(!asked.headers.contains_key("x-evil"), "{asked:?}");
            assert!(!asked.target.contains(['\r', '\n', '<', '"', ' ']), "{asked:?}");
            if asked.body.is_empty() {
                continue;
            }
            let json: Json = serde_json::from_str(&asked.body).unwrap_or_else(|error| panic!("{error}: {asked:?}"));
            let mut all = Vec::new();
            texts(&json, &mut all);
            n_as_written += usize::from(all.iter().any(|text| text.contains("{{")));
            for (_, markup) in MARKUP.iter().filter(|(start, _)| asked.target.starts_with(start)) {
                for text in &all {
                    let made = markup.iter().find(|markup| text.contains(**markup));
                    assert_eq!(made, None, "{} of {payload:?}: {text:?}", asked.target);
                }
            }
        }
        // Nearly all print labels.
        assert!(!payload.contains("{{") || n_as_written >= 20, "{payload:?} is told as it is by {n_as_written}");
    }
}
