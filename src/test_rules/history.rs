//! `narthex test rules FILE… --history 30d`: the alerting rules of rule files, over what a server has stored.

use std::path::Path;
use std::process::ExitCode;

use alerting::backtest::LEFT_OUT;
use alerting::rules::{GroupConfig, ReadOptions, RuleConfig, RuleFile};
use http::Method;
use model::duration::PromDuration;
use model::{Clock, SystemClock};
use net::form;
use serde_json::{Value, json};

use super::{TestRulesArgs, drawn};
use crate::cli::{complain_raw, print};
use crate::config::Source;

/// How far steps are apart where neither the command line nor the group says it, in seconds.
const DEFAULT_STEP_SECONDS: i64 = 15;

/// Tests all alerting rules of all files.
pub(super) fn run(args: &TestRulesArgs, history: PromDuration) -> ExitCode {
    let mut is_fine = true;
    for path in &args.files {
        print(&format!("{}\n", path.display()));
        if let Err(error) = test(path, args, history) {
            complain_raw(&format!("  FAILED: {error}"));
            is_fine = false;
        }
        print("\n");
    }
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn test(path: &Path, args: &TestRulesArgs, history: PromDuration) -> Result<(), String> {
    let source = Source::read(path).map_err(|error| error.to_string())?;
    let options = ReadOptions {
        parse: args.parse_options(),
        ignore_unknown_fields: args.ignore_unknown_fields,
        ..ReadOptions::default()
    };
    let file = RuleFile::read(&source.text, options).map_err(|problems| drawn(source, problems))?;
    let end_ms = SystemClock::new().now_ms().div_euclid(1000) * 1000;
    let start_ms = end_ms - history.as_millis();
    let all = file.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let alerting: Vec<(&GroupConfig, &RuleConfig)> = all.filter(|(_, rule)| !rule.alert.is_empty()).collect();
    for (number, (group, rule)) in alerting.iter().enumerate() {
        let step = step_of(group, args);
        let n_steps = history.as_millis() / step.as_millis().max(1) + 1;
        // A rule may take seconds: who waits sees which one it is.
        complain_raw(&format!("  {} of {}: {} ({n_steps} steps of {step})", number + 1, alerting.len(), rule.alert));
        let text = rule_text(group, rule);
        let seconds = |at_ms: i64| model::float::plain(at_ms as f64 / 1000.0);
        let (start, end, step) = (seconds(start_ms), seconds(end_ms), step.to_string());
        let mut asked = vec![("rule", text), ("start", start), ("end", end), ("step", step)];
        asked.push(("limit", group.limit.to_string()));
        asked.extend(group.query_offset.map(|offset| ("query_offset", offset.to_string())));
        let body = form::encode(asked.iter().map(|(name, value)| (*name, value.as_str())));
        let answered = args.server.ask(Method::POST, "/api/v1/backtests", form::MEDIA_TYPE, body);
        let answered = answered.map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_slice(&answered.body)
            .map_err(|_| format!("{}: {}", answered.status, answered.beginning()))?;
        if let Some(error) = answer["error"].as_str() {
            return Err(format!("{}: {error}", rule.alert));
        }
        print(&shown(&rule.alert, &answer["data"]));
    }
    if alerting.is_empty() {
        print("  no alerting rules\n");
    } else {
        print(&format!("  notifications are counted without {}\n", words(&LEFT_OUT)));
    }
    Ok(())
}

fn step_of(group: &GroupConfig, args: &TestRulesArgs) -> PromDuration {
    match args.step {
        Some(step) => step,
        None if group.interval.is_zero() => PromDuration::from_secs(DEFAULT_STEP_SECONDS),
        None => group.interval,
    }
}

/// A rule with the labels of its group, in the JSON that YAML has in it.
fn rule_text(group: &GroupConfig, rule: &RuleConfig) -> String {
    let mut labels = group.labels.clone();
    labels.extend(rule.labels.clone());
    json!({
        "alert": rule.alert,
        "expr": rule.expr,
        "for": rule.hold.to_string(),
        "keep_firing_for": rule.keep_firing_for.to_string(),
        "labels": labels,
        "annotations": rule.annotations,
    })
    .to_string()
}

/// One, two and three.
fn words(all: &[&str]) -> String {
    match all {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

/// What became of a rule.
fn shown(name: &str, data: &Value) -> String {
    let number = |key: &str| data[key].as_u64().unwrap_or(0);
    let mut out = format!(
        "  {name}: fired {} times, {} notifications ({:.2} s)\n",
        number("n_firing"),
        number("n_notifications"),
        data["took"].as_f64().unwrap_or(0.0),
    );
    if number("n_failed") > 0 {
        let failure = data["first_failure"].as_str().unwrap_or_default();
        out.push_str(&format!("    could not be evaluated at {} steps: {failure}\n", number("n_failed")));
    }
    for instance in data["instances"].as_array().into_iter().flatten() {
        let labels = instance["labels"].as_object().into_iter().flatten();
        let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value}")).collect();
        out.push_str(&format!("    {{{}}}\n", labels.join(", ")));
        for interval in instance["intervals"].as_array().into_iter().flatten() {
            let text = |key: &str| interval[key].as_str().unwrap_or_default();
            out.push_str(&format!("      {:<8}{} – {}\n", text("state"), text("start"), text("end")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_sent_with_the_labels_of_its_group_and_what_comes_back_is_shown() {
        let text =
            "groups: [{name: g, labels: {a: b, c: d}, rules: [{alert: X, expr: up == 0, for: 5m, labels: {c: e}}]}]";
        let file = RuleFile::read(text, ReadOptions::default()).unwrap();
        let group = &file.groups[0];
        let sent: Value = serde_json::from_str(&rule_text(group, &group.rules[0])).unwrap();
        assert_eq!((&sent["labels"], &sent["for"]), (&json!({"a": "b", "c": "e"}), &json!("5m")));
        let data = json!({
            "instances": [{
                "labels": {"alertname": "X", "i": "\""},
                "intervals": [{"state": "firing", "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:05:00Z"}],
            }],
            "n_firing": 1, "n_notifications": 2, "n_steps": 3, "n_failed": 1, "first_failure": "why", "took": 0.5,
        });
        let want = "  X: fired 1 times, 2 notifications (0.50 s)\n    could not be evaluated at 1 steps: why\n    \
                    {alertname=\"X\", i=\"\\\"\"}\n      firing  2026-01-01T00:00:00Z – 2026-01-01T00:05:00Z\n";
        assert_eq!(shown("X", &data), want);
        assert_eq!(words(&["a", "b", "c"]), "a, b and c");
    }
}
