//! Prometheus 3.14, VictoriaMetrics 1.150 and narthex side by side: the same samples, targets and questions, and one table.
//!
//!     cargo build --release && make peers
//!     cargo run --release -p benches --bin compare -- --markdown benches/README.md
//!
//! Each server gets fresh directories. Loads are sent to one server at a time, in several rounds, the servers taking turns,
//! and a figure is the median of its rounds. The last round goes on: each server is killed, started again, asked how many
//! samples it has, told to merge what it has, measured on the disk, read back bit by bit, and asked the same questions. Then
//! all of them scrape the same targets at the same time.
//!
//! What costs what is read from `/proc`: CPU is user and system time of all threads of the server.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program that measures prints, and reads files and clocks"
)]

/// What was asked for on the command line.
mod arguments;
/// A rule over history.
mod backtest;
/// Objectives at work.
mod budgets;
/// The targets that are scraped.
mod exporter;
/// Just enough HTTP to ask.
mod http;
/// Samples of the past.
mod importing;
/// Rounds of remote write, and what follows the last.
mod load;
/// An objective that is new.
mod making;
/// A million series: memory and restart.
mod million;
/// What lies behind objectives.
mod past;
/// The three, and how each is started, merged and measured.
mod peer;
/// The questions.
mod queries;
/// Every bit, read back.
mod read_back;
/// Killed, and started again.
mod restart;
/// A thousand rules.
mod rules;
/// Scraping the same targets.
mod scraping;
/// Remote-write requests on their way.
mod sender;
/// A running server.
mod server;
/// A shop whose routes have objectives.
mod shop;
/// Bytes on the disk.
mod sizes;
/// Sloth's rules on Prometheus.
mod sloth;
/// The table and its bars.
mod table;

use std::io;
use std::process::ExitCode;

use arguments::Arguments;
use table::Table;

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(Some(arguments)) => arguments,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => return fail(&error),
    };
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

fn fail(error: &io::Error) -> ExitCode {
    eprintln!("compare: {error}");
    ExitCode::FAILURE
}

/// Measures and prints; answers whether everything was right, however fast it was.
fn run(arguments: &Arguments) -> io::Result<bool> {
    let Some(peers) = arguments.present_peers()? else {
        return Ok(true);
    };
    let mut table = Table::new(&peers);
    let mut is_right = arguments.n_rounds == 0 || load::measure(arguments, &peers, &mut table)?;
    if arguments.scrape_seconds > 0 {
        scraping::measure(arguments, &peers, &mut table)?;
    }
    if arguments.rules {
        rules::measure(arguments, &peers, &mut table)?;
    }
    if arguments.backtest {
        backtest::measure(arguments, &mut table)?;
    }
    if arguments.budgets {
        is_right &= budgets::measure(arguments, &peers, &mut table)?;
    }
    if arguments.million {
        is_right &= million::measure(arguments, &peers, &mut table)?;
    }
    let text = table.markdown(&arguments.description());
    println!("\n{text}");
    if let Some(path) = &arguments.markdown {
        table::write_between_marks(path, &text)?;
    }
    Ok(is_right)
}
