//! `narthex slo list`: the objectives of a server, and what is left of their budgets.

use clap::{Args, ValueEnum};
use http::Method;
use net::form;
use serde_json::Value;

use crate::cli::server::ServerArgs;
use crate::cli::table::table;

/// The head of the table.
const HEAD: [&str; 9] = ["SLO", "PRODUCT", "SERVICE", "OBJECTIVE", "WINDOW", "SLI", "BAD", "LEFT", "STATE"];

/// What `narthex slo list` takes.
#[derive(Debug, Args)]
pub(crate) struct SloListArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only objectives of this product.
    #[arg(long)]
    product: Option<String>,
    /// Only objectives of this service.
    #[arg(long)]
    service: Option<String>,
    /// Only objectives in this state: nodata, healthy, caution, critical, exhausted.
    #[arg(long)]
    state: Option<String>,
    /// At this instant, in RFC 3339 or seconds since the Unix epoch; without it at the newest sample.
    #[arg(long)]
    time: Option<String>,
    /// How it is shown.
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Columns.
    Text,
    /// One JSON document, as the server sent it.
    Json,
}

/// The list, and what the server could not read of its spec files, a line each.
pub(super) fn list(args: &SloListArgs) -> Result<(String, Vec<String>), String> {
    let filters =
        [("product", &args.product), ("service", &args.service), ("state", &args.state), ("time", &args.time)];
    let pairs = filters.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let path = format!("/api/v1/slos?{}", form::encode(pairs));
    let asked = args.server.ask(Method::GET, &path, form::MEDIA_TYPE, Vec::new());
    let answered = asked.map_err(|error| error.to_string())?;
    let not_api = || format!("the server does not know SLOs: {}: {}", answered.status, answered.beginning());
    let document: Value = serde_json::from_slice(&answered.body).map_err(|_| not_api())?;
    if document["status"] == "error" {
        return Err(format!("{}: {}", text(&document["errorType"]), text(&document["error"])));
    }
    let slos = document["data"].as_array().ok_or_else(not_api)?;
    let faults = document["errors"].as_array().into_iter().flatten().map(fault).collect();
    match args.output {
        Output::Json => Ok((format!("{document}\n"), faults)),
        Output::Text => Ok((shown(slos), faults)),
    }
}

fn shown(slos: &[Value]) -> String {
    let head = HEAD.map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(slos.iter().map(row)).collect();
    table(&rows)
}

fn row(slo: &Value) -> Vec<String> {
    vec![
        text(&slo["id"]),
        text(&slo["product"]),
        text(&slo["service"]),
        format!("{}%", text(&slo["objective"])),
        text(&slo["window"]["length"]),
        percent(&slo["sli"], 4),
        format!("{} of {}", slo["bad"], slo["budget"]["allowed"]),
        percent(&slo["budget"]["remaining_ratio"], 1),
        text(&slo["state"]),
    ]
}

fn fault(fault: &Value) -> String {
    format!("{}:{}:{}: {}", text(&fault["file"]), fault["line"], fault["column"], text(&fault["error"]))
}

/// A ratio in percent, with so many digits behind the point; `-` where there is none.
pub(super) fn percent(ratio: &Value, places: usize) -> String {
    match ratio.as_f64() {
        Some(ratio) => format!("{:.places$}%", ratio * 100.0),
        None => "-".to_owned(),
    }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each() {
        let slos = serde_json::json!([
            {"id": "orders", "product": "checkout", "service": "api", "objective": "99.9", "window": {"length": "28d"},
             "sli": 0.99958, "bad": 36, "budget": {"allowed": 86.4, "remaining_ratio": 0.5833}, "state": "healthy"},
            {"id": "mails", "product": null, "service": "mailer", "objective": "100", "window": {"length": "1M"},
             "sli": null, "bad": 0, "budget": {"allowed": 0, "remaining_ratio": null}, "state": "nodata"},
        ]);
        let lines: Vec<String> = shown(slos.as_array().unwrap())
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(lines[1], "orders checkout api 99.9% 28d 99.9580% 36 of 86.4 58.3% healthy");
        assert_eq!(lines[2], "mails mailer 100% 1M - 0 of 0 - nodata");
        let error = serde_json::json!({"file": "a.yml", "line": 3, "column": 1, "error": "no target"});
        assert_eq!(fault(&error), "a.yml:3:1: no target");
    }
}
