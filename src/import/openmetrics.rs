//! `narthex import openmetrics FILE`: text with a time behind each value, as promtool's `create-blocks-from openmetrics`
//! takes it.

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use model::{Clock, Labels, SystemClock};
use scrape::parse::{Event, Format, Options, Parser};
use tsdb::import::{Importer, Origin, Samples, place_of_target, window_for};
use tsdb::prometheus::Outcome;

use super::Target;
use super::progress::Progress;
use super::summary::summary;
use crate::cli::print;

/// The longest text: all of it is in memory.
const MAX_INPUT_BYTES: u64 = 4 << 30;
/// So much of a line is shown.
const MAX_SHOWN: usize = 120;

/// What `narthex import openmetrics` takes.
#[derive(Debug, Args)]
#[command(after_help = "\
Every line has a time, in seconds since 1970, and the text ends in # EOF:

  # TYPE requests counter
  requests_total{instance=\"a\"} 12 1772193600
  requests_total{instance=\"a\"} 15 1772193615
  # EOF

Examples:
  narthex import openmetrics history.om
  promtool tsdb dump-openmetrics /var/lib/prometheus | narthex import openmetrics -

A text with a mistake changes nothing. Importing once more changes nothing.
Exit: 0 all of it is there, 1 the text has a mistake, or something could not be read or written")]
pub(super) struct OpenMetricsArgs {
    /// The file; - for standard input.
    file: PathBuf,
    #[command(flatten)]
    target: Target,
    /// Add a label to every series; may be repeated.
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a label is NAME=VALUE")?;
    if name.is_empty() { Err("a label needs a name".to_owned()) } else { Ok((name.to_owned(), value.to_owned())) }
}

pub(super) fn run(args: &OpenMetricsArgs) -> anyhow::Result<ExitCode> {
    let body = read(args)?;
    let series = Series::parse(&body, &args.labels).map_err(|mistake| anyhow!("{}{mistake}", shown_name(args)))?;
    let importer = args.target.open()?;
    let mut outcome = Outcome::default();
    series.import(&body, &importer, &mut outcome).context("cannot write a block; what was written before stays")?;
    print(&summary(&outcome, SystemClock::new().now_ms()));
    Ok(ExitCode::SUCCESS)
}

fn shown_name(args: &OpenMetricsArgs) -> String {
    if args.file.as_os_str() == "-" { "standard input".to_owned() } else { args.file.display().to_string() }
}

fn read(args: &OpenMetricsArgs) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let name = shown_name(args);
    let n_read = if args.file.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_INPUT_BYTES + 1).read_to_end(&mut body)
    } else {
        let file = std::fs::OpenOptions::new().read(true).open(&args.file);
        file.and_then(|file| file.take(MAX_INPUT_BYTES + 1).read_to_end(&mut body))
    };
    n_read.with_context(|| format!("cannot read {name}"))?;
    if body.len() as u64 > MAX_INPUT_BYTES {
        bail!("{name} is longer than {} GiB: split it by time", MAX_INPUT_BYTES >> 30);
    }
    Ok(body)
}

/// What a text holds.
#[derive(Debug, Default)]
struct Series {
    numbers: HashMap<Labels, usize>,
    all: Vec<(Labels, Samples)>,
    interval: Option<(i64, i64)>,
}

impl Series {
    /// Reads a text; otherwise says where the mistake is: `:LINE:COLUMN: …`, the line, and a caret.
    fn parse(body: &[u8], added: &[(String, String)]) -> Result<Series, String> {
        let mut series = Series::default();
        let mut by_text: HashMap<&[u8], usize> = HashMap::new();
        let mut parser = Parser::new(Format::OpenMetrics, body, Options::default());
        loop {
            let event = parser.next().map_err(|error| drawn(body, error.offset, &error))?;
            let Some(event) = event else { return Ok(series) };
            let Event::Series { text, sample } = event else { continue };
            let timestamp_ms =
                sample.timestamp_ms.ok_or_else(|| drawn(body, parser.line_start(), &"a sample needs a time"))?;
            let number = match by_text.get(text) {
                Some(&number) => number,
                None => {
                    let labels = parser.labels().map_err(|error| drawn(body, parser.line_start(), &error))?;
                    let number = series.number(&labels, added);
                    by_text.insert(text, number);
                    number
                }
            };
            series.all[number].1.push(timestamp_ms, parser.start_timestamp_ms().unwrap_or(0), sample.value.to_bits());
            let (first_ms, last_ms) = series.interval.unwrap_or((timestamp_ms, timestamp_ms));
            series.interval = Some((first_ms.min(timestamp_ms), last_ms.max(timestamp_ms)));
        }
    }

