//! `load`: series and their samples, a step apart from the epoch on.

use model::Labels;
use model::regex::GoRegex;
use query::syntax::series::{SequenceValue, SeriesDescription, parse};

use super::script::{Lines, duration_ms};

/// What is loaded.
#[derive(Debug)]
pub(crate) struct Load {
    /// Whether classic histograms are loaded as native ones, too.
    pub(crate) with_nhcb: bool,
    /// The series, each once.
    pub(crate) series: Vec<LoadedSeries>,
}

/// A series that is loaded.
#[derive(Debug)]
pub(crate) struct LoadedSeries {
    pub(crate) labels: Labels,
    pub(crate) samples: Vec<LoadedSample>,
}

/// A sample that is loaded.
#[derive(Clone, Debug)]
pub(crate) struct LoadedSample {
    pub(crate) timestamp_ms: i64,
    /// When the series began to count; 0 where that is not known.
    pub(crate) start_ms: i64,
    pub(crate) value: SequenceValue,
}

/// Start times of a series, as the line before it says them: offsets from the times of its samples.
struct Starts {
    labels: Labels,
    offsets_ms: Vec<Option<i64>>,
}

impl Load {
    pub(crate) fn parse(line: &str, lines: &mut Lines<'_>) -> Result<Load, String> {
        let pattern = GoRegex::anchored(r"load(?:_(with_nhcb))?\s+(.+?)").unwrap();
        let parts = pattern.captures(line).ok_or("invalid load command. (load[_with_nhcb] <step:duration>)")?;
        let step_ms = duration_ms(parts.get(2).unwrap_or_default())?;
        let mut load = Load { with_nhcb: parts.get(1).is_some(), series: Vec::new() };
        let mut starts: Option<Starts> = None;
        while let Some(line) = lines.of_command() {
            match (start_line(line), starts.take()) {
                (Some(_), Some(_)) => return Err("@st line has no following sample line".to_owned()),
                (Some((metric, offsets)), None) => {
                    let SeriesDescription { labels, .. } = described(&format!("{metric} _"))?;
                    starts = Some(Starts { labels, offsets_ms: start_offsets(offsets)? });
                }
                (None, starts) => load.add(described(line)?, starts, step_ms)?,
            }
        }
        if starts.is_some() { Err("@st line has no following sample line".to_owned()) } else { Ok(load) }
    }

    fn add(&mut self, description: SeriesDescription, starts: Option<Starts>, step_ms: i64) -> Result<(), String> {
        let SeriesDescription { labels, values } = description;
        let mut offsets_ms = vec![None; values.len()];
        if let Some(starts) = starts {
            if starts.labels != labels {
                return Err("@st metric does not match the following sample line metric".to_owned());
            }
            if starts.offsets_ms.len() != values.len() {
                return Err("@st line has another number of values than the sample line".to_owned());
            }
            offsets_ms = starts.offsets_ms;
        }
        let at_steps = values.into_iter().zip(offsets_ms).enumerate();
        let samples =
            at_steps.filter(|(_, (value, _))| *value != SequenceValue::Omitted).map(|(step, (value, offset))| {
                let timestamp_ms = step as i64 * step_ms;
                LoadedSample { timestamp_ms, start_ms: offset.map_or(0, |offset_ms| timestamp_ms + offset_ms), value }
            });
        let series = LoadedSeries { samples: samples.collect(), labels };
        // Of two lines for the same series the last one counts.
        self.series.retain(|before| before.labels != series.labels);
        self.series.push(series);
        Ok(())
    }
}

fn described(line: &str) -> Result<SeriesDescription, String> {
    parse(line).map_err(|error| error.to_string())
}

/// `metric{…}@st offset…`
fn start_line(line: &str) -> Option<(&str, &str)> {
    let (first, rest) = line.split_once([' ', '\t'])?;
    Some((first.strip_suffix("@st")?, rest))
}

/// Offsets in milliseconds; `None` for a start that is not known.
pub(crate) fn start_offsets(text: &str) -> Result<Vec<Option<i64>>, String> {
    let mut offsets = Vec::new();
    for item in text.split_whitespace() {
        let (first, increment_ms, n_times) = start_item(item).ok_or_else(|| format!("invalid ST item {item:?}"))?;
        offsets.extend((0..n_times).map(|nth| first.map(|first_ms| first_ms + nth * increment_ms)));
    }
    Ok(offsets)
}

/// The first offset, what is added each time, and how often it stands.
fn start_item(item: &str) -> Option<(Option<i64>, i64, i64)> {
    if let Some(rest) = item.strip_prefix('_') {
        let n_times = if rest.is_empty() { 1 } else { rest.strip_prefix('x')?.parse::<u32>().ok()? };
        return if n_times == 0 { None } else { Some((None, 0, n_times.into())) };
    }
    let pattern = GoRegex::anchored(r"([-+]?\d+[a-wyz]*)(?:([-+]\d+[a-wyz]*)x(\d+)|x(\d+))?").ok()?;
    let parts = pattern.captures(item)?;
    let signed_ms = |text: &str| {
        let millis = duration_ms(text.trim_start_matches(['-', '+'])).ok()?;
        Some(if text.starts_with('-') { -millis } else { millis })
    };
    let increment_ms = parts.get(2).map_or(Some(0), signed_ms)?;
    let n_more = parts.get(3).or(parts.get(4)).map_or(Some(0), |n| n.parse::<u32>().ok())?;
    Some((Some(signed_ms(parts.get(1)?)?), increment_ms, i64::from(n_more) + 1))
}
