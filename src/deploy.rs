//! `narthex deploy`: a pipeline says what goes out, and how it went.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::server::ServerArgs;
use crate::cli::{complain, print};
use crate::gate::post;

/// What `narthex deploy` takes.
#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    #[command(subcommand)]
    command: DeployCommand,
}

#[derive(Debug, Subcommand)]
enum DeployCommand {
    /// A deployment begins.
    #[command(
        alias = "started",
        after_help = "Example:\n  narthex deploy start --service checkout-api --version \"$CI_COMMIT_SHA\" --env production"
    )]
    Start(Deployment),
    /// It is out.
    Succeeded(Deployment),
    /// It did not get out.
    Failed(Deployment),
    /// It was taken back.
    RolledBack(Deployment),
}

#[derive(Debug, Args)]
struct Deployment {
    /// The service.
    #[arg(long)]
    service: String,
    /// The version: mostly a commit.
    #[arg(long)]
    version: String,
    /// Where to.
    #[arg(long = "env", value_name = "ENVIRONMENT", default_value = "production")]
    environment: String,
    /// The class of the change: feature, fix, security, rollback, config.
    #[arg(long, default_value = "", hide_default_value = true)]
    change: String,
    /// The pipeline.
    #[arg(long, default_value = "", hide_default_value = true)]
    url: String,
    /// Who releases.
    #[arg(long, env = "GITLAB_USER_LOGIN", default_value = "", hide_default_value = true, hide_env_values = true)]
    actor: String,
    /// The run that deploys, which tells two deployments of one version apart.
    #[arg(long, default_value = "", hide_default_value = true)]
    run: String,
    /// When it began, in RFC 3339; now, if not said.
    #[arg(long, value_name = "TIME")]
    started_at: Option<Timestamp>,
    /// When what it brings was committed, in RFC 3339: CI_COMMIT_TIMESTAMP of GitLab.
    #[arg(long, value_name = "TIME", env = "CI_COMMIT_TIMESTAMP", hide_env_values = true)]
    committed_at: Option<Timestamp>,
    /// How the answer is shown.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    server: ServerArgs,
}

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Carries it out.
pub(crate) fn run(args: &DeployArgs) -> ExitCode {
    let (state, deployment) = match &args.command {
        DeployCommand::Start(deployment) => ("started", deployment),
        DeployCommand::Succeeded(deployment) => ("succeeded", deployment),
        DeployCommand::Failed(deployment) => ("failed", deployment),
        DeployCommand::RolledBack(deployment) => ("rolled_back", deployment),
    };
    report(state, deployment)
}

fn report(state: &str, deployment: &Deployment) -> ExitCode {
    let time = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.to_string());
    let report = json!({
        "service": deployment.service,
        "version": deployment.version,
        "environment": deployment.environment,
        "change": deployment.change,
        "state": state,
        "started_at": time(deployment.started_at),
        "committed_at": time(deployment.committed_at),
        "url": deployment.url,
        "actor": deployment.actor,
        "run": deployment.run,
    });
    match post(&deployment.server, "/api/v1/deployments", &report) {
        Ok(known) if deployment.output == Output::Json => print(&format!("{known}\n")),
        Ok(known) => {
            let text = |name: &str| known[name].as_str().unwrap_or_default().to_owned();
            let (service, version, environment) = (text("service"), text("version"), text("environment"));
            print(&format!("{service} {version} to {environment}: {}\n", text("state")))
        }
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
