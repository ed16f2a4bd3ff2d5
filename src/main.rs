//! narthex: flags, configuration, wiring. Glue, no algorithms.

mod check;
mod cli;
mod config;
mod data;
mod deploy;
mod gate;
mod import;
mod report;
mod serve;
mod slo;
mod test_receiver;
mod test_rules;

use std::process::ExitCode;

/// Many threads make and drop small things of all sizes for weeks: glibc's allocator gives little of that back.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run()
}
