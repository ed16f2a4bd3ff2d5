//! The real binary from outside: real files, real sockets, real signals.
//!
//! How many kills, and for how long, is set by `NARTHEX_KILLS` (default 5): a run on a developer's machine takes seconds,
//! CI takes the full number. What is random has a seed that is printed; `NARTHEX_SEED` sets another.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops where it cannot go on, and says what it saw"
)]
#![allow(clippy::disallowed_methods, reason = "these tests are outside: they use files and clocks as users do")]

/// Killed while alerts fire and end, everybody is told.
mod alerting_kill;
/// Error budgets, counted and told over kills.
mod budgets;
/// Killed while budgets burn, it counts as its twin does.
mod budgets_kill;
/// A budget that really burns, and the pipelines that ask meanwhile.
mod burning_gate;
/// Ever new series.
mod explosion;
/// A target to be scraped, with values that say which scrape they are of.
mod exporter;
/// A query of an error budget that fails for a while.
mod failing_query;
/// A disk that is really full.
mod full_disk;
/// Pipelines ask whether they may release.
mod gate;
/// As much of GitLab as has freeze periods.
mod gitlab;
/// Just enough HTTP to ask and to be asked.
mod http;
/// Text with times, imported, and what the data directory says of it.
mod import;
/// Killed at any moment, nothing acknowledged is lost.
mod kill;
/// A target with lamps, and which of their phases have surely been seen.
mod lamps;
/// A flood of wrong passwords.
mod logins;
/// A mail server that answers as it is told to.
mod mail_server;
/// Reports on schedule and pages by mail, over kills.
mod mails;
/// Little memory for a process.
mod memory_group;
/// The process: started, ready, killed.
mod narthex;
/// A receiver that hangs, and its neighbour.
mod neighbour;
/// Files of objectives, held against what a server has stored.
mod objectives;
/// Spec files of a service and what it promises.
mod promise;
/// A sender of remote writes.
mod remote_write;
/// Killed after many of them, it answers soon.
mod restart;
/// What alerts are, over kills and reloads.
mod rules;
/// A shop that sells all the time, and knows what.
mod sales;
/// Secrets, and who sees them.
mod secrets;
/// Started without anything, it scrapes and shows itself; stopped, it stops.
mod serve;
/// Beside a real Prometheus.
mod side_by_side;
/// Signals while whoever watches them is killed, and what their receiver hears of them.
mod signals_kill;
/// A snapshot, started as a store of its own.
mod snapshot;
/// Since when series count, through two of us.
mod starts;
/// An objective made of a metric, and what it would have done.
mod trials;
/// Waiting for what others bring about.
mod waiting;
/// A receiver that writes down what it is told.
mod webhook;

/// The seed of a test's random numbers: the same in every run, unless `NARTHEX_SEED` names another.
fn seed() -> u64 {
    std::env::var("NARTHEX_SEED").map_or(20_261_128, |text| text.parse().unwrap())
}
