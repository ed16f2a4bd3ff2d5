//! `narthex report`: a server's report on a product, as a page, a picture or JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use http::Method;
use net::percent::{Place, encode};
use serde_json::Value;

use crate::cli::server::ServerArgs;
use crate::cli::{EXIT_BAD_INPUT, complain};

/// What `narthex report` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  narthex report checkout --period 2026-11 --file november.html\n  \
                        narthex report checkout --period 28d --lang zh-CN --format json")]
pub(crate) struct ReportArgs {
    /// The product.
    product: String,
    /// Which time: 2026, 2026-Q4, 2026-11, 2026-W47, or the last days: 28d.
    #[arg(long, default_value = "28d")]
    period: String,
    /// As what.
    #[arg(long, value_enum, default_value_t = Format::Html)]
    format: Format,
    /// In which language: en, zh-CN.
    #[arg(long, value_name = "LANGUAGE", default_value = "", hide_default_value = true)]
    lang: String,
    /// Where it is written; standard output, if not said.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// As what a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page that needs nothing else.
    Html,
    /// The burn-down as a picture.
    Png,
    /// All that the page says.
    Json,
}

/// Carries it out.
pub(crate) fn run(args: &ReportArgs) -> ExitCode {
    let done = asked(args).and_then(|body| match &args.file {
        Some(path) => write(path, &body).map_err(|error| format!("cannot write {}: {error}", path.display())),
        None => show(&body).map_err(|error| format!("cannot write: {error}")),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_BAD_INPUT)
        }
    }
}

/// The report. Of JSON what stands in the envelope.
fn asked(args: &ReportArgs) -> Result<Vec<u8>, String> {
    let answered = args.server.ask(Method::GET, &path(args), "text/plain", Vec::new());
    let answered = answered.map_err(|error| error.to_string())?;
    if !answered.is_success() {
        let error = serde_json::from_slice::<Value>(&answered.body).ok();
        let error = error.and_then(|body| body["error"].as_str().map(ToOwned::to_owned));
        return Err(
            error.unwrap_or_else(|| format!("the server answers {}: {}", answered.status, answered.beginning()))
        );
    }
    if args.format != Format::Json {
        return Ok(answered.body);
    }
    let body: Value = serde_json::from_slice(&answered.body).map_err(|error| format!("not JSON: {error}"))?;
    Ok(format!("{}\n", body["data"]).into_bytes())
}

fn path(args: &ReportArgs) -> String {
    let format = match args.format {
        Format::Html => "html",
        Format::Png => "png",
        Format::Json => "json",
    };
    let [product, period, lang] =
        [(&args.product, Place::Path), (&args.period, Place::Query), (&args.lang, Place::Query)]
            .map(|(text, place)| encode(text, place));
    format!("/api/v1/reports/{product}?period={period}&format={format}&lang={lang}")
}

#[expect(clippy::disallowed_methods, reason = "a report is the user's file, written where they say")]
fn write(path: &std::path::Path, body: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, body)
}

/// Writes to standard output; a reader that has gone away is no error.
fn show(body: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    match std::io::stdout().write_all(body) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
