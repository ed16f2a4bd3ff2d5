//! A trial for people: what an objective would have done over the stored past.

use model::duration::PromDuration;
use serde_json::Value;

use super::list::{percent, text};
use crate::cli::server::ServerArgs;
use crate::cli::table::table;
use crate::gate::{Unanswered, post_form};

/// The head of the ladder.
const HEAD: [&str; 6] = ["OBJECTIVE", "KEPT", "WORST LEFT", "PAGES", "TICKETS", ""];
/// So many alerts are shown, the newest ones.
const N_SHOWN: usize = 10;

/// Asks a server to try something.
pub(super) fn tried(server: &ServerArgs, question: &[(&str, &str)]) -> Result<Value, Unanswered> {
    let said: Vec<(&str, &str)> = question.iter().copied().filter(|(_, value)| !value.is_empty()).collect();
    post_form(server, "/api/v1/slos/whatif", &said)
}

/// All that a trial says.
pub(super) fn words(trial: &Value) -> String {
    [summary(trial), ladder(trial), alerts(trial), lints(trial)].concat()
}

/// The objective, and what came of it; beside it that in force, where it is another.
fn summary(trial: &Value) -> String {
    let head = ["", "OBJECTIVE", "WINDOW", "SLI", "LEFT", "PAGES", "TICKETS"].map(str::to_owned).to_vec();
    let row = |name: &str, of: &Value, left: &Value| {
        vec![
            name.to_owned(),
            format!("{}%", text(&of["objective"])),
            text(&of["window"]),
            percent(&of["sli"], 4),
            percent(left, 1),
            of["pages"].to_string(),
            of["tickets"].to_string(),
        ]
    };
    let mut rows = vec![head];
    let current = &trial["current"];
    if current.is_object() {
        rows.push(row("in force", current, &current["remaining_ratio"]));
    }
    rows.push(row("tried", trial, &trial["budget"]["remaining_ratio"]));
    format!(
        "{} from {} to {}: {} bad of {} {}, {} measured\n\n{}",
        text(&trial["id"]),
        text(&trial["start"]),
        text(&trial["end"]),
        trial["bad"],
        trial["total"],
        text(&trial["unit"]),
        percent(&trial["coverage"], 1),
        table(&rows)
    )
}

/// Which objectives would have been kept.
fn ladder(trial: &Value) -> String {
    let row = |step: &Value| {
        vec![
            format!("{}%", text(&step["objective"])),
            text(&step["would_have_held"]),
            percent(&step["worst_remaining_ratio"], 1),
            step["pages"].to_string(),
            step["tickets"].to_string(),
            if step["recommended"] == true { "to begin with".to_owned() } else { String::new() },
        ]
    };
    let head = HEAD.map(str::to_owned).to_vec();
    let steps = trial["suggestions"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(steps.map(row)).collect();
    format!("\nWhat the past would have kept:\n{}", table(&rows))
}

/// The newest alerts.
fn alerts(trial: &Value) -> String {
    let alerts = trial["alerts"].as_array().map_or(&[][..], Vec::as_slice);
    if alerts.is_empty() {
        return "\nNobody would have been told of anything.\n".to_owned();
    }
    let shown = &alerts[alerts.len().saturating_sub(N_SHOWN)..];
    let n_before = alerts.len() - shown.len() + trial["n_alerts_left_out"].as_u64().unwrap_or(0) as usize;
    let mut told = match n_before {
        0 => "\nAlerts:\n".to_owned(),
        _ => format!("\nAlerts, the newest of {}:\n", n_before + shown.len()),
    };
    let head = ["SEVERITY", "WINDOWS", "FACTOR", "FIRED", "ENDED", "AFTER", "COST"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(shown.iter().map(alert)).collect();
    told.push_str(&table(&rows));
    told.push_str(
        "AFTER is the time from the burn's first bad event, COST the share of the budget that the burn took.\n",
    );
    told
}

fn alert(alert: &Value) -> Vec<String> {
    let delay_ms = (alert["detection_delay_seconds"].as_f64().unwrap_or(0.0) * 1000.0) as i64;
    let ended = if alert["resolved_at"].is_null() { "goes on".to_owned() } else { text(&alert["resolved_at"]) };
    vec![
        text(&alert["severity"]),
        format!("{}/{}", text(&alert["long"]), text(&alert["short"])),
        alert["factor"].to_string(),
        text(&alert["fired_at"]),
        ended,
        PromDuration::from_millis(delay_ms).to_string(),
        percent(&alert["spent_ratio"], 1),
    ]
}

/// What looks wrong.
fn lints(trial: &Value) -> String {
    let lint = |lint: &Value| match text(&lint["place"]) {
        place if place.is_empty() => format!("warning: {}\n", text(&lint["text"])),
        place => format!("warning: {place}: {}\n", text(&lint["text"])),
    };
    let lints: String = trial["lints"].as_array().into_iter().flatten().map(lint).collect();
    if lints.is_empty() { lints } else { format!("\n{lints}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn squeezed(text: &str) -> Vec<String> {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_trial_in_words() {
        let alert = json!({"severity": "page", "long": "1h", "short": "5m", "factor": 14.4, "fired_at": "2026-01-02T00:00:00Z",
            "resolved_at": null, "peak_burn": null, "detection_delay_seconds": 312.5, "spent_ratio": 0.034});
        let trial = json!({
            "id": "orders", "objective": "99.5", "window": "7d", "unit": "events", "coverage": 0.9968,
            "start": "2026-01-01T00:00:00Z", "end": "2026-01-08T00:00:00Z", "bad": 36, "total": 86400, "sli": 0.99958333,
            "budget": {"remaining_ratio": 0.9166}, "pages": 1, "tickets": 0,
            "suggestions": [{"objective": "99.5", "would_have_held": "1 of 1", "worst_remaining_ratio": 0.9166, "pages": 1,
                "tickets": 0, "recommended": true}],
            "alerts": vec![alert; 12], "n_alerts_left_out": 3,
            "current": {"objective": "99.9", "window": "28d", "sli": 0.99958333, "remaining_ratio": null, "pages": 4, "tickets": 2},
            "lints": [{"text": "it is odd", "place": "3:5"}, {"text": "it is odder", "place": ""}],
        });
        let lines = squeezed(&words(&trial));
        let starts = [
            "orders from 2026-01-01T00:00:00Z to 2026-01-08T00:00:00Z: 36 bad of 86400 events, 99.7% measured",
            "",
            "OBJECTIVE WINDOW SLI LEFT PAGES TICKETS",
            "in force 99.9% 28d 99.9583% - 4 2",
            "tried 99.5% 7d 99.9583% 91.7% 1 0",
            "",
            "What the past would have kept:",
            "OBJECTIVE KEPT WORST LEFT PAGES TICKETS",
            "99.5% 1 of 1 91.7% 1 0 to begin with",
            "",
            "Alerts, the newest of 15:",
            "SEVERITY WINDOWS FACTOR FIRED ENDED AFTER COST",
            "page 1h/5m 14.4 2026-01-02T00:00:00Z goes on 5m12s500ms 3.4%",
        ];
        assert_eq!(lines[..starts.len()], starts);
        assert_eq!(lines.iter().filter(|line| line.starts_with("page ")).count(), N_SHOWN);
        assert_eq!(lines[lines.len() - 2..], ["warning: 3:5: it is odd", "warning: it is odder"]);
        let quiet = words(&json!({"alerts": [], "lints": []}));
        assert!(quiet.contains("Nobody would have been told"), "{quiet}");
    }
}
