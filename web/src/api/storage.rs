//! `/api/v1/status/tsdb/blocks`, as Prometheus has it, and `/api/v1/status/storage`: what lies in the data directory, how it
//! grows and where that leads.

use tsdb::block::BlockMeta;
use tsdb::{Forecast, Growth, Room, SealedSpan};

use super::Asked;
use crate::json::Json;
use crate::reply::{ApiResult, Reply};
use crate::state::Parts;
use crate::time::format_rfc3339;

/// The most targets that are listed.
const MAX_TARGETS: usize = 20;

pub(super) fn blocks(parts: &Parts) -> ApiResult {
    let blocks = parts.storage.files(0).blocks;
    Reply::data(move |json| {
        json.raw("{\"blocks\":");
        json.list(&blocks, |json, meta| {
            json.raw("{\"ulid\":");
            json.string(&meta.id.to_string());
            integers(json, ",", &[("minTime", meta.min_ms), ("maxTime", meta.max_ms.saturating_add(1))]);
            json.raw(",\"stats\":{");
            let counts = [("numSamples", meta.n_samples), ("numSeries", meta.n_series), ("numChunks", meta.n_chunks)];
            integers(json, "", &counts.map(|(key, n)| (key, count(n))));
            // Prometheus's levels begin with 1.
            json.raw("},\"compaction\":{");
            integers(json, "", &[("level", i64::from(meta.level) + 1)]);
            json.raw(",\"sources\":");
            let sources: Vec<String> = match meta.sources.as_slice() {
                [] => vec![meta.id.to_string()],
                sources => sources.iter().map(ToString::to_string).collect(),
            };
            json.strings(sources.iter().map(String::as_str));
            json.raw("},\"version\":1}");
        });
        json.raw("}");
    })
}

pub(super) fn storage(parts: &Parts, asked: &Asked) -> ApiResult {
    let head = parts.storage.head();
    let files = parts.storage.files(MAX_TARGETS);
    let space = parts.storage.disk_space();
    let now_ms = asked.shared.settings.clock.now_ms();
    Reply::data(move |json| {
        json.raw("{\"head\":{");
        integers(json, "", &[("series", count(head.n_series)), ("bytes", count(head.n_bytes))]);
        time(json, "min_time", head.min_time_ms);
        time(json, "max_time", head.max_time_ms);
        json.raw("},\"wal\":{");
        integers(json, "", &[("bytes", count(files.log_bytes)), ("tail_samples", count(files.n_tail))]);
        json.raw("},\"checkpoint\":");
        object_or_null(json, files.since_checkpoint.filter(|_| files.checkpoint_bytes > 0), |json, since| {
            integers(json, "", &[("bytes", count(files.checkpoint_bytes))]);
            time(json, "at", Some(now_ms.saturating_sub(since.as_millis() as i64)));
        });
        json.raw(",\"blocks\":");
        json.list(&files.blocks, block);
        json.raw(",\"downsampled\":{");
        integers(json, "", &[("bytes", count(files.downsampled_bytes))]);
        json.raw("},\"retention\":{");
        let seconds = files.retention.time_ms.map(|ms| ms as f64 / 1000.0);
        numbers(json, "", &[("time_seconds", seconds), ("size_bytes", files.retention.n_bytes.map(|n| n as f64))]);
        json.raw("},\"disk\":");
        object_or_null(json, space, |json, space| {
            integers(json, "", &[("free_bytes", count(space.free_bytes)), ("total_bytes", count(space.total_bytes))]);
        });
        let spans: Vec<SealedSpan> = files.blocks.iter().filter(|meta| meta.resolution_ms == 0).map(span).collect();
        let growth = Growth::of(&spans);
        json.raw(",\"growth\":");
        object_or_null(json, growth, |json, growth| {
            let Growth { bytes_per_day, samples_per_day, bytes_per_sample } = growth;
            let all = [
                ("bytes_per_day", Some(bytes_per_day)),
                ("samples_per_day", Some(samples_per_day)),
                ("bytes_per_sample", Some(bytes_per_sample)),
            ];
            numbers(json, "", &all);
        });
        let room = Room {
            retention_ms: files.retention.time_ms,
            retention_bytes: files.retention.n_bytes,
            free_bytes: space.map(|space| space.free_bytes),
        };
        let n_bytes = files.blocks.iter().map(|meta| meta.n_bytes).sum::<u64>() + files.downsampled_bytes;
        json.raw(",\"forecast\":");
        object_or_null(json, growth.map(|growth| growth.forecast(now_ms, n_bytes, &room)), |json, forecast| {
            let Forecast { n_bytes, full_at_ms } = forecast;
            numbers(json, "", &[("bytes", n_bytes.map(|n| n as f64))]);
            time(json, "full_at", full_at_ms);
        });
        json.raw(",\"series_by_target\":");
        json.list(&files.series_by_target, |json, (name, n_series)| {
            json.raw("{\"name\":");
            json.string(name);
            integers(json, ",", &[("value", count(*n_series))]);
            json.raw("}");
        });
        json.raw("}");
    })
}

fn block(json: &mut Json<'_>, meta: &BlockMeta) {
    json.raw("{\"id\":");
    json.string(&meta.id.to_string());
    time(json, "min_time", Some(meta.min_ms));
    time(json, "max_time", Some(meta.max_ms));
    let counts = [("series", meta.n_series), ("samples", meta.n_samples), ("bytes", meta.n_bytes)];
    integers(json, ",", &counts.map(|(key, n)| (key, count(n))));
    integers(json, ",", &[("level", i64::from(meta.level))]);
    numbers(json, ",", &[("resolution_seconds", Some(meta.resolution_ms as f64 / 1000.0))]);
    json.raw("}");
}

fn span(meta: &BlockMeta) -> SealedSpan {
    SealedSpan { min_ms: meta.min_ms, max_ms: meta.max_ms, n_samples: meta.n_samples, n_bytes: meta.n_bytes }
}

pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Keys and numbers of an object; `before` stands before the first.
pub(super) fn integers(json: &mut Json<'_>, before: &str, entries: &[(&str, i64)]) {
    for (at, (key, number)) in entries.iter().enumerate() {
        json.raw(if at == 0 { before } else { "," });
        json.key(key);
        json.integer(*number);
    }
}

/// The same with numbers that may be fractions, or unknown.
fn numbers(json: &mut Json<'_>, before: &str, entries: &[(&str, Option<f64>)]) {
    for (at, (key, number)) in entries.iter().enumerate() {
        json.raw(if at == 0 { before } else { "," });
        json.key(key);
        match number {
            Some(number) => json.number(*number),
            None => json.raw("null"),
        }
    }
}

/// A further key and a time, or null.
pub(super) fn time(json: &mut Json<'_>, key: &str, timestamp_ms: Option<i64>) {
    json.raw(",");
    json.key(key);
    match timestamp_ms {
        Some(timestamp_ms) => json.string(&format_rfc3339(timestamp_ms)),
        None => json.raw("null"),
    }
}

/// An object around what `write` writes; null where there is nothing.
fn object_or_null<'out, T>(json: &mut Json<'out>, thing: Option<T>, write: impl FnOnce(&mut Json<'out>, T)) {
    match thing {
        Some(thing) => {
            json.raw("{");
            write(json, thing);
            json.raw("}");
        }
        None => json.raw("null"),
    }
}
