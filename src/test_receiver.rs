//! `narthex test receiver NAME`: does a receiver hear us? The running server sends, with its configuration and from its place
//! in the network.

use std::process::ExitCode;

use clap::Args;
use http::Method;
use net::percent::{self, Place};
use serde::Deserialize;

use crate::cli::server::ServerArgs;

/// What `narthex test receiver` takes.
#[derive(Debug, Args)]
pub(crate) struct TestReceiverArgs {
    /// The receiver's name in alertmanager.yml.
    name: String,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    data: Vec<Trial>,
    #[serde(default)]
    error: String,
}

#[derive(Debug, Deserialize)]
struct Trial {
    integration: String,
    delivered: bool,
    attempts: Vec<Attempt>,
    error: Option<String>,
    advice: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Attempt {
    took: f64,
    error: Option<String>,
}

/// Has the server send a test through every integration, and says what became of it. Exits with 1 where one did not arrive.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command says what it found")]
pub(crate) fn run(args: &TestReceiverArgs) -> ExitCode {
    match ask(args) {
        Ok(trials) => {
            for trial in &trials {
                println!("{}", words(trial));
            }
            ExitCode::from(u8::from(trials.iter().any(|trial| !trial.delivered)))
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(args: &TestReceiverArgs) -> Result<Vec<Trial>, String> {
    let path = format!("/api/v1/receivers/{}/test", percent::encode(&args.name, Place::Path));
    let answered = args.server.ask(Method::POST, &path, "application/json", "{}").map_err(|error| error.to_string())?;
    let answer = serde_json::from_slice::<Answer>(&answered.body);
    match answer {
        Ok(answer) if answered.is_success() && answer.data.is_empty() => {
            Err(format!("receiver {:?} has no integrations: nobody is told", args.name))
        }
        Ok(answer) if answered.is_success() => Ok(answer.data),
        Ok(answer) => Err(answer.error),
        Err(_) => Err(format!("{}: {}", answered.status, answered.beginning())),
    }
}

fn words(trial: &Trial) -> String {
    let Trial { integration, delivered, attempts, error, advice } = trial;
    let took = attempts.last().map_or(0.0, |attempt| attempt.took);
    if *delivered {
        return format!("{integration}: delivered in {:.0} ms", took * 1000.0);
    }
    let mut lines = vec![format!("{integration}: NOT delivered after {} attempts", attempts.len())];
    let last = attempts.iter().rev().find_map(|attempt| attempt.error.as_ref());
    lines.extend(last.or(error.as_ref()).map(|error| format!("  {error}")));
    lines.extend(advice.as_ref().map(|advice| format!("  {advice}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trials_in_words() {
        let check = |json: &str, want: &str| {
            let trial: Trial = serde_json::from_str(json).unwrap();
            assert_eq!(words(&trial), want);
        };
        check(
            r#"{"integration":"team/email[0]","delivered":true,"attempts":[{"took":0.12,"error":null}],"error":null,"advice":null}"#,
            "team/email[0]: delivered in 120 ms",
        );
        check(
            r#"{"integration":"team/webhook[0]","delivered":false,"attempts":[{"took":1,"error":"refused"}],"error":"late: refused","advice":"check the port"}"#,
            "team/webhook[0]: NOT delivered after 1 attempts\n  refused\n  check the port",
        );
    }
}
