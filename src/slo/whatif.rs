//! `narthex slo whatif`: an objective with another target or window, or one that is not in force, over a server's past.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::list::text;
use super::trial::{tried, words};
use crate::cli::server::ServerArgs;
use crate::cli::{EXIT_BAD_INPUT, complain, print};

/// What `narthex slo whatif` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  narthex slo whatif orders --objective 99.5\n  \
                        narthex slo whatif orders --window 7d --start 2026-11-01T00:00:00Z\n  \
                        narthex slo whatif --spec slo/orders.yml -o json")]
pub(crate) struct WhatIfArgs {
    /// The id of an objective: of those in force, or of the file.
    #[arg(required_unless_present = "spec")]
    id: Option<String>,
    /// A file whose objective need not be in force.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    #[command(flatten)]
    promise: Promise,
    /// From when on, in RFC 3339 or seconds since the Unix epoch; without it as far back as events are known, at most 90 days.
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true)]
    start: String,
    /// Until when; without it until now.
    #[arg(long, value_name = "TIME", default_value = "", hide_default_value = true)]
    end: String,
    /// How the answer is shown.
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    server: ServerArgs,
}

/// What would be promised otherwise.
#[derive(Debug, Args)]
pub(super) struct Promise {
    /// Another objective, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "", hide_default_value = true)]
    pub(super) objective: String,
    /// Another window, which rolls: 7d, 28d, 4w.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(super) window: String,
}

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// One JSON document, as the server sent it.
    Json,
    /// The documents that would put it in force.
    Yaml,
}

/// Carries it out.
pub(super) fn run(args: &WhatIfArgs) -> ExitCode {
    match answered(args) {
        Ok(trial) => match args.output {
            Output::Text => print(&words(&trial)),
            Output::Json => print(&format!("{trial}\n")),
            Output::Yaml => print(&text(&trial["yaml"])),
        },
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}

fn answered(args: &WhatIfArgs) -> Result<Value, String> {
    let spec = args.spec.as_ref().map(|path| read(path)).transpose()?.unwrap_or_default();
    let question = [
        ("id", args.id.as_deref().unwrap_or_default()),
        ("spec", &spec),
        ("objective", &args.promise.objective),
        ("window", &args.promise.window),
        ("start", &args.start),
        ("end", &args.end),
    ];
    tried(&args.server, &question).map_err(|error| error.to_string())
}

fn read(path: &std::path::Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
