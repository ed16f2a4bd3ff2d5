//! `narthex query instant|range`: ask a server, and show the answer in a terminal.

mod answer;
mod client;
mod show;
mod time;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use model::{Clock, SystemClock};

use answer::Answer;
use client::{ApiError, Asked};
use time::When;

use super::server::ServerArgs;
use super::{EXIT_BAD_INPUT, complain, complain_raw, print};

/// What `narthex query` takes.
#[derive(Debug, Args)]
pub(crate) struct QueryArgs {
    #[command(subcommand)]
    command: QueryCommand,
}

#[derive(Debug, Subcommand)]
enum QueryCommand {
    /// Evaluate an expression at one time.
    #[command(
        override_usage = "narthex query instant [OPTIONS] [SERVER] EXPR",
        after_help = "Examples:\n  narthex query instant up\n  narthex query instant http://prometheus:9090 'sum by (job) (up)' -o csv"
    )]
    Instant {
        #[command(flatten)]
        common: Common,
        /// When: RFC 3339, Unix seconds, or how long ago (5m).
        #[arg(long, default_value = "0s", hide_default_value = true)]
        time: When,
    },
    /// Evaluate an expression over a span of time.
    #[command(
        override_usage = "narthex query range [OPTIONS] [SERVER] EXPR",
        after_help = "Examples:\n  narthex query range 'rate(node_cpu_seconds_total[5m])'\n  narthex query range up --start 1d --step 5m -o json"
    )]
    Range {
        #[command(flatten)]
        common: Common,
        /// From when: RFC 3339, Unix seconds, or how long ago.
        #[arg(long, default_value = "1h")]
        start: When,
        /// Until when.
        #[arg(long, default_value = "0s", hide_default_value = true)]
        end: When,
        /// The distance between evaluations; by default so that there are 250.
        #[arg(long)]
        step: Option<model::duration::PromDuration>,
    },
}

#[derive(Debug, Args)]
struct Common {
    /// The expression, with the server's URL before it if it is not in --server or NARTHEX_URL; `--` before one that
    /// begins with a minus.
    #[arg(required = true, num_args = 1..=2, value_name = "EXPR", allow_negative_numbers = true)]
    server_and_expression: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to show the answer.
    #[arg(short, long = "output", value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Aligned columns, for people.
    Table,
    /// The server's JSON document.
    Json,
    /// A line a sample, with a column for each label.
    Csv,
    /// As promtool shows it.
    Promql,
}

impl Common {
    fn server(&self) -> ServerArgs {
        let named = self.server_and_expression.first().filter(|_| self.server_and_expression.len() == 2);
        let server = named.unwrap_or(&self.server.server).clone();
        ServerArgs { server, ..self.server.clone() }
    }

    fn expression(&self) -> &str {
        self.server_and_expression.last().map_or("", String::as_str)
    }
}

/// Asks and shows.
pub(crate) fn run(args: &QueryArgs) -> ExitCode {
    let now_ms = SystemClock::new().now_ms();
    let (common, path, parameters) = match &args.command {
        QueryCommand::Instant { common, time } => (common, "/api/v1/query", vec![("time", time.as_parameter(now_ms))]),
        QueryCommand::Range { common, start, end, step } => {
            let (start, end) = (start.at(now_ms), end.at(now_ms));
            let step = step.map_or_else(|| ((end - start) / 250_000).max(1), |step| (step.as_millis() / 1000).max(1));
            let times = [("start", start), ("end", end)].map(|(name, ms)| (name, time::as_parameter(ms)));
            (common, "/api/v1/query_range", times.into_iter().chain([("step", step.to_string())]).collect())
        }
    };
    let asked = Asked {
        server: common.server(),
        path,
        parameters: parameters.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        expression: common.expression(),
    };
    match client::ask(&asked) {
        Ok(response) => {
            response.notes().for_each(|note| complain(&note));
            let text = match common.output {
                Output::Json => response.json(),
                Output::Table => show::table(&response.answer),
                Output::Csv => show::csv(&response.answer),
                Output::Promql => show::promql(&response.answer),
            };
            print(&text)
        }
        Err(error) => {
            complain(&error);
            if let ApiError::Refused { .. } = &error
                && let Some(picture) = error.picture(common.expression())
            {
                complain_raw(&picture);
            }
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}

/// Reads the answer of a server out of its JSON.
fn answer_of(document: &serde_json::Value) -> Option<Answer> {
    Answer::from_json(&document["data"])
}
