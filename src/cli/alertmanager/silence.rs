//! `narthex silence`: what nobody wants to hear for a while.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use model::duration::PromDuration;
use model::{Clock, SystemClock};

use super::object::Silence;
use super::{Output, api, matchers, show};
use crate::cli::server::ServerArgs;

/// What `narthex silence` takes.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SilenceArgs {
    #[command(subcommand)]
    command: Option<SilenceCommand>,
    #[command(flatten)]
    query: Query,
}

#[derive(Debug, Subcommand)]
enum SilenceCommand {
    /// Show silences; what `narthex silence` does without a command.
    #[command(after_help = "Examples:\n  narthex silence query\n  narthex silence query --within 8h\n  \
                            narthex silence query --expired --within 2h -o json")]
    Query(Query),
    /// Silence alerts for a while; prints the silence's id.
    #[command(
        after_help = "Example:\n  narthex silence add HighLatency job=api -d 2h -c 'the new release is being watched'"
    )]
    Add(Add),
    /// Change when silences begin and end, or their comment.
    Update(Update),
    /// End silences now.
    Expire {
        /// Their ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Add silences from what `narthex silence query -o json` printed.
    Import(Import),
}

#[derive(Debug, Args)]
struct Query {
    /// Which: matchers as name=value, name!=value, name=~regex, name!~regex; the first may be the value of alertname alone.
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Show expired silences in place of the others.
    #[arg(long)]
    expired: bool,
    /// Show ids alone.
    #[arg(short, long)]
    quiet: bool,
    /// Show silences of one creator.
    #[arg(long, value_name = "NAME")]
    created_by: Option<String>,
    /// Show one silence.
    #[arg(long)]
    id: Option<String>,
    /// Show silences that expire within this time, or with --expired have expired within it.
    #[arg(long, value_name = "DURATION")]
    within: Option<PromDuration>,
    #[command(flatten)]
    server: ServerArgs,
    /// How to show them.
    #[arg(short, long, value_enum, default_value_t = Output::Simple)]
    output: Output,
}

