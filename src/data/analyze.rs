//! `narthex tsdb analyze`: where the series of a block come from, and which of them come and go.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use model::Labels;
use serde_json::{Value, json};
use tsdb::block::{Block, BlockId};

use super::table::table;
use super::{Directory, Output};
use crate::cli::print;
use crate::import::{grouped, time};

/// What `narthex tsdb analyze` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  narthex tsdb analyze
  narthex tsdb analyze --all --limit 50
  narthex tsdb analyze --match '{job=\"node\"}'

Only blocks are looked at, so narthex may run meanwhile; its status page shows the head.
Churn: for how much of the block's time series were not there, in series; many short ones weigh much.")]
pub(super) struct AnalyzeArgs {
    #[command(flatten)]
    directory: Directory,
    /// The block; by default the newest.
    #[arg(long, value_name = "ULID", conflicts_with = "all")]
    block: Option<BlockId>,
    /// All blocks together.
    #[arg(long)]
    all: bool,
    /// Only series that this selector finds.
    #[arg(long = "match", value_name = "SELECTOR")]
    selector: Option<String>,
    /// So many rows of each table.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// How to show it.
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

/// What is counted.
#[derive(Debug, Default)]
struct Counts {
    n_series: u64,
    by_metric: HashMap<String, u64>,
    by_pair: HashMap<String, u64>,
    by_target: HashMap<String, u64>,
    /// Distinct values of each label, and the bytes of them.
    values: HashMap<String, (u64, u64)>,
    /// Series that were not there, in thousandths of the time.
    churn_by_metric: HashMap<String, u64>,
    churn_by_pair: HashMap<String, u64>,
}

/// The tables: title, what is counted, rows.
type Tables = Vec<(&'static str, &'static str, Vec<(String, u64)>)>;

pub(super) fn run(args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let mut blocks = args.directory.blocks()?;
    if let Some(wanted) = args.block {
        blocks.retain(|block| block.meta().id == wanted);
    } else if !args.all {
        blocks = blocks.pop().into_iter().collect();
    }
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        bail!("there is no such block: samples of the last two hours are in the head, which the status page shows");
    };
    let interval =
        (first.meta().min_ms, blocks.iter().map(|block| block.meta().max_ms).max().unwrap_or(last.meta().max_ms));
    let matchers = match &args.selector {
        Some(text) => {
            query::syntax::parse_selector(text).with_context(|| format!("cannot read the selector {text}"))?
        }
        None => Vec::new(),
    };
    let mut counts = Counts::default();
    // A series of several blocks is there from the first to the last.
    let mut known: HashMap<Labels, (i64, i64)> = HashMap::new();
    for block in &blocks {
        for series in &block.matching(&matchers) {
            note(&mut known, block, series);
        }
    }
    for (labels, there) in &known {
        counts.add(labels, *there, interval);
    }
    let tables = counts.tables(args.limit);
    Ok(match args.output {
        Output::Table => print(&shown(&blocks, interval, &counts, &tables)),
        Output::Json => print(&format!("{}\n", json(&blocks, interval, &counts, &tables))),
    })
}

fn note(known: &mut HashMap<Labels, (i64, i64)>, block: &Block, series: u32) {
    let Some((from, to)) = block.interval(series) else { return };
    let (first, last) = known.entry(block.labels(series)).or_insert((from, to));
    (*first, *last) = (from.min(*first), to.max(*last));
}

impl Counts {
    fn add(&mut self, labels: &Labels, (from, to): (i64, i64), (begin, end): (i64, i64)) {
        let whole = end.saturating_sub(begin).max(1) as f64;
        let absent = 1000.0 - to.saturating_sub(from) as f64 / whole * 1000.0;
        let absent = absent.clamp(0.0, 1000.0) as u64;
        let count = |map: &mut HashMap<String, u64>, key: &str, n: u64| match map.get_mut(key) {
            Some(known) => *known += n,
            None => drop(map.insert(key.to_owned(), n)),
        };
        self.n_series += 1;
        count(&mut self.by_metric, labels.metric_name(), 1);
        count(&mut self.churn_by_metric, labels.metric_name(), absent);
        let of = |name: &str| labels.get(name).unwrap_or("");
        count(&mut self.by_target, &format!("{{job=\"{}\", instance=\"{}\"}}", of("job"), of("instance")), 1);
        for (name, value) in labels {
            let pair = format!("{name}={value}");
            if !self.by_pair.contains_key(&pair) {
                let (n_values, n_bytes) = self.values.entry(name.to_owned()).or_default();
                (*n_values, *n_bytes) = (*n_values + 1, *n_bytes + value.len() as u64);
            }
            count(&mut self.by_pair, &pair, 1);
            count(&mut self.churn_by_pair, &pair, absent);
        }
    }

