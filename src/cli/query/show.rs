//! Answers as text: tables for people, CSV for spreadsheets, promtool's form for scripts that read it.

use std::collections::BTreeSet;

use model::Labels;
use model::name;

use super::answer::{Answer, Point, Series};

/// The width of a picture in a table.
const PICTURE_WIDTH: usize = 48;
/// Longer label sets are cut in the middle.
const MAX_SERIES_WIDTH: usize = 100;

/// Aligned columns: a vector's series and values, or a matrix's series, pictures, and last, least, mean and greatest
/// values.
pub(super) fn table(answer: &Answer) -> String {
    match answer {
        Answer::Single(point) => format!("{}\n", point.text),
        Answer::Vector(series) | Answer::Matrix(series) if series.is_empty() => "no series\n".to_owned(),
        Answer::Vector(series) => {
            let rows = series.iter().map(|series| {
                let value = series.points.first().map_or(String::new(), |point| point.text.clone());
                vec![series_text(&series.labels), value]
            });
            aligned(&["series", "value"], rows.collect(), 1)
        }
        Answer::Matrix(series) => {
            let times = times(series);
            let rows = series.iter().map(|series| matrix_row(series, &times)).collect();
            aligned(&["series", "", "last", "min", "mean", "max"], rows, 2)
        }
    }
}

fn matrix_row(series: &Series, times: &[f64]) -> Vec<String> {
    let mut points = series.points.iter().peekable();
    let values: Vec<Option<f64>> =
        times.iter().map(|&time| points.next_if(|point| point.time == time).and_then(Point::number)).collect();
    let present: Vec<f64> = values.iter().flatten().copied().filter(|value| !value.is_nan()).collect();
    let mean = present.iter().sum::<f64>() / present.len() as f64;
    let number = |value: Option<f64>| value.map_or_else(String::new, three_digits);
    vec![
        series_text(&series.labels),
        chart::sparkline(&values, PICTURE_WIDTH),
        series.points.last().map_or(String::new(), |point| number(point.number())),
        number(present.iter().copied().reduce(f64::min)),
        number((!present.is_empty()).then_some(mean)),
        number(present.iter().copied().reduce(f64::max)),
    ]
}

/// All times at which some series has a sample, in order.
fn times(series: &[Series]) -> Vec<f64> {
    let mut times: Vec<f64> = series.iter().flat_map(|series| &series.points).map(|point| point.time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    times
}

/// A number with at most three significant digits, and an SI prefix from 10,000 on.
fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return model::float::plain(value);
    }
    let (scaled, prefix) = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]
        .into_iter()
        .find(|(factor, _)| value.abs() >= *factor && value.abs() >= 1e4)
        .map_or((value, ""), |(factor, prefix)| (value / factor, prefix));
    let exponent = scaled.abs().log10().floor() as i32;
    if !(-4..6).contains(&exponent) {
        return format!("{scaled:.2e}");
    }
    let n_decimals = (2 - exponent).max(0) as usize;
    let text = format!("{scaled:.n_decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{prefix}")
}

