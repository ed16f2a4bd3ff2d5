//! The command line: what there is, what `--help` says of it, and who carries it out.

mod alertmanager;
mod completions;
pub(crate) mod flags;
mod query;
pub(crate) mod server;
pub(crate) mod table;
mod test;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::{check, data, deploy, gate, import, report, serve, slo};

/// What goes wrong in a way that the user can mend.
pub(crate) const EXIT_BAD_INPUT: u8 = 1;
/// The command line itself is wrong.
const EXIT_USAGE: u8 = 2;

const HELP_ALL: &str = "help-all";

const ABOUT: &str = "\
narthex scrapes, stores, queries and shows metrics of all that speaks Prometheus, alerts, and keeps
error budgets. Without a command it serves: open the page that it prints.";

const EXAMPLES: &str = "\
Examples:
  narthex --config.file=prometheus.yml    scrape what a prometheus.yml names
  narthex query instant 'up'              ask the server at NARTHEX_URL or http://localhost:9090

Exit: 0 fine, 1 bad input or a failed check, 2 wrong usage. More: narthex COMMAND --help";

/// The whole command line.
pub(crate) fn command() -> Command {
    let command = Command::new("narthex")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .term_width(0)
        .override_usage("narthex [FLAGS]\n       narthex COMMAND …")
        .help_template("{about}\n\nUsage: {usage}\n\nCommands:\n{subcommands}{after-help}")
        .after_help(format!("{}\n{EXAMPLES}", flags::help_common()))
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .arg(Arg::new(HELP_ALL).long(HELP_ALL).action(ArgAction::SetTrue));
    flags::declare(command)
        .subcommand(
            flags::declare(Command::new("serve"))
                .about("Scrape, store, answer, show; what narthex does without a command"),
        )
        .subcommand(
            check::CheckArgs::augment_args(Command::new("check"))
                .about("Say what is wrong, and where: config, metrics, rules, slo, sd-file, web-config"),
        )
        .subcommand(
            test::TestArgs::augment_args(Command::new("test"))
                .about("Test rules, and whether receivers can be reached: rules, receiver"),
        )
        .subcommand(query::QueryArgs::augment_args(Command::new("query")).about("Ask a server: instant, range"))
        .subcommand(
            import::ImportArgs::augment_args(Command::new("import"))
                .about("Bring in what others have kept: prometheus, openmetrics"),
        )
        .subcommand(
            data::TsdbArgs::augment_args(Command::new("tsdb"))
                .about("Look into a data directory: list, analyze, dump, snapshot, verify"),
        )
        .subcommand(
            alertmanager::AlertArgs::augment_args(Command::new("alert"))
                .about("Show what fires, or say that something does: query, add"),
        )
        .subcommand(
            alertmanager::SilenceArgs::augment_args(Command::new("silence"))
                .about("Silence alerts for a while: query, add, update, expire, import"),
        )
        .subcommand(
            slo::SloArgs::augment_args(Command::new("slo"))
                .about("Objectives and error budgets: list, new, whatif, check, import, export"),
        )
        .subcommand(
            gate::GateArgs::augment_args(Command::new("gate"))
                .about("Ask whether a release may go out, and whether it is well: check, watch, override"),
        )
        .subcommand(
            deploy::DeployArgs::augment_args(Command::new("deploy"))
                .about("Say what goes out, and how it went: start, succeeded, failed, rolled-back"),
        )
        .subcommand(
            report::ReportArgs::augment_args(Command::new("report"))
                .about("Say how a product kept its promise over a period: a page, a picture, or JSON"),
        )
        .subcommand(
            completions::CompletionsArgs::augment_args(Command::new("completions"))
                .about("Print completions for a shell"),
        )
}

/// Carries out what the command line says.
pub(crate) fn run() -> ExitCode {
    let matches = command().get_matches();
    match matches.subcommand() {
        None if matches.get_flag(HELP_ALL) => print(&flags::help_all()),
        None => serve(&matches),
        Some(("serve", matches)) => serve(matches),
        Some(("check", matches)) => with_args(matches, check::run),
        Some(("test", matches)) => with_args(matches, test::run),
        Some(("query", matches)) => with_args(matches, query::run),
        Some(("tsdb", matches)) => with_args(matches, data::run),
        Some(("import", matches)) => with_args(matches, import::run),
        Some(("alert", matches)) => with_args(matches, alertmanager::run_alert),
        Some(("silence", matches)) => with_args(matches, alertmanager::run_silence),
        Some(("slo", matches)) => with_args(matches, slo::run),
        Some(("gate", matches)) => with_args(matches, gate::run),
        Some(("deploy", matches)) => with_args(matches, deploy::run),
        Some(("report", matches)) => with_args(matches, report::run),
        Some(("completions", matches)) => with_args(matches, completions::run),
        Some((other, _)) => unreachable!("the command {other} is declared above"),
    }
}

fn serve(matches: &ArgMatches) -> ExitCode {
    match flags::Flags::from_matches(matches) {
        Ok(flags) => serve::run(&flags),
        Err(error) => {
            complain(&error);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn with_args<A: FromArgMatches>(matches: &ArgMatches, run: impl FnOnce(&A) -> ExitCode) -> ExitCode {
    match A::from_arg_matches(matches) {
        Ok(args) => run(&args),
        Err(error) => error.exit(),
    }
}

/// Writes to standard output; a reader that has gone away is no error.
pub(crate) fn print(text: &str) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format_args!("cannot write: {error}"));
            ExitCode::from(EXIT_BAD_INPUT)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Says on standard error what is wrong.
#[expect(clippy::print_stderr, reason = "errors of the command line go to standard error")]
pub(crate) fn complain(error: &dyn std::fmt::Display) {
    eprintln!("narthex: {error}");
}

/// Writes to standard error as it is.
#[expect(clippy::print_stderr, reason = "errors of the command line go to standard error")]
pub(crate) fn complain_raw(text: &str) {
    eprintln!("{text}");
}
