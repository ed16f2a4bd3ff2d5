//! `narthex check metrics`: whether a body of metrics can be read, and whether it follows the conventions.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use scrape::lint::{cardinality, lint};
use scrape::parse::strict;

use crate::cli::{complain, complain_raw, print};

/// Findings of style only, as promtool counts them.
const EXIT_LINT: u8 = 3;
/// Bytes of a body: as many as a scrape takes.
const MAX_INPUT_BYTES: u64 = 64 << 20;
/// How many of the largest metrics are shown.
const N_SHOWN: usize = 50;

/// What `narthex check metrics` takes. Names and exit codes are promtool's.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  curl -s http://localhost:9090/metrics | narthex check metrics
  curl -s -H 'Accept: application/openmetrics-text' http://app:8080/metrics | narthex check metrics --strict

Exit: 0 fine, 1 the body cannot be read, 3 it breaks conventions")]
pub(super) struct MetricsArgs {
    /// Hold the body to the OpenMetrics 1.0 specification, to the letter.
    #[arg(long)]
    strict: bool,
    /// Show which metrics have the most series.
    #[arg(long)]
    extended: bool,
    /// Which checks: all, or none for whether it can be read at all.
    #[arg(long, default_value = "all", value_parser = ["all", "none"])]
    lint: String,
}

pub(super) fn run(args: &MetricsArgs) -> ExitCode {
    let body = match read_input() {
        Ok(body) => body,
        Err(error) => return failed(&error),
    };
    if args.strict {
        return match strict::check(&body) {
            Ok(()) => ExitCode::SUCCESS,
            Err(violation) => {
                complain(&violation);
                complain_raw(&violation.drawn());
                ExitCode::FAILURE
            }
        };
    }
    let problems = match lint(&body) {
        Ok(problems) => problems,
        Err(error) => return failed(&format_args!("error while linting: {error}")),
    };
    if args.extended {
        match shown_cardinality(&body) {
            Ok(table) => drop(print(&table)),
            Err(error) => return failed(&error),
        }
    }
    let problems = if args.lint == "none" { &[][..] } else { &problems };
    problems.iter().for_each(|problem| complain_raw(&format!("{problem} (line {})", problem.line_number)));
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_LINT) }
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    complain(error);
    ExitCode::FAILURE
}

/// All of standard input.
fn read_input() -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let reading = std::io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_end(&mut body);
    reading.map_err(|error| format!("cannot read standard input: {error}"))?;
    if body.len() as u64 > MAX_INPUT_BYTES {
        return Err(format!("standard input is longer than {MAX_INPUT_BYTES} bytes"));
    }
    Ok(body)
}

/// The largest metrics, in aligned columns.
fn shown_cardinality(body: &[u8]) -> Result<String, String> {
    let counts = cardinality(body).map_err(|error| error.to_string())?;
    let total: usize = counts.iter().map(|count| count.n_series).sum();
    let width = counts.iter().take(N_SHOWN).map(|count| count.metric.chars().count()).max().unwrap_or(0).max(6);
    let mut table = format!("{:width$}  Cardinality  Percentage\n", "Metric");
    for count in counts.iter().take(N_SHOWN) {
        let percentage = count.n_series as f64 / total as f64 * 100.0;
        table.push_str(&format!("{:width$}  {:>11}  {percentage:>9.2}%\n", count.metric, count.n_series));
    }
    if counts.len() > N_SHOWN {
        table.push_str(&format!("… and {} more\n", counts.len() - N_SHOWN));
    }
    table.push_str(&format!("{:width$}  {total:>11}\n", "Total"));
    Ok(table)
}