/// Lays rows out in columns; those from `right_from` on stand to the right.
fn aligned(header: &[&str], rows: Vec<Vec<String>>, right_from: usize) -> String {
    let header = header.iter().map(|&text| text.to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, text) in row.iter().enumerate() {
            let blank = " ".repeat(widths[column] - text.chars().count());
            let gap = if column == 0 { "" } else { "  " };
            let cell = if column >= right_from { blank + text } else { text.clone() + &blank };
            line.push_str(gap);
            line.push_str(&cell);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// A line for each sample: time, value, and a column for each label of any series.
pub(super) fn csv(answer: &Answer) -> String {
    let names: BTreeSet<&str> =
        answer.series().iter().flat_map(|series| series.labels.iter().map(|(name, _)| name)).collect();
    let mut out = String::new();
    let mut push_line = |cells: Vec<String>| {
        out.push_str(&cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(","));
        out.push('\n');
    };
    push_line(["time", "value"].into_iter().chain(names.iter().copied()).map(str::to_owned).collect());
    if let Answer::Single(point) = answer {
        push_line(vec![model::float::plain(point.time), point.text.clone()]);
    }
    for series in answer.series() {
        for point in &series.points {
            let labels = names.iter().map(|name| series.labels.get(name).unwrap_or_default().to_owned());
            push_line([model::float::plain(point.time), point.text.clone()].into_iter().chain(labels).collect());
        }
    }
    out
}

/// Quotes what RFC 4180 says must be quoted, and keeps a spreadsheet from taking a label's text for a formula.
fn csv_cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok() || text == "+Inf";
    let is_formula = !is_number && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// As promtool writes it.
pub(super) fn promql(answer: &Answer) -> String {
    let lines: Vec<String> = match answer {
        Answer::Single(point) => vec![format!("scalar: {} @[{}]", point.text, model::float::plain(point.time))],
        Answer::Vector(series) => series.iter().map(|series| promql_series(series, " ")).collect(),
        Answer::Matrix(series) => series.iter().map(|series| promql_series(series, "\n")).collect(),
    };
    lines.join("\n") + "\n"
}

fn promql_series(series: &Series, separator: &str) -> String {
    let point = |point: &Point| format!("{} @[{}]", point.text, model::float::plain(point.time));
    let points: Vec<String> = series.points.iter().map(point).collect();
    format!("{} =>{separator}{}", whole_series_text(&series.labels), points.join("\n"))
}

/// `name{a="b"}`, cut in the middle where it is long.
fn series_text(labels: &Labels) -> String {
    let text = whole_series_text(labels);
    let n_chars = text.chars().count();
    if n_chars <= MAX_SERIES_WIDTH {
        return text;
    }
    let half = MAX_SERIES_WIDTH / 2 - 1;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(n_chars - half).collect();
    format!("{head}…{tail}")
}

fn whole_series_text(labels: &Labels) -> String {
    let metric = labels.metric_name();
    let rest = labels.without_metric_name();
    match (name::is_legacy_metric_name(metric), rest.is_empty()) {
        _ if metric.is_empty() => rest.to_string(),
        (true, true) => metric.to_owned(),
        (true, false) => format!("{metric}{rest}"),
        (false, _) => {
            let rest = rest.to_string();
            let separator = if rest == "{}" { "" } else { ", " };
            format!("{{{}{separator}{}", name::quoted(metric), &rest[1..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &[(&str, &str)], points: &[(f64, &str)]) -> Series {
        let points = points.iter().map(|&(time, text)| Point { time, text: text.to_owned() }).collect();
        Series { labels: labels.iter().copied().collect(), points }
    }

    #[test]
    fn vectors() {
        let answer = Answer::Vector(vec![
            series(&[("__name__", "up"), ("job", "a")], &[(1.5, "1")]),
            series(&[("__name__", "up.b"), ("job", "=x,y")], &[(1.5, "0.25")]),
        ]);
        let want = "\
series                value
up{job=\"a\"}               1
{\"up.b\", job=\"=x,y\"}   0.25
";
        assert_eq!(table(&answer), want);
        assert_eq!(csv(&answer), "time,value,__name__,job\n1.5,1,up,a\n1.5,0.25,up.b,\"'=x,y\"\n");
        assert_eq!(promql(&answer), "up{job=\"a\"} => 1 @[1.5]\n{\"up.b\", job=\"=x,y\"} => 0.25 @[1.5]\n");
    }

    #[test]
    fn matrices() {
        let answer = Answer::Matrix(vec![
            series(&[("a", "1")], &[(0.0, "0"), (1.0, "7"), (2.0, "3.5")]),
            series(&[("a", "2")], &[(0.0, "1234567"), (2.0, "NaN")]),
        ]);
        let want = "\
series        last    min   mean    max
{a=\"1\"}  ▁█▅   3.5      0    3.5      7
{a=\"2\"}  ▅     NaN  1.23M  1.23M  1.23M
";
        assert_eq!(table(&answer), want);
        assert_eq!(table(&Answer::Matrix(Vec::new())), "no series\n");
    }

    #[test]
    fn numbers_have_three_digits() {
        for (value, want) in [
            (0.0, "0"),
            (1.0, "1"),
            (99.95, "100"),
            (0.30000000000000004, "0.3"),
            (1234.0, "1234"),
            (12_345.0, "12.3k"),
            (-2_500_000.0, "-2.5M"),
            (0.000_012, "1.20e-5"),
            (5e15, "5000T"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(three_digits(value), want, "{value}");
        }
    }

    #[test]
    fn long_label_sets_are_cut_in_the_middle() {
        let text = series_text(&[("l", "x".repeat(300).as_str())].into_iter().collect());
        assert!(text.chars().count() < 101 && text.starts_with("{l=\"x") && text.ends_with("x\"}"), "{text}");
    }
}
