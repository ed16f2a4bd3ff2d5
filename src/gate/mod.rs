//! `narthex gate`: a pipeline asks whether it may release, and whether what it released is well.
//!
//! The exit code is the answer, so that a script needs nothing else: 0 allow, 10 warn, 20 deny, 30 unknown, 2 wrong usage, 3 the
//! server cannot be reached, which `--on-unreachable` makes one of the others.

mod answer;
mod ask;
mod junit;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use model::duration::PromDuration;
use model::{Clock, SystemClock};
use serde_json::{Value, json};

use self::answer::{Answer, Decision};
use crate::cli::server::ServerArgs;
use crate::cli::{complain, print};

pub(crate) use ask::{Unanswered, get, post, post_form};

/// The command line, or what is asked, makes no sense.
const EXIT_USAGE: u8 = 2;
/// How long one request waits for a release that is being watched, in seconds.
const WAIT_SECONDS: u64 = 30;
/// Between attempts to reach a server that was there before.
const RETRY: Duration = Duration::from_secs(2);

/// What `narthex gate` takes.
#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    #[command(subcommand)]
    command: GateCommand,
}

#[derive(Debug, Subcommand)]
enum GateCommand {
    /// May this version go out?
    #[command(
        after_help = "Exit: 0 allow, 10 warn, 20 deny, 30 unknown, 2 wrong usage, 3 the server cannot be reached.\n\n\
                      Example:\n  narthex gate check checkout-prod --service checkout-api --version \"$CI_COMMIT_SHA\" \
                      --url \"$CI_PIPELINE_URL\" --junit gate.xml"
    )]
    Check(Check),
    /// Is what went out doing well? Waits until that is known.
    #[command(
        after_help = "Exit: as for check.\n\nExample:\n  narthex gate watch checkout-prod --version \"$CI_COMMIT_SHA\" --soak 30m"
    )]
    Watch(Watch),
    /// Let a release go out although the gate says no; it is written down who did, and why.
    #[command(
        after_help = "Example:\n  narthex gate override checkout-prod --version 4f2a --role engineering --reason 'fixes the outage'"
    )]
    Override(OverrideArgs),
}

/// What is asked before and after a release.
#[derive(Debug, Args)]
struct Release {
    /// The gate.
    gate: String,
    /// The version: mostly a commit.
    #[arg(long)]
    version: String,
    /// Where to; as the gate says, if not said.
    #[arg(long = "env", value_name = "ENVIRONMENT", default_value = "", hide_default_value = true)]
    environment: String,
    /// Who releases.
    #[arg(long, env = "GITLAB_USER_LOGIN", default_value = "", hide_default_value = true, hide_env_values = true)]
    actor: String,
    /// The pipeline.
    #[arg(long, default_value = "", hide_default_value = true)]
    url: String,
    /// Write a JUnit report, which GitLab and Jenkins show.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// What the answer is where the server cannot be reached; exit 3, if not said.
    #[arg(long, value_enum, value_name = "DECISION")]
    on_unreachable: Option<Decision>,
    /// How the answer is shown.
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Args)]
struct Check {
    /// The service.
    #[arg(long)]
    service: String,
    /// The class of the change: feature, fix, security, rollback, config.
    #[arg(long, default_value = "feature")]
    change: String,
    /// Only try: exit 0, and show what the answer would be.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    release: Release,
}

#[derive(Debug, Args)]
struct Watch {
    /// The service; the one whose deployment of this version was recorded, if not said.
    #[arg(long, default_value = "", hide_default_value = true)]
    service: String,
    /// For how long; as the gate says, if not said.
    #[arg(long)]
    soak: Option<PromDuration>,
    /// For how long to try where the server cannot be reached any more.
    #[arg(long, default_value = "2m")]
    patience: PromDuration,
    #[command(flatten)]
    release: Release,
}

