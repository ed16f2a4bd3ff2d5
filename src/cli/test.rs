//! `narthex test …`: whether what was written does what was meant.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::test_receiver::{self, TestReceiverArgs};
use crate::test_rules::{self, TestRulesArgs};

/// What `narthex test` takes.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    #[command(subcommand)]
    command: TestCommand,
}

#[derive(Debug, Subcommand)]
enum TestCommand {
    /// Run unit tests of rules, as promtool does.
    Rules(TestRulesArgs),
    /// Have the server tell a receiver something, and say whether it arrived.
    Receiver(TestReceiverArgs),
}

/// Carries out a test.
pub(super) fn run(args: &TestArgs) -> ExitCode {
    match &args.command {
        TestCommand::Rules(args) => test_rules::run(args),
        TestCommand::Receiver(args) => test_receiver::run(args),
    }
}