#[derive(Debug, Args)]
struct Add {
    /// What to silence: matchers; the first may be the value of alertname alone.
    #[arg(value_name = "MATCHER", required = true)]
    matchers: Vec<String>,
    /// Why.
    #[arg(short, long, required = true)]
    comment: String,
    /// For how long.
    #[arg(short, long, default_value = "1h")]
    duration: PromDuration,
    /// Who says so.
    #[arg(short, long, env = "USER", default_value = "", hide_default_value = true, hide_env_values = true)]
    author: String,
    /// From when, in RFC 3339; now, if not said.
    #[arg(long)]
    start: Option<Timestamp>,
    /// Until when, in RFC 3339, in place of --duration.
    #[arg(long)]
    end: Option<Timestamp>,
    /// An annotation as name=value.
    #[arg(long = "annotation", value_name = "NAME=VALUE")]
    annotations: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
struct Update {
    /// Their ids.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
    /// How long they are to last from their beginning.
    #[arg(short, long)]
    duration: Option<PromDuration>,
    /// From when, in RFC 3339.
    #[arg(long)]
    start: Option<Timestamp>,
    /// Until when, in RFC 3339, in place of --duration.
    #[arg(long)]
    end: Option<Timestamp>,
    /// Why.
    #[arg(short, long)]
    comment: Option<String>,
    /// Show ids alone.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    server: ServerArgs,
    /// How to show them.
    #[arg(short, long, value_enum, default_value_t = Output::Simple)]
    output: Output,
}

#[derive(Debug, Args)]
struct Import {
    /// The file; standard input, if not said.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Add them as new ones, also those that are there.
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Carries it out; the text to print.
pub(super) fn run(args: &SilenceArgs) -> Result<String, String> {
    match &args.command {
        None => query(&args.query),
        Some(SilenceCommand::Query(args)) => query(args),
        Some(SilenceCommand::Add(args)) => add(args),
        Some(SilenceCommand::Update(args)) => update(args),
        Some(SilenceCommand::Expire { ids, server }) => {
            ids.iter().try_for_each(|id| api::delete(server, &one(id)))?;
            Ok(String::new())
        }
        Some(SilenceCommand::Import(args)) => import(args),
    }
}

/// The path of a silence.
fn one(id: &str) -> String {
    format!("/silence/{}", net::percent::encode(id, net::percent::Place::Path))
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(SystemClock::new().now_ms()).unwrap_or_default()
}

/// The time so long after another, as far as times go.
fn after(time: Timestamp, duration: PromDuration) -> Timestamp {
    time.saturating_add(SignedDuration::from_millis(duration.as_millis())).unwrap_or(Timestamp::MAX)
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|error| format!("the server gives {text:?} for a time: {error}"))
}

fn query(args: &Query) -> Result<String, String> {
    let texts = matchers::texts(&args.matchers);
    let pairs: Vec<_> = texts.iter().map(|matcher| ("filter", matcher.as_str())).collect();
    let found: Vec<Silence> = api::get(&args.server, "/silences", &pairs)?;
    let now = now();
    let mut shown = Vec::new();
    for silence in found {
        if is_asked_for(&silence, args, now)? {
            shown.push(silence);
        }
    }
    listed(shown, args.quiet, args.output)
}

fn is_asked_for(silence: &Silence, args: &Query, now: Timestamp) -> Result<bool, String> {
    let ends_at = time(&silence.ends_at)?;
    let (first, last) = match (args.expired, args.within) {
        (false, None) => (now, Timestamp::MAX),
        (false, Some(within)) => (now, after(now, within)),
        (true, None) => (Timestamp::MIN, now),
        (true, Some(within)) => (after(now, PromDuration::from_millis(-within.as_millis())), now),
    };
    let is_creator = args.created_by.as_ref().is_none_or(|name| *name == silence.created_by);
    let is_id = args.id.as_ref().is_none_or(|id| *id == silence.id);
    Ok((first..=last).contains(&ends_at) && is_creator && is_id)
}

/// Silences in the form that was asked for.
fn listed(mut silences: Vec<Silence>, is_quiet: bool, output: Output) -> Result<String, String> {
    if is_quiet {
        return Ok(silences.iter().map(|silence| format!("{}\n", silence.id)).collect());
    }
    match output {
        Output::Json => serde_json::to_string(&silences).map(|text| text + "\n").map_err(|error| error.to_string()),
        Output::Simple | Output::Extended => Ok(show::silences(&mut silences, output == Output::Extended)),
    }
}

fn add(args: &Add) -> Result<String, String> {
    let parsed = matchers::parsed(&args.matchers)?;
    let starts_at = args.start.unwrap_or_else(now);
    if args.end.is_none() && args.duration.is_zero() {
        return Err("silence duration must be greater than 0".to_owned());
    }
    let ends_at = args.end.unwrap_or_else(|| after(starts_at, args.duration));
    check_order(starts_at, ends_at)?;
    let silence = Silence {
        id: String::new(),
        matchers: parsed.iter().map(matchers::of_silence).collect(),
        starts_at: starts_at.to_string(),
        ends_at: ends_at.to_string(),
        updated_at: None,
        created_by: args.author.clone(),
        comment: args.comment.clone(),
        annotations: matchers::pairs(&args.annotations, "annotations")?,
        status: None,
        others: serde_json::Map::new(),
    };
    Ok(tell(&args.server, &silence)? + "\n")
}

fn check_order(starts_at: Timestamp, ends_at: Timestamp) -> Result<(), String> {
    if starts_at > ends_at { Err("silence cannot start after it ends".to_owned()) } else { Ok(()) }
}

/// Tells the server of a silence; its id from then on.
fn tell(server: &ServerArgs, silence: &Silence) -> Result<String, String> {
    let answered = api::post(server, "/silences", &silence.to_be_told())?;
    let document: serde_json::Value = api::read(&answered)?;
    let id = document["silenceID"].as_str();
    id.map(str::to_owned).ok_or_else(|| format!("the server gives no id: {}", answered.beginning()))
}

fn update(args: &Update) -> Result<String, String> {
    let mut updated = Vec::new();
    for id in &args.ids {
        let mut silence: Silence = api::get(&args.server, &one(id), &[])?;
        let starts_at = args.start.map_or_else(|| time(&silence.starts_at), Ok)?;
        let ends_at = match (args.end, args.duration) {
            (Some(end), _) => end,
            (None, Some(duration)) if duration.is_zero() => {
                return Err("silence duration must be greater than 0".to_owned());
            }
            (None, Some(duration)) => after(starts_at, duration),
            (None, None) => time(&silence.ends_at)?,
        };
        check_order(starts_at, ends_at)?;
        silence.starts_at = starts_at.to_string();
        silence.ends_at = ends_at.to_string();
        silence.comment = args.comment.clone().unwrap_or(silence.comment);
        silence.id = tell(&args.server, &silence)?;
        updated.push(silence);
    }
    listed(updated, args.quiet, args.output)
}

fn import(args: &Import) -> Result<String, String> {
    let text = match &args.file {
        Some(file) => std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?,
        None => {
            let mut text = Vec::new();
            std::io::stdin().read_to_end(&mut text).map_err(|error| format!("cannot read standard input: {error}"))?;
            text
        }
    };
    let silences: Vec<Silence> = serde_json::from_slice(&text)
        .map_err(|error| format!("couldn't unmarshal input data, is it JSON?: {error}"))?;
    let (mut told, mut errors) = (String::new(), Vec::new());
    for mut silence in silences.iter().cloned() {
        if args.force {
            silence.id.clear();
        }
        match tell_anew(&args.server, &silence) {
            Ok(id) => told += &format!("{id}\n"),
            Err(error) => errors.push(format!("silence {:?}: {error}", silence.id)),
        }
    }
    if errors.is_empty() {
        return Ok(told);
    }
    // What could be imported is there, and said all the same.
    super::print(&told);
    let n_errors = errors.len();
    Err(format!("{}\ncouldn't import {n_errors} out of {} silences", errors.join("\n"), silences.len()))
}

/// Tells the server of a silence, as a new one where it does not know the id.
fn tell_anew(server: &ServerArgs, silence: &Silence) -> Result<String, String> {
    match tell(server, silence) {
        Err(error) if error.starts_with("404 ") && !silence.id.is_empty() => {
            tell(server, &Silence { id: String::new(), ..silence.clone() })
        }
        told => told,
    }
}
