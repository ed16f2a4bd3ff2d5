//! `narthex tsdb list`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use tsdb::block::BlockMeta;

use super::table::table;
use super::{Directory, Output};
use crate::cli::print;
use crate::import::{bytes, grouped, time};

/// What `narthex tsdb list` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  narthex tsdb list\n  narthex tsdb list /var/lib/narthex -o json\n\nnarthex may run meanwhile."
)]
pub(super) struct ListArgs {
    #[command(flatten)]
    directory: Directory,
    /// How to show it.
    #[arg(short, long, value_enum, default_value = "table")]
    output: Output,
}

pub(super) fn run(args: &ListArgs) -> anyhow::Result<ExitCode> {
    let blocks = args.directory.blocks()?;
    let metas: Vec<&BlockMeta> = blocks.iter().map(tsdb::block::Block::meta).collect();
    Ok(match args.output {
        Output::Table => print(&shown(&metas)),
        Output::Json => print(&format!("{}\n", json(&metas))),
    })
}

fn shown(metas: &[&BlockMeta]) -> String {
    let row = |name: String, level: String, interval: Option<(i64, i64)>, counts: [u64; 4]| {
        let [n_series, n_samples, n_chunks, n_bytes] = counts;
        let (from, to) = interval.map_or((String::new(), String::new()), |(from, to)| (time(from), time(to)));
        let a_sample = n_bytes as f64 / n_samples.max(1) as f64;
        let counts = [n_series, n_samples, n_chunks].map(grouped);
        let mut row = vec![name, level, from, to];
        row.extend(counts);
        row.extend([bytes(n_bytes), format!("{a_sample:.2}")]);
        row
    };
    let counts = |meta: &BlockMeta| [meta.n_series, meta.n_samples, meta.n_chunks, meta.n_bytes];
    let mut rows: Vec<Vec<String>> = metas
        .iter()
        .map(|meta| row(meta.id.to_string(), meta.level.to_string(), Some((meta.min_ms, meta.max_ms)), counts(meta)))
        .collect();
    let sum = metas.iter().fold([0; 4], |sum, meta| {
        let counts = counts(meta);
        std::array::from_fn(|i| sum[i] + counts[i])
    });
    rows.push(row(format!("{} blocks", metas.len()), String::new(), None, sum));
    // One series stands in many blocks.
    if let Some(last) = rows.last_mut() {
        last[4].clear();
    }
    table(&["BLOCK", "LEVEL", "FROM", "TO", "SERIES", "SAMPLES", "CHUNKS", "SIZE", "B/SAMPLE"], &rows, 4)
}

fn json(metas: &[&BlockMeta]) -> Value {
    let block = |meta: &&BlockMeta| {
        let parts = meta.parts.iter().map(|(name, n_bytes)| ((*name).to_owned(), json!(n_bytes)));
        json!({
            "ulid": meta.id.to_string(),
            "level": meta.level,
            "minTime": meta.min_ms,
            "maxTime": meta.max_ms,
            "numSeries": meta.n_series,
            "numSamples": meta.n_samples,
            "numChunks": meta.n_chunks,
            "numBytes": meta.n_bytes,
            "sources": meta.sources.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "parts": parts.collect::<serde_json::Map<_, _>>(),
        })
    };
    Value::Array(metas.iter().map(block).collect())
}
