//! `narthex check …`: says what is wrong in files, and where, before a server does.
//!
//! Exit: 0 for nothing wrong, 1 for errors, 3 for lint findings with `--lint-fatal`, as promtool.

mod config;
mod files;
mod lint;
mod metrics;
mod report;
mod rules;
mod sd_file;
pub(crate) mod slo;
mod targets;
mod web_config;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// What `narthex check` takes.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(subcommand)]
    command: CheckCommand,
}

#[derive(Debug, Subcommand)]
enum CheckCommand {
    /// Check configuration files and all that they name.
    Config(config::ConfigArgs),
    /// Check a body of metrics on standard input.
    Metrics(metrics::MetricsArgs),
    /// Check rule files, and whether a target has what they ask for.
    Rules(rules::RulesArgs),
    /// Check files of objectives, products, policies and gates.
    Slo(slo::SloCheckArgs),
    /// Check discovery files: lists of targets in YAML or JSON.
    SdFile(sd_file::SdFileArgs),
    /// Check files of --web.config.file.
    WebConfig(web_config::WebConfigArgs),
}

/// Carries out a check.
pub(crate) fn run(args: &CheckArgs) -> ExitCode {
    match &args.command {
        CheckCommand::Config(args) => config::run(args),
        CheckCommand::Metrics(args) => metrics::run(args),
        CheckCommand::Rules(args) => rules::run(args),
        CheckCommand::Slo(args) => slo::run(args),
        CheckCommand::SdFile(args) => sd_file::run(args),
        CheckCommand::WebConfig(args) => web_config::run(args),
    }
}
