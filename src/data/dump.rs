//! `narthex tsdb dump`: samples as text, in promtool's form: `{labels} value milliseconds`.

use std::collections::BTreeSet;
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use model::storage::{Select, SelectHints, SeriesSet, Tile};
use model::{Labels, Matcher, float};

use super::{Directory, histogram};
use crate::cli::complain;

/// What `narthex tsdb dump` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex tsdb dump --match '{job=\"node\"}'
  narthex tsdb dump /var/lib/narthex --min-time 1772193600000 --match up

narthex must not run on the directory meanwhile.")]
pub(super) struct DumpArgs {
    #[command(flatten)]
    directory: Directory,
    /// Only series that this selector finds; may be repeated.
    #[arg(long = "match", value_name = "SELECTOR")]
    selectors: Vec<String>,
    /// The first time, in milliseconds since 1970.
    #[arg(long, default_value_t = i64::MIN, hide_default_value = true, allow_negative_numbers = true)]
    min_time: i64,
    /// The last time.
    #[arg(long, default_value_t = i64::MAX, hide_default_value = true, allow_negative_numbers = true)]
    max_time: i64,
}

pub(super) fn run(args: &DumpArgs) -> anyhow::Result<ExitCode> {
    let selectors = matchers(&args.selectors)?;
    let (store, _) = args.directory.store()?;
    let hints = SelectHints { start_ms: args.min_time, end_ms: args.max_time, ..SelectHints::default() };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut printed: BTreeSet<Labels> = BTreeSet::new();
    let mut warnings = Vec::new();
    for matchers in &selectors {
        let set = store.select(matchers, &hints)?;
        match dump(&*set, &mut printed, selectors.len() > 1, args.min_time, &mut out) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            done => done.context("cannot write")?,
        }
        warnings.extend(set.warnings());
    }
    warnings.iter().for_each(|warning| complain(warning));
    Ok(if warnings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The matchers of each selector; one that finds everything where there is none.
fn matchers(selectors: &[String]) -> anyhow::Result<Vec<Vec<Matcher>>> {
    if selectors.is_empty() {
        return Ok(vec![Vec::new()]);
    }
    let parse =
        |text: &String| query::syntax::parse_selector(text).with_context(|| format!("cannot read the selector {text}"));
    selectors.iter().map(parse).collect()
}

/// Prints a set in the order of labels, without what has been printed.
fn dump(
    set: &dyn SeriesSet,
    printed: &mut BTreeSet<Labels>,
    is_one_of_many: bool,
    from_ms: i64,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let mut order: Vec<(Labels, usize)> = (0..set.len()).map(|series| (set.labels(series), series)).collect();
    order.sort();
    let mut reader = set.reader();
    let mut tile = Tile::default();
    let mut line = String::new();
    for (labels, series) in order {
        if is_one_of_many && !printed.insert(labels.clone()) {
            continue;
        }
        let labels = labels.to_string();
        reader.seek(series, from_ms);
        while reader.next_tile(&mut tile).map_err(std::io::Error::other)? {
            for (i, timestamp_ms) in tile.timestamps.iter().enumerate() {
                line.clear();
                line.push_str(&labels);
                line.push(' ');
                match tile.histograms.get(i) {
                    Some(histogram) => histogram::push(&mut line, &histogram.to_float()),
                    None => float::push_general(&mut line, tile.values[i]),
                }
                line.push_str(&format!(" {timestamp_ms}\n"));
                out.write_all(line.as_bytes())?;
            }
        }
    }
    out.flush()
}