    /// The number of a series, which may be new.
    fn number(&mut self, labels: &Labels, added: &[(String, String)]) -> usize {
        let mut builder = labels.to_builder();
        for (name, value) in added {
            builder.set(name, value);
        }
        let labels = builder.build();
        let next = self.all.len();
        let number = *self.numbers.entry(labels.clone()).or_insert(next);
        if number == next {
            self.all.push((labels, Samples::default()));
        }
        number
    }

    fn import(
        mut self,
        body: &[u8],
        importer: &Importer,
        outcome: &mut Outcome,
    ) -> Result<(), tsdb::block::BlockError> {
        let Some((first_ms, last_ms)) = self.interval else { return Ok(()) };
        self.all.sort_by_cached_key(|(labels, _)| (place_of_target(labels), labels.clone()));
        let mut windows = importer.begin(Origin::new(last_ms, &[b"openmetrics", body]), window_for(first_ms, last_ms));
        let mut progress = Progress::new(self.all.len() as u64);
        for (labels, mut samples) in self.all {
            outcome.n_repeated += samples.put_in_order() as u64;
            outcome.note_series(&labels);
            windows.series(&labels, &samples)?;
            progress.add(1, samples.len() as u64);
        }
        progress.end();
        outcome.take(windows.finish()?);
        Ok(())
    }
}

/// A mistake with its place: the line, and a caret under the column.
fn drawn(body: &[u8], offset: usize, mistake: &dyn std::fmt::Display) -> String {
    let offset = offset.min(body.len());
    // Reading may have stopped behind the line break.
    let offset =
        if offset > 0 && body.get(offset).is_none() && body[offset - 1] == b'\n' { offset - 1 } else { offset };
    let start = body[..offset].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let line_number = 1 + body[..start].iter().filter(|&&byte| byte == b'\n').count();
    let end = body[start..].iter().position(|&byte| byte == b'\n').map_or(body.len(), |at| start + at);
    let line: String = String::from_utf8_lossy(&body[start..end]).chars().take(MAX_SHOWN).collect();
    let column = String::from_utf8_lossy(&body[start..offset]).chars().count();
    let caret = if column < MAX_SHOWN { format!("\n  {:column$}^", "") } else { String::new() };
    format!(":{line_number}:{}: {mistake}\n  {line}{caret}", column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels, and times with their values.
    type Parsed = Vec<(String, Vec<(i64, f64)>)>;

    fn parsed(text: &str) -> Result<Parsed, String> {
        let series = Series::parse(text.as_bytes(), &[("site".to_owned(), "x".to_owned())])?;
        let samples = |samples: &Samples| {
            let written = samples.as_written();
            written.timestamps.iter().copied().zip(written.bits.iter().map(|bits| f64::from_bits(*bits))).collect()
        };
        Ok(series.all.iter().map(|(labels, all)| (labels.to_string(), samples(all))).collect())
    }

    #[test]
    fn series_are_told_by_their_labels() {
        let text = "# TYPE a gauge\na{x=\"1\",y=\"2\"} 1 10\na{y=\"2\",x=\"1\"} 2 11.5\na 3 12\n# EOF\n";
        let labels = ["{__name__=\"a\", site=\"x\", x=\"1\", y=\"2\"}", "{__name__=\"a\", site=\"x\"}"];
        let found = parsed(text).unwrap();
        let names: Vec<_> = found.iter().map(|(labels, _)| labels.replace("\", ", "\",")).collect();
        assert_eq!(names, labels.map(|labels| labels.replace("\", ", "\",")));
        assert_eq!(found[0].1, [(10_000, 1.0), (11_500, 2.0)]);
        assert_eq!(found[1].1, [(12_000, 3.0)]);
    }

    #[test]
    fn mistakes_have_a_line_and_a_column() {
        let check = |text: &str, place: &str, what: &str| {
            let mistake = parsed(text).unwrap_err();
            assert!(mistake.starts_with(place) && mistake.contains(what), "{mistake}");
        };
        check("a 1 10\na 2\n# EOF\n", ":2:1: ", "a sample needs a time");
        check("a 1 10\na{x=\"} 2 11\n# EOF\n", ":2:", "while parsing");
        check("a 1 10\nb x 11\n# EOF\n", ":2:", "x");
        check("a 1 10\n", ":1:7: ", "# EOF");
    }
}