#[derive(Debug, Args)]
struct OverrideArgs {
    /// The gate.
    gate: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Of which service; of all, if not said.
    #[arg(long, default_value = "", hide_default_value = true)]
    service: String,
    /// Which version; any, if not said.
    #[arg(long, default_value = "", hide_default_value = true)]
    version: String,
    /// As what you act; one of those that the gate names.
    #[arg(long, default_value = "", hide_default_value = true)]
    role: String,
    /// Who you are, where the server does not know.
    #[arg(long, env = "USER", default_value = "", hide_default_value = true, hide_env_values = true)]
    by: String,
    /// For how long; as long as the gate allows, if not said.
    #[arg(long, value_name = "DURATION")]
    expires: Option<PromDuration>,
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
pub(crate) fn run(args: &GateArgs) -> ExitCode {
    match &args.command {
        GateCommand::Check(args) => args.release.finish(&args.service, args.ask()),
        GateCommand::Watch(args) => args.release.finish(&args.service, args.ask()),
        GateCommand::Override(args) => override_gate(args),
    }
}

impl Check {
    fn ask(&self) -> Result<Value, Unanswered> {
        let release = &self.release;
        let question = json!({
            "service": self.service,
            "version": release.version,
            "environment": release.environment,
            "change": self.change,
            "actor": release.actor,
            "url": release.url,
            "dry_run": self.dry_run,
        });
        post(&release.server, &ask::path(&release.gate, "evaluations"), &question)
    }
}

impl Watch {
    fn ask(&self) -> Result<Value, Unanswered> {
        let release = &self.release;
        let question = json!({
            "service": self.service,
            "version": release.version,
            "environment": release.environment,
            "actor": release.actor,
            "url": release.url,
            "phase": "post_deploy",
            "soak": self.soak.map_or(String::new(), |soak| soak.to_string()),
        });
        let mut evaluation = post(&release.server, &ask::path(&release.gate, "evaluations"), &question)?;
        let id = evaluation["id"].as_str().unwrap_or_default().to_owned();
        let path = ask::path(&release.gate, &format!("evaluations/{id}?wait={WAIT_SECONDS}s"));
        let clock = SystemClock::new();
        let patience = Duration::from_millis(self.patience.as_millis().unsigned_abs());
        let mut reached = clock.elapsed();
        while evaluation["status"] == "running" {
            match get(&release.server, &path) {
                Ok(looked_at) => (evaluation, reached) = (looked_at, clock.elapsed()),
                Err(Unanswered::Unreachable(_)) if clock.elapsed() - reached < patience => std::thread::sleep(RETRY),
                Err(error) => return Err(error),
            }
        }
        Ok(evaluation)
    }
}

impl Release {
    /// Shows what came of it, and gives the code to exit with.
    fn finish(&self, service: &str, asked: Result<Value, Unanswered>) -> ExitCode {
        let answer = match asked {
            Ok(evaluation) => Answer::of(evaluation),
            Err(Unanswered::Refused(error)) => {
                complain(&error);
                return ExitCode::from(EXIT_USAGE);
            }
            Err(Unanswered::Unreachable(error)) => {
                complain(&error);
                Answer::unreachable(&self.gate, service, &self.version, &error, self.on_unreachable)
            }
        };
        if let Some(path) = &self.junit
            && let Err(error) = write_junit(path, &answer)
        {
            complain(&format_args!("cannot write {}: {error}", path.display()));
        }
        let shown = match self.output {
            Output::Text => answer.text(),
            Output::Json => format!("{}\n", answer.json()),
        };
        print(&shown);
        ExitCode::from(answer.exit_code())
    }
}

#[expect(clippy::disallowed_methods, reason = "a report is a file of the pipeline's, written where it says")]
fn write_junit(path: &Path, answer: &Answer) -> std::io::Result<()> {
    std::fs::write(path, junit::report(answer))
}

fn override_gate(args: &OverrideArgs) -> ExitCode {
    let word = json!({
        "service": args.service,
        "version": args.version,
        "reason": args.reason,
        "role": args.role,
        "by": args.by,
        "expires_in": args.expires.map_or(String::new(), |expires| expires.to_string()),
    });
    match post(&args.server, &ask::path(&args.gate, "overrides"), &word) {
        Ok(given) => {
            let until = given["expires_at"].as_str().unwrap_or_default();
            print(&format!("{} may be released through {} until {until}\n", shown_version(args), args.gate))
        }
        Err(error) => {
            complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn shown_version(args: &OverrideArgs) -> String {
    match (args.service.as_str(), args.version.as_str()) {
        ("", "") => "everything".to_owned(),
        (service, "") => format!("any version of {service}"),
        ("", version) => version.to_owned(),
        (service, version) => format!("{service} {version}"),
    }
}
