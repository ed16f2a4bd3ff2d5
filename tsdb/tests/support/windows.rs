//! What functions over windows make of a selection, with what was summed up and without, one sample at a time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use model::sample::is_stale;
use model::storage::{Select, SelectHints, Tile};
use model::{Labels, Matcher};
use tsdb::Store;

/// Functions that can be answered from what was summed up.
pub(crate) const FUNCTIONS: [&str; 6] =
    ["min_over_time", "max_over_time", "last_over_time", "count_over_time", "present_over_time", "absent_over_time"];

/// The value of each window of each series, as bits, and how many values were read that stand for several.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) values: BTreeMap<Labels, BTreeMap<i64, u64>>,
    pub(crate) n_summed_up: u64,
}

/// A function over windows side by side, each `alignment_ms` long, between two times that are multiples of that. `hinted` is
/// what storage is told of it.
pub(crate) fn windows(
    store: &Store,
    matchers: &[Matcher],
    function: &'static str,
    (start_ms, end_ms): (i64, i64),
    alignment_ms: i64,
    is_hinted: bool,
) -> Windows {
    let hints = SelectHints {
        start_ms: start_ms + 1,
        end_ms,
        range_ms: alignment_ms,
        alignment_ms: if is_hinted { alignment_ms } else { 0 },
        function: Some(function),
        ..SelectHints::default()
    };
    let set = store.select(matchers, &hints).unwrap();
    let (mut reader, mut tile, mut found) = (set.reader(), Tile::default(), Windows::default());
    for series in 0..set.len() {
        let mut values: BTreeMap<i64, f64> = BTreeMap::new();
        reader.seek(series, start_ms + 1);
        let mut last_ms = start_ms;
        while reader.next_tile(&mut tile).unwrap() {
            assert!(tile.weights.is_empty() || tile.weights.len() == tile.values.len());
            found.n_summed_up += tile.weights.iter().filter(|&&weight| weight > 1).count() as u64;
            for (at, &timestamp_ms) in tile.timestamps.iter().enumerate() {
                assert!(last_ms < timestamp_ms && timestamp_ms <= end_ms, "in order, and between the two times");
                last_ms = timestamp_ms;
                let window = (timestamp_ms - 1).div_euclid(alignment_ms);
                let value = tile.values.get(at).copied().unwrap_or(0.0);
                if !is_stale(value) {
                    let weight = tile.weights.get(at).copied().unwrap_or(1);
                    let now = values.get(&window).copied();
                    values.insert(window, next(function, now, value, weight));
                }
            }
        }
        if !values.is_empty() {
            let bits = values.into_iter().map(|(window, value)| (window, value.to_bits()));
            found.values.insert(set.labels(series), bits.collect());
        }
    }
    found
}

/// The value of a window with one sample more.
fn next(function: &str, now: Option<f64>, value: f64, weight: u32) -> f64 {
    let Some(now) = now else { return if is_count(function) { f64::from(weight) } else { value } };
    match function {
        "min_over_time" if value < now || now.is_nan() => value,
        "max_over_time" if value > now || now.is_nan() => value,
        "last_over_time" => value,
        _ if is_count(function) => now + f64::from(weight),
        _ => now,
    }
}

fn is_count(function: &str) -> bool {
    matches!(function, "count_over_time" | "present_over_time" | "absent_over_time")
}
