//! `narthex completions SHELL`.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

/// What `narthex completions` takes.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell: bash, zsh, fish, elvish or powershell.
    shell: Shell,
}

/// Prints completions.
pub(crate) fn run(args: &CompletionsArgs) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "narthex", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}
