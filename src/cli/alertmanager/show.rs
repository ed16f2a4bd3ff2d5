//! Alerts and silences as amtool shows them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::object::{KnownAlert, Silence, SilenceMatcher, Texts};
use crate::cli::table::table;

/// The columns of alerts.
pub(super) fn alerts(alerts: &mut [KnownAlert], is_extended: bool) -> String {
    alerts.sort_by_key(|alert| time(&alert.starts_at));
    let mut rows = vec![match is_extended {
        false => cells(&["Alertname", "Starts At", "Summary", "State"]),
        true => cells(&["Labels", "Annotations", "Starts At", "Ends At", "Generator URL", "State"]),
    }];
    rows.extend(alerts.iter().map(|alert| {
        let text = |texts: &Texts, name: &str| texts.get(name).cloned().unwrap_or_default();
        match is_extended {
            false => vec![
                text(&alert.labels, "alertname"),
                date(&alert.starts_at),
                text(&alert.annotations, "summary"),
                alert.status.state.clone(),
            ],
            true => vec![
                pairs(&alert.labels),
                pairs(&alert.annotations),
                date(&alert.starts_at),
                date(&alert.ends_at),
                alert.generator_url.clone(),
                alert.status.state.clone(),
            ],
        }
    }));
    table(&rows)
}

/// The columns of silences.
pub(super) fn silences(silences: &mut [Silence], is_extended: bool) -> String {
    silences.sort_by_key(|silence| time(&silence.ends_at));
    let mut rows = vec![match is_extended {
        false => cells(&["ID", "Matchers", "Ends At", "Created By", "Comment"]),
        true => cells(&["ID", "Matchers", "Starts At", "Ends At", "Updated At", "Created By", "Comment"]),
    }];
    rows.extend(silences.iter().map(|silence| {
        let (id, ends_at) = (silence.id.clone(), date(&silence.ends_at));
        let told = [silence.created_by.clone(), silence.comment.clone()];
        let row = match is_extended {
            false => vec![id, matchers(&silence.matchers, " "), ends_at],
            true => {
                let all = format!("{{{}}}", matchers(&silence.matchers, ","));
                let updated_at = date(silence.updated_at.as_deref().unwrap_or_default());
                vec![id, all, date(&silence.starts_at), ends_at, updated_at]
            }
        };
        row.into_iter().chain(told).collect()
    }));
    table(&rows)
}

fn cells(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Milliseconds since the Unix epoch; 0 for what is no time.
fn time(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
}

/// A time as `2026-11-28 19:00:00 UTC`; what is no time, as it is.
fn date(text: &str) -> String {
    let shown = |time: Timestamp| time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    text.parse().map_or_else(|_| text.to_owned(), shown)
}

fn pairs(texts: &Texts) -> String {
    texts.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect::<Vec<_>>().join(" ")
}

fn matchers(matchers: &[SilenceMatcher], between: &str) -> String {
    let shown = |matcher: &SilenceMatcher| {
        let op = match (matcher.is_regex, matcher.is_equal) {
            (false, true) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (true, false) => "!~",
        };
        format!("{}{op}{}", matcher.name, model::name::quoted(&matcher.value))
    };
    matchers.iter().map(shown).collect::<Vec<_>>().join(between)
}
