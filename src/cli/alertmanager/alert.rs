//! `narthex alert`: what fires, and a way to say that something does.

use clap::{Args, Subcommand};

use super::object::{KnownAlert, NewAlert};
use super::{Output, api, matchers, show};
use crate::cli::server::ServerArgs;

/// What `narthex alert` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AlertArgs {
    #[command(subcommand)]
    command: Option<AlertCommand>,
    #[command(flatten)]
    query: Query,
}

#[derive(Debug, Subcommand)]
enum AlertCommand {
    /// Show alerts; what `narthex alert` does without a command.
    #[command(after_help = "Examples:\n  narthex alert query\n  narthex alert query HighLatency severity=page\n  \
                            narthex alert query --silenced 'job=~api.*' -o extended")]
    Query(Query),
    /// Tell the server of an alert.
    #[command(after_help = "Example:\n  narthex alert add DiskFull instance=a --annotation=summary='the disk is full'")]
    Add(Add),
}

#[derive(Debug, Args)]
struct Query {
    /// Which: matchers as name=value, name!=value, name=~regex, name!~regex; the first may be the value of alertname alone.
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Show alerts that another alert inhibits.
    #[arg(short, long)]
    inhibited: bool,
    /// Show alerts that are silenced.
    #[arg(short, long)]
    silenced: bool,
    /// Show active alerts; the default where no other state is asked for.
    #[arg(short, long)]
    active: bool,
    /// Show alerts that nothing has looked at yet.
    #[arg(short, long)]
    unprocessed: bool,
    /// Show alerts of receivers whose names match this regular expression.
    #[arg(short, long, default_value = "", hide_default_value = true)]
    receiver: String,
    #[command(flatten)]
    server: ServerArgs,
    /// How to show them.
    #[arg(short, long, value_enum, default_value_t = Output::Simple)]
    output: Output,
}

#[derive(Debug, Args)]
struct Add {
    /// Its labels as name=value; the first may be the value of alertname alone.
    #[arg(value_name = "LABEL", required = true)]
    labels: Vec<String>,
    /// An annotation as name=value.
    #[arg(long = "annotation", value_name = "NAME=VALUE")]
    annotations: Vec<String>,
    /// Where it comes from.
    #[arg(long, default_value = "", hide_default_value = true)]
    generator_url: String,
    /// Since when, in RFC 3339.
    #[arg(long)]
    start: Option<String>,
    /// When it ended or will end, in RFC 3339.
    #[arg(long)]
    end: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Carries it out; the text to print.
pub(super) fn run(args: &AlertArgs) -> Result<String, String> {
    match &args.command {
        None => query(&args.query),
        Some(AlertCommand::Query(args)) => query(args),
        Some(AlertCommand::Add(args)) => add(args),
    }
}

fn query(args: &Query) -> Result<String, String> {
    let is_any = args.inhibited || args.silenced || args.active || args.unprocessed;
    let flag = |is_on: bool| if is_on { "true" } else { "false" };
    let matchers = matchers::texts(&args.matchers);
    let mut pairs = vec![
        ("active", flag(args.active || !is_any)),
        ("inhibited", flag(args.inhibited)),
        ("silenced", flag(args.silenced)),
        ("unprocessed", flag(args.unprocessed)),
    ];
    if !args.receiver.is_empty() {
        pairs.push(("receiver", &args.receiver));
    }
    pairs.extend(matchers.iter().map(|matcher| ("filter", matcher.as_str())));
    let found: serde_json::Value = api::get(&args.server, "/alerts", &pairs)?;
    if args.output == Output::Json {
        return Ok(format!("{found}\n"));
    }
    let mut alerts: Vec<KnownAlert> =
        serde_json::from_value(found).map_err(|error| format!("the server's alerts cannot be read: {error}"))?;
    Ok(show::alerts(&mut alerts, args.output == Output::Extended))
}

fn add(args: &Add) -> Result<String, String> {
    let alert = NewAlert {
        labels: matchers::pairs(&matchers::texts(&args.labels), "labels")?,
        annotations: matchers::pairs(&args.annotations, "annotations")?,
        starts_at: args.start.clone(),
        ends_at: args.end.clone(),
        generator_url: args.generator_url.clone(),
    };
    api::post(&args.server, "/alerts", &[alert]).map(|_| String::new())
}