    fn tables(&self, limit: usize) -> Tables {
        let top = |map: &HashMap<String, u64>, unit: u64| {
            let counted = map.iter().map(|(name, n)| (name.clone(), n / unit)).filter(|(_, n)| *n > 0);
            let mut rows: Vec<(String, u64)> = counted.collect();
            rows.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
            rows.truncate(limit);
            rows
        };
        let of_values =
            |of: fn(&(u64, u64)) -> u64| self.values.iter().map(|(name, all)| (name.clone(), of(all))).collect();
        vec![
            ("metrics", "SERIES", top(&self.by_metric, 1)),
            ("targets", "SERIES", top(&self.by_target, 1)),
            ("labels", "VALUES", top(&of_values(|(n_values, _)| *n_values), 1)),
            ("labels by the length of their values", "BYTES", top(&of_values(|(_, n_bytes)| *n_bytes), 1)),
            ("pairs", "SERIES", top(&self.by_pair, 1)),
            ("metrics that come and go", "CHURN", top(&self.churn_by_metric, 1000)),
            ("pairs that come and go", "CHURN", top(&self.churn_by_pair, 1000)),
        ]
    }
}

fn shown(blocks: &[Block], (from, to): (i64, i64), counts: &Counts, tables: &Tables) -> String {
    let n_samples: u64 = blocks.iter().map(|block| block.meta().n_samples).sum();
    let mut text = format!(
        "{} to {}, {} blocks\n{} series, {} samples, {} pairs, {} labels\n",
        time(from),
        time(to),
        blocks.len(),
        grouped(counts.n_series),
        grouped(n_samples),
        grouped(counts.by_pair.len() as u64),
        grouped(counts.values.len() as u64),
    );
    for (title, unit, rows) in tables.iter().filter(|(_, _, rows)| !rows.is_empty()) {
        let rows: Vec<Vec<String>> = rows.iter().map(|(name, n)| vec![grouped(*n), name.clone()]).collect();
        // The numbers stand before the names, which may be long.
        let width = rows.iter().map(|row| row[0].len()).max().unwrap_or(0);
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|row| vec![format!("{:>width$}", row[0]), row[1].clone()]).collect();
        text.push_str(&format!("\n{}", table(&[unit, &title.to_uppercase()], &rows, 2)));
    }
    text
}

fn json(blocks: &[Block], (from, to): (i64, i64), counts: &Counts, tables: &Tables) -> Value {
    let tables = tables.iter().map(|(title, unit, rows)| {
        let rows = rows.iter().map(|(name, n)| json!({"name": name, "count": n}));
        json!({"of": title, "unit": unit.to_lowercase(), "rows": rows.collect::<Vec<_>>()})
    });
    json!({
        "blocks": blocks.iter().map(|block| block.meta().id.to_string()).collect::<Vec<_>>(),
        "minTime": from,
        "maxTime": to,
        "numSeries": counts.n_series,
        "numLabelPairs": counts.by_pair.len(),
        "tables": tables.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_that_come_and_go_are_churn() {
        let mut counts = Counts::default();
        for pod in 0..10 {
            let pod = pod.to_string();
            let labels = Labels::from_pairs([("__name__", "short"), ("job", "j"), ("pod", &*pod)]);
            counts.add(&labels, (100, 200), (0, 1000));
        }
        counts.add(&Labels::from_pairs([("__name__", "long"), ("job", "j")]), (0, 1000), (0, 1000));
        let tables = counts.tables(2);
        let rows = |title: &str| tables.iter().find(|(known, ..)| *known == title).unwrap().2.clone();
        assert_eq!(rows("metrics"), [("short".to_owned(), 10), ("long".to_owned(), 1)]);
        assert_eq!(rows("labels"), [("pod".to_owned(), 10), ("__name__".to_owned(), 2)]);
        assert_eq!(rows("targets"), [("{job=\"j\", instance=\"\"}".to_owned(), 11)]);
        assert_eq!(rows("metrics that come and go"), [("short".to_owned(), 9)]);
        assert_eq!(rows("pairs")[0], ("job=j".to_owned(), 11));
    }
}
